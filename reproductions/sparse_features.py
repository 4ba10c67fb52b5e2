"""AdaGrad and a feature that is seldom there: logistic regression with a rare and a frequent feature.

Source: document 003, Video 36. Twenty data sets of 10,000 rows each: one feature is 1 in half of the rows, one in a
hundredth of them, both with the true weight 1.5, and the bias makes the classes about equal. The twenty models are
trained together, each on its own data set, and their weights followed update by update. They are compared with the
weights of the maximum likelihood, which scikit-learn finds by another method.

Run: reproduce run sparse_features
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from reproductions.claims import Claim, Sampled
from reproductions.figures import COLOURS, Picture
from reproductions.landscapes import descend

TITLE = "A rare feature: AdaGrad and SGD"
SUMMARY = (
    "Logistic regression with a feature that is present in 1% of the rows. Synthetic data; how far the rare and the frequent "
    "feature's weights have come, epoch by epoch."
)
DATASETS = ()
IN_DEFAULT_SET = True
EXPECTED_SECONDS = 5.0

DATA_SETS, ROWS, EPOCHS, BATCH = 20, 10_000, 5, 32
PRESENT = {"frequent": 0.5, "rare": 0.01}
"""Share of the rows in which a feature is 1; it is 0 in the others."""
TRUE_WEIGHT, TRUE_BIAS = 1.5, -0.75
RATE = 0.1
"""Learning rate of SGD and of AdaGrad alike."""
ABOVE_0 = 1e-9
"""Lower end for differences that must be above 0: a difference that is 0 throughout does not count."""


def draw_data() -> tuple[np.ndarray, np.ndarray]:
    """Features with a last column of ones for the bias, shape (rows, data sets, 3), and labels (rows, data sets)."""
    rng = np.random.default_rng(0)
    features = [(rng.random((ROWS, DATA_SETS)) < share).astype(float) for share in PRESENT.values()]
    x = np.stack([*features, np.ones((ROWS, DATA_SETS))], axis=-1)
    chance = 1 / (1 + np.exp(-(x @ [TRUE_WEIGHT, TRUE_WEIGHT, TRUE_BIAS])))
    return x, (rng.random((ROWS, DATA_SETS)) < chance).astype(float)


def most_likely_weights(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Weights without a penalty, by scikit-learn's L-BFGS; shape (data sets, 3)."""
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression(C=np.inf, fit_intercept=False, tol=1e-8, max_iter=1000)
    return np.stack([model.fit(x[:, k], y[:, k]).coef_[0] for k in range(x.shape[1])])


def logistic_loss(weights: Any, batch: Any) -> Any:
    """log(1 + e^z) - y z with z = x w; batch (B, data sets, 3 + 1), weights (data sets, 3), result (B, data sets)."""
    from keras import ops

    logits = ops.sum(batch[..., :-1] * weights, axis=-1)
    return ops.softplus(logits) - batch[..., -1] * logits


def optimizers() -> dict[str, Callable[[], Any]]:
    """SGD, the document's AdaGrad (G starts at 0) and Keras's, which starts G at 0.1."""
    from keras.optimizers import SGD, Adagrad

    return {
        "SGD": lambda: SGD(RATE),
        "AdaGrad": lambda: Adagrad(RATE, initial_accumulator_value=0.0, epsilon=1e-8),
        "AdaGrad, Keras": lambda: Adagrad(RATE),
        "SGD, rate 1": lambda: SGD(10 * RATE),
    }


def follow_weights(x: np.ndarray, y: np.ndarray) -> dict[str, np.ndarray]:
    """Weights after every update from 0, by optimizer, each of shape (updates + 1, data sets, 3)."""
    data, starts = np.concatenate([x, y[..., None]], axis=-1), np.zeros((DATA_SETS, x.shape[-1]))
    return {
        name: descend(logistic_loss, starts, optimizer, data=data, epochs=EPOCHS, batch_size=BATCH).positions[0]
        for name, optimizer in optimizers().items()
    }


