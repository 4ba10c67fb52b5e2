"""One LSTM layer against three at equal parameters, on sentences that are built in levels.

Source: document 003, Video 68 (deep RNNs: each layer learns another level of abstraction). The sentences come from a random
hierarchy (Cagnetta et al. 2024): a class is written as a pair of symbols, each of these as a pair, and once more; every
symbol has four ways to be written, so that no word and no pair of neighbours alone gives the class away. The true symbols of
every level are known, so a linear read-out of each layer's states tells which level it has worked out.

Run: reproduce run deep_recurrent
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from reproductions.claims import Better, Claim, Measured, Within
from reproductions.figures import COLOURS, Picture
from reproductions.networks import Split, first_losses, train_networks
from reproductions.sequence_tasks import hierarchy

if TYPE_CHECKING:
    import keras

    from recipes.training import SeedRuns

TITLE = "Deep recurrent networks on sentences built in levels"
SUMMARY = (
    "The class of 8-word sentences of a random hierarchy by one LSTM layer of 50 units and by three of 24, which have as many "
    "parameters; and which level of the hierarchy each layer knows."
)
DATASETS = ()
IN_DEFAULT_SET = False
SEEDS, MAX_SEEDS = 10, 20
EXPECTED_SECONDS = 80.0
GOLDEN = "three"

SYMBOLS, LEVELS = 8, 3
GRAMMARS, POOL, OWN, TEST = 5, 6_000, 4_000, 2_000
"""Grammars that the seeds take in turns; sentences of each, those that a seed trains on, and those for its test."""


@dataclass(frozen=True)
class Config:
    """A stack of LSTM layers and how it is trained."""

    layers: int
    """LSTM layers, one on the other."""
    units: int
    """Units of each."""
    embedding: int = 16
    """Size of the words' vectors."""
    epochs: int = 20
    """Passes over a seed's sentences."""
    batch_size: int = 32
    """Sentences a step."""
    learning_rate: float = 0.003
    """Adam's step size."""
    clipnorm: float = 1.0
    """Largest gradient norm of each variable."""


VARIANTS = {"one": Config(1, 50), "three": Config(3, 24)}


def load_data(config: Config) -> Split:
    """Sentences of every grammar, one grammar after the other, and their classes."""
    levels = [
        [hierarchy(count, seed, grammar, LEVELS, SYMBOLS) for grammar in range(GRAMMARS)]
        for count, seed in ((POOL, 0), (TEST, 1))
    ]
    joined = [[np.concatenate(rows) for rows in zip(*part, strict=True)] for part in levels]
    (x_train, *_, y_train), (x_test, *_, y_test) = joined
    return Split(x_train, y_train[:, 0], x_test, y_test[:, 0])


def rows_of(seed: int) -> np.ndarray:
    """The sentences that a seed trains on, all of one grammar."""
    return seed % GRAMMARS * POOL + np.random.default_rng(seed).choice(POOL, OWN, replace=False)


def build_model(config: Config) -> keras.Model:
    """Embedding, LSTM layers, softmax over the classes."""
    import keras

    import layers

    lstms = [layers.LSTM(config.units, return_sequences=k + 1 < config.layers) for k in range(config.layers)]
    model = keras.Sequential(
        [
            keras.Input((2**LEVELS,), dtype="int32"),
            keras.layers.Embedding(SYMBOLS, config.embedding),
            *lstms,
            layers.Dense(SYMBOLS, activation="softmax"),
        ]
    )
    optimizer = keras.optimizers.Adam(config.learning_rate, clipnorm=config.clipnorm)
    model.compile(optimizer, "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def train(
    config: Config,
    data: Split,
    seeds: Sequence[int],
    checkpoint: Path | None = None,
    progress: Callable[[float], None] | None = None,
) -> SeedRuns:
    """Train one network a seed, each on its own sentences."""
    return train_networks(build_model, config, data, seeds, checkpoint, progress, rows=rows_of)


