"""Residual connections and layer normalisation in an encoder of eight blocks: with both, one or neither.

Source: document 003, Videos 78-79 (Add & Norm: the residual connection helps the gradient, layer normalisation stabilises
training). The encoder writes its input backwards.

Run: reproduce run transformer_depth
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from reproductions.claims import Better, Claim, Measured, Sampled
from reproductions.figures import COLOURS, Picture
from reproductions.networks import Split, first_losses, train_networks

if TYPE_CHECKING:
    import keras

    from recipes.training import SeedRuns

TITLE = "Add & Norm in an encoder of eight blocks"
SUMMARY = "Training loss and gradients of an encoder with residual connections and layer normalisation, one of them, or neither."
DATASETS = ()
IN_DEFAULT_SET = False
SEEDS, MAX_SEEDS = 5, 10
EXPECTED_SECONDS = 150.0
GOLDEN = "both"

POOL = 8_192
SYMBOLS, LENGTH = 12, 10
INITIALISATIONS = 20


@dataclass(frozen=True)
class Config:
    """The network and how it is trained."""

    residual: bool
    """Add each sublayer's input to its output."""
    norm: bool
    """Normalise after each sublayer (and after the sum)."""
    blocks: int = 8
    """Encoder blocks."""
    width: int = 32
    """Width of the encoder."""
    heads: int = 4
    """Heads of each attention."""
    sequences: int = 4_096
    """Training sequences of a seed."""
    epochs: int = 10
    """Passes over them."""
    batch_size: int = 64
    """Sequences a step."""
    learning_rate: float = 0.001
    """Adam's step size; Keras's default."""


VARIANTS = {
    "both": Config(residual=True, norm=True),
    "residual_only": Config(residual=True, norm=False),
    "norm_only": Config(residual=False, norm=True),
    "neither": Config(residual=False, norm=False),
}


def load_data(config: Config) -> Split:
    """Random sequences and the same backwards."""
    x = np.random.default_rng(0).integers(SYMBOLS, size=(POOL, LENGTH)).astype("int32")
    return Split(x, x[:, ::-1].copy(), x[:0], x[:0])


