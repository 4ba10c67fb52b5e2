"""Cross-entropies: minus the logarithm of the probability that the model gave to what happened."""

import warnings

import keras
from keras import ops
from keras.src.backend import set_keras_mask  # the base class reads the mask where this puts it, on every backend

from recipes.losses.pairs import check_same_shape, same_dtype, same_rank

HALF_PRECISION_STEP = {"float16": 2.0**-11, "bfloat16": 2.0**-8}
"""Distance from 1 to the number below it, where that is more than Keras's epsilon."""


def clipped(probability):
    """The probability kept off 0 and 1 by `keras.config.epsilon()` (1e-7), so that its logarithm is finite."""
    dtype = keras.backend.standardize_dtype(probability.dtype)
    epsilon = max(keras.config.epsilon(), HALF_PRECISION_STEP.get(dtype, 0.0))
    return ops.clip(probability, epsilon, 1.0 - epsilon)


def known_logits(y_pred, from_logits, activation):
    """The logits behind the predictions where TensorFlow's Keras has kept them, and whether logits it is.

    A sigmoid or softmax output of a model carries the tensor that it was computed from. The loss of those logits does not
    lose the digits that a probability near 0 or 1 has lost.
    """
    logits = getattr(y_pred, "_keras_logits", None)
    if logits is None:
        return y_pred, from_logits
    if from_logits:
        warnings.warn(f"from_logits=True, but the predictions are the output of a {activation}.", stacklevel=3)
    return logits, True


def _logs_of_binary(y_pred, from_logits):
    """The logs of p and 1 - p, from p or from its logit z: log p = -softplus(-z), log(1 - p) = -softplus(z)."""
    if from_logits:
        return -ops.softplus(-y_pred), -ops.softplus(y_pred)
    p = clipped(y_pred)
    return ops.log(p), ops.log(1.0 - p)


def _binary_targets(y_true, y_pred, label_smoothing):
    y_true, y_pred = same_dtype(y_true, y_pred)
    check_same_shape(y_true, y_pred)
    return (y_true * (1.0 - label_smoothing) + 0.5 * label_smoothing if label_smoothing else y_true), y_pred


def _class_axis(axis):
    if isinstance(axis, bool) or not isinstance(axis, int):
        raise ValueError(f"`axis` must be an integer. Received: axis={axis!r}")
    return axis


@keras.saving.register_keras_serializable("recipes")
def binary_crossentropy(y_true, y_pred, from_logits=False, label_smoothing=0.0, axis=-1):
    """Mean over `axis` of -[y log p + (1 - y) log(1 - p)]; see `BinaryCrossentropy`."""
    y, y_pred = _binary_targets(y_true, y_pred, label_smoothing)
    log_p, log_q = _logs_of_binary(*known_logits(y_pred, from_logits, "sigmoid"))
    return ops.mean(-(y * log_p + (1.0 - y) * log_q), axis=axis)


@keras.saving.register_keras_serializable("recipes")
def binary_focal_crossentropy(
    y_true,
    y_pred,
    apply_class_balancing=False,
    alpha=0.25,
    gamma=2.0,
    from_logits=False,
    label_smoothing=0.0,
    axis=-1,
):
    """Mean over `axis` of (1 - p_t)^gamma times the binary cross-entropy; see `BinaryFocalCrossentropy`."""
    y, y_pred = _binary_targets(y_true, y_pred, label_smoothing)
    y_pred, from_logits = known_logits(y_pred, from_logits, "sigmoid")
    log_p, log_q = _logs_of_binary(y_pred, from_logits)
    p, q = (ops.sigmoid(y_pred), ops.sigmoid(-y_pred)) if from_logits else (y_pred, 1.0 - y_pred)
    loss = -(y * log_p + (1.0 - y) * log_q)
    if gamma:
        loss = ops.power(y * q + (1.0 - y) * p, gamma) * loss  # the probability given to the other class
    if apply_class_balancing:
        loss = (y * alpha + (1.0 - y) * (1.0 - alpha)) * loss
    return ops.mean(loss, axis=axis)


