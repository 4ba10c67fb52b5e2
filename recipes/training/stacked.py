"""Training of stacked networks: one compiled call is one epoch of every seed."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras.src.losses.losses import LossFunctionWrapper
from keras.src.metrics.reduction_metrics import MeanMetricWrapper

from recipes import optimizers
from recipes.training.data import Arrays
from recipes.training.epochs import TRACING
from recipes.training.stacking import Stack, merge, split, why_not_stackable

ELEMENTWISE_OPTIMIZERS = (
    keras.optimizers.SGD,
    keras.optimizers.Adam,
    keras.optimizers.AdamW,
    keras.optimizers.Adamax,
    keras.optimizers.Nadam,
    keras.optimizers.RMSprop,
    keras.optimizers.Adagrad,
    keras.optimizers.Adadelta,
    keras.optimizers.Ftrl,
    keras.optimizers.Lion,
    optimizers.SGD,
    optimizers.AdaGrad,
    optimizers.RMSprop,
    optimizers.Adam,
)
"""Optimizers that update each weight from that weight's own gradient, so that stacking the seeds is exact."""


def why_not(model: keras.Model) -> str | None:
    """The reason that seeds of this compiled, built model must train one after the other, or None."""
    optimizer = model.optimizer
    if type(optimizer) not in ELEMENTWISE_OPTIMIZERS:
        return f"optimizer {type(optimizer).__name__} is not elementwise"
    if optimizer.clipnorm or optimizer.global_clipnorm:
        return "clipping by norm would join the seeds"
    loss = _loss(model)
    if loss is None or loss.reduction != "sum_over_batch_size":
        return "its loss is not a mean over the batch"
    if not all(isinstance(metric, MeanMetricWrapper) and _of_keras(metric._fn) for metric in _metrics(model)):
        return "a metric is not one of Keras's means over examples"
    if model._compile_metrics is not None and model._compile_metrics._user_weighted_metrics:
        return "it has weighted metrics"
    return why_not_stackable(model)


def _loss(model: keras.Model) -> Any:
    loss = keras.losses.get(model.loss) if isinstance(model.loss, str) else model.loss
    if isinstance(loss, keras.losses.Loss):
        return loss
    return LossFunctionWrapper(loss) if callable(loss) else None


def _metrics(model: keras.Model) -> list[Any]:
    return list(model._compile_metrics.metrics) if model._compile_metrics is not None else []


