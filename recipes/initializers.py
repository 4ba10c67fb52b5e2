"""Initial weights by hand: the variance that keeps signals alive, and orthogonal matrices.

A unit sums n_in products of a weight and an input, so with independent weights of mean 0 and variance v its variance is
n_in v times the inputs' mean square. It stays what it was if v = 1 / n_in (LeCun); backwards, the same sum over n_out gives
v = 1 / n_out. Glorot takes the mean of both, v = 2 / (n_in + n_out); ReLU drops half of the mean square, which He makes good
with v = 2 / n_in.

Every class is a drop-in for its Keras namesake and makes the same draws from the same seed.
"""

import math
from typing import Any

import keras
from keras import ops

TRUNCATED_DEVIATION = 0.87962566103423978
"""Standard deviation of a standard normal cut off at -2 and 2: sqrt(1 - 4 phi(2) / (2 Phi(2) - 1))."""


def fans(shape, input_axes=None, output_axes=None):
    """How many inputs a unit sums, and how many units an input reaches.

    Args:
        shape: of the weight: `(n_in, n_out)`, or `(*window, channels_in, filters)` for a convolution, where every channel and
            filter counts once a place of the window.
        input_axes: axes that count as inputs, if both are given.
        output_axes: axes that count as units.

    Returns:
        `(n_in, n_out)`.
    """
    shape = tuple(shape)
    if input_axes is not None and output_axes is not None:
        return math.prod(shape[axis] for axis in input_axes), math.prod(shape[axis] for axis in output_axes)
    if len(shape) < 2:
        size = shape[0] if shape else 1
        return size, size
    window = math.prod(shape[:-2])
    return window * shape[-2], window * shape[-1]


class Scaled:
    """Draws of variance v = scale / n, where n is n_in, n_out or their mean; mixed into Keras's `VarianceScaling` family.

    A truncated normal is drawn wider by 1 / 0.8796, because cutting its tails at two deviations narrows it; a uniform draw
    from [-limit, limit] has variance limit^2 / 3, so limit = sqrt(3 v).
    """

    scale: float
    mode: str
    distribution: str
    seed: Any
    input_axes: Any
    output_axes: Any

    def __call__(self, shape, dtype=None):
        """The initial weight.

        Args:
            shape: of the weight.
            dtype: of the weight, `keras.config.floatx()` if None.
        """
        n_in, n_out = fans(shape, self.input_axes, self.output_axes)
        n = {"fan_in": n_in, "fan_out": n_out, "fan_avg": (n_in + n_out) / 2}[self.mode]
        variance = self.scale / max(1.0, n)
        if self.distribution == "uniform":
            limit = math.sqrt(3.0 * variance)
            return keras.random.uniform(shape, minval=-limit, maxval=limit, dtype=dtype, seed=self.seed)
        deviation = math.sqrt(variance)
        if self.distribution == "untruncated_normal":
            return keras.random.normal(shape, stddev=deviation, dtype=dtype, seed=self.seed)
        return keras.random.truncated_normal(shape, stddev=deviation / TRUNCATED_DEVIATION, dtype=dtype, seed=self.seed)


@keras.saving.register_keras_serializable("recipes")
class VarianceScaling(Scaled, keras.initializers.VarianceScaling):
    """Weights of variance scale / n; a drop-in for `keras.initializers.VarianceScaling`, and what the others are made of.

    Args:
        scale: the numerator, above 0.
        mode: n is `"fan_in"`, `"fan_out"` or their mean, `"fan_avg"`.
        distribution: `"truncated_normal"`, `"untruncated_normal"` or `"uniform"`.
        seed: an integer gives the same draws at every call, a `keras.random.SeedGenerator` new ones; None draws a seed.
        input_axes: axes of the weight that count as inputs, where that is not as in a dense layer or convolution.
        output_axes: axes that count as units.

    Source: document 003, Video 25.
    """


