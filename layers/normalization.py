"""Batch and layer normalisation: activations brought to mean 0 and variance 1, then scaled and shifted as learned."""

import math
import numbers

import keras
from keras import ops

from layers.tracing import tensorflow_on_cpu


@keras.saving.register_keras_serializable("layers")
class BatchNormalization(keras.layers.BatchNormalization):
    """Normalises every channel over the batch; a drop-in for `keras.layers.BatchNormalization`.

    In training, over the m values x of a channel in the batch (positions too, but for masked ones),

        mu = 1/m sum x,     sigma^2 = 1/m sum (x - mu)^2
        x_hat = (x - mu) / sqrt(sigma^2 + epsilon),     y = gamma x_hat + beta
        moving_mean <- momentum moving_mean + (1 - momentum) mu,    moving_variance likewise from sigma^2

    At inference, and always with `trainable=False`, the moving statistics stand in for mu and sigma^2. Backwards, mu and
    sigma depend on x as well: with g = dL/dy,

        dL/dbeta = sum g,       dL/dgamma = sum g x_hat
        dL/dx = gamma / sqrt(sigma^2 + epsilon) (g - mean(g) - x_hat mean(g x_hat))

    Args:
        axis: the axis of the channels.
        momentum: how much of the moving statistics stays after a batch, from 0 to 1.
        epsilon: added to the variance, 0 or more.
        center: whether to add beta.
        scale: whether to multiply by gamma.
        beta_initializer, gamma_initializer: initializers of beta and gamma.
        moving_mean_initializer, moving_variance_initializer: initializers of the moving statistics.
        beta_regularizer, gamma_regularizer: penalties on beta and gamma.
        beta_constraint, gamma_constraint: constraints on beta and gamma.
        renorm: batch renormalisation: in training x_hat becomes r x_hat + d, where r = sigma / renorm_stddev and
            d = (mu - renorm_mean) / renorm_stddev carry no gradient, so that training sees what inference will see.
        renorm_clipping: bounds of r and |d| by the names `"rmin"`, `"rmax"` and `"dmax"`; none where left out.
        renorm_momentum: momentum of renorm_mean and renorm_stddev.
        synchronized: take the statistics over all replicas (TensorFlow).
        **kwargs: `name`, `dtype`, `trainable` and the like.

    Weights: `gamma`, `beta`, `moving_mean`, `moving_variance`, one value a channel each; with `renorm` also
    `moving_stddev`, `renorm_mean` and `renorm_stddev`.

    Call arguments:
        inputs: floats of any rank.
        training: whether to use, and learn from, the statistics of the batch.
        mask: truth values of the inputs' shape without the last axis; False takes a position out of the statistics.

    Output: shape of the inputs, compute dtype. The statistics are taken in float32 at least.

    Raises:
        ValueError: if an argument is outside what is said above, the inputs have no such axis, its size is unknown, or
            the mask doesn't fit.

    Source: document 003, Video 29; Ioffe and Szegedy 2015; renorm: Ioffe 2017.
    """

    def __init__(self, axis=-1, momentum=0.99, epsilon=1e-3, *args, **kwargs):
        if not _is_integer(axis):
            raise ValueError(f"`axis` must be an integer. Received: axis={axis!r}")
        if not _is_number(momentum) or not 0 <= momentum <= 1:
            raise ValueError(f"`momentum` must be a number from 0 to 1. Received: momentum={momentum!r}")
        super().__init__(axis, momentum, _checked_epsilon(epsilon), *args, **kwargs)

    def build(self, input_shape):
        """Create the weights for the channels of `input_shape`."""
        _checked_axes([self.axis], input_shape)
        super().build(input_shape)

    def call(self, inputs, training=None, mask=None):
        """Normalise, with the batch's statistics in training and the moving ones otherwise."""
        if mask is not None and len(mask.shape) != len(inputs.shape) - 1:
            raise ValueError(
                "The mask must have the shape of the inputs without the last axis. "
                f"Received: mask.shape={tuple(mask.shape)}, inputs.shape={tuple(inputs.shape)}"
            )
        dtype = keras.backend.result_type(inputs.dtype, "float32")
        x = ops.cast(inputs, dtype)
        gamma, beta = (None if one is None else ops.cast(one, dtype) for one in (self.gamma, self.beta))
        if not (training and self.trainable):
            mean, variance = ops.cast(self.moving_mean, dtype), ops.cast(self.moving_variance, dtype)
            return self._transform(x, mean, variance, gamma, beta)
        last = self.axis in (-1, len(x.shape) - 1)
        if last and mask is None and not self.synchronized and tensorflow_on_cpu():
            by_hand = (None, None) if self.renorm else (gamma, beta)
            outputs, mean, variance = _normalize_columns(x, *by_hand, self.epsilon)
            if self.renorm:
                gamma, beta = self._renormalized(mean, variance, gamma, beta)
                outputs = outputs * gamma + beta
            self._move(mean, variance)
            return ops.cast(outputs, self.compute_dtype)
        mean, variance = self._statistics(x, mask)
        if self.renorm:
            gamma, beta = self._renormalized(mean, variance, gamma, beta)
        self._move(mean, variance)
        return self._transform(x, mean, variance, gamma, beta)

    def _statistics(self, x, mask):
        """Mean and variance `(channels,)` of what the mask shows."""
        seen = ops.ones_like(x, "bool") if self.synchronized else None
        if mask is not None:
            seen = ops.broadcast_to(ops.expand_dims(ops.cast(mask, "bool"), -1), ops.shape(x))
        mean = self._mean(x, seen)
        variance = self._mean(ops.square(x - mean), seen)
        return ops.reshape(mean, (-1,)), ops.reshape(variance, (-1,))

    def _mean(self, values, seen):
        """Mean of every channel over what is seen (all if None), with the other axes kept at size 1."""
        if seen is None:
            return ops.mean(values, self._reduction_axes, keepdims=True)
        parts = [ops.where(seen, values, 0.0), ops.cast(seen, values.dtype)]
        total, count = (ops.sum(part, self._reduction_axes, keepdims=True) for part in parts)
        if self.synchronized:
            total, count = _sum_over_replicas([total, count])
        return total / ops.maximum(count, 1.0)

    def _transform(self, x, mean, variance, gamma, beta):
        """Map x to gamma (x - mean) / sqrt(variance + epsilon) + beta, as one product and one sum a value."""
        scale = ops.rsqrt(variance + self.epsilon)
        scale = scale if gamma is None else gamma * scale
        shift = -mean * scale if beta is None else beta - mean * scale
        if self.axis not in (-1, len(x.shape) - 1):
            shape = [-1 if axis == self.axis % len(x.shape) else 1 for axis in range(len(x.shape))]
            scale, shift = ops.reshape(scale, shape), ops.reshape(shift, shape)
        return ops.cast(x * scale + shift, self.compute_dtype)

    def _renormalized(self, mean, variance, gamma, beta):
        """The gamma and beta that turn x_hat into gamma (r x_hat + d) + beta; moves the statistics behind r and d."""
        stddev = ops.sqrt(variance + self.epsilon)
        old_mean = ops.cast(self.renorm_mean, mean.dtype)
        old_stddev = ops.cast(self.renorm_stddev, mean.dtype)
        divisor = ops.maximum(old_stddev, math.sqrt(self.epsilon))  # a young average must not divide by zero
        r, d = stddev / divisor, (mean - old_mean) / divisor
        lowest, highest, furthest = (self.renorm_clipping.get(name) for name in ("rmin", "rmax", "dmax"))
        r = r if lowest is None else ops.maximum(r, lowest)
        r = r if highest is None else ops.minimum(r, highest)
        d = d if furthest is None else ops.clip(d, -furthest, furthest)
        r, d = ops.stop_gradient(r), ops.stop_gradient(d)
        self.renorm_mean.assign(_moved(old_mean, mean, self.renorm_momentum))
        self.renorm_stddev.assign(_moved(old_stddev, stddev, self.renorm_momentum))
        shift = d if gamma is None else d * gamma
        return (r if gamma is None else r * gamma), (shift if beta is None else shift + beta)

    def _move(self, mean, variance):
        """Let the moving statistics follow those of the batch."""
        self.moving_mean.assign(_moved(ops.cast(self.moving_mean, mean.dtype), mean, self.momentum))
        if self.renorm:  # follows the standard deviation, as the paper does
            stddev = ops.sqrt(variance + self.epsilon)
            stddev = _moved(ops.cast(self.moving_stddev, mean.dtype), stddev, self.momentum)
            self.moving_stddev.assign(stddev)
            self.moving_variance.assign(ops.maximum(ops.square(stddev) - self.epsilon, 0.0))
        else:
            old = ops.cast(self.moving_variance, mean.dtype)
            self.moving_variance.assign(_moved(old, variance, self.momentum))


