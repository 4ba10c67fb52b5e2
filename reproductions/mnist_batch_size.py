"""MNIST with batches of 32, 256 and 2,048: what a batch size does to test accuracy and to time.

Source: document 003, Video 28, which advises batches of 32 for generalization and larger ones for speed. The documented
784-128-10 network on the first 2,048 images, tested on all 10,000, for ten epochs; and with batches of 256 for as many
updates as batches of 32 get, which tells fewer updates from worse generalization.

Run: reproduce run mnist_batch_size
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reproductions.claims import Better, Claim, Measured, Sampled
from reproductions.figures import COLOURS, Picture, Spread
from reproductions.networks import Split, first_losses, train_networks

if TYPE_CHECKING:
    import keras

    from recipes.training import SeedRuns

TITLE = "MNIST: batches of 32 and larger"
SUMMARY = (
    "The 784-128-10 network on 2,048 MNIST images with batches of 32, 256 and 2,048, ten epochs each: test accuracy, "
    "and time of an epoch. The document recommends 32 for generalization, larger batches for speed."
)
DATASETS = ("mnist",)
IN_DEFAULT_SET = True
TIMES = True
SEEDS, MAX_SEEDS = 20, 40
EXPECTED_SECONDS = 30.0
GOLDEN = "batch_32"

TRAINING_IMAGES = 2048
REPEATS = 20


@dataclass(frozen=True)
class Config:
    """The network and how it is trained."""

    batch_size: int = 32
    """Images a step."""
    epochs: int = 10
    """Passes over the training images."""
    learning_rate: float = 0.001
    """Adam's step size, the same for every batch size."""
    shuffle: bool = True
    """Visit the images in a new order each epoch."""
    validation_split: float = 0.0
    """Nothing is held out: the test images judge."""


VARIANTS = {
    "batch_32": Config(),
    "batch_256": Config(batch_size=256),
    "batch_2048": Config(batch_size=2048),
    "batch_256_equal_updates": Config(batch_size=256, epochs=80),
}


def load_data(config: Config) -> Split:
    """The first 2,048 training images and all test images, divided by 255."""
    from recipes.datasets import load_arrays

    del config
    (x_train, y_train), (x_test, y_test) = load_arrays("mnist")
    x_train, y_train = x_train[:TRAINING_IMAGES], y_train[:TRAINING_IMAGES]
    return Split(x_train.astype("float32") / 255, y_train, x_test.astype("float32") / 255, y_test)


def build_model(config: Config) -> keras.Model:
    """Flatten, 128 relu units and ten softmax outputs, compiled with Adam and cross-entropy on integer labels."""
    import keras

    model = keras.Sequential(
        [
            keras.Input((28, 28)),
            keras.layers.Flatten(),
            keras.layers.Dense(128, activation="relu"),
            keras.layers.Dense(10, activation="softmax"),
        ]
    )
    model.compile(
        optimizer=keras.optimizers.Adam(config.learning_rate),
        loss="sparse_categorical_crossentropy",
        metrics=["accuracy"],
    )
    return model


def train(
    config: Config,
    data: Split,
    seeds: Sequence[int],
    checkpoint: Path | None = None,
    progress: Callable[[float], None] | None = None,
) -> SeedRuns:
    """Train one network a seed."""
    return train_networks(build_model, config, data, seeds, checkpoint, progress)


def measure(config: Config, data: Split, runs: SeedRuns) -> Measured:
    """Test accuracy, last training loss and accuracy."""
    predicted = runs.predict(data.x_test).argmax(axis=-1)  # (seeds, images)
    metrics = {
        "test_accuracy": (predicted == data.y_test).mean(axis=1).tolist(),
        "train_accuracy": runs.curves["accuracy"][:, -1].tolist(),
        "train_loss": runs.curves["loss"][:, -1].tolist(),
    }
    return Measured(metrics, runs.curves)


def trace(config: Config, data: Split) -> list[float]:
    """Golden trace: the first losses of seed 0."""
    return first_losses(build_model, config, data)


