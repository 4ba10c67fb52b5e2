"""Writing a sequence backwards: what a context vector holds, and what attention looks at.

Source: document 003, Videos 69-70 and 71-72. Sequences of 5 to 60 random digits can't be compressed, so that the accuracy
by length shows how much an encoder-decoder's one context vector carries over; and the right alignment is known: the i-th
digit written is the i-th from the end.

Run: reproduce run reversal
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from reproductions.claims import Better, Claim, Measured, Within
from reproductions.figures import COLOURS, Picture
from reproductions.sentence_pairs import first_losses, sequence_model, train_sequences, written

if TYPE_CHECKING:
    import keras

    from recipes.training import SeedRuns

TITLE = "Reversing digits: context vector and attention"
SUMMARY = "An encoder-decoder writes 5 to 60 digits backwards: accuracy by length, context size and attention, and alignments."
DATASETS = ()
IN_DEFAULT_SET = False
SEEDS, MAX_SEEDS = 5, 10
EXPECTED_SECONDS = 240.0
GOLDEN = "context_32"

SYMBOLS = 4 + 10
"""Special tokens and digits."""
LENGTHS = (5, 10, 15, 20, 25, 30, 40, 50, 60)
"""Lengths of the test sequences."""
SHORT, LONG = (5, 10), (40, 50, 60)
TEST = 60
"""Test sequences of each length."""
SHOWN = 20
"""Length of the sequences whose alignment is measured."""


@dataclass(frozen=True)
class Sequences:
    """Digits and the same backwards.

    Args:
        x_train: digits (rows, 60) and the decoder's inputs (rows, 61).
        y_train: the decoder's targets (rows, 61), padded behind.
        lengths: positions that each row needs.
        test: by length, digits (60, length).
    """

    x_train: tuple[np.ndarray, np.ndarray]
    y_train: np.ndarray
    lengths: np.ndarray
    test: dict[int, np.ndarray]


@dataclass(frozen=True)
class Config:
    """The network and how it is trained."""

    units: int = 128
    """Width of encoder and decoder: the size of the context vector."""
    attention: str = ""
    """Empty or `luong`, whose weights come from a bilinear form of the two states here (widths 32 and 64)."""
    embedding_dim: int = 32
    """Width of the vectors that stand for digits."""
    bidirectional: bool = True
    """Read the digits in both directions, as the attention papers do; the context vector is made of both ends."""
    sequences: int = 19_200
    """Training sequences."""
    longest: int = 60
    """Digits of the longest of them."""
    epochs: int = 5
    """Passes over the training sequences."""
    batch_size: int = 64
    """Sequences a step."""
    learning_rate: float = 0.003
    """Adam's step size."""


VARIANTS = {
    "context_32": Config(32),
    "context_128": Config(128),
    "attention_32": Config(32, "luong"),
}
SIZES = {"paper": {"sequences": 640_000, "learning_rate": 0.001}}


