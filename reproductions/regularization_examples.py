"""Regularization by hand: penalties, dropout masks and the rule of early stopping, computed without training for a result.

Sources: document 000, Regularization; document 003, Videos 21, 23, 24 and 30. Our `layers.Dropout` and Keras's are both
measured; early stopping is given a scripted validation loss, so that its answer is known beforehand.

Run: reproduce run regularization_examples
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from types import ModuleType
from typing import Any

import numpy as np

from reproductions.claims import Claim, Equals
from reproductions.figures import COLOURS, Picture
from reproductions.worked import array as numbers
from reproductions.worked import both, both_facts, build, difference, draw, gradient, with_weights

TITLE = "Worked examples: regularization and dropout"
SUMMARY = (
    "What the L1 and L2 penalties add, which units dropout switches off, and after which epoch early stopping ends, by "
    "Keras, by our layers and by arithmetic. Nothing is trained for its result."
)
DATASETS = ()
IN_DEFAULT_SET = True
EXPECTED_SECONDS = 4.0

LAMBDA = 0.001
WEIGHTS = np.arange(6.0).reshape(2, 3)
EXAMPLES = 100
"""n in the document's formulas: the penalty is asked for with a batch of so many examples."""

SCRIPT_000 = (0.9, 0.7, 0.6, 0.5, 0.4, 0.41, 0.45, 0.43, 0.30, 0.2)
"""Best at epoch 5; epochs 6, 7 and 8 do not improve, so patience 3 ends there and the later gain is never seen."""

SCRIPT_003 = (0.9, 0.5, 0.4, 0.3995, 0.3993, 0.4, 0.3991, 0.41, 0.1, 0.05)
"""Epoch 3 is the last that improves by more than 0.001; epochs 4 to 8 creep down by less, so patience 5 ends there."""


def penalties() -> dict[str, Any]:
    """L2: lambda sum W^2; L1: lambda sum |W|; what a Dense layer adds to the loss for a batch of n examples."""
    import keras

    def added(regularizer: Any, examples: int) -> float:
        layer = keras.layers.Dense(3, kernel_regularizer=regularizer, dtype="float64")
        layer.build((None, 2))
        layer.set_weights([WEIGHTS, np.zeros(3)])
        model = build(keras.Input((2,)), layer)
        model(np.ones((examples, 2)))
        return round(float(model.losses[0]), 8)  # Keras keeps lambda in float32

    l2, l1 = keras.regularizers.L2(LAMBDA), keras.regularizers.L1(LAMBDA)
    return {
        "l2_penalty_with_100_examples": added(l2, EXAMPLES),
        "l1_penalty_with_100_examples": added(l1, EXAMPLES),
        "l2_penalty_with_1_10_100_examples": [added(l2, n) for n in (1, 10, 100)],
        "l1_penalty_with_1_10_100_examples": [added(l1, n) for n in (1, 10, 100)],
        "l2_gradient_minus_2_lambda_w": difference(gradient(l2, WEIGHTS)[0], 2 * LAMBDA * WEIGHTS),
        "l1_gradient_minus_lambda_sign_w": difference(gradient(l1, WEIGHTS)[0], LAMBDA * np.sign(WEIGHTS)),
    }


def l2_code() -> dict[str, Any]:
    """Dense(128, relu, kernel_regularizer=l2(0.001)): loss = data loss + 0.001 sum W^2."""
    import keras

    x, y = draw(32, 20).astype("float32"), draw(32, 128, seed=1).astype("float32")

    def measured(library: ModuleType) -> dict[str, Any]:
        layer = library.Dense(128, activation="relu", kernel_regularizer=keras.regularizers.l2(0.001))
        model = build(keras.Input((20,)), with_weights(layer, x))
        model.compile(loss="mse")
        kernel, bias = (weight.astype("float64") for weight in layer.get_weights())
        by_hand = 0.001 * (kernel**2).sum()
        data_loss = np.mean((np.maximum(x @ kernel + bias, 0) - y) ** 2)
        total = float(model.compute_loss(x, y, model(x)))
        return {
            "model_losses": len(model.losses),
            "l2_code_penalty_is_lambda_times_squares": math.isclose(float(model.losses[0]), by_hand, rel_tol=1e-5),
            "loss_is_data_loss_plus_penalty": math.isclose(total, data_loss + by_hand, rel_tol=1e-5),
        }

    return both_facts(measured)


