"""When transfer pays: feature extraction, fine-tuning and training from scratch on digits, 2 sources x 4 data sizes.

Source: document 003, Videos 54-56. The task is to tell the digits 5 to 9 apart (MNIST at 14 x 14 pixels), with 50, 200, 1,000
or 10,000 training images. A base of two convolutions comes from a similar source, the digits 0 to 4, or from a different
one, CIFAR-10's ten kinds of objects in grey; both have 4,000 images of 14 x 14 pixels, and every seed trains its own. Four
approaches share architecture, optimizer and number of steps, and differ only in where they start and what they train.

Run: reproduce run digits_transfer
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from reproductions.claims import Better, Claim, Measured
from reproductions.figures import COLOURS, Picture
from reproductions.networks import Split, first_losses, train_networks

if TYPE_CHECKING:
    import keras

    from recipes.training import SeedRuns

TITLE = "When transfer pays: digits from digits and from photographs"
SUMMARY = (
    "A small network learns the digits 5-9 from 50 to 10,000 images: from scratch, on frozen features and by fine-tuning, with "
    "convolutions from other digits or from grey CIFAR-10 photographs."
)
DATASETS = ("mnist", "cifar10")
IN_DEFAULT_SET = False
SEEDS, MAX_SEEDS = 5, 10
EXPECTED_SECONDS = 240.0
GOLDEN = "scratch_50"

TRAINING_SIZES = (50, 200, 1000, 10_000)
SMALL, LARGE = TRAINING_SIZES[0], TRAINING_SIZES[-1]
EPOCHS = {50: 60, 200: 30, 1000: 12, 10_000: 5}
"""More passes over fewer images: 120, 210, 384 and 1,565 steps of 32 images."""

SOURCES = ("similar", "different")
SOURCE_IMAGES, SOURCE_EPOCHS = 4000, 10

APPROACHES = {
    "frozen": "feature extraction: both convolutions frozen",
    "last": "fine-tuning of the last convolution",
    "all": "fine-tuning of both convolutions",
}
"""What of the base is trained beside the new classifier."""


@dataclass(frozen=True)
class Config:
    """Where a network starts, what of it is trained, and on how many images."""

    images: int
    """Training images of the digits 5 to 9."""
    source: str = ""
    """Where the convolutions come from: `similar` (digits 0 to 4), `different` (CIFAR-10), empty for random weights."""
    approach: str = "all"
    """A key of `APPROACHES`; a network from scratch trains all."""
    augment: bool = False
    """Shift and turn the training images at random."""
    epochs: int = 60
    """Passes over the images."""
    batch_size: int = 32
    """Images a step."""
    learning_rate: float = 0.001
    """Adam's step size, Keras's default, for every approach."""


VARIANTS = {
    f"scratch_{n}": Config(n, epochs=EPOCHS[n]) for n in TRAINING_SIZES
} | {
    f"{source}_{approach}_{n}": Config(n, source, approach, epochs=EPOCHS[n])
    for source in SOURCES for approach in APPROACHES for n in TRAINING_SIZES
} | {
    f"different_{approach}_augmented_{SMALL}": Config(SMALL, "different", approach, augment=True, epochs=EPOCHS[SMALL])
    for approach in APPROACHES
}  # fmt: skip


def quartered(images: np.ndarray) -> np.ndarray:
    """28 x 28 pixels averaged to 14 x 14 and divided by 255, with a channel axis."""
    return (images.reshape(-1, 14, 2, 14, 2).mean(axis=(2, 4)) / 255).astype("float32")[..., None]


def load_data(config: Config) -> Split:
    """The first 10,000 training images and all test images of the digits 5 to 9; labels 0 to 4."""
    from recipes.datasets import load_arrays

    parts = []
    for images, labels in load_arrays("mnist"):
        chosen = np.flatnonzero(labels >= 5)[:LARGE]
        parts += [quartered(images[chosen]), labels[chosen] - 5]
    return Split(*parts)


def load_source(source: str) -> tuple[np.ndarray, np.ndarray]:
    """4,000 images and labels on which the base is trained."""
    from recipes.datasets import load_arrays

    if source == "similar":
        images, labels = load_arrays("mnist")[0]
        chosen = np.flatnonzero(labels < 5)[:SOURCE_IMAGES]
        return quartered(images[chosen]), labels[chosen]
    images, labels = load_arrays("cifar10")[0]
    grey = images[:SOURCE_IMAGES, 2:30, 2:30] @ np.array([0.299, 0.587, 0.114])  # the middle 28 x 28 pixels
    return quartered(grey), labels[:SOURCE_IMAGES].reshape(-1)


def rows_of(config: Config) -> Callable[[int], np.ndarray]:
    """The training images that a seed sees, the same in every approach."""
    return lambda seed: np.random.default_rng([seed, config.images]).choice(LARGE, config.images, replace=False)


def convolutions() -> list[Any]:
    """The base: Conv 16, max pooling, Conv 32 (3 x 3, relu), 14 x 14 x 1 to 4 x 4 x 32."""
    from keras.layers import Conv2D, MaxPooling2D

    return [
        Conv2D(16, 3, activation="relu", name="first"),
        MaxPooling2D(),
        Conv2D(32, 3, activation="relu", name="last"),
    ]


def compiled(body: list[Any], classes: int, learning_rate: float = 0.001) -> keras.Model:
    """Body, Flatten, Dense(64, relu) and a softmax output."""
    import keras
    from keras.layers import Dense, Flatten

    model = keras.Sequential([*body, Flatten(), Dense(64, activation="relu"), Dense(classes, activation="softmax")])
    model.compile(keras.optimizers.Adam(learning_rate), "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def build_model(config: Config) -> keras.Model:
    """The network with random weights; frozen convolutions without augmentation leave the classifier alone."""
    import keras
    from keras.layers import RandomRotation, RandomTranslation

    if on_features(config):
        return compiled([keras.Input((4, 4, 32))], 5, config.learning_rate)
    base = convolutions()
    base[0].trainable = config.approach == "all"
    base[2].trainable = config.approach != "frozen"
    changes = [RandomTranslation(0.1, 0.1, "constant"), RandomRotation(0.05, "constant")] if config.augment else []
    return compiled([keras.Input((14, 14, 1)), *changes, *base], 5, config.learning_rate)


def on_features(config: Config) -> bool:
    """Whether the base's output is computed once, in place of every epoch."""
    return config.approach == "frozen" and not config.augment


