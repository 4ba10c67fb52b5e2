"""SELU's self-normalisation: mean and standard deviation of the activations through 50 layers.

Source: document 003, Video 20, which calls SELU self-normalising and batch normalisation needless. Random networks,
nothing is trained: 256 inputs of 128 features from N(0, 1), or shifted and stretched, go through 50 Dense layers of 128
units with SELU, under several initialisers and with dropout. Theory (Klambauer et al. 2017): with z ~ N(0, g (variance +
mean^2)), where g is the fan-in times the variance of a weight, a layer maps mean and variance to those of selu(z); for
g = 1 it draws them to 0 and 1.

Run: reproduce run selu
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from reproductions.activation_examples import normal_mean
from reproductions.claims import Claim, Equals, Sampled
from reproductions.figures import COLOURS, Picture
from reproductions.relu_family_examples import selu
from reproductions.worked import array as numbers

TITLE = "SELU: mean and standard deviation through 50 layers"
SUMMARY = (
    "Does SELU keep activations at mean 0 and standard deviation 1 without batch normalisation? With LeCun, Glorot "
    "and He weights, unscaled inputs, Dropout and AlphaDropout."
)
DATASETS = ()
IN_DEFAULT_SET = True
EXPECTED_SECONDS = 7.0

DEPTH, UNITS, INPUTS, NETWORKS = 50, 128, 256, 10
TOLERANCE = 0.1
"""A mean within this of 0 and a standard deviation within this of 1, at layer 50, count as normalised."""


@dataclass(frozen=True)
class Setting:
    """One network.

    Args:
        label: how the figure and the ledger name it.
        gain: fan-in times the variance of a weight, in odd and in even layers: what the theory needs to know.
        initializer: Keras's kernel initialiser.
        activation: hidden activation.
        widths: units of odd and of even layers.
        dropout: kind of dropout after every layer, empty for none.
        rate: its rate.
        inputs: mean and standard deviation of the inputs.
    """

    label: str
    gain: tuple[float, float] = (1.0, 1.0)
    initializer: str = "lecun_normal"
    activation: str = "selu"
    widths: tuple[int, int] = (UNITS, UNITS)
    dropout: str = ""
    rate: float = 0.0
    inputs: tuple[float, float] = (0.0, 1.0)


SETTINGS = {
    "lecun": Setting("LeCun normal"),
    "unscaled": Setting("LeCun normal, inputs of mean 2 and sd 3", inputs=(2.0, 3.0)),
    "glorot": Setting("Glorot uniform, equal widths", initializer="glorot_uniform"),
    # 2 / (64 + 256) is the variance of a weight; the fan-in is 256 and 64 in turn.
    "glorot_uneven": Setting(
        "Glorot uniform, widths 64 and 256 in turn", (1.6, 0.4), "glorot_uniform", widths=(64, 256)
    ),
    "he": Setting("He normal", (2.0, 2.0), "he_normal"),
    "dropout": Setting("LeCun normal, Dropout(0.1)", (1 / 0.9, 1 / 0.9), dropout="Dropout", rate=0.1),
    "alpha_dropout": Setting("LeCun normal, AlphaDropout(0.1)", dropout="AlphaDropout", rate=0.1),
    "relu": Setting("ReLU, LeCun normal", activation="relu"),
}


@lru_cache(maxsize=4)
def kernels(initializer: str, widths: tuple[int, int], seed: int) -> list[Any]:
    """One matrix a layer by Keras's initialiser; the settings that share it get the same ones."""
    import keras

    kind = keras.initializers.get(initializer).__class__
    shapes = [(widths[depth % 2 - 1], widths[depth % 2]) for depth in range(DEPTH)]
    return [kind(seed=1000 * seed + depth)(shape) for depth, shape in enumerate(shapes)]