def dropout_shares() -> dict[str, Any]:
    """Dropout(0.5) on a million ones, in training and at prediction."""
    ones, image = np.ones((1000, 1000), "float32"), draw(64, 50).astype("float32")

    def measured(library: ModuleType) -> dict[str, Any]:
        layer = library.Dropout(0.5, seed=1)
        out = numbers(layer(ones, training=True))
        return {
            "share_off_at_half": round(float((out == 0).mean()), 2),
            "survivors_at_half": np.unique(out[out != 0]).tolist(),
            "mean_output_at_half": round(float(out.mean()), 2),
            "off_at_prediction": int((numbers(layer(ones, training=False)) == 0).sum()),
            "prediction_minus_input": difference(layer(image, training=False), image),
            "default_call_minus_input": difference(layer(image), image),
            "training_changes_the_output": difference(layer(image, training=True), image) > 0.1,
        }

    return both_facts(measured)


def team_of_ten() -> dict[str, Any]:
    """How many of ten units Dropout(0.3) rests, over 200,000 draws: Binomial(10, 0.3)."""
    from scipy.stats import binom

    ones = np.ones((200_000, 10), "float32")

    def measured(library: ModuleType) -> dict[str, Any]:
        resting = (numbers(library.Dropout(0.3, seed=2)(ones, training=True)) == 0).sum(axis=1)
        shares = np.bincount(resting, minlength=11) / len(ones)
        return {
            "mean_resting_of_ten": round(float(resting.mean()), 1),
            "share_of_steps_with_exactly_three": round(float(shares[3]), 2),
            "share_of_steps_by_number_resting": [round(float(share), 2) for share in shares],
            "shares_are_binomial": bool(np.abs(shares - binom.pmf(range(11), 10, 0.3)).max() < 0.006),
        }

    return both_facts(measured)


def dropout_model(library: ModuleType, inputs: int, units: Sequence[int], rate: float, output: str) -> Any:
    """Hidden relu layers, each followed by Dropout where the rate is above 0, and one output unit."""
    import keras

    hidden = []
    for size in units:
        hidden.append(library.Dense(size, activation="relu"))
        if rate:
            hidden.append(library.Dropout(rate, seed=len(hidden)))
    return build(keras.Input((inputs,)), *hidden, library.Dense(1, activation=output))


def dropout_code() -> dict[str, Any]:
    """The printed 128-64-1 model with Dropout(0.3): what each dropout layer does to the active units before it."""
    import keras

    def measured(library: ModuleType) -> dict[str, Any]:
        model = dropout_model(library, 20, (128, 64), 0.3, "sigmoid")
        for place, weight in enumerate(model.trainable_variables):
            weight.assign(0.3 * draw(*weight.shape, seed=place))
        before_after = keras.Model(model.inputs[0], [layer.output for layer in model.layers[:4]])
        off, scales = [], []
        for batch in range(30):
            h1, d1, h2, d2 = map(numbers, before_after(draw(256, 20, seed=10 + batch), training=True))
            for before, after in ((h1, d1), (h2, d2)):
                active = before > 0  # relu itself leaves zeros, which are not dropout's
                off.append((after[active] == 0).mean())
                scales.append((after[active] / before[active])[after[active] > 0])
        return {
            "share_of_active_units_dropped": [round(float(np.mean(off[k::2])), 2) for k in (0, 1)],
            "scale_of_survivors": sorted({round(float(value), 4) for value in np.unique(np.concatenate(scales))}),
        }

    return both_facts(measured)


def parameter_counts() -> dict[str, Any]:
    """Parameters of the printed networks, without and with dropout; by hand 128 in + 128 + 128^2 + 128 + 128 + 1."""

    def counts(library: ModuleType, rates: tuple[float, float]) -> list[int]:
        return [
            dropout_model(library, inputs, (128, 128), rate, output).count_params()
            for inputs, rate, output in ((1, rates[0], "linear"), (2, rates[1], "sigmoid"))
        ]

    return {
        "plain_parameters": both(lambda library: counts(library, (0.0, 0.0))),
        "dropout_parameters": both(lambda library: counts(library, (0.2, 0.5))),
        "weights_of_a_dropout_layer": both(lambda library: library.Dropout(0.5).count_params()),
    }