_BASES: dict[tuple[str, int], keras.Model] = {}
"""Trained bases of this process, by source and seed."""


def bases(source: str, seeds: Sequence[int]) -> dict[int, keras.Model]:
    """A frozen base a seed, trained on the source's images for ten epochs."""
    import keras

    from recipes.training import Trainer

    missing = [seed for seed in seeds if (source, seed) not in _BASES]
    if missing:
        x, y = load_source(source)
        classes = int(y.max()) + 1
        whole = Trainer(lambda: compiled([keras.Input((14, 14, 1)), *convolutions()], classes))
        runs = whole.fit(x, y, seeds=missing, epochs=SOURCE_EPOCHS, batch_size=32)
        for seed, weights in zip(missing, runs.weights, strict=True):
            base = keras.Sequential([keras.Input((14, 14, 1)), *convolutions()])
            base.set_weights(weights[:4])
            base.trainable = False
            _BASES[source, seed] = base
    return {seed: _BASES[source, seed] for seed in seeds}


def starting_from(start: Mapping[int, keras.Model]) -> Callable[[int], list[Any]]:
    """A callback a seed that puts the base's weights into the model before the first step."""
    import keras

    class Start(keras.callbacks.Callback):
        def __init__(self, base: keras.Model):
            super().__init__()
            self.base = base

        def on_train_begin(self, logs: Any = None) -> None:
            for name in ("first", "last"):
                self.model.get_layer(name).set_weights(self.base.get_layer(name).get_weights())

    return lambda seed: [Start(start[seed])]


