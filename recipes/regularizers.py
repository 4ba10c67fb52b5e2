"""L1 and L2 penalties by hand, the documents' forms of them, and the step that makes weights exactly zero."""

import math

import keras
from keras import ops


@keras.saving.register_keras_serializable("recipes")
class L1(keras.regularizers.L1):
    """Lasso penalty; a drop-in for `keras.regularizers.L1`.

        P = l1 sum |w|,         dP/dw = l1 sign(w)

    The gradient is as strong near 0 as far from it, so it drives weights to zero; but a step of fixed length jumps across and
    seldom lands on it. `ProximalL1` does land.

    Args:
        l1: strength of the penalty, 0 or more.

    Source: document 003, Video 24.
    """

    def __init__(self, l1=0.01):
        super().__init__(l1)
        self.l1 = 0.01 if l1 is None else float(l1)

    def __call__(self, x):
        """The penalty on a weight or activity, a scalar."""
        return ops.cast(self.l1, x.dtype) * ops.sum(ops.abs(x))


@keras.saving.register_keras_serializable("recipes")
class L2(keras.regularizers.L2):
    """Ridge penalty, weight decay; a drop-in for `keras.regularizers.L2`.

        P = l2 sum w^2,         dP/dw = 2 l2 w

    The pull fades with the weight, so weights become small but not zero.

    Args:
        l2: strength of the penalty, 0 or more.

    Source: document 003, Video 24.
    """

    def __call__(self, x):
        """The penalty on a weight or activity, a scalar."""
        return ops.cast(self.l2, x.dtype) * ops.sum(ops.square(x))


@keras.saving.register_keras_serializable("recipes")
class L1L2(keras.regularizers.L1L2):
    """Both penalties together, the elastic net; a drop-in for `keras.regularizers.L1L2`.

        P = l1 sum |w| + l2 sum w^2

    Args:
        l1: strength of the absolute values, 0 or more.
        l2: strength of the squares, 0 or more.

    Source: document 003, Video 24; Zou and Hastie 2005.
    """

    def __call__(self, x):
        """The penalty on a weight or activity, a scalar."""
        absolute = ops.cast(self.l1, x.dtype) * ops.sum(ops.abs(x))
        return absolute + ops.cast(self.l2, x.dtype) * ops.sum(ops.square(x))


def lasso(strength, examples):
    """The penalty as document 003 (Video 24) prints it, (lambda / n) sum |w| for n training examples: `L1(lambda / n)`."""
    return L1(strength / _examples(examples))


def ridge(strength, examples):
    """The penalty as document 003 (Video 24) prints it, (lambda / 2n) sum w^2 for n training examples: `L2(lambda / 2n)`."""
    return L2(strength / (2 * _examples(examples)))


def _examples(examples):
    if isinstance(examples, bool) or not hasattr(examples, "__index__") or examples < 1:
        raise ValueError(f"`examples` must be a positive integer. Received: examples={examples!r}")
    return examples


def soft_threshold(w, threshold):
    """sign(w) max(|w| - threshold, 0): every weight moves towards 0 by the threshold and stops there."""
    return ops.sign(w) * ops.maximum(ops.abs(w) - threshold, 0.0)


@keras.saving.register_keras_serializable("recipes")
class ProximalL1(keras.constraints.Constraint):
    """The L1 penalty as a step of its own, after the optimizer's: weights that matter little become exactly zero.

        w <- S(w - eta dL/dw, eta l1),          S(w, t) = sign(w) max(|w| - t, 0)

    S solves the penalised problem for a step of length eta exactly (proximal gradient descent), where the sub-gradient of
    |w| jumps back and forth across 0. Keras applies a constraint after each update, so

        Dense(1, kernel_constraint=ProximalL1(l1=0.1, learning_rate=0.05))

    trained by `SGD(0.05)` minimises L + 0.1 sum |w|. Other optimizers scale the steps of each weight, and the threshold with
    them would differ; there it is a shrinkage of fixed length after each step. It takes the place of `L1`: use one of them.

    Args:
        l1: strength of the penalty, 0 or more.
        learning_rate: the optimizer's learning rate eta, above 0.

    Call arguments:
        w: a weight.

    Output: the weight, moved towards 0.

    Raises:
        ValueError: if an argument is outside what is said above.

    Source: document 003, Video 24 (some weights become exactly zero); Daubechies et al. 2004.
    """

    def __init__(self, l1=0.01, learning_rate=0.01):
        if not (l1 >= 0 and math.isfinite(l1)):
            raise ValueError(f"`l1` must be 0 or more. Received: l1={l1!r}")
        if not (learning_rate > 0 and math.isfinite(learning_rate)):
            raise ValueError(f"`learning_rate` must be above 0. Received: learning_rate={learning_rate!r}")
        self.l1 = float(l1)
        self.learning_rate = float(learning_rate)

    def __call__(self, w):
        """The weight, moved towards 0 by learning_rate * l1."""
        w = ops.convert_to_tensor(w)
        return soft_threshold(w, ops.cast(self.learning_rate * self.l1, w.dtype))

    def get_config(self):
        """The constructor's arguments."""
        return {"l1": self.l1, "learning_rate": self.learning_rate}
