"""A digit read row by row: recurrent networks against a CNN of as many weights.

Source: document 000, Recurrent Neural Networks (for images, which are no sequences, a CNN instead of an RNN). MNIST, 28 rows
of 28 pixels as 28 steps for SimpleRNN and LSTM; the CNN is the documented one with max pooling (document 003, Videos 45-46).
Every seed draws 6,000 of the 60,000 training images, the same for every network.

Takes about two minutes on two CPU cores, so it is not part of the default set.

Run: reproduce run rows_as_steps
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from reproductions.claims import Better, Claim, Measured
from reproductions.figures import COLOURS, Picture
from reproductions.networks import Split, first_losses, train_networks
from reproductions.recurrent_speed import compiled_steps
from reproductions.timings import interleaved

if TYPE_CHECKING:
    import keras

    from recipes.training import SeedRuns

TITLE = "MNIST row by row: recurrent networks against a CNN"
SUMMARY = "SimpleRNN, LSTM and a CNN of 17,400 to 17,600 weights on 6,000 digits a seed: test accuracy and time."
DATASETS = ("mnist",)
IN_DEFAULT_SET = False
TIMES = True
SEEDS, MAX_SEEDS = 5, 10
EXPECTED_SECONDS = 120.0
GOLDEN = "lstm"

IMAGES, TEST = 60_000, 10_000
STEPS, REPEATS = 10, 10
"""Training steps of one repeat of the timing, and repeats."""


@dataclass(frozen=True)
class Config:
    """The network and how it is trained."""

    network: Literal["rnn", "lstm", "cnn"]
    """SimpleRNN of 114 units, LSTM of 52, or two convolutions with max pooling."""
    images: int = 6000
    """Training images that each seed draws."""
    epochs: int = 5
    """Passes over them."""
    batch_size: int = 32
    """Images a step; Keras's default."""
    learning_rate: float = 0.001
    """Adam's step size; Keras's default."""


VARIANTS = {"rnn": Config("rnn"), "lstm": Config("lstm"), "cnn": Config("cnn"), "lstm_long": Config("lstm", epochs=15)}


def load_data(config: Config) -> Split:
    """All images divided by 255: (images, 28 rows, 28 pixels)."""
    from recipes.datasets import load_arrays

    del config
    (x_train, y_train), (x_test, y_test) = load_arrays("mnist")
    return Split(x_train.astype("float32") / 255, y_train, x_test.astype("float32") / 255, y_test)


def rows_of(config: Config, seed: int) -> np.ndarray:
    """The training images that a seed draws, whatever the network."""
    return np.random.default_rng(seed).choice(IMAGES, config.images, replace=False)


def build_model(config: Config) -> keras.Model:
    """The network with ten softmax outputs: 17,452 (rnn), 17,378 (lstm) or 17,578 (cnn) weights."""
    import keras

    outputs = keras.layers.Dense(10, activation="softmax")
    model = keras.Sequential([keras.Input((28, 28)), *hidden_layers(config.network), outputs])
    model.compile(
        optimizer=keras.optimizers.Adam(config.learning_rate),
        loss="sparse_categorical_crossentropy",
        metrics=["accuracy"],
    )
    return model


def hidden_layers(network: str) -> list[Any]:
    """Everything between the image and the ten outputs."""
    from keras.layers import Conv2D, Flatten, MaxPooling2D, Reshape

    from layers import LSTM, SimpleRNN

    if network == "cnn":
        convolutions = [
            part for _ in range(2) for part in (Conv2D(32, (3, 3), activation="relu"), MaxPooling2D((2, 2)))
        ]
        return [Reshape((28, 28, 1)), *convolutions, Flatten()]
    return [LSTM(52) if network == "lstm" else SimpleRNN(114)]


def train(
    config: Config,
    data: Split,
    seeds: Sequence[int],
    checkpoint: Path | None = None,
    progress: Callable[[float], None] | None = None,
) -> SeedRuns:
    """Train one network a seed, each on its own images."""
    return train_networks(
        build_model, config, data, seeds, checkpoint, progress, rows=lambda seed: rows_of(config, seed)
    )


