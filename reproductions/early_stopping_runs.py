"""Overfitting in the long run, and what early stopping, dropout and augmentation do about it.

Sources: document 000, Regularization; document 003, Video 21. A 64-64-1 network on 100 points of two moons with noise 0.3,
another hundred for every seed; 200 common points validate and 2,000 test.

Run: reproduce run early_stopping_runs
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from reproductions.claims import Better, Claim, Measured, Within
from reproductions.figures import COLOURS, Picture, Spread
from reproductions.networks import Split, first_losses
from reproductions.scores import binary_cross_entropy

if TYPE_CHECKING:
    import keras

    from recipes.training import SeedRuns

TITLE = "Early stopping, dropout and augmentation against overfitting"
SUMMARY = (
    "A network too large for its hundred noisy points: what a thousand epochs do to it, and how it fares with each of three "
    "remedies."
)
DATASETS = ()
IN_DEFAULT_SET = True
SEEDS, MAX_SEEDS = 20, 40
EXPECTED_SECONDS = 48.0
GOLDEN = "plain"

POOL, VALIDATION, TEST, POINTS = 10_000, 200, 2_000, 100
COPIES, JITTER = 10, 0.1
EARLY, LATE = slice(50, 70), slice(-20, None)
"""Epochs whose mean accuracies are compared: 51 to 70, and the last twenty."""


@dataclass(frozen=True)
class Config:
    """The network, its training and the remedy."""

    epochs: int = 500
    """Passes over the points, at most."""
    patience: int = 0
    """Epochs without a lower validation loss after which training stops and the best weights return; 0 trains on."""
    rate: float = 0.0
    """Share of the units that dropout switches off after each hidden layer."""
    copies: int = 1
    """Versions of each training point: itself and others moved by normal noise."""
    units: int = 64
    """Units of each of the two hidden layers."""
    batch_size: int = 32
    """Points a step; Keras's default."""
    learning_rate: float = 0.001
    """Adam's step size; Keras's default."""


VARIANTS = {
    "plain": Config(),
    "early": Config(patience=3),
    "dropout": Config(rate=0.5),
    # 63 epochs of ten times as many points make as many steps as 500.
    "augmented": Config(copies=COPIES, epochs=63),
    "long": Config(epochs=1000),
}


def load_data(config: Config) -> Split:
    """The pool, followed by its moved copies; the first 200 test points validate."""
    from sklearn.datasets import make_moons

    x, y = make_moons(POOL + VALIDATION + TEST, noise=0.3, random_state=0)
    rng = np.random.default_rng(0)
    copies = [x[:POOL] + (rng.normal(0, JITTER, (POOL, 2)) if copy else 0) for copy in range(config.copies)]
    labels = np.tile(y[:POOL], config.copies).astype("float32")
    return Split(
        np.concatenate(copies).astype("float32"), labels, x[POOL:].astype("float32"), y[POOL:].astype("float32")
    )


def rows_of(config: Config, seed: int) -> np.ndarray:
    """A seed's hundred points and their copies; the points themselves are the same in every variant."""
    own = np.random.default_rng(seed).choice(POOL, POINTS, replace=False)
    return np.concatenate([own + copy * POOL for copy in range(config.copies)])


def build_model(config: Config) -> keras.Model:
    """Two hidden relu layers, dropout after each where there is any, and a sigmoid output."""
    import keras

    from layers import Dropout

    model = keras.Sequential([keras.Input((2,))])
    for _ in range(2):
        model.add(keras.layers.Dense(config.units, activation="relu"))
        if config.rate:
            model.add(Dropout(config.rate))
    model.add(keras.layers.Dense(1, activation="sigmoid"))
    model.compile(keras.optimizers.Adam(config.learning_rate), "binary_crossentropy", metrics=["accuracy"])
    return model


def train(
    config: Config,
    data: Split,
    seeds: Sequence[int],
    checkpoint: Path | None = None,
    progress: Callable[[float], None] | None = None,
) -> SeedRuns:
    """Train one network a seed, each on its own points."""
    import keras

    from recipes.training import Trainer

    def stopping(seed: int) -> list[keras.callbacks.Callback]:
        return [keras.callbacks.EarlyStopping("val_loss", patience=config.patience, restore_best_weights=True)]

    return Trainer(lambda: build_model(config)).fit(
        data.x_train,
        data.y_train,
        seeds=seeds,
        rows=lambda seed: rows_of(config, seed),
        epochs=config.epochs,
        batch_size=config.batch_size,
        validation_data=(data.x_test[:VALIDATION], data.y_test[:VALIDATION]),
        validation_batch_size=VALIDATION,
        callbacks=stopping if config.patience else None,
        checkpoint=checkpoint,
        progress=progress,
    )


def measure(config: Config, data: Split, runs: SeedRuns) -> Measured:
    """Losses on the seed's own points and on the test points, epochs run, and the change of both accuracies over time."""
    own = np.stack([rows_of(config, seed)[:POINTS] for seed in runs.seeds])
    on_pool = runs.predict(data.x_train[:POOL])[..., 0].astype("float64")
    on_test = runs.predict(data.x_test[VALIDATION:])[..., 0].astype("float64")
    labels = data.y_test[VALIDATION:]
    train_loss = binary_cross_entropy(data.y_train[own], np.take_along_axis(on_pool, own, axis=1))
    test_loss = binary_cross_entropy(labels, on_test)
    metrics = {
        "train_loss": train_loss,
        "test_loss": test_loss,
        "gap": test_loss - train_loss,
        "test_accuracy": ((on_test > 0.5) == labels).mean(axis=1),
        "epochs_run": np.isfinite(runs.curves["loss"]).sum(axis=1),
    }
    if config.epochs >= 500 and not config.patience:
        for name in ("accuracy", "val_accuracy"):
            curve = runs.curves[name]
            metrics[f"{name}_change"] = curve[:, LATE].mean(axis=1) - curve[:, EARLY].mean(axis=1)
    return Measured({name: np.asarray(values, "float64").tolist() for name, values in metrics.items()}, runs.curves)