def build_model(config: Config) -> keras.Model:
    """Embedding with sinusoidal positions, blocks of attention and feed-forward network, logits."""
    import keras

    import layers

    def around(x: Any, sublayer: Any) -> Any:
        y = sublayer(x)
        if config.residual:
            y = keras.layers.add([x, y])
        return layers.LayerNormalization()(y) if config.norm else y

    tokens = keras.Input((LENGTH,), dtype="int32")
    x = layers.SinusoidalPositionalEncoding()(keras.layers.Embedding(SYMBOLS, config.width)(tokens))
    for number in range(config.blocks):
        attention = layers.MultiHeadAttention(config.heads, config.width // config.heads, name=f"attention_{number}")
        x = around(x, lambda one, attend=attention: attend(one, one))
        x = around(x, layers.FeedForward(2 * config.width, name=f"feed_forward_{number}"))
    model = keras.Model(tokens, layers.Dense(SYMBOLS)(x))
    model.compile(
        keras.optimizers.Adam(config.learning_rate), keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    )
    return model


def rows_of(seed: int) -> np.ndarray:
    """The sequences that a seed trains on."""
    return np.random.default_rng(seed).choice(POOL, Config(True, True).sequences, replace=False)


def train(
    config: Config,
    data: Split,
    seeds: Sequence[int],
    checkpoint: Path | None = None,
    progress: Callable[[float], None] | None = None,
) -> SeedRuns:
    """Train one encoder a seed, each on its own sequences."""
    return train_networks(build_model, config, data, seeds, checkpoint, progress, rows=rows_of)


def measure(config: Config, data: Split, runs: SeedRuns) -> Measured:
    """Training loss of the last epoch, and the mean over all epochs, which tells who gets there sooner."""
    loss = runs.curves["loss"]
    return Measured({"train_loss": loss[:, -1].tolist(), "mean_train_loss": loss.mean(axis=1).tolist()}, runs.curves)


def trace(config: Config, data: Split) -> list[float]:
    """Golden trace: the first losses of seed 0."""
    return first_losses(build_model, config, data, rows_of)


def gradient_norms(model: keras.Model, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Norm of the loss's gradient for the first weights of each block's feed-forward network."""
    import tensorflow as tf

    kernels = [layer.intermediate_dense.kernel.value for layer in model.layers if layer.name.startswith("feed_forward")]
    with tf.GradientTape() as tape:
        loss = model.loss(y, model(x, training=True))
    return np.array([float(tf.norm(one)) for one in tape.gradient(loss, kernels)])


def examine() -> dict[str, Any]:
    """Gradient norms by block before training, over 20 initialisations."""
    import keras

    x = np.random.default_rng(1).integers(SYMBOLS, size=(64, LENGTH)).astype("int32")
    found = {}
    for name, config in VARIANTS.items():
        keras.utils.set_random_seed(0)
        model, norms = build_model(config), []
        for seed in range(INITIALISATIONS):
            if seed:
                keras.utils.set_random_seed(seed)
                model.set_weights(build_model(config).get_weights())
            norms.append(gradient_norms(model, x, x[:, ::-1]))
        found[name] = np.log10(np.array(norms))  # (initialisations, blocks)
    reach = {name: norms[:, 0] - norms[:, -1] for name, norms in found.items()}
    return {
        "gradient_gain_of_residual": [round(float(v), 4) for v in reach["both"] - reach["norm_only"]],
        "log10_gradients": {name: [round(float(v), 3) for v in norms.mean(axis=0)] for name, norms in found.items()},
    }


CLAIMS = (
    Claim(
        "transformer-residual-layernorm-help",
        "003",
        "Video 78-79",
        "Residual connections help gradient flow and layer normalisation stabilises training.",
        "comparison",
        "",
        "Encoder of 8 blocks (width 32, 4 heads, feed-forward 64, sinusoidal positions) that writes 10 random symbols of 12 "
        "backwards: Sublayer(x), x + Sublayer(x), LayerNorm(Sublayer(x)) or LayerNorm(x + Sublayer(x)). 4,096 sequences a seed, "
        "Adam 0.001, 10 epochs of batches of 64, no warm-up. The gradient flows better if the ratio of the gradient norms in "
        "the first and the last block, before training, is larger with the residual connection (20 initialisations, with "
        "LayerNorm in both); and the training loss of the last epoch must be lower with both than without the residual "
        "connection, and than without LayerNorm.",
        (
            Sampled(
                "gradient_gain_of_residual",
                low=0.0,
                documented="log10 of the first block's share of the gradient grows",
            ),
            Better("train_loss", "both", "norm_only", higher_is_better=False),
            Better("train_loss", "both", "residual_only", higher_is_better=False),
        ),
        priority=2,
    ),
)

_LABELS = {
    "both": "LayerNorm(x + Sublayer(x))",
    "residual_only": "x + Sublayer(x)",
    "norm_only": "LayerNorm(Sublayer(x))",
    "neither": "Sublayer(x)",
}


def _paint_loss(facts: dict[str, Any], variants: dict[str, Any]) -> Any:
    import matplotlib.pyplot as plt

    drawn, axis = plt.subplots(figsize=(6.8, 4.0), layout="constrained")
    for colour, (name, label) in zip(COLOURS, _LABELS.items(), strict=False):
        curve = variants[name]["curves"]["loss"]
        axis.plot(curve["epoch"], curve["mean"], color=colour, label=label, linewidth=1.8)
        axis.fill_between(curve["epoch"], curve["low"], curve["high"], color=colour, alpha=0.2, linewidth=0)
    axis.axhline(np.log(SYMBOLS), color="0.5", linestyle=":", linewidth=1.2, label="guessing")
    axis.set_xlabel("epoch")
    axis.set_ylabel("training loss (nats a symbol)")
    axis.grid(alpha=0.25)
    axis.legend(frameon=False, fontsize=8)
    return drawn


def _paint_gradients(facts: dict[str, Any]) -> Any:
    import matplotlib.pyplot as plt

    drawn, axis = plt.subplots(figsize=(6.8, 4.0), layout="constrained")
    for colour, (name, label) in zip(COLOURS, _LABELS.items(), strict=False):
        norms = facts["log10_gradients"][name]
        axis.plot(range(1, len(norms) + 1), 10 ** np.array(norms), "o-", color=colour, label=label, markersize=4)
    axis.set_yscale("log")
    axis.set_xlabel("block")
    axis.set_ylabel("norm of the gradient for the block's weights")
    axis.grid(alpha=0.25)
    axis.legend(frameon=False, fontsize=8)
    return drawn


FIGURES = (
    Picture(
        "transformer-depth-loss",
        "Encoder of eight blocks: training loss",
        "Mean over the seeds and 10th to 90th percentile.",
        facts=(),
        paint=_paint_loss,
        variants=tuple(VARIANTS),
    ),
    Picture(
        "transformer-depth-gradients",
        "Encoder of eight blocks: gradients before training",
        "Geometric mean over 20 initialisations; the loss is at the right end.",
        facts=("log10_gradients",),
        paint=_paint_gradients,
    ),
)