@keras.saving.register_keras_serializable("recipes")
def categorical_crossentropy(y_true, y_pred, from_logits=False, label_smoothing=0.0, axis=-1):
    """-sum over the classes of y_j log p_j; see `CategoricalCrossentropy`."""
    axis = _class_axis(axis)
    y_true, y_pred = same_dtype(y_true, y_pred)
    check_same_shape(y_true, y_pred)
    if y_pred.shape[axis] == 1:
        warnings.warn(
            "categorical_crossentropy of a single class is always 0. For two classes use binary_crossentropy. "
            f"Received: y_pred.shape={tuple(y_pred.shape)}, expected y_pred.shape to be (batch_size, num_classes) "
            "with num_classes > 1",
            SyntaxWarning,
            stacklevel=2,
        )
    if label_smoothing:
        classes = ops.cast(ops.shape(y_true)[axis], y_pred.dtype)
        y_true = y_true * (1.0 - label_smoothing) + label_smoothing / classes
    y_pred, from_logits = known_logits(y_pred, from_logits, "softmax")
    if from_logits:
        log_p = ops.log_softmax(y_pred, axis=axis)
    else:
        log_p = ops.log(clipped(y_pred / ops.sum(y_pred, axis=axis, keepdims=True)))
    return -ops.sum(y_true * log_p, axis=axis)


@keras.saving.register_keras_serializable("recipes")
def sparse_categorical_crossentropy(y_true, y_pred, from_logits=False, ignore_class=None, axis=-1):
    """-log p_c for the class number c; see `SparseCategoricalCrossentropy`."""
    axis = _class_axis(axis)
    y_true, y_pred = ops.convert_to_tensor(y_true), ops.convert_to_tensor(y_pred)
    if len(y_true.shape) == len(y_pred.shape) and y_true.shape[axis] == 1:
        y_true = ops.squeeze(y_true, axis=axis)
    _check_labels_fit(y_true, y_pred, axis)
    y_pred, from_logits = known_logits(y_pred, from_logits, "softmax")
    labels = ops.cast(y_true, "int32")
    counted = None
    if ignore_class is not None:
        counted = ops.not_equal(labels, ignore_class)
        labels = ops.where(counted, labels, 0)
        y_pred = ops.where(ops.expand_dims(counted, axis), y_pred, ops.zeros_like(y_pred))
    log_p = ops.log_softmax(y_pred if from_logits else ops.log(clipped(y_pred)), axis=axis)
    classes = ops.shape(y_pred)[axis]
    chosen = ops.expand_dims(ops.clip(labels, 0, classes - 1), axis)
    loss = -ops.squeeze(ops.take_along_axis(log_p, chosen, axis=axis), axis=axis)
    exists = ops.logical_and(labels >= 0, labels < classes)
    loss = ops.where(exists, loss, ops.full_like(loss, float("nan")))
    if counted is not None:
        loss = ops.where(counted, loss, ops.zeros_like(loss))
        set_keras_mask(loss, counted)
    return loss


def _check_labels_fit(y_true, y_pred, axis):
    last = axis in (-1, len(y_pred.shape) - 1)
    shape = list(y_pred.shape)
    if last or keras.backend.backend() == "torch":
        del shape[axis]
    fits = len(y_true.shape) == len(shape) and all(
        one is None or other is None or one == other for one, other in zip(y_true.shape, shape, strict=True)
    )
    if last and fits:
        return
    if not fits or keras.backend.backend() != "torch":
        only = "" if last else f"Only axis=-1 is currently supported. Received: axis={axis}. "
        raise ValueError(
            f"{only}Arguments `target` and `output` must have the same shape up until the last dimension: "
            f"target.shape={tuple(y_true.shape)}, output.shape={tuple(y_pred.shape)}"
        )


@keras.saving.register_keras_serializable("recipes")
class BinaryCrossentropy(keras.losses.BinaryCrossentropy):
    """Cross-entropy of two classes; a drop-in for `keras.losses.BinaryCrossentropy`.

        L = -[y log p + (1 - y) log(1 - p)],        J = 1/N sum L

    for the target y (1 or 0) and the predicted probability p of class 1. With p = sigmoid(z),

        L = y softplus(-z) + (1 - y) softplus(z),       dL/dz = p - y

    so from logits nothing overflows, and a confident mistake keeps its gradient. From probabilities p is kept off 0 and 1
    by 1e-7: the largest loss is then 16.1, with gradient 0.

    Args:
        from_logits: predictions are logits z, not probabilities.
        label_smoothing: s between 0 and 1; targets become (1 - s) y + s / 2.
        axis: the axis to take the mean over.
        reduction: how the losses of the examples become one: `"sum_over_batch_size"`, `"sum"`, `"mean"`,
            `"mean_with_sample_weight"` or None.
        name: the loss's name.
        dtype: dtype of the computation, `keras.config.floatx()` if None.

    Call arguments:
        y_true: 0 or 1, shape `(batch, ..., d)`, or `(batch,)` where d = 1.
        y_pred: probabilities or logits of the same shape.
        sample_weight: one weight an example.

    Source: documents 000, Loss Function, and 003, Videos 6 and 14.
    """

    def call(self, y_true, y_pred):
        """One loss an example."""
        return binary_crossentropy(*same_rank(y_true, y_pred), self.from_logits, self.label_smoothing, self.axis)


