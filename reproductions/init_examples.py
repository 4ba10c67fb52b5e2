"""Initial weights and the chain rule by hand: Glorot, He, and the factors that a gradient is made of.

Source: document 003, Videos 25 and 26. A layer z = W a with n_in inputs and independent zero-mean weights of variance v
multiplies the mean square of its signal by n_in v on the way forward and by n_out v on the way back. Glorot keeps both
on average, He corrects the forward factor for relu, which drops half of the mean square.

Run: reproduce run init_examples
"""

from __future__ import annotations

from collections.abc import Mapping
from types import ModuleType
from typing import Any

import numpy as np

from reproductions.claims import Claim, Equals
from reproductions.figures import COLOURS, Picture
from reproductions.worked import array, both, draw, gradient

TITLE = "Worked examples: initial weights and the factors of a gradient"
SUMMARY = (
    "The variances of Glorot and He initialisation, derived, drawn with Keras's initializers and with ours, and sent through "
    "deep stacks of layers; and the chain of slopes that makes a sigmoid network's gradient small."
)
DATASETS = ()
IN_DEFAULT_SET = True
EXPECTED_SECONDS = 1.5

INPUTS, UNITS = 1000, 500
WIDTH, DEPTH = 400, 10
CHAIN = 4
CHAIN_WEIGHTS = (0.5, 1.0, 4.0, 8.0)


def of_both_libraries(measure: Any) -> Any:
    """What `measure(initializers)` gives for `keras.initializers`, provided that `recipes.initializers` gives the same.

    Returns:
        The measurement; a text with both where they differ, which equals no documented value.
    """
    import keras

    from recipes import initializers

    theirs, ours = measure(keras.initializers), measure(initializers)
    return theirs if theirs == ours else f"keras: {theirs}; recipes: {ours}"


def drawn(library: ModuleType, name: str, shape: tuple[int, ...] = (INPUTS, UNITS), seed: int = 0) -> np.ndarray:
    """Weights of this shape from the library's initializer of that name."""
    return array(getattr(library, name)(seed=seed)(shape)).astype("float64")


def variances() -> dict[str, Any]:
    """Sampled variances of 1000 x 500 weights, as multiples of 1 / (n_in + n_out) and of 1 / n_in.

    Half a million weights: the sample variance is within 0.2% (one standard deviation) of the true one.
    """

    def multiple(name: str, of: int) -> float:
        return of_both_libraries(lambda library: round(float(drawn(library, name).var() * of), 1))

    return {
        "glorot_normal_variance_times_fan_sum": multiple("GlorotNormal", INPUTS + UNITS),
        "glorot_uniform_variance_times_fan_sum": multiple("GlorotUniform", INPUTS + UNITS),
        "he_normal_variance_times_fan_in": multiple("HeNormal", INPUTS),
        "he_uniform_variance_times_fan_in": multiple("HeUniform", INPUTS),
        "largest_mean_in_standard_deviations": of_both_libraries(
            lambda library: round(max(abs(w.mean()) / w.std() for w in [drawn(library, n) for n in NAMES]), 1)
        ),
    }


NAMES = ("GlorotNormal", "GlorotUniform", "HeNormal", "HeUniform")


def mean_squares(standard_deviation: float, relu: bool) -> np.ndarray:
    """Mean square of the pre-activations by layer, in a stack of square layers, relative to the first: shape (DEPTH,)."""
    a, squares = draw(2000, WIDTH, seed=1), []
    for layer in range(DEPTH):
        z = a @ (standard_deviation * draw(WIDTH, WIDTH, seed=2 + layer))
        squares.append(np.mean(z**2))
        a = np.maximum(z, 0) if relu else z
    return np.asarray(squares) / squares[0]


def signals() -> dict[str, Any]:
    """What each variance does to a signal that passes square layers, n_in = n_out = n: the derivations, sampled.

    Kept where n_in v = 1 (linear) or n_in v / 2 = 1 (relu). 1 / (n_in + n_out) halves the mean square at every layer.
    """
    stacks = {
        "linear_2_over_fan_sum": mean_squares((2 / (2 * WIDTH)) ** 0.5, relu=False),
        "linear_1_over_fan_sum": mean_squares((1 / (2 * WIDTH)) ** 0.5, relu=False),
        "relu_2_over_fan_in": mean_squares((2 / WIDTH) ** 0.5, relu=True),
        "relu_1_over_fan_in": mean_squares((1 / WIDTH) ** 0.5, relu=True),
    }
    factors = {f"{name}_factor_a_layer": round(float(s[-1] ** (1 / (DEPTH - 1))), 1) for name, s in stacks.items()}
    return {**factors, "signals_by_layer": {name: [round(float(v), 5) for v in s] for name, s in stacks.items()}}