@keras.saving.register_keras_serializable("layers")
class LayerNormalization(keras.layers.LayerNormalization):
    """Normalises every example, or step, over its features; a drop-in for `keras.layers.LayerNormalization`.

    Over the H values x along `axis` of one example, whatever the rest of the batch,

        mu = 1/H sum x,     sigma^2 = 1/H sum (x - mu)^2
        x_hat = (x - mu) / sqrt(sigma^2 + epsilon),     y = gamma x_hat + beta

    Backwards, with g = dL/dy and means over those H values,

        dL/dbeta = sum g,       dL/dgamma = sum g x_hat         (over the examples)
        dL/dx = (gamma g - mean(gamma g) - x_hat mean(gamma g x_hat)) / sqrt(sigma^2 + epsilon)

    Args:
        axis: the axis, or list of axes, to normalise over.
        epsilon: added to the variance, 0 or more.
        center: whether to add beta.
        scale: whether to multiply by gamma.
        beta_initializer, gamma_initializer: initializers of beta and gamma.
        beta_regularizer, gamma_regularizer: penalties on beta and gamma.
        beta_constraint, gamma_constraint: constraints on beta and gamma.
        **kwargs: `name`, `dtype` and the like; the deprecated `rms_scaling=True` gives
            gamma x / sqrt(sigma^2 + epsilon).

    Weights: `gamma` and `beta`, with the sizes of the normalised axes as shape.

    Call arguments:
        inputs: floats of any rank.

    Output: shape of the inputs, compute dtype. The statistics are taken in float32 at least.

    Raises:
        TypeError: if `axis` is neither an integer nor a list or tuple.
        ValueError: if `epsilon` is negative, the inputs have no such axes, an axis comes twice or its size is unknown.

    Source: document 003, Videos 78-79 (in the Transformer); Ba et al. 2016.
    """

    def __init__(self, axis=-1, epsilon=1e-3, *args, **kwargs):
        axes = axis if isinstance(axis, (list, tuple)) else []
        if isinstance(axis, bool) or axis in ([], ()) or not all(_is_integer(one) for one in axes):
            raise ValueError(f"`axis` must be an integer or a list of them, not empty. Received: axis={axis!r}")
        super().__init__(axis, _checked_epsilon(epsilon), *args, **kwargs)

    def build(self, input_shape):
        """Create the weights for the normalised axes of `input_shape`."""
        _checked_axes(self.axis if isinstance(self.axis, list) else [self.axis], input_shape)
        super().build(input_shape)

    def call(self, inputs):
        """Normalise every example by its own statistics."""
        dtype = keras.backend.result_type(inputs.dtype, "float32")
        x = ops.cast(inputs, dtype)
        rank = len(x.shape)
        axes = sorted(axis % rank for axis in self.axis)
        gamma, beta = (None if one is None else ops.cast(one, dtype) for one in (self.gamma, self.beta))
        if axes == list(range(axes[0], rank)) and not self.rms_scaling and tensorflow_on_cpu():
            outputs = _normalize_rows(x, gamma, beta, self.epsilon, math.prod(x.shape[axes[0] :]))
            return ops.cast(outputs, self.compute_dtype)
        shape = [x.shape[axis] if axis in axes else 1 for axis in range(rank)]
        mean = ops.mean(x, axes, keepdims=True)
        variance = ops.mean(ops.square(x - mean), axes, keepdims=True)
        scale = ops.rsqrt(variance + self.epsilon)
        scale = scale if gamma is None else scale * ops.reshape(gamma, shape)
        if self.rms_scaling:
            return ops.cast(x * scale, self.compute_dtype)
        outputs = (x - mean) * scale
        return ops.cast(outputs if beta is None else outputs + ops.reshape(beta, shape), self.compute_dtype)


