"""Losses of a score's side and distance: hinge and Rosenblatt's perceptron."""

import keras
from keras import ops

from recipes.losses.pairs import same_dtype, same_rank


def signed(labels):
    """Labels -1 and 1; a batch of only 0 and 1 is converted, anything else is left alone."""
    binary = ops.all(ops.logical_or(ops.equal(labels, 0), ops.equal(labels, 1)))
    return ops.where(binary, 2.0 * labels - 1.0, labels)


@keras.saving.register_keras_serializable("recipes")
def hinge(y_true, y_pred):
    """Mean over the last axis of max(0, 1 - y f); shapes `(batch, ..., d)` to `(batch, ...)`."""
    y, f = same_dtype(y_true, y_pred)
    return ops.mean(ops.maximum(1.0 - signed(y) * f, 0.0), axis=-1)


@keras.saving.register_keras_serializable("recipes")
def perceptron_loss(y_true, y_pred):
    """Mean over the last axis of max(0, -y f); shapes `(batch, ..., d)` to `(batch, ...)`."""
    y, f = same_dtype(y_true, y_pred)
    agreement = signed(y) * f
    return ops.mean(ops.where(agreement > 0, ops.zeros_like(agreement), -agreement), axis=-1)


@keras.saving.register_keras_serializable("recipes")
class Hinge(keras.losses.Hinge):
    """The loss of support vector machines; a drop-in for `keras.losses.Hinge`.

        L = max(0, 1 - y f),        dL/df = -y if y f < 1 else 0

    for labels y = -1 or 1 and the score f. A point on the right side still pays while it is nearer than the margin of 1.

    Args:
        reduction: how the losses of the examples become one: `"sum_over_batch_size"`, `"sum"`, `"mean"`,
            `"mean_with_sample_weight"` or None.
        name: the loss's name.
        dtype: dtype of the computation, `keras.config.floatx()` if None.

    Call arguments:
        y_true: -1 or 1, shape `(batch, ..., d)`, or `(batch,)` where d = 1; 0 or 1 where a batch has nothing else.
        y_pred: scores of the same shape, without activation.
        sample_weight: one weight an example.

    Source: document 003, Video 6.
    """

    def call(self, y_true, y_pred):
        """One loss an example."""
        return hinge(*same_rank(y_true, y_pred))


@keras.saving.register_keras_serializable("recipes")
class PerceptronLoss(keras.losses.Loss):
    """What a misclassified point costs the perceptron: its distance from the line, in units of |w|.

        L = max(0, -y f),       J = 1/n sum L,      dL/df = -y if y f <= 0 else 0

    for labels y = -1 or 1 and the score f = w . x + b. A step along the gradient of one point is the perceptron trick.
    Unlike the hinge there is no margin: a point on the right side pays nothing, however near the line. A point on the
    line itself (f = 0) has loss 0 and counts as a mistake in the gradient, or weights that start at 0 would stay there.

    Args:
        reduction: as in `Hinge`.
        name: the loss's name.
        dtype: dtype of the computation.

    Call arguments: as in `Hinge`.

    Source: document 003, Video 6.
    """

    def __init__(self, reduction="sum_over_batch_size", name="perceptron_loss", dtype=None):
        super().__init__(name=name, reduction=reduction, dtype=dtype)

    def call(self, y_true, y_pred):
        """One loss an example."""
        return perceptron_loss(*same_rank(y_true, y_pred))