def states(config: Config, model: Any, x: np.ndarray) -> list[np.ndarray]:
    """Hidden states of every layer at every word, (sentences, words, units) each."""
    import keras

    import layers

    weights = [layer.get_weights() for layer in model.layers[1:-1]]
    words = keras.Input((2**LEVELS,), dtype="int32")
    copy, outputs = keras.layers.Embedding(SYMBOLS, config.embedding), []
    value = copy(words)
    lstms = [layers.LSTM(config.units, return_sequences=True) for _ in weights]
    for lstm in lstms:
        value = lstm(value)
        outputs.append(value)
    reader = keras.Model(words, outputs)
    copy.set_weights(model.layers[0].get_weights())
    for lstm, one in zip(lstms, weights, strict=True):
        lstm.set_weights(one)
    found = reader.predict_on_batch(x)
    return found if isinstance(found, list) else [found]


def read_out(features: np.ndarray, symbols: np.ndarray) -> float:
    """Accuracy of a linear read-out of symbols, least squares on the first half of the rows, on the second half."""
    half = len(features) // 2
    x = np.concatenate([features, np.ones((len(features), 1))], axis=1).astype("float64")
    targets = np.eye(SYMBOLS)[symbols]
    gram = x[:half].T @ x[:half] + 1e-3 * np.eye(x.shape[1])
    weights = np.linalg.solve(gram, x[:half].T @ targets[:half])
    return float(((x[half:] @ weights).argmax(axis=1) == symbols[half:]).mean())


def levels_known(config: Config, model: Any, seed: int) -> np.ndarray:
    """Read-out accuracy of each level's symbols, (layers, LEVELS), from the states at the last word that each one spans.

    The sentences are the seed's test sentences; of level 1 and 2 the last symbol is asked for.
    """
    sentence, *above = hierarchy(TEST, 1, seed % GRAMMARS, LEVELS, SYMBOLS)
    ends = [
        2**LEVELS // 2 - 1,
        2**LEVELS // 2 - 1,
        -1,
    ]  # the middle of the sentence ends a symbol of level 1 and of level 2
    places = [1, 0, 0]
    found = [
        [read_out(layer[:, end], symbols[:, place]) for end, place, symbols in zip(ends, places, above, strict=True)]
        for layer in states(config, model, sentence)
    ]
    return np.array(found)


def measure(config: Config, data: Split, runs: SeedRuns) -> Measured:
    """Accuracy and cross-entropy on the test sentences of the seed's grammar; what each layer's states tell."""
    p = runs.predict(data.x_test, batch_size=TEST).reshape(len(runs.seeds), GRAMMARS, TEST, SYMBOLS)
    grammars = [seed % GRAMMARS for seed in runs.seeds]
    p = p[np.arange(len(grammars)), grammars]  # (seeds, TEST, SYMBOLS)
    y = data.y_test.reshape(GRAMMARS, TEST)[grammars]
    of_class = np.take_along_axis(p, y[..., None], axis=-1)[..., 0]
    metrics = {
        "test_accuracy": (p.argmax(axis=-1) == y).mean(axis=1).tolist(),
        "test_loss": (-np.log(np.maximum(of_class, 1e-7))).mean(axis=1).tolist(),
        "train_accuracy": runs.curves["accuracy"][:, -1].tolist(),
        "train_loss": runs.curves["loss"][:, -1].tolist(),
    }
    known = np.array([levels_known(config, runs.load(seed), seed) for seed in runs.seeds])  # (seeds, layers, LEVELS)
    for layer in range(config.layers):
        for level in range(LEVELS):
            metrics[f"layer_{layer + 1}_level_{level + 1}"] = known[:, layer, level].tolist()
    ahead = known[:, -1] - known[:, 0]
    metrics["top_layer_ahead_on_class"] = ahead[:, -1].tolist()
    metrics["top_layer_ahead_on_class_over_pairs"] = (ahead[:, -1] - ahead[:, 0]).tolist()
    return Measured(metrics, {"loss": runs.curves["loss"], "accuracy": runs.curves["accuracy"]})


def trace(config: Config, data: Split) -> list[float]:
    """Golden trace: the first losses of seed 0."""
    return first_losses(build_model, config, data, rows_of)


LABELS = {
    "one": "one layer of 50\n13,400 weights",
    "three": "three layers of 24\n13,344 weights",
}
"""Variant names for the figures."""