def measure(config: Config, data: Split, runs: SeedRuns) -> Measured:
    """Accuracy on the 10,000 test images, and the last training accuracy."""
    predicted = runs.predict(data.x_test, batch_size=500).argmax(axis=-1)  # (seeds, images)
    metrics = {
        "test_accuracy": (predicted == data.y_test).mean(axis=1).tolist(),
        "train_accuracy": runs.curves["accuracy"][:, -1].tolist(),
    }
    return Measured(metrics, runs.curves)


def trace(config: Config, data: Split) -> list[float]:
    """Golden trace: the first losses of seed 0."""
    return first_losses(build_model, config, data, lambda seed: rows_of(config, seed))


def examine() -> dict[str, Any]:
    """Milliseconds of a training step of 32 random images in the compiled trainer; the networks take turns."""
    rng = np.random.default_rng(0)
    images = rng.random((32, 28, 28)).astype("float32")
    labels = np.arange(32) % 10
    works = {
        name: compiled_steps(build_model(VARIANTS[name]), images, labels, STEPS) for name in ("rnn", "lstm", "cnn")
    }
    seconds = interleaved(works, REPEATS)
    return {
        "step_milliseconds": {
            name: [round(1e3 * value / STEPS, 3) for value in taken] for name, taken in seconds.items()
        }
    }


_LABELS = {
    "rnn": "SimpleRNN(114)",
    "lstm": "LSTM(52)",
    "lstm_long": "LSTM(52),\n15 epochs",
    "cnn": "CNN, two convolutions",
}


def paint_networks(facts: Mapping[str, Any], variants: Mapping[str, Any]) -> Any:
    """Test accuracy of every seed over the time that its training takes."""
    import matplotlib.pyplot as plt

    drawn, axis = plt.subplots(figsize=(7.2, 4.0), layout="constrained")
    for place, (name, label) in enumerate(_LABELS.items()):
        config = VARIANTS[name]
        steps = config.epochs * -(-config.images // config.batch_size)
        time = steps * float(np.median(facts["step_milliseconds"][config.network])) / 1e3
        values = 100 * np.array(variants[name]["metrics"]["test_accuracy"])
        axis.plot(np.full(len(values), time), values, "o", color=COLOURS[place], alpha=0.55)
        axis.plot(time, values.mean(), "D", color=COLOURS[place], markersize=7)
        shift, side = (-9, "right") if name == "rnn" else (9, "left")
        axis.annotate(
            label, (time, values.mean()), (shift, 0), textcoords="offset points", va="center", ha=side, fontsize=9
        )
    axis.plot([], [], "o", color="0.5", alpha=0.55, label="one seed")
    axis.plot([], [], "D", color="0.5", label="mean")
    axis.legend(frameon=False, fontsize=9, loc="lower right")
    axis.margins(x=0.25, y=0.12)
    axis.set_xlim(left=0)
    axis.set_xlabel("seconds of training (median time of a step, times steps)")
    axis.set_ylabel("test accuracy, %")
    axis.grid(alpha=0.25)
    return drawn


FIGURES = (
    Picture(
        "rows-as-steps",
        "MNIST, 6,000 images a seed, networks of 17,400 to 17,600 weights",
        "Five epochs each, and 15 for one LSTM.",
        facts=("step_milliseconds",),
        paint=paint_networks,
        variants=tuple(_LABELS),
    ),
)

CLAIMS = (
    Claim(
        "rnn-not-for-images",
        "000",
        "Recurrent Neural Networks (RNNs)",
        "For image classification, which is not sequential, a CNN should be used instead of an RNN.",
        "comparison",
        "",
        "MNIST, rows of 28 pixels as 28 steps, divided by 255. SimpleRNN of 114 units (17,452 weights) and LSTM of 52 "
        "(17,378), each with a softmax on its last state, against the documented CNN of two 3 x 3 convolutions with 32 "
        "filters and max pooling (17,578). 6,000 images a seed, Adam 0.001, 5 epochs, batches of 32, all test images. "
        "Judged by test accuracy: the CNN must beat both. The time of a step is measured beside it, and an LSTM gets 15 "
        "epochs; neither decides.",
        (
            Better("test_accuracy", "cnn", "rnn"),
            Better("test_accuracy", "cnn", "lstm"),
        ),
        data="mnist",
        priority=3,
        remark="97.0% against 91.4% (LSTM) and 90.3% (SimpleRNN). A step of the CNN takes about twice as long on a CPU; the LSTM "
        "with 15 epochs, half as much time again as the CNN's five, reaches 94.8%.",
    ),
)
