"""Film reviews read word by word: is the writer pleased? SimpleRNN, LSTM, GRU, stacked and bidirectional LSTM.

Sources: document 000, LSTM and GRU (the two printed models for sentiment); document 003, Videos 59-62 ("I love this movie",
many-to-one), 67 (GRU against LSTM) and 68 (stacked, bidirectional). IMDB, all 25,000 training reviews, numbered as Keras
does; of each review the start mark and the first 99 words, to keep the time down.

Takes about ten minutes on two CPU cores, so it is not part of the default set.

Run: reproduce run imdb_sentiment
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from reproductions.claims import Better, Claim, Measured, Sampled, Within
from reproductions.figures import COLOURS, Picture, Spread
from reproductions.networks import Split, first_losses, train_networks
from reproductions.recurrent_speed import ENGINES, step_seconds
from reproductions.scores import binary_cross_entropy
from reproductions.worked import log10_ratio

if TYPE_CHECKING:
    import keras

    from recipes.training import SeedRuns

TITLE = "Sentiment of film reviews by five recurrent networks"
SUMMARY = (
    "Embedding(10000, 128), a recurrent layer of 64 units and a sigmoid on IMDB; the probability after every word of "
    "'I love this movie', GRU against LSTM in accuracy and time."
)
DATASETS = ("imdb", "imdb_word_index")
IN_DEFAULT_SET = False
TIMES = True
SEEDS, MAX_SEEDS = 5, 10
EXPECTED_SECONDS = 600.0
GOLDEN = "rnn"

FREQUENT = 10_000
"""Word numbers that the documented Embedding knows; rarer words share the number of the unknown word."""
START, UNKNOWN, OFFSET = 1, 2, 3
"""Keras's numbering of the reviews: the mark in front, a rare word, and what is added to a word's rank."""
TEST, TRAIN_SHOWN = 10_000, 5_000
"""Test reviews, and training reviews whose accuracy is measured after training; both drawn once."""
ALLOWANCE = 0.02
"""Difference in test accuracy that still counts as similar."""

SENTENCES = (
    "I love this movie",
    "I hate this movie",
    "this movie is not good",
    "the worst film I have ever seen",
)
"""The documented sentence, and three others for the figure."""


@dataclass(frozen=True)
class Config:
    """The network and how it is trained."""

    network: Literal["rnn", "lstm", "gru", "stacked_lstm", "bidirectional_lstm"]
    """The recurrent part."""
    units: int = 64
    """Units of each recurrent layer."""
    words: int = 100
    """Numbers read of each review: the start mark and its first words; 256 at most."""
    epochs: int = 2
    """Passes over the training reviews."""
    batch_size: int = 128
    """Reviews a step."""
    learning_rate: float = 0.001
    """Adam's step size; Keras's default."""


VARIANTS = {
    "rnn": Config("rnn", epochs=4),
    "lstm": Config("lstm"),
    "gru": Config("gru"),
    "stacked_lstm": Config("stacked_lstm"),
    "bidirectional_lstm": Config("bidirectional_lstm"),
}
SIZES = {"paper": {"words": 256, "epochs": 10}}


@dataclass(frozen=True)
class Reviews(Split):
    """The reviews, and the documented sentence in the same numbers."""

    prefixes: np.ndarray
    """Every sentence of `SENTENCES` up to its first, second, ... word: int32, shape (prefixes, words)."""


def load_data(config: Config) -> Reviews:
    """All training reviews and 10,000 test reviews, the first words of each, zeros behind their end."""
    from recipes.datasets import imdb_word_index, load_arrays

    (x_train, y_train), (x_test, y_test) = load_arrays("imdb")
    chosen = np.random.default_rng(0).permutation(len(x_test))[:TEST]  # the file is sorted by sentiment
    ranks = imdb_word_index()
    return Reviews(
        numbered(x_train, config.words),
        y_train.astype("float32"),
        numbered(x_test[chosen], config.words),
        y_test[chosen].astype("float32"),
        numbered(np.concatenate([prefixes(sentence, ranks, config.words) for sentence in SENTENCES]), config.words),
    )


def numbered(ranks: np.ndarray, words: int) -> np.ndarray:
    """Word numbers as `keras.datasets.imdb.load_data(num_words=10000)` makes them of ranks, zeros behind the end.

    A rank gets 3 added, a number from 10,000 on becomes 2 (unknown), and 1 stands in front.

    Args:
        ranks: 1 for the most frequent word, 0 behind the end, shape (reviews, at least words - 1).
        words: numbers to keep of each review.
    """
    found = np.where(ranks > 0, ranks + OFFSET, 0)[:, : words - 1]
    found = np.where(found < FREQUENT, found, UNKNOWN)
    return np.insert(found, 0, START, axis=1).astype("int32")


def prefixes(sentence: str, ranks: Mapping[str, int], words: int) -> np.ndarray:
    """Ranks of the sentence up to its first, second, ... last word, shape (its words, words); rare where unknown."""
    row = [ranks.get(word, FREQUENT) for word in sentence.lower().split()]
    return np.array([row[:length] + [0] * (words - length) for length in range(1, len(row) + 1)])


def build_model(config: Config) -> keras.Model:
    """Embedding, recurrent part, sigmoid: many-to-one. Zeros behind a review's end are masked, so never read."""
    import keras

    model = keras.Sequential(
        [
            keras.Input((config.words,), dtype="int32"),
            keras.layers.Embedding(FREQUENT, 128, mask_zero=True),
            *recurrent_part(config),
            keras.layers.Dense(1, activation="sigmoid"),
        ]
    )
    model.compile(keras.optimizers.Adam(config.learning_rate), "binary_crossentropy", metrics=["accuracy"])
    return model


