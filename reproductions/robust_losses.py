"""Lines fitted under MSE, MAE and Huber loss, with and without gross outliers.

Source: document 003, Video 14. One Dense unit on 100 points of y = 2 x + 1 plus noise; in the spoilt data five of the hundred
are 15 too high. Every seed has its own points and starting weights.

Run: reproduce run robust_losses
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from reproductions.claims import Better, Claim, Equals, Measured, Within
from reproductions.figures import COLOURS, Picture
from reproductions.networks import Split, first_losses, train_networks

if TYPE_CHECKING:
    import keras

    from recipes.training import SeedRuns

TITLE = "Robust losses: lines through data with outliers"
SUMMARY = (
    "Straight lines under mean squared error, mean absolute error and Huber loss; five points in a hundred are far off."
)
DATASETS = ()
IN_DEFAULT_SET = True
SEEDS, MAX_SEEDS = 20, 40
EXPECTED_SECONDS = 10.0
GOLDEN = "huber_outliers"

POINTS, OUTLIERS, SHIFT = 100, 5, 15.0
POOL, SPOILT = 10_000, 2_000
SLOPE, INTERCEPT, NOISE = 2.0, 1.0, 0.5
GRID = np.linspace(-1, 1, 21)
Loss = Literal["mse", "mae", "huber"]
LOSSES: dict[Loss, str] = {"mse": "mean squared error", "mae": "mean absolute error", "huber": "Huber, delta 1"}


@dataclass(frozen=True)
class Config:
    """The loss, the data and the training."""

    loss: Loss
    """Keras's loss; Huber with its default delta of 1."""
    outliers: int = OUTLIERS
    """How many of the hundred points are 15 too high."""
    learning_rate: float = 0.1
    """Step size of plain gradient descent."""
    epochs: int = 400
    """Passes over the points, one step each."""
    batch_size: int = POINTS
    """All points in each step, so that nothing but the loss makes the fit restless."""


VARIANTS = {f"{loss}_outliers": Config(loss) for loss in LOSSES} | {
    f"{loss}_clean": Config(loss, outliers=0) for loss in LOSSES
}


def load_data(config: Config) -> Split:
    """10,000 clean points and 2,000 outliers to draw from; the test points are the true line itself."""
    rng = np.random.default_rng(0)
    x = rng.uniform(-1, 1, (POOL + SPOILT, 1)).astype("float32")
    y = SLOPE * x[:, 0] + INTERCEPT + rng.normal(0, NOISE, POOL + SPOILT)
    y[POOL:] += SHIFT
    return Split(x, y.astype("float32"), GRID[:, None].astype("float32"), (SLOPE * GRID + INTERCEPT).astype("float32"))


def rows_of(config: Config, seed: int) -> np.ndarray:
    """The points that a seed is fitted to, the outliers last."""
    rng = np.random.default_rng(seed)
    clean = rng.choice(POOL, POINTS, replace=False)[config.outliers :]
    return np.concatenate([clean, POOL + rng.choice(SPOILT, config.outliers, replace=False)])


def build_model(config: Config) -> keras.Model:
    """One Dense unit: a line."""
    import keras

    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    losses = {
        "mse": keras.losses.MeanSquaredError,
        "mae": keras.losses.MeanAbsoluteError,
        "huber": keras.losses.Huber,
    }
    model.compile(optimizer=keras.optimizers.SGD(config.learning_rate), loss=losses[config.loss]())
    return model


def train(
    config: Config,
    data: Split,
    seeds: Sequence[int],
    checkpoint: Path | None = None,
    progress: Callable[[float], None] | None = None,
) -> SeedRuns:
    """Fit one line a seed."""
    return train_networks(
        build_model, config, data, seeds, checkpoint, progress, rows=lambda seed: rows_of(config, seed)
    )


def measure(config: Config, data: Split, runs: SeedRuns) -> Measured:
    """Distance from the true line, and how restless the loss is at the end."""
    slopes, intercepts = (np.array([row[k].item() for row in runs.weights]) for k in (0, 1))
    lines = slopes[:, None] * GRID + intercepts[:, None]  # (seeds, grid)
    metrics = {
        "slope_error": np.abs(slopes - SLOPE),
        "line_error": np.sqrt(((lines - data.y_test) ** 2).mean(axis=1)),
        # float32 rounds a loss of 1 to about 1e-7, so less than that is rest.
        "restlessness": np.abs(np.diff(runs.curves["loss"][:, -50:], axis=1)).mean(axis=1),
    }
    return Measured({name: values.tolist() for name, values in metrics.items()}, {**runs.curves, "line": lines})


def trace(config: Config, data: Split) -> list[float]:
    """Golden trace: the first losses of seed 0."""
    return first_losses(build_model, config, data, lambda seed: rows_of(config, seed))


