"""MNIST at a quarter of its pixels, for techniques whose point does not need all of them."""

from __future__ import annotations

import numpy as np

from reproductions.networks import Split


def small_mnist(train: int, test: int) -> Split:
    """The first images of each part, averaged over 2 x 2 pixels to 14 x 14 and divided by 255: 196 inputs each.

    Args:
        train: training images.
        test: test images.
    """
    from recipes.datasets import load_arrays

    (x_train, y_train), (x_test, y_test) = load_arrays("mnist")

    def inputs(images: np.ndarray) -> np.ndarray:
        blocks = images.reshape(-1, 14, 2, 14, 2)
        return (blocks.mean(axis=(2, 4)) / 255).reshape(-1, 196).astype("float32")

    return Split(inputs(x_train[:train]), y_train[:train], inputs(x_test[:test]), y_test[:test])
