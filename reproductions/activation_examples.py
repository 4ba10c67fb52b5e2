"""Sigmoid, tanh, softmax and no activation at all: every exact statement about them, computed without training.

Sources: document 000, Activation Function; document 003, Videos 6 and 19. Formulas are written in NumPy, slopes come
from automatic differentiation and from finite differences, means from quadrature over the standard normal density.
The relu family is in `relu_family_examples`.

Run: reproduce run activation_examples
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from types import ModuleType
from typing import Any

import numpy as np

from reproductions.claims import Claim, Equals, Sampled
from reproductions.figures import COLOURS, Picture
from reproductions.worked import array as numbers
from reproductions.worked import both, build, difference, draw, gradient, sigmoid, with_weights

TITLE = "Worked examples: sigmoid, tanh, softmax and linear layers"
SUMMARY = (
    "Values, formulas, slopes and means of the activation functions, and why layers without one collapse into a single "
    "linear map. Nothing is trained."
)
DATASETS = ()
IN_DEFAULT_SET = True
EXPECTED_SECONDS = 1.0

GRID = np.linspace(-12, 12, 2401)  # holds 0
DRAWN_GRID = np.linspace(-4, 4, 81)
STEP = 1e-5


def activation(library: ModuleType, name: str) -> Callable[[Any], Any]:
    """The function x -> f(x): a Dense layer of the library with this activation, one unit, weight 1 and no bias."""
    layer = library.Dense(1, activation=name, use_bias=False, dtype="float64")
    layer.build((None, 1))
    layer.set_weights([np.ones((1, 1))])
    return lambda x: layer(x[:, None])[:, 0]


def values(library: ModuleType, name: str, *x: float) -> list[float]:
    """Values of f at some places, to six decimals."""
    return np.round(numbers(activation(library, name)(np.array(x, "float64"))), 6).tolist()


def slopes(library: ModuleType, name: str, x: Any) -> np.ndarray:
    """Slopes f' at some places, by automatic differentiation."""
    return gradient(activation(library, name), np.asarray(x, "float64"))[0]


def central_difference(function: Callable[[np.ndarray], Any], x: np.ndarray) -> np.ndarray:
    """(f(x + h) - f(x - h)) / 2h."""
    return (numbers(function(x + STEP)) - numbers(function(x - STEP))) / (2 * STEP)


@cache
def _quadrature() -> tuple[np.ndarray, np.ndarray]:
    """Places and weights of E[f(x)] for x ~ N(0, 1) by Gauss-Legendre on -12 to 0 and 0 to 12."""
    nodes, weights = np.polynomial.legendre.leggauss(200)
    x = np.concatenate([6 * nodes - 6, 6 * nodes + 6])
    return x, 6 * np.tile(weights, 2) * np.exp(-x * x / 2) / np.sqrt(2 * np.pi)


def normal_mean(function: Callable[[Any], Any]) -> float:
    """E[f(x)] for x ~ N(0, 1) by quadrature from -12 to 12, split at 0 where the relu family has its kink."""
    x, weights = _quadrature()
    return float(np.sum(weights * numbers(function(x))))


def tanh(x: Any) -> Any:
    """(e^x - e^-x) / (e^x + e^-x)."""
    x = np.asarray(x)
    return (np.exp(x) - np.exp(-x)) / (np.exp(x) + np.exp(-x))


def documented_values() -> dict[str, Any]:
    """The numbers that the documents print beside each function."""
    return {
        "relu_of_5_and_minus_3": both(lambda library: values(library, "relu", 5, -3)),
        "sigmoid_of_3_and_minus_3": both(lambda library: values(library, "sigmoid", 3, -3)),
        "tanh_of_2_and_minus_2": both(lambda library: values(library, "tanh", 2, -2)),
        "tanh_of_minus_3": both(lambda library: values(library, "tanh", -3)[0]),
        "sigmoid_of_0": both(lambda library: values(library, "sigmoid", 0)[0]),
        "minus_3_by_linear_relu_sigmoid": both(
            lambda library: [values(library, name, -3)[0] for name in ("linear", "relu", "sigmoid")]
        ),
    }