def examine() -> dict[str, Any]:
    """How far the weights have come: 0 at the start, 1 where scikit-learn's are."""
    x, y = draw_data()
    target = most_likely_weights(x, y)
    way = {name: weights.astype("float64") / target for name, weights in follow_weights(x, y).items()}
    an_epoch = -(-ROWS // BATCH)
    after_each = {name: share[an_epoch::an_epoch] for name, share in way.items()}  # (epochs, data sets, 3)
    off = {name: np.abs(1 - share) for name, share in after_each.items()}
    rare = list(PRESENT).index("rare")
    first = {name: share[0, :, rare] / share[0, :, 1 - rare] for name, share in after_each.items()}
    every = slice(0, None, an_epoch // 8)
    return {
        "rows_with_the_rare_feature": x[:, :, rare].sum(axis=0).astype(int).tolist(),
        "rare_error_sgd_minus_adagrad": np.round(off["SGD"] - off["AdaGrad"], 4)[-1, :, rare].tolist(),
        "rare_error_sgd_minus_keras_adagrad": np.round(off["SGD"] - off["AdaGrad, Keras"], 4)[-1, :, rare].tolist(),
        "rare_way_of_sgd_after_one_epoch": np.round(after_each["SGD"][0, :, rare], 4).tolist(),
        "rare_over_frequent_adagrad_minus_sgd": np.round(first["AdaGrad"] - first["SGD"], 4).tolist(),
        "rare_over_frequent": {name: round(float(ratio.mean()), 3) for name, ratio in first.items()},
        "errors_after_training": {
            name: {feature: round(float(error[-1, :, k].mean()), 3) for k, feature in enumerate(PRESENT)}
            for name, error in off.items()
        },
        "epochs_shown": np.round(np.arange(len(way["SGD"]))[every] / an_epoch, 3).tolist(),
        "error_curves": {
            name: {
                feature: np.round(np.abs(1 - share[every, :, k]).mean(axis=1), 3).tolist()
                for k, feature in enumerate(PRESENT)
            }
            for name, share in way.items()
        },
    }


def paint_errors(facts: Mapping[str, Any]) -> Any:
    """One panel a feature: how far its weight is from scikit-learn's, by epoch."""
    import matplotlib.pyplot as plt

    drawn, axes = plt.subplots(1, 2, figsize=(9.4, 3.9), sharey=True, layout="constrained")
    for axis, (feature, share) in zip(axes, PRESENT.items(), strict=True):
        for (name, curves), colour in zip(facts["error_curves"].items(), COLOURS, strict=False):
            label = name if "rate" in name else f"{name}, rate {RATE:g}"
            axis.plot(facts["epochs_shown"], curves[feature], color=colour, label=label, linewidth=1.7)
        axis.set_title(f"{feature} feature, in {share:.0%} of the rows", fontsize=10)
        axis.set(xlabel="epoch", ylim=(0, 1.05), xlim=(0, EPOCHS))
        axis.grid(alpha=0.25)
    axes[0].set_ylabel("error of the weight (1 = not moved)")
    axes[0].legend(frameon=False, fontsize=9)
    return drawn


FIGURES = (
    Picture(
        "optimizer-rare-feature",
        "Weights of a frequent and a rare feature: distance from the maximum likelihood",
        "Mean of 20 data sets. The rare feature has a gradient in one row of a hundred: SGD leaves its weight behind, AdaGrad "
        "divides by the little that it has seen of it. Keras starts AdaGrad's sum at 0.1, more than the rare feature adds "
        "in an epoch, and so takes smaller steps than the formula.",
        facts=("epochs_shown", "error_curves"),
        paint=paint_errors,
    ),
)

CLAIMS = (
    Claim(
        "optimizer-adagrad-sparse",
        "003",
        "Video 36",
        "AdaGrad gives sparse features a larger step while SGD hardly moves in that direction.",
        "comparison",
        "larger step; hardly moves",
        "20 data sets of 10,000 rows with a feature in 50% and one in 1% of them, logistic regression from 0, rate 0.1, batch "
        "32, 5 epochs; errors relative to scikit-learn's weights. The rare weight's error must be larger with SGD than with "
        "the document's AdaGrad and than with Keras's; SGD must have come less than a tenth of the rare weight's way in the "
        "first epoch; and in that epoch the rare weight's way over the frequent one's must be larger with AdaGrad.",
        (
            Sampled("rare_error_sgd_minus_adagrad", low=ABOVE_0, documented="SGD is further off"),
            Sampled("rare_error_sgd_minus_keras_adagrad", low=ABOVE_0, documented="SGD is further off"),
            Sampled("rare_way_of_sgd_after_one_epoch", high=0.1, documented="hardly moves"),
            Sampled("rare_over_frequent_adagrad_minus_sgd", low=ABOVE_0, documented="larger step for the rare feature"),
        ),
        priority=2,
        remark="SGD's rare weight is slow, not stuck: at ten times the rate it keeps up with AdaGrad's, while the frequent one "
        "jitters (figure).",
    ),
)