class FixedMask:
    """A dropout layer of either library whose next draw is repeated, so that the loss is a fixed function."""

    def __init__(self, library: ModuleType, rate: float):
        self.layer = library.Dropout(rate, seed=3, dtype="float64")
        self.start = self.layer.seed_generator.state.numpy()

    def __call__(self, x: Any) -> Any:
        """The layer in training mode, with the same mask each time."""
        self.layer.seed_generator.state.assign(self.start)
        return self.layer(x, training=True)


def changing_loss() -> dict[str, Any]:
    """L = mean((relu(x W1) m / (1 - p) W2 - y)^2): random through the mask m, an ordinary function once m is given.

    By hand: dL/dW2 = (h m / (1 - p))^T e and dL/dW1 = x^T (e W2^T m / (1 - p) [h > 0]), with e = 2 (prediction - y) / n.
    """
    from keras import ops

    x, y, first, second = draw(16, 5), draw(16, 1, seed=1), draw(5, 12, seed=2), draw(12, 1, seed=3)

    def loss_with(dropout: Any, w1: Any, w2: Any) -> Any:
        return ops.mean((dropout(ops.relu(x @ w1)) @ w2 - y) ** 2)

    def measured(library: ModuleType) -> dict[str, Any]:
        free, fixed = library.Dropout(0.5, seed=3, dtype="float64"), FixedMask(library, 0.5)
        in_training = [float(loss_with(lambda h: free(h, training=True), first, second)) for _ in range(20)]
        at_prediction = [float(loss_with(free, first, second)) for _ in range(20)]
        by_autodiff = gradient(lambda w1, w2: loss_with(fixed, w1, w2), first, second)
        hidden, mask = np.maximum(x @ first, 0), numbers(fixed(np.ones((16, 12))))  # mask holds 0 and 1 / (1 - p)
        error = 2 * ((hidden * mask) @ second - y) / len(x)
        by_hand = [x.T @ (error @ second.T * mask * (hidden > 0)), (hidden * mask).T @ error]
        step = 1e-6 * draw(5, 12, seed=4)
        slope = float(loss_with(fixed, first + step, second) - loss_with(fixed, first - step, second)) / 2
        return {
            "losses_in_20_training_passes": len(set(in_training)),
            "losses_in_20_prediction_passes": len(set(at_prediction)),
            "gradient_is_back_propagation_through_the_mask": max(map(difference, by_autodiff, by_hand)) < 1e-9,
            "gradient_agrees_with_finite_differences": math.isclose(slope, (by_autodiff[0] * step).sum(), rel_tol=1e-6),
            "dropout_gradient_needs_more_than_the_mask": difference(
                gradient(fixed, hidden, upstream=np.ones_like(hidden))[0], mask
            )
            > 0,
        }

    return both_facts(measured)


def stopped_by(script: Sequence[float], epochs: int, fit: Any, **options: Any) -> dict[str, Any]:
    """Train a one-weight model whose reported val_loss is the script; its weight after epoch k is told apart by a log.

    Returns:
        Epochs run, and the epoch (from 1) whose weights the model ends with.
    """
    import keras

    class Scripted(keras.callbacks.Callback):
        """Puts the script's value in place of the validation loss and keeps each epoch's weights."""

        weights: list[np.ndarray]

        def on_train_begin(self, logs: Any = None) -> None:
            self.weights = []

        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            logs["val_loss"] = script[epoch % len(script)]
            self.weights.append(self.model.get_weights()[0].copy())

    model = build(keras.Input((1,)), keras.layers.Dense(1, use_bias=False, kernel_initializer="zeros"))
    model.compile("sgd", "mse")
    scripted = Scripted()
    x = np.ones((4, 1), "float32")
    stopping = keras.callbacks.EarlyStopping("val_loss", restore_best_weights=True, **options)
    fit(model, x, x, epochs=epochs, validation_data=(x, x), callbacks=[scripted, stopping], verbose=0)
    same = [np.array_equal(weight, model.get_weights()[0]) for weight in scripted.weights]
    return {"epochs_run": len(scripted.weights), "weights_of_epoch": [k + 1 for k, one in enumerate(same) if one]}


