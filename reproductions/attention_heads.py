"""Several heads against one: a task in which every token has to look up two others.

Source: document 003, Videos 75-76 (one head captures one type of relationship, several capture several). Each token holds a
symbol and two addresses; the network must say which symbols lie there, in this order. One encoder block of equal width
does it with 1, 2 or 4 heads.

Run: reproduce run attention_heads
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from reproductions.claims import Better, Claim, Measured
from reproductions.figures import COLOURS, Picture, Spread
from reproductions.networks import Split, first_losses, train_networks

if TYPE_CHECKING:
    import keras

    from recipes.training import SeedRuns

TITLE = "Several look-ups a token with one, two and four heads"
SUMMARY = (
    "Symbols at two addresses of every token, found by one Transformer block of equal width with 1, 2 and 4 heads."
)
DATASETS = ()
IN_DEFAULT_SET = False
SEEDS, MAX_SEEDS = 5, 10
EXPECTED_SECONDS = 60.0
GOLDEN = "heads_2"

POOL, TEST = 20_000, 1_000
SYMBOLS, LENGTH = 8, 8


@dataclass(frozen=True)
class Config:
    """The network and how it is trained."""

    heads: int
    """Heads of the self-attention; each is width / heads wide."""
    lookups: int = 2
    """Addresses of each token."""
    width: int = 64
    """Width of the block."""
    intermediate_dim: int = 128
    """Hidden width of its feed-forward network."""
    sequences: int = 8_000
    """Training sequences of a seed."""
    epochs: int = 8
    """Passes over them."""
    batch_size: int = 64
    """Sequences a step."""
    learning_rate: float = 0.002
    """Adam's step size."""


VARIANTS = {f"heads_{heads}": Config(heads) for heads in (1, 2, 4)} | {
    f"four_lookups_heads_{heads}": Config(heads, lookups=4) for heads in (1, 4)
}