def first_whole_number(holds: Callable[[np.ndarray], np.ndarray], kind: str) -> int:
    """The smallest whole number from 0 to 120 for which a condition holds in a float format."""
    return int(np.argmax(holds(np.arange(121).astype(kind))))


def ranges() -> dict[str, Any]:
    """Open intervals, and where floats round them shut; sigmoid(-z) = 1 - sigmoid(z) keeps the distance from 1."""
    import keras

    far = np.linspace(-120, 120, 4801)

    def distance_from_ends(library: ModuleType) -> float:
        below, above = numbers(activation(library, "sigmoid")(far)), numbers(activation(library, "sigmoid")(-far))
        return bool(np.minimum(below, above).min() > 0)

    def is_one(name: str) -> Callable[[np.ndarray], np.ndarray]:
        return lambda z: numbers(getattr(keras.activations, name)(z)) == 1

    return {
        "sigmoid_and_its_complement_are_positive": both(distance_from_ends),
        "sigmoid_minus_formula": both(
            lambda library: difference(activation(library, "sigmoid")(GRID), sigmoid(GRID)) < 1e-12
        ),
        "sigmoid_rounds_to_1_at": [first_whole_number(is_one("sigmoid"), kind) for kind in ("float32", "float64")],
        "tanh_minus_formula": both(lambda library: difference(activation(library, "tanh")(GRID), tanh(GRID)) < 1e-12),
        "tanh_stays_inside": both(
            lambda library: bool(np.abs(numbers(activation(library, "tanh")(GRID))).max() < 1)  # |x| <= 12
        ),
        "tanh_rounds_to_1_at": [first_whole_number(is_one("tanh"), kind) for kind in ("float32", "float64")],
    }


def derivatives() -> dict[str, Any]:
    """Slopes sigma' = sigma (1 - sigma), tanh' = 1 - tanh^2; both by differentiation and by central differences."""

    def gaps(name: str, formula: np.ndarray) -> list[bool]:
        def gap(library: ModuleType) -> list[bool]:
            differenced = central_difference(activation(library, name), GRID)
            found = slopes(library, name, GRID)
            return [difference(found, formula) < 1e-12, difference(differenced, formula) < 1e-8]

        return both(gap)

    def steepest(name: str) -> Any:
        def find(library: ModuleType) -> list[float]:
            found = slopes(library, name, GRID)
            return [float(round(found.max(), 9)), float(abs(round(GRID[found.argmax()], 9)))]

        return both(find)

    return {
        "sigmoid_slope_is_formula": gaps("sigmoid", sigmoid(GRID) * (1 - sigmoid(GRID))),
        "tanh_slope_is_formula": gaps("tanh", 1 - tanh(GRID) ** 2),
        "sigmoid_largest_slope_and_place": steepest("sigmoid"),
        "tanh_largest_slope_and_place": steepest("tanh"),
        "sigmoid_slopes_at_10": both(lambda library: np.round(slopes(library, "sigmoid", [-10, 10]), 8).tolist()),
    }


def softmax_rows() -> dict[str, Any]:
    """Sums of 3,000 rows of ten probabilities, of scores as large as 1, 10 and 100, against SciPy's softmax."""
    import keras
    from scipy.special import softmax

    scores = np.concatenate([scale * draw(1000, 10, seed=scale) for scale in (1, 10, 100)])

    def probabilities(library: ModuleType) -> np.ndarray:
        layer = library.Dense(10, activation="softmax", dtype="float64")
        layer.build((None, 10))
        layer.set_weights([np.eye(10), np.zeros(10)])
        return numbers(layer(scores))

    return {
        "softmax_sums": both(
            lambda library: [float(round(end(probabilities(library).sum(axis=1)), 9)) for end in (np.min, np.max)]
        ),
        "softmax_minus_scipy": both(
            lambda library: difference(probabilities(library), softmax(scores, axis=1)) < 1e-12
        ),
        "float32_softmax_sums_to_1": bool(
            np.abs(numbers(keras.activations.softmax(scores.astype("float32"))).sum(axis=1) - 1).max() < 1e-6
        ),
    }


