"""Dropout rates from 0 to 0.9 on a thousand MNIST images.

Sources: document 003, Videos 23 and 30, Section 4 Summary. The hidden layers of Video 23, 128 and 64 relu units, with ten
softmax outputs; every seed draws its own 1,000 of the first 5,000 training images and is tested on the same 2,000.

Run: reproduce run dropout_mnist
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from reproductions.claims import Better, Claim, Measured
from reproductions.figures import COLOURS, Curves, Picture
from reproductions.networks import Split, first_losses, train_networks
from reproductions.scores import categorical_cross_entropy
from reproductions.small_mnist import small_mnist

if TYPE_CHECKING:
    import keras

    from recipes.training import SeedRuns

TITLE = "Dropout on a thousand MNIST images"
SUMMARY = (
    "A 196-128-64-10 network on 1,000 images of 14 x 14 pixels with every dropout rate from 0 to 0.9: overfitting, "
    "underfitting and speed."
)
DATASETS = ("mnist",)
IN_DEFAULT_SET = True
SEEDS, MAX_SEEDS = 10, 40
EXPECTED_SECONDS = 130.0
GOLDEN = "rate_3"

POOL, IMAGES, TEST, VALIDATION = 5_000, 1_000, 2_000, 1_000
REACHED = 0.5
"""The loss whose first epoch counts as speed of convergence."""


@dataclass(frozen=True)
class Config:
    """The network and how it is trained."""

    rate: float = 0.0
    """Share of the units switched off in training; 0 leaves the Dropout layers out."""
    last_only: bool = False
    """Dropout after the last hidden layer only, instead of after both."""
    units: tuple[int, ...] = (128, 64)
    """Units of the hidden layers."""
    epochs: int = 20
    """Passes over the images."""
    batch_size: int = 32
    """Images a step; Keras's default."""
    learning_rate: float = 0.001
    """Adam's step size; Keras's default."""


RATES = tuple(k / 10 for k in range(10))
VARIANTS = {f"rate_{k}": Config(rate=rate) for k, rate in enumerate(RATES)} | {
    "last_only_3": Config(rate=0.3, last_only=True)
}
"""`rate_3` is Dropout(0.3), Video 23's."""


def load_data(config: Config) -> Split:
    """The first 5,000 training images to draw from, the first 2,000 test images, at 14 x 14 pixels."""
    return small_mnist(POOL, TEST)


def rows_of(seed: int) -> np.ndarray:
    """The images that a seed trains on."""
    return np.random.default_rng(seed).choice(POOL, IMAGES, replace=False)


def build_model(config: Config) -> keras.Model:
    """Hidden relu layers each followed by Dropout, ten softmax outputs."""
    import keras

    from layers import Dropout

    model = keras.Sequential([keras.Input((196,))])
    for place, units in enumerate(config.units, start=1):
        model.add(keras.layers.Dense(units, activation="relu"))
        if config.rate and (place == len(config.units) or not config.last_only):
            model.add(Dropout(config.rate))
    model.add(keras.layers.Dense(10, activation="softmax"))
    model.compile(keras.optimizers.Adam(config.learning_rate), "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def train(
    config: Config,
    data: Split,
    seeds: Sequence[int],
    checkpoint: Path | None = None,
    progress: Callable[[float], None] | None = None,
) -> SeedRuns:
    """Train one network a seed, each on its own images; 1,000 of the test images are looked at after every epoch."""
    return train_networks(
        build_model,
        config,
        data,
        seeds,
        checkpoint,
        progress,
        rows=rows_of,
        validation_data=(data.x_test[:VALIDATION], data.y_test[:VALIDATION]),
        validation_batch_size=VALIDATION,
    )


