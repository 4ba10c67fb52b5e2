"""ReLU, Leaky ReLU, PReLU, ELU and SELU: formulas, slopes, means and what Keras's defaults are, without training.

Source: document 003, Videos 19 and 20. Formulas are written in NumPy; slopes come from automatic differentiation and
from one-sided differences, means from quadrature over the standard normal density.

Run: reproduce run relu_family_examples
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from types import ModuleType
from typing import Any

import numpy as np

from reproductions.activation_examples import GRID, activation, normal_mean
from reproductions.claims import Claim, Equals, Sampled
from reproductions.figures import COLOURS, Picture
from reproductions.worked import array as numbers
from reproductions.worked import both, both_facts, difference, draw, gradient

TITLE = "Worked examples: ReLU and its relatives"
SUMMARY = (
    "Formulas and slopes of ReLU, Leaky ReLU, PReLU, ELU and SELU, which of them are centred on zero, and what batch "
    "normalisation does about it."
)
DATASETS = ()
IN_DEFAULT_SET = True
EXPECTED_SECONDS = 1.0

SELU_SCALE, SELU_ALPHA = 1.0507009873554805, 1.6732632423543772
CENTRED = 0.05
"""Mean outputs closer to zero than this count as zero-centred, for inputs of standard deviation 1."""


def scale_and_alpha() -> tuple[float, float]:
    """SELU's constants from their definition: mean 0 and variance 1 are kept for inputs from N(0, 1).

    With z standard normal, E[selu(z)] = 0 fixes alpha and E[selu(z)^2] = 1 fixes lambda (Klambauer et al. 2017).
    """
    below = math.sqrt(math.e) * math.erfc(1 / math.sqrt(2)) / 2  # E[e^z; z < 0]
    below_squared = math.exp(2) * math.erfc(2 / math.sqrt(2)) / 2  # E[e^2z; z < 0]
    alpha = -(1 / math.sqrt(2 * math.pi)) / (below - 0.5)
    return 1 / math.sqrt(0.5 + alpha**2 * (below_squared - 2 * below + 0.5)), alpha


def leaky(x: np.ndarray, slope: float) -> np.ndarray:
    """Leaky ReLU: x if x >= 0 else slope x."""
    return np.where(x >= 0, x, slope * x)


def elu(x: np.ndarray, alpha: float = 1.0) -> np.ndarray:
    """ELU: x if x >= 0 else alpha (e^x - 1)."""
    return np.where(x >= 0, x, alpha * (np.exp(np.minimum(x, 0)) - 1))


def selu(x: np.ndarray) -> np.ndarray:
    """SELU: lambda x if x >= 0 else lambda alpha (e^x - 1)."""
    return SELU_SCALE * elu(x, SELU_ALPHA)


def one_sided_slopes(function: Callable[[np.ndarray], Any], step: float = 1e-6) -> list[float]:
    """Slopes just left and just right of 0 by differences, to four decimals."""
    left, middle, right = numbers(function(np.array([-step, 0, step])))
    return np.round([(middle - left) / step, (right - middle) / step], 4).tolist()


def relu_facts() -> dict[str, Any]:
    """ReLU's slopes, its range and its mean for standard normal inputs."""
    places = np.array([-1.0, 0.0, 1.0])
    samples = [draw(10_000, seed=seed) for seed in range(20)]

    def outputs(library: ModuleType) -> np.ndarray:
        return numbers(activation(library, "relu")(np.concatenate(samples)))

    return {
        "relu_slopes_at_minus_1_0_1": both(lambda library: gradient(activation(library, "relu"), places)[0].tolist()),
        "relu_one_sided_slopes": both(lambda library: one_sided_slopes(activation(library, "relu"))),
        "relu_smallest_output": both(lambda library: float(outputs(library).min())),
        "relu_keeps_positive_inputs": both(
            lambda library: difference(outputs(library), np.maximum(np.concatenate(samples), 0)) == 0
        ),
        "relu_sample_means": [
            float(numbers(activation(_keras_layers(), "relu")(sample)).mean().round(5)) for sample in samples
        ],
    }