def collapse(weights: list[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """W' = W_1 W_2 ... and b' = (b_1 W_2 + b_2) W_3 + ..., in Keras's order x W + b, from [W_1, b_1, W_2, b_2, ...]."""
    kernel, bias = weights[0], weights[1]
    for w, b in zip(weights[2::2], weights[3::2], strict=True):
        kernel, bias = kernel @ w, bias @ w + b
    return kernel, bias


def linear_layers() -> dict[str, Any]:
    """Stacks of Dense layers without activation against one matrix and one bias."""
    import keras

    x = draw(50, 5)

    def gap(units: tuple[int, ...]) -> Callable[[ModuleType], bool]:
        def measure(library: ModuleType) -> bool:
            stack = build(keras.Input((5,), dtype="float64"), *(library.Dense(n, dtype="float64") for n in units))
            with_weights(stack, x)
            kernel, bias = collapse([numbers(weight) for weight in stack.weights])
            return difference(stack(x), x @ kernel + bias) < 1e-9

        return measure

    w1, b1, w2, b2 = draw(7, 5), draw(7, 1, seed=1), draw(3, 7, seed=2), draw(3, 1, seed=3)

    def printed(library: ModuleType) -> list[bool]:
        """W2 (W1 X + b1) + b2 by two Dense layers, which hold the transposed matrices; X has one column an example."""
        layers = [library.Dense(len(w), dtype="float64") for w in (w1, w2)]
        stack = build(keras.Input((5,), dtype="float64"), *layers)
        stack.set_weights([w1.T, b1[:, 0], w2.T, b2[:, 0]])
        left = numbers(stack(x)).T
        return [
            difference(left, w2 @ w1 @ x.T + w2 @ b1 + b2) < 1e-9,
            difference(left, (w2 @ w1) @ x.T + (w2 @ b1 + b2)) < 1e-9,
        ]

    return {
        "stack_8_8_1_is_one_linear_map": both(gap((8, 8, 1))),
        "two_linear_layers_are_the_printed_one": both(printed),
    }


def centres() -> dict[str, Any]:
    """Means of the outputs for inputs from N(0, 1): by integration, and of 20 samples of 10,000."""
    import keras

    return {
        "means_of_tanh_and_sigmoid": [round(normal_mean(f), 9) + 0.0 for f in (tanh, sigmoid)],
        "sample_means_of_tanh": [
            float(numbers(keras.activations.tanh(draw(10_000, seed=seed))).mean().round(5)) for seed in range(20)
        ],
    }


def curves() -> dict[str, Any]:
    """Every function and its slope for the figure; alpha 0.25 for PReLU, where its paper starts it."""
    import keras

    functions = {
        "sigmoid": keras.activations.sigmoid,
        "tanh": keras.activations.tanh,
        "relu": keras.activations.relu,
        "leaky relu, slope 0.01": lambda x: keras.activations.leaky_relu(x, 0.01),
        "prelu, alpha 0.25": lambda x: keras.activations.leaky_relu(x, 0.25),
        "elu, alpha 1": keras.activations.elu,
        "elu, alpha 0.5": lambda x: keras.activations.elu(x, 0.5),
        "selu": keras.activations.selu,
    }
    drawn = {
        name: {
            "f": np.round(numbers(function(DRAWN_GRID)), 4).tolist(),
            "slope": np.round(gradient(function, DRAWN_GRID)[0], 4).tolist(),
        }
        for name, function in functions.items()
    }
    return {"activation_curves": drawn}


def examine() -> dict[str, Any]:
    """Every fact of this file."""
    return {
        **documented_values(),
        **ranges(),
        **derivatives(),
        **softmax_rows(),
        **linear_layers(),
        **centres(),
        **curves(),
    }


MARKS: dict[str, tuple[tuple[float, float, str], ...]] = {
    "sigmoid": ((3, 0.95, "0.95"), (-3, 0.05, "0.05"), (0, 0.5, "0.5")),
    "tanh": ((2, 0.96, "0.96"), (-2, -0.96, "-0.96")),
    "relu": ((-3, 0, "0"),),
}
"""Numbers that the documents print, by panel: x, value, text."""


def paint_curves(facts: Mapping[str, Any]) -> Any:
    """One panel a function: the function, its slope, and the documents' numbers."""
    import matplotlib.pyplot as plt

    drawn, axes = plt.subplots(2, 4, figsize=(11, 5.4), sharex=True, sharey=True, layout="constrained")
    for axis, (name, curve) in zip(axes.flat, facts["activation_curves"].items(), strict=True):
        axis.axhline(0, color="0.7", linewidth=0.8)
        axis.axvline(0, color="0.7", linewidth=0.8)
        axis.plot(DRAWN_GRID, curve["f"], color=COLOURS[0], linewidth=1.8, label="f(x)")
        slope = np.array(curve["slope"])
        jump = np.abs(np.diff(slope)) > 0.4
        gap = np.flatnonzero(jump) + 1  # the line is broken where the slope jumps
        places, heights = np.insert(DRAWN_GRID, gap, 0), np.insert(slope, gap, np.nan)
        axis.plot(places, heights, color=COLOURS[1], linestyle="--", linewidth=1.5, label="slope f'(x)")
        for x, value, text in MARKS.get(name, ()):
            axis.plot(x, value, "o", color=COLOURS[2], markersize=6)
            axis.annotate(text, (x, value), (0, 9), textcoords="offset points", ha="center", fontsize=8)
        if name == "tanh":
            axis.plot(-3, -0.96, "x", color=COLOURS[3], markersize=8, markeredgewidth=2)
            axis.annotate("printed for tanh(-3)", (-3.2, -1.05), (-3.9, -1.75), fontsize=8)
        smooth = name in ("sigmoid", "tanh")
        axis.set_title(f"{name}, largest slope {slope.max():.3g}" if smooth else name, fontsize=10)
        axis.set_ylim(-2, 3)
        axis.grid(alpha=0.2)
    for axis in axes[-1]:
        axis.set_xlabel("x, the weighted sum")
    for axis in axes[:, 0]:
        axis.set_ylabel("output or slope")
    axes[0][0].plot([], [], "o", color=COLOURS[2], markersize=6, label="number in the notes")
    axes[0][0].plot([], [], "x", color=COLOURS[3], markersize=8, markeredgewidth=2, label="wrong number in the notes")
    drawn.legend(
        *axes[0][0].get_legend_handles_labels(), loc="outside lower center", ncols=4, frameon=False, fontsize=9
    )
    return drawn


FIGURES = (
    Picture(
        "activation-curves",
        "Activation functions and their slopes",
        "The slope of the sigmoid is at most 0.25 and that of tanh at most 1; both fade on either side. Relu's is 0 "
        "or 1; its relatives keep a slope below zero, which fades again for ELU and SELU. ELU has a kink at 0 unless "
        "alpha is 1, SELU always has one.",
        facts=("activation_curves",),
        paint=paint_curves,
    ),
)

_000, _VIDEO = "Activation Function", "Video 19"
_BOTH = "Our Dense layer with this activation and Keras's, one unit with weight 1, in float64."


def _claim(name: str, document: str, section: str, statement: str, kind: Any, documented: str, setup: str,
           *checks: Any, **more: Any) -> Claim:  # fmt: skip
    return Claim(f"activation-{name}", document, section, statement, kind, documented, setup, checks, **more)


CLAIMS = (
    _claim(
        "none-is-linear-000",
        "000",
        _000,
        "Layers without activation functions are together one linear equation.",
        "exact",
        "one linear equation",
        "Dense(8), Dense(8), Dense(1) with random weights against x W1 W2 W3 and the combined bias, ours and Keras's.",
        Equals("stack_8_8_1_is_one_linear_map", True),
        priority=2,
    ),
    _claim(
        "relu-examples",
        "000",
        _000,
        "ReLU leaves 5 as it is and turns -3 into 0.",
        "exact",
        "5 -> 5; -3 -> 0",
        _BOTH,
        Equals("relu_of_5_and_minus_3", [5, 0]),
    ),
    _claim(
        "sigmoid-examples",
        "000",
        _000,
        "The sigmoid of 3 is about 0.95 and that of -3 about 0.05.",
        "exact",
        "0.95; 0.05",
        f"{_BOTH} Two decimals are printed: within 0.005.",
        Equals("sigmoid_of_3_and_minus_3", [0.95, 0.05], tolerance=0.005),
    ),
    _claim(
        "tanh-examples",
        "000",
        _000,
        "The hyperbolic tangent of 2 is about 0.96 and that of -2 about -0.96.",
        "exact",
        "0.96; -0.96",
        f"{_BOTH} Two decimals are printed: within 0.005.",
        Equals("tanh_of_2_and_minus_2", [0.96, -0.96], tolerance=0.005),
    ),
    _claim(
        "tanh-formula-000",
        "000",
        _000,
        "tanh(x) is (e^x - e^-x) / (e^x + e^-x) and lies between -1 and 1.",
        "exact",
        "(-1, 1)",
        f"{_BOTH} The formula in NumPy on 2,401 places from -12 to 12.",
        Equals("tanh_minus_formula", True),
        Equals("tanh_stays_inside", True),
        priority=2,
        remark="As a float TensorFlow's tanh is exactly 1 from 8 on in float32 and from 18 on in float64: the ends "
        "are open in mathematics only.",
    ),
    _claim(
        "raw-score-minus3",
        "000",
        _000,
        "A score of -3 is passed on as -3 without activation, as 0 by ReLU, and as about 0.05 by the sigmoid.",
        "exact",
        "-3; 0; 0.05",
        f"{_BOTH} Two decimals are printed: within 0.005.",
        Equals("minus_3_by_linear_relu_sigmoid", [-3, 0, 0.05], tolerance=0.005),
    ),
    _claim(
        "raw-score-minus3-tanh",
        "000",
        _000,
        "A score of -3 is passed on by tanh as about -0.96.",
        "exact",
        "-0.96",
        f"{_BOTH} Two decimals are printed: within 0.005.",
        Equals(
            "tanh_of_minus_3",
            -0.96,
            tolerance=0.005,
            true_value=-0.995055,
            derivation="tanh(-3) = (e^-3 - e^3) / (e^-3 + e^3) = -20.0357 / 20.1353 = -0.9951. The printed -0.96 is "
            "tanh(-2), the example given earlier in the same section.",
        ),
    ),
    _claim(
        "softmax-sums-to-one-000",
        "000",
        _000,
        "Softmax turns scores into class probabilities that add up to 1.",
        "exact",
        "1",
        "3,000 rows of ten scores, standard normal times 1, 10 and 100; our Dense layer with softmax, Keras's, and "
        "SciPy's softmax; Keras's in float32 within 1e-6.",
        Equals("softmax_sums", [1, 1], tolerance=1e-9),
        Equals("softmax_minus_scipy", True),
        Equals("float32_softmax_sums_to_1", True),
        priority=2,
    ),
    _claim(
        "sigmoid-half-at-zero",
        "003",
        "Video 6",
        "The sigmoid of 0 is 0.5.",
        "exact",
        "0.5",
        _BOTH,
        Equals("sigmoid_of_0", 0.5),
    ),
    _claim(
        "sigmoid-open-interval",
        "003",
        "Video 6",
        "The sigmoid lies strictly between 0 and 1.",
        "exact",
        "(0, 1)",
        f"{_BOTH} z from -120 to 120; the distance from 1 is sigmoid(-z), which rounding does not swallow. The formula "
        "1 / (1 + e^-z) in NumPy from -12 to 12.",
        Equals("sigmoid_and_its_complement_are_positive", True),
        Equals("sigmoid_minus_formula", True),
        priority=3,
        remark="True of the function. As a float the result is exactly 1 from z = 17 on in float32 and from 37 on in "
        "float64, so a probability of 1 does occur and its logarithm must be guarded.",
    ),
    _claim(
        "linear-proof",
        "003",
        _VIDEO,
        "W2 (W1 X + b1) + b2 equals W2 W1 X + W2 b1 + b2, which is again W' X + b'.",
        "exact",
        "W'X + b'",
        "Two Dense layers without activation, ours and Keras's, against the products in NumPy: random 7 x 5 and 3 x 7 "
        "matrices, 50 examples.",
        Equals("two_linear_layers_are_the_printed_one", [True, True]),
        priority=2,
    ),
    _claim(
        "sigmoid-derivative",
        "003",
        _VIDEO,
        "The derivative of the sigmoid s is s (1 - s).",
        "exact",
        "s(1 - s)",
        f"{_BOTH} The formula against automatic differentiation (1e-12) and central differences (1e-8) from -12 to 12.",
        Equals("sigmoid_slope_is_formula", [True, True]),
        priority=2,
    ),
    _claim(
        "sigmoid-max-slope",
        "003",
        _VIDEO,
        "The derivative of the sigmoid is at most 0.25, at 0.",
        "exact",
        "0.25",
        f"{_BOTH} Largest slope on 2,401 places from -12 to 12, and where it is.",
        Equals("sigmoid_largest_slope_and_place", [0.25, 0], tolerance=1e-9),
    ),
    _claim(
        "sigmoid-saturates",
        "003",
        _VIDEO,
        "For large |x| the gradient of the sigmoid is close to 0.",
        "behaviour",
        "~0",
        f"{_BOTH} Slopes at -10 and 10; below 1e-4 counts as close to 0.",
        Equals("sigmoid_slopes_at_10", [0, 0], tolerance=1e-4),
        priority=2,
        remark="4.54e-5 at -10 and 10: about 1/5,500 of the slope at 0.",
    ),
    _claim(
        "tanh-derivative",
        "003",
        _VIDEO,
        "The derivative of tanh is 1 - tanh^2.",
        "exact",
        "1 - tanh^2",
        f"{_BOTH} The formula against automatic differentiation (1e-12) and central differences (1e-8) from -12 to 12.",
        Equals("tanh_slope_is_formula", [True, True]),
        priority=2,
    ),
    _claim(
        "tanh-max-slope",
        "003",
        _VIDEO,
        "The derivative of tanh is at most 1, at 0; the sigmoid's is at most 0.25.",
        "exact",
        "1 vs 0.25",
        f"{_BOTH} Largest slopes on 2,401 places from -12 to 12, and where they are.",
        Equals("tanh_largest_slope_and_place", [1, 0], tolerance=1e-9),
        Equals("sigmoid_largest_slope_and_place", [0.25, 0], tolerance=1e-9),
    ),
    _claim(
        "tanh-zero-centred",
        "003",
        _VIDEO,
        "The mean output of tanh is around 0.",
        "behaviour",
        "0",
        "Inputs from N(0, 1), symmetric about 0: mean by numerical integration, and of 20 samples of 10,000; within "
        "0.01. The sigmoid's mean stands beside it.",
        Equals("means_of_tanh_and_sigmoid", [0, 0.5], tolerance=1e-8),
        Sampled("sample_means_of_tanh", -0.01, 0.01, "around 0"),
        priority=2,
        remark="A property of inputs that are symmetric about 0; tanh is odd, so any other input distribution moves "
        "the mean.",
    ),
)