def measure(config: Config, data: Split, runs: SeedRuns) -> Measured:
    """Losses and accuracies without dropout, on the seed's own images and on the test images; epochs to a loss of 0.5."""
    of_test = runs.predict(data.x_test)  # (seeds, images, 10)
    on_pool = runs.predict(data.x_train)
    own = np.stack([rows_of(seed) for seed in runs.seeds])
    of_own = np.take_along_axis(on_pool, own[..., None], axis=1)
    train_loss = categorical_cross_entropy(data.y_train[own], of_own)
    test_loss = categorical_cross_entropy(data.y_test, of_test)
    train_accuracy = (of_own.argmax(axis=-1) == data.y_train[own]).mean(axis=1)
    test_accuracy = (of_test.argmax(axis=-1) == data.y_test).mean(axis=1)
    metrics = {
        "train_loss": train_loss,
        "test_loss": test_loss,
        "loss_gap": test_loss - train_loss,
        "train_accuracy": train_accuracy,
        "test_accuracy": test_accuracy,
        "accuracy_gap": train_accuracy - test_accuracy,
        "epochs_to_training_loss": epochs_to(runs.curves["loss"]),
        "epochs_to_test_loss": epochs_to(runs.curves["val_loss"]),
    }
    return Measured({name: values.tolist() for name, values in metrics.items()}, runs.curves)


def epochs_to(curves: np.ndarray) -> np.ndarray:
    """Number of the first epoch that ends at a loss of `REACHED` or less, a seed; one more than there are if none does."""
    below = np.concatenate([curves <= REACHED, np.ones((len(curves), 1), bool)], axis=1)
    return below.argmax(axis=1) + 1.0


def trace(config: Config, data: Split) -> list[float]:
    """Golden trace: the first losses of seed 0."""
    return first_losses(build_model, config, data, rows_of)


_SETUP = (
    "196-128-64-10 (the hidden layers of Video 23), relu and softmax, images averaged to 14 x 14, Adam 0.001, 20 epochs, batches "
    "of 32, 1,000 of the first 5,000 images a seed, 2,000 test images; losses without dropout. "
)


def _claim(
    name: str, section: str, statement: str, kind: Any, documented: str, setup: str, *checks: Any, **more: Any
) -> Any:
    options = {"priority": 2} | more
    return Claim(
        f"dropout-{name}", "003", section, statement, kind, documented, _SETUP + setup, checks, "mnist", **options
    )


def _lower(metric: str, variant: str, than: str) -> Better:
    return Better(metric, variant, than, higher_is_better=False)


CLAIMS = (
    _claim(
        "reduces-overfitting",
        "Video 23",
        "Dropout makes the network learn robust features and overfit less.",
        "comparison",
        "0.3",
        "Dropout(0.3) after both hidden layers against none: smaller gap between test and training, in loss and in accuracy, "
        "and lower test loss.",
        _lower("loss_gap", "rate_3", "rate_0"),
        _lower("accuracy_gap", "rate_3", "rate_0"),
        _lower("test_loss", "rate_3", "rate_0"),
        remark="The gaps shrink mostly because the network knows its training images less well (97.8% against 99.7%). On the "
        "test images the loss falls, from 0.44 to 0.42; the accuracy stays, 87% both.",
    ),
    _claim(
        "rate-range",
        "Section 4 Summary",
        "Dropout rates from 0.2 to 0.5 are the ones to use.",
        "comparison",
        "0.2-0.5",
        "Test loss for the rates 0, 0.1, ..., 0.9. The best rate lies in the range if leaving it makes things worse at either "
        "end: 0.2 beats 0.1 and 0.5 beats 0.6; and both ends must beat no dropout and 0.9.",
        _lower("test_loss", "rate_2", "rate_1"),
        _lower("test_loss", "rate_5", "rate_6"),
        *(_lower("test_loss", end, than) for end in ("rate_2", "rate_5") for than in ("rate_0", "rate_9")),
        remark="The lower half of the range is good, the upper half too strong for so small a network: the test loss is lowest, "
        "0.42, from 0.1 to 0.3, and at 0.5 (0.47) worse than without dropout (0.44). It depends on the size: in a first run, "
        "with all 784 pixels and so three times the weights, it was lowest at 0.4, and the range held.",
    ),
    _claim(
        "high-rate-underfits",
        "Video 30",
        "Rates above 0.5 risk underfitting, and no dropout risks overfitting.",
        "behaviour",
        "> 0.5",
        "Underfitting: from 0.5 on, every higher rate fits the training images worse, and at 0.9 the test loss is worse too. "
        "Overfitting: without dropout the gap between test and training loss is larger than with 0.5.",
        *(_lower("train_loss", f"rate_{k}", f"rate_{k + 1}") for k in range(5, 9)),
        _lower("test_loss", "rate_5", "rate_9"),
        _lower("loss_gap", "rate_5", "rate_0"),
    ),
    _claim(
        "slower-convergence",
        "Video 30",
        "Dropout slows convergence down.",
        "comparison",
        "slower",
        "Dropout(0.3) against none: later first epoch with a training loss, as Keras prints it, of 0.5 or less; and, since that "
        "loss is raised by the units that are off, later first epoch with such a loss on 1,000 test images, all units on.",
        _lower("epochs_to_training_loss", "rate_0", "rate_3"),
        _lower("epochs_to_test_loss", "rate_0", "rate_3"),
    ),
    _claim(
        "last-layer-first",
        "Video 30",
        "Start with dropout after the last hidden layer only.",
        "comparison",
        "last layer first",
        "Dropout(0.3) after the last hidden layer only. As a rule where to start it must pay: higher test accuracy than without "
        "dropout, and higher than with dropout after both hidden layers.",
        Better("test_accuracy", "last_only_3", "rate_0"),
        Better("test_accuracy", "last_only_3", "rate_3"),
        priority=3,
        remark="By half a percentage point of accuracy and less: 87.4% against 87.1% without dropout and 86.8% with both.",
    ),
)