def _keras_layers() -> ModuleType:
    import keras

    return keras.layers


def formulas() -> dict[str, Any]:
    """Leaky ReLU, ELU and SELU, ours and Keras's, against NumPy."""
    import keras

    def leaky_gap(library: ModuleType) -> bool:
        layer = library.LeakyReLU(negative_slope=0.01, dtype="float64")
        return difference(layer(GRID), leaky(GRID, 0.01)) < 1e-8  # TensorFlow keeps the slope in float32

    def elu_gaps(library: ModuleType) -> list[bool]:
        return [difference(library.ELU(alpha=a, dtype="float64")(GRID), elu(GRID, a)) < 1e-9 for a in (1.0, 0.5, 2.0)]

    # Keras has SELU as an activation function only; ours is a layer.
    selu_values = [keras.activations.selu(GRID), _own_selu()(GRID), activation(keras.layers, "selu")(GRID)]
    return {
        "leaky_is_formula": both(leaky_gap),
        "leaky_slopes_at_minus_1_and_1": both(
            lambda library: np.round(
                gradient(library.LeakyReLU(negative_slope=0.01, dtype="float64"), np.array([-1.0, 1.0]))[0], 7
            ).tolist()
        ),
        "leaky_default_slopes": [
            float(both(lambda library: library.LeakyReLU().negative_slope)),
            round(-float(keras.activations.leaky_relu(np.array([-1.0]))[0]), 6),
        ],
        "elu_is_formula": both(elu_gaps),
        "elu_activation_is_formula": difference(keras.activations.elu(GRID), elu(GRID)) < 1e-9,
        "selu_is_formula": [difference(value, selu(GRID)) < 1e-9 for value in selu_values],
        "selu_constants": [round(value, 9) for value in scale_and_alpha()],
    }


def _own_selu() -> Any:
    import layers

    return layers.SELU(dtype="float64")


def elu_at_zero() -> dict[str, Any]:
    """Slopes of ELU left and right of 0 for alpha 1 and 0.5."""

    def both_sides(alpha: float) -> Any:
        return both(lambda library: one_sided_slopes(library.ELU(alpha=alpha, dtype="float64")))

    return {"elu_slopes_at_0_alpha_1": both_sides(1.0), "elu_slopes_at_0_alpha_half": both_sides(0.5)}


def prelu_learns() -> dict[str, Any]:
    """PReLU's weights, and 20 SGD steps in which 4 alphas learn the slopes of a target that is leaky."""
    import keras

    x, target_slopes = draw(64, 4), np.array([0.1, 0.2, 0.3, 0.4])
    target = leaky(x, 1.0) * np.where(x < 0, target_slopes, 1)

    def learn(library: ModuleType) -> dict[str, Any]:
        layer = library.PReLU(dtype="float64")
        layer.build(x.shape)
        begin = numbers(layer.alpha).copy()
        dead_gradient = gradient(layer, -np.ones((1, 4)))[0]  # alpha is 0: a negative input gets no gradient
        alpha_gradient = gradient(lambda: layer(-np.ones((1, 4))), layer.alpha)[0]
        optimizer = keras.optimizers.SGD(1.0)
        optimizer.build([layer.alpha])
        for _ in range(20):
            error = numbers(layer(x)) - target
            [step] = gradient(lambda: layer(x), layer.alpha, upstream=2 * error / len(x))
            optimizer.apply([step])
        return {
            "prelu_shape": list(layer.alpha.shape),
            "prelu_weights": len(layer.trainable_weights),
            "prelu_begin": begin.tolist(),
            "prelu_input_gradient": dead_gradient[0].tolist(),
            "prelu_alpha_gradient": alpha_gradient.tolist(),
            "prelu_end": np.round(numbers(layer.alpha), 3).tolist(),
        }

    return both_facts(learn)


