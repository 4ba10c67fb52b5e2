"""The two printed dropout networks on small noisy data: a curve through 20 points, and two moons of 100.

Source: document 003, Video 30. Two hidden layers of 128 relu units; Dropout after each, at 0.2 for the regression and 0.5
for the classification. The document gives no data: every seed draws its own 20 points of a noisy sine, or its own 100
points of scikit-learn's moons, and all are tested on the same 2,000 further points.

Run: reproduce run dropout_toys
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from reproductions.claims import Better, Claim, Measured, Within
from reproductions.figures import COLOURS, Picture
from reproductions.networks import Split, first_losses, train_networks
from reproductions.scores import binary_cross_entropy

if TYPE_CHECKING:
    import keras

    from recipes.training import SeedRuns

TITLE = "Dropout on a noisy curve and on two moons"
SUMMARY = (
    "The printed 128-128-1 networks, without and with dropout, on 20 points of a noisy sine and 100 points of two moons; "
    "each seed has its own small data set."
)
DATASETS = ()
IN_DEFAULT_SET = True
SEEDS, MAX_SEEDS = 10, 20
EXPECTED_SECONDS = 65.0
GOLDEN = "moons_half"

POOL, TEST = 10_000, 2_000
NOISE = 0.3
GRID = 41
CURVE_X = np.linspace(-1, 1, 81)
MOONS_X, MOONS_Y = np.linspace(-1.7, 2.7, GRID), np.linspace(-1.3, 1.8, GRID)


@dataclass(frozen=True)
class Config:
    """The network, its data and its training."""

    task: Literal["curve", "moons"]
    """A regression on one input, or a classification on two."""
    rate: float = 0.0
    """Share of the units switched off after each hidden layer; 0 leaves the Dropout layers out."""
    units: int = 128
    """Units of each hidden layer."""
    epochs: int = 500
    """Passes over the points."""
    batch_size: int = 32
    """Points a step; Keras's default, the document names none."""
    learning_rate: float = 0.001
    """Adam's step size; Keras's default, the document names none."""

    @property
    def points(self) -> int:
        """Training points of each seed."""
        return 20 if self.task == "curve" else 100


VARIANTS = {
    "curve_plain": Config("curve"),
    "curve_light": Config("curve", rate=0.2),
    "curve_half": Config("curve", rate=0.5),
    "moons_plain": Config("moons"),
    "moons_light": Config("moons", rate=0.2),
    "moons_half": Config("moons", rate=0.5),
}


def load_data(config: Config) -> Split:
    """The pool that the seeds draw from and the test points, from the same law."""
    if config.task == "moons":
        from sklearn.datasets import make_moons

        x, y = make_moons(POOL + TEST, noise=NOISE, random_state=0)
    else:
        rng = np.random.default_rng(0)
        x = rng.uniform(-1, 1, (POOL + TEST, 1))
        y = np.sin(np.pi * x[:, 0]) + rng.normal(0, NOISE, POOL + TEST)
    x, y = x.astype("float32"), y.astype("float32")
    return Split(x[:POOL], y[:POOL], x[POOL:], y[POOL:])


def rows_of(config: Config, seed: int) -> np.ndarray:
    """The points of the pool that a seed trains on."""
    return np.random.default_rng([seed, config.points]).choice(POOL, config.points, replace=False)


def build_model(config: Config) -> keras.Model:
    """Dense(128, relu), Dropout, Dense(128, relu), Dropout and one output: linear with MSE, or sigmoid with cross-entropy."""
    import keras

    from layers import Dropout

    model = keras.Sequential([keras.Input((1 if config.task == "curve" else 2,))])
    for _ in range(2):
        model.add(keras.layers.Dense(config.units, activation="relu"))
        if config.rate:
            model.add(Dropout(config.rate))
    regression = config.task == "curve"
    model.add(keras.layers.Dense(1, activation="linear" if regression else "sigmoid"))
    model.compile(
        optimizer=keras.optimizers.Adam(config.learning_rate),
        loss="mean_squared_error" if regression else "binary_crossentropy",
        metrics=[] if regression else ["accuracy"],
    )
    return model


def train(
    config: Config,
    data: Split,
    seeds: Sequence[int],
    checkpoint: Path | None = None,
    progress: Callable[[float], None] | None = None,
) -> SeedRuns:
    """Train one network a seed, each on its own points."""
    return train_networks(
        build_model, config, data, seeds, checkpoint, progress, rows=lambda seed: rows_of(config, seed)
    )