def he_normal_layer() -> dict[str, Any]:
    """Dense(128, relu) with and without kernel_initializer='he_normal' on 784 inputs: variance of its kernel."""
    from recipes.training import seeded

    def variance_times(library: ModuleType, of: int, **options: Any) -> float:
        with seeded(0):
            layer = library.Dense(128, activation="relu", **options)
            layer.build((None, 784))
        return round(float(array(layer.kernel).astype("float64").var() * of), 1)

    return {
        "he_normal_dense_variance_times_fan_in": both(
            lambda library: variance_times(library, 784, kernel_initializer="he_normal")
        ),
        "default_dense_variance_times_fan_sum": both(lambda library: variance_times(library, 784 + 128)),
        "default_dense_initializer": both(lambda library: type(library.Dense(1).kernel_initializer).__name__),
    }


def chain(weight: float, layers: int = CHAIN) -> tuple[list[float], float]:
    """A chain of single sigmoid units, a_l = sigmoid(w a_(l-1) - w / 2) from a_0 = 1/2, so that every z is 0.

    Returns:
        Each layer's factor da_l / da_(l-1) by automatic differentiation, and da_layers / da_0 of the whole chain.
    """
    from keras import ops

    def unit(a: Any) -> Any:
        return ops.sigmoid(weight * a - weight / 2)

    def whole(a: Any) -> Any:
        for _ in range(layers):
            a = unit(a)
        return a

    start = np.array(0.5)
    return [float(gradient(unit, start)[0])] * layers, float(gradient(whole, start)[0])


def chains() -> dict[str, Any]:
    """Slopes and factors of sigmoid chains; the largest slope of each activation."""
    from keras import ops

    grid = np.linspace(-6, 6, 1201)
    largest = {name: float(gradient(getattr(ops, name), grid)[0].max()) for name in ("sigmoid", "tanh", "relu")}
    by_weight = {str(weight): chain(weight) for weight in CHAIN_WEIGHTS}
    return {
        "largest_slopes": [round(largest[name], 6) for name in ("sigmoid", "tanh", "relu")],
        "four_quarters": 0.25**4,
        "gradient_through_four_sigmoids": chain(1.0)[1],
        "factors_below_1_for_weight_half": all(factor < 1 for factor in by_weight["0.5"][0]),
        "factors_below_1_for_every_weight": all(f < 1 for factors, _ in by_weight.values() for f in factors),
        "factor_for_weight_8": round(by_weight["8.0"][0][0], 6),
        "gradient_through_four_sigmoids_of_weight_8": round(by_weight["8.0"][1], 6),
        "chain_products": {
            weight: [float(f"{f[0] ** k:.5g}") for k in range(1, 11)] for weight, (f, _) in by_weight.items()
        },
    }


def examine() -> dict[str, Any]:
    """Every fact of this file."""
    return {**variances(), **signals(), **he_normal_layer(), **chains(), "drawn_weights": histograms()}


def histograms() -> dict[str, Any]:
    """Densities of 1000 x 500 Glorot and He weights on a common grid."""
    import keras

    edges = np.linspace(-0.12, 0.12, 61)
    found = {name: np.histogram(drawn(keras.initializers, name), edges, density=True)[0] for name in NAMES}
    return {
        "centres": [round(float(v), 4) for v in (edges[1:] + edges[:-1]) / 2],
        **{name: [round(float(v), 2) for v in density] for name, density in found.items()},
    }


def _normal(x: np.ndarray, variance: float) -> np.ndarray:
    return np.exp(-(x**2) / (2 * variance)) / np.sqrt(2 * np.pi * variance)