def recurrent_part(config: Config) -> list[Any]:
    """The layers between embedding and output; the last one gives its final hidden state alone."""
    from layers import GRU, LSTM, Bidirectional, SimpleRNN

    if config.network == "stacked_lstm":
        return [LSTM(config.units, return_sequences=True), LSTM(config.units)]
    if config.network == "bidirectional_lstm":
        return [Bidirectional(LSTM(config.units))]
    return [{"rnn": SimpleRNN, "lstm": LSTM, "gru": GRU}[config.network](config.units)]


def train(
    config: Config,
    data: Split,
    seeds: Sequence[int],
    checkpoint: Path | None = None,
    progress: Callable[[float], None] | None = None,
) -> SeedRuns:
    """Train one network a seed."""
    return train_networks(build_model, config, data, seeds, checkpoint, progress)


def measure(config: Config, data: Reviews, runs: SeedRuns) -> Measured:
    """Accuracies after training, their gap, and the probability after each word of the sentences."""
    shown = np.random.default_rng(1).permutation(len(data.x_train))[:TRAIN_SHOWN]
    parts = [data.x_train[shown], data.x_test, data.prefixes]
    chunk = 1_000
    empty = np.zeros((-sum(len(part) for part in parts) % chunk, config.words), "int32")
    p = runs.predict(np.concatenate([*parts, empty]), batch_size=chunk)[..., 0]  # one program for chunks of one size
    of_train, of_test, of_prefixes, _ = np.split(p, np.cumsum([len(part) for part in parts]), axis=1)
    train_accuracy = ((of_train > 0.5) == data.y_train[shown]).mean(axis=1)
    test_accuracy = ((of_test > 0.5) == data.y_test).mean(axis=1)
    ends = np.cumsum([len(sentence.split()) for sentence in SENTENCES])
    by_sentence = np.split(of_prefixes, ends[:-1], axis=1)  # each (seeds, words)
    metrics = {
        "test_accuracy": test_accuracy,
        "train_accuracy": train_accuracy,
        "accuracy_gap": train_accuracy - test_accuracy,
        "test_loss": binary_cross_entropy(data.y_test, of_test),
        "sentence_probability": by_sentence[0][:, -1],
        "sentence_is_positive": (by_sentence[0][:, -1] > 0.5).astype(float),
        "accuracy_with_allowance_for_gru": test_accuracy + ALLOWANCE * (config.network == "gru"),
        "accuracy_with_allowance_for_lstm": test_accuracy + ALLOWANCE * (config.network == "lstm"),
    }
    curves = dict(zip(SENTENCES, by_sentence, strict=True))
    return Measured({name: values.tolist() for name, values in metrics.items()}, runs.curves | curves)


def trace(config: Config, data: Split) -> list[float]:
    """Golden trace: the first losses of seed 0."""
    return first_losses(build_model, config, data)


