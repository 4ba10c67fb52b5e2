"""What L1 and L2 penalties do to weights and to overfitting.

Source: document 003, Video 24. Two experiments, each seed with its own small data set: a linear model on 20 inputs of which
five matter, where the weights can be looked at; and a 64-64-1 network on 100 points of two moons, where the penalty has
something to mend.

Run: reproduce run weight_penalties
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from reproductions.claims import Better, Claim, Equals, Measured, Within
from reproductions.figures import COLOURS, Picture
from reproductions.networks import Split, first_losses, train_networks
from reproductions.scores import binary_cross_entropy

if TYPE_CHECKING:
    import keras

    from recipes.training import SeedRuns

TITLE = "L1 and L2 penalties: small weights, zero weights, less overfitting"
SUMMARY = (
    "A linear model with five useful inputs of twenty under no penalty, L2, Keras's L1, proximal L1 and scikit-learn's Lasso; "
    "a small network on two moons under L2."
)
DATASETS = ()
IN_DEFAULT_SET = True
SEEDS, MAX_SEEDS = 20, 40
EXPECTED_SECONDS = 55.0
GOLDEN = "moons_l2_001"

POOL, TEST, POINTS = 10_000, 2_000, 100
TRUE_WEIGHTS = np.array([2.0, -1.5, 1.0, -0.75, 0.5] + [0.0] * 15)
STRENGTH = 0.3
"""Lambda of the linear model's penalties."""


@dataclass(frozen=True)
class Config:
    """The model, its penalty and its training."""

    task: Literal["sparse", "moons"]
    """Regression on twenty inputs of which five matter, or classification of two moons."""
    penalty: Literal["none", "l2", "l1", "proximal"] = "none"
    """Keras's regularizer, or this project's proximal step for L1."""
    strength: float = 0.0
    """Lambda."""
    optimizer: Literal["sgd", "adam"] = "adam"
    """Which of Keras's optimizers."""
    learning_rate: float = 0.01
    """Its step size."""
    epochs: int = 300
    """Passes over the points."""
    batch_size: int = 32
    """Points a step."""


def _linear(penalty: Any, strength: float = STRENGTH, **more: Any) -> Config:
    settings: dict[str, Any] = {"optimizer": "sgd", "learning_rate": 0.1} | more
    return Config("sparse", penalty, strength, batch_size=POINTS, **settings)


VARIANTS = {
    "linear_none": _linear("none", 0.0),
    "linear_l2": _linear("l2"),
    "linear_l1": _linear("l1"),
    "linear_l1_adam": _linear("l1", optimizer="adam", learning_rate=0.01, epochs=600),
    "linear_proximal": _linear("proximal"),
    "moons_none": Config("moons"),
    "moons_l2_0001": Config("moons", "l2", 0.0001),
    "moons_l2_001": Config("moons", "l2", 0.001),
    "moons_l2_01": Config("moons", "l2", 0.01),
}


def load_data(config: Config) -> Split:
    """The pool that the seeds draw from and the test points, from the same law."""
    if config.task == "moons":
        from sklearn.datasets import make_moons

        x, y = make_moons(POOL + TEST, noise=0.3, random_state=0)
    else:
        rng = np.random.default_rng(0)
        x = rng.normal(size=(POOL + TEST, len(TRUE_WEIGHTS)))
        y = x @ TRUE_WEIGHTS + rng.normal(size=POOL + TEST)
    x, y = x.astype("float32"), y.astype("float32")
    return Split(x[:POOL], y[:POOL], x[POOL:], y[POOL:])


def rows_of(seed: int) -> np.ndarray:
    """The points of the pool that a seed trains on."""
    return np.random.default_rng(seed).choice(POOL, POINTS, replace=False)


def build_model(config: Config) -> keras.Model:
    """One Dense unit, or 64-64-1 with relu; the penalty on every kernel, never on a bias."""
    import keras

    from recipes.regularizers import ProximalL1

    def dense(units: int, activation: str) -> Any:
        regularizers = {"l1": keras.regularizers.L1, "l2": keras.regularizers.L2}
        options: dict[str, Any] = {}
        if config.penalty in regularizers:
            options["kernel_regularizer"] = regularizers[config.penalty](config.strength)
        elif config.penalty == "proximal":
            options["kernel_constraint"] = ProximalL1(config.strength, config.learning_rate)
        return keras.layers.Dense(units, activation=activation, **options)

    moons = config.task == "moons"
    hidden = [dense(64, "relu"), dense(64, "relu")] if moons else []
    model = keras.Sequential(
        [keras.Input((2 if moons else len(TRUE_WEIGHTS),)), *hidden, dense(1, "sigmoid" if moons else "linear")]
    )
    make = {"sgd": keras.optimizers.SGD, "adam": keras.optimizers.Adam}[config.optimizer]
    model.compile(
        optimizer=make(config.learning_rate),
        loss="binary_crossentropy" if moons else "mean_squared_error",
        metrics=["accuracy"] if moons else [],
    )
    return model