@keras.saving.register_keras_serializable("recipes")
class GlorotNormal(Scaled, keras.initializers.GlorotNormal):
    """Glorot's (Xavier's) normal draws for sigmoid and tanh: variance 2 / (n_in + n_out).

    Document 003, Video 25, prints N(0, 1 / (n_in + n_out)), half of it. Arguments: `seed`, `input_axes`, `output_axes` as in
    `VarianceScaling`. Source: Glorot and Bengio 2010.
    """


@keras.saving.register_keras_serializable("recipes")
class GlorotUniform(Scaled, keras.initializers.GlorotUniform):
    """Glorot's uniform draws from [-limit, limit], limit = sqrt(6 / (n_in + n_out)): variance 2 / (n_in + n_out).

    Arguments: `seed`, `input_axes`, `output_axes` as in `VarianceScaling`. Source: document 003, Video 25; Glorot and Bengio
    2010.
    """


@keras.saving.register_keras_serializable("recipes")
class HeNormal(Scaled, keras.initializers.HeNormal):
    """He's normal draws for ReLU: variance 2 / n_in.

    Arguments: `seed`, `input_axes`, `output_axes` as in `VarianceScaling`. Source: document 003, Video 25; He et al. 2015.
    """


@keras.saving.register_keras_serializable("recipes")
class HeUniform(Scaled, keras.initializers.HeUniform):
    """He's uniform draws from [-limit, limit], limit = sqrt(6 / n_in): variance 2 / n_in.

    Arguments: `seed`, `input_axes`, `output_axes` as in `VarianceScaling`. Source: document 003, Video 25; He et al. 2015.
    """


@keras.saving.register_keras_serializable("recipes")
class LecunNormal(Scaled, keras.initializers.LecunNormal):
    """LeCun's normal draws, which SELU needs: variance 1 / n_in.

    Arguments: `seed`, `input_axes`, `output_axes` as in `VarianceScaling`. Source: document 003, Video 20 (SELU); LeCun et al.
    1998.
    """


@keras.saving.register_keras_serializable("recipes")
class LecunUniform(Scaled, keras.initializers.LecunUniform):
    """LeCun's uniform draws from [-limit, limit], limit = sqrt(3 / n_in): variance 1 / n_in.

    Arguments: `seed`, `input_axes`, `output_axes` as in `VarianceScaling`. Source: LeCun et al. 1998.
    """


@keras.saving.register_keras_serializable("recipes")
class Orthogonal(keras.initializers.Orthogonal):
    """A random orthogonal matrix times a gain; a drop-in for `keras.initializers.Orthogonal`.

        A = Q R,        W = gain Q sign(diag R):        W^T W = gain^2 I

    for a matrix A of standard normal draws. With the signs of R's diagonal every orthogonal matrix is equally likely; without
    them the factorisation prefers some. Where there are more units than inputs, the rows are orthogonal in place of the
    columns. Such weights keep the length of what goes through them, which recurrent layers need at every step.

    Args:
        gain: what every length is multiplied by.
        seed: as in `VarianceScaling`.

    Call arguments:
        shape: `(..., n_out)` of rank 2 or more; all axes but the last count as one.
        dtype: of the weight.

    Raises:
        ValueError: for a shape of rank below 2.

    Source: Saxe et al. 2014; used for recurrent kernels in document 003's recurrent layers.
    """

    def __call__(self, shape, dtype=None):
        """The initial weight."""
        if len(shape) < 2:
            raise ValueError(
                f"The tensor to initialize must be at least two-dimensional. Received: shape={shape} of rank {len(shape)}"
            )
        rows, columns = math.prod(shape[:-1]), shape[-1]
        draws = keras.random.normal((max(rows, columns), min(rows, columns)), dtype=dtype, seed=self.seed)
        q, r = ops.qr(draws)
        q = q * ops.sign(ops.diag(r))
        return self.gain * ops.reshape(ops.transpose(q) if rows < columns else q, shape)
