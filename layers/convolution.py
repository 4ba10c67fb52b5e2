"""Convolution of images with learned filters, and the two ways a matrix product or another convolution can stand in for it."""

import math

import keras
from keras import ops

from layers.arguments import activation_function
from layers.tracing import tensorflow_on_cpu, traced_for_xla

FEW_PATCH_ENTRIES = 65_536  # a patch matrix with fewer numbers an image than this was measured faster than convolutions


@keras.saving.register_keras_serializable("layers")
class Conv2D(keras.layers.Conv2D):
    """Slides each filter over the image and sums the products below it; a drop-in for `keras.layers.Conv2D`.

    With filter size f, stride s, dilation d and input X padded by p on either side,

        Y[r, c, k] = sum_{i, j, m} X[r s + i d, c s + j d, m] W[i, j, m, k] + b[k]

    over filter rows i, filter columns j and input channels m (the filter is not flipped: a cross-correlation, as in every
    deep-learning library). An n wide image gives floor((n + 2p - f) / s) + 1 columns. Backwards, with G = dL/dY,

        db[k] = sum_{r, c} G[r, c, k]
        dW[i, j, m, k] = sum_{r, c} X[r s + i d, c s + j d, m] G[r, c, k]     (X convolved with G)
        dX = full convolution of G, spread out by the stride, with the filter flipped in rows and columns

    TensorFlow's own kernels do this well. XLA on a CPU doesn't inside a loop (such as a compiled epoch), where it takes dW
    twenty times slower: there small inputs become one product of patches and filters, and larger ones get the backward
    pass above in a form that XLA is fast at. Groups, for which TensorFlow has no CPU kernel, are convolved in turn there.

    Args:
        filters: number of filters K, a positive integer divisible by `groups`.
        kernel_size: positive integer or a pair of them: rows and columns of a filter.
        strides: positive integer or pair: step of the filter.
        padding: `"valid"` (p = 0) or `"same"` (zeros around, so that ceil(n / s) outputs remain).
        data_format: `"channels_last"` or `"channels_first"`; default as in `keras.config`.
        dilation_rate: positive integer or pair: distance of the pixels that a filter sees; not with `strides` above 1.
        groups: the input channels are split into so many groups, each with `filters / groups` filters of its own.
        activation: name or function applied to the sum; None for none.
        *args: further arguments of `keras.layers.Conv2D` by position.
        **kwargs: `use_bias`, `kernel_initializer`, `bias_initializer`, their regularizers and constraints,
            `activity_regularizer`, `lora_rank`, `lora_alpha`, and those of every layer.

    Call arguments:
        inputs: floats of shape `(batch, rows, columns, channels)`; channels second with `"channels_first"`.

    Output: `(batch, new rows, new columns, filters)`, or filters second, in the compute dtype.

    Weights: `kernel` of shape `(*kernel_size, channels / groups, filters)`, `bias` `(filters,)`: together
    (f f channels / groups + 1) filters parameters.

    Raises:
        ValueError: if an argument is outside what is said above, if the input has no 4 dimensions or unknown channels,
            if `groups` does not divide the channels, or if nothing would remain of the image.

    Source: document 003, Videos 40-44 and 49-50; LeCun et al. 1998.
    """

    def __init__(
        self,
        filters,
        kernel_size,
        strides=(1, 1),
        padding="valid",
        data_format=None,
        dilation_rate=(1, 1),
        groups=1,
        activation=None,
        *args,
        **kwargs,
    ):
        for name, value in (("filters", filters), ("groups", groups)):
            if isinstance(value, bool) or not hasattr(value, "__index__"):
                raise ValueError(f"`{name}` must be a positive integer. Received: {name}={value!r}")
        if not isinstance(padding, str) or padding.lower() not in ("valid", "same"):
            raise ValueError(f"`padding` must be 'valid' or 'same'. Received: padding={padding!r}")
        activation = activation_function("activation", activation)
        super().__init__(
            filters, kernel_size, strides, padding, data_format, dilation_rate, groups, activation, *args, **kwargs
        )

    def build(self, input_shape):
        """Create the weights for the channels of `input_shape`."""
        channels = input_shape[-1 if self.data_format == "channels_last" else 1]
        if len(input_shape) != 4 or channels is None:
            raise ValueError(
                f"Conv2D takes 4 dimensions, {self.data_format}, with a known number of channels. "
                f"Received: input_shape={input_shape}"
            )
        super().build(input_shape)

    def call(self, inputs):
        """Convolve, add the bias, apply the activation."""
        outputs = self.convolution_op(inputs, self.kernel)
        if self.use_bias:
            last = self.data_format == "channels_last"
            outputs = ops.add(outputs, self.bias if last else ops.reshape(self.bias, (-1, 1, 1)))
        return outputs if self.activation is None else self.activation(outputs)

    def convolution_op(self, inputs, kernel):
        """The sums of products, group by group where the device can't take the groups together."""
        if self.groups == 1 or not tensorflow_on_cpu():
            return self._convolve(inputs, kernel)
        axis = -1 if self.data_format == "channels_last" else 1
        pairs = zip(ops.split(inputs, self.groups, axis), ops.split(kernel, self.groups, -1), strict=True)
        return ops.concatenate([self._convolve(*pair) for pair in pairs], axis)

    def _convolve(self, inputs, kernel):
        way = self._way(inputs)
        if way is None:
            return ops.conv(inputs, kernel, list(self.strides), self.padding, self.data_format, self.dilation_rate)
        if self.padding == "same":
            geometry = zip(inputs.shape[1:3], self.kernel_size, self.strides, self.dilation_rate, strict=True)
            inputs = ops.pad(inputs, [(0, 0), *(_same_padding(*one) for one in geometry), (0, 0)])
        return way(inputs, ops.convert_to_tensor(kernel), self.strides, self.dilation_rate)

    def _way(self, inputs):
        """The function that beats `ops.conv` on these inputs, None if none does. The bounds are measured."""
        rows, columns, channels = inputs.shape[1:]
        if self.data_format == "channels_first" or None in (rows, columns) or not tensorflow_on_cpu():
            return None
        if channels == 1 and self.strides[0] != self.strides[1]:
            return patch_product  # TensorFlow 2.21's oneDNN kernel gets some of these wrong where one column remains
        compiled, looped = traced_for_xla()
        strided = max(self.strides) > 1
        if not looped:
            better = self.kernel_size == (1, 1) if strided else channels == 1
            return patch_product if compiled and better else None
        entries = (
            math.prod(self.compute_output_shape((1, *inputs.shape[1:]))[1:3]) * math.prod(self.kernel_size) * channels
        )
        few = entries <= FEW_PATCH_ENTRIES or self.kernel_size == (1, 1)
        return patch_product if few or strided else convolution_by_hand