def trace(config: Config, data: Split) -> list[float]:
    """Golden trace: the first losses of seed 0."""
    return first_losses(build_model, config, data, lambda seed: rows_of(config, seed))


_SETUP = (
    "64-64-1 relu network, Adam 0.001, batches of 32, 100 points of make_moons with noise 0.3 a seed, 200 points to validate, "
    "2,000 to test. "
)

CLAIMS = (
    Claim(
        "regularization-generalises",
        "000",
        "Regularization",
        "Dropout, augmentation and early stopping prevent overfitting and so do better on unseen data.",
        "comparison",
        "better on unseen data",
        _SETUP
        + "500 epochs without a remedy; with Dropout(0.5) after both hidden layers; with nine copies of every point moved "
        "by normal noise of 0.1, as many steps; with early stopping, patience 3. Each: lower test cross-entropy, and a smaller "
        "gap between test and training cross-entropy.",
        tuple(
            Better(metric, remedy, "plain", higher_is_better=False)
            for remedy in ("dropout", "augmented", "early")
            for metric in ("test_loss", "gap")
        ),
        priority=2,
        remark="In test accuracy only the copies do better (89.9% against 89.5% without a remedy); dropout reaches 88.7%, early "
        "stopping 85.5%. What all three cure is false certainty.",
    ),
    Claim(
        "regularization-earlystop-saves-time",
        "000",
        "Regularization",
        "Early stopping avoids overfitting and saves training time.",
        "comparison",
        "less overfitting, less time",
        _SETUP
        + "500 epochs against early stopping with patience 3 and the best weights restored, as printed. Fewer epochs, lower "
        "test cross-entropy and a smaller gap to the training cross-entropy.",
        (
            Better("epochs_run", "early", "plain", higher_is_better=False),
            Better("test_loss", "early", "plain", higher_is_better=False),
            Better("gap", "early", "plain", higher_is_better=False),
        ),
        priority=2,
        remark="At a price: patience 3 ends at epoch 29, on a plateau that the network would have left, with a test accuracy of "
        "85.5% against 89.5% after 500 epochs. The validation loss is lowest at about epoch 240; more patience would find it.",
    ),
    Claim(
        "regularization-overfit-many-epochs",
        "003",
        "Video 21",
        "With too many epochs training accuracy rises while validation accuracy falls.",
        "behaviour",
        "training up, validation down",
        _SETUP
        + "1000 epochs. Mean accuracy of the last 20 epochs against that of epochs 51 to 70: training above, validation "
        "below.",
        (Within("long", "accuracy_change", low=0.0), Within("long", "val_accuracy_change", high=0.0)),
        priority=2,
        remark="The validation loss does turn: it is lowest at about epoch 240 (0.32) and ends at 0.55. The accuracy hardly "
        "follows: it peaks at 89.3% near epoch 530 and ends at 88.7%, still above that of epochs 51 to 70. The network grows "
        "surer of the answers it already gets wrong, which costs loss and not accuracy.",
    ),
)


def paint_stopping(facts: Mapping[str, Any], variants: Mapping[str, Any]) -> Any:
    """Training and validation loss without a remedy, and where early stopping ended."""
    import matplotlib.pyplot as plt

    curves, early = variants["long"]["curves"], np.array(variants["early"]["metrics"]["epochs_run"])
    drawn, axes = plt.subplots(1, 2, figsize=(9.6, 3.5), layout="constrained")
    for axis, name in zip(axes, ("loss", "accuracy"), strict=True):
        for key, label, colour in ((name, "training", COLOURS[0]), (f"val_{name}", "validation", COLOURS[1])):
            curve = curves[key]
            axis.plot(curve["epoch"], curve["mean"], color=colour, label=label)
            axis.fill_between(curve["epoch"], curve["low"], curve["high"], color=colour, alpha=0.2, linewidth=0)
        axis.axvspan(early.min(), early.max(), color="0.85", zorder=0, label="early stopping: all seeds")
        axis.axvline(early.mean(), color="0.3", linestyle="--", label=f"mean: epoch {early.mean():.0f}")
        axis.set_xscale("log")
        axis.set_xlabel("epoch (logarithmic)")
        axis.grid(alpha=0.25)
    axes[0].set_ylabel("cross-entropy")
    axes[1].set_ylabel("accuracy")
    axes[0].legend(frameon=False, fontsize=8)
    return drawn


FIGURES = (
    Picture(
        "training-too-long",
        "A thousand epochs on a hundred points, and where early stopping ends",
        "Mean over seeds and the band of 80% of them: the training loss goes on falling, the validation loss turns. Patience 3.",
        facts=(),
        paint=paint_stopping,
        variants=("long", "early"),
    ),
    Spread(
        "remedies",
        "Test cross-entropy with each remedy",
        "The same networks and points without a remedy, with dropout, with moved copies of the points and with early stopping.",
        metric="test_loss",
        variants=("plain", "dropout", "augmented", "early"),
        labels={"plain": "none", "dropout": "Dropout(0.5)", "augmented": "augmentation", "early": "early stopping"},
    ),
)