def means() -> dict[str, Any]:
    """Mean outputs for inputs from N(0, 1), by quadrature of the layers, and whether they are zero-centred."""
    import keras

    def of(layer: Any) -> float:
        return round(normal_mean(lambda x: numbers(layer(x))), 6) + 0.0

    def prelu(alpha: float) -> Any:
        layer = keras.layers.PReLU(alpha_initializer=keras.initializers.Constant(alpha), dtype="float64")
        layer.build((None, 1))
        return lambda x: layer(x[:, None])[:, 0]

    table = {
        "relu": of(activation(keras.layers, "relu")),
        "leaky relu, slope 0.01": of(keras.layers.LeakyReLU(negative_slope=0.01, dtype="float64")),
        "prelu, alpha 0.25": of(prelu(0.25)),
        "elu, alpha 1": of(keras.layers.ELU(dtype="float64")),
        "selu": of(_own_selu()),
    }
    return {
        "means": table,
        "relu_mean": table["relu"],
        "zero_centred": [abs(value) < CENTRED for value in table.values()],
        "elu_and_relu_mean": [table["elu, alpha 1"], table["relu"]],
        "elu_is_closer_to_zero": abs(table["elu, alpha 1"]) < abs(table["relu"]),
    }


def batch_normalised() -> dict[str, Any]:
    """Means of relu outputs over a batch of 512, before and after BatchNormalization in training mode."""
    z = draw(512, 6) * np.arange(1, 7) + np.arange(-2, 4)  # six units of unequal mean and spread
    outputs = np.maximum(z, 0)

    def largest_mean(library: ModuleType) -> float:
        normalised = numbers(library.BatchNormalization(dtype="float64")(outputs, training=True))
        return float(np.abs(normalised.mean(axis=0)).max().round(9))

    def by_hand(library: ModuleType) -> bool:
        expected = (outputs - outputs.mean(axis=0)) / np.sqrt(outputs.var(axis=0) + 1e-3)
        return difference(library.BatchNormalization(dtype="float64")(outputs, training=True), expected) < 1e-9

    return {
        "relu_batch_means_are_positive": bool((outputs.mean(axis=0) > 0).all()),
        "largest_mean_after_batch_normalisation": both(largest_mean),
        "batch_normalisation_is_formula": both(by_hand),
    }


def examine() -> dict[str, Any]:
    """Every fact of this file."""
    return {**relu_facts(), **formulas(), **elu_at_zero(), **prelu_learns(), **means(), **batch_normalised()}


TABLE = {"relu": "no", "leaky relu, slope 0.01": "no", "prelu, alpha 0.25": "no", "elu, alpha 1": "yes", "selu": "yes"}
"""The documents' column 'zero-centred'."""


def paint_means(facts: Mapping[str, Any]) -> Any:
    """Mean output of each function beside the notes' yes or no."""
    import matplotlib.pyplot as plt

    drawn, axis = plt.subplots(figsize=(7.6, 2.9), layout="constrained")
    axis.axvspan(-CENTRED, CENTRED, color="0.88", zorder=0, label=f"counts as zero-centred, within {CENTRED}")
    for row, (name, mean) in enumerate(facts["means"].items()):
        right = (TABLE[name] == "yes") == (abs(mean) < CENTRED)
        axis.plot([0, mean], [row, row], color=COLOURS[0], linewidth=2)
        axis.plot(mean, row, "o" if right else "X", color=COLOURS[0 if right else 1], markersize=9)
        axis.annotate(f"{mean:.4f}   notes: {TABLE[name]}", (mean, row), (12, 0), textcoords="offset points",
                      va="center", fontsize=9)  # fmt: skip
    axis.plot([], [], "o", color=COLOURS[0], markersize=8, label="notes agree")
    axis.plot([], [], "X", color=COLOURS[1], markersize=9, label="notes are wrong")
    axis.set_yticks(range(len(TABLE)), list(TABLE))
    axis.invert_yaxis()
    axis.set_xlim(-0.07, 0.58)
    axis.set_xlabel("mean output for inputs from N(0, 1)")
    axis.grid(axis="x", alpha=0.25)
    drawn.legend(*axis.get_legend_handles_labels(), loc="outside lower center", ncols=3, frameon=False, fontsize=9)
    return drawn


