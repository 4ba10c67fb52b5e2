"""Cross-entropies for several classes, focal loss for rare positives, triplet loss for embeddings: each trained.

Sources: document 000, Loss Function; document 003, Video 14. Every seed draws its own training set.

Run: reproduce run special_losses
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from reproductions.claims import Better, Claim, Equals, Measured, Within
from reproductions.figures import COLOURS, Picture, Spread
from reproductions.networks import Split, first_losses

if TYPE_CHECKING:
    import keras

    from recipes.training import SeedRuns

TITLE = "Losses for classes, rare positives and similarity"
SUMMARY = (
    "Categorical cross-entropy on one-hot and on integer labels, focal loss against binary cross-entropy with 1% positives, and "
    "an embedding of digits under triplet loss."
)
DATASETS = ("digits",)
IN_DEFAULT_SET = True
SEEDS, MAX_SEEDS = 20, 40
EXPECTED_SECONDS = 35.0
GOLDEN = "blobs_categorical"

CENTRES = ((0.0, 2.0), (-2.0, -1.0), (2.0, -1.0))
"""Of the three blobs; their standard deviation is 1."""
SHIFT = 1.5
"""How far the rare class's mean lies from the common one's in each of two inputs, in standard deviations."""
DISTANCES = np.linspace(0, 2, 41)
"""Bins of the embedding's distances; two points on the unit sphere are at most 2 apart."""


@dataclass(frozen=True)
class Config:
    """The task, its loss and the training."""

    task: Literal["blobs", "rare", "digits"]
    """Three blobs in the plane; 1% positives; the embedded digits."""
    loss: Literal["categorical", "sparse", "binary", "focal", "triplet"]
    """What is minimised."""
    points: int
    """Training examples of each seed."""
    epochs: int
    """Passes over them."""
    batch_size: int = 32
    """Examples a step."""
    learning_rate: float = 0.001
    """Adam's step size; 0 leaves the network as it starts."""


VARIANTS = {
    "blobs_categorical": Config("blobs", "categorical", points=300, epochs=30, learning_rate=0.01),
    "blobs_sparse": Config("blobs", "sparse", points=300, epochs=30, learning_rate=0.01),
    "rare_binary": Config("rare", "binary", points=2000, epochs=30),
    "rare_focal": Config("rare", "focal", points=2000, epochs=30),
    "digits_untrained": Config("digits", "triplet", points=1000, epochs=1, batch_size=50, learning_rate=0.0),
    "digits_triplet": Config("digits", "triplet", points=1000, epochs=15, batch_size=50),
}


def load_data(config: Config) -> Split:
    """The pool that the seeds draw from and the test examples; labels are integers, or one-hot where the loss needs it."""
    rng = np.random.default_rng(0)
    if config.task == "blobs":
        y = rng.integers(0, 3, 12_000)
        x = np.array(CENTRES)[y] + rng.normal(size=(12_000, 2))
        if config.loss == "categorical":
            y = np.eye(3, dtype="float32")[y]
        return Split(x[:10_000].astype("float32"), y[:10_000], x[10_000:].astype("float32"), y[10_000:])
    if config.task == "rare":
        # In the pool the positives stand last, so that every seed can draw exactly 1% of them.
        y = np.concatenate([np.zeros(20_000), np.ones(1000), np.zeros(9900), np.ones(100)]).astype("float32")
        x = (rng.normal(size=(len(y), 2)) + SHIFT * y[:, None]).astype("float32")
        return Split(x[:21_000], y[:21_000], x[21_000:], y[21_000:])
    from sklearn.model_selection import train_test_split

    from recipes.datasets import load_arrays

    images, labels = load_arrays("digits")
    x = (images.reshape(-1, 64) / 16).astype("float32")
    x_train, x_test, y_train, y_test = train_test_split(x, labels, test_size=400, random_state=0, stratify=labels)
    return Split(x_train, y_train, x_test, y_test)


def rows_of(config: Config, seed: int) -> np.ndarray:
    """The examples of the pool that a seed trains on; 1% of them positive in the rare task."""
    rng = np.random.default_rng([seed, config.points])
    if config.task == "rare":
        rare = config.points // 100
        common = rng.choice(20_000, config.points - rare, replace=False)
        return np.concatenate([common, 20_000 + rng.choice(1000, rare, replace=False)])
    return rng.choice(1397 if config.task == "digits" else 10_000, config.points, replace=False)


