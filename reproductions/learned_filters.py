"""Filters start random and are learned: one 3 x 3 kernel finds the Sobel filter from examples of what it does.

Source: document 003, Videos 40-41. A Conv2D(1, 3) sees images and their Sobel-filtered versions, never the filter, and
descends the squared error. Beside it a small network sees only labels, "vertical stripes" or "horizontal stripes": nobody
asks for edge filters there, and back-propagation finds them all the same.

Run: reproduce run learned_filters
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from reproductions.claims import Claim, Equals, Measured, Within
from reproductions.convolution_examples import SOBEL_HORIZONTAL, SOBEL_VERTICAL, slide
from reproductions.figures import COLOURS, Picture
from reproductions.networks import Split, first_losses, train_networks
from reproductions.worked import both, draw, gradient

if TYPE_CHECKING:
    import keras

    from recipes.training import SeedRuns

TITLE = "Learned filters: from random kernels to Sobel's"
SUMMARY = (
    "A convolution imitates the two Sobel filters from examples, and a classifier of stripes finds edge filters that nobody "
    "showed it; both start from random kernels."
)
DATASETS = ()
IN_DEFAULT_SET = True
SEEDS, MAX_SEEDS = 20, 40
EXPECTED_SECONDS = 25.0
GOLDEN = "vertical"

SOBEL = {"vertical": np.array(SOBEL_VERTICAL), "horizontal": np.array(SOBEL_HORIZONTAL)}
SIDE, POOL, TEST = 16, 2000, 400
PERIODS, STRIPE_NOISE = (4, 6, 8), 0.5


@dataclass(frozen=True)
class Config:
    """What a network imitates or names, and how it is trained."""

    task: Literal["vertical", "horizontal", "stripes"]
    """Imitate the Sobel filter for vertical or horizontal edges, or tell vertical from horizontal stripes."""
    library: Literal["keras", "ours"] = "keras"
    """Whose Conv2D is trained."""
    learning_rate: float = 0.03
    """Step size: plain gradient descent for imitation, Adam for stripes."""
    images: int = 256
    """Training images, drawn anew for every seed."""
    epochs: int = 30
    """Passes over the training images."""
    batch_size: int = 32
    """Images a step."""


VARIANTS = {
    "vertical": Config("vertical"),
    "horizontal": Config("horizontal"),
    "ours": Config("vertical", library="ours"),
    "stripes": Config("stripes", learning_rate=0.01),
}


def load_data(config: Config) -> Split:
    """Normal noise and its filtered maps (14 x 14), or noisy stripes and which way they run (1 = horizontal)."""
    rng = np.random.default_rng(0)
    if config.task == "stripes":
        x, y = stripes(rng, POOL + TEST, STRIPE_NOISE)
    else:
        x = rng.standard_normal((POOL + TEST, SIDE, SIDE, 1)).astype("float32")
        y = filtered(x, SOBEL[config.task])
    return Split(x[:POOL], y[:POOL], x[POOL:], y[POOL:])


def filtered(images: np.ndarray, kernel: np.ndarray) -> np.ndarray:
    """What a 3 x 3 filter makes of images (n, height, width, 1): SciPy's correlation, without a border."""
    from scipy.signal import correlate2d

    return np.stack([correlate2d(image[..., 0], kernel, mode="valid") for image in images])[..., None].astype("float32")


def stripes(rng: np.random.Generator, count: int, noise: float) -> tuple[np.ndarray, np.ndarray]:
    """Square waves of height 1 with period 4, 6 or 8 and any phase, half of them turned, under normal noise."""
    period, phase = rng.choice(PERIODS, (count, 1)), rng.integers(0, 24, (count, 1))
    wave = np.where((np.arange(SIDE) + phase) % period < period / 2, 1.0, -1.0)  # (n, width)
    images = np.repeat(wave[:, None, :], SIDE, axis=1)  # (n, height, width): vertical stripes
    horizontal = rng.integers(0, 2, count)
    images[horizontal == 1] = images[horizontal == 1].transpose(0, 2, 1)
    images = images + noise * rng.standard_normal(images.shape)
    return images[..., None].astype("float32"), horizontal.astype("float32")


