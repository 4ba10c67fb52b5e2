"""Loss functions by hand: every exact statement about them, computed without training.

Sources: document 000, Loss Function; document 003, Videos 6 and 14. Each function below holds one statement's formula in
NumPy and sets it against our losses (`recipes.losses`) and against their Keras namesakes, in float64.

Run: reproduce run loss_examples
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import ModuleType
from typing import Any

import numpy as np

from reproductions.claims import Claim, Equals
from reproductions.figures import COLOURS, Picture
from reproductions.worked import array, difference, draw, gradient

TITLE = "Worked examples: loss functions"
SUMMARY = (
    "Squared, absolute and Huber error, binary and categorical cross-entropy: values, slopes, units and limits, each computed "
    "by our losses, by Keras's and by NumPy. Nothing is trained."
)
DATASETS = ()
IN_DEFAULT_SET = True
EXPECTED_SECONDS = 1.0

EXAMPLE_P = 0.92
DELTAS = (0.5, 1.0, 2.0)
ERRORS = np.round(np.linspace(-3, 3, 61), 1)
PROBABILITIES = np.round(np.linspace(0.01, 0.99, 99), 2)
UNIT_FACTOR = 100.0


def both(measure: Callable[[ModuleType], Any]) -> Any:
    """What `measure(losses)` gives for `recipes.losses`, provided that it gives the same for `keras.losses`.

    Returns:
        The measurement; or, where the two differ by more than 1e-9, a text with both, which equals no documented value.
    """
    import keras

    from recipes import losses

    ours, theirs = measure(losses), measure(keras.losses)
    same = ours == theirs or np.allclose(np.asarray(ours, "float64"), np.asarray(theirs, "float64"), rtol=0, atol=1e-9)
    return ours if same else f"recipes.losses: {ours}; keras.losses: {theirs}"


def each(library: ModuleType, name: str, y: Any, predicted: Any, **options: Any) -> np.ndarray:
    """The losses of single numbers `(n,)`, one an example."""
    loss = getattr(library, name)(reduction=None, dtype="float64", **options)
    return array(loss(np.asarray(y, "float64").reshape(-1, 1), np.asarray(predicted, "float64").reshape(-1, 1)))


def cost(library: ModuleType, name: str, y: Any, predicted: Any, **options: Any) -> float:
    """The loss of a whole data set, as the class gives it by default."""
    return float(getattr(library, name)(dtype="float64", **options)(np.asarray(y), np.asarray(predicted)))


def slopes(library: ModuleType, name: str, y: Any, predicted: Any, **options: Any) -> np.ndarray:
    """Derivative of each example's loss for its prediction `(n,)`, by automatic differentiation."""
    loss = getattr(library, name)(reduction=None, dtype="float64", **options)
    targets, predicted = (np.asarray(one, "float64").reshape(-1, 1) for one in (y, predicted))
    return gradient(lambda p: loss(targets, p), predicted)[0][:, 0]


def slopes_beside(library: ModuleType, name: str, error: float, **options: Any) -> list[float]:
    """Difference quotients to the left and to the right of an error, rounded to 4 places."""
    h = 1e-6
    left, here, right = each(library, name, np.zeros(3), [error - h, error, error + h], **options)
    return [round(float(one), 4) + 0.0 for one in ((here - left) / h, (right - here) / h)]


def cross_entropy(y: np.ndarray, p: np.ndarray) -> np.ndarray:
    """-[y log p + (1 - y) log(1 - p)], the printed formula."""
    return -(y * np.log(p) + (1 - y) * np.log(1 - p))


def probabilities(*shape: int) -> np.ndarray:
    """Uniform draws between 0.001 and 0.999."""
    return np.random.default_rng(len(shape)).uniform(0.001, 0.999, shape)


def labels(n: int) -> np.ndarray:
    """As many zeros as ones."""
    return (np.arange(n) % 2).astype("float64")


def squared_error() -> dict[str, Any]:
    """(y - y_hat)^2 and its mean."""
    y, predicted = draw(50), draw(50, seed=1)
    formula = np.mean((y - predicted) ** 2)
    return {
        "squared_error_of_092_for_0": both(
            lambda library: round(cost(library, "MeanSquaredError", [[0.0]], [[EXAMPLE_P]]), 12)
        ),
        "mse_minus_numpy": both(
            lambda library: abs(cost(library, "MeanSquaredError", y[:, None], predicted[:, None]) - formula)
        ),
        "squared_errors_of_1_2_4": both(
            lambda library: each(library, "MeanSquaredError", np.zeros(3), [1, 2, 4]).tolist()
        ),
    }


