"""Arrays as `model.fit` takes them, checked and split once before training."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Arrays:
    """Inputs, targets and weights with a common first axis.

    Args:
        x: array or nested structure of arrays.
        y: array, nested structure, or None.
        sample_weight: array of shape (examples,) or None.
    """

    x: Any
    y: Any = None
    sample_weight: Any = None

    @property
    def leaves(self) -> list[np.ndarray]:
        """All arrays, inputs first."""
        import keras

        return [leaf for leaf in keras.tree.flatten((self.x, self.y, self.sample_weight)) if leaf is not None]

    @property
    def examples(self) -> int:
        """Length of the first axis."""
        return len(self.leaves[0])

    @property
    def nbytes(self) -> int:
        """Memory that the arrays take."""
        return sum(leaf.nbytes for leaf in self.leaves)

    def take(self, rows: Any) -> Arrays:
        """The given rows (a slice or an index array) of every array."""
        import keras

        def pick(leaf: Any) -> Any:
            return None if leaf is None else leaf[rows]

        return Arrays(*(keras.tree.map_structure(pick, part) for part in (self.x, self.y, self.sample_weight)))

    def batch(self) -> tuple[Any, ...]:
        """The structure that `model.train_step` unpacks."""
        if self.sample_weight is not None:
            return self.x, self.y, self.sample_weight
        return (self.x, self.y)


def prepare(x: Any, y: Any = None, sample_weight: Any = None, class_weight: dict[int, float] | None = None) -> Arrays:
    """Turn what `model.fit` accepts into checked NumPy arrays; 64-bit floats become the Keras float type.

    Raises:
        ValueError: lengths differ, a value is not finite, the data are empty, or both weights are given.
    """
    import keras

    def convert(leaf: Any) -> Any:
        if leaf is None:
            return None
        array = np.asarray(leaf)
        if array.dtype == object:
            raise ValueError(
                "Training data must be numeric arrays; convert text or mixed columns first. Received: dtype=object"
            )
        return array.astype(keras.config.floatx()) if array.dtype == np.float64 else array

    if sample_weight is not None and class_weight is not None:
        raise ValueError("Give sample_weight or class_weight, not both.")
    if class_weight is not None:
        sample_weight = _class_weights(np.asarray(y), class_weight)
    arrays = Arrays(*(keras.tree.map_structure(convert, part) for part in (x, y, sample_weight)))
    lengths = {len(leaf) for leaf in arrays.leaves}
    if len(lengths) != 1 or lengths == {0}:
        raise ValueError(
            f"x, y and sample_weight need one common, non-zero length. Received: lengths={sorted(lengths)}"
        )
    for leaf in arrays.leaves:
        _refuse_non_finite(leaf)
    return arrays


def split(arrays: Arrays, validation_split: float) -> tuple[Arrays, Arrays]:
    """Hold out the last `validation_split` of the examples, as `model.fit` does (before any shuffling).

    Raises:
        ValueError: the fraction leaves one side empty.
    """
    examples = arrays.examples
    cut = math.floor(examples * (1.0 - validation_split))
    if not 0 < cut < examples:
        raise ValueError(
            f"validation_split must leave examples on both sides. Received: validation_split={validation_split} "
            f"for {examples} examples"
        )
    return arrays.take(slice(0, cut)), arrays.take(slice(cut, examples))


def _class_weights(y: np.ndarray, class_weight: dict[int, float]) -> np.ndarray:
    labels = y.argmax(axis=-1) if y.ndim > 1 and y.shape[-1] != 1 else y.reshape(len(y), -1)[:, 0]
    return np.array([class_weight.get(round(float(label)), 1.0) for label in labels], dtype="float32")


def _refuse_non_finite(array: np.ndarray) -> None:
    # A sum is finite only if no NaN is in it: one pass without a temporary mask on the common, clean path.
    if not np.issubdtype(array.dtype, np.floating) or np.isfinite(array.sum(dtype="float64")):
        return
    bad = np.argwhere(~np.isfinite(array))
    if len(bad):
        raise ValueError(
            f"Training data must be finite: {len(bad)} of {array.size} values are NaN or infinite, the first at "
            f"index {tuple(int(i) for i in bad[0])}; drop or fill them first."
        )
