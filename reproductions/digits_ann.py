"""The documented one-hidden-layer network on digits that need no download.

The same network as `mnist_ann` (document 003, Video 12), 128 relu units and ten softmax outputs, on the 1,797 8 x 8
digits that scikit-learn ships: 80% train (a fifth of them validates), 20% test. Its claims are this project's own, so
that a machine without network or mirror still trains, judges and checks something real.

Run: reproduce run digits_ann
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reproductions.claims import Better, Claim, Equals, Measured, Within
from reproductions.figures import Curves, Spread
from reproductions.networks import Split, first_losses, train_networks

if TYPE_CHECKING:
    import keras

    from recipes.training import SeedRuns

TITLE = "Digits: the MNIST network on scikit-learn's embedded digits"
SUMMARY = (
    "Ten-way classification of 1,797 embedded 8 x 8 digits with a 64-128-10 network: the MNIST recipe on a machine with "
    "no data and no network."
)
DATASETS = ("digits",)
IN_DEFAULT_SET = True
SEEDS, MAX_SEEDS = 20, 40
EXPECTED_SECONDS = 21.0
GOLDEN = "documented"


@dataclass(frozen=True)
class Config:
    """The network and how it is trained."""

    units: int = 128
    """Units of the hidden layer."""
    activation: str = "relu"
    """Activation of the hidden layer."""
    scale: bool = True
    """Divide the pixels by 16, their largest value."""
    epochs: int = 10
    """Passes over the training images."""
    batch_size: int = 32
    """Images a step."""
    validation_split: float = 0.2
    """Last share of the training images that is held out for validation."""
    learning_rate: float = 0.001
    """Adam's step size."""
    shuffle: bool = True
    """Visit the images in a new order each epoch."""


VARIANTS = {
    "documented": Config(),
    "linear": Config(activation="linear"),
    "longer": Config(epochs=50),
    "linear_longer": Config(activation="linear", epochs=50),
}


def load_data(config: Config) -> Split:
    """Split 80/20, stratified, random state 0; pixels to 0-1 unless the configuration says not to."""
    from sklearn.model_selection import train_test_split

    from recipes.datasets import load_arrays

    images, labels = load_arrays("digits")
    images = (images / (16.0 if config.scale else 1.0)).astype("float32")
    x_train, x_test, y_train, y_test = train_test_split(images, labels, test_size=0.2, random_state=0, stratify=labels)
    return Split(x_train, y_train, x_test, y_test)


def build_model(config: Config) -> keras.Model:
    """Flatten, a hidden Dense layer and ten softmax outputs, compiled with Adam and cross-entropy on integer labels."""
    import keras

    model = keras.Sequential(
        [
            keras.Input((8, 8)),
            keras.layers.Flatten(),
            keras.layers.Dense(config.units, activation=config.activation),
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
    """Test accuracy and the last training and validation values."""
    import numpy as np

    probabilities = runs.predict(data.x_test).astype("float64")  # (seeds, images, 10)
    predicted = probabilities.argmax(axis=-1)
    of_truth = probabilities[:, np.arange(len(data.y_test)), data.y_test]
    metrics = {
        "test_accuracy": (predicted == data.y_test).mean(axis=1).tolist(),
        "test_loss": (-np.log(np.maximum(of_truth, 1e-7))).mean(axis=1).tolist(),
        "train_loss": runs.curves["loss"][:, -1].tolist(),
        "val_loss": runs.curves["val_loss"][:, -1].tolist(),
        "val_accuracy": runs.curves["val_accuracy"][:, -1].tolist(),
    }
    return Measured(metrics, runs.curves)


def trace(config: Config, data: Split) -> list[float]:
    """Golden trace: the first losses of seed 0."""
    return first_losses(build_model, config, data)


def examine() -> dict[str, Any]:
    """Parameter count by Keras."""
    return {"total_parameters": build_model(VARIANTS["documented"]).count_params()}


def examine_data() -> dict[str, Any]:
    """What the embedded set holds."""
    from recipes.datasets import load_arrays

    images, labels = load_arrays("digits")
    return {"images_shape": list(images.shape), "classes": len(set(labels.tolist()))}


_SETUP = "64-128-10, pixels / 16, Adam 0.001, 10 epochs, batch 32, validation_split 0.2, stratified 80/20 split."


def _claim(name: str, statement: str, kind: Any, documented: str, setup: str, *checks: Any, **more: Any) -> Claim:
    return Claim(f"digits-{name}", "own", "digits_ann", statement, kind, documented, setup, checks, **more)


CLAIMS = (
    _claim(
        "set-size",
        "The embedded digits are 1,797 images of 8 x 8 in ten classes.",
        "exact",
        "1,797; 8x8; 10",
        "Shape of the arrays; source: scikit-learn's description of load_digits.",
        Equals("images_shape", [1797, 8, 8]),
        Equals("classes", 10),
        data="digits",
    ),
    _claim(
        "params-total",
        "The 64-128-10 network has 9,610 parameters.",
        "exact",
        "9,610",
        "Keras's count against 64*128 + 128 + 128*10 + 10.",
        Equals("total_parameters", 64 * 128 + 128 + 128 * 10 + 10),
    ),
    _claim(
        "ann-accuracy",
        "The MNIST recipe reaches 90% and more on the embedded digits after 10 epochs.",
        "metric",
        "90%+",
        f"{_SETUP} The bound is this project's, fixed before the first run.",
        Within("documented", "test_accuracy", low=0.9),
        data="digits",
    ),
    _claim(
        "more-epochs",
        "Fifty epochs do better than ten.",
        "comparison",
        "10 -> 50",
        f"{_SETUP} Test accuracy.",
        Better("test_accuracy", "longer", "documented"),
        data="digits",
        priority=2,
    ),
    _claim(
        "relu-beats-linear",
        "A relu hidden layer does better than a linear one, which adds no power to the softmax output.",
        "comparison",
        "relu > linear",
        f"{_SETUP} Test accuracy.",
        Better("test_accuracy", "documented", "linear"),
        data="digits",
        priority=2,
        remark="Ten epochs are too few for relu to show its worth on these digits, which a linear map already separates "
        "well: after fifty epochs relu leads (variants longer and linear_longer).",
    ),
)

FIGURES = (
    Curves(
        "digits-curves",
        "Digits, 64-128-10: loss and accuracy during training",
        "Ten and fifty epochs of the same network, mean over seeds.",
        variants=("documented", "longer"),
        rows=(("loss", "val_loss"), ("accuracy", "val_accuracy")),
        labels={"documented": "10 epochs", "longer": "50 epochs"},
        log_y=True,
    ),
    Spread(
        "digits-accuracy",
        "Digits: test accuracy, one dot a seed",
        "The same network with a linear hidden layer, as documented, and trained five times longer.",
        metric="test_accuracy",
        variants=("linear", "documented", "linear_longer", "longer"),
        labels={
            "linear": "linear, 10 epochs",
            "linear_longer": "linear, 50 epochs",
            "documented": "relu, 10 epochs",
            "longer": "relu, 50 epochs",
        },
    ),
)