def mse_of_a_line() -> dict[str, Any]:
    """MSE of y = m x + b over (m, b): m^2 <x^2> + 2 m b <x> + b^2 - 2 m <xy> - 2 b <y> + <y^2>, <.> the mean."""
    x, y = draw(40), draw(40, seed=1)
    grid = np.linspace(-2, 2, 9)

    def surface(library: ModuleType) -> np.ndarray:
        return np.array(
            [[cost(library, "MeanSquaredError", y[:, None], (m * x + b)[:, None]) for b in grid] for m in grid]
        )

    m, b = grid[:, None], grid[None, :]
    form = m**2 * np.mean(x**2) + 2 * m * b * np.mean(x) + b**2 - 2 * m * np.mean(x * y) - 2 * b * np.mean(y)
    form = form + np.mean(y**2)

    def share_of_steps(library: ModuleType) -> float:
        values = surface(library)
        steps = np.concatenate([np.diff(values, axis=0).ravel(), np.diff(values, axis=1).ravel()])
        return float(np.mean(np.abs(steps) > 1e-6))

    return {
        "mse_minus_quadratic_form": both(lambda library: difference(surface(library), form)),
        "share_of_steps_in_m_or_b_that_change_the_mse": both(share_of_steps),
    }


def convexity() -> dict[str, Any]:
    """Hessian of the MSE of a linear model X w: 2 X^T X / n, positive semi-definite; singular if columns depend."""
    features = draw(30, 3)
    repeated = features[:, [0, 1, 1]]
    y = draw(30, seed=1)

    def slope(library: ModuleType, table: np.ndarray, w: np.ndarray) -> np.ndarray:
        import tensorflow as tf

        loss = library.MeanSquaredError(dtype="float64")
        return gradient(lambda v: loss(y[:, None], tf.constant(table) @ v), w[:, None])[0][:, 0]

    def hessian(library: ModuleType, table: np.ndarray) -> np.ndarray:
        # The gradient of a quadratic is linear, so that differences of it are exact whatever their length.
        return np.stack([(slope(library, table, e) - slope(library, table, -e)) / 2 for e in np.eye(3)])

    def one_minimum(library: ModuleType, table: np.ndarray) -> bool:
        best = np.linalg.lstsq(table, y, rcond=None)[0]
        other = best + np.array([0.0, 1.0, -1.0])
        values = [cost(library, "MeanSquaredError", y[:, None], (table @ w)[:, None]) for w in (best, other)]
        return bool(values[1] - values[0] > 1e-9)

    return {
        "hessian_minus_2XtX_over_n": both(
            lambda library: max(difference(hessian(library, one), 2 * one.T @ one / 30) for one in (features, repeated))
        ),
        "no_eigenvalue_is_negative": both(
            lambda library: all(np.linalg.eigvalsh(hessian(library, one)).min() > -1e-9 for one in (features, repeated))
        ),
        "one_minimum_with_independent_features": both(lambda library: one_minimum(library, features)),
        "one_minimum_with_a_repeated_feature": both(lambda library: one_minimum(library, repeated)),
        "squared_error_slopes_beside_0": both(lambda library: slopes_beside(library, "MeanSquaredError", 0.0)),
    }


def units() -> dict[str, Any]:
    """Targets and predictions in units 100 times smaller: what becomes of MSE and MAE."""
    y, predicted = draw(50)[:, None], draw(50, seed=1)[:, None]

    def growth(library: ModuleType) -> list[float]:
        return [
            round(cost(library, name, UNIT_FACTOR * y, UNIT_FACTOR * predicted) / cost(library, name, y, predicted), 6)
            for name in ("MeanSquaredError", "MeanAbsoluteError")
        ]

    return {"growth_of_mse_and_mae_in_units_100_times_smaller": both(growth)}


def absolute_error() -> dict[str, Any]:
    """|y - y_hat|, its mean, and its slopes beside and at 0."""
    y, predicted = draw(50), draw(50, seed=1)
    return {
        "mae_minus_numpy": both(
            lambda library: abs(
                cost(library, "MeanAbsoluteError", y[:, None], predicted[:, None]) - np.mean(np.abs(y - predicted))
            )
        ),
        "absolute_error_slopes_beside_0": both(lambda library: slopes_beside(library, "MeanAbsoluteError", 0.0)),
        "absolute_error_slope_taken_at_0": both(
            lambda library: (slopes(library, "MeanAbsoluteError", [0.0], [0.0]) + 0.0).tolist()  # -0.0 becomes 0.0
        ),
    }