def examine() -> dict[str, Any]:
    """Time of an epoch over 2,048 images of noise, batch sizes interleaved."""
    import numpy as np
    import tensorflow as tf

    from recipes.training.epochs import EpochProgram
    from reproductions.timings import interleaved
    from reproductions.worked import log10_ratio

    rng = np.random.default_rng(0)
    x = rng.random((TRAINING_IMAGES, 28, 28), dtype="float32")
    y = rng.integers(0, 10, TRAINING_IMAGES).astype("int32")
    data, order = (tf.constant(x), tf.constant(y)), np.arange(TRAINING_IMAGES, dtype="int32")

    def epoch(batch_size: int) -> Callable[[], Any]:
        model = build_model(Config())
        model._symbolic_build(data_batch=(x[:batch_size], y[:batch_size]))
        model.optimizer.build(model.trainable_variables)
        program = EpochProgram(model)
        return lambda: program.train(data, order, batch_size)

    times = interleaved({size: epoch(size) for size in (32, 256, 2048)}, REPEATS)
    return {
        "log10_epoch_32_over_256": log10_ratio(times[32], times[256]),
        "log10_epoch_32_over_2048": log10_ratio(times[32], times[2048]),
        "median_epoch_milliseconds": [float(f"{1000 * np.median(times[size]):.3g}") for size in times],
    }


def paint_trade(facts: Mapping[str, Any], variants: Mapping[str, Any]) -> Any:
    """Test accuracy and time of an epoch over the batch size."""
    import matplotlib.pyplot as plt

    sizes = (32, 256, 2048)
    means = [variants[f"batch_{size}"]["summary"]["test_accuracy"] for size in sizes]
    drawn, axes = plt.subplots(1, 2, figsize=(9, 3.6), layout="constrained")
    for summary, size in zip(means, sizes, strict=True):
        axes[0].plot([size, size], [summary["low"], summary["high"]], color=COLOURS[1], linewidth=3)
    axes[0].plot(sizes, [summary["mean"] for summary in means], "D-", color=COLOURS[0], linewidth=1, markersize=5)
    axes[0].set(ylabel="test accuracy after 10 epochs", title="mean and 95% interval over seeds")
    axes[1].plot(sizes, facts["median_epoch_milliseconds"], "o-", color=COLOURS[2])
    axes[1].set(ylabel="milliseconds an epoch (2,048 images)", title="time")
    axes[1].set_ylim(bottom=0)
    for axis in axes:
        axis.set_xscale("log", base=2)
        axis.set_xticks(sizes, [f"{size:,}" for size in sizes])
        axis.set_xlabel("images a batch")
        axis.title.set_fontsize(10)
        axis.grid(alpha=0.25)
    return drawn


CLAIMS = (
    Claim(
        "gd-batch32-generalises",
        "003",
        "Video 28",
        "A batch size of 32 generalises well while larger batches are faster.",
        "comparison",
        "32",
        "784-128-10, relu and softmax, pixels / 255, Adam 0.001, the first 2,048 training images, 10 epochs whatever "
        "the batch size; accuracy on the 10,000 test images of batch 32 against 256 and 2,048. Faster: time of an "
        f"epoch by the compiled trainer's program over as many images of noise, {REPEATS} interleaved repeats.",
        (
            Better("test_accuracy", "batch_32", "batch_256"),
            Better("test_accuracy", "batch_32", "batch_2048"),
            Sampled("log10_epoch_32_over_256", low=0, documented="an epoch with 256 is faster"),
            Sampled("log10_epoch_32_over_2048", low=0, documented="an epoch with 2,048 is faster"),
        ),
        data="mnist",
        priority=2,
        remark="What batches of 32 gain here is updates: with as many updates (80 epochs) batches of 256 reach the "
        "same test accuracy, 0.907, and after ten updates in batches of 2,048 the network is hardly trained.",
    ),
)

FIGURES = (
    Picture(
        "mnist-batch-size-trade",
        "MNIST, 784-128-10 on 2,048 images: what a larger batch gains and loses",
        "Ten epochs whatever the batch size.",
        facts=("median_epoch_milliseconds",),
        paint=paint_trade,
        variants=("batch_32", "batch_256", "batch_2048"),
    ),
    Spread(
        "mnist-batch-size",
        "MNIST, 2,048 images: test accuracy by batch size",
        "Ten epochs each, and batches of 256 with as many updates as batches of 32.",
        metric="test_accuracy",
        variants=("batch_32", "batch_256", "batch_2048", "batch_256_equal_updates"),
        labels={
            "batch_32": "32, 10 epochs (640 updates)",
            "batch_256": "256, 10 epochs (80 updates)",
            "batch_2048": "2,048, 10 epochs (10 updates)",
            "batch_256_equal_updates": "256, 80 epochs (640 updates)",
        },
    ),
)
