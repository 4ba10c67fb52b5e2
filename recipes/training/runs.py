"""The result of training several seeds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from recipes.training.data import prepare


@dataclass
class SeedRuns:
    """What training gave, one row a seed.

    Args:
        seeds: the seeds, in the order of every first axis below.
        curves: per metric (`loss`, `val_accuracy`, ...) an array of shape (seeds, epochs); NaN after an early stop.
        weights: per seed the model's variables, in the order of `model.variables`.
        engine: `stacked` (side by side), `sequential` or `mirrored`.
        jit_compile: whether XLA compiled the epochs.
        seconds: wall time of the call, compilation included.
        model: a built model of the trained architecture; holds the last used weights.
    """

    seeds: list[int]
    curves: dict[str, np.ndarray]
    weights: list[list[np.ndarray]]
    engine: str
    jit_compile: bool
    seconds: float
    model: keras.Model
    _forward: Any = field(default=None, repr=False)

    def load(self, seed: int) -> keras.Model:
        """The model with the weights that `seed` ended with.

        Raises:
            ValueError: that seed was not trained.
        """
        if seed not in self.seeds:
            raise ValueError(f"Seed {seed} was not trained. Trained: seeds={self.seeds}")
        assign(self.model.variables, self.weights[self.seeds.index(seed)])
        return self.model

    def predict(self, x: Any, batch_size: int = 4096) -> np.ndarray:
        """Outputs of every seed's network in inference mode, shape (seeds, examples, ...)."""
        if self._forward is None:
            self._forward = tf.function(lambda batch: self.model(batch, training=False), jit_compile=self.jit_compile)
        data = prepare(x)
        outputs = []
        for seed in self.seeds:
            self.load(seed)
            starts = range(0, data.examples, batch_size)
            outputs.append(
                np.concatenate([self._forward(data.take(slice(i, i + batch_size)).x).numpy() for i in starts])
            )
        return np.stack(outputs)


def assign(variables: Sequence[Any], values: Sequence[Any]) -> None:
    """Set variables from arrays of the same shapes."""
    for variable, value in zip(variables, values, strict=True):
        variable.assign(value)


def stack_histories(
    histories: list[dict[str, list[float]]], epochs: int, validation_freq: int
) -> dict[str, np.ndarray]:
    """Join Keras histories to arrays of shape (seeds, epochs); NaN where an epoch was not run or not validated."""
    names = dict.fromkeys(name for history in histories for name in history)
    curves = {name: np.full((len(histories), epochs), np.nan) for name in names}
    for row, history in enumerate(histories):
        for name, values in history.items():
            step = validation_freq if name.startswith("val_") else 1
            epochs_run = np.arange(step - 1, epochs, step)[: len(values)]
            curves[name][row, epochs_run] = values
    return curves