def train(
    config: Config,
    data: Split,
    seeds: Sequence[int],
    checkpoint: Path | None = None,
    progress: Callable[[float], None] | None = None,
) -> SeedRuns:
    """Train one network a seed, each on its own images and from its own base."""
    rows = rows_of(config)
    if not config.source:
        return train_networks(build_model, config, data, seeds, checkpoint, progress, rows)
    start = bases(config.source, seeds)
    if on_features(config):
        own, places = features_of(start, data, rows)
        return train_networks(build_model, config, own, seeds, checkpoint, progress, places)
    hooks = starting_from(start)
    return train_networks(build_model, config, data, seeds, checkpoint, progress, rows, callbacks=hooks)


def features_of(
    start: Mapping[int, keras.Model], data: Split, rows: Callable[[int], np.ndarray]
) -> tuple[Split, Callable[[int], np.ndarray]]:
    """Every seed's images through its own base, one block of rows a seed, and where the block of a seed is."""
    from recipes.transfer import frozen_features

    features = [frozen_features(base, data.x_train[rows(seed)], batch_size=500) for seed, base in start.items()]
    labels = [data.y_train[rows(seed)] for seed in start]
    size = len(labels[0])
    place = {seed: position * size for position, seed in enumerate(start)}
    pool = Split(np.concatenate(features), np.concatenate(labels), data.x_test, data.y_test)
    return pool, lambda seed: np.arange(place[seed], place[seed] + size)


def predict(config: Config, data: Split, runs: SeedRuns) -> np.ndarray:
    """Probabilities of the test images, shape (seeds, images, 5)."""
    from recipes.transfer import frozen_features

    if not on_features(config):
        return runs.predict(data.x_test)
    start = bases(config.source, runs.seeds)
    return np.stack(
        [
            runs.load(seed).predict(frozen_features(base, data.x_test, batch_size=500), batch_size=500, verbose=0)
            for seed, base in start.items()
        ]
    )


def measure(config: Config, data: Split, runs: SeedRuns) -> Measured:
    """Accuracy on the test images; nothing is drawn over epochs."""
    predicted = predict(config, data, runs).argmax(axis=-1)
    return Measured({"test_accuracy": (predicted == data.y_test).mean(axis=1).tolist()})


def trace(config: Config, data: Split) -> list[float]:
    """Golden trace: the first losses of seed 0."""
    return first_losses(build_model, config, data, rows_of(config))


_SETUP = (
    "Digits 5 to 9 of MNIST, averaged to 14 x 14 pixels, n training images a seed, the 4,861 test images. Conv 16, max pooling, "
    "Conv 32 (3 x 3, relu), Dense 64, Dense 5; Adam 0.001, batches of 32, 60 epochs at n = 50 and 5 at n = 10,000 in every "
    "approach. The convolutions come from a network trained for 10 epochs on 4,000 digits 0 to 4 (similar) or on 4,000 "
    "CIFAR-10 photographs in grey (different), 14 x 14 pixels both, one a seed; the classifier is new. The learning rate is the "
    "same everywhere, so that only start and trained layers differ."
)


def _better(variant: str, than: str) -> Better:
    return Better("test_accuracy", variant, than)