def measure(config: Config, data: Split, runs: SeedRuns) -> Measured:
    """Errors on the seed's own points and on the test points, without dropout; for the moons also the boundary's length."""
    own = np.stack([rows_of(config, seed) for seed in runs.seeds])  # (seeds, points)
    fitted = runs.predict(data.x_train)[..., 0].astype("float64")  # (seeds, pool)
    train_output = np.take_along_axis(fitted, own, axis=1)
    test_output = runs.predict(data.x_test)[..., 0].astype("float64")
    train_y, test_y = data.y_train[own], data.y_test[None]
    if config.task == "curve":
        train_loss, test_loss = ((train_output - train_y) ** 2).mean(axis=1), ((test_output - test_y) ** 2).mean(axis=1)
        metrics = {"train_mse": train_loss, "test_mse": test_loss, "gap": test_loss - train_loss}
        curves = {"fit": runs.predict(CURVE_X[:, None].astype("float32"))[..., 0]}
    else:
        train_right, test_right = (train_output > 0.5) == train_y, (test_output > 0.5) == test_y
        metrics = {
            "train_accuracy": train_right.mean(axis=1),
            "test_accuracy": test_right.mean(axis=1),
            "gap": train_right.mean(axis=1) - test_right.mean(axis=1),
            "test_loss": binary_cross_entropy(data.y_test, test_output),
            "boundary_length": boundary_length(runs.predict(moons_grid())[..., 0]),
        }
        curves = {}
    return Measured({name: values.tolist() for name, values in metrics.items()}, runs.curves | curves)


def moons_grid() -> np.ndarray:
    """The corners of a grid over the moons, shape (GRID^2, 2), x fastest."""
    return np.stack(np.meshgrid(MOONS_X, MOONS_Y), axis=-1).reshape(-1, 2).astype("float32")


def boundary_length(probabilities: np.ndarray) -> np.ndarray:
    """How many neighbouring grid points get different classes, a seed: a wigglier boundary cuts more of them."""
    classes = (probabilities > 0.5).reshape(-1, GRID, GRID)
    across = (classes[:, :, 1:] != classes[:, :, :-1]).sum(axis=(1, 2))
    upwards = (classes[:, 1:] != classes[:, :-1]).sum(axis=(1, 2))
    return (across + upwards).astype("float64")


def trace(config: Config, data: Split) -> list[float]:
    """Golden trace: the first losses of seed 0."""
    return first_losses(build_model, config, data, lambda seed: rows_of(config, seed))


def examine() -> dict[str, Any]:
    """For the picture of the boundaries: seed 0's moons, and the probabilities on the grid in per cent."""
    config = VARIANTS["moons_plain"]
    data, own = load_data(config), rows_of(config, 0)
    facts: dict[str, Any] = {
        "moons_points": data.x_train[own].round(2).tolist(),
        "moons_labels": data.y_train[own].astype(int).tolist(),
    }
    for name in ("moons_plain", "moons_light", "moons_half"):
        grid = train(VARIANTS[name], data, [0]).predict(moons_grid())[0, :, 0]
        facts[f"{name}_grid"] = (100 * grid).round().astype(int).tolist()
    return facts


_SETUP = "128-128-1, relu, Adam 0.001, 500 epochs, batches of 32 (Keras's defaults), Dropout after both hidden layers. "

CLAIMS = (
    Claim(
        "dropout-regression-code",
        "003",
        "Video 30",
        "The 128-128-1 regression network on one input overfits, and with Dropout(0.2) it generalises better.",
        "comparison",
        "0.2; 128; 128; 1",
        _SETUP
        + "20 points a seed, x uniform in -1 to 1, y = sin(pi x) plus normal noise of 0.3; 2,000 test points with the "
        "same noise. Overfits: test MSE above training MSE. Generalises better: lower test MSE, and a smaller gap.",
        (
            Within("curve_plain", "gap", low=0.0),
            Better("gap", "curve_light", "curve_plain", higher_is_better=False),
            Better("test_mse", "curve_light", "curve_plain", higher_is_better=False),
        ),
        remark="The gap shrinks because the training error rises; the test error falls too little to tell (0.148 against 0.153, "
        "of which 0.09 is noise). Twenty points are one batch, so 500 epochs are 500 small steps: the network follows the noise "
        "little, and what dropout takes from its variance it adds in bias (see the fitted curves).",
    ),
    Claim(
        "dropout-classification-code",
        "003",
        "Video 30",
        "The 128-128-1 classifier on two inputs gets a smoother and better generalising boundary with Dropout(0.5).",
        "comparison",
        "0.5; 128; 128; 1",
        _SETUP
        + "100 points of make_moons with noise 0.3 a seed, 2,000 test points. Smoother: the boundary cuts fewer edges of "
        "a 41 x 41 grid over the moons. Generalises better: higher test accuracy.",
        (
            Better("boundary_length", "moons_half", "moons_plain", higher_is_better=False),
            Better("test_accuracy", "moons_half", "moons_plain"),
        ),
    ),
)


