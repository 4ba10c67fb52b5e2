"""ReLU's relatives that keep a slope below zero, as layers."""

import math
import numbers

import keras
from keras import ops

ALPHA = 1.6732632423543772848170429916717  # Klambauer et al. 2017: with these two, mean 0 and variance 1 are a fixed
SCALE = 1.0507009873554804934193349852946  # point of a layer with weights of mean 0 and variance 1 / inputs


@keras.saving.register_keras_serializable("layers")
class LeakyReLU(keras.layers.LeakyReLU):
    """A small slope below zero, so that no unit dies; a drop-in for `keras.layers.LeakyReLU`.

        f(x) = x if x > 0 else negative_slope x,        f'(x) = 1 if x > 0 else negative_slope

    Args:
        negative_slope: slope below zero, 0 or more. 0.3 as in Keras; the document's is 0.01.
        **kwargs: `name`, `dtype` and the like.

    Call arguments:
        inputs: floats of any shape.

    Output: shape of the inputs, compute dtype.

    Raises:
        ValueError: if `negative_slope` is negative or no number.

    Source: document 000, "When to Use Which Activation Function"; document 003, Video 20; Maas et al. 2013.
    """

    def __init__(self, negative_slope=0.3, **kwargs):
        negative_slope = kwargs.pop("alpha", negative_slope)  # the argument's old name
        if not _is_slope(negative_slope):
            raise ValueError(
                "The negative_slope value of a Leaky ReLU layer cannot be None or negative value. Expected a float. "
                f"Received: negative_slope={negative_slope!r}"
            )
        super().__init__(float(negative_slope), **kwargs)

    def call(self, inputs):
        """The input where positive, negative_slope x elsewhere."""
        if _on_tensorflow():
            return ops.leaky_relu(inputs, self.negative_slope)
        return ops.where(inputs > 0, inputs, self.negative_slope * inputs)


@keras.saving.register_keras_serializable("layers")
class PReLU(keras.layers.PReLU):
    """A leaky ReLU that learns its slopes; a drop-in for `keras.layers.PReLU`.

        f(x) = x if x > 0 else alpha x
        f'(x) = 1 if x > 0 else alpha,      df/dalpha = 0 if x > 0 else x

    Args:
        alpha_initializer: initializer of alpha.
        alpha_regularizer: penalty on alpha.
        alpha_constraint: constraint on alpha.
        shared_axes: axis or list of axes along which one alpha serves; `[1, 2]` gives a slope a channel of an image.
        **kwargs: `name`, `dtype` and the like.

    Weights: `alpha`, of the inputs' shape without the batch, with size 1 along shared axes.

    Call arguments:
        inputs: floats of any shape.

    Output: shape of the inputs, compute dtype.

    Raises:
        ValueError: if `shared_axes` names an axis that the inputs don't have, or the batch; or if the size of an axis
            that is not shared is unknown.

    Source: document 003, Video 20; He et al. 2015.
    """

    def build(self, input_shape):
        """Create alpha for the shape of the inputs."""
        rank, shared = len(input_shape), self.shared_axes or []
        if any(not 1 <= axis < rank for axis in shared):
            raise ValueError(
                f"`shared_axes` must be between 1 and {rank - 1} for these inputs. "
                f"Received: shared_axes={shared}, input_shape={tuple(input_shape)}"
            )
        if any(input_shape[axis] is None for axis in range(1, rank) if axis not in shared):
            raise ValueError(
                "Axes of unknown size must be shared. "
                f"Received: shared_axes={self.shared_axes}, input_shape={tuple(input_shape)}"
            )
        super().build(input_shape)

    def call(self, inputs):
        """The input where positive, alpha x elsewhere."""
        return ops.where(inputs > 0, inputs, self.alpha * inputs)


@keras.saving.register_keras_serializable("layers")
class ELU(keras.layers.ELU):
    """Saturates smoothly below zero, which draws the mean of the outputs to zero; a drop-in for `keras.layers.ELU`.

        f(x) = x if x > 0 else alpha (e^x - 1),         f'(x) = 1 if x > 0 else f(x) + alpha

    Args:
        alpha: minus the value that f approaches on the left, 0 or more.
        **kwargs: `name`, `dtype` and the like.

    Call arguments:
        inputs: floats of any shape.

    Output: shape of the inputs, compute dtype.

    Raises:
        ValueError: if `alpha` is negative or no number.

    Source: document 003, Video 20; Clevert et al. 2016.
    """

    def __init__(self, alpha=1.0, **kwargs):
        if not _is_slope(alpha):
            raise ValueError(f"`alpha` must be a number, 0 or more. Received: alpha={alpha!r}")
        super().__init__(float(alpha), **kwargs)

    def call(self, inputs):
        """The input where positive, alpha (e^x - 1) elsewhere."""
        if _on_tensorflow():
            return ops.elu(inputs, self.alpha)
        return ops.where(inputs > 0, inputs, _saturating(inputs, self.alpha))

    def get_config(self):
        """The constructor's arguments."""
        return {**super().get_config(), "alpha": self.alpha}


@keras.saving.register_keras_serializable("layers")
class SELU(keras.layers.Layer):
    """ELU, scaled so that activations keep mean 0 and variance 1 from layer to layer ("self-normalising").

        f(x) = lambda x if x >= 0 else lambda alpha (e^x - 1),      lambda = 1.0507..., alpha = 1.6733...

    Holds after `Dense(..., kernel_initializer="lecun_normal")`, for inputs of mean 0 and variance 1, and with
    `AlphaDropout` in place of `Dropout`.

    Args:
        **kwargs: `name`, `dtype` and the like.

    Call arguments:
        inputs: floats of any shape.

    Output: shape of the inputs, compute dtype.

    Source: document 003, Video 20; Klambauer et al. 2017, "Self-Normalizing Neural Networks".
    """

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.supports_masking = True

    def call(self, inputs):
        """ELU times lambda."""
        if _on_tensorflow():
            return ops.selu(inputs)
        return SCALE * ops.where(inputs >= 0, inputs, _saturating(inputs, ALPHA))

    def compute_output_shape(self, input_shape):
        """The inputs' shape."""
        return input_shape


def _saturating(inputs, alpha):
    """The branch alpha (e^x - 1) of x <= 0; finite above, where an overflow's gradient, times zero, would be NaN."""
    return alpha * ops.expm1(ops.where(inputs > 0, ops.zeros_like(inputs), inputs))


def _is_slope(value):
    return isinstance(value, numbers.Real) and not isinstance(value, bool) and 0 <= float(value) < math.inf


def _on_tensorflow():
    """Whether the backend has these functions and their gradients as single kernels, equal to the plain ones here."""
    return keras.backend.backend() == "tensorflow"
