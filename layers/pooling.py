"""Pooling: a window of an image becomes its maximum or its mean. Nothing is learned."""

import functools
import math

import keras
from keras import ops

from layers.tracing import tensorflow_on_cpu, traced_for_xla


@keras.saving.register_keras_serializable("layers")
class MaxPooling2D(keras.layers.MaxPooling2D):
    """The largest value of every window; a drop-in for `keras.layers.MaxPooling2D`.

    With pool size f, stride s and the input padded by p on either side, per channel,

        Y[r, c] = max_{i, j} X[r s + i, c s + j],        floor((n + 2p - f) / s) + 1 of them a side

    Backwards dL/dY[r, c] goes to the position of the maximum alone, every other pixel gets zero from that window; of
    several equal ones the first, row by row, takes it all.

    Args:
        pool_size: positive integer or a pair: rows and columns of the window.
        strides: positive integer or a pair: step of the window; None for `pool_size`.
        padding: `"valid"` (none) or `"same"` (ceil(n / s) outputs; what lies outside is never the maximum).
        data_format: `"channels_last"` or `"channels_first"`; default as in `keras.config`.
        name: name of the layer.
        **kwargs: those of every layer.

    Call arguments:
        inputs: shape `(batch, rows, columns, channels)`; channels second with `"channels_first"`.

    Output: `(batch, new rows, new columns, channels)`, or channels second, in the dtype of the inputs.

    Raises:
        ValueError: if a size or stride is no positive integer, or the padding or data format is unknown.

    Source: document 003, Videos 45-46 and 49-50.
    """

    def __init__(self, pool_size=(2, 2), strides=None, padding="valid", data_format=None, name=None, **kwargs):
        padding = _checked(strides, padding)
        super().__init__(pool_size, strides, padding, data_format, name, **kwargs)

    def call(self, inputs):
        """The maximum of every window."""
        if _windows_pay(inputs, self.data_format):
            # XLA on a CPU needs several times as long for the gradient of its own pooling as for that of these maxima.
            return _maximum_along(1, _maximum_along(2, inputs, self), self)
        return ops.max_pool(inputs, self.pool_size, self.strides, self.padding, self.data_format)


@keras.saving.register_keras_serializable("layers")
class AveragePooling2D(keras.layers.AveragePooling2D):
    """The mean of every window; a drop-in for `keras.layers.AveragePooling2D`.

    Per channel, with the symbols of `MaxPooling2D` and N the number of pixels of the window that lie inside the image,

        Y[r, c] = 1/N sum_{i, j} X[r s + i, c s + j]

    Backwards every pixel of a window gets dL/dY[r, c] / N from it.

    Args:
        pool_size: positive integer or a pair: rows and columns of the window.
        strides: positive integer or a pair: step of the window; None for `pool_size`.
        padding: `"valid"` (none) or `"same"` (ceil(n / s) outputs; what lies outside does not count).
        data_format: `"channels_last"` or `"channels_first"`; default as in `keras.config`.
        name: name of the layer.
        **kwargs: those of every layer.

    Call arguments:
        inputs: floats of shape `(batch, rows, columns, channels)`; channels second with `"channels_first"`.

    Output: `(batch, new rows, new columns, channels)`, or channels second, in the dtype of the inputs.

    Raises:
        ValueError: if a size or stride is no positive integer, or the padding or data format is unknown.

    Source: document 003, Videos 45-48.
    """

    def __init__(self, pool_size, strides=None, padding="valid", data_format=None, name=None, **kwargs):
        padding = _checked(strides, padding)
        super().__init__(pool_size, strides, padding, data_format, name, **kwargs)

    def call(self, inputs):
        """The mean of every window."""
        if self.strides != self.pool_size and _windows_pay(inputs, self.data_format):  # it pays where windows overlap
            return _mean_along(1, _mean_along(2, inputs, self), self)
        return ops.average_pool(inputs, self.pool_size, self.strides, self.padding, self.data_format)


@keras.saving.register_keras_serializable("layers")
class GlobalAveragePooling2D(keras.layers.GlobalAveragePooling2D):
    """The mean of a whole feature map; a drop-in for `keras.layers.GlobalAveragePooling2D`.

        y[k] = 1/(H W) sum_{r, c} X[r, c, k],     dL/dX[r, c, k] = dL/dy[k] / (H W)

    Args:
        data_format: `"channels_last"` or `"channels_first"`; default as in `keras.config`.
        keepdims: keep rows and columns, with length 1.
        **kwargs: those of every layer.

    Call arguments:
        inputs: floats of shape `(batch, rows, columns, channels)`; channels second with `"channels_first"`.

    Output: `(batch, channels)`, or with rows and columns of length 1, in the dtype of the inputs.

    Raises:
        ValueError: if the data format is unknown.

    Source: document 003, Videos 45-46; Lin et al. 2013, section 3.2.
    """

    def call(self, inputs):
        """The mean over rows and columns."""
        return ops.mean(inputs, (1, 2) if self.data_format == "channels_last" else (2, 3), keepdims=self.keepdims)


def _checked(strides, padding):
    """The padding in lower case, after the checks that the namesake leaves out."""
    if strides is not None and any(
        stride == 0 for stride in (strides if isinstance(strides, tuple | list) else [strides])
    ):
        raise ValueError(f"`strides` must be None, a positive integer or a pair of them. Received: strides={strides!r}")
    if not isinstance(padding, str) or padding.lower() not in ("valid", "same"):
        raise ValueError(f"`padding` must be 'valid' or 'same'. Received: padding={padding!r}")
    return padding.lower()


def _maximum_along(axis, inputs, layer):
    """The maximum of every window of rows (axis 1) or columns (axis 2); one after the other they make the whole window's.

    Of equal values `ops.maximum` in TensorFlow sends the gradient to the first, and so does a row of them.
    """
    pixels, _ = _pixels(axis, inputs, layer, outside=-math.inf)
    return functools.reduce(ops.maximum, pixels)


def _mean_along(axis, inputs, layer):
    """The mean of every window of rows (axis 1) or columns (axis 2)."""
    pixels, counts = _pixels(axis, inputs, layer, outside=0.0)
    counts = ops.reshape(ops.cast(counts, inputs.dtype), (-1, 1) if axis == 2 else (-1, 1, 1))
    return functools.reduce(ops.add, pixels) / counts


def _pixels(axis, inputs, layer, outside):
    """The first, second, ... pixel of every window along an axis, and how many of each window lie inside the image."""
    length, size, stride = inputs.shape[axis], layer.pool_size[axis - 1], layer.strides[axis - 1]
    before = after = 0
    if layer.padding == "same":
        missing = max((-(-length // stride) - 1) * stride + size - length, 0)
        before, after = missing // 2, missing - missing // 2
    if before + after:
        sides = [(before, after) if dimension == axis else (0, 0) for dimension in range(4)]
        inputs = ops.pad(inputs, sides, constant_values=outside)
    starts = range(0, before + length + after - size + 1, stride)
    counts = [min(start + size, before + length) - max(start, before) for start in starts]
    slices = [slice(pixel, pixel + starts[-1] + 1, stride) for pixel in range(size)]
    return [inputs[:, :, one] if axis == 2 else inputs[:, one] for one in slices], counts


def _windows_pay(inputs, data_format):
    """Whether the call is being traced for XLA's CPU compiler, on floats in images of known size."""
    if data_format == "channels_first" or None in inputs.shape[1:3] or not tensorflow_on_cpu():
        return False
    return traced_for_xla()[0] and keras.backend.is_float_dtype(keras.backend.standardize_dtype(inputs.dtype))