def paint_curves(facts: Mapping[str, Any], variants: Mapping[str, Any]) -> Any:
    """Mean and spread over seeds of the fitted curve for each rate, with the true curve."""
    import matplotlib.pyplot as plt

    panels = {"curve_plain": "no dropout", "curve_light": "Dropout(0.2)", "curve_half": "Dropout(0.5)"}
    drawn, axes = plt.subplots(1, 3, figsize=(9.6, 3.3), sharey=True, layout="constrained")
    for axis, (name, title) in zip(axes, panels.items(), strict=True):
        fit = variants[name]["curves"]["fit"]
        x = CURVE_X[np.asarray(fit["epoch"]) - 1]
        axis.plot(CURVE_X, np.sin(np.pi * CURVE_X), color="0.3", linestyle="--", label="true curve")
        axis.plot(x, fit["mean"], color=COLOURS[0], label="mean fit")
        axis.fill_between(
            x, fit["low"], fit["high"], color=COLOURS[0], alpha=0.25, linewidth=0, label="80% of the fits"
        )
        mean = variants[name]["summary"]["test_mse"]["mean"]
        axis.set_title(f"{title}: test MSE {mean:.3f}", fontsize=10)
        axis.set_xlabel("x")
        axis.grid(alpha=0.25)
    axes[0].set_ylabel("y")
    axes[0].legend(frameon=False, fontsize=8)
    return drawn


def paint_boundaries(facts: Mapping[str, Any]) -> Any:
    """The probability of class 1 over the plane and the boundary, for each rate, with the training points of seed 0."""
    import matplotlib.pyplot as plt

    panels = {"moons_plain": "no dropout", "moons_light": "Dropout(0.2)", "moons_half": "Dropout(0.5)"}
    points, labels = np.array(facts["moons_points"]), np.array(facts["moons_labels"])
    drawn, axes = plt.subplots(1, 3, figsize=(9.6, 3.2), sharey=True, layout="constrained")
    for axis, (name, title) in zip(axes, panels.items(), strict=True):
        grid = np.array(facts[f"{name}_grid"]).reshape(GRID, GRID) / 100
        shade = axis.contourf(MOONS_X, MOONS_Y, grid, levels=np.linspace(0, 1, 11), cmap="RdBu_r", alpha=0.6)
        axis.contour(MOONS_X, MOONS_Y, grid, levels=[0.5], colors="black", linewidths=1.4)
        for label, colour, marker in ((0, COLOURS[0], "o"), (1, COLOURS[1], "^")):
            chosen = points[labels == label]
            axis.scatter(*chosen.T, s=14, color=colour, marker=marker, edgecolor="white", linewidth=0.4)
        axis.set_title(title, fontsize=10)
        axis.set_xlabel("first input")
    axes[0].set_ylabel("second input")
    drawn.colorbar(shade, ax=axes, label="probability of class 1", ticks=[0, 0.5, 1])
    return drawn


FIGURES = (
    Picture(
        "dropout-fitted-curves",
        "128-128-1 regression on 20 noisy points a seed",
        "Mean of the fitted curves over seeds and the band that holds 80% of them.",
        facts=(),
        paint=paint_curves,
        variants=("curve_plain", "curve_light", "curve_half"),
    ),
    Picture(
        "dropout-boundaries",
        "128-128-1 classification of the same 100 points",
        "Seed 0's network without dropout, with the light and with the documented rate; black: where the class changes.",
        facts=("moons_points", "moons_labels", "moons_plain_grid", "moons_light_grid", "moons_half_grid"),
        paint=paint_boundaries,
    ),
)