def paint_weights(facts: Mapping[str, Any]) -> Any:
    """Left: drawn Glorot weights beside both formulas. Right: a signal's mean square through ten layers."""
    import matplotlib.pyplot as plt

    figure, (left, right) = plt.subplots(1, 2, figsize=(10.4, 3.9), layout="constrained")
    histogram = facts["drawn_weights"]
    x = np.asarray(histogram["centres"])
    left.fill_between(
        x, histogram["GlorotNormal"], step="mid", color=COLOURS[4], alpha=0.5, label="GlorotNormal, drawn"
    )
    left.step(x, histogram["GlorotUniform"], where="mid", color="0.45", linewidth=1.2, label="GlorotUniform, drawn")
    total = INPUTS + UNITS
    left.plot(x, _normal(x, 2 / total), color=COLOURS[0], label="N(0, 2 / (n_in + n_out))")
    left.plot(x, _normal(x, 1 / total), color=COLOURS[1], linestyle="--", label="N(0, 1 / (n_in + n_out)), the notes")
    left.set_xlabel("weight")
    left.set_ylabel("density")
    left.set_ylim(0, 27)
    left.set_title(f"weights of a layer with {INPUTS} inputs, {UNITS} units", fontsize=10)
    styles = {
        "linear_2_over_fan_sum": ("linear, 2 / (n_in + n_out)", COLOURS[0], "-o"),
        "linear_1_over_fan_sum": ("linear, 1 / (n_in + n_out), the notes", COLOURS[1], "--o"),
        "relu_2_over_fan_in": ("relu, 2 / n_in (He)", COLOURS[2], "-s"),
        "relu_1_over_fan_in": ("relu, 1 / n_in", COLOURS[3], "--s"),
    }
    for name, (label, colour, style) in styles.items():
        values = facts["signals_by_layer"][name]
        right.plot(range(1, len(values) + 1), values, style, color=colour, markersize=4, label=label)
    right.set_yscale("log")
    right.set_xlabel("layer")
    right.set_ylabel("mean square of z, relative to layer 1")
    right.set_title(f"signal through {DEPTH} layers of {WIDTH} units", fontsize=10)
    for axis in (left, right):
        axis.grid(alpha=0.25)
        axis.legend(frameon=False, fontsize=8, loc="upper right" if axis is left else "lower left")
    return figure


def paint_chain(facts: Mapping[str, Any]) -> Any:
    """The gradient through chains of single sigmoid units with different weights."""
    import matplotlib.pyplot as plt

    figure, axis = plt.subplots(figsize=(6.6, 4.2), layout="constrained")
    labels = {str(weight): f"weight {weight:g}: factor {weight / 4:g}" for weight in CHAIN_WEIGHTS}
    for (weight, label), colour in zip(labels.items(), COLOURS, strict=False):
        products = facts["chain_products"][weight]
        axis.plot(range(1, len(products) + 1), products, "-o", color=colour, markersize=4, label=label)
    axis.plot(4, 0.25**4, "o", markersize=11, markerfacecolor="none", markeredgecolor="0.2")
    text = "0.25 x 0.25 x 0.25 x 0.25 = 0.0039"
    axis.annotate(text, (4, 0.25**4), (4.6, 2e-2), fontsize=9, arrowprops={"arrowstyle": "-", "color": "0.5"})
    axis.set_yscale("log")
    axis.set_xlabel("sigmoid layers")
    axis.set_ylabel("gradient of the last unit for the first")
    axis.grid(alpha=0.25)
    axis.legend(frameon=False, fontsize=9, loc="lower left")
    return figure


FIGURES = (
    Picture(
        "initial-weights",
        "Glorot's variance is 2 / (n_in + n_out)",
        "Left: weights that Keras draws, beside the variance of the notes (document 003, Video 25) and twice that. Right: "
        "with the right variance a signal keeps its size through ten layers, with half of it the size falls by half a layer.",
        facts=("drawn_weights", "signals_by_layer"),
        paint=paint_weights,
    ),
    Picture(
        "sigmoid-chain",
        "A gradient is a product: slopes of at most 0.25, times weights of any size",
        "Single sigmoid units in a row, each at its steepest point. With weight 1 the gradient vanishes as in the notes "
        "(document 003, Video 26); a weight above 4 makes the same chain explode.",
        facts=("chain_products",),
        paint=paint_chain,
    ),
)

_INIT, _VANISHING = "Video 25", "Video 26"
_DRAWN = "keras.initializers and recipes.initializers draw 1000 x 500 weights, seed 0; the two must agree."

