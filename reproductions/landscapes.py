"""Descent of points on a loss surface, step by step, through the compiled trainer.

The position is the only weight of a small Keras model, so every Keras optimizer moves it as it moves a network's weights,
and a whole descent is one compiled call. Many starts go down at once: an optimizer that updates every weight from that
weight's own gradient treats each as if it were alone.

Example:
    >>> valley = lambda position: (position[:, 0] ** 2 + 100 * position[:, 1] ** 2) / 2
    >>> found = descend(valley, [[10.0, 1.0]], lambda: keras.optimizers.SGD(0.01), steps=200)
    >>> found.positions.shape                      # (seeds, steps + 1, runs, dims)
    (1, 201, 1, 2)
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Descent:
    """Where a descent went.

    Args:
        positions: the start and the place after every update, shape (seeds, steps + 1, runs, dims).
        losses: the loss (of the step's batch, where there are data) before every update, shape (seeds, steps, runs).
    """

    positions: np.ndarray
    losses: np.ndarray


def descend(
    function: Callable[..., Any],
    starts: Any,
    optimizer: Callable[[], Any],
    steps: int | None = None,
    data: Any = None,
    epochs: int = 1,
    batch_size: int | None = None,
    seeds: Sequence[int] = (0,),
    shuffle: bool = True,
) -> Descent:
    """Let an optimizer go down a surface from every start and keep the whole way.

    Args:
        function: without data `function(position)`: position of shape (runs, dims) to the surface's height (runs,).
            With data `function(position, batch)`: the loss of every example, shape (batch, runs).
        starts: where the runs begin, shape (runs, dims).
        optimizer: returns a new Keras optimizer. One that clips by norm or joins the weights in another way would join
            the runs: give such a one a single start.
        steps: updates to make; without data only.
        data: examples of shape (examples, ...), visited as in any training, in an order drawn from the seed.
        epochs: passes over the data.
        batch_size: examples an update; all of them if None.
        seeds: one descent each; without data they would all be equal.
        shuffle: visit the data in a new order each epoch.

    Raises:
        ValueError: neither `steps` nor `data`, or both.
    """
    from recipes.training import Trainer

    starts = np.atleast_2d(np.asarray(starts, "float32"))
    if (steps is None) == (data is None):
        raise ValueError(
            f"descend takes steps or data. Received: steps={steps}, data={'None' if data is None else '...'}"
        )
    if steps is not None:
        # The surface needs no data: a step is a batch of one placeholder.
        x, batch_size, count = np.zeros((steps, 1), "float32"), 1, steps
    else:
        x = np.asarray(data, "float32")
        batch_size = batch_size or len(x)
        count = epochs * -(-len(x) // batch_size)
    runs = Trainer(lambda: _surface(function, starts, optimizer(), count, x, data is not None)).fit(
        x, np.zeros(len(x), "float32"), seeds=seeds, epochs=epochs, batch_size=batch_size, shuffle=shuffle
    )
    positions, losses = [], []
    for seed in seeds:
        layer = runs.load(seed).layers[-1]
        way = np.asarray(layer.way)
        positions.append(np.concatenate([way, np.asarray(layer.position)[None]]))
        losses.append(np.asarray(layer.heights))
    return Descent(np.stack(positions), np.stack(losses))


def _surface(
    function: Callable[..., Any], starts: np.ndarray, optimizer: Any, steps: int, x: np.ndarray, batch: bool
) -> Any:
    """A model whose output is the surface's height at its own position: shape (batch, runs)."""
    import keras
    import tensorflow as tf

    class Point(keras.layers.Layer):
        """The position, and the way it has come."""

        def build(self, input_shape: Any) -> None:
            del input_shape
            start = keras.initializers.Constant(starts)
            self.position = self.add_weight(name="position", shape=starts.shape, initializer=start)
            self.way = self._memory("way", (steps, *starts.shape))
            self.heights = self._memory("heights", (steps, len(starts)))
            self.taken = self.add_weight(name="taken", shape=(), dtype="int32", initializer="zeros", trainable=False)

        def _memory(self, name: str, shape: tuple[int, ...]) -> Any:
            return self.add_weight(name=name, shape=shape, initializer="zeros", trainable=False)

        def call(self, inputs: Any, training: bool = False) -> Any:
            if batch:
                height = function(self.position.value, inputs)
                mean = tf.reduce_mean(height, axis=0)
            else:
                mean = function(self.position.value)
                height = tf.broadcast_to(mean, (tf.shape(inputs)[0], len(starts)))
            if training:
                step = tf.minimum(self.taken.value, steps - 1)
                for memory, now in ((self.way, self.position.value), (self.heights, mean)):
                    memory.assign(tf.tensor_scatter_nd_update(memory.value, [[step]], [now]))
                self.taken.assign(self.taken + 1)
            return height

    model = keras.Sequential([keras.Input(x.shape[1:], dtype=x.dtype.name), Point()])
    # Summed over runs, whose gradients stay their own; averaged over the batch by Keras.
    model.compile(optimizer=optimizer, loss=lambda _, height: tf.reduce_sum(height, axis=-1))
    return model