def rows_of(config: Config, seed: int) -> np.ndarray:
    """The training images of a seed."""
    return np.random.default_rng(seed).choice(POOL, config.images, replace=False)


def build_model(config: Config) -> keras.Model:
    """Conv2D(1, 3) under the squared error; or Conv2D(4, 3) with relu, the mean of each map and one sigmoid output."""
    import keras

    import layers

    conv = (keras.layers if config.library == "keras" else layers).Conv2D
    inputs = keras.Input((SIDE, SIDE, 1))
    if config.task == "stripes":
        maps = keras.layers.GlobalAveragePooling2D()(conv(4, 3, activation="relu")(inputs))
        model = keras.Model(inputs, keras.layers.Dense(1, activation="sigmoid")(maps))
        model.compile(keras.optimizers.Adam(config.learning_rate), "binary_crossentropy", metrics=["accuracy"])
        return model
    model = keras.Model(inputs, conv(1, 3)(inputs))
    model.compile(keras.optimizers.SGD(config.learning_rate), "mean_squared_error")
    return model


@dataclass
class Followed:
    """Trained networks and the kernels that they had on the way.

    Args:
        runs: the training.
        kernels: before training and after every epoch, (seeds, epochs + 1, 3, 3, filters).
    """

    runs: SeedRuns
    kernels: np.ndarray

    @property
    def engine(self) -> str:
        """How the seeds were trained."""
        return self.runs.engine

    @property
    def jit_compile(self) -> bool:
        """Whether XLA compiled the epochs."""
        return self.runs.jit_compile


def train(
    config: Config,
    data: Split,
    seeds: Sequence[int],
    checkpoint: Path | None = None,
    progress: Callable[[float], None] | None = None,
) -> Followed:
    """Train one network a seed, each on its own images, and note its kernel before and after every epoch."""
    import keras

    class Note(keras.callbacks.Callback):
        def __init__(self) -> None:
            super().__init__()
            self.kernels: list[np.ndarray] = []

        def on_train_begin(self, logs: Any = None) -> None:
            self.on_epoch_end(-1)

        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            self.kernels.append(np.asarray(self.model.trainable_variables[0])[:, :, 0, :])

    notes = {seed: Note() for seed in seeds}
    # Without a checkpoint: a resumed seed would lack the kernels of its first epochs, and training takes seconds.
    runs = train_networks(
        build_model, config, data, seeds, None, progress,
        rows=lambda seed: rows_of(config, seed), callbacks=lambda seed: [notes[seed]],
    )  # fmt: skip
    return Followed(runs, np.stack([notes[seed].kernels for seed in seeds]))


def measure(config: Config, data: Split, trained: Followed) -> Measured:
    """Distance to Sobel's kernel, or how well the filters tell the stripes apart, at the start and at the end."""
    runs = trained.runs
    if config.task == "stripes":
        told = selectivity(trained.kernels)  # (seeds, epochs + 1)
        predicted = runs.predict(data.x_test)[..., 0] > 0.5
        return Measured(
            {
                "test_accuracy": (predicted == data.y_test).mean(axis=1).tolist(),
                "start_selectivity": told[:, 0].tolist(),
                "end_selectivity": told[:, -1].tolist(),
                "selectivity_gain": (told[:, -1] - told[:, 0]).tolist(),
            },
            {**runs.curves, "selectivity": told},
        )
    distance = np.linalg.norm(trained.kernels[..., 0] - SOBEL[config.task], axis=(-2, -1))  # (seeds, epochs + 1)
    bias = [float(weights[1][0]) for weights in runs.weights]
    # What is left after training is float32 rounding, another on every processor: four digits are what counts.
    return Measured(
        {
            "start_distance": distance[:, 0].tolist(),
            "end_distance": distance[:, -1].round(4).tolist(),
            "end_bias": np.abs(bias).round(4).tolist(),
        },
        {**runs.curves, "distance": distance},
    )


