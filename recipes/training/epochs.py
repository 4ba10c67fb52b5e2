"""A whole epoch of `model.train_step` in one compiled call, on one device.

`model.fit` goes back to Python for every batch, which costs about 1.5 ms whatever the arithmetic. Here the loop over
batches is a `tf.while_loop` around Keras's own `train_step`, so loss, metrics, dropout seeds, regularisation and
optimizer are Keras's, and XLA sees the loop as one program.
"""

from __future__ import annotations

import threading
import warnings
from collections.abc import Callable
from functools import partial
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from recipes.training.data import Arrays
from recipes.training.determinism import determinism_enabled

TRACING = threading.Lock()
"""Held while a program is traced: Keras layers are not made for two threads at once; running needs no lock."""


CONVOLUTIONS = (
    keras.layers.Conv1D,
    keras.layers.Conv2D,
    keras.layers.Conv3D,
    keras.layers.Conv1DTranspose,
    keras.layers.Conv2DTranspose,
    keras.layers.Conv3DTranspose,
    keras.layers.DepthwiseConv1D,
    keras.layers.DepthwiseConv2D,
    keras.layers.SeparableConv1D,
    keras.layers.SeparableConv2D,
)


def uses_xla(model: keras.Model, jit_compile: bool | str) -> bool:
    """Whether to compile with XLA: as told, or with `"auto"` wherever it is the faster choice.

    `"auto"` says no under op determinism, for models that run eagerly, and for convolutions on a CPU: there a training
    step of a small MNIST CNN measured 48 ms with XLA and 2.5 ms with TensorFlow's own kernels.
    """
    if jit_compile != "auto":
        return bool(jit_compile)
    if determinism_enabled() or model.run_eagerly:
        return False
    convolves = any(isinstance(layer, CONVOLUTIONS) for layer in model._flatten_layers())
    return not (convolves and all(device.device_type == "CPU" for device in tf.config.list_physical_devices()))


def build(model: keras.Model, sample: Arrays) -> None:
    """Create every variable of model, loss, metrics and optimizer, so that compiled code creates none.

    Raises:
        ValueError: the model is not compiled.
    """
    if not model.compiled:
        raise ValueError("The model must be compiled: call model.compile(optimizer=..., loss=...) in build_model.")
    # Keras has no public call that builds metrics without also training on a batch.
    model._symbolic_build(data_batch=sample.batch())
    if not model.optimizer.built:
        model.optimizer.build(model.trainable_variables)