def layer_statistics(setting: Setting, seed: int) -> np.ndarray:
    """Mean and standard deviation of the activations after each layer, shape (layers, 2), in one random network."""
    import keras

    import layers

    mean, deviation = setting.inputs
    activation = layers.SELU() if setting.activation == "selu" else keras.layers.ReLU()
    drop = getattr(layers, setting.dropout)(setting.rate, seed=seed) if setting.dropout else None
    x = np.random.default_rng([seed, 1]).standard_normal((INPUTS, setting.widths[1])) * deviation + mean
    x = keras.ops.convert_to_tensor(x.astype("float32"))
    found = []
    for kernel in kernels(setting.initializer, setting.widths, seed):
        x = activation(x @ kernel)
        if drop is not None:
            x = drop(x, training=True)
        values = numbers(x)
        found.append((values.mean(dtype="float64"), values.std(dtype="float64")))
    return np.array(found)


def _selu_moments(scale: float) -> tuple[float, float]:
    """E[selu(s z)] and E[selu(s z)^2] for z ~ N(0, 1)."""
    return normal_mean(lambda z: selu(scale * z)), normal_mean(lambda z: selu(scale * z) ** 2)


def predicted(setting: Setting) -> tuple[float, float]:
    """Mean and standard deviation at the last layer by theory, for SELU without or with plain dropout.

    Plain dropout of rate p keeps the mean and divides the second moment by 1 - p, which acts as a gain of 1 / (1 - p).
    """
    mean, deviation = setting.inputs
    for depth in range(DEPTH):
        scale = np.sqrt(setting.gain[depth % 2] * (deviation**2 + mean**2))
        mean, second = _selu_moments(scale)
        deviation = np.sqrt(second - mean**2)
    if setting.dropout == "Dropout":
        deviation = np.sqrt((deviation**2 + mean**2) / (1 - setting.rate) - mean**2)
    return float(mean), float(deviation)


def normalised(mean: float, deviation: float) -> bool:
    """Whether these count as mean 0 and standard deviation 1."""
    return bool(abs(mean) < TOLERANCE and abs(deviation - 1) < TOLERANCE)


def examine() -> dict[str, Any]:
    """Statistics by depth under every setting, what theory predicts, and which settings stay normalised."""
    networks = [
        {name: layer_statistics(setting, seed) for name, setting in SETTINGS.items()} for seed in range(NETWORKS)
    ]
    found = {name: np.stack([network[name] for network in networks]) for name in SETTINGS}  # (seeds, layers, 2)
    last = {name: values[:, -1].mean(axis=0) for name, values in found.items()}
    curves = {
        name: {
            "mean": values[..., 0].mean(axis=0).round(4).tolist(),
            "sd": values[..., 1].mean(axis=0).round(4).tolist(),
        }
        for name, values in found.items()
    }
    theory = {name: predicted(SETTINGS[name]) for name in ("lecun", "glorot_uneven", "he", "dropout")}
    return {
        "curves_by_depth": curves,
        "lecun_means_at_50": found["lecun"][:, -1, 0].round(5).tolist(),
        "lecun_sds_at_50": found["lecun"][:, -1, 1].round(5).tolist(),
        "theory_at_50": {name: [round(value, 4) + 0.0 for value in pair] for name, pair in theory.items()},
        "stays_normalised": {name: normalised(*last[name]) for name in SETTINGS if name != "relu"},
        "theory_says_normalised": {name: normalised(*pair) for name, pair in theory.items()},
        "relu_sd_at_50_is_below_0_001": bool(last["relu"][1] < 0.001),
    }