def huber_error() -> dict[str, Any]:
    """0.5 e^2 within delta, delta |e| - 0.5 delta^2 beyond; slope clip(e, -delta, delta)."""
    errors = np.concatenate([3 * draw(60), [0.0, *DELTAS, *(-delta for delta in DELTAS)]])

    def by_hand(delta: float) -> np.ndarray:
        return np.where(np.abs(errors) <= delta, 0.5 * errors**2, delta * np.abs(errors) - 0.5 * delta**2)

    def value_gap(library: ModuleType) -> float:
        return max(difference(each(library, "Huber", 0 * errors, errors, delta=d), by_hand(d)) for d in DELTAS)

    def slope_gap(library: ModuleType) -> float:
        found = {d: slopes(library, "Huber", 0 * errors, errors, delta=d) for d in DELTAS}
        return max(difference(slope, np.clip(errors, -d, d)) for d, slope in found.items())

    return {
        "huber_minus_formula": both(value_gap),
        "huber_of_05_and_3_and_mean": both(
            lambda library: [
                *each(library, "Huber", [0, 0], [0.5, 3.0]).tolist(),
                cost(library, "Huber", [[0.0], [0.0]], [[0.5], [3.0]]),
            ]
        ),
        "huber_slopes_beside_0_and_delta": both(
            lambda library: [slopes_beside(library, "Huber", error) for error in (-1.0, 0.0, 1.0)]
        ),
        "huber_slope_minus_clipped_error": both(slope_gap),
    }


def loss_and_cost() -> dict[str, Any]:
    """The mean of the losses of single examples is the cost, for every loss of the course."""
    y, predicted, p, bits = draw(50), draw(50, seed=1), probabilities(50), labels(50)
    cases = (
        ("MeanSquaredError", y, predicted, (y - predicted) ** 2),
        ("MeanAbsoluteError", y, predicted, np.abs(y - predicted)),
        ("BinaryCrossentropy", bits, p, cross_entropy(bits, p)),
    )

    def single(library: ModuleType) -> float:
        return max(difference(each(library, name, a, b), expected) for name, a, b, expected in cases)

    def mean(library: ModuleType) -> float:
        return max(
            abs(cost(library, name, a[:, None], b[:, None]) - float(np.mean(each(library, name, a, b))))
            for name, a, b, _ in (*cases, ("Huber", y, predicted, None))
        )

    return {"losses_minus_formulas": both(single), "mean_of_losses_minus_cost": both(mean)}


def binary() -> dict[str, Any]:
    """-[y log p + (1 - y) log(1 - p)]."""
    p, bits = probabilities(200), labels(200)
    three = [0.01, 0.5, 0.99]
    return {
        "cross_entropy_of_092_for_0": both(
            lambda library: round(cost(library, "BinaryCrossentropy", [[0.0]], [[EXAMPLE_P]]), 6)
        ),
        "bce_minus_formula": both(
            lambda library: difference(each(library, "BinaryCrossentropy", bits, p), cross_entropy(bits, p))
        ),
        "bce_minus_mean_of_formula": both(
            lambda library: abs(
                cost(library, "BinaryCrossentropy", bits[:, None], p[:, None]) - np.mean(cross_entropy(bits, p))
            )
        ),
        "bce_of_a_certain_mistake": both(
            lambda library: np.round(each(library, "BinaryCrossentropy", [0, 1], [1.0, 0.0]), 3).tolist()
        ),
        "bce_for_1_at_001_05_099": both(
            lambda library: np.round(each(library, "BinaryCrossentropy", np.ones(3), three), 6).tolist()
        ),
        "bce_for_0_at_001_05_099": both(
            lambda library: np.round(each(library, "BinaryCrossentropy", np.zeros(3), three), 6).tolist()
        ),
        "bce_falls_with_p_for_1_and_rises_for_0": both(
            lambda library: [
                bool(
                    (
                        np.diff(each(library, "BinaryCrossentropy", y + 0 * PROBABILITIES, PROBABILITIES)) * sign > 0
                    ).all()
                )
                for y, sign in ((1, -1), (0, 1))
            ]
        ),
    }