def train(
    config: Config,
    data: Split,
    seeds: Sequence[int],
    checkpoint: Path | None = None,
    progress: Callable[[float], None] | None = None,
) -> SeedRuns:
    """Train one model a seed, each on its own points."""
    return train_networks(build_model, config, data, seeds, checkpoint, progress, rows=rows_of)


def measure(config: Config, data: Split, runs: SeedRuns) -> Measured:
    """The linear model's weights, against Lasso's on the same points; or the network's losses without the penalty."""
    own = np.stack([rows_of(seed) for seed in runs.seeds])
    if config.task == "sparse":
        weights = np.stack([row[0][:, 0] for row in runs.weights])  # (seeds, inputs)
        useless = TRUE_WEIGHTS == 0
        metrics = {
            "exact_zeros": (weights == 0).sum(axis=1),
            "weights_below_0_001": (np.abs(weights) < 1e-3).sum(axis=1),
            "mean_absolute_weight": np.abs(weights).mean(axis=1),
            "useless_inputs_left_out": (weights[:, useless] == 0).sum(axis=1),
            "useful_inputs_left_out": (weights[:, ~useless] == 0).sum(axis=1),
            "distance_to_lasso": [
                float(np.abs(row - lasso(data.x_train[k], data.y_train[k])).max())
                for row, k in zip(weights, own, strict=True)
            ],
        }
        # One point an input, so that the ledger keeps mean and spread of each weight.
        curves = {"weights": weights}
    else:
        on_pool = runs.predict(data.x_train)[..., 0].astype("float64")
        train_loss = binary_cross_entropy(data.y_train[own], np.take_along_axis(on_pool, own, axis=1))
        on_test = runs.predict(data.x_test)[..., 0].astype("float64")
        test_loss = binary_cross_entropy(data.y_test, on_test)
        metrics = {
            "train_loss": train_loss,
            "test_loss": test_loss,
            "gap": test_loss - train_loss,
            "test_accuracy": ((on_test > 0.5) == data.y_test).mean(axis=1),
        }
        curves = dict(runs.curves)
    return Measured({name: np.asarray(values, "float64").tolist() for name, values in metrics.items()}, curves)


