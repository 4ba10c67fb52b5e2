"""Dropout: units switched off at random in training, so that no unit can rely on another."""

import numbers

import keras
from keras import ops

ALPHA = 1.6732632423543772848170429916717  # of SELU, Klambauer et al. 2017
SCALE = 1.0507009873554804934193349852946  # of SELU, the paper's lambda


@keras.saving.register_keras_serializable("layers")
class Dropout(keras.layers.Dropout):
    """Sets a share of the inputs to zero in training and scales up the rest; a drop-in for `keras.layers.Dropout`.

        y = m x / (1 - p),      m = 0 with probability p, else 1, drawn for every unit on its own

    E[y] = x whatever p, so nothing needs scaling at inference, where y = x ("inverted" dropout). Given the same seed,
    the units dropped are those that Keras drops on TensorFlow and JAX. In half precision Keras draws so coarsely that
    the share dropped is off (a rate of 0.001 drops 0.008); here it is exact, so the units differ there.

    Args:
        rate: share p of the inputs to drop, from 0 to 1 (at 1 all is zero).
        noise_shape: shape of m: each entry 1 (one draw for the whole axis) or the size of the inputs' axis, for which
            None may stand; None for a draw for every unit.
        seed: integer for repeatable draws.
        **kwargs: `name`, `dtype` and the like.

    Call arguments:
        inputs: floats of any shape.
        training: whether to drop.

    Output: shape of the inputs, compute dtype.

    Raises:
        ValueError: if `rate` is no number from 0 to 1, or `noise_shape` doesn't fit the inputs.

    Source: document 000, "Dropout"; document 003, Videos 23 and 30; Srivastava et al. 2014.
    """

    def __init__(self, rate, noise_shape=None, seed=None, **kwargs):
        super().__init__(_checked_rate(rate), noise_shape, seed, **kwargs)

    def call(self, inputs, training=False):
        """Inputs with a share `rate` of them dropped in training, unchanged otherwise."""
        if not training or self.rate == 0:
            return inputs
        return dropped(inputs, self.rate, self.seed_generator, self.noise_shape)


def dropped(inputs, rate, seed_generator, noise_shape=None):
    """Inputs with a share `rate` of them set to zero and the others divided by 1 - `rate`; see `Dropout`."""
    if rate == 1:
        return ops.zeros_like(inputs)
    dtype = keras.backend.result_type(inputs.dtype, "float32")
    draws = _uniform(_shape_of_noise(inputs, noise_shape), dtype, seed_generator)
    # Both keep 1 - rate of the units; which ones, given a seed, is the backend's convention.
    kept = draws < 1 - rate if keras.backend.backend() == "jax" else draws >= rate
    return ops.where(kept, inputs * (1 / (1 - rate)), ops.zeros((), inputs.dtype))


@keras.saving.register_keras_serializable("layers")
class AlphaDropout(keras.layers.AlphaDropout):
    """Dropout that keeps mean 0 and variance 1, for networks of SELU units; a drop-in for `keras.layers.AlphaDropout`.

    A dropped unit takes the value alpha' = -lambda alpha to which SELU saturates, as if its input were very negative.
    An affine map then restores mean and variance: with q = 1 - p and m as for `Dropout`,

        y = a (m x + (1 - m) alpha') + b,       a = (q + alpha'^2 q (1 - q))^(-1/2),        b = -a (1 - q) alpha'

    Args:
        rate: share p of the inputs to drop, from 0 up to but without 1.
        noise_shape: shape of m: each entry 1 (one draw for the whole axis) or the size of the inputs' axis, for which
            None may stand; None for a draw for every unit.
        seed: integer for repeatable draws (the same as Keras's).
        **kwargs: `name`, `dtype` and the like.

    Call arguments:
        inputs: floats of any shape.
        training: whether to drop.

    Output: shape of the inputs, compute dtype.

    Raises:
        ValueError: if `rate` is no number from 0 to 1, or 1, or `noise_shape` doesn't fit the inputs.

    Source: Klambauer et al. 2017, "Self-Normalizing Neural Networks"; SELU: document 003, Video 20.
    """

    def __init__(self, rate, noise_shape=None, seed=None, **kwargs):
        super().__init__(_checked_rate(rate, below_one=True), noise_shape, seed, **kwargs)

    def call(self, inputs, training=False):
        """Inputs with a share `rate` of them saturated in training, unchanged otherwise."""
        if not training or self.rate == 0:
            return inputs
        draws = _uniform(_shape_of_noise(inputs, self.noise_shape), keras.config.floatx(), self.seed_generator)
        kept = draws >= self.rate
        q, saturated = 1 - self.rate, -SCALE * ALPHA
        a = (q + saturated**2 * q * (1 - q)) ** -0.5
        b = -a * (1 - q) * saturated
        return ops.where(kept, a * inputs + b, ops.cast(a * saturated + b, inputs.dtype))


def _shape_of_noise(inputs, noise_shape):
    """The inputs' shape, with 1 where a draw serves a whole axis."""
    shape = ops.shape(inputs)
    if noise_shape is not None:
        fits = len(noise_shape) == len(shape) and all(
            one in (None, 1, size) or not isinstance(size, int) for one, size in zip(noise_shape, shape, strict=True)
        )
        if not fits:
            raise ValueError(
                "`noise_shape` must have an entry for every axis of the inputs: None, 1 or the axis's size. "
                f"Received: noise_shape={noise_shape}, inputs.shape={tuple(inputs.shape)}"
            )
        shape = tuple(size if one is None else one for one, size in zip(noise_shape, shape, strict=True))
    return shape


def _uniform(shape, dtype, seed_generator):
    """Draws from [0, 1): those of `keras.random.uniform`, much sooner where XLA compiles for a CPU."""
    if keras.backend.backend() != "tensorflow":
        return keras.random.uniform(shape, dtype=dtype, seed=seed_generator)
    import tensorflow as tf

    # Keras lets TensorFlow choose the algorithm. It chooses Philox as well, but XLA turns the choice into code 30 times slower.
    seed = tf.cast(tf.math.floormod(seed_generator.next(), tf.int32.max - 1), "int32")
    return tf.random.stateless_uniform(shape, seed, dtype=dtype, alg="philox")


def _checked_rate(rate, below_one=False):
    number = isinstance(rate, numbers.Real) and not isinstance(rate, bool)
    if not number or not 0 <= rate <= 1 or (below_one and rate == 1):
        raise ValueError(
            "Invalid value received for argument `rate`. Expected a float value between 0 and 1"
            f"{' (1 itself excluded)' if below_one else ''}. Received: rate={rate!r}"
        )
    return float(rate)