def examine() -> dict[str, Any]:
    """Seconds of a training step of the documented LSTM and GRU, taking turns; both ways of training."""
    found: dict[str, Any] = {}
    for engine in ENGINES:
        seconds = step_seconds(("lstm_64", "gru_64"), words=100, batch_size=128, engine=engine, repeats=20)
        found[f"log10_{engine}_gru_over_lstm"] = [
            round(ratio, 3) for ratio in log10_ratio(seconds["gru_64"], seconds["lstm_64"])
        ]
        found[f"{engine}_milliseconds"] = {name: round(1e3 * float(np.median(v)), 2) for name, v in seconds.items()}
    return found


NAMES = {
    "rnn": "SimpleRNN",
    "lstm": "LSTM",
    "gru": "GRU",
    "stacked_lstm": "two LSTMs",
    "bidirectional_lstm": "bidirectional LSTM",
}


def paint_sentences(variants: Mapping[str, Any]) -> Any:
    """The probability of a positive review after each word, one panel a sentence."""
    import matplotlib.pyplot as plt

    drawn, axes = plt.subplots(2, 2, figsize=(9.6, 6.2), layout="constrained", sharey=True)
    for axis, sentence in zip(axes.flat, SENTENCES, strict=True):
        words = sentence.split()
        axis.axhline(0.5, color="0.35", linewidth=1)
        for (name, label), colour in zip(NAMES.items(), COLOURS, strict=False):
            curve = variants[name]["curves"][sentence]
            axis.plot(curve["epoch"], curve["mean"], "-o", color=colour, markersize=4, label=label)
            axis.fill_between(curve["epoch"], curve["low"], curve["high"], color=colour, alpha=0.1, linewidth=0)
        axis.set_xticks(range(1, len(words) + 1), words)
        axis.set_ylim(0, 1)
        axis.grid(alpha=0.25)
    for axis in axes[:, 0]:
        axis.set_ylabel("probability of a positive review")
    for axis in axes[1]:
        axis.set_xlabel("words read so far")
    drawn.legend(
        *axes[0][0].get_legend_handles_labels(), loc="outside lower center", ncols=5, frameon=False, fontsize=9
    )
    return drawn


def paint_gru_and_lstm(facts: Mapping[str, Any], variants: Mapping[str, Any]) -> Any:
    """Accuracy difference, seed by seed, and time ratio, repeat by repeat."""
    import matplotlib.pyplot as plt

    drawn, (left, right) = plt.subplots(1, 2, figsize=(9.6, 2.9), layout="constrained")
    accuracy = {name: np.array(variants[name]["metrics"]["test_accuracy"]) for name in ("gru", "lstm")}
    pairs = min(len(values) for values in accuracy.values())
    difference = 100 * (accuracy["gru"][:pairs] - accuracy["lstm"][:pairs])
    left.axvspan(-100 * ALLOWANCE, 100 * ALLOWANCE, facecolor="0.9", edgecolor="0.55", label="counts as similar")
    left.plot(difference, np.linspace(-0.15, 0.15, pairs), "o", color=COLOURS[0], alpha=0.6, label="one seed")
    left.plot(difference.mean(), 0, "D", color=COLOURS[1], markersize=8, label="mean")
    left.set_xlim(-150 * ALLOWANCE, 150 * ALLOWANCE)
    left.set_ylim(-0.6, 0.6)
    left.set_yticks([])
    left.set_xlabel("test accuracy, GRU minus LSTM, points")
    left.legend(frameon=False, fontsize=8, ncols=3, loc="upper center")
    right.axvline(1, color="0.35", linewidth=1.2)
    for place, engine in enumerate(ENGINES):
        ratios = 10.0 ** np.array(facts[f"log10_{engine}_gru_over_lstm"])
        right.plot(ratios, place + np.linspace(-0.15, 0.15, len(ratios)), "o", color=COLOURS[0], alpha=0.6)
        right.plot(10 ** np.log10(ratios).mean(), place, "D", color=COLOURS[1], markersize=8)
    right.set_ylim(-0.6, 1.6)
    right.set_yticks(range(2), ["compiled trainer", "Keras,\ntrain_on_batch"])
    right.set_xlabel("time of a training step, GRU / LSTM")
    for axis in (left, right):
        axis.grid(axis="x", alpha=0.25)
    return drawn


