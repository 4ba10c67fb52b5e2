"""Training time of a Transformer encoder against an LSTM of as many weights, over the length of the texts.

Source: document 003, Videos 78-79 (RNN and LSTM train slowly, step by step; a Transformer fast, all steps at once). Both
read Embedding(10000, 128): an LSTM of 128 units (131,584 weights) and an encoder block of width 128 with 4 heads and 256
hidden units (132,480 weights). Random words, whose content does not matter to a clock; times of interleaved repeats.
`imdb_sentiment` times the documented LSTM and GRU of 64 units by the same function.

Run: reproduce run recurrent_speed
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import ModuleType
from typing import TYPE_CHECKING, Any

import numpy as np

from reproductions.claims import Claim, Sampled
from reproductions.figures import COLOURS, Picture
from reproductions.timings import interleaved
from reproductions.worked import log10_ratio

if TYPE_CHECKING:
    import keras

TITLE = "Training time of Transformer and LSTM by length"
SUMMARY = "A Transformer encoder block against an LSTM of equal size, 50 to 500 words, in two ways of training."
DATASETS = ()
IN_DEFAULT_SET = False
TIMES = True
EXPECTED_SECONDS = 120.0

ENGINES = ("compiled", "keras")
"""This project's layers in its compiled trainer, and Keras's layers in `train_on_batch`."""
LENGTHS = (50, 100, 200, 500)
NETWORKS = ("lstm_128", "transformer")
BATCH, REPEATS, STEPS = 32, 10, 2
"""Texts a step, repeats of the timing, and steps of one repeat."""

VOCABULARY, WIDTH, HEADS, HIDDEN = 10_000, 128, 4, 256


def build(network: str, words: int, library: ModuleType) -> keras.Model:
    """Embedding, `network` and a sigmoid, of the layers of `library`, compiled with Adam.

    Args:
        network: `transformer` (an encoder block and the mean over words), or `lstm_` or `gru_` and a number of units.
        words: words of each text.
        library: `layers` or `keras.layers`.
    """
    import keras

    inputs = keras.Input((words,), dtype="int32")
    x = keras.layers.Embedding(VOCABULARY, WIDTH, mask_zero=True)(inputs)
    if network == "transformer":
        x = keras.layers.GlobalAveragePooling1D()(encoder(x, library))
    else:
        kind, units = network.split("_")
        x = {"lstm": library.LSTM, "gru": library.GRU}[kind](int(units))(x)
    model = keras.Model(inputs, library.Dense(1, activation="sigmoid")(x))
    model.compile("adam", "binary_crossentropy")
    return model


def encoder(x: Any, library: ModuleType) -> Any:
    """Positions and one encoder block; Keras has no such block, its parts are put together here."""
    import keras

    from layers import SinusoidalPositionalEncoding

    x = SinusoidalPositionalEncoding()(x)
    if library is not keras.layers:
        return library.TransformerEncoderBlock(num_heads=HEADS, intermediate_dim=HIDDEN)(x)
    attended = library.MultiHeadAttention(HEADS, WIDTH // HEADS)(x, x)
    x = library.LayerNormalization(epsilon=1e-5)(library.Add()([x, attended]))
    fed = library.Dense(WIDTH)(library.Dense(HIDDEN, activation="relu")(x))
    return library.LayerNormalization(epsilon=1e-5)(library.Add()([x, fed]))


def compiled_steps(model: keras.Model, x: np.ndarray, y: np.ndarray, steps: int) -> Callable[[], Any]:
    """So many steps of the compiled trainer on one batch, as a function to time."""
    import tensorflow as tf

    from recipes.training.data import Arrays
    from recipes.training.epochs import EpochProgram
    from recipes.training.epochs import build as create_variables

    create_variables(model, Arrays(x, y))
    program, data = EpochProgram(model), (tf.constant(x), tf.constant(y))
    order = np.tile(np.arange(len(x), dtype="int32"), steps)
    return lambda: program.train(data, order, len(x))


def training(network: str, words: int, batch_size: int, engine: str) -> Callable[[], Any]:
    """`STEPS` training steps on random words, as a function to time."""
    import keras

    import layers

    rng = np.random.default_rng(words)
    x = rng.integers(1, VOCABULARY, (batch_size, words)).astype("int32")
    y = (np.arange(batch_size) % 2).astype("float32")
    if engine == "compiled":
        return compiled_steps(build(network, words, layers), x, y, STEPS)
    model = build(network, words, keras.layers)
    return lambda: [model.train_on_batch(x, y) for _ in range(STEPS)]


def step_seconds(
    networks: Sequence[str], words: int, batch_size: int, engine: str, repeats: int = REPEATS
) -> dict[str, np.ndarray]:
    """Seconds of a training step of each network, (repeats,); the networks take turns."""
    works = {network: training(network, words, batch_size, engine) for network in networks}
    return {network: taken / STEPS for network, taken in interleaved(works, repeats).items()}


def examine() -> dict[str, Any]:
    """Time ratios, one a repeat, and words a second, by engine and length."""
    found: dict[str, Any] = {}
    rates: dict[str, list[float]] = {f"{engine}_{network}": [] for engine in ENGINES for network in NETWORKS}
    for engine in ENGINES:
        for words in LENGTHS:
            seconds = step_seconds(NETWORKS, words, BATCH, engine)
            ratios = log10_ratio(seconds["transformer"], seconds["lstm_128"])
            found[f"log10_{engine}_transformer_over_lstm_{words}"] = [round(ratio, 3) for ratio in ratios]
            for network, taken in seconds.items():
                rates[f"{engine}_{network}"].append(float(f"{BATCH * words / np.median(taken):.3g}"))
    return {**found, "words_a_second": rates}


def paint_speed(facts: Mapping[str, Any]) -> Any:
    """Words a second over length, and the time ratio of every repeat."""
    import matplotlib.pyplot as plt

    drawn, (left, right) = plt.subplots(1, 2, figsize=(10.2, 4.0), layout="constrained")
    labels = {"compiled": "compiled trainer", "keras": "Keras, train_on_batch"}
    for engine, line in zip(ENGINES, ("-o", "--s"), strict=True):
        for network, label, colour in zip(NETWORKS, ("LSTM", "Transformer"), COLOURS, strict=False):
            left.plot(
                LENGTHS,
                np.array(facts["words_a_second"][f"{engine}_{network}"]) / 1e3,
                line,
                color=colour,
                label=f"{label}, {labels[engine]}",
            )
    left.set_xscale("log")
    left.set_ylim(bottom=0)
    left.set_xlabel("words of a text")
    left.set_ylabel("thousand words a second in training")
    left.legend(frameon=False, fontsize=8, loc="lower left")
    for place, engine in enumerate(ENGINES):
        for words in LENGTHS:
            values = 10.0 ** np.asarray(facts[f"log10_{engine}_transformer_over_lstm_{words}"])
            shifted = words * 1.05 ** (2 * place - 1)
            marker, colour = ("o", "s")[place], COLOURS[2 + place]
            label = labels[engine] if words == LENGTHS[0] else ""
            right.plot(
                np.full(len(values), shifted), values, marker, color=colour, alpha=0.5, markersize=4, label=label
            )
    right.axhline(1, color="0.35", linewidth=1.2)
    right.set_xscale("log")
    right.set_yscale("log")
    right.set_xlabel("words of a text")
    right.set_ylabel("time of a step, Transformer / LSTM")
    right.legend(frameon=False, fontsize=8)
    for axis in (left, right):
        axis.set_xticks(LENGTHS, [str(words) for words in LENGTHS])
        axis.minorticks_off()
        axis.grid(alpha=0.25)
    low, high = right.get_ylim()
    ticks = [tick for tick in (0.1, 0.2, 0.3, 0.5, 0.7, 1, 1.5, 2, 3, 5) if low <= tick <= high]
    right.set_yticks(ticks, [f"{tick:g}" for tick in ticks])
    return drawn


FIGURES = (
    Picture(
        "recurrent-speed",
        "One training step of a Transformer encoder and of an LSTM of equal size (CPU)",
        "Left: words trained a second, median. Right: time ratio, one dot a repeat; below 1 the Transformer is faster. Its "
        "attention looks at all pairs of words, so its time grows faster than the length.",
        facts=(
            "words_a_second",
            *(f"log10_{engine}_transformer_over_lstm_{words}" for engine in ENGINES for words in LENGTHS),
        ),
        paint=paint_speed,
    ),
)

CLAIMS = (
    Claim(
        "transformer-faster-training",
        "003",
        "Video 78-79",
        "Transformers train faster than RNNs and LSTMs.",
        "comparison",
        "faster",
        "Embedding 10000 x 128, then an LSTM of 128 units (131,584 weights) or one Transformer encoder block (sinusoidal "
        "positions, 4 heads, 256 hidden units: 132,480 weights) with the mean over the words, then Dense 1; Adam. One "
        "training step on the same 32 texts of 50, 100, 200 and 500 words, taking turns in 10 repeats; the time of a step is "
        "that of an epoch divided by its steps. Two ways of training: this project's layers in its compiled trainer, and "
        "Keras's layers in train_on_batch. The log10 of the Transformer's time over the LSTM's must be below 0 for every "
        "length and both ways. Random words; the time to a given accuracy is not compared.",
        tuple(
            Sampled(f"log10_{engine}_transformer_over_lstm_{words}", high=0.0, documented="faster")
            for engine in ENGINES
            for words in LENGTHS
        ),
        priority=2,
        remark="On two CPU cores the Transformer is faster in one case of eight (Keras's layers, 50 words, by 6%); on 500 words "
        "it takes 3.0 times (compiled) and 2.2 times as long. The document's reason is that it computes all steps at once, which "
        "needs hardware with room for that: a CPU is busy with the products of 32 texts as it is. Per word both networks have "
        "equally many weights to multiply by, and attention has all pairs of words besides. No accelerator was measured.",
    ),
)