def confident_mistakes() -> dict[str, Any]:
    """Cross-entropy and squared error for y = 0 as p goes wrong, and what each tells the logit z of p = sigmoid(z)."""
    import keras

    wrong = np.round(np.arange(0.5, 0.995, 0.01), 2)

    def curve(library: ModuleType, name: str, p: Any) -> np.ndarray:
        return each(library, name, 0 * np.asarray(p), p)

    def ratio(library: ModuleType) -> float:
        return float(
            curve(library, "BinaryCrossentropy", [EXAMPLE_P])[0] / curve(library, "MeanSquaredError", [EXAMPLE_P])[0]
        )

    def logit_slopes(library: ModuleType, p: Any) -> list[list[float]]:
        z = np.log(np.asarray(p) / (1 - np.asarray(p))).reshape(-1, 1)
        found = []
        for name in ("BinaryCrossentropy", "MeanSquaredError"):
            loss = getattr(library, name)(reduction=None, dtype="float64")
            slope = gradient(lambda s, loss=loss: loss(np.zeros(z.shape), keras.ops.sigmoid(s)), z)[0]
            found.append(np.round(slope[:, 0], 4).tolist())
        return found

    return {
        "cross_entropy_is_above_squared_error_from_05_to_099": both(
            lambda library: bool(
                (curve(library, "BinaryCrossentropy", wrong) > curve(library, "MeanSquaredError", wrong)).all()
            )
        ),
        "cross_entropy_over_squared_error_at_092": both(lambda library: round(ratio(library), 3)),
        "logit_slopes_at_092": both(lambda library: logit_slopes(library, [EXAMPLE_P])),
        "probabilities": PROBABILITIES.tolist(),
        "costs_over_p": both(
            lambda library: [
                np.round(curve(library, name, PROBABILITIES), 4).tolist()
                for name in ("BinaryCrossentropy", "MeanSquaredError")
            ]
        ),
        "logit_slopes_over_p": both(lambda library: logit_slopes(library, PROBABILITIES)),
    }


def logits() -> dict[str, Any]:
    """Binary cross-entropy of a linear output: the loss takes the sigmoid itself."""
    z, bits = 5 * draw(100), labels(100)
    p = 1 / (1 + np.exp(-z))

    def needed(library: ModuleType) -> bool:
        from_output = each(library, "BinaryCrossentropy", bits, z, from_logits=True)
        slope = slopes(library, "BinaryCrossentropy", bits, z, from_logits=True)
        return not (difference(from_output, cross_entropy(bits, p)) < 1e-9 and difference(slope, p - bits) < 1e-9)

    def certain(library: ModuleType) -> list[float]:
        logit = np.array([[40.0]], "float32")
        probability = (1 / (1 + np.exp(-logit))).astype("float32")
        found = [
            library.BinaryCrossentropy(from_logits=True)(np.zeros((1, 1)), logit),
            library.BinaryCrossentropy()(np.zeros((1, 1)), probability),
        ]
        return [round(float(one), 2) for one in found]

    return {
        "output_layer_must_be_a_sigmoid": both(needed),
        "loss_of_logit_40_for_0_from_logit_and_from_probability": both(certain),
        "slopes_of_outputs_outside_0_to_1_taken_for_probabilities": both(
            lambda library: np.abs(slopes(library, "BinaryCrossentropy", [0, 1, 0, 1], [1.5, 1.5, -0.5, -0.5])).tolist()
        ),
    }


def several_classes() -> dict[str, Any]:
    """-sum of y_j log p_j, with one-hot targets and with class numbers."""
    import keras

    numbers = np.arange(30) % 3
    one_hot = np.array(keras.utils.to_categorical(numbers), "float64")
    scores = np.exp(draw(30, 3))
    p = scores / scores.sum(axis=1, keepdims=True)
    formula = np.array([-sum(y * np.log(q) for y, q in zip(*row, strict=True)) for row in zip(one_hot, p, strict=True)])

    def rows(library: ModuleType, name: str, y: np.ndarray, **options: Any) -> np.ndarray:
        predicted = np.log(p) if options.get("from_logits") else p
        return array(getattr(library, name)(reduction=None, dtype="float64", **options)(y, predicted))

    return {
        "one_hot_of_0_1_2": np.array(keras.utils.to_categorical([0, 1, 2]), int).tolist(),
        "numbers_of_one_hot_rows": np.argmax(keras.utils.to_categorical([0, 1, 2]), axis=1).tolist(),
        "cce_minus_formula": both(
            lambda library: difference(rows(library, "CategoricalCrossentropy", one_hot), formula)
        ),
        "cce_from_logits_minus_formula": both(
            lambda library: difference(rows(library, "CategoricalCrossentropy", one_hot, from_logits=True), formula)
        ),
        "loss_of_numbers_minus_loss_of_one_hot": both(
            lambda library: difference(
                rows(library, "SparseCategoricalCrossentropy", numbers),
                rows(library, "CategoricalCrossentropy", one_hot),
            )
        ),
    }