def paint_levels(facts: Mapping[str, Any], variants: Mapping[str, Any]) -> Any:
    """Test accuracy by stack, one dot a seed; read-out accuracy by layer and level of the three-layer stack."""
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(1, 3, figsize=(12.4, 3.9), layout="constrained")
    axis = axes[0]
    for place, name in enumerate(VARIANTS):
        for offset, metric, colour in ((-0.15, "train_accuracy", COLOURS[4]), (0.15, "test_accuracy", COLOURS[1])):
            values = variants[name]["metrics"][metric]
            label = metric.replace("train_", "training ").replace("test_", "test ") if place == 0 else None
            axis.plot([place + offset] * len(values), values, "o", color=colour, alpha=0.6, markersize=4, label=label)
            axis.plot([place + offset - 0.1, place + offset + 0.1], [np.mean(values)] * 2, color=colour, linewidth=3)
    axis.axhline(1 / SYMBOLS, color="0.4", linestyle="--", linewidth=1, label="guessing")
    axis.set_xticks(range(len(VARIANTS)), [LABELS[name] for name in VARIANTS], fontsize=8)
    axis.set_ylim(0, 1.05)
    axis.set_ylabel("accuracy on the class")
    axis.legend(frameon=False, fontsize=8, loc="center", bbox_to_anchor=(0.5, 0.27))
    for axis, name in zip(axes[1:], ("one", "three"), strict=True):
        _paint_read_out(axis, variants[name]["summary"], VARIANTS[name].layers)
        axis.set_title(LABELS[name].split("\n")[0], fontsize=10)
    axes[1].set_ylabel("linear read-out accuracy")
    axes[1].legend(frameon=False, fontsize=9, loc="center right")  # where it has no second and third layer
    return figure


def _paint_read_out(axis: Any, summary: Mapping[str, Any], layers: int) -> None:
    names = ("level 1 (pairs of words)", "level 2 (half sentences)", "level 3 (the class)")
    for level, colour in zip(range(LEVELS), COLOURS, strict=False):
        values = [summary[f"layer_{layer + 1}_level_{level + 1}"]["mean"] for layer in range(layers)]
        places = np.arange(layers) + 0.26 * (level - 1)
        axis.bar(places, values, width=0.24, color=colour, label=names[level])
    axis.axhline(1 / SYMBOLS, color="0.4", linestyle="--", linewidth=1)
    axis.set_xticks(range(layers), [f"layer {layer + 1}" for layer in range(layers)])
    axis.set_xlim(-0.6, 2.6)
    axis.set_ylim(0, 1.05)


FIGURES = (
    Picture(
        "deep-recurrent",
        "LSTM stacks on sentences built in levels",
        "Left: accuracy, one dot a seed, bars are means. Middle and right: how much of each level a linear read-out finds in a "
        "layer's states; the dashed line is guessing.",
        facts=(),
        paint=paint_levels,
        variants=tuple(VARIANTS),
    ),
)

CLAIMS = (
    Claim(
        "rnn-deep-beats-single",
        "003",
        "Video 68",
        "Deep RNNs learn more abstract features and fit complex patterns better.",
        "comparison",
        "",
        f"The class of {2**LEVELS}-word sentences of a random hierarchy with {LEVELS} levels, {SYMBOLS} symbols a level and 4 "
        f"ways to write each; {OWN:,} sentences a seed, seeds in turn on {GRAMMARS} grammars. Embedding 16, one LSTM layer of 50 "
        "units (13,400 weights) or three of 24 (13,344), softmax; Adam 0.003, clipnorm 1, batches of 32, 20 epochs, Keras's "
        "other defaults. Fit better: test accuracy, and the training cross-entropy of the last epoch, both paired over seeds. "
        "More abstract: a linear read-out finds the class in the third layer's states better than in the first's (difference "
        "above 0), and better by more than it finds the lowest level's symbols.",
        (
            Better("test_accuracy", "three", "one"),
            Better("train_loss", "three", "one", higher_is_better=False),
            Within("three", "top_layer_ahead_on_class", low=0.0),
            Within("three", "top_layer_ahead_on_class_over_pairs", low=0.0),
        ),
        priority=3,
        remark="One half holds: a linear read-out gets the class right in 25% of the sentences from the first layer and in 60% "
        "from the third, and the pairs of words in 80% and 65%: levels of abstraction do form. But at equal size and after the "
        "same steps the single layer of 50 units has fitted more (training cross-entropy 0.29 against 0.66) and is no worse on "
        "new sentences (67% against 63%): its states come to hold all levels at once. The document's own stack, three layers "
        "of 64 in place of one, has nearly five times the weights.",
    ),
)
