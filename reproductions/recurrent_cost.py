"""What a vanilla recurrent layer costs beside GRU and LSTM, and whether it is enough for short sequences.

Source: document 000, Recurrent Neural Networks (the table "How to Choose RNN Type": vanilla RNN for short sequences, simple
and fast). Parameters and the time of a training step at one width, the layers taking turns; then each learns to give back
the first of five symbols.

Run: reproduce run recurrent_cost
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from reproductions.claims import Claim, Equals, Measured, Sampled, Within
from reproductions.figures import COLOURS, Picture
from reproductions.networks import Split, first_losses, train_networks
from reproductions.sequence_tasks import SYMBOLS, recall
from reproductions.timings import interleaved
from reproductions.worked import both, log10_ratio

if TYPE_CHECKING:
    import keras

    from recipes.training import SeedRuns

TITLE = "Cost of SimpleRNN, GRU and LSTM"
SUMMARY = "Parameters, seconds of a training step on 5 and on 100 symbols, and accuracy on sequences of 5, at 64 units."
DATASETS = ()
IN_DEFAULT_SET = False
TIMES = True
SEEDS, MAX_SEEDS = 20, 40
EXPECTED_SECONDS = 75.0
GOLDEN = "rnn"

CELLS = {"rnn": "SimpleRNN", "gru": "GRU", "lstm": "LSTM"}
TIMED_LENGTHS = (5, 100)
REPEATS, BEST_OF, STEPS_A_CALL = 20, 3, 10
POOL, OWN, TEST = 20_000, 4_800, 2_000
LEARNED = 1 / SYMBOLS + 0.9 * (1 - 1 / SYMBOLS)
"""Accuracy 90% of the way from guessing to perfect."""


@dataclass(frozen=True)
class Config:
    """A recurrent classifier and how it is trained."""

    cell: str
    """Recurrent layer, a name of `layers`."""
    length: int = 5
    """Symbols of a sequence."""
    units: int = 64
    """Units of the layer, the documents' number."""
    embedding: int = 16
    """Size of the symbols' vectors."""
    epochs: int = 10
    """Passes over a seed's sequences."""
    batch_size: int = 64
    """Sequences a step."""
    learning_rate: float = 0.003
    """Adam's step size."""
    clipnorm: float = 1.0
    """Largest gradient norm of each variable."""


VARIANTS = {name: Config(cell) for name, cell in CELLS.items()}


def load_data(config: Config) -> Split:
    """Sequences to recall the first symbol of, and others for the test."""
    return Split(*recall(POOL, config.length, seed=0), *recall(TEST, config.length, seed=1))


def rows_of(seed: int) -> np.ndarray:
    """The sequences that a seed trains on."""
    return np.random.default_rng(seed).choice(POOL, OWN, replace=False)


def build_model(config: Config) -> keras.Model:
    """Embedding, recurrent layer, softmax over the symbols."""
    import keras

    import layers

    model = keras.Sequential(
        [
            keras.Input((config.length,), dtype="int32"),
            keras.layers.Embedding(SYMBOLS, config.embedding),
            getattr(layers, config.cell)(config.units),
            layers.Dense(SYMBOLS, activation="softmax"),
        ]
    )
    model.compile(
        keras.optimizers.Adam(config.learning_rate, clipnorm=config.clipnorm), "sparse_categorical_crossentropy"
    )
    return model


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
    """Accuracy on the test sequences."""
    p = runs.predict(data.x_test, batch_size=TEST)  # (seeds, sequences, SYMBOLS)
    accuracy = (p.argmax(axis=-1) == data.y_test).mean(axis=1)
    return Measured({"test_accuracy": accuracy.tolist()}, {"loss": runs.curves["loss"]})


def trace(config: Config, data: Split) -> list[float]:
    """Golden trace: the first losses of seed 0."""
    return first_losses(build_model, config, data, rows_of)


def training_steps(config: Config) -> Callable[[], Any]:
    """A call that makes ten training steps of a new network on one batch, compiled by XLA as the trainer compiles them."""
    import keras
    import tensorflow as tf

    keras.utils.set_random_seed(0)
    model = build_model(config)
    model.optimizer.build(model.trainable_variables)
    x, y = (tf.constant(part) for part in recall(config.batch_size, config.length, seed=2))

    def step(k: Any) -> Any:
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(keras.losses.sparse_categorical_crossentropy(y, model(x, training=True)))
        variables = model.trainable_variables
        model.optimizer.apply(tape.gradient(loss, [variable.value for variable in variables]), variables)
        return k + 1

    @tf.function(jit_compile=True, autograph=False)
    def steps() -> Any:
        return tf.while_loop(lambda k: k < STEPS_A_CALL, step, (tf.constant(0),), parallel_iterations=1)

    def call() -> None:
        steps()[0].numpy()

    return call