def regression_curves() -> dict[str, Any]:
    """Squared, absolute and Huber error and their slopes, for the figure."""
    names = ("MeanSquaredError", "MeanAbsoluteError", "Huber")
    return {
        "errors": ERRORS.tolist(),
        "losses_over_error": both(
            lambda library: [np.round(each(library, name, 0 * ERRORS, ERRORS), 4).tolist() for name in names]
        ),
        "slopes_over_error": both(
            lambda library: [np.round(slopes(library, name, 0 * ERRORS, ERRORS), 4).tolist() for name in names]
        ),
    }


def examine() -> dict[str, Any]:
    """Every fact of this file."""
    return {
        **squared_error(),
        **mse_of_a_line(),
        **convexity(),
        **units(),
        **absolute_error(),
        **huber_error(),
        **loss_and_cost(),
        **binary(),
        **confident_mistakes(),
        **logits(),
        **several_classes(),
        **regression_curves(),
    }


def paint_regression(facts: Mapping[str, Any]) -> Any:
    """Loss over the error on the left, its slope on the right."""
    import matplotlib.pyplot as plt

    drawn, (left, right) = plt.subplots(1, 2, figsize=(8.6, 3.6), layout="constrained")
    errors = np.array(facts["errors"])
    labelled = zip(
        ("squared", "absolute", "Huber, δ = 1"),
        COLOURS,
        facts["losses_over_error"],
        facts["slopes_over_error"],
        strict=False,
    )
    for name, colour, losses, slope in labelled:
        style = "--" if name.startswith("Huber") else "-"  # it lies on the absolute error's slope
        left.plot(errors, losses, style, color=colour, linewidth=1.8, label=name)
        drawn_slope = np.array(slope, "float64")
        if name == "absolute":
            drawn_slope[errors == 0] = np.nan  # the slope jumps there
        right.plot(errors, drawn_slope, style, color=colour, linewidth=1.8, label=name)
    right.plot([0, 0], [-1, 1], "o", color=COLOURS[1], markerfacecolor="white", markersize=5)
    left.set_ylim(-0.2, 5)
    left.set_ylabel("loss of one example")
    right.set_ylabel("slope of the loss")
    left.legend(frameon=False, fontsize=9, loc="upper center")
    for axis in (left, right):
        axis.set_xlabel("error: prediction minus target (units of the target)")
        axis.grid(alpha=0.25)
    return drawn


def paint_confident(facts: Mapping[str, Any]) -> Any:
    """Cost over the predicted probability on the left, what the logit is told on the right."""
    import matplotlib.pyplot as plt

    drawn, axes = plt.subplots(1, 2, figsize=(8.6, 3.6), layout="constrained")
    p = np.array(facts["probabilities"])
    for axis, curves in zip(axes, (facts["costs_over_p"], facts["logit_slopes_over_p"]), strict=True):
        for name, colour, curve in zip(("cross-entropy", "squared error"), COLOURS, curves, strict=False):
            axis.plot(p, curve, color=colour, linewidth=1.8, label=name)
        axis.axvline(EXAMPLE_P, color="0.5", linewidth=1, linestyle=":")
        axis.set_xlabel("predicted probability p of class 1, target 0")
        axis.grid(alpha=0.25)
    for value, colour in zip(
        (facts["cross_entropy_of_092_for_0"], facts["squared_error_of_092_for_0"]), COLOURS, strict=False
    ):
        axes[0].plot(EXAMPLE_P, value, "o", color=colour, markersize=5)
        axes[0].annotate(
            f"{value:.4g}", (EXAMPLE_P, value), (-6, 6), textcoords="offset points", ha="right", fontsize=9
        )
    axes[0].set_ylabel("loss of one example")
    axes[1].set_ylabel("slope for the logit z, p = sigmoid(z)")
    axes[0].legend(frameon=False, fontsize=9, loc="upper left")
    return drawn


FIGURES = (
    Picture(
        "loss-regression",
        "What an error costs, and how hard it pulls",
        "The squared error grows with the square and its slope without bound: one outlier outweighs many points. The absolute "
        "error pulls equally hard everywhere and jumps at 0. Huber's loss follows half the square inside delta and a straight "
        "line beyond; its slope is the error, cut off at delta.",
        ("errors", "losses_over_error", "slopes_over_error"),
        paint_regression,
    ),
    Picture(
        "loss-confident-mistakes",
        "The surer the mistake, the more cross-entropy minds",
        "Left: the cost of predicting p where the truth is 0; the dots are the document's example. Squared error never exceeds "
        "1. Right: through a sigmoid, squared error has almost no slope left where the mistake is worst, cross-entropy has its "
        "largest.",
        (
            "probabilities",
            "costs_over_p",
            "logit_slopes_over_p",
            "cross_entropy_of_092_for_0",
            "squared_error_of_092_for_0",
        ),
        paint_confident,
    ),
)

