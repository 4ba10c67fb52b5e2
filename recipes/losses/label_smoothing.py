"""Cross-entropy with smoothed labels for token numbers: no one-hot array of the vocabulary's size is made."""

import keras
from keras import ops
from keras.src.backend import set_keras_mask  # the base class reads the mask where this puts it, on every backend


@keras.saving.register_keras_serializable("recipes")
class SmoothedCrossentropy(keras.losses.Loss):
    """`CategoricalCrossentropy(label_smoothing=s)` from logits, for class numbers as targets.

        L = -(1 - s) log p_c - s / K sum over j of log p_j,       p = softmax(z)

    for the class number c of K classes. A share s of the target lies evenly on all classes, so that the logits need not
    grow for ever.

    Args:
        label_smoothing: s, between 0 and 1; the Transformer paper used 0.1.
        ignore_class: a class number that does not count, the padding's; None counts all.
        name: the loss's name.
        **kwargs: `reduction` and `dtype` as in every loss.

    Call arguments:
        y_true: class numbers `(batch, ...)`.
        y_pred: logits `(batch, ..., classes)`.

    Raises:
        ValueError: `label_smoothing` is not between 0 and 1.

    Source: Vaswani et al. 2017, section 5.4; Szegedy et al. 2016, section 7, https://arxiv.org/abs/1512.00567.
    """

    def __init__(self, label_smoothing=0.1, ignore_class=0, name="smoothed_crossentropy", **kwargs):
        super().__init__(name=name, **kwargs)
        if not 0 <= label_smoothing <= 1:
            raise ValueError(
                f"`label_smoothing` must be between 0 and 1. Received: label_smoothing={label_smoothing!r}"
            )
        self.label_smoothing = label_smoothing
        self.ignore_class = ignore_class

    def call(self, y_true, y_pred):
        """One loss a target."""
        targets = ops.cast(y_true, "int32")
        chosen = ops.squeeze(ops.take_along_axis(y_pred, targets[..., None], axis=-1), axis=-1)
        # log p_j = z_j - log sum exp z, so the mean of log p is the mean of z less the same constant.
        smoothed = (1 - self.label_smoothing) * chosen + self.label_smoothing * ops.mean(y_pred, axis=-1)
        loss = ops.logsumexp(y_pred, axis=-1) - smoothed
        if self.ignore_class is not None:
            counted = ops.not_equal(targets, self.ignore_class)
            loss = ops.where(counted, loss, ops.zeros_like(loss))
            set_keras_mask(loss, counted)
        return loss

    def get_config(self):
        """The constructor's arguments."""
        return {
            **super().get_config(),
            "label_smoothing": self.label_smoothing,
            "ignore_class": self.ignore_class,
        }
