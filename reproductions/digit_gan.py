"""A DCGAN draws handwritten digits: how readable, how varied and how close to real ones they are.

Sources: document 003, Video 3 (a GAN is a generator and a discriminator; it generates fake data, images among them) and
Video 14 (GAN losses for generative models). The convolutions of Radford et al. 2015 at a width that a processor trains in
half a minute; a network that was trained to read real digits judges the generated ones.

Run: reproduce run digit_gan
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from reproductions.claims import Claim, Measured, Within
from reproductions.digit_quality import (
    GENERATED,
    nearest_distance,
    packed,
    quality,
    reader,
    real_pool,
    unpacked,
    yardsticks,
)
from reproductions.figures import COLOURS, Picture
from reproductions.networks import Split, first_losses, train_networks

if TYPE_CHECKING:
    import keras

    from recipes.training import SeedRuns

TITLE = "A GAN that draws digits"
SUMMARY = (
    "A small DCGAN learns MNIST; a network that reads real digits judges readability, variety and the Frechet distance of the "
    "generated ones, against other real digits, an untrained generator and one normal distribution over all pixels."
)
DATASETS = ("mnist",)
IN_DEFAULT_SET = False
SEEDS, MAX_SEEDS = 5, 10
EXPECTED_SECONDS = 200.0
GOLDEN = "gan"


@dataclass(frozen=True)
class Config:
    """The two networks and their training."""

    width: int = 16
    """Filters of the first convolution of the discriminator and the last hidden one of the generator; twice that inside."""
    noise: int = 64
    """Numbers that an image is made of."""
    images: int = 10_000
    """Real digits that a seed trains on."""
    epochs: int = 16
    """Passes over them."""
    batch_size: int = 64
    """Real digits a step, and as many generated."""
    learning_rate: float = 0.0005
    """Adam's step size, for both networks."""
    beta_1: float = 0.5
    """Adam's memory of the gradient; Radford et al. 2015 chose 0.5 for GANs, against swinging."""


VARIANTS = {"gan": Config()}

SIZES = {
    "paper": {"width": 64, "noise": 100, "images": 60_000, "epochs": 25, "batch_size": 128, "learning_rate": 0.0002}
}


def load_data(config: Config) -> Split:
    """Digits with pixels from -1 to 1, the targets are the images again; the reader keeps the test images for itself."""
    pool = 2 * real_pool(max(20_000, config.images)) - 1
    return Split(pool, pool, pool[:0], pool[:0])


def rows_of(config: Config, seed: int) -> np.ndarray:
    """The digits that a seed trains on."""
    return np.random.default_rng(seed).choice(max(20_000, config.images), config.images, replace=False)


def build_model(config: Config) -> keras.Model:
    """Generator and discriminator in one model, compiled with Adam."""
    import keras

    from recipes.models.gan import GAN, dcgan_discriminator, dcgan_generator

    shape = (28, 28, 1)
    model = GAN(dcgan_generator(shape, config.noise, config.width), dcgan_discriminator(shape, config.width))
    model.compile(keras.optimizers.Adam(config.learning_rate, beta_1=config.beta_1))
    return model


def train(
    config: Config,
    data: Split,
    seeds: Sequence[int],
    checkpoint: Path | None = None,
    progress: Callable[[float], None] | None = None,
    **options: Any,
) -> SeedRuns:
    """Train one GAN a seed, each on its own digits."""
    return train_networks(
        build_model, config, data, seeds, checkpoint, progress, rows=lambda seed: rows_of(config, seed), **options
    )


def drawn(model: Any, count: int = GENERATED) -> np.ndarray:
    """Digits of the generator, pixels from 0 to 1, (count, 28, 28, 1)."""
    return (model.generate(count, seed=1) + 1) / 2


def measure(config: Config, data: Split, runs: SeedRuns) -> Measured:
    """Quality of each seed's digits, and of those that the same generator drew before training."""
    from recipes.training import seeded

    rows = []
    for seed in runs.seeds:
        with seeded(seed):
            before = drawn(build_model(config))
        seen = (data.x_train[rows_of(config, seed)] + 1) / 2
        rows.append(compared(drawn(runs.load(seed)), before, seen))
    return Measured({name: [row[name] for row in rows] for name in rows[0]}, runs.curves)