class EpochProgram:
    """Train or evaluate over all examples in one call.

    Args:
        model: compiled and built Keras model; its `train_step` and `test_step` are used as they are.
        jit_compile: True, False or `"auto"` (XLA, and without it where XLA can't compile the model).
        widths: widths that batches are cut to, if `train` gets buckets.
    """

    def __init__(self, model: keras.Model, jit_compile: bool | str = "auto", widths: tuple[int, ...] = ()):
        self.model = model
        self.widths = widths
        self.jit_compile = uses_xla(model, jit_compile)
        self._may_fall_back = jit_compile == "auto"
        self._programs: dict[tuple[str, int, bool], Any] = {}

    def train(
        self, data: Any, order: np.ndarray, batch_size: int, buckets: np.ndarray | None = None
    ) -> dict[str, float]:
        """Run the batches of `order` (row numbers, the last batch may be short); returns the metrics so far.

        Args:
            data: tensors.
            order: row numbers.
            batch_size: rows a step.
            buckets: number of the width of each full batch.
        """
        return self._call("train", self.model.train_step, data, order, batch_size, buckets)

    def evaluate(self, data: Any, examples: int, batch_size: int) -> dict[str, float]:
        """Loss and metrics over the first `examples` rows, in order."""
        self.model.reset_metrics()
        return self._call("evaluate", self.model.test_step, data, np.arange(examples, dtype="int32"), batch_size)

    def _call(
        self, name: str, step: Any, data: Any, order: np.ndarray, batch_size: int, buckets: np.ndarray | None = None
    ) -> dict[str, float]:
        widths = self.widths if buckets is not None else ()
        if self.model.run_eagerly:
            loop_over_batches(step, data, tf.constant(order), batch_size, buckets, widths, eager=True)
            return self.metrics()
        key = (name, batch_size, self.jit_compile)
        if key not in self._programs:
            self._programs[key] = self._compile(step, batch_size, widths)
        program, rows = self._programs[key], tf.constant(order)
        numbers = tf.constant(np.zeros(0, "int32") if buckets is None else buckets)
        with TRACING:
            program.get_concrete_function(data, rows, numbers)
        try:
            logs = program(data, rows, numbers)
        except (tf.errors.InvalidArgumentError, tf.errors.UnimplementedError) as error:
            # XLA refuses a program before any of it has run, so the weights are untouched and a second try is safe.
            if not (self.jit_compile and self._may_fall_back and is_compile_error(error)):
                raise
            warnings.warn(f"XLA can't compile {self.model.name}; training goes on without it.", stacklevel=2)
            self.jit_compile = False
            return self._call(name, step, data, order, batch_size, buckets)
        return {key: float(value) for key, value in logs.items()}

    def _compile(self, step: Any, batch_size: int, widths: tuple[int, ...]) -> Any:
        @tf.autograph.experimental.do_not_convert
        def program(data: Any, order: tf.Tensor, buckets: tf.Tensor) -> dict[str, tf.Tensor]:
            loop_over_batches(step, data, order, batch_size, buckets, widths)
            return self.model.get_metrics_result()

        return tf.function(program, jit_compile=self.jit_compile, autograph=False)

    def metrics(self) -> dict[str, float]:
        """The model's current metric values as Python floats."""
        return {key: float(value) for key, value in self.model.get_metrics_result().items()}


def is_compile_error(error: Exception) -> bool:
    """Whether XLA refused to compile, as opposed to an error while running."""
    return any(word in str(error) for word in ("not compilable", "XLA", "uncompilable", "Detected unsupported"))


def loop_over_batches(
    step: Any,
    data: Any,
    order: tf.Tensor,
    batch_size: int,
    buckets: Any = None,
    widths: tuple[int, ...] = (),
    eager: bool = False,
) -> None:
    """Call `step` on each batch of rows; the last, short batch gets a step of its own and keeps its true size.

    Args:
        step: `train_step` or `test_step`.
        data: tensors.
        order: row numbers.
        batch_size: rows a step.
        buckets: number of the width of each full batch, if there are widths.
        widths: what a batch's arrays are cut to along their second axis.
        eager: run step by step.
    """
    examples = int(order.shape[0])
    full, rest = divmod(examples, batch_size)

    def run(rows: tf.Tensor, width: int | None = None) -> None:
        step(keras.tree.map_structure(lambda leaf: _cut(tf.gather(leaf, rows), width), data))

    if eager:
        for number, start in enumerate(range(0, examples, batch_size)):
            run(order[start : start + batch_size], widths[buckets[number]] if widths and number < full else None)
        return
    if full:
        batches = tf.reshape(order[: full * batch_size], (full, batch_size))

        def body(i: tf.Tensor) -> list[tf.Tensor]:
            if len(widths) > 1:
                tf.switch_case(buckets[i], [partial(_branch, run, batches[i], width) for width in widths])
            else:
                run(batches[i], widths[0] if widths else None)
            return [i + 1]

        tf.while_loop(lambda i: i < full, body, [tf.constant(0)], maximum_iterations=full, parallel_iterations=1)
    if rest:
        run(order[full * batch_size :])


def _branch(run: Callable[[tf.Tensor, int], None], rows: tf.Tensor, width: int) -> tf.Tensor:
    run(rows, width)
    return tf.constant(0)


def _cut(leaf: Any, width: int | None) -> Any:
    """The first `width` positions along the second axis of an array that has more."""
    return leaf if width is None or leaf.shape.rank < 2 or leaf.shape[1] <= width else leaf[:, :width]