def early_stopping() -> dict[str, Any]:
    """The documented callbacks under `model.fit` and under the compiled trainer, which must agree."""
    from recipes.training import fit

    def under_both(script: Sequence[float], epochs: int, **options: Any) -> Any:
        keras_own = stopped_by(script, epochs, lambda model, *data, **more: model.fit(*data, **more), **options)
        ours = stopped_by(script, epochs, fit, **options)
        return keras_own if keras_own == ours else {"epochs_run": str((keras_own, ours)), "weights_of_epoch": "differ"}

    first = under_both(SCRIPT_000, len(SCRIPT_000), patience=3)
    second = under_both(SCRIPT_003, 1000, patience=5, min_delta=0.001)
    return {
        "epochs_run_at_patience_3": first["epochs_run"],
        "weights_kept_at_patience_3": first["weights_of_epoch"],
        "epochs_run_at_patience_5": second["epochs_run"],
        "weights_kept_at_patience_5": second["weights_of_epoch"],
        "scripted_val_loss_003": list(SCRIPT_003[:8]),
    }


def examine() -> dict[str, Any]:
    """Every fact of this file."""
    return {
        **penalties(),
        **l2_code(),
        **dropout_shares(),
        **team_of_ten(),
        **dropout_code(),
        **parameter_counts(),
        **changing_loss(),
        **early_stopping(),
    }


def paint_resting(facts: Mapping[str, Any]) -> Any:
    """Bars: in which share of the training steps so many of ten units rest."""
    import matplotlib.pyplot as plt

    shares = facts["share_of_steps_by_number_resting"]
    drawn, axis = plt.subplots(figsize=(6.4, 3.4), layout="constrained")
    colours = [COLOURS[1] if count == 3 else COLOURS[0] for count in range(11)]
    bars = axis.bar(range(11), shares, color=colours)
    axis.bar_label(bars, [f"{share:.0%}" for share in shares], fontsize=9)
    axis.set_xticks(range(11))
    axis.set_xlabel("units of ten switched off in a step, Dropout(0.3)")
    axis.set_ylabel("share of the training steps")
    axis.set_ylim(0, 0.32)
    return drawn


def paint_stopping(facts: Mapping[str, Any]) -> Any:
    """The scripted validation loss with the epoch that is kept and the one at which training ends."""
    import matplotlib.pyplot as plt

    losses = facts["scripted_val_loss_003"]
    kept, last = facts["weights_kept_at_patience_5"][0], facts["epochs_run_at_patience_5"]
    drawn, axis = plt.subplots(figsize=(6.4, 3.4), layout="constrained")
    axis.plot(range(1, len(losses) + 1), losses, "-o", color=COLOURS[0], label="validation loss")
    axis.axvline(kept, color=COLOURS[2], linestyle="--", label=f"epoch {kept}: weights kept")
    axis.axvline(last, color=COLOURS[1], linestyle="--", label=f"epoch {last}: training ends")
    axis.annotate(
        "lower, but by less than 0.001:\nnone of these counts",
        (5, losses[4]),
        (4.2, 0.62),
        arrowprops={"arrowstyle": "->"},
        fontsize=9,
    )
    axis.set_xlabel("epoch")
    axis.set_ylabel("validation loss")
    axis.legend(frameon=False, fontsize=9)
    return drawn


FIGURES = (
    Picture(
        "units-resting",
        "How many of ten units rest in a step",
        "Dropout draws for every unit on its own: three of ten rest on average (document 000's team), exactly three in about "
        "27% of the steps.",
        facts=("share_of_steps_by_number_resting",),
        paint=paint_resting,
    ),
    Picture(
        "early-stopping-rule",
        "Early stopping with patience 5 and min_delta 0.001",
        "A scripted validation loss. Only a fall by more than min_delta counts, so the weights of epoch 3 are kept although "
        "later epochs are lower by a hair.",
        facts=("scripted_val_loss_003", "weights_kept_at_patience_5", "epochs_run_at_patience_5"),
        paint=paint_stopping,
    ),
)