def parameters() -> list[int]:
    """Weights of the three recurrent layers at 64 units and 16 inputs."""

    def counted(library: Any) -> list[int]:
        found = []
        for cell in CELLS.values():
            layer = getattr(library, cell)(64)
            layer.build((None, None, 16))
            found.append(layer.count_params())
        return found

    return list(both(counted))


def examine() -> dict[str, Any]:
    """Parameters, and seconds of a training step by layer and length, the layers taking turns."""
    facts: dict[str, Any] = {"parameters_of_rnn_gru_lstm": parameters(), "milliseconds_of_a_training_step": {}}
    for length in TIMED_LENGTHS:
        works = {name: training_steps(Config(cell, length)) for name, cell in CELLS.items()}
        times = interleaved(works, REPEATS, BEST_OF)
        facts["milliseconds_of_a_training_step"][str(length)] = {
            name: round(1000 * float(np.median(found)) / STEPS_A_CALL, 3) for name, found in times.items()
        }
        for other in ("gru", "lstm"):
            ratio = log10_ratio(times["rnn"], times[other])
            facts[f"log10_time_of_rnn_over_{other}_on_{length}_symbols"] = [round(value, 4) for value in ratio]
    return facts


def paint_cost(facts: Mapping[str, Any], variants: Mapping[str, Any]) -> Any:
    """Bars of parameters and of step times, and the loss on five symbols by step."""
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(1, 4, figsize=(12, 3.4), layout="constrained")
    names, colours = list(CELLS.values()), COLOURS[:3]
    bars = [facts["parameters_of_rnn_gru_lstm"]]
    bars += [list(facts["milliseconds_of_a_training_step"][str(length)].values()) for length in TIMED_LENGTHS]
    titles = ("parameters", *(f"training step on {length} symbols" for length in TIMED_LENGTHS))
    units = ("weights", "milliseconds", "milliseconds")
    for axis, title, unit, values in zip(axes, titles, units, bars, strict=False):
        drawn = axis.bar(names, values, color=colours)
        axis.bar_label(drawn, fmt="{:,.0f}" if unit == "weights" else "{:.2g}", fontsize=9)
        axis.set_title(title, fontsize=10)
        axis.set_ylabel(unit)
        axis.margins(y=0.12)
    axis = axes[3]
    for name, cell, colour in zip(CELLS, names, colours, strict=True):
        curve, accuracy = variants[name]["curves"]["loss"], variants[name]["metrics"]["test_accuracy"]
        steps = OWN // VARIANTS[name].batch_size * np.asarray(curve["epoch"])
        axis.plot(steps, curve["mean"], color=colour, label=f"{cell}: {np.mean(accuracy):.1%} right")
        axis.fill_between(steps, curve["low"], curve["high"], color=colour, alpha=0.2, linewidth=0)
    axis.set_yscale("log")
    axis.set_xlabel("training step")
    axis.set_ylabel("cross-entropy")
    axis.set_title("learning the first of 5 symbols", fontsize=10)
    axis.legend(frameon=False, fontsize=8)
    return figure


FIGURES = (
    Picture(
        "recurrent-cost",
        "What a recurrent layer of 64 units costs, and what it learns on short sequences",
        "Step times are medians of turns that the layers took on one machine; batches of 64. Right: the first of five symbols, "
        "mean and 10th to 90th percentile of the seeds, with the test accuracy. All three learn it, so the cheapest is enough.",
        facts=("parameters_of_rnn_gru_lstm", "milliseconds_of_a_training_step"),
        paint=paint_cost,
        variants=tuple(VARIANTS),
    ),
)

CLAIMS = (
    Claim(
        "rnn-vanilla-simple-fast",
        "000",
        "Recurrent Neural Networks (RNNs)",
        "A vanilla RNN is simple and fast and suits short sequences.",
        "comparison",
        "",
        "64 units on symbol vectors of 16. Simple: the parameters of SimpleRNN, GRU and LSTM, 64 (16 + 64 + 1) times 1, 3 and 4, "
        "with a second bias in Keras's GRU. Fast: ten compiled training steps of batches of 64 take SimpleRNN less time than "
        "GRU and than LSTM, on 5 and on 100 symbols, in 20 turns, each the quickest of three calls. Suits short sequences: it "
        "recalls the first of 5 random symbols of 8 at 90% of the way from guessing to perfect (91.25%) or better, 20 seeds, "
        f"{OWN:,} sequences each, Adam 0.003, clipnorm 1, 10 epochs.",
        (
            Equals("parameters_of_rnn_gru_lstm", [5184, 15744, 20736]),
            *(
                Sampled(
                    f"log10_time_of_rnn_over_{other}_on_{length}_symbols",
                    high=0.0,
                    documented="less time (log10 of the ratio below 0)",
                )
                for length in TIMED_LENGTHS
                for other in ("gru", "lstm")
            ),
            Within("rnn", "test_accuracy", low=LEARNED, beyond="higher"),
        ),
        priority=2,
    ),
)