CLAIMS = (
    Claim(
        "init-xavier-variance",
        "003",
        _INIT,
        "Xavier/Glorot normal initialisation has variance 1/(n_in + n_out).",
        "exact",
        "1/(n_in+n_out)",
        f"{_DRAWN} Their variance times n_in + n_out, to one decimal, for the normal and the uniform kind; and the factor by "
        "which a square linear layer with the documented variance changes the mean square of a signal.",
        (
            Equals(
                "glorot_normal_variance_times_fan_sum",
                1.0,
                true_value=2.0,
                derivation="A layer multiplies the mean square of its signal by n_in v forward and by n_out v backward. Both "
                "can't be 1 at once; Glorot and Bengio (2010) make their mean 1: (n_in + n_out) v / 2 = 1, so "
                "v = 2 / (n_in + n_out).",
            ),
            Equals(
                "linear_1_over_fan_sum_factor_a_layer",
                1.0,
                true_value=0.5,
                derivation="With n_in = n_out = n the documented variance is 1 / (2 n), so each layer multiplies the mean "
                "square by n / (2 n) = 1/2: the signal vanishes, which the initialisation is there to prevent.",
            ),
            Equals("linear_2_over_fan_sum_factor_a_layer", 1.0),
        ),
        remark="The factor 2 is missing. Read as a standard deviation, 1 / (n_in + n_out) would be wrong by far more.",
    ),
    Claim(
        "init-he-variance",
        "003",
        _INIT,
        "He initialisation has variance 2/n_in.",
        "exact",
        "2/n_in",
        f"{_DRAWN} Their variance times n_in, to one decimal; and the factor by which a relu layer with that variance changes "
        "the mean square of its pre-activations (1 is what the variance is chosen for).",
        (
            Equals("he_normal_variance_times_fan_in", 2.0),
            Equals("he_uniform_variance_times_fan_in", 2.0),
            Equals("relu_2_over_fan_in_factor_a_layer", 1.0),
        ),
        remark="Keras draws a normal cut off at two standard deviations and widens it so that the variance stays 2 / n_in.",
    ),
    Claim(
        "init-he-normal-code",
        "003",
        _INIT,
        "Dense(128, activation='relu', kernel_initializer='he_normal') initialises with the He variance.",
        "exact",
        "he_normal",
        "The layer is built on 784 inputs, seed 0; variance of its kernel times 784, to one decimal; our Dense and Keras's. "
        "Without the argument the kernel is Glorot uniform.",
        (
            Equals("he_normal_dense_variance_times_fan_in", 2.0),
            Equals("default_dense_variance_times_fan_sum", 2.0),
            Equals("default_dense_initializer", "GlorotUniform"),
        ),
        priority=2,
    ),
    Claim(
        "gradient-quarter-power-four",
        "003",
        _VANISHING,
        "Four sigmoid slopes of 0.25 multiply to about 0.004.",
        "exact",
        "0.004",
        "The product to three decimals, and the gradient through four sigmoid units at their steepest point with weight 1, by "
        "automatic differentiation. 0.25 is the largest slope of a sigmoid.",
        (
            Equals("four_quarters", 0.004, tolerance=0.0005),
            Equals("gradient_through_four_sigmoids", 0.25**4, tolerance=1e-12),
            Equals("largest_slopes", [0.25, 1.0, 1.0]),
        ),
        remark="Exactly 0.00390625.",
    ),
    Claim(
        "gradient-factors-below-one",
        "003",
        _VANISHING,
        "Each term of the chain rule is below 1, so their product becomes very small.",
        "behaviour",
        "< 1",
        f"Four single sigmoid units in a row, each at z = 0, with weights of {', '.join(map(str, CHAIN_WEIGHTS))}: the factor "
        "w sigmoid'(z) of each and the gradient of the whole chain, by automatic differentiation.",
        (
            Equals("factors_below_1_for_weight_half", True),
            Equals(
                "factors_below_1_for_every_weight",
                True,
                true_value=False,
                derivation="A layer's factor is w sigmoid'(z). Only the slope is bounded, by 0.25; with w = 8 the factor at "
                "z = 0 is 2 and four of them make 16. The next section of the same document (exploding gradients) is about "
                "that case.",
            ),
            Equals("factor_for_weight_8", 2.0),
            Equals("gradient_through_four_sigmoids_of_weight_8", 16.0),
        ),
        priority=2,
        remark="True for weights between -4 and 4 with sigmoid. The slopes of tanh and relu reach 1 themselves.",
    ),
)