def selectivity(kernels: np.ndarray) -> np.ndarray:
    """|E_v - E_h| / (E_v + E_h), a filter's mean squared answer to vertical and to horizontal stripes without noise.

    0 for a filter to which both are the same, 1 for one that is blind to one of them; the mean over the filters.

    Args:
        kernels: (..., 3, 3, filters).
    """
    images, horizontal = stripes(np.random.default_rng(1), 200, 0.0)
    patches = np.lib.stride_tricks.sliding_window_view(images[..., 0], (3, 3), axis=(1, 2))  # (n, 14, 14, 3, 3)
    energies = []
    for kind in (0, 1):
        seen = patches[horizontal == kind].reshape(-1, 9).astype("float64")
        second_moments = seen.T @ seen / len(seen)  # (9, 9)
        flat = kernels.reshape(*kernels.shape[:-3], 9, kernels.shape[-1])
        energies.append(np.einsum("...if,ij,...jf->...f", flat, second_moments, flat))
    vertical, across = energies
    return (np.abs(vertical - across) / (vertical + across)).mean(axis=-1)


def trace(config: Config, data: Split) -> list[float]:
    """Golden trace: the first losses of seed 0."""
    return first_losses(build_model, config, data, lambda seed: rows_of(config, seed))


def kernel_gradient_gap(library: ModuleType) -> float:
    """Back-propagated gradient of the squared error for the kernel against central differences of a NumPy convolution."""
    image, target, kernel = draw(7, 7, 1), draw(5, 5, 1, seed=1), draw(3, 3, 1, 1, seed=2)
    layer = library.Conv2D(1, 3, use_bias=False, dtype="float64")
    layer.build((1, 7, 7, 1))
    layer.set_weights([kernel])
    found = gradient(lambda: (layer(image[None])[0] - target) ** 2, layer.kernel)[0]
    by_differences = np.zeros_like(kernel)
    for place in np.ndindex(kernel.shape):
        step = np.zeros_like(kernel)
        step[place] = 1e-5
        ends = [((slide(image, kernel + sign * step) - target) ** 2).sum() for sign in (1, -1)]
        by_differences[place] = (ends[0] - ends[1]) / 2e-5
    return float(np.abs(found - by_differences).max())


def examine() -> dict[str, Any]:
    """The gradient's check, the random starts, and the kernels that seed 0 passes through."""
    from recipes.training import seeded

    config, starts = VARIANTS["vertical"], []
    for seed in range(20):
        with seeded(seed):
            starts.append(tuple(np.asarray(build_model(config).get_weights()[0]).ravel().tolist()))
    shown = {name: train(VARIANTS[name], load_data(VARIANTS[name]), [0]).kernels[0] for name in SOBEL}
    return {
        "gradient_is_that_of_differences": both(lambda library: kernel_gradient_gap(library) < 1e-7),
        "distinct_starts": len(set(starts)),
        "kernels_of_seed_0": {
            name: kernels[[0, *SHOWN, -1], :, :, 0].astype("float64").round(3).tolist()
            for name, kernels in shown.items()
        },
    }


SHOWN = (2, 6)
"""The epochs whose kernels the figure shows between the first and the last."""

CLAIMS = (
    Claim(
        "conv-filters-learned",
        "003",
        "Video 40-41",
        "Filters start with random values and are learned by back-propagation; different filters find different features.",
        "behaviour",
        "random at the start, learned by back-propagation",
        "Conv2D(1, 3) with its bias and Glorot's random kernel imitates each Sobel filter on 256 noise images of 16 x 16 a "
        "seed: squared error, plain gradient descent with step 0.03, batches of 32, 30 epochs; Keras's Conv2D for both "
        "filters, ours for the vertical one. Twenty seeds start from twenty kernels, all farther than 1 from Sobel's "
        "(Frobenius norm; Sobel's own is 3.46) and end within 0.01 of it. The gradient for the kernel equals central "
        "differences of a NumPy convolution. And without showing a filter: Conv2D(4, 3) with relu, the mean of each map and "
        "a sigmoid learn to tell vertical from horizontal stripes (256 noisy images a seed, Adam 0.01, 30 epochs); at "
        "least 95% of 400 new images are right, and the filters tell vertical from horizontal better than the random ones "
        "did, (|E_v - E_h| / (E_v + E_h) of the mean squared answer, mean over the four).",
        (
            Equals("distinct_starts", 20),
            Equals("gradient_is_that_of_differences", True),
            Within("vertical", "start_distance", low=1.0),
            Within("vertical", "end_distance", high=0.01),
            Within("horizontal", "end_distance", high=0.01),
            Within("ours", "end_distance", high=0.01),
            Within("stripes", "test_accuracy", low=0.95),
            Within("stripes", "selectivity_gain", low=0.0),
        ),
        priority=2,
    ),
)