def load_data(config: Config) -> Split:
    """Sequences of (symbol, addresses) and the symbols at the addresses, per token."""

    def draw(count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
        rng = np.random.default_rng(seed)
        symbols = rng.integers(SYMBOLS, size=(count, LENGTH))
        addresses = rng.integers(LENGTH, size=(count, LENGTH, config.lookups))
        x = np.concatenate([symbols[..., None], addresses], axis=-1)
        y = np.take_along_axis(symbols[:, :, None], addresses, axis=1)
        return x.astype("int32"), y.astype("int32")

    return Split(*draw(POOL, 0), *draw(TEST, 1))


def build_model(config: Config) -> keras.Model:
    """Sum of embeddings (symbol, addresses, position), one encoder block, one softmax output a look-up."""
    import keras
    from keras import ops

    import layers

    inputs = keras.Input((LENGTH, 1 + config.lookups), dtype="int32")
    names = ("symbol", *(f"address_{n}" for n in range(config.lookups)))
    parts = [
        keras.layers.Embedding(LENGTH, config.width, name=name)(inputs[..., column])
        for column, name in enumerate(names)
    ]
    positions = keras.layers.Embedding(LENGTH, config.width, name="position")(
        ops.zeros_like(inputs[..., 0]) + ops.arange(LENGTH)
    )
    x = layers.TransformerEncoderBlock(config.heads, intermediate_dim=config.intermediate_dim, name="block")(
        keras.layers.add([*parts, positions])
    )
    logits = keras.layers.Reshape((LENGTH, config.lookups, SYMBOLS))(layers.Dense(config.lookups * SYMBOLS)(x))
    model = keras.Model(inputs, logits)
    model.compile(
        keras.optimizers.Adam(config.learning_rate), keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    )
    return model


def rows_of(seed: int) -> np.ndarray:
    """The sequences that a seed trains on."""
    return np.random.default_rng(seed).choice(POOL, Config(1).sequences, replace=False)


def train(
    config: Config,
    data: Split,
    seeds: Sequence[int],
    checkpoint: Path | None = None,
    progress: Callable[[float], None] | None = None,
) -> SeedRuns:
    """Train one network a seed, each on its own sequences."""
    return train_networks(build_model, config, data, seeds, checkpoint, progress, rows=rows_of)


def measure(config: Config, data: Split, runs: SeedRuns) -> Measured:
    """Shares of the test tokens with all symbols right; mean attention at the first two addresses, where they differ."""
    right = runs.predict(data.x_test, batch_size=TEST).argmax(axis=-1) == data.y_test  # (seeds, TEST, LENGTH, look-ups)
    weights = np.array([attention_at_addresses(runs.load(seed), data.x_test) for seed in runs.seeds])
    metrics = {
        "all_right": right.all(axis=-1).mean(axis=(1, 2)).tolist(),
        "weight_at_first": weights[:, 0].tolist(),
        "weight_at_second": weights[:, 1].tolist(),
        "train_loss": runs.curves["loss"][:, -1].tolist(),
    }
    return Measured(metrics, runs.curves)


def attention_at_addresses(model: keras.Model, x: np.ndarray) -> list[float]:
    """Attention weight at the first and at the second address, mean over heads and over tokens whose addresses differ."""
    import keras

    block = model.get_layer("block")
    _, weights = block(keras.Model(model.input, block.input)(x), return_attention_scores=True)
    weights = np.asarray(keras.ops.convert_to_numpy(weights)).mean(axis=1)  # (TEST, LENGTH, LENGTH)
    first, second = x[..., 1:2], x[..., 2:3]
    other = (first != second)[..., 0]
    return [float(np.take_along_axis(weights, place, axis=-1)[other].mean()) for place in (first, second)]


def trace(config: Config, data: Split) -> list[float]:
    """Golden trace: the first losses of seed 0."""
    return first_losses(build_model, config, data, rows_of)


CLAIMS = (
    Claim(
        "mha-many-relationships",
        "003",
        "Video 75-76",
        "Several heads capture several relationships where one head captures one.",
        "comparison",
        "",
        "Sequences of 8 tokens, each with one of 8 symbols and two addresses drawn at random; the targets are the symbols at "
        "the first and at the second address. One encoder block (add & norm, feed-forward 128) of width 64 with 1, 2 or 4 "
        "heads of width 64, 32 or 16; 8,000 sequences a seed, Adam 0.002, 8 epochs of batches of 64; 1,000 new sequences "
        "for the test. Judged on the share of tokens with both symbols right: 2 heads beat 1, and 4 beat 1. Beside that, not "
        "judged: four addresses a token with 1 and 4 heads.",
        (Better("all_right", "heads_2", "heads_1"), Better("all_right", "heads_4", "heads_1")),
        priority=2,
        remark="One head captures two relationships as well as two heads do: 100% with 1, 2 and 4 heads. It looks at both "
        "addresses at once, with different weights (0.44 and 0.54 in the mean), and the feed-forward network tells from the "
        "weights which symbol is which. The documented difference comes with more relationships: of four look-ups a token one "
        "head gets all right for 4% of the tokens, four heads for 82%.",
    ),
)

_LABELS = {
    name: f"{config.lookups} look-ups, {config.heads} head{'s' * (config.heads > 1)}"
    for name, config in VARIANTS.items()
}


def _paint_loss(facts: dict[str, Any], variants: dict[str, Any]) -> Any:
    import matplotlib.pyplot as plt

    drawn, axis = plt.subplots(figsize=(6.4, 3.8), layout="constrained")
    for colour, (name, label) in zip(COLOURS, _LABELS.items(), strict=False):
        curve = variants[name]["curves"]["loss"]
        axis.plot(curve["epoch"], curve["mean"], color=colour, label=label, linewidth=1.8)
        axis.fill_between(curve["epoch"], curve["low"], curve["high"], color=colour, alpha=0.2, linewidth=0)
    axis.set_xlabel("epoch")
    axis.set_ylabel("training loss a look-up (nats)")
    axis.set_ylim(bottom=0)
    axis.grid(alpha=0.25)
    axis.legend(frameon=False)
    return drawn


FIGURES = (
    Picture(
        "attention-heads-loss",
        "Several look-ups a token: training loss by number of heads",
        "Mean over the seeds and 10th to 90th percentile.",
        facts=(),
        paint=_paint_loss,
        variants=tuple(VARIANTS),
    ),
    Spread(
        "attention-heads-accuracy",
        "Several look-ups a token",
        "Share of new tokens for which all symbols are right.",
        metric="all_right",
        variants=tuple(VARIANTS),
        labels=_LABELS,
    ),
)
