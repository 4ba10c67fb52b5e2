"""Exploding gradients in a recurrent network, and what clipping them does.

Source: document 003, Video 63-64 (weights above 1 and many steps: NaN, unstable training; clip the gradients). A SimpleRNN
whose W_h starts as twice an orthogonal matrix gets 300 steps of plain SGD on the adding problem of length 50. Gradient and
state are multiplied by up to 2 at every step. With relu nothing holds the states: after 50 steps they are at 10^5, and the
first loss at 10^10. With tanh the states are bounded, the gradient is not.

Run: reproduce run exploding_recurrent
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
from reproductions.sequence_tasks import adding

if TYPE_CHECKING:
    import keras

    from recipes.training import SeedRuns

TITLE = "Exploding gradients through time"
SUMMARY = (
    "A SimpleRNN with recurrent weights that are too large, trained with SGD on the adding problem, clipped and not."
)
DATASETS = ()
IN_DEFAULT_SET = False
SEEDS, MAX_SEEDS = 20, 40
EXPECTED_SECONDS = 40.0
GOLDEN = "tanh_clipnorm"

LENGTH, POOL, OWN, TEST = 50, 10_000, 1_920, 1_000
BASELINE = 1 / 6
"""Mean squared error of always answering 1, the mean of the sums."""


@dataclass(frozen=True)
class Config:
    """A recurrent network and its optimizer."""

    activation: str
    """Activation of the recurrent layer."""
    clipnorm: float = 0.0
    """Largest gradient norm of each variable, 0 for no clipping."""
    gain: float = 2.0
    """W_h starts as an orthogonal matrix times this."""
    units: int = 32
    """Units of the layer."""
    epochs: int = 10
    """Passes over a seed's sequences, 30 steps each."""
    batch_size: int = 64
    """Sequences a step."""
    learning_rate: float = 0.1
    """SGD's step size."""


VARIANTS = {
    f"{activation}{ending}": Config(activation, clipnorm)
    for activation in ("relu", "tanh")
    for ending, clipnorm in (("", 0.0), ("_clipnorm", 1.0))
}


def load_data(config: Config) -> Split:
    """Sequences of the adding problem, and others for the test."""
    return Split(*adding(POOL, LENGTH, seed=0), *adding(TEST, LENGTH, seed=1))


def rows_of(seed: int) -> np.ndarray:
    """The sequences that a seed trains on."""
    return np.random.default_rng(seed).choice(POOL, OWN, replace=False)


def build_model(config: Config) -> keras.Model:
    """SimpleRNN and a linear output, compiled with SGD and mean squared error."""
    import keras

    import layers

    recurrent = layers.SimpleRNN(
        config.units,
        activation=config.activation,
        recurrent_initializer=keras.initializers.Orthogonal(gain=config.gain),
    )
    model = keras.Sequential([keras.Input((LENGTH, 2)), recurrent, layers.Dense(1)])
    model.compile(keras.optimizers.SGD(config.learning_rate, clipnorm=config.clipnorm or None), "mse")
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
    """Whether each training ended without a number, and the test error (the curve is log10 of the loss)."""
    loss = runs.curves["loss"].astype("float64")
    p = runs.predict(data.x_test, batch_size=TEST)[..., 0]  # (seeds, sequences)
    with np.errstate(invalid="ignore", over="ignore"):
        metrics = {
            "ends_as_nan": (~np.isfinite(loss[:, -1])).astype(float).tolist(),
            "test_loss": ((p - data.y_test) ** 2).mean(axis=1).tolist(),
            "epochs_with_finite_loss": np.isfinite(loss).sum(axis=1).astype(float).tolist(),
        }
        return Measured(metrics, {"log10_loss": np.log10(np.where(np.isfinite(loss), loss, np.nan))})


def trace(config: Config, data: Split) -> list[float]:
    """Golden trace: the first losses of seed 0."""
    return first_losses(build_model, config, data, rows_of)


def paint_losses(facts: Mapping[str, Any], variants: Mapping[str, Any]) -> Any:
    """log10 of the loss by step, with and without clipping; a word where no seed's loss is a number."""
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(1, 2, figsize=(10.4, 4.2), layout="constrained")
    for axis, activation in zip(axes, ("relu", "tanh"), strict=True):
        for ending, colour in (("", COLOURS[1]), ("_clipnorm", COLOURS[0])):
            variant = variants[activation + ending]
            curve, lost = variant["curves"]["log10_loss"], variant["metrics"]["ends_as_nan"]
            mean, low, high = (
                np.array([np.nan if v is None else v for v in curve[part]]) for part in ("mean", "low", "high")
            )
            steps = 30 * np.asarray(curve["epoch"])
            name = "clipnorm=1.0" if ending else "no clipping"
            label = f"{name}: no finite loss in {int(sum(lost))} of {len(lost)}"
            axis.plot(steps, mean, "o-", color=colour, markersize=4, label=label)
            axis.fill_between(steps, low, high, color=colour, alpha=0.2, linewidth=0)
        axis.axhline(np.log10(BASELINE), color="0.4", linestyle="--", linewidth=1, label="always answering 1")
        axis.set_title(f"{activation}, W_h twice an orthogonal matrix", fontsize=10)
        axis.set_xlabel("SGD step")
        axis.grid(alpha=0.25)
        axis.legend(frameon=False, fontsize=8, loc="upper right")
        low_end, high_end = axis.get_ylim()
        axis.set_ylim(low_end, high_end + 0.35 * (high_end - low_end))  # room for the legend
    axes[0].set_ylabel("log10 of the mean squared error")
    return figure


FIGURES = (
    Picture(
        "recurrent-clipping",
        "Exploding gradients through time: adding problem of length 50, mean and 10th to 90th percentile of 20 seeds",
        "Each point is the mean over 30 steps. A line that is missing had no finite loss in any seed. Clipped runs "
        "stay finite, but none learns: with relu some are far from any use, with tanh they hover above what a "
        "constant answer gives.",
        facts=(),
        paint=paint_losses,
        variants=tuple(VARIANTS),
    ),
)

CLAIMS = (
    Claim(
        "recurrent-clipping-keeps-training",
        "own",
        "exploding_recurrent",
        "Clipping the gradient keeps a recurrent network with weights that are too large from NaN and from wild steps.",
        "comparison",
        "",
        f"SimpleRNN of 32 units, W_h twice an orthogonal matrix, adding problem of length {LENGTH}, {OWN:,} sequences a seed, "
        "300 steps of 64, SGD 0.1, with clipnorm=1.0 and without. NaN: with relu the loss of the last epoch is no number in "
        "every seed without clipping, and in none with it. Wild steps: with tanh the test error is lower with clipping, seed by "
        "seed.",
        (
            Within("relu", "ends_as_nan", low=1.0, high=1.0),
            Within("relu_clipnorm", "ends_as_nan", low=0.0, high=0.0),
            Better("test_loss", "tanh_clipnorm", "tanh", higher_is_better=False),
        ),
        priority=3,
        remark="Without clipping every run ends as NaN, with tanh too. Clipping keeps all of them finite and trains none "
        "well: with tanh the test error is 0.21 (a constant answer has 0.167), with relu about 0.17 in most seeds and"
        " beyond 10^18 in 5 of 20. With tanh the output layer has its share in the NaN: 32 saturated states give its "
        "weights a curvature of up to 2 * 32, and times the step size 0.1 that is more than the 2 at which SGD stops "
        "being stable.",
    ),
)