def examine() -> dict[str, Any]:
    """Huber's values and slopes against those of the others, for our losses and for Keras's; points for the picture."""
    import keras

    from recipes import losses
    from reproductions.worked import array, gradient

    small, large = np.array([0.1, 0.4, 0.9]), np.array([1.5, 4.0, 20.0])

    def of_each(library: Any, name: str, errors: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Loss and slope for single errors of these sizes."""
        loss = getattr(library, name)(reduction=None)
        truth, predicted = np.zeros((len(errors), 1)), errors[:, None]
        slope = gradient(lambda values: loss(truth, values), predicted)[0][:, 0]
        return array(loss(truth, predicted)), slope

    def facts_of(library: Any) -> dict[str, list[float]]:
        (squares, square_slopes), (inside, inside_slopes) = (
            of_each(library, name, small) for name in ("MeanSquaredError", "Huber")
        )
        (absolutes, absolute_slopes), (outside, outside_slopes) = (
            of_each(library, name, large) for name in ("MeanAbsoluteError", "Huber")
        )
        found = {
            "huber_over_squared_error": inside / squares,
            "huber_slope_over_squared_error_slope": inside_slopes / square_slopes,
            "absolute_error_minus_huber": absolutes - outside,
            "huber_slope_over_absolute_error_slope": outside_slopes / absolute_slopes,
        }
        return {name: values.round(4).tolist() for name, values in found.items()}

    ours, keras_own = facts_of(losses), facts_of(keras.losses)
    data, config = load_data(VARIANTS["mse_outliers"]), VARIANTS["mse_outliers"]
    own = rows_of(config, 0)
    return {
        **(keras_own if ours == keras_own else {name: f"{ours[name]} against {keras_own[name]}" for name in ours}),
        "points_of_seed_0": np.stack([data.x_train[own, 0], data.y_train[own]]).round(2).tolist(),
    }


_SETUP = (
    "y = 2 x + 1, x uniform in -1 to 1, normal noise of 0.5, 100 points a seed of which 5 are raised by 15; one Dense unit, 400 "
    "steps of gradient descent with all points, learning rate 0.1. "
)

CLAIMS = (
    Claim(
        "loss-mse-not-robust",
        "003",
        "Video 14",
        "MSE is not robust to outliers, MAE is.",
        "comparison",
        "MAE above MSE",
        _SETUP
        + "MAE's slope and line are closer to the truth than MSE's. Robust: the fitted line stays within half a standard "
        "deviation of the noise (0.25) of the true one, root mean square; not robust: it is off by more than one (0.5).",
        (
            Better("slope_error", "mae_outliers", "mse_outliers", higher_is_better=False),
            Better("line_error", "mae_outliers", "mse_outliers", higher_is_better=False),
            Within("mae_outliers", "line_error", high=0.25),
            Within("mse_outliers", "line_error", low=0.5),
        ),
        priority=2,
    ),
    Claim(
        "loss-huber-behaves-mse-mae",
        "003",
        "Video 14",
        "Huber loss is quadratic like MSE for small errors, linear like MAE for large ones, and robust to outliers.",
        "comparison",
        "MSE inside delta, MAE outside",
        _SETUP
        + "Ratios and slopes of the losses at errors inside and outside delta = 1, for our losses and Keras's. With "
        "outliers the line is closer to the truth than MSE's and within 0.25 of it. Without outliers Huber comes to rest like "
        "MSE, where MAE goes on jumping: smaller change of the loss from step to step over the last 50.",
        (
            Equals("huber_over_squared_error", [0.5, 0.5, 0.5]),
            Equals("huber_slope_over_squared_error_slope", [0.5, 0.5, 0.5]),
            Equals("absolute_error_minus_huber", [0.5, 0.5, 0.5]),
            Equals("huber_slope_over_absolute_error_slope", [1.0, 1.0, 1.0]),
            Better("line_error", "huber_outliers", "mse_outliers", higher_is_better=False),
            Within("huber_outliers", "line_error", high=0.25),
            Better("restlessness", "huber_clean", "mae_clean", higher_is_better=False),
        ),
        priority=2,
        remark="Inside delta it is half the squared error, as the document's own formula says, and outside delta |error| - 0.5 "
        "for delta 1: shape and slope are those of MSE and MAE, the values are not. So 'behaves like' is right.",
    ),
)


def paint_lines(facts: Mapping[str, Any], variants: Mapping[str, Any]) -> Any:
    """The points of seed 0, and mean and spread over seeds of the three fitted lines."""
    import matplotlib.pyplot as plt

    x, y = np.array(facts["points_of_seed_0"])
    drawn, axes = plt.subplots(1, 2, figsize=(9.6, 3.8), layout="constrained")
    for axis in axes:
        axis.scatter(x, y, s=12, color="0.6", linewidth=0, label="points of seed 0")
        axis.plot(GRID, SLOPE * GRID + INTERCEPT, color="black", linestyle="--", label="true line")
        for (loss, label), colour in zip(LOSSES.items(), COLOURS, strict=False):
            line = variants[f"{loss}_outliers"]["curves"]["line"]
            axis.plot(GRID, line["mean"], color=colour, label=label)
            axis.fill_between(GRID, line["low"], line["high"], color=colour, alpha=0.2, linewidth=0)
        axis.set_xlabel("x")
    axes[0].set_ylabel("y")
    axes[0].set_title("all points", fontsize=10)
    axes[1].set_ylim(-2.2, 4.5)
    axes[1].set_title("the same, near the line", fontsize=10)
    axes[0].legend(frameon=False, fontsize=8, loc="center right", bbox_to_anchor=(1.0, 0.55))
    return drawn


FIGURES = (
    Picture(
        "fitted-lines",
        "Lines fitted to 100 points of which five are 15 too high",
        "Mean of the fitted lines over seeds and the band that holds 80% of them. The squared error is pulled up by the "
        "five; the other two stay at the true line.",
        facts=("points_of_seed_0",),
        paint=paint_lines,
        variants=("mse_outliers", "mae_outliers", "huber_outliers"),
    ),
)
