"""How good generated digits are, as judged by a network that was trained to read real ones.

Generators are compared by what the reader makes of their images: how sure it is, which digits it sees, and how far the
distribution of its features is from that of real digits (Frechet distance, as in FID, in the feature space of this reader).
"""

from __future__ import annotations

import base64
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

GENERATED = 2000
"""Images drawn from a generator to measure it; `real_pool` and `reader` say which images are kept for what."""
SURE = 0.9
"""The reader's probability from which a digit counts as clearly readable."""
FAIR_SHARE = 0.1


@cache
def mnist() -> tuple[tuple[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]:
    """Pixels from 0 to 1, float32 (n, 28, 28, 1), and labels; the test images in another order.

    The first half of MNIST's test images was written by other people than the second half.
    """
    from recipes.datasets import load_arrays

    (x_train, y_train), (x_test, y_test) = load_arrays("mnist")
    x_train, x_test = ((x[..., None] / 255).astype("float32") for x in (x_train, x_test))
    mixed = np.random.default_rng(0).permutation(len(x_test))
    x_test, y_test = x_test[mixed], y_test[mixed]
    return (x_train, y_train), (x_test, y_test)


def real_pool(images: int = 20_000) -> np.ndarray:
    """The digits that generators may learn from: the first of the training set."""
    return mnist()[0][0][:images]


@dataclass(frozen=True)
class Reader:
    """A network that reads digits.

    Args:
        model: images to ten probabilities and 64 features.
        accuracy: on the 10,000 test images.
    """

    model: Any
    accuracy: float

    def read(self, images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Probabilities (n, 10) and features (n, 64)."""
        parts = [self.model(images[first : first + 1000], training=False) for first in range(0, len(images), 1000)]
        probabilities, features = (np.concatenate([np.asarray(part[k], "float64") for part in parts]) for k in (0, 1))
        return probabilities, features


@cache
def reader() -> Reader:
    """Two convolutions and two dense layers, trained on the last 20,000 training images, which no generator sees here."""
    import keras

    import layers
    from recipes.training import fit, seeded

    (x_train, y_train), (x_test, y_test) = mnist()
    with seeded(0):
        inputs = keras.Input((28, 28, 1))
        x = layers.Conv2D(16, 5, strides=2, activation="relu")(inputs)
        x = layers.Conv2D(32, 5, strides=2, activation="relu")(x)
        features = layers.Dense(64, activation="relu", name="features")(keras.layers.Flatten()(x))
        outputs = layers.Dense(10, activation="softmax")(features)
        model = keras.Model(inputs, outputs)
    model.compile("adam", "sparse_categorical_crossentropy")
    fit(model, x_train[40_000:], y_train[40_000:].astype("int32"), epochs=5, batch_size=128, seed=0)
    whole = Reader(keras.Model(inputs, [outputs, features]), 0.0)
    return Reader(whole.model, float((whole.read(x_test)[0].argmax(axis=1) == y_test).mean()))


@cache
def real_features() -> tuple[np.ndarray, np.ndarray]:
    """The reader's features of the first 5,000 test images and of 2,000 others."""
    x_test = mnist()[1][0]
    return reader().read(x_test[:5000])[1], reader().read(x_test[5000 : 5000 + GENERATED])[1]


def frechet_distance(one: np.ndarray, other: np.ndarray) -> float:
    """|m1 - m2|^2 + trace(C1 + C2 - 2 (C1 C2)^(1/2)) of the means and covariances of two samples of features.

    It is the squared Wasserstein distance of two normal distributions with those moments.
    """
    means = one.mean(axis=0), other.mean(axis=0)
    first, second = (np.cov(sample, rowvar=False) for sample in (one, other))
    # The trace of the root of C1 C2 is the sum of the roots of its eigenvalues, which are real and not negative.
    roots = np.sqrt(np.maximum(np.linalg.eigvals(first @ second).real, 0))
    return float(np.square(means[0] - means[1]).sum() + np.trace(first) + np.trace(second) - 2 * roots.sum())


def quality(images: np.ndarray) -> dict[str, float]:
    """What the reader makes of images (n, 28, 28, 1) with pixels from 0 to 1.

    Returns:
        `frechet` distance to real digits; `sure`, the share read with at least 90% probability; `classes_covered`, how many
        digits get a quarter of their fair share (2.5%) or more; `balance`, the entropy of the digits read over that of equal
        shares.
    """
    probabilities, features = reader().read(images)
    shares = np.bincount(probabilities.argmax(axis=1), minlength=10) / len(images)
    present = shares[shares > 0]
    return {
        "frechet": frechet_distance(features, real_features()[0]),
        "sure": float((probabilities.max(axis=1) >= SURE).mean()),
        "classes_covered": float((shares >= FAIR_SHARE / 4).sum()),
        "balance": float(-(present * np.log(present)).sum() / np.log(10)),
    }


@cache
def yardsticks() -> Mapping[str, dict[str, float]]:
    """The same measures of other real digits, and of draws from one normal distribution over all pixels.

    The normal distribution has mean and covariance of 10,000 real images; its draws are cut off to 0 to 1.
    """
    real = mnist()[1][0][5000 : 5000 + GENERATED]
    seen = real_pool(10_000).reshape(10_000, -1).astype("float64")
    drawn = np.random.default_rng(0).multivariate_normal(seen.mean(axis=0), np.cov(seen.T), GENERATED, method="eigh")
    normal = np.clip(drawn, 0, 1).astype("float32").reshape(real.shape)
    return {"real": quality(real), "normal": quality(normal)}


def nearest_distance(images: np.ndarray, seen: np.ndarray) -> float:
    """Mean distance of images to the nearest image of the training set, in pixel space."""
    one, other = images.reshape(len(images), -1), seen.reshape(len(seen), -1)
    squares = (one**2).sum(axis=1)[:, None] + (other**2).sum(axis=1) - 2 * one @ other.T  # (images, seen)
    return float(np.sqrt(np.maximum(squares.min(axis=1), 0)).mean())


def packed(images: np.ndarray, rows: int, columns: int) -> dict[str, Any]:
    """Images side by side with a line between, in 10 steps of grey, compressed: a picture that a ledger in text can hold."""
    height, width = images.shape[1:3]
    grid = np.clip(images[: rows * columns, :, :, 0], 0, 1).reshape(rows, columns, height, width)
    framed = np.pad(grid, ((0, 0), (0, 0), (1, 1), (1, 1)))  # (rows, columns, height + 2, width + 2)
    sheet = (9 * framed).round().astype("uint8").transpose(0, 2, 1, 3).reshape(rows * (height + 2), -1)
    pixels = base64.b64encode(zlib.compress(sheet.tobytes(), 9)).decode("ascii")
    return {"shape": list(sheet.shape), "pixels": pixels}


def unpacked(sheet: Mapping[str, Any]) -> np.ndarray:
    """The picture that `packed` wrote, values from 0 to 1."""
    pixels = zlib.decompress(base64.b64decode(sheet["pixels"]))
    return np.frombuffer(pixels, "uint8").reshape(sheet["shape"]) / 9