def backwards(digits: np.ndarray, lengths: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The decoder's inputs and targets, (rows, T + 1): the digits from the last to the first, then the end."""
    from recipes.text import END, START

    rows, longest = digits.shape
    inputs, targets = np.zeros((2, rows, longest + 1), "int32")
    inputs[:, 0] = START
    for row, length in enumerate(lengths):
        turned = digits[row, :length][::-1]
        inputs[row, 1 : length + 1], targets[row, :length], targets[row, length] = turned, turned, END
    return inputs, targets


def load_data(config: Config) -> Sequences:
    """Training sequences of every length from 5 on, equally often, and 60 test sequences of each tested length."""
    rng = np.random.default_rng(0)
    lengths = rng.integers(5, config.longest + 1, config.sequences)
    digits = rng.integers(4, SYMBOLS, (config.sequences, config.longest)).astype("int32")
    digits[np.arange(config.longest) >= lengths[:, None]] = 0
    inputs, targets = backwards(digits, lengths)
    test = {length: rng.integers(4, SYMBOLS, (TEST, length)).astype("int32") for length in LENGTHS}
    return Sequences((digits, inputs), targets, lengths + 1, test)


def build_model(config: Config) -> keras.Model:
    """The encoder-decoder."""
    return sequence_model((SYMBOLS, SYMBOLS), config)


def train(
    config: Config,
    data: Sequences,
    seeds: Sequence[int],
    checkpoint: Path | None = None,
    progress: Callable[[float], None] | None = None,
) -> SeedRuns:
    """Train one network a seed with teacher forcing."""
    return train_sequences(build_model, config, data, seeds, checkpoint, progress)


def alignment(model: keras.Model, digits: np.ndarray) -> np.ndarray:
    """Attention weights (rows, length, length) while the right digits are written backwards."""
    inputs, _ = backwards(digits, np.full(len(digits), digits.shape[1]))
    _, weights = model((digits, inputs), return_attention_scores=True)
    return np.asarray(weights)[:, : digits.shape[1]]


def accuracy_by_length(model: keras.Model, test: Mapping[int, np.ndarray]) -> dict[int, float]:
    """Share of the digits that stand where they should, written greedily; all lengths in one batch, padded."""
    longest = max(test)
    padded = np.concatenate([np.pad(digits, ((0, 0), (0, longest - length))) for length, digits in test.items()])
    rows = np.split(written(model, padded, longest + 1, batch_size=len(padded)), len(test))
    return {
        length: float((row[:, :length] == digits[:, ::-1]).mean())
        for row, (length, digits) in zip(rows, test.items(), strict=True)
    }


def measure(config: Config, data: Sequences, runs: SeedRuns) -> Measured:
    """Share of digits that stand where they should, by length; with attention, how far the alignment is anti-diagonal."""
    metrics: dict[str, list[float]] = {"train_loss": runs.curves["loss"][:, -1].tolist()}

    def add(name: str, value: Any) -> None:
        metrics.setdefault(name, []).append(float(value))

    for seed in runs.seeds:
        model = runs.load(seed)
        accuracy = accuracy_by_length(model, data.test)
        for length, value in accuracy.items():
            add(f"accuracy_{length}", value)
        add("accuracy_short", np.mean([accuracy[length] for length in SHORT]))
        add("accuracy_long", np.mean([accuracy[length] for length in LONG]))
        add("accuracy_lost", metrics["accuracy_short"][-1] - metrics["accuracy_long"][-1])
        if config.attention:
            weights = alignment(model, data.test[SHOWN])
            expected = np.arange(SHOWN)[::-1]
            add("weight_on_the_right_digit", weights[:, np.arange(SHOWN), expected].mean())
            add("most_weight_on_the_right_digit", (weights.argmax(axis=2) == expected).mean())
    curves = dict(runs.curves)
    if config.attention:
        maps = np.stack([alignment(runs.load(seed), data.test[SHOWN][:1])[0] for seed in runs.seeds])
        curves |= {f"weights_of_digit_{place + 1}": maps[:, place] for place in range(SHOWN)}  # (seeds, digits read)
    return Measured(metrics, curves)


def trace(config: Config, data: Sequences) -> list[float]:
    """Golden trace: the first losses of seed 0."""
    return first_losses(build_model, config, data)


LABELS = {
    "context_32": "one context vector, 32 units",
    "context_128": "one context vector, 128 units",
    "attention_32": "Luong's attention, 32 units",
}


def paint_lengths(facts: Mapping[str, Any], variants: Mapping[str, Any]) -> Any:
    """Accuracy over length: every seed a thin line, the mean a thick one."""
    import matplotlib.pyplot as plt

    drawn, axis = plt.subplots(figsize=(7.2, 4.2), layout="constrained")
    for colour, (name, label) in zip(COLOURS, LABELS.items(), strict=False):
        rows = np.array([variants[name]["metrics"][f"accuracy_{length}"] for length in LENGTHS], dtype=float)
        axis.plot(LENGTHS, 100 * rows, color=colour, linewidth=0.8, alpha=0.4)
        axis.plot(LENGTHS, 100 * rows.mean(axis=1), "o-", color=colour, linewidth=2.2, label=label)
    axis.axhline(10, color="0.4", linestyle="--", linewidth=1)
    axis.text(LENGTHS[0], 6, "guessing", fontsize=8)
    axis.set(xlabel="digits to write backwards", ylabel="digits that are right (%)", ylim=(0, 102), xticks=LENGTHS)
    axis.grid(alpha=0.25)
    axis.legend(frameon=False, loc="center right")
    return drawn


def paint_alignment(facts: Mapping[str, Any], variants: Mapping[str, Any]) -> Any:
    """Attention weights of a test sequence, mean over the seeds, beside where they should be."""
    import matplotlib.pyplot as plt

    curves = variants["attention_32"]["curves"]
    mean = np.array([curves[f"weights_of_digit_{place + 1}"]["mean"] for place in range(SHOWN)])
    drawn, axes = plt.subplots(1, 2, figsize=(9.0, 4.2), layout="constrained", sharey=True)
    panels = (("learned, mean of the seeds", mean), ("right: the i-th from the end", np.eye(SHOWN)[::-1]))
    for axis, (title, weights) in zip(axes, panels, strict=True):
        image = axis.imshow(weights, cmap="Blues", vmin=0, vmax=1, extent=(0.5, SHOWN + 0.5, SHOWN + 0.5, 0.5))
        axis.set_title(title, fontsize=10)
        axis.set(xlabel="place of the digit read", xticks=(1, 5, 10, 15, 20), yticks=(1, 5, 10, 15, 20))
    axes[0].set_ylabel("place of the digit written")
    drawn.colorbar(image, ax=axes, label="attention weight", shrink=0.8)
    return drawn


FIGURES = (
    Picture(
        "reversal-lengths",
        "Digits written backwards: accuracy by length (thin: one seed, thick: mean)",
        "A context vector carries a number of digits that grows with its size; attention looks each digit up.",
        facts=(),
        variants=tuple(VARIANTS),
        paint=paint_lengths,
    ),
    Picture(
        "reversal-alignment",
        "Where attention looks while 20 digits are written backwards",
        "Nothing but the digits to write was trained; the anti-diagonal was found.",
        facts=(),
        variants=("attention_32",),
        paint=paint_alignment,
    ),
)

_SETUP = (
    "19,200 sequences of 5 to 60 random digits, each length equally often, to be written backwards; GRU encoder (both "
    "directions) and decoder, vectors of width 32, teacher forcing, Adam 0.003 with gradient norm at most 1, 5 epochs, batches "
    "of 64. 60 new sequences of each of nine lengths, written greedily: share of digits in the right place. "
)

CLAIMS = (
    Claim(
        "seq2seq-bottleneck",
        "003",
        "Video 69-70",
        "Compressing a whole sentence into one context vector loses information when the sentence is long.",
        "comparison",
        "information loss for long sentences",
        f"{_SETUP}Long: the mean over 40, 50 and 60 digits; short: over 5 and 10. Reproduced if contexts of 32 and of 128 "
        "numbers lose at least 10 points (this project's bound) from short to long, and if, by seed, 128 numbers hold more of "
        "the long ones than 32, and Luong's attention (general) with 32 units more than 32 and 128 numbers without.",
        (
            Within("context_32", "accuracy_lost", low=0.1),
            Within("context_128", "accuracy_lost", low=0.1),
            Better("accuracy_long", "context_128", "context_32"),
            Better("accuracy_long", "attention_32", "context_32"),
            Better("accuracy_long", "attention_32", "context_128"),
        ),
        priority=2,
    ),
    Claim(
        "attention-interpretable",
        "003",
        "Video 71-72",
        "Attention weights show which input words the model focuses on.",
        "behaviour",
        "shows the input words in focus",
        f"{_SETUP}Luong's attention (general) with 32 units, 60 test sequences of 20 digits: the digit with the most weight must "
        "be the one that is being written, the i-th from the end, for at least 90% of the digits written, and hold at least "
        "half of the weight (bounds of this project).",
        (
            Within("attention_32", "most_weight_on_the_right_digit", low=0.9),
            Within("attention_32", "weight_on_the_right_digit", low=0.5),
        ),
        priority=2,
    ),
)