_REGULARIZATION, _BOTH = "Regularization", "Our layer and Keras's give the same."

CLAIMS = (
    Claim(
        "regularization-l2-penalty-formula",
        "003",
        "Video 24",
        "The L2 penalty is (lambda / 2n) times the sum of the squared weights.",
        "exact",
        "lambda / 2n",
        "keras.regularizers.L2(0.001), the printed code's, on W = 0..5 in a Dense layer that is called with n = 100 examples; "
        "the formula gives 0.001 / 200 * 55 = 0.000275.",
        (
            Equals(
                "l2_penalty_with_100_examples",
                LAMBDA / (2 * EXAMPLES) * 55,
                tolerance=1e-8,
                true_value=LAMBDA * 55,
                derivation="The formula is one of several in use, but the code printed under it computes another: Keras adds "
                "lambda times the sum of squares, 0.001 * (0 + 1 + 4 + 9 + 16 + 25) = 0.055, whatever the number of examples; "
                "its gradient is 2 lambda w. The formula's lambda is 2n times Keras's for the same pull.",
            ),
            Equals("l2_gradient_minus_2_lambda_w", 0, tolerance=1e-8),
        ),
        priority=2,
        remark="Any n gives this verdict: even with n = 1 the formula's 0.0275 is half of Keras's 0.055.",
    ),
    Claim(
        "regularization-l1-penalty-formula",
        "003",
        "Video 24",
        "The L1 penalty is (lambda / n) times the sum of the absolute weights.",
        "exact",
        "lambda / n",
        "keras.regularizers.L1(0.001) on W = 0..5 in a Dense layer that is called with n = 100 examples; the formula gives "
        "0.001 / 100 * 15 = 0.00015.",
        (
            Equals(
                "l1_penalty_with_100_examples",
                LAMBDA / EXAMPLES * 15,
                tolerance=1e-8,
                true_value=LAMBDA * 15,
                derivation="Keras's regularizer adds lambda times the sum of absolute values, 0.001 * 15 = 0.015, whatever the "
                "number of examples; the formula holds only for n = 1. The formula's lambda is n times Keras's.",
            ),
            Equals("l1_gradient_minus_lambda_sign_w", 0, tolerance=1e-8),
        ),
        priority=2,
    ),
    Claim(
        "regularization-l2-code",
        "003",
        "Video 24",
        "Dense(128, relu, kernel_regularizer=l2(0.001)) adds the penalty to the loss.",
        "exact",
        "0.001",
        "model.losses after a call, and the compiled loss against NumPy's mean squared error plus 0.001 sum W^2. "
        + _BOTH,
        (
            Equals("model_losses", 1),
            Equals("l2_code_penalty_is_lambda_times_squares", True),
            Equals("loss_is_data_loss_plus_penalty", True),
        ),
        priority=2,
    ),
    Claim(
        "dropout-half-off",
        "000",
        _REGULARIZATION,
        "Dropout(0.5) switches half of the neurons off at random during training.",
        "exact",
        "50%",
        "A million ones through the layer in training: share of zeros to two decimals, and the value of the others. "
        + _BOTH,
        (Equals("share_off_at_half", 0.5), Equals("survivors_at_half", [2.0]), Equals("mean_output_at_half", 1.0)),
        priority=2,
        remark="The share holds on average; in one layer of 128 units it is 50% give or take 4.4 percentage points. The "
        "others are doubled, 1 / (1 - 0.5), so that the mean stays.",
    ),
    Claim(
        "dropout-three-of-ten",
        "000",
        _REGULARIZATION,
        "As in a team of ten of whom three rest at random at each practice.",
        "exact",
        "3 of 10",
        "Dropout(0.3) on ten units, 200,000 draws: how many rest. " + _BOTH,
        (
            Equals("mean_resting_of_ten", 3.0),
            Equals("shares_are_binomial", True),
            Equals(
                "share_of_steps_with_exactly_three",
                1.0,
                true_value=0.27,
                derivation="Dropout decides for every unit on its own, so the number that rest is Binomial(10, 0.3): three "
                "on average, with standard deviation sqrt(10 * 0.3 * 0.7) = 1.45, and exactly three in "
                "C(10, 3) 0.3^3 0.7^7 = 26.7% of the steps.",
            ),
        ),
        priority=3,
    ),
    Claim(
        "dropout-training-only",
        "000",
        _REGULARIZATION,
        "Dropout acts during training only; at prediction all neurons are used.",
        "exact",
        "all neurons",
        "Output against input with training=False and with no argument. " + _BOTH,
        (
            Equals("off_at_prediction", 0),
            Equals("prediction_minus_input", 0),
            Equals("default_call_minus_input", 0),
            Equals("training_changes_the_output", True),
        ),
        priority=2,
    ),
    Claim(
        "dropout-03-code",
        "003",
        "Video 23",
        "The 128-64-1 model with Dropout(0.3) after each hidden layer drops 30% of the activations in training.",
        "exact",
        "0.3",
        "Before and after each dropout layer in the same pass, 30 batches of 256 examples with 20 inputs: share of the "
        "active units (relu leaves zeros of its own) that become zero, and what the others are multiplied by. " + _BOTH,
        (
            Equals("share_of_active_units_dropped", [0.3, 0.3]),
            Equals("scale_of_survivors", [1.4286], tolerance=2e-4),
        ),
        priority=2,
    ),
    Claim(
        "dropout-code-params",
        "003",
        "Video 30",
        "The networks with dropout have as many parameters as those without.",
        "exact",
        "equal",
        "Keras's count of the printed 128-128-1 networks, for one and two inputs, against arithmetic. " + _BOTH,
        (
            Equals("plain_parameters", [16897, 17025]),
            Equals("dropout_parameters", [16897, 17025]),
            Equals("weights_of_a_dropout_layer", 0),
        ),
        priority=3,
    ),
    Claim(
        "dropout-changes-loss",
        "003",
        "Video 30",
        "Dropout makes the loss change and the computation of gradients complex.",
        "behaviour",
        "changes; complex",
        "Twenty passes of a two-layer network in training and at prediction; the gradient for a fixed mask by automatic "
        "differentiation, by hand and by finite differences. 'Complex' is judged as: back-propagating through dropout takes "
        "more than a product with the mask. " + _BOTH,
        (
            Equals("losses_in_20_training_passes", 20),
            Equals("losses_in_20_prediction_passes", 1),
            Equals("gradient_is_back_propagation_through_the_mask", True),
            Equals("gradient_agrees_with_finite_differences", True),
            Equals(
                "dropout_gradient_needs_more_than_the_mask",
                True,
                true_value=False,
                derivation="For a given draw, dropout multiplies by constants, y = m x / (1 - p), so dL/dx = m / (1 - p) "
                "dL/dy: the same product as forwards. The loss does become random from step to step, which adds noise to the "
                "gradient, not difficulty.",
            ),
        ),
        priority=3,
    ),
    Claim(
        "regularization-earlystop-patience3",
        "000",
        _REGULARIZATION,
        "EarlyStopping on val_loss with patience 3 stops after three epochs without improvement and restores the best weights.",
        "behaviour",
        "3",
        "A scripted val_loss with its minimum at epoch 5, no improvement in epochs 6 to 8 and a lower value later; by "
        "model.fit and by the compiled trainer.",
        (Equals("epochs_run_at_patience_3", 5 + 3), Equals("weights_kept_at_patience_3", [5])),
        priority=2,
    ),
    Claim(
        "regularization-earlystop-code-003",
        "003",
        "Video 21",
        "EarlyStopping(val_loss, patience 5, min_delta 0.001, restore_best_weights) ends a fit of 1000 epochs by itself.",
        "behaviour",
        "5; 0.001; 1000",
        "A scripted val_loss, fit for 1000 epochs: epoch 3 is the last to improve by more than 0.001, epochs 4 to 8 do not; by "
        "model.fit and by the compiled trainer.",
        (Equals("epochs_run_at_patience_5", 3 + 5), Equals("weights_kept_at_patience_5", [3])),
        priority=2,
        remark="The best weights are those of the last improvement that counts: epoch 7 had the lowest loss of all (0.3991 "
        "against 0.4), but by less than min_delta.",
    ),
)