def build_model(config: Config) -> keras.Model:
    """Softmax regression of the blobs, 2-32-32-1 for the rare class, or 64-64-8 onto the unit sphere for the digits."""
    import keras
    from keras.layers import Dense, UnitNormalization

    from recipes.losses import TripletLoss

    stacks: dict[str, list[Any]] = {
        "blobs": [keras.Input((2,)), Dense(3, activation="softmax")],
        "rare": [
            keras.Input((2,)),
            Dense(32, activation="relu"),
            Dense(32, activation="relu"),
            Dense(1, activation="sigmoid"),
        ],
        "digits": [keras.Input((64,)), Dense(64, activation="relu"), Dense(8), UnitNormalization()],
    }
    losses: dict[str, Any] = {
        "categorical": keras.losses.CategoricalCrossentropy,
        "sparse": keras.losses.SparseCategoricalCrossentropy,
        "binary": keras.losses.BinaryCrossentropy,
        "focal": keras.losses.BinaryFocalCrossentropy,
        "triplet": TripletLoss,
    }
    model = keras.Sequential(stacks[config.task])
    model.compile(optimizer=keras.optimizers.Adam(config.learning_rate), loss=losses[config.loss]())
    return model


def train(
    config: Config,
    data: Split,
    seeds: Sequence[int],
    checkpoint: Path | None = None,
    progress: Callable[[float], None] | None = None,
) -> SeedRuns:
    """Train one network a seed, each on its own examples."""
    from recipes.training import Trainer

    # A batch has 50^3 triplets; those of one seed at a time stay in the processor's cache.
    return Trainer(lambda: build_model(config), stack=False if config.task == "digits" else "auto").fit(
        data.x_train,
        data.y_train,
        seeds=seeds,
        rows=lambda seed: rows_of(config, seed),
        epochs=config.epochs,
        batch_size=config.batch_size,
        checkpoint=checkpoint,
        progress=progress,
    )


def measure(config: Config, data: Split, runs: SeedRuns) -> Measured:
    """What each task is judged by, on the test examples."""
    outputs = runs.predict(data.x_test).astype("float64")
    of_task = {"blobs": classified, "rare": detected, "digits": embedded}[config.task]
    per_seed = [of_task(data.y_test, output) for output in outputs]
    metrics = {name: [float(one[name]) for one in per_seed] for name in per_seed[0] if np.ndim(per_seed[0][name]) == 0}
    shapes = {name: np.stack([one[name] for one in per_seed]) for name in per_seed[0] if np.ndim(per_seed[0][name])}
    return Measured(metrics, {**runs.curves, **shapes})


def classified(labels: np.ndarray, probabilities: np.ndarray) -> dict[str, Any]:
    """Share of the test points in the right blob."""
    truth = labels.argmax(axis=1) if labels.ndim == 2 else labels
    return {"test_accuracy": (probabilities.argmax(axis=1) == truth).mean()}


def detected(labels: np.ndarray, probabilities: np.ndarray) -> dict[str, Any]:
    """Recall and precision at a threshold of one half, and average precision over all thresholds."""
    from sklearn.metrics import average_precision_score

    p = probabilities[:, 0]
    found = p > 0.5
    right = (found & (labels == 1)).sum()
    return {
        "recall": right / (labels == 1).sum(),
        "precision": right / max(1, found.sum()),
        "average_precision": average_precision_score(labels, p),
    }


def embedded(labels: np.ndarray, points: np.ndarray) -> dict[str, Any]:
    """Distances within and between classes, their ratio, and how often the nearest other digit is of the same class."""
    distances = np.sqrt(np.maximum(2 - 2 * points @ points.T, 0))  # unit vectors: |a - b|^2 = 2 - 2 a.b
    pairs = np.triu_indices(len(labels), 1)
    same, apart = labels[pairs[0]] == labels[pairs[1]], distances[pairs]
    np.fill_diagonal(distances, np.inf)
    return {
        "same_class_distance": apart[same].mean(),
        "distance_ratio": apart[same].mean() / apart[~same].mean(),
        "neighbour_accuracy": (labels[distances.argmin(axis=1)] == labels).mean(),
        "same_histogram": np.histogram(apart[same], DISTANCES, density=True)[0],
        "other_histogram": np.histogram(apart[~same], DISTANCES, density=True)[0],
    }


def trace(config: Config, data: Split) -> list[float]:
    """Golden trace: the first losses of seed 0."""
    return first_losses(build_model, config, data, lambda seed: rows_of(config, seed))


def examine() -> dict[str, Any]:
    """Loss histories of five seeds under both cross-entropies, one on one-hot and one on integer labels."""
    curves = [
        train(short, load_data(short), range(5)).curves["loss"]
        for short in (replace(VARIANTS[name], epochs=10) for name in ("blobs_categorical", "blobs_sparse"))
    ]
    return {
        "label_shape_of_sparse": list(load_data(VARIANTS["blobs_sparse"]).y_train.shape[1:]),
        "same_loss_history": bool(np.abs(curves[0] - curves[1]).max() < 1e-5),
    }


_BLOBS = (
    "Dense(3, softmax) on three blobs in the plane (centres 3.6 and 4 standard deviations apart), 300 points a seed, Adam 0.01, "
    "30 epochs, batches of 32, 2,000 test points. "
)

