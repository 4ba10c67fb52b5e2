"""Blocks of the image networks that went deep: the residual block of ResNet and the inception block of GoogLeNet."""

import keras
from keras import ops

from layers.arguments import activation_function, positive_integer
from layers.convolution import Conv2D
from layers.normalization import BatchNormalization
from layers.pooling import MaxPooling2D


class _Block(keras.layers.Layer):
    """What both share: convolutions, each with batch normalization on request, and their settings."""

    def __init__(
        self,
        activation="relu",
        use_batch_norm=True,
        use_bias=None,
        momentum=0.99,
        epsilon=1e-3,
        kernel_initializer="he_normal",
        kernel_regularizer=None,
        data_format=None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.activation = activation_function("activation", activation)
        if not 0 <= momentum <= 1:
            raise ValueError(f"`momentum` must be in [0, 1]. Received: momentum={momentum!r}")
        if epsilon <= 0:
            raise ValueError(f"`epsilon` must be positive. Received: epsilon={epsilon!r}")
        if data_format not in (None, "channels_last", "channels_first"):
            raise ValueError(
                f"`data_format` must be None, 'channels_last' or 'channels_first'. Received: data_format={data_format!r}"
            )
        self.use_batch_norm = use_batch_norm
        self.use_bias = not use_batch_norm if use_bias is None else use_bias
        self.momentum = momentum
        self.epsilon = epsilon
        self.kernel_initializer = keras.initializers.get(kernel_initializer)
        self.kernel_regularizer = keras.regularizers.get(kernel_regularizer)
        self.data_format = data_format or keras.config.image_data_format()
        self.channel_axis = -1 if self.data_format == "channels_last" else 1

    def _channels(self, input_shape):
        """The number of channels, after a check of the input's rank."""
        if len(input_shape) != 4 or input_shape[self.channel_axis] is None:
            raise ValueError(
                f"{type(self).__name__} takes 4 dimensions, {self.data_format}, with a known number of channels. "
                f"Received: input_shape={tuple(input_shape)}"
            )
        return input_shape[self.channel_axis]

    def _convolution(self, filters, kernel_size, strides=1, name=None):
        """A convolution and its batch normalization (None without)."""
        convolution = Conv2D(
            filters,
            kernel_size,
            strides,
            "same",
            self.data_format,
            use_bias=self.use_bias,
            kernel_initializer=_copy(self.kernel_initializer),
            kernel_regularizer=self.kernel_regularizer,
            name=f"{name}_conv",
            dtype=self.dtype_policy,
        )
        if not self.use_batch_norm:
            return convolution, None
        normalization = BatchNormalization(
            axis=self.channel_axis,
            momentum=self.momentum,
            epsilon=self.epsilon,
            name=f"{name}_bn",
            dtype=self.dtype_policy,
        )
        return convolution, normalization

    def get_config(self):
        """Everything that the constructor takes."""
        return {
            **super().get_config(),
            "activation": keras.activations.serialize(self.activation),
            "use_batch_norm": self.use_batch_norm,
            "use_bias": self.use_bias,
            "momentum": self.momentum,
            "epsilon": self.epsilon,
            "kernel_initializer": keras.initializers.serialize(self.kernel_initializer),
            "kernel_regularizer": keras.regularizers.serialize(self.kernel_regularizer),
            "data_format": self.data_format,
        }


@keras.saving.register_keras_serializable("layers")
class ResidualBlock(_Block):
    """Convolutions that learn what to add to their input, which passes by them unchanged (a skip connection).

        y = activation(F(x) + x)

    F is two convolutions f x f, or with `bottleneck` three: 1 x 1 to fewer channels, f x f, 1 x 1 to four times as many.
    Each is followed by batch normalization, and all but the last by the activation. Where F changes the shape, x passes
    a 1 x 1 convolution W_s of the same stride (the projection): y = activation(F(x) + W_s x). Since dy/dx = dF/dx + 1
    before the activation, the gradient reaches early layers however small dF/dx is.

    Args:
        filters: filters of each convolution; the last of a bottleneck has `4 * filters`.
        kernel_size: odd or even positive integer f, or a pair.
        strides: positive integer or pair: step of the first convolution and of the projection.
        bottleneck: three convolutions instead of two.
        projection: True or False; None for only where the shape changes.
        activation: name or function; None for none.
        use_batch_norm: normalize after every convolution.
        use_bias: convolutions have a bias; None for only without batch normalization, whose beta replaces it.
        momentum: of the batch normalizations' moving averages.
        epsilon: of the batch normalizations.
        kernel_initializer: for every kernel.
        kernel_regularizer: for every kernel.
        data_format: `"channels_last"` or `"channels_first"`; default as in `keras.config`.
        **kwargs: those of every layer.

    Call arguments:
        inputs: floats of shape `(batch, rows, columns, channels)`; channels second with `"channels_first"`.
        training: batch statistics instead of moving averages.

    Output: `(batch, ceil(rows / strides), ceil(columns / strides), filters or 4 filters)`.

    Weights: those of the layers `0_conv`, `0_bn` (projection), `1_conv`, `1_bn`, `2_conv`, `2_bn`, ...; the names are those
    of `keras.applications.ResNet50` after the block's, whose blocks have `bottleneck=True, use_bias=True, epsilon=1.001e-5`.

    Raises:
        ValueError: if an argument is outside what is said above, the input has no 4 dimensions, or its shape is not
            that of the output although `projection=False`.

    Source: He et al. 2015, sections 3.2, 4.1 and figure 5; document 003, Videos 57-58.
    """

    def __init__(self, filters, kernel_size=3, strides=1, bottleneck=False, projection=None, **kwargs):
        super().__init__(**kwargs)
        if projection not in (None, True, False):
            raise ValueError(f"`projection` must be True, False or None. Received: projection={projection!r}")
        self.filters = positive_integer("filters", filters)
        self.kernel_size = _pair("kernel_size", kernel_size)
        self.strides = _pair("strides", strides)
        self.bottleneck = bottleneck
        self.projection = projection

    def build(self, input_shape):
        """Create the convolutions, and the projection where one is needed."""
        channels, out = self._channels(input_shape), self.filters * (4 if self.bottleneck else 1)
        changes = channels != out or self.strides != (1, 1)
        if changes and self.projection is False:
            raise ValueError(
                f"`projection=False` needs strides of 1 and {out} input channels, as many as come out. "
                f"Received: strides={self.strides}, input_shape={tuple(input_shape)}"
            )
        if self.bottleneck:
            plan = [(self.filters, 1, self.strides), (self.filters, self.kernel_size, 1), (out, 1, 1)]
        else:
            plan = [(out, self.kernel_size, self.strides), (out, self.kernel_size, 1)]
        self.shortcut = self._convolution(out, 1, self.strides, "0") if changes or self.projection else None
        self.residual = [self._convolution(*one, name=str(number)) for number, one in enumerate(plan, 1)]
        if self.shortcut:
            _build(self.shortcut, input_shape)
        shape = input_shape
        for pair in self.residual:
            shape = _build(pair, shape)

    def call(self, inputs, training=None):
        """Add what the convolutions make of the inputs to the inputs."""
        outputs = inputs
        for number, pair in enumerate(self.residual):
            outputs = _apply(pair, outputs if number == 0 else self.activation(outputs), training)
        carried = inputs if self.shortcut is None else _apply(self.shortcut, inputs, training)
        return self.activation(ops.add(outputs, carried))

    def compute_output_shape(self, input_shape):
        """Rows and columns divided by the strides and rounded up; new channels."""
        self._channels(input_shape)
        spatial = input_shape[1:3] if self.channel_axis == -1 else input_shape[2:]
        sizes = [None if n is None else -(-n // stride) for n, stride in zip(spatial, self.strides, strict=True)]
        channels = self.filters * (4 if self.bottleneck else 1)
        return (input_shape[0], *sizes, channels) if self.channel_axis == -1 else (input_shape[0], channels, *sizes)

    def get_config(self):
        """Everything that the constructor takes."""
        return {
            **super().get_config(),
            "filters": self.filters,
            "kernel_size": self.kernel_size,
            "strides": self.strides,
            "bottleneck": self.bottleneck,
            "projection": self.projection,
        }


@keras.saving.register_keras_serializable("layers")
class InceptionBlock(_Block):
    """Filters of several sizes side by side: the network need not choose one.

        y = [A(x); B(x); C(x); D(x)]                concatenated along the channels
        A: 1 x 1        B: 1 x 1, then 3 x 3        C: 1 x 1, then 5 x 5        D: 3 x 3 max pooling, then 1 x 1

    Every convolution is followed by the activation. The 1 x 1 convolutions in B and C reduce the channels first, which
    saves most of the products that the large filters would cost.

    Args:
        filters_1x1: filters of A.
        filters_3x3_reduce: filters of the 1 x 1 convolution in B.
        filters_3x3: filters of the 3 x 3 convolution in B.
        filters_5x5_reduce: filters of the 1 x 1 convolution in C.
        filters_5x5: filters of the 5 x 5 convolution in C.
        filters_pool: filters of the 1 x 1 convolution in D.
        use_batch_norm: normalize between every convolution and its activation (not in the paper).
        **kwargs: `activation`, `use_bias`, `momentum`, `epsilon`, `kernel_initializer`, `kernel_regularizer` and
            `data_format` as for `ResidualBlock`, and those of every layer.

    Call arguments:
        inputs: floats of shape `(batch, rows, columns, channels)`; channels second with `"channels_first"`.
        training: batch statistics instead of moving averages, where there is batch normalization.

    Output: `(batch, rows, columns, filters_1x1 + filters_3x3 + filters_5x5 + filters_pool)`.

    Weights: those of the layers `1x1_conv`, `3x3_reduce_conv`, `3x3_conv`, `5x5_reduce_conv`, `5x5_conv`, `pool_conv`, and
    `..._bn` for each with batch normalization.

    Raises:
        ValueError: if an argument is outside what is said above, or the input has no 4 dimensions.

    Source: Szegedy et al. 2014, section 4, figure 2(b) and table 1; document 003, Videos 57-58.
    """

    def __init__(
        self,
        filters_1x1,
        filters_3x3_reduce,
        filters_3x3,
        filters_5x5_reduce,
        filters_5x5,
        filters_pool,
        use_batch_norm=False,
        **kwargs,
    ):
        super().__init__(use_batch_norm=use_batch_norm, **kwargs)
        self.filters_1x1 = positive_integer("filters_1x1", filters_1x1)
        self.filters_3x3_reduce = positive_integer("filters_3x3_reduce", filters_3x3_reduce)
        self.filters_3x3 = positive_integer("filters_3x3", filters_3x3)
        self.filters_5x5_reduce = positive_integer("filters_5x5_reduce", filters_5x5_reduce)
        self.filters_5x5 = positive_integer("filters_5x5", filters_5x5)
        self.filters_pool = positive_integer("filters_pool", filters_pool)

    def build(self, input_shape):
        """Create the six convolutions and the pooling."""
        self._channels(input_shape)
        self.pooling = MaxPooling2D(3, 1, "same", self.data_format, name="pool", dtype=self.dtype_policy)
        self.branches = [
            [self._convolution(self.filters_1x1, 1, name="1x1")],
            [
                self._convolution(self.filters_3x3_reduce, 1, name="3x3_reduce"),
                self._convolution(self.filters_3x3, 3, name="3x3"),
            ],
            [
                self._convolution(self.filters_5x5_reduce, 1, name="5x5_reduce"),
                self._convolution(self.filters_5x5, 5, name="5x5"),
            ],
            [self._convolution(self.filters_pool, 1, name="pool")],
        ]
        for branch in self.branches:
            shape = input_shape
            for pair in branch:
                shape = _build(pair, shape)

    def call(self, inputs, training=None):
        """Concatenate what the four branches make of the inputs."""
        starts = [inputs, inputs, inputs, self.pooling(inputs)]
        ends = []
        for start, branch in zip(starts, self.branches, strict=True):
            outputs = start
            for pair in branch:
                outputs = self.activation(_apply(pair, outputs, training))
            ends.append(outputs)
        return ops.concatenate(ends, self.channel_axis)

    def compute_output_shape(self, input_shape):
        """The input's shape with new channels."""
        self._channels(input_shape)
        shape = list(input_shape)
        shape[self.channel_axis] = self.filters_1x1 + self.filters_3x3 + self.filters_5x5 + self.filters_pool
        return tuple(shape)

    def get_config(self):
        """Everything that the constructor takes."""
        return {
            **super().get_config(),
            "filters_1x1": self.filters_1x1,
            "filters_3x3_reduce": self.filters_3x3_reduce,
            "filters_3x3": self.filters_3x3,
            "filters_5x5_reduce": self.filters_5x5_reduce,
            "filters_5x5": self.filters_5x5,
            "filters_pool": self.filters_pool,
        }


def _build(pair, shape):
    """Build a convolution and its normalization; the shape that leaves them."""
    convolution, normalization = pair
    convolution.build(shape)
    shape = convolution.compute_output_shape(shape)
    if normalization is not None:
        normalization.build(shape)
    return shape


def _apply(pair, inputs, training):
    """Convolve, and normalize if there is something to do it with."""
    convolution, normalization = pair
    outputs = convolution(inputs)
    return outputs if normalization is None else normalization(outputs, training=training)


def _pair(name, value):
    values = tuple(value) if isinstance(value, tuple | list) else (value, value)
    if len(values) != 2 or any(isinstance(one, bool) or not hasattr(one, "__index__") or one <= 0 for one in values):
        raise ValueError(f"`{name}` must be a positive integer or a pair of them. Received: {name}={value!r}")
    return tuple(int(one) for one in values)


def _copy(initializer):
    """An initializer of its own for every layer: a single one would fill all kernels of a shape with the same numbers."""
    return initializer.clone() if isinstance(initializer, keras.initializers.Initializer) else initializer