def output_size(size, kernel_size, stride=1, dilation=1):
    """How often a filter fits: floor((n - f) / s) + 1, where a dilated filter covers (f - 1) d + 1 pixels."""
    return (size - (kernel_size - 1) * dilation - 1) // stride + 1


def patch_product(inputs, kernel, strides=(1, 1), dilation=(1, 1)):
    """A valid convolution as one matrix product: below every output stands a row with the patch that its filters see.

    Args:
        inputs: `(batch, rows, columns, channels)`.
        kernel: `(filter rows, filter columns, channels, filters)`.
        strides: rows and columns that the filter moves on.
        dilation: rows and columns between the pixels of a patch.

    Returns:
        `(batch, new rows, new columns, filters)`.
    """
    high, wide, channels, filters = kernel.shape
    rows, columns = (output_size(*one) for one in zip(inputs.shape[1:3], (high, wide), strides, dilation, strict=True))
    pixels = [
        inputs[
            :,
            top : top + (rows - 1) * strides[0] + 1 : strides[0],
            left : left + (columns - 1) * strides[1] + 1 : strides[1],
        ]
        for top in range(0, high * dilation[0], dilation[0])
        for left in range(0, wide * dilation[1], dilation[1])
    ]
    patches = ops.concatenate(pixels, -1)  # (batch, new rows, new columns, filter rows * filter columns * channels)
    return ops.matmul(patches, ops.reshape(kernel, (high * wide * channels, filters)))


def convolution_by_hand(inputs, kernel, strides=(1, 1), dilation=(1, 1)):
    """A valid convolution whose backward pass consists of plain convolutions too.

    Arguments and result are those of `patch_product`, but for `strides`, which must be 1.
    """
    if max(strides) > 1:
        raise ValueError(f"`strides` must be 1. Received: strides={strides}")
    high, wide = kernel.shape[:2]

    @ops.custom_gradient
    def convolve(inputs, kernel):
        def backward(*arguments, upstream=None):
            gradient = arguments[0] if upstream is None else upstream
            above, beside = (high - 1) * dilation[0], (wide - 1) * dilation[1]
            full = ops.pad(gradient, [(0, 0), (above, above), (beside, beside), (0, 0)])
            flipped = ops.transpose(ops.flip(kernel, (0, 1)), (0, 1, 3, 2))  # (high, wide, filters, channels)
            of_inputs = ops.conv(full, flipped, 1, "valid", "channels_last", dilation)
            # Every channel is an image whose channels are the batch, and every filter's gradient slides over it.
            images = ops.transpose(inputs, (3, 1, 2, 0))  # (channels, rows, columns, batch)
            sliding = ops.transpose(gradient, (1, 2, 0, 3))  # (new rows, new columns, batch, filters)
            of_kernel = ops.conv(images, sliding, dilation, "valid", "channels_last")  # (channels, high, wide, filters)
            return of_inputs, ops.transpose(of_kernel, (1, 2, 0, 3))

        return ops.conv(inputs, kernel, 1, "valid", "channels_last", dilation), backward

    return convolve(inputs, kernel)


def _same_padding(size, kernel_size, stride, dilation):
    """Zeros before and after, so that ceil(n / s) outputs remain; the odd one comes after."""
    missing = max((-(-size // stride) - 1) * stride + (kernel_size - 1) * dilation + 1 - size, 0)
    return missing // 2, missing - missing // 2