def paint_kernels(facts: Mapping[str, Any]) -> Any:
    """Seed 0's kernel from its random start to the end, beside the filter that it imitates."""
    import matplotlib.pyplot as plt

    titles = ["random start", *(f"after epoch {epoch}" for epoch in SHOWN), f"after epoch {Config('vertical').epochs}"]
    drawn, axes = plt.subplots(2, 5, figsize=(9.6, 4.4), layout="constrained")
    for place, (row, name) in enumerate(zip(axes, SOBEL, strict=True)):
        kernels = [*facts["kernels_of_seed_0"][name], SOBEL[name].tolist()]
        for axis, kernel, title in zip(row, kernels, [*titles, "Sobel's"], strict=True):
            shown = axis.imshow(kernel, cmap="RdBu", vmin=-2, vmax=2)
            for i, j in np.ndindex(3, 3):
                value = kernel[i][j]
                text = f"{value:.2f}".replace("-0.00", "0.00")
                axis.text(
                    j, i, text, ha="center", va="center", fontsize=9, color="white" if abs(value) > 1.3 else "black"
                )
            axis.set_xticks([])
            axis.set_yticks([])
            if place == 0:
                axis.set_title(title, fontsize=10)
        row[0].set_ylabel(f"{name} edges")
    drawn.colorbar(shown, ax=axes, label="weight", shrink=0.8)
    return drawn


def paint_progress(facts: Mapping[str, Any], variants: Mapping[str, Any]) -> Any:
    """Distance to Sobel's kernel, and selectivity of the classifier's filters, by epoch."""
    import matplotlib.pyplot as plt

    drawn, (left, right) = plt.subplots(1, 2, figsize=(9.6, 3.5), layout="constrained")
    lines = (
        (left, "vertical", "distance", "vertical edges"),
        (left, "horizontal", "distance", "horizontal edges"),
        (right, "stripes", "selectivity", "mean of four filters"),
    )
    for place, (axis, variant, name, label) in enumerate(lines):
        curve = variants[variant]["curves"][name]
        epochs = np.array(curve["epoch"]) - 1  # the first point is the random start
        style = "--" if variant == "horizontal" else "-"
        axis.plot(epochs, curve["mean"], style, color=COLOURS[place], label=label)
        axis.fill_between(epochs, curve["low"], curve["high"], color=COLOURS[place], alpha=0.2, linewidth=0)
    left.set_yscale("log")
    left.set_ylabel("distance from Sobel's kernel")
    left.set_title("imitating a filter", fontsize=10)
    right.set_ylim(0, 1)
    right.set_ylabel("selectivity for stripes (0 to 1)")
    right.set_title("naming stripes: no filter is shown", fontsize=10)
    for axis in (left, right):
        axis.set_xlabel("epoch (0: random start)")
        axis.grid(alpha=0.25)
        axis.legend(frameon=False, fontsize=9)
    return drawn


FIGURES = (
    Picture(
        "learned-kernels",
        "A kernel learns to be a Sobel filter from examples of what the filter does",
        "Seed 0. Blue is positive, red negative.",
        facts=("kernels_of_seed_0",),
        paint=paint_kernels,
    ),
    Picture(
        "learned-filters-progress",
        "Random filters become edge filters",
        "Mean over seeds and the band of 80% of them. Left: how far the kernel is from the one it imitates. Right: how much more "
        "the filters of a classifier answer to one direction of stripes than to the other.",
        facts=(),
        paint=paint_progress,
        variants=("vertical", "horizontal", "stripes"),
    ),
)