FIGURES = (
    Picture(
        "imdb-sentences",
        "Four sentences word by word: how sure is each network that the writer is pleased?",
        "Mean over seeds, band from the 10th to the 90th percentile. The networks have read 100 words of each review in "
        "training and decide at the end; here they decide after each word.",
        facts=(),
        paint=lambda facts, variants: paint_sentences(variants),
        variants=tuple(VARIANTS),
    ),
    Spread(
        "imdb-accuracy",
        "IMDB, first 99 words: test accuracy",
        "SimpleRNN after four epochs, the others after two.",
        metric="test_accuracy",
        variants=tuple(VARIANTS),
        labels=NAMES,
    ),
    Picture(
        "imdb-gru-and-lstm",
        "GRU(64) against LSTM(64) on IMDB: accuracy and time",
        "Left: paired by seed. Right: 128 reviews of 100 words, interleaved repeats; below 1 the GRU is faster.",
        facts=tuple(f"log10_{engine}_gru_over_lstm" for engine in ENGINES),
        paint=paint_gru_and_lstm,
        variants=("gru", "lstm"),
    ),
)

_SETUP = (
    "IMDB, all 25,000 training reviews, word numbers as Keras's load_data(num_words=10000) gives them, the start mark and the "
    "first 99 words, zeros behind a shorter review masked. Embedding(10000, 128), one recurrent layer of 64 units, Dense(1, "
    "sigmoid); Adam 0.001, batches of 128, no dropout; 10,000 test reviews."
)
_GRU = (
    f"{_SETUP} 2 epochs each. Time: a training step of 128 reviews of 100 words, GRU and LSTM taking turns, 20 repeats, in "
    "this project's compiled trainer with its layers and in Keras's train_on_batch with Keras's layers; log10 of the GRU's "
    "time over the LSTM's must be below 0 in both."
)
_FASTER = tuple(Sampled(f"log10_{engine}_gru_over_lstm", high=0.0, documented="faster") for engine in ENGINES)
_KERAS_IS_SLOWER = (
    "81.5% against 81.6%. The GRU is 12% faster in the compiled trainer, but 6% slower in Keras's train_on_batch, which runs on "
    "a CPU without XLA. There the number of operations tells, not the quarter of the multiplications saved: in the graph, a "
    "step of Keras's GRU (with two biases) has 76 operations forward and 130 backward, one of its LSTM 63 and 110."
)

CLAIMS = (
    Claim(
        "rnn-sentiment-example",
        "003",
        "Video 59-60",
        "Reading 'I love this movie' word by word, the final hidden state feeds a Dense sigmoid that yields positive or "
        "negative.",
        "metric",
        "Positive/Negative",
        f"{_SETUP} SimpleRNN, 4 epochs, as it learns more slowly. Reproduced if the mean test accuracy is clearly above chance "
        "(0.6 at least) and the mean probability for the sentence, encoded like a review of four words, is above 0.5: "
        "Videos 61-62 answer Positive for it.",
        (
            Within("rnn", "test_accuracy", low=0.6),
            Within("rnn", "sentence_probability", low=0.5),
        ),
        data="imdb",
        remark="The network learns (75.8% of the test reviews right, 99.4% of the training reviews), but five of ten seeds say "
        "negative to this sentence. The mean probability is 0.47, against 0.21 for 'I hate this movie'; after 'I love this' it "
        "is 0.73, so the word 'movie' alone turns it. Hardly any review that it has read ends after four words. LSTM, GRU, two "
        "LSTMs and the bidirectional LSTM say positive in all five seeds (means 0.59 to 0.67).",
    ),
    Claim(
        "gru-faster-than-lstm-000",
        "000",
        "GRU",
        "A GRU trains faster than an LSTM of the same width while remaining good.",
        "comparison",
        "faster; still powerful",
        f"{_GRU} Good: a test accuracy at most 2 points below the LSTM's.",
        (Better("accuracy_with_allowance_for_gru", "gru", "lstm"), *_FASTER),
        data="imdb",
        priority=2,
        remark=_KERAS_IS_SLOWER,
    ),
    Claim(
        "gru-similar-performance",
        "003",
        "Video 67",
        "GRU and LSTM perform similarly while the GRU trains faster.",
        "comparison",
        "similar",
        f"{_GRU} Similar: test accuracies less than 2 points apart, either way.",
        (
            Better("accuracy_with_allowance_for_gru", "gru", "lstm"),
            Better("accuracy_with_allowance_for_lstm", "lstm", "gru"),
            *_FASTER,
        ),
        data="imdb",
        priority=2,
        remark=_KERAS_IS_SLOWER,
    ),
)