def compared(fakes: np.ndarray, before: np.ndarray, seen: np.ndarray) -> dict[str, float]:
    """Quality of generated digits beside the yardsticks, and whether they are copies of the digits seen in training."""
    from reproductions.digit_quality import mnist

    found, untrained, marks = quality(fakes), quality(before), yardsticks()
    other = mnist()[1][0][5000 : 5000 + len(fakes)]  # real digits that were not seen
    return {
        **found,
        "frechet_untrained": untrained["frechet"],
        "times_closer_log10": float(np.log10(untrained["frechet"] / found["frechet"])),
        "times_closer_than_normal_log10": float(np.log10(marks["normal"]["frechet"] / found["frechet"])),
        "novelty": nearest_distance(fakes, seen) / nearest_distance(other, seen),
    }


def trace(config: Config, data: Split) -> list[float]:
    """Golden trace: the first discriminator losses of seed 0."""
    return first_losses(build_model, config, data, lambda seed: rows_of(config, seed))


SHOWN = (0, 1, 4, 16)
"""Epochs of the figure."""


def examine_data() -> dict[str, Any]:
    """Digits of seed 0 during and after training, a walk between codes, and the yardsticks."""
    import keras

    config = VARIANTS["gan"]

    class Show(keras.callbacks.Callback):
        rows: dict[int, np.ndarray] = {}

        def on_train_begin(self, logs: Any = None) -> None:
            self.on_epoch_end(-1)

        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            if epoch + 1 in SHOWN:
                self.rows[epoch + 1] = drawn(self.model, 10)

    show = Show()
    model = train(config, load_data(config), [0], callbacks=lambda seed: [show]).model
    return {
        "reader_accuracy": round(reader().accuracy, 3),
        "yardsticks": {
            name: {key: round(value, 3) for key, value in one.items()} for name, one in yardsticks().items()
        },
        "progress": packed(np.concatenate([show.rows[epoch] for epoch in SHOWN]), len(SHOWN), 10),
        "samples": packed(drawn(model, 40), 4, 10),
        "walk": packed((walk(model) + 1) / 2, 3, 10),
    }


def walk(model: Any, ways: int = 3, steps: int = 10) -> np.ndarray:
    """Images on the arcs between pairs of codes; an arc keeps to the length that random codes have."""
    size = model.generator.input_shape[-1]
    ends = np.random.default_rng(3).standard_normal((ways, 2, size))
    angle = np.linspace(0, np.pi / 2, steps)[None, :, None]
    codes = np.cos(angle) * ends[:, :1] + np.sin(angle) * ends[:, 1:]  # (ways, steps, size)
    return np.asarray(model.generator(codes.reshape(-1, size).astype("float32")))


CLAIMS = (
    Claim(
        "arch-gan-generates-digits",
        "own",
        "digit_gan",
        "A GAN's generator and discriminator, trained by their two losses, generate images that resemble real ones.",
        "behaviour",
        "",
        "Documents 003, Videos 3 and 14. DCGAN of width 16: generator 64 - dense 7x7x32 - transposed convolutions 16 and 1, "
        "discriminator convolutions 16 and 32 - dense 1; 10,000 MNIST digits a seed, non-saturating losses, one step of each "
        "network in turn, Adam 0.0005 with beta_1 0.5, 16 epochs in batches of 64. A convolutional network trained on 20,000 "
        "other digits reads 2,000 generated ones. Reproduced if their Frechet distance from real digits in its feature space is "
        "at least ten times smaller than before training and smaller than that of one normal distribution over the pixels; at "
        "least half are read with 90% certainty; at least 9 of the ten digits are covered (a quarter of the fair share each) "
        "on average; and they are no copies: the mean distance to the nearest training image is at least half of what it is "
        "for unseen real digits.",
        (
            Within("gan", "times_closer_log10", low=1.0),
            Within("gan", "times_closer_than_normal_log10", low=0.0),
            Within("gan", "sure", low=0.5),
            Within("gan", "classes_covered", low=9.0),
            Within("gan", "novelty", low=0.5),
        ),
        data="mnist",
        priority=2,
        remark="Only the check on readability fails: 47% of the generated digits are read with 90% certainty (92% of other real "
        "ones, 23% of draws from the normal distribution). Strokes are sharp, but after 2,500 steps at width 16 not all of them "
        "join to a digit. Frechet distance: 328 untrained, 51 for the normal distribution, 16 for the GAN, 1.2 for real digits.",
    ),
)