def paint_rates(facts: Mapping[str, Any], variants: Mapping[str, Any]) -> Any:
    """Losses and test accuracy against the rate, with 95% intervals; the documented range shaded."""
    import matplotlib.pyplot as plt

    drawn, axes = plt.subplots(1, 3, figsize=(11.5, 3.5), layout="constrained")
    panels = (
        ("test_loss", "test cross-entropy"),
        ("train_loss", "training cross-entropy"),
        ("test_accuracy", "test accuracy"),
    )
    for axis, (metric, label) in zip(axes, panels, strict=True):
        axis.axvspan(0.2, 0.5, color="0.88", zorder=0, label="documented range")
        summaries = [variants[f"rate_{k}"]["summary"][metric] for k in range(10)]
        mean, low, high = (np.array([one[key] for one in summaries]) for key in ("mean", "low", "high"))
        axis.errorbar(RATES, mean, [mean - low, high - mean], fmt="-o", color=COLOURS[0], markersize=4)
        axis.set_xlabel("dropout rate after both hidden layers")
        axis.set_ylabel(label)
        axis.set_xticks(RATES)
        axis.grid(alpha=0.25)
    axes[0].set_ylim(0.43, 0.66)
    axes[0].set_title("0.8 and 0.9 lie above the panel", fontsize=9)
    axes[1].set_yscale("log")
    axes[2].set_ylim(0.7, 0.9)
    axes[2].set_title("0.9 lies below the panel", fontsize=9)
    axes[0].legend(frameon=False, fontsize=8, loc="upper left")
    return drawn


FIGURES = (
    Picture(
        "dropout-rates",
        "Dropout rates on 1,000 MNIST images, 20 epochs",
        "Mean over seeds and its 95% interval. The training loss rises with the rate; the test loss falls, then rises.",
        facts=(),
        paint=paint_rates,
        variants=tuple(f"rate_{k}" for k in range(10)),
    ),
    Curves(
        "dropout-learning-curves",
        "1,000 MNIST images without dropout, with the documented rate and with too much",
        "Training loss is Keras's, with units off; validation is on test images with all units on.",
        variants=("rate_0", "rate_3", "rate_8"),
        rows=(("loss", "val_loss"), ("accuracy", "val_accuracy")),
        labels={"rate_0": "no dropout", "rate_3": "Dropout(0.3)", "rate_8": "Dropout(0.8)"},
        log_y=True,
    ),
)