CLAIMS = (
    Claim(
        "transfer-when-table",
        "003",
        "Video 54-56",
        "Feature extraction is best for small similar data (with augmentation, for small different data), fine-tuning of the "
        "last layers for large similar data, and of more layers for large different data.",
        "comparison",
        "2x2 table",
        f"{_SETUP} Small is n = 50, large 10,000. Best: a higher mean accuracy than the other ways of transfer, paired by seed. "
        "Small similar: frozen against both kinds of fine-tuning. Large similar: the last convolution against frozen. Small "
        "different, with shifts and turns of up to a tenth and 18 degrees: frozen against both kinds of fine-tuning. Large "
        "different: both convolutions against the last one and against frozen.",
        (
            _better(f"similar_frozen_{SMALL}", f"similar_last_{SMALL}"),
            _better(f"similar_frozen_{SMALL}", f"similar_all_{SMALL}"),
            _better(f"similar_last_{LARGE}", f"similar_frozen_{LARGE}"),
            _better(f"different_frozen_augmented_{SMALL}", f"different_last_augmented_{SMALL}"),
            _better(f"different_frozen_augmented_{SMALL}", f"different_all_augmented_{SMALL}"),
            _better(f"different_all_{LARGE}", f"different_last_{LARGE}"),
            _better(f"different_all_{LARGE}", f"different_frozen_{LARGE}"),
        ),
        data="mnist",
        priority=3,
        remark="Three cells of the table point the right way. With few different images fine-tuning is better than feature "
        "extraction (80% against 77%; 83% against 82% without augmentation): features of photographs suit digits badly, and "
        "50 images are enough to mend two small convolutions. Augmentation itself costs 5 to 6 points here, since 120 steps "
        "are too few for it.",
    ),
    Claim(
        "transfer-always-better",
        "003",
        "Video 54-56",
        "Transfer learning is always better than training from scratch.",
        "comparison",
        "always",
        f"{_SETUP} Always: feature extraction and fine-tuning of both convolutions, from either source, with 50 and with 10,000 "
        "images, each beat scratch in test accuracy, paired by seed; one that loses refutes it.",
        tuple(
            _better(f"{source}_{approach}_{n}", f"scratch_{n}")
            for source in SOURCES
            for n in (SMALL, LARGE)
            for approach in ("frozen", "all")
        ),
        data="mnist",
        priority=2,
        remark="An overclaim, refuted by a counterexample: with 10,000 images, frozen features of photographs lose to scratch "
        "(97.1% against 98.4%, in every seed), and no way of transfer gains there beyond doubt. With 50 images "
        "both ways gain 3 points from a similar source, and fine-tuning 1.5 from a different one.",
    ),
)


def _paint(facts: Mapping[str, Any], variants: Mapping[str, Any]) -> Any:
    import matplotlib.pyplot as plt

    drawn, axes = plt.subplots(1, 2, figsize=(9.4, 4.4), sharey=True, layout="constrained")
    titles = {"similar": "base from the digits 0-4", "different": "base from grey photographs (CIFAR-10)"}
    for axis, source in zip(axes, SOURCES, strict=True):
        lines = {"from scratch": "scratch"} | {label: f"{source}_{name}" for name, label in APPROACHES.items()}
        for place, ((label, prefix), colour, marker) in enumerate(zip(lines.items(), COLOURS, "osD^", strict=False)):
            beside = [n * 1.06 ** (place - 1.5) for n in TRAINING_SIZES]  # so that bars do not hide each other
            found = [variants[f"{prefix}_{n}"]["summary"]["test_accuracy"] for n in TRAINING_SIZES]
            error = [100 * (1 - one["mean"]) for one in found]
            bars = [
                [100 * (one["high"] - one["mean"]) for one in found],
                [100 * (one["mean"] - one["low"]) for one in found],
            ]
            axis.errorbar(beside, error, yerr=bars, color=colour, marker=marker, markersize=5, capsize=3, label=label)
        axis.set_xscale("log")
        axis.set_yscale("log")
        axis.set_yticks([1, 2, 5, 10, 20, 50], ["1", "2", "5", "10", "20", "50"])
        axis.set_xticks(TRAINING_SIZES, [f"{n:,}" for n in TRAINING_SIZES])
        axis.minorticks_off()
        axis.set_title(titles[source], fontsize=10)
        axis.set_xlabel("training images of the digits 5-9")
        axis.grid(alpha=0.25)
    axes[0].set_ylabel("test error in %")
    drawn.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=2, frameon=False, fontsize=9)
    return drawn


FIGURES = (
    Picture(
        "transfer-sizes",
        "Digits 5-9: what transfer saves, by data size and source",
        "Test error with the 95% interval of its mean over seeds; lower is better. The lines from scratch are the same on "
        "both sides.",
        facts=(),
        paint=_paint,
        variants=tuple(name for name, config in VARIANTS.items() if not config.augment),
    ),
)