def show_sheet(axis: Any, sheet: Mapping[str, Any]) -> None:
    """A packed picture without axes."""
    axis.imshow(unpacked(sheet), cmap="gray_r", vmin=0, vmax=1)
    axis.set_xticks([])
    for side in axis.spines.values():
        side.set_visible(False)


def paint_samples(facts: Mapping[str, Any]) -> Any:
    """Ten codes during training, forty after it, and three walks between codes."""
    import matplotlib.pyplot as plt

    drawn_figure, axes = plt.subplots(3, 1, figsize=(6.4, 7.9), layout="constrained", height_ratios=(len(SHOWN), 4, 3))
    labels = [f"epoch {epoch}" if epoch else "untrained" for epoch in SHOWN]
    panels: tuple[tuple[str, list[str], str], ...] = (
        ("progress", labels, "the same ten codes during training"),
        ("samples", [], "after training: forty random codes"),
        ("walk", [], "from one random code to another, in ten steps"),
    )
    for axis, (name, names, title) in zip(axes, panels, strict=True):
        show_sheet(axis, facts[name])
        axis.set_yticks([30 * row + 15 for row in range(len(names))], names, fontsize=8)
        axis.tick_params(length=0)
        axis.set_title(title, fontsize=9)
    return drawn_figure


def paint_quality(facts: Mapping[str, Any], variants: Mapping[str, Any]) -> Any:
    """Frechet distances, one dot a seed, and the losses of the two networks."""
    import matplotlib.pyplot as plt
    from matplotlib.ticker import MaxNLocator

    drawn_figure, (left, right) = plt.subplots(1, 2, figsize=(10, 3.6), layout="constrained", width_ratios=(1.15, 1))
    metrics, marks = variants["gan"]["metrics"], facts["yardsticks"]
    rows = {
        "untrained generator": metrics["frechet_untrained"],
        "one normal distribution\nover all pixels": [marks["normal"]["frechet"]],
        "trained generator": metrics["frechet"],
        "other real digits": [marks["real"]["frechet"]],
    }
    for place, values in enumerate(rows.values()):
        aside = place + np.linspace(-0.15, 0.15, len(values)) if len(values) > 1 else [place]
        left.scatter(values, aside, s=22, color=COLOURS[0], alpha=0.7, linewidth=0)
    left.set_yticks(range(len(rows)), list(rows), fontsize=9)
    left.invert_yaxis()
    left.set_xscale("log")
    left.set_xlabel("Frechet distance from real digits (dot: seed)")
    curves = variants["gan"]["curves"]
    for name, label, colour in (("loss", "discriminator", COLOURS[0]), ("generator_loss", "generator", COLOURS[1])):
        curve = curves[name]
        right.plot(curve["epoch"], curve["mean"], color=colour, label=label)
        right.fill_between(curve["epoch"], curve["low"], curve["high"], color=colour, alpha=0.2, linewidth=0)
    right.set_xlabel("epoch")
    right.xaxis.set_major_locator(MaxNLocator(integer=True))
    right.set_ylabel("loss (nats)")
    right.legend(frameon=False, fontsize=9)
    for axis in (left, right):
        axis.grid(alpha=0.25)
    return drawn_figure


FIGURES = (
    Picture(
        "gan-digits",
        "Digits that a GAN draws from random numbers",
        "Seed 0. Neighbouring codes give similar digits: the generator has learned a space of digits, not a list of them.",
        facts=("progress", "samples", "walk"),
        paint=paint_samples,
    ),
    Picture(
        "gan-digit-quality",
        "How close generated digits come to real ones",
        "Left: distance in the feature space of a network that reads digits. Right: losses, mean and 80% band over seeds.",
        facts=("yardsticks",),
        paint=paint_quality,
        variants=("gan",),
    ),
)