CLAIMS = (
    Claim(
        "loss-cce-multiclass-000",
        "000",
        "Loss Function",
        "Categorical cross-entropy is the loss for more than two classes, such as dog, cat and bird.",
        "behaviour",
        "> 2 classes",
        _BLOBS + "One-hot labels. High accuracy: 90% and more; the best possible is about 94%.",
        (Within("blobs_categorical", "test_accuracy", low=0.9),),
        priority=2,
    ),
    Claim(
        "loss-scce-no-onehot",
        "003",
        "Video 14",
        "Sparse categorical cross-entropy works on integer labels, without one-hot encoding.",
        "behaviour",
        "integer labels",
        _BLOBS
        + "Labels 0, 1, 2. The same accuracy bound, and over ten epochs and five seeds the loss history of categorical "
        "cross-entropy on one-hot labels, within 1e-5.",
        (
            Equals("label_shape_of_sparse", []),
            Equals("same_loss_history", True),
            Within("blobs_sparse", "test_accuracy", low=0.9),
        ),
        priority=2,
    ),
    Claim(
        "loss-focal-detection",
        "003",
        "Video 14",
        "Focal loss suits problems like object detection, with few positives among many negatives.",
        "comparison",
        "focal for object detection",
        "2-32-32-1 relu network, Adam 0.001, 30 epochs, batches of 32; 2,000 points a seed, 1% positive, two normal classes 1.5 "
        "standard deviations apart in both inputs; 10,000 test points, 1% positive. BinaryFocalCrossentropy (gamma 2, no alpha, "
        "Keras's defaults) against BinaryCrossentropy: higher recall at a threshold of one half, and, since recall alone can be "
        "had by a lower threshold, higher average precision.",
        (
            Better("recall", "rare_focal", "rare_binary"),
            Better("average_precision", "rare_focal", "rare_binary"),
        ),
        priority=3,
        remark="Recall rises by 1.4 percentage points of about 12, average precision falls by 0.4 points: here focal loss "
        "flattens the probabilities, so that a few more positives pass one half, and ranks no better. A detector "
        "differs: it has vast numbers of easy negatives and a network that can learn from the hard ones.",
    ),
    Claim(
        "loss-triplet-similarity",
        "003",
        "Video 14",
        "Triplet loss serves similarity learning.",
        "behaviour",
        "similarity learning",
        "This project's TripletLoss (semi-hard, margin 0.2) on a 64-64-8 network that ends on the unit sphere; 1,000 of the "
        "embedded digits a seed, Adam 0.001, 15 epochs, batches of 50. On 400 other digits, against the untrained network: "
        "same-class distances shrink, also relative to those between classes, and the nearest digit is more often of the class.",
        (
            Better("same_class_distance", "digits_triplet", "digits_untrained", higher_is_better=False),
            Better("distance_ratio", "digits_triplet", "digits_untrained", higher_is_better=False),
            Better("neighbour_accuracy", "digits_triplet", "digits_untrained"),
        ),
        data="digits",
        priority=3,
        remark="Only the check on absolute distances fails: an untrained network maps all digits into a narrow cone, so that "
        "every distance is small. What similarity learning asks for is there: the ratio of distances within to between classes "
        "falls by 0.34, and the nearest digit is of the same class for 96% instead of 62%.",
    ),
)


def paint_distances(facts: Mapping[str, Any], variants: Mapping[str, Any]) -> Any:
    """Histograms of the distances within and between classes, before and after training."""
    import matplotlib.pyplot as plt

    drawn, axes = plt.subplots(1, 2, figsize=(9, 3.4), sharex=True, sharey=True, layout="constrained")
    panels = {"digits_untrained": "untrained network", "digits_triplet": "after training with triplet loss"}
    middle = (DISTANCES[1:] + DISTANCES[:-1]) / 2
    for axis, (name, title) in zip(axes, panels.items(), strict=True):
        for histogram, label, colour in (("same", "same digit", COLOURS[0]), ("other", "different digits", COLOURS[1])):
            curve = variants[name]["curves"][f"{histogram}_histogram"]
            axis.fill_between(middle, 0, curve["mean"], color=colour, alpha=0.35, linewidth=0)
            axis.plot(middle, curve["mean"], color=colour, label=label)
        accuracy = variants[name]["summary"]["neighbour_accuracy"]["mean"]
        axis.set_title(f"{title}\nnearest digit of the same class: {accuracy:.1%}", fontsize=10)
        axis.set_xlabel("distance of two test digits in the embedding")
    axes[0].set_ylabel("density of pairs")
    axes[0].legend(frameon=False, fontsize=9)
    return drawn


FIGURES = (
    Picture(
        "triplet-distances",
        "Distances of digits in an 8-dimensional embedding",
        "Pairs of test digits, mean over seeds: training draws those of one class together and pushes the others apart.",
        facts=(),
        paint=paint_distances,
        variants=("digits_untrained", "digits_triplet"),
    ),
    Spread(
        "focal-recall",
        "Recall of 1% positives at a threshold of one half",
        "The same network under binary cross-entropy and under focal loss with gamma 2.",
        metric="recall",
        variants=("rare_binary", "rare_focal"),
        labels={"rare_binary": "binary cross-entropy", "rare_focal": "focal loss"},
    ),
)