def _normalize_columns(x, gamma, beta, epsilon):
    """Batch normalisation of the last axis with its gradient by hand: outputs, means and variances.

    Sums over more axes than the batch are products with ones: TensorFlow's products keep all cores busy on a CPU, its
    sums and XLA's don't (a training step on images measured 1.7 times faster, 4 times with XLA).
    """
    import tensorflow as tf

    channels = x.shape[-1]
    few = len(x.shape) == 2

    @tf.custom_gradient
    def normalize(x, gamma, beta):
        shape = tf.shape(x)
        flat = tf.reshape(x, (-1, channels))  # (m, channels)
        m = tf.cast(tf.shape(flat)[0], x.dtype)
        ones = tf.ones((tf.shape(flat)[0], 1), x.dtype)

        def total(values):
            return tf.reduce_sum(values, axis=0) if few else _weighted_sums(ones, values)

        mean = total(flat) / m
        centred = flat - mean
        variance = total(centred * centred) / m
        inverse = tf.math.rsqrt(variance + epsilon)

        def gradient(upstream, *_):
            g = tf.reshape(upstream, (-1, channels))  # (m, channels)
            of_beta = total(g)
            # x - mu is computed anew for each use, so that one tensor of the inputs' size is in memory less.
            of_gamma = total((flat - mean) * g) * inverse
            with tf.control_dependencies([of_gamma]):
                of_x = (flat - mean) * (gamma * inverse**2 * -of_gamma / m)
            of_x = of_x + gamma * inverse * g - gamma * inverse * of_beta / m
            return tf.reshape(of_x, shape), of_gamma, of_beta

        outputs = centred * (gamma * inverse) + beta
        return (tf.reshape(outputs, shape), mean, variance), gradient

    gamma = tf.ones((channels,), x.dtype) if gamma is None else gamma
    beta = tf.zeros((channels,), x.dtype) if beta is None else beta
    outputs, mean, variance = normalize(x, gamma, beta)
    return outputs, tf.stop_gradient(mean), tf.stop_gradient(variance)