class StackedProgram:
    """Train and evaluate all seeds of a stack, an epoch a call.

    Args:
        template: compiled and built model; gives graph, loss, metrics and optimizer.
        models: one model a seed with its initial weights, built alike.
        jit_compile: whether to compile with XLA.
    """

    def __init__(self, template: keras.Model, models: list[keras.Model], jit_compile: bool):
        self.stack = Stack(template, models)
        self.optimizer = keras.optimizers.deserialize(keras.optimizers.serialize(template.optimizer))
        self.optimizer.build(self.stack.trainable_variables)
        self.loss = _loss(template)
        self.metrics = _metrics(template)
        self._programs: dict[tuple[str, int], Any] = {}
        self.jit_compile = jit_compile

    @property
    def state(self) -> list[Any]:
        """Every variable that training changes: weights, seed states and the optimizer's."""
        return [*self.stack.variables, *self.optimizer.variables]

    def train(self, data: Arrays, orders: np.ndarray, batch_size: int) -> dict[str, np.ndarray]:
        """One epoch; `orders` holds each seed's row numbers, shape (seeds, examples). Returns arrays of shape (seeds,)."""
        return self._call("train", data, orders, batch_size)

    def evaluate(self, data: Arrays, batch_size: int) -> dict[str, np.ndarray]:
        """Loss and metrics of every seed over all examples."""
        orders = np.broadcast_to(np.arange(data.examples, dtype="int32"), (self.stack.size, data.examples))
        return self._call("evaluate", data, orders, batch_size)

    def _call(self, name: str, data: Arrays, orders: np.ndarray, batch_size: int) -> dict[str, np.ndarray]:
        key = (name, batch_size)
        if key not in self._programs:
            self._programs[key] = self._compile(self._train_step if name == "train" else self._test_step, batch_size)
        program, arguments = self._programs[key], (data.batch(), tf.constant(orders))
        with TRACING:
            program.get_concrete_function(*arguments)
        sums = program(*arguments).numpy() / orders.shape[1]
        return dict(zip(["loss", *(metric.name for metric in self.metrics)], sums, strict=True))

    def _compile(self, step: Any, batch_size: int) -> Any:
        def program(data: Any, orders: tf.Tensor) -> tf.Tensor:
            seeds, examples = orders.shape
            full, rest = divmod(examples, batch_size)
            total = tf.zeros([1 + len(self.metrics), seeds])

            def run(rows: tf.Tensor) -> tf.Tensor:
                return step(keras.tree.map_structure(lambda leaf: tf.gather(leaf, rows), data))

            if full:
                batches = tf.reshape(orders[:, : full * batch_size], (seeds, full, batch_size))
                batches = tf.transpose(batches, (1, 0, 2))  # (steps, S, B)
                _, total = tf.while_loop(
                    lambda i, total: i < full,
                    lambda i, total: (i + 1, total + run(batches[i])),
                    (tf.constant(0), total),
                    maximum_iterations=full,
                    parallel_iterations=1,
                )
            return total + run(orders[:, full * batch_size :]) if rest else total

        return tf.function(program, jit_compile=self.jit_compile, autograph=False)

    def _train_step(self, batch: Any) -> tf.Tensor:
        x, y, sample_weight = keras.utils.unpack_x_y_sample_weight(batch)
        with tf.GradientTape() as tape:
            y_pred = self.stack.forward(x, training=True)
            loss = self._losses(y, y_pred, sample_weight)
            # Seeds share no weight, so the gradient of the sum is every seed's own gradient.
            total = tf.reduce_sum(loss)
        variables = self.stack.trainable_variables
        self.optimizer.apply(tape.gradient(total, [variable.value for variable in variables]), variables)
        return self._sums(loss, y, y_pred)

    def _test_step(self, batch: Any) -> tf.Tensor:
        x, y, sample_weight = keras.utils.unpack_x_y_sample_weight(batch)
        y_pred = self.stack.forward(x, training=False)
        return self._sums(self._losses(y, y_pred, sample_weight), y, y_pred)

    def _losses(self, y: tf.Tensor, y_pred: tf.Tensor, sample_weight: tf.Tensor | None) -> tf.Tensor:
        source = self.loss.fn if type(self.loss).call is LossFunctionWrapper.call else type(self.loss)
        values = self._per_example(self.loss.call, y, y_pred, seeds_as_one=_of_keras(source))
        if sample_weight is not None:
            values *= tf.cast(sample_weight, values.dtype)
        return tf.reduce_mean(values, axis=1) + self.stack.regularization()

    def _sums(self, loss: tf.Tensor, y: tf.Tensor, y_pred: tf.Tensor) -> tf.Tensor:
        """Loss and metrics times the batch's size, shape (1 + metrics, seeds)."""
        rows = [loss]
        for metric in self.metrics:
            values = self._per_example(lambda a, b, m=metric: m._fn(a, b, **m._fn_kwargs), y, y_pred)
            rows.append(tf.reduce_mean(values, axis=1))
        return tf.stack(rows) * float(y_pred.shape[1])

    def _per_example(self, function: Any, y: tf.Tensor, y_pred: tf.Tensor, seeds_as_one: bool = True) -> tf.Tensor:
        """A loss or metric of every seed's batch; (S, B), averaged over any further axes of the target."""
        if seeds_as_one:
            values = split(function(merge(y), merge(y_pred)), self.stack.size)
        else:
            values = tf.stack([_each(function(y[s], y_pred[s]), y_pred.shape[1]) for s in range(self.stack.size)])
        values = tf.cast(values, "float32")
        return tf.reduce_mean(values, axis=list(range(2, len(values.shape)))) if len(values.shape) > 2 else values


def _of_keras(source: Any) -> bool:
    """Whether a loss or metric is Keras's, none of which looks at another example of the batch; others might."""
    return getattr(source, "__module__", "").startswith("keras.")


def _each(values: Any, examples: int) -> tf.Tensor:
    """The losses of one batch; a scalar is the mean of its batch, and as such every example's."""
    values = tf.convert_to_tensor(values)
    return values if len(values.shape) else tf.repeat(values, examples)