def paint_depth(facts: Mapping[str, Any]) -> Any:
    """Mean and standard deviation by depth, one line a setting."""
    import matplotlib.pyplot as plt

    drawn, axes = plt.subplots(1, 2, figsize=(10.5, 4.6), layout="constrained")
    styles = ("-", "--", "-.", ":", "-", "--", "-.", ":")
    colours = (*COLOURS, "0.2", "0.55")
    for place, (name, setting) in enumerate(SETTINGS.items()):
        curve = facts["curves_by_depth"][name]
        for axis, key in zip(axes, ("mean", "sd"), strict=True):
            depth = np.arange(1, len(curve[key]) + 1)
            axis.plot(depth, curve[key], styles[place], color=colours[place], linewidth=1.8, label=setting.label)
    axes[0].axhspan(-TOLERANCE, TOLERANCE, color="0.9", zorder=0)
    axes[1].axhspan(1 - TOLERANCE, 1 + TOLERANCE, color="0.9", zorder=0, label="counts as normalised")
    axes[0].set_yscale("symlog", linthresh=0.5)
    axes[0].set_yticks([-0.5, -0.25, 0, 0.25, 0.5, 1, 10], ["-0.5", "-0.25", "0", "0.25", "0.5", "1", "10"])
    axes[1].set_yscale("log")
    axes[1].set_ylim(1e-2, 60)
    for axis, label in zip(axes, ("mean", "standard deviation"), strict=True):
        axis.set_xlabel("layer")
        axis.set_ylabel(f"{label} of the activations")
        axis.grid(alpha=0.25)
    drawn.legend(*axes[1].get_legend_handles_labels(), loc="outside lower center", ncols=3, frameon=False, fontsize=9)
    return drawn


FIGURES = (
    Picture(
        "selu-by-depth",
        "SELU through 50 layers of 128 units without batch normalisation",
        "Mean of 10 random networks. SELU pulls mean and spread to 0 and 1 where the variance of a weight is 1 / "
        "fan-in, even from inputs that are not standardised; other weights and plain dropout lead elsewhere.",
        facts=("curves_by_depth",),
        paint=paint_depth,
    ),
)

_WITHOUT_CONDITIONS = dict.fromkeys((name for name in SETTINGS if name != "relu"), True)
_WITH_CONDITIONS = _WITHOUT_CONDITIONS | {"glorot_uneven": False, "he": False, "dropout": False}

CLAIMS = (
    Claim(
        "activation-selu-self-normalising",
        "003",
        "Video 20",
        "SELU is self-normalising, so that batch normalisation is not needed.",
        "behaviour",
        "self-normalising",
        "10 random networks of 50 Dense layers without batch normalisation, 128 units, no bias, 256 inputs from N(0, "
        "1). Mean within 0.1 of 0 and standard deviation within 0.1 of 1 at layer 50, over all units and inputs, "
        "count as normalised. The document names no condition, so the same is asked of inputs of mean 2 and sd 3, "
        "Keras's default Glorot uniform weights (equal widths, and 64 and 256 in turn), He normal weights, "
        "Dropout(0.1) and AlphaDropout(0.1). Theory is computed beside it, from the mean and variance that one layer "
        "makes of another's.",
        (
            Sampled("lecun_means_at_50", -TOLERANCE, TOLERANCE, "0"),
            Sampled("lecun_sds_at_50", 1 - TOLERANCE, 1 + TOLERANCE, "1"),
            Equals(
                "stays_normalised",
                _WITHOUT_CONDITIONS,
                true_value=_WITH_CONDITIONS,
                derivation="Mean 0 and variance 1 are a fixed point of a layer only if fan-in times the variance of "
                "a weight is 1 (LeCun). He weights double that, and mean and spread grow from layer to layer. Glorot "
                "weights make it 1.6 and 0.4 in turn where widths alternate, which ends at 0.55, and 1 where widths "
                "are equal. Dropout(0.1) raises the second moment by 1 / 0.9 a layer; AlphaDropout keeps both "
                "moments.",
            ),
            Equals("theory_says_normalised", {"lecun": True, "glorot_uneven": False, "he": False, "dropout": False}),
        ),
        priority=2,
        remark="Inputs need not be standardised for this: from mean 2 and sd 3 the statistics are drawn to 0 and 1 "
        "all the same.",
    ),
)
