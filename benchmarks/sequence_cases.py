"""The sequence models whose tokens a second are measured: on a library of Keras layers, and in PyTorch."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import numpy as np

WORDS, CHARACTERS, LONGEST = 6000, 65, 40
"""Vocabulary of the sentences, of the text, and the longest sentence (Multi30k's captions have 13 words on average)."""


@dataclass(frozen=True)
class Examples:
    """Padded sequences and how long each is.

    Args:
        x: inputs, a list where the model has two.
        y: targets.
        lengths: positions of each example that are no padding.
    """

    x: Any
    y: np.ndarray
    lengths: np.ndarray

    @property
    def tokens(self) -> int:
        """Real tokens that a pass reads or predicts."""
        return int(self.lengths.sum()) * (2 if isinstance(self.x, list) else 1)


@dataclass(frozen=True)
class Sequences:
    """One model.

    Args:
        title: what it is.
        build: from the library of layers (`keras.layers` or `layers`) to a compiled model.
        torch: the same network as a PyTorch module that gives logits for a list of inputs.
        draw: from a number of examples to drawn ones; values don't change the time, lengths do.
        examples: of an epoch.
        batch_size: examples a step.
    """

    title: str
    build: Callable[[ModuleType], Any]
    torch: Callable[[], Any]
    draw: Callable[[int], Examples]
    examples: int
    batch_size: int


def sentences(count: int, words: int = WORDS) -> Examples:
    """Two sentences an example, of like length, as source and target of a translation; 0 is padding."""
    draws = np.random.default_rng(0)
    lengths = np.clip(draws.gamma(9, 1.5, count).astype("int32"), 3, LONGEST)
    lengths[0] = LONGEST
    real = np.arange(LONGEST) < lengths[:, None]
    source, target, following = ((draws.integers(4, words, real.shape) * real).astype("int32") for _ in range(3))
    return Examples([source, target], following, lengths)


def reviews(count: int) -> Examples:
    """A review each of 20 to 200 words, and whether it is positive."""
    draws = np.random.default_rng(0)
    lengths = np.clip(draws.gamma(3, 60, count).astype("int32"), 20, 200)
    lengths[0] = 200
    x = draws.integers(1, 10_000, (count, 200)) * (np.arange(200) < lengths[:, None])
    return Examples(x.astype("int32"), draws.integers(0, 2, count).astype("float32"), lengths)


def windows(count: int) -> Examples:
    """64 characters and the 64 that follow one step later; all are real."""
    text = np.random.default_rng(0).integers(0, CHARACTERS, (count, 65)).astype("int32")
    return Examples(text[:, :-1].copy(), text[:, 1:].copy(), np.full(count, 64, "int32"))


def sentiment(library: ModuleType) -> Any:
    """Embedding(10000, 128), LSTM(64), one sigmoid unit: document 000, LSTM; document 003, Video 59-60."""
    import keras

    inputs = keras.Input((None,), dtype="int32")
    x = keras.layers.Embedding(10_000, 128, mask_zero=True)(inputs)
    return compiled(inputs, library.Dense(1)(library.LSTM(64)(x)), keras.losses.BinaryCrossentropy(from_logits=True))


def gru_translation(library: ModuleType) -> Any:
    """GRU(128) encoder and decoder with dot-product attention: document 003, Video 69-72."""
    import keras

    from layers import LuongAttention

    attention = keras.layers.Attention if library is keras.layers else LuongAttention
    source, target = (keras.Input((None,), dtype="int32") for _ in range(2))
    states, last = library.GRU(128, return_sequences=True, return_state=True)(embedded(source))
    decoded = library.GRU(128, return_sequences=True)(embedded(target), initial_state=last)
    context = attention()([decoded, states])
    x = library.Dense(128, activation="tanh")(keras.layers.Concatenate()([decoded, context]))
    return compiled([source, target], library.Dense(WORDS)(x))


def transformer_translation(library: ModuleType) -> Any:
    """Two encoder and two decoder layers of width 128 with 4 heads: document 003, Video 78-83, made small."""
    import keras

    from layers import SinusoidalPositionalEncoding

    source, target = (keras.Input((None,), dtype="int32") for _ in range(2))
    x, y = (SinusoidalPositionalEncoding()(embedded(one)) for one in (source, target))
    for _ in range(2):
        x = normed(library, x, library.MultiHeadAttention(4, 32)(x, x))
        x = normed(library, x, fed_forward(library, x, "relu"))
    for _ in range(2):
        y = normed(library, y, library.MultiHeadAttention(4, 32)(y, y, use_causal_mask=True))
        y = normed(library, y, library.MultiHeadAttention(4, 32)(y, x))
        y = normed(library, y, fed_forward(library, y, "relu"))
    return compiled([source, target], library.Dense(WORDS)(y))


def gpt(library: ModuleType) -> Any:
    """Four decoder layers of width 128 with 4 heads, normalised before each: document 003, Video 84, made small."""
    import keras

    from layers import SinusoidalPositionalEncoding

    inputs = keras.Input((64,), dtype="int32")
    x = SinusoidalPositionalEncoding()(keras.layers.Embedding(CHARACTERS, 128)(inputs))
    for _ in range(4):
        n = library.LayerNormalization(epsilon=1e-5)(x)
        x = x + library.MultiHeadAttention(4, 32)(n, n, use_causal_mask=True)
        x = x + fed_forward(library, library.LayerNormalization(epsilon=1e-5)(x), "gelu")
    return compiled(inputs, library.Dense(CHARACTERS)(library.LayerNormalization(epsilon=1e-5)(x)))


def embedded(tokens: Any) -> Any:
    """Vectors of 128 numbers; padding is masked."""
    import keras

    return keras.layers.Embedding(WORDS, 128, mask_zero=True)(tokens)


def normed(library: ModuleType, x: Any, of_x: Any) -> Any:
    """LayerNorm(x + Sublayer(x)); the layer Add keeps the mask, which a plus sign loses."""
    import keras

    return library.LayerNormalization(epsilon=1e-5)(keras.layers.Add()([x, of_x]))


def fed_forward(library: ModuleType, x: Any, activation: str) -> Any:
    """Two dense layers, 128 to 512 to 128."""
    return library.Dense(128)(library.Dense(512, activation=activation)(x))


def compiled(inputs: Any, outputs: Any, loss: Any = None) -> Any:
    """The model with Adam and cross-entropy, from logits."""
    import keras

    model = keras.Model(inputs, outputs)
    model.compile("adam", loss or keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    return model


SEQUENCES = {
    "sentiment_lstm": Sequences("IMDB network, LSTM(64)", sentiment, lambda: _torch("sentiment"), reviews, 1280, 64),
    "gpt": Sequences("GPT, 4 layers of 128, context 64", gpt, lambda: _torch("gpt"), windows, 1200, 12),
    "translation_gru": Sequences(
        "GRU(128) translation with attention", gru_translation, lambda: _torch("gru_translation"), sentences, 1280, 64
    ),
    "translation_transformer": Sequences(
        "Transformer translation, 2 + 2 layers of 128",
        transformer_translation,
        lambda: _torch("transformer_translation"),
        sentences,
        1280,
        64,
    ),
}
"""Quick ones first."""


def _torch(name: str) -> Any:
    from benchmarks import sequence_torch

    return getattr(sequence_torch, name)()