def lasso(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """scikit-learn's weights for the same objective: it halves the squared error, so alpha is lambda / 2."""
    from sklearn.linear_model import Lasso

    return Lasso(alpha=STRENGTH / 2, tol=1e-8, max_iter=100_000).fit(x.astype("float64"), y.astype("float64")).coef_


def trace(config: Config, data: Split) -> list[float]:
    """Golden trace: the first losses of seed 0."""
    return first_losses(build_model, config, data, rows_of)


def examine() -> dict[str, Any]:
    """Whether Lasso and Keras's L1 reach exact zeros, on the points of five seeds."""
    data = load_data(VARIANTS["linear_l1"])
    found = {"by_lasso": [int((lasso(data.x_train[k], data.y_train[k]) == 0).sum()) for k in map(rows_of, range(5))]}
    for name in ("linear_l1", "linear_l1_adam"):
        runs = train(VARIANTS[name], data, range(5))
        found[name] = [int((weights[0] == 0).sum()) for weights in runs.weights]
    return {
        "lasso_has_exact_zeros": min(found["by_lasso"]) > 0,
        "keras_l1_has_exact_zeros": max(found["linear_l1"] + found["linear_l1_adam"]) > 0,
    }


_LINEAR = (
    "Linear model on 20 standard normal inputs, five with weights 2, -1.5, 1, -0.75, 0.5 and fifteen without, noise of standard "
    f"deviation 1, 100 points a seed; mean squared error plus lambda = {STRENGTH} times the penalty. Full-batch SGD 0.1, 300 "
    "steps; Adam 0.01, 600 steps. "
)

CLAIMS = (
    Claim(
        "regularization-l2-small-not-zero",
        "003",
        "Video 24",
        "L2 makes the weights small but not zero.",
        "behaviour",
        "small, not zero",
        _LINEAR
        + "Small: the mean absolute weight is below that without penalty. Not zero: no weight of any seed is exactly 0.",
        (
            Better("mean_absolute_weight", "linear_l2", "linear_none", higher_is_better=False),
            Within("linear_l2", "exact_zeros", high=0.0),
        ),
        priority=2,
    ),
    Claim(
        "regularization-l1-exact-zero",
        "003",
        "Video 24",
        "L1 makes some weights exactly zero and so selects features.",
        "behaviour",
        "exactly zero",
        _LINEAR
        + "The minimum of the L1-penalised loss, by scikit-learn's Lasso and by a proximal step after each SGD step, must "
        "leave out at least one input, more useless than useful ones; and so must the printed way, a Keras regularizer trained "
        "by SGD or Adam.",
        (
            Equals("lasso_has_exact_zeros", True),
            Within("linear_proximal", "exact_zeros", low=1.0),
            Within("linear_proximal", "distance_to_lasso", high=1e-3),
            Better("useless_inputs_left_out", "linear_proximal", "linear_l2"),
            Equals(
                "keras_l1_has_exact_zeros",
                True,
                true_value=False,
                derivation="The minimum has exact zeros, but gradient descent does not land on it: near 0 the penalty's slope is "
                "+lambda or -lambda, so each step is about learning rate times lambda long and jumps across 0 for ever. Keras's "
                "regularizer therefore leaves small weights that hover about 0; zeros need a proximal step, which stops at 0, or "
                "a coordinate method such as Lasso's.",
            ),
        ),
        priority=2,
    ),
    Claim(
        "regularization-l2-reduces-overfitting",
        "003",
        "Video 24",
        "An L2 penalty reduces overfitting in most cases.",
        "comparison",
        "most cases",
        "64-64-1 relu network, Adam 0.01, 300 epochs, batches of 32, 100 points of make_moons with noise 0.3 a seed, 2,000 test "
        "points. Lambda 0.001 (the printed one) and 0.01 against none: lower test cross-entropy, and a smaller gap between test "
        "and training cross-entropy, both without the penalty itself. Lambda 0.0001 is run too and does not decide.",
        (
            Better("test_loss", "moons_l2_001", "moons_none", higher_is_better=False),
            Better("gap", "moons_l2_001", "moons_none", higher_is_better=False),
            Better("test_loss", "moons_l2_01", "moons_none", higher_is_better=False),
            Better("gap", "moons_l2_01", "moons_none", higher_is_better=False),
        ),
        priority=2,
    ),
)


def paint_weights(facts: Mapping[str, Any], variants: Mapping[str, Any]) -> Any:
    """Mean weight of every input and the band of 80% of the seeds, one panel a penalty."""
    import matplotlib.pyplot as plt

    panels = {
        "linear_none": "no penalty",
        "linear_l2": "L2",
        "linear_l1": "L1, Keras's regularizer",
        "linear_proximal": "L1, proximal step",
    }
    drawn, axes = plt.subplots(1, 4, figsize=(11, 3.3), sharey=True, layout="constrained")
    for axis, (name, title) in zip(axes, panels.items(), strict=True):
        weights, inputs = variants[name]["curves"]["weights"], np.arange(1, 21)
        mean, low, high = (np.array(weights[key]) for key in ("mean", "low", "high"))
        axis.axhline(0, color="0.6", linewidth=0.8)
        axis.vlines(inputs, low, high, color=COLOURS[0], alpha=0.5)
        axis.plot(inputs, mean, "o", color=COLOURS[0], markersize=4, label="trained")
        axis.plot(inputs, TRUE_WEIGHTS, "_", color=COLOURS[1], markersize=9, markeredgewidth=2, label="true")
        zeros = variants[name]["summary"]["exact_zeros"]["mean"]
        axis.set_title(f"{title}\n{zeros:.1f} of 20 exactly 0", fontsize=10)
        axis.set_xlabel("input")
        axis.set_xticks([1, 5, 10, 15, 20])
    axes[0].set_ylabel("weight")
    axes[0].legend(frameon=False, fontsize=8)
    return drawn


FIGURES = (
    Picture(
        "penalised-weights",
        "Weights of a linear model in which five of twenty inputs matter",
        "Mean over seeds and the range of 80% of them. L2 shrinks all weights, L1 those of useless inputs to about 0; exactly 0 "
        "only by the proximal step.",
        facts=(),
        paint=paint_weights,
        variants=("linear_none", "linear_l2", "linear_l1", "linear_proximal"),
    ),
)
