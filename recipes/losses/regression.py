"""Losses for numbers: what an error e = y - y_hat costs."""

import keras
from keras import ops

from recipes.losses.pairs import same_dtype, same_rank


@keras.saving.register_keras_serializable("recipes")
def mean_squared_error(y_true, y_pred):
    """Mean over the last axis of e^2; shapes `(batch, ..., d)` to `(batch, ...)`."""
    y_true, y_pred = same_rank(*same_dtype(y_true, y_pred))
    return ops.mean(ops.square(y_true - y_pred), axis=-1)


@keras.saving.register_keras_serializable("recipes")
def mean_absolute_error(y_true, y_pred):
    """Mean over the last axis of |e|; shapes `(batch, ..., d)` to `(batch, ...)`."""
    y_true, y_pred = same_rank(*same_dtype(y_true, y_pred))
    return ops.mean(ops.abs(y_true - y_pred), axis=-1)


@keras.saving.register_keras_serializable("recipes")
def huber(y_true, y_pred, delta=1.0):
    """Mean over the last axis of Huber's penalty; shapes `(batch, ..., d)` to `(batch, ...)`."""
    y_true, y_pred = same_rank(*same_dtype(y_true, y_pred))
    delta = ops.cast(delta, y_pred.dtype)
    error = y_true - y_pred
    size = ops.abs(error)
    return ops.mean(ops.where(size <= delta, 0.5 * ops.square(error), delta * size - 0.5 * ops.square(delta)), axis=-1)


@keras.saving.register_keras_serializable("recipes")
class MeanSquaredError(keras.losses.MeanSquaredError):
    """Squared error; a drop-in for `keras.losses.MeanSquaredError`.

        L = (y - y_hat)^2,      J = 1/N sum L,      dL/dy_hat = -2 (y - y_hat)

    An error twice as large costs four times as much, so outliers pull hard. J is convex in the weights of a linear model,
    with a single minimum where the features are linearly independent.

    Args:
        reduction: how the losses of the examples become one: `"sum_over_batch_size"`, `"sum"`, `"mean"`,
            `"mean_with_sample_weight"` or None.
        name: the loss's name.
        dtype: dtype of the computation, `keras.config.floatx()` if None.

    Call arguments:
        y_true: targets `(batch, ..., d)`, or `(batch,)` where d = 1.
        y_pred: predictions of the same shape.
        sample_weight: one weight an example.

    Source: documents 000, Loss Function, and 003, Video 14.
    """

    def call(self, y_true, y_pred):
        """One loss an example."""
        return mean_squared_error(y_true, y_pred)


@keras.saving.register_keras_serializable("recipes")
class MeanAbsoluteError(keras.losses.MeanAbsoluteError):
    """Absolute error; a drop-in for `keras.losses.MeanAbsoluteError`.

        L = |y - y_hat|,        J = 1/N sum L,      dL/dy_hat = -sign(y - y_hat)

    in the unit of the targets. At error 0 the derivative jumps from -1 to 1; the sub-gradient that TensorFlow and PyTorch
    take there is 0.

    Args:
        reduction: as in `MeanSquaredError`.
        name: the loss's name.
        dtype: dtype of the computation.

    Call arguments: as in `MeanSquaredError`.

    Source: document 003, Video 14.
    """

    def call(self, y_true, y_pred):
        """One loss an example."""
        return mean_absolute_error(y_true, y_pred)


@keras.saving.register_keras_serializable("recipes")
class Huber(keras.losses.Huber):
    """Quadratic for small errors, linear for large ones; a drop-in for `keras.losses.Huber`.

        L = 1/2 e^2                     if |e| <= delta
        L = delta |e| - 1/2 delta^2     otherwise,          dL/de = clip(e, -delta, delta)

    for the error e = y - y_hat. The two pieces meet in value and slope, so L is differentiable everywhere. Inside delta
    it is half the squared error.

    Args:
        delta: the error from which the penalty grows linearly, above 0.
        reduction: as in `MeanSquaredError`.
        name: the loss's name.
        dtype: dtype of the computation.

    Call arguments: as in `MeanSquaredError`.

    Raises:
        ValueError: if `delta` is not above 0.

    Source: document 003, Video 14; Huber 1964.
    """

    def __init__(self, delta=1.0, reduction="sum_over_batch_size", name="huber_loss", dtype=None):
        if not delta > 0:
            raise ValueError(f"`delta` must be above 0. Received: delta={delta!r}")
        super().__init__(delta, reduction, name, dtype)
        self.delta = delta

    def call(self, y_true, y_pred):
        """One loss an example."""
        return huber(y_true, y_pred, self.delta)

    def get_config(self):
        """The constructor's arguments, with a delta that is not the default; Keras's own class forgets it."""
        return super().get_config() | ({} if self.delta == 1.0 else {"delta": self.delta})