_BOTH = "Computed with recipes.losses and keras.losses in float64, which must agree to 1e-9, and in NumPy."
_INTRODUCTION, _VIDEO_6, _VIDEO_14 = "Loss Function", "Video 6", "Video 14"

CLAIMS = (
    Claim(
        "loss-mse-formula-000",
        "000",
        _INTRODUCTION,
        "Mean squared error is the average of squared differences between predictions and targets, and for the single pair "
        "(0.92, 0) it equals 0.8464.",
        "exact",
        "0.8464",
        f"{_BOTH} The pair, and 50 normal targets and predictions against the mean of the squares.",
        (Equals("squared_error_of_092_for_0", 0.8464, tolerance=1e-9), Equals("mse_minus_numpy", 0, tolerance=1e-9)),
    ),
    Claim(
        "loss-bce-worked-example",
        "000",
        _INTRODUCTION,
        "Binary cross-entropy for target 0 and prediction 0.92 is -log(0.08), about 2.525.",
        "exact",
        "2.525",
        f"{_BOTH} Three decimals are printed: half a unit of the last one is allowed.",
        (
            Equals(
                "cross_entropy_of_092_for_0",
                2.525,
                tolerance=0.0005,
                true_value=2.525729,
                derivation="-ln(0.08) = 2.525729, which rounds to 2.526; the document cuts it off after the third decimal.",
            ),
        ),
    ),
    Claim(
        "loss-bce-formula-000",
        "000",
        _INTRODUCTION,
        "Binary cross-entropy is -[y log p + (1 - y) log(1 - p)] for a single prediction.",
        "exact",
        "-[y log p + (1 - y) log(1 - p)]",
        f"{_BOTH} 200 probabilities between 0.001 and 0.999, both targets. At p = 1 for target 0, and 0 for 1, where the formula "
        "is infinite, the libraries' value is recorded as well.",
        (
            Equals("bce_minus_formula", 0, tolerance=1e-9),
            Equals("bce_of_a_certain_mistake", [16.118, 16.118], tolerance=1e-3),
        ),
        priority=2,
        remark="Probabilities are kept 1e-7 away from 0 and 1: the largest loss is -ln(1e-7) = 16.118, not infinity.",
    ),
    Claim(
        "loss-confident-wrong",
        "000",
        _INTRODUCTION,
        "A confident wrong binary prediction costs far more under cross-entropy than under squared error.",
        "comparison",
        "2.525 against 0.8464",
        f"{_BOTH} Target 0. Cross-entropy must be the larger one at every p = 0.50, 0.51, ... 0.99, and 2.525 / 0.8464 = 2.983 "
        "times the squared error at p = 0.92 (to 0.005). The slopes for the logit are ours.",
        (
            Equals("cross_entropy_is_above_squared_error_from_05_to_099", True),
            Equals("cross_entropy_over_squared_error_at_092", 2.983, tolerance=0.005),
            Equals("logit_slopes_at_092", [[0.92], [0.1354]], tolerance=1e-4),
        ),
        priority=2,
        remark="Costs in different units compare badly; what a network feels is the slope for the logit before the sigmoid. At "
        "p = 0.92 it is p = 0.92 under cross-entropy and 2 p^2 (1 - p) = 0.135 under squared error, and the latter fades as the "
        "mistake grows.",
    ),
    Claim(
        "loss-bce-mean-formula",
        "003",
        _VIDEO_6,
        "Binary cross-entropy over a data set is the mean of the per-sample cross-entropies.",
        "exact",
        "-(1/n) sum of [y log p + (1 - y) log(1 - p)]",
        f"{_BOTH} 200 probabilities between 0.001 and 0.999, as many targets 0 as 1.",
        (Equals("bce_minus_mean_of_formula", 0, tolerance=1e-9),),
        priority=2,
    ),
    Claim(
        "loss-function-of-parameters",
        "003",
        _VIDEO_14,
        "The loss is a function of weights and biases: changing m or b of y = mx + b changes the MSE.",
        "exact",
        "MSE is a function of m and b",
        f"{_BOTH} 40 normal points; m and b on a 9 x 9 grid from -2 to 2: the MSE against the quadratic form in m and b, and the "
        "share of the grid's single steps in m or b that change it by more than 1e-6.",
        (
            Equals("mse_minus_quadratic_form", 0, tolerance=1e-9),
            Equals("share_of_steps_in_m_or_b_that_change_the_mse", 1.0),
        ),
        priority=3,
        remark="A change from one side of the minimum to the point across from it would leave the MSE as it was.",
    ),
    Claim(
        "loss-vs-cost",
        "003",
        _VIDEO_14,
        "The loss is per example and the cost is its mean over the data set.",
        "exact",
        "L = (y - y_hat)^2; J = (1/N) sum of L",
        f"{_BOTH} 50 examples: losses without reduction against the formulas of squared and absolute error and cross-entropy; "
        "their mean, and Huber's, against the reduced loss.",
        (Equals("losses_minus_formulas", 0, tolerance=1e-9), Equals("mean_of_losses_minus_cost", 0, tolerance=1e-9)),
        priority=2,
    ),
    Claim(
        "loss-mse-quadratic-table",
        "003",
        _VIDEO_14,
        "Errors of 1, 2 and 4 units cost 1, 4 and 16 under squared error.",
        "exact",
        "1; 4; 16",
        _BOTH,
        (Equals("squared_errors_of_1_2_4", [1, 4, 16]),),
    ),
    Claim(
        "loss-mse-convex-linear",
        "003",
        _VIDEO_14,
        "MSE has a single global minimum (convex) for linear models and is differentiable everywhere.",
        "exact",
        "convex; a single global minimum; differentiable",
        f"{_BOTH} 30 normal examples of three features, and of three of which two are the same: Hessian by automatic "
        "differentiation against 2 X^T X / n, its eigenvalues, and whether moving the least-squares weights by (0, 1, -1) raises "
        "the MSE; difference quotients on both sides of error 0.",
        (
            Equals("hessian_minus_2XtX_over_n", 0, tolerance=1e-9),
            Equals("no_eigenvalue_is_negative", True),
            Equals("one_minimum_with_independent_features", True),
            Equals("squared_error_slopes_beside_0", [0.0, 0.0]),
            Equals(
                "one_minimum_with_a_repeated_feature",
                True,
                true_value=False,
                derivation="The Hessian is 2 X^T X / n. It is never negative, so the MSE is convex; but where one feature is a "
                "combination of others it is 0 in some direction. With a feature repeated, weight can go from one copy to the "
                "other without changing any prediction: the minima fill a line. There is one only if the features are linearly "
                "independent.",
            ),
        ),
        priority=2,
        remark="Convex and differentiable hold without condition; only 'single' needs independent features.",
    ),
    Claim(
        "loss-mse-squared-units",
        "003",
        _VIDEO_14,
        "MSE is expressed in squared units and MAE in the target units.",
        "exact",
        "squared units; target units",
        f"{_BOTH} Targets and predictions in units a hundred times smaller: MSE must grow by 100^2, MAE by 100.",
        (Equals("growth_of_mse_and_mae_in_units_100_times_smaller", [1e4, 1e2], tolerance=1e-6),),
        priority=3,
    ),
    Claim(
        "loss-mae-formula",
        "003",
        _VIDEO_14,
        "MAE is the mean absolute difference.",
        "exact",
        "(1/N) sum of |y - y_hat|",
        f"{_BOTH} 50 normal targets and predictions.",
        (Equals("mae_minus_numpy", 0, tolerance=1e-9),),
        priority=2,
    ),
    Claim(
        "loss-mae-kink-at-zero",
        "003",
        _VIDEO_14,
        "MAE is not differentiable at zero error and needs a sub-gradient.",
        "behaviour",
        "no derivative at 0",
        f"{_BOTH} Difference quotients over 1e-6 on both sides of error 0, and the slope that TensorFlow's differentiation takes "
        "at 0, which must be a sub-gradient: between the two.",
        (
            Equals("absolute_error_slopes_beside_0", [-1.0, 1.0]),
            Equals("absolute_error_slope_taken_at_0", [0.0]),
        ),
        priority=2,
        remark="The sub-gradient that TensorFlow takes is sign(0) = 0: a point that is met exactly stays.",
    ),
    Claim(
        "loss-huber-formula",
        "003",
        _VIDEO_14,
        "Huber is 0.5 e^2 for |e| <= delta and delta|e| - 0.5 delta^2 beyond.",
        "exact",
        "0.5 e^2; delta |e| - 0.5 delta^2",
        f"{_BOTH} 67 errors with 0 and delta among them, delta = 0.5, 1 and 2; and errors 0.5 and 3 with delta 1, which cost "
        "0.125 and 2.5, 1.3125 on average.",
        (
            Equals("huber_minus_formula", 0, tolerance=1e-9),
            Equals("huber_of_05_and_3_and_mean", [0.125, 2.5, 1.3125], tolerance=1e-9),
        ),
        priority=2,
    ),
    Claim(
        "loss-huber-differentiable",
        "003",
        _VIDEO_14,
        "Huber is differentiable everywhere, including at zero and at delta.",
        "exact",
        "differentiable everywhere",
        f"{_BOTH} Difference quotients over 1e-6 on both sides of -1, 0 and 1 with delta 1, to 4 decimals; slopes by automatic "
        "differentiation at 67 errors against clip(e, -delta, delta), which is continuous.",
        (
            Equals("huber_slopes_beside_0_and_delta", [[-1.0, -1.0], [0.0, 0.0], [1.0, 1.0]]),
            Equals("huber_slope_minus_clipped_error", 0, tolerance=1e-9),
        ),
        priority=2,
        remark="Once; the second derivative jumps from 1 to 0 at delta.",
    ),
    Claim(
        "loss-bce-limits",
        "003",
        _VIDEO_14,
        "For y=1 the loss is -log p, low near p=1 and very high near 0; mirrored for y=0.",
        "exact",
        "-log p; -log(1 - p)",
        f"{_BOTH} p = 0.01, 0.5 and 0.99 to 6 decimals: -ln p is 4.605170, 0.693147 and 0.010050; and whether the loss falls "
        "with p for target 1 and rises for 0 at 99 probabilities.",
        (
            Equals("bce_for_1_at_001_05_099", [4.605170, 0.693147, 0.010050], tolerance=1e-6),
            Equals("bce_for_0_at_001_05_099", [0.010050, 0.693147, 4.605170], tolerance=1e-6),
            Equals("bce_falls_with_p_for_1_and_rises_for_0", [True, True]),
        ),
        priority=2,
    ),
    Claim(
        "loss-bce-needs-sigmoid",
        "003",
        _VIDEO_14,
        "A sigmoid output is required with binary cross-entropy.",
        "behaviour",
        "required",
        f"{_BOTH} Linear outputs z of 100 examples with from_logits=True: the output layer need not be a sigmoid if loss and "
        "slope are those of sigmoid(z) in the printed formula, to 1e-9. In float32, the loss of z = 40 for target 0 from the "
        "logit and from the probability; and slopes where outputs outside 0 to 1 are taken for probabilities.",
        (
            Equals(
                "output_layer_must_be_a_sigmoid",
                True,
                true_value=False,
                derivation="With from_logits=True the loss takes the sigmoid itself: -y log sigmoid(z) - (1 - y) log(1 - "
                "sigmoid(z)) = y softplus(-z) + (1 - y) softplus(z), with slope sigmoid(z) - y, for a linear output z.",
            ),
            Equals("loss_of_logit_40_for_0_from_logit_and_from_probability", [40.0, 15.94], tolerance=0.01),
            Equals("slopes_of_outputs_outside_0_to_1_taken_for_probabilities", [0.0, 0.0, 0.0, 0.0]),
        ),
        priority=2,
        remark="Something has to make a probability of the output. With the printed call, loss='binary_crossentropy', that is "
        "the output layer: a linear output outside 0 to 1 gets no gradient there. From logits it is the loss, which also stays "
        "right where the probability has rounded to 1 (40.0 against 15.94).",
    ),
    Claim(
        "loss-onehot-example",
        "003",
        _VIDEO_14,
        "With three classes A, B, C one-hot encode to unit vectors and as integers to 0, 1, 2.",
        "exact",
        "[1,0,0]; [0,1,0]; [0,0,1]",
        "keras.utils.to_categorical([0, 1, 2]), back by the place of the 1; and the cross-entropies of recipes.losses and "
        "keras.losses for 30 examples with either encoding.",
        (
            Equals("one_hot_of_0_1_2", [[1, 0, 0], [0, 1, 0], [0, 0, 1]]),
            Equals("numbers_of_one_hot_rows", [0, 1, 2]),
            Equals("loss_of_numbers_minus_loss_of_one_hot", 0, tolerance=1e-9),
        ),
        priority=3,
    ),
    Claim(
        "loss-cce-formula",
        "003",
        _VIDEO_14,
        "Categorical cross-entropy is minus the sum over classes of y_j log p_j.",
        "exact",
        "-sum of y_j log p_j",
        f"{_BOTH} 30 examples of three classes, from probabilities and from logits, against the sum written as a loop.",
        (Equals("cce_minus_formula", 0, tolerance=1e-9), Equals("cce_from_logits_minus_formula", 0, tolerance=1e-9)),
        priority=2,
    ),
)