@keras.saving.register_keras_serializable("recipes")
class BinaryFocalCrossentropy(keras.losses.BinaryFocalCrossentropy):
    """Binary cross-entropy that looks away from easy examples; a drop-in for `keras.losses.BinaryFocalCrossentropy`.

        L = -alpha_t (1 - p_t)^gamma log p_t,       p_t = p if y = 1 else 1 - p

    where alpha_t is alpha for y = 1 and 1 - alpha for y = 0, and left out without `apply_class_balancing`. With gamma = 0
    it is the cross-entropy; with gamma = 2 an example at p_t = 0.9 counts a hundredth of that.

    Args:
        apply_class_balancing: whether to weight the classes by alpha.
        alpha: weight of class 1, between 0 and 1.
        gamma: how fast easy examples fade, 0 or more.
        from_logits: predictions are logits, not probabilities.
        label_smoothing: as in `BinaryCrossentropy`.
        axis: the axis to take the mean over.
        reduction: as in `BinaryCrossentropy`.
        name: the loss's name.
        dtype: dtype of the computation.

    Call arguments: as in `BinaryCrossentropy`.

    Source: document 003, Video 14; Lin et al. 2017.
    """

    def call(self, y_true, y_pred):
        """One loss an example."""
        return binary_focal_crossentropy(
            *same_rank(y_true, y_pred),
            self.apply_class_balancing,
            self.alpha,
            self.gamma,
            self.from_logits,
            self.label_smoothing,
            self.axis,
        )


@keras.saving.register_keras_serializable("recipes")
class CategoricalCrossentropy(keras.losses.CategoricalCrossentropy):
    """Cross-entropy of several classes with one-hot targets; a drop-in for `keras.losses.CategoricalCrossentropy`.

        L = -sum over j of y_j log p_j,         p = softmax(z):     dL/dz = p - y

    for one-hot y. From logits, log p_j = z_j - log sum exp z is taken at once; probabilities are divided by their sum
    and kept off 0 and 1 by 1e-7.

    Args:
        from_logits: predictions are logits z, not probabilities.
        label_smoothing: s between 0 and 1; targets become (1 - s) y + s / classes.
        axis: the axis of the classes.
        reduction: as in `BinaryCrossentropy`.
        name: the loss's name.
        dtype: dtype of the computation.

    Call arguments:
        y_true: one-hot targets `(batch, ..., classes)`.
        y_pred: probabilities or logits of the same shape.
        sample_weight: one weight an example.

    Source: documents 000, Loss Function, and 003, Video 14.
    """

    def call(self, y_true, y_pred):
        """One loss an example."""
        return categorical_crossentropy(*same_rank(y_true, y_pred), self.from_logits, self.label_smoothing, self.axis)


@keras.saving.register_keras_serializable("recipes")
class SparseCategoricalCrossentropy(keras.losses.SparseCategoricalCrossentropy):
    """Cross-entropy with class numbers for targets; a drop-in for `keras.losses.SparseCategoricalCrossentropy`.

        L = -log p_c

    for the class number c: the one term that a one-hot target leaves of the categorical cross-entropy. A label that is no
    class gives NaN on every backend.

    Args:
        from_logits: predictions are logits, not probabilities.
        ignore_class: a label that does not count: loss 0, left out of the mean.
        reduction: as in `BinaryCrossentropy`.
        axis: the axis of the classes; the last one, except on PyTorch.
        name: the loss's name.
        dtype: dtype of the computation.

    Call arguments:
        y_true: class numbers `(batch, ...)` or `(batch, ..., 1)`.
        y_pred: probabilities or logits `(batch, ..., classes)`.
        sample_weight: one weight an example.

    Source: document 003, Video 14.
    """

    def __init__(
        self,
        from_logits=False,
        ignore_class=None,
        reduction="sum_over_batch_size",
        axis=-1,
        name="sparse_categorical_crossentropy",
        dtype=None,
    ):
        super().__init__(from_logits, ignore_class, reduction, axis, name, dtype)
        self.axis = axis

    def call(self, y_true, y_pred):
        """One loss an example."""
        return sparse_categorical_crossentropy(
            *same_rank(y_true, y_pred), self.from_logits, self.ignore_class, self.axis
        )

    def get_config(self):
        """The constructor's arguments; Keras's own class forgets the axis here."""
        return {**super().get_config(), "axis": self.axis}
