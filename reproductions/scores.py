"""Test losses of several seeds' networks at once, in float64 and without the penalties that a compiled loss may hold."""

from __future__ import annotations

import numpy as np

SMALLEST = 1e-7
"""Keras's clipping of probabilities."""


def binary_cross_entropy(labels: np.ndarray, probabilities: np.ndarray) -> np.ndarray:
    """Mean of -y log p - (1 - y) log(1 - p) over the last axis.

    Args:
        labels: 0 or 1, shape (examples,) or (seeds, examples).
        probabilities: of class 1, shape (seeds, examples).

    Returns:
        One loss a seed.
    """
    p = np.clip(probabilities.astype("float64"), SMALLEST, 1 - SMALLEST)
    return -(labels * np.log(p) + (1 - labels) * np.log(1 - p)).mean(axis=-1)


def categorical_cross_entropy(labels: np.ndarray, probabilities: np.ndarray) -> np.ndarray:
    """Mean of -log p(label) over the examples.

    Args:
        labels: class numbers, shape (examples,) or (seeds, examples).
        probabilities: shape (seeds, examples, classes).

    Returns:
        One loss a seed.
    """
    labels = np.broadcast_to(labels, probabilities.shape[:2]).astype(int)
    of_truth = np.take_along_axis(probabilities.astype("float64"), labels[..., None], axis=-1)[..., 0]
    return -np.log(np.maximum(of_truth, SMALLEST)).mean(axis=-1)