FIGURES = (
    Picture(
        "relu-family-means",
        "Which of the relu family are centred on zero",
        "Mean outputs for standard normal inputs. SELU's is 0 by construction; ELU's is nearer to 0 than ReLU's but "
        "not 0.",
        facts=("means",),
        paint=paint_means,
    ),
)

_19, _20 = "Video 19", "Video 20"
_BOTH = "Our layer and its Keras namesake, in float64, from -12 to 12 against NumPy (1e-8)."


def _claim(name: str, section: str, statement: str, kind: Any, documented: str, setup: str, *checks: Any,
           priority: int = 2, remark: str = "") -> Claim:  # fmt: skip
    return Claim(
        f"activation-{name}",
        "003",
        section,
        statement,
        kind,
        documented,
        setup,
        checks,
        priority=priority,
        remark=remark,
    )


CLAIMS = (
    _claim(
        "relu-derivative",
        _19,
        "The derivative of ReLU is 0 below 0, 1 above 0, and undefined at 0, where 0 or 1 is assumed.",
        "exact",
        "0; 1; undefined",
        "Dense with relu, ours and Keras's: automatic differentiation at -1, 0 and 1, one-sided differences at 0 "
        "(unequal: no derivative there).",
        Equals("relu_slopes_at_minus_1_0_1", [0, 0, 1]),
        Equals("relu_one_sided_slopes", [0, 1]),
        remark="TensorFlow takes 0 at 0.",
    ),
    _claim(
        "relu-range-not-centred",
        _19,
        "ReLU's outputs lie in [0, inf) and are not centred on zero.",
        "exact",
        "[0, inf)",
        "Inputs from N(0, 1): smallest output, outputs equal to max(0, x), mean by integration (1 / sqrt(2 pi) = "
        "0.398942) and of 20 samples of 10,000.",
        Equals("relu_smallest_output", 0),
        Equals("relu_keeps_positive_inputs", True),
        Equals("relu_mean", 0.398942, tolerance=1e-6),
        Sampled("relu_sample_means", 0.39, 0.41, "above 0"),
        remark="The mean is 0 only if every output is 0.",
    ),
    _claim(
        "bn-fixes-relu-centre",
        _19,
        "Batch normalisation takes care of ReLU's outputs not being centred on zero.",
        "behaviour",
        "handled",
        "512 relu outputs of six units with unequal means and spreads; BatchNormalization, ours and Keras's, in "
        "training mode against (x - mean) / sqrt(variance + 0.001).",
        Equals("relu_batch_means_are_positive", True),
        Equals("largest_mean_after_batch_normalisation", 0, tolerance=1e-7),
        Equals("batch_normalisation_is_formula", True),
        priority=3,
        remark="With the layer placed after the activation, as Video 29 does. Placed before it, relu's outputs stay "
        "uncentred. Beta, which starts at 0, may move the mean again.",
    ),
    _claim(
        "leaky-formula",
        _20,
        "Leaky ReLU is x for x >= 0 and 0.01 x below, with slopes 1 and 0.01.",
        "exact",
        "0.01",
        f"{_BOTH} negative_slope=0.01; slopes at -1 and 1 by automatic differentiation.",
        Equals("leaky_is_formula", True),
        Equals("leaky_slopes_at_minus_1_and_1", [0.01, 1]),
        remark="The document writes no code for it, so nothing in it is wrong; but Keras's defaults are other "
        "slopes, 0.3 of the layer LeakyReLU() and 0.2 of the function leaky_relu: the documented one must be asked "
        "for.",
    ),
    _claim(
        "prelu-learnable",
        _20,
        "In PReLU the slope alpha below zero is a learned parameter.",
        "exact",
        "learnable alpha",
        "PReLU, ours and Keras's, on four inputs: one trainable weight of shape (4,). 20 SGD steps of size 1 on the "
        "mean squared error to a target with slopes 0.1 to 0.4 must bring the alphas there (within 0.01).",
        Equals("prelu_shape", [4]),
        Equals("prelu_weights", 1),
        Equals("prelu_begin", [0, 0, 0, 0]),
        Equals("prelu_alpha_gradient", [-1, -1, -1, -1]),
        Equals("prelu_end", [0.1, 0.2, 0.3, 0.4], tolerance=0.01),
        remark="Keras starts alpha at 0, so PReLU begins as plain ReLU: a negative sum passes no gradient to the "
        "weights at the first step. Alpha's own gradient is not zero there, so it moves at once and the unit is not "
        "stuck.",
    ),
    _claim(
        "elu-formula",
        _20,
        "ELU is x for x >= 0 and alpha (e^x - 1) below.",
        "exact",
        "alpha (e^x - 1)",
        f"{_BOTH} alpha 1, 0.5 and 2; also keras.activations.elu with alpha 1.",
        Equals("elu_is_formula", [True, True, True]),
        Equals("elu_activation_is_formula", True),
    ),
    _claim(
        "elu-continuously-differentiable",
        _20,
        "ELU, with a parameter alpha, is continuously differentiable.",
        "exact",
        "equal slopes on both sides of 0",
        "ELU, ours and Keras's: slopes left and right of 0 by differences of 1e-6, alpha 1 and 0.5.",
        Equals("elu_slopes_at_0_alpha_1", [1, 1], tolerance=1e-3),
        Equals(
            "elu_slopes_at_0_alpha_half",
            [1, 1],
            tolerance=1e-3,
            true_value=[0.5, 1],
            derivation="Left of 0 the derivative is alpha e^x, which tends to alpha; right of 0 it is 1. The two "
            "agree for alpha = 1 (Keras's default) only.",
        ),
    ),
    _claim(
        "elu-mean-near-zero",
        _20,
        "The mean output of ELU is closer to zero than ReLU's.",
        "exact",
        "closer to zero",
        "Inputs from N(0, 1), alpha 1: means of both layers by numerical integration.",
        Equals("elu_and_relu_mean", [0.160521, 0.398942], tolerance=1e-5),
        Equals("elu_is_closer_to_zero", True),
    ),
    _claim(
        "selu-formula",
        _20,
        "SELU is lambda x for x >= 0 and lambda alpha (e^x - 1) below.",
        "exact",
        "lambda; alpha",
        "Keras's function, our layer and Dense with selu from -12 to 12 against NumPy (1e-9) with lambda 1.0507 and "
        "alpha 1.6733; the constants from their definition, mean 0 and variance 1 kept for N(0, 1).",
        Equals("selu_is_formula", [True, True, True]),
        Equals("selu_constants", [SELU_SCALE, SELU_ALPHA], tolerance=1e-8),
    ),
    _claim(
        "zero-centred-table",
        _20,
        "ReLU, Leaky ReLU and PReLU are not zero-centred; ELU and SELU are.",
        "exact",
        "no; no; no; yes; yes",
        f"Means for inputs from N(0, 1) by integration; within {CENTRED} counts as zero-centred. Leaky slope 0.01, "
        "PReLU with alpha 0.25, where its paper starts it, ELU with alpha 1.",
        Equals(
            "zero_centred",
            [False, False, False, True, True],
            true_value=[False, False, False, False, True],
            derivation="ELU's mean is 1 / sqrt(2 pi) + sqrt(e) P(z > 1) - 1/2 = 0.3989 + 0.2616 - 0.5 = 0.1605: "
            "nearer to zero than ReLU's 0.3989, not zero. SELU's alpha is chosen to make the mean 0.",
        ),
    ),
)