def _normalize_rows(x, gamma, beta, epsilon, features):
    """Layer normalisation of the last axes with its gradient by hand; means are products with a column of 1 / H."""
    import tensorflow as tf

    @tf.custom_gradient
    def normalize(x, gamma, beta):
        shape = tf.shape(x)
        flat = tf.reshape(x, (-1, features))  # (examples, H)
        column = tf.fill((features, 1), tf.ones((), x.dtype) / features)
        centred = flat - tf.matmul(flat, column)
        inverse = tf.math.rsqrt(tf.matmul(centred * centred, column) + epsilon)  # (examples, 1)

        def gradient(upstream):
            g = tf.reshape(upstream, (-1, features))
            g_centred = g * centred
            column_of_gamma = tf.reshape(gamma, (-1, 1)) / features  # a mean of gamma times what it multiplies
            of_beta = _weighted_sums(tf.ones_like(inverse), g)
            of_gamma = _weighted_sums(inverse, g_centred)
            of_x = (g * gamma - tf.matmul(g, column_of_gamma)) * inverse
            of_x = of_x - centred * (tf.matmul(g_centred, column_of_gamma) * inverse**3)
            return tf.reshape(of_x, shape), of_gamma, of_beta

        return tf.reshape(centred * inverse * gamma + beta, shape), gradient

    gamma = tf.ones((features,), x.dtype) if gamma is None else tf.reshape(gamma, (features,))
    beta = tf.zeros((features,), x.dtype) if beta is None else tf.reshape(beta, (features,))
    return normalize(x, gamma, beta)


def _weighted_sums(weights, values):
    """Sum of the rows of `values`, each times its weight: from `(rows, 1)` and `(rows, columns)` to `(columns,)`."""
    import tensorflow as tf

    # Twice the same weights: XLA on a CPU multiplies by a single row up to 5 times more slowly at some sizes.
    return tf.matmul(tf.concat([weights, weights], 1), values, transpose_a=True)[0]


def _moved(moving, batch, momentum):
    return moving * momentum + batch * (1 - momentum)


def _sum_over_replicas(values):
    import tensorflow as tf

    context = tf.distribute.get_replica_context()
    return context.all_reduce(tf.distribute.ReduceOp.SUM, values) if context else values


def _is_integer(value):
    return hasattr(value, "__index__") and not isinstance(value, bool)


def _is_number(value):
    return isinstance(value, numbers.Real) and not isinstance(value, bool)


def _checked_epsilon(epsilon):
    if not _is_number(epsilon) or not 0 <= epsilon < math.inf:
        raise ValueError(f"`epsilon` must be a number, 0 or more. Received: epsilon={epsilon!r}")
    return epsilon


def _checked_axes(axes, input_shape):
    rank = len(input_shape)
    outside = [axis for axis in axes if not -rank <= axis < rank]
    if outside or len({axis % rank for axis in axes}) < len(axes):
        raise ValueError(
            f"`axis` must name axes of the inputs, from {-rank} to {rank - 1}, each once. "
            f"Received: axis={axes}, input_shape={tuple(input_shape)}"
        )
    if any(input_shape[axis] is None for axis in axes):
        raise ValueError(
            f"The size of what `axis` names must be known. Received: axis={axes}, input_shape={tuple(input_shape)}"
        )
