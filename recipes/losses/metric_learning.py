"""Triplet loss: an anchor shall lie nearer to its own kind than to any other, by a margin."""

import keras
from keras import ops

MINING = (None, "semi_hard", "batch_all")


@keras.saving.register_keras_serializable("recipes")
def triplet_loss(anchor, positive, negative, margin=0.2):
    """max(0, |a - p|^2 - |a - n|^2 + margin) of each triplet; embeddings `(batch, d)` to `(batch,)`."""
    anchor, positive, negative = (ops.convert_to_tensor(one) for one in (anchor, positive, negative))
    near = ops.sum(ops.square(anchor - positive), axis=-1)
    far = ops.sum(ops.square(anchor - negative), axis=-1)
    return ops.maximum(near - far + margin, 0.0)


def squared_distances(embeddings):
    """|x_i - x_j|^2 of all pairs: `(n, d)` to `(n, n)`; differences are taken first, so that near pairs keep their digits."""
    return ops.sum(ops.square(ops.expand_dims(embeddings, 1) - ops.expand_dims(embeddings, 0)), axis=-1)


def _pairs(labels):
    """Which pairs (i, j) are of one class, i itself left out, and which of two: both `(n, n)`."""
    same = ops.equal(ops.expand_dims(labels, 1), ops.expand_dims(labels, 0))
    itself = ops.cast(ops.eye(ops.shape(labels)[0]), "bool")
    return ops.logical_and(same, ops.logical_not(itself)), ops.logical_not(same)


@keras.saving.register_keras_serializable("recipes")
def batch_all_triplets(labels, embeddings, margin=0.2):
    """Losses of all triplets of a batch, averaged over those above 0; one share an anchor `(n,)`, whose mean is that average."""
    d = squared_distances(embeddings)  # (n, n)
    positive, negative = _pairs(labels)
    valid = ops.cast(ops.logical_and(ops.expand_dims(positive, 2), ops.expand_dims(negative, 1)), d.dtype)
    losses = valid * ops.maximum(ops.expand_dims(d, 2) - ops.expand_dims(d, 1) + margin, 0.0)  # (anchor, p, n)
    active = ops.sum(ops.cast(losses > 0, d.dtype))
    return ops.sum(losses, axis=(1, 2)) * _per_anchor(active, d)


@keras.saving.register_keras_serializable("recipes")
def semi_hard_triplets(labels, embeddings, margin=0.2):
    """Each pair of one class with one negative; a share an anchor `(n,)`, whose mean is the average over the pairs.

    The negative is the nearest of those farther from the anchor than the positive is; where there is none, the farthest.
    """
    d = squared_distances(embeddings)  # (n, n)
    positive, negative = _pairs(labels)
    to_positive, to_negative = ops.expand_dims(d, 2), ops.expand_dims(d, 1)  # (anchor, p, 1), (anchor, 1, n)
    farther = ops.logical_and(ops.expand_dims(negative, 1), to_negative > to_positive)  # (anchor, p, n)
    beyond_all = ops.max(d) + 1.0
    nearest_farther = ops.min(ops.where(farther, to_negative, beyond_all), axis=2)  # (anchor, p)
    farthest = ops.max(ops.where(negative, d, ops.zeros_like(d)), axis=1, keepdims=True)  # (anchor, 1)
    chosen = ops.where(ops.any(farther, axis=2), nearest_farther, farthest)
    usable = ops.logical_and(positive, ops.any(negative, axis=1, keepdims=True))
    losses = ops.where(usable, ops.maximum(d - chosen + margin, 0.0), ops.zeros_like(d))
    return ops.sum(losses, axis=1) * _per_anchor(ops.sum(ops.cast(usable, d.dtype)), d)


def _per_anchor(count, d):
    """The factor n / count, so that the mean over n anchors divides by the count; 0 for no triplet at all."""
    return ops.cast(ops.shape(d)[0], d.dtype) / ops.maximum(count, 1.0)


@keras.saving.register_keras_serializable("recipes")
class TripletLoss(keras.losses.Loss):
    """Draws a class together and pushes others away.

        L = max(0, |a - p|^2 - |a - n|^2 + margin)

    for the embeddings of an anchor a, a positive p of its class and a negative n of another. Without bounds the embedding
    could grow instead of sort itself, so Schroff et al. keep it on the unit sphere: end the network in
    `keras.layers.UnitNormalization()`.

    Most triplets of a trained network cost nothing. Which ones to take:

    - `"semi_hard"` (Schroff et al., the default): every pair of one class in the batch with the nearest negative that is
      farther away than the positive. The hardest negatives of all, often mislabelled, can pull the embedding into a single
      point early on.
    - `"batch_all"` (Hermans et al.): every triplet in the batch, averaged over those that cost something.
    - None: the triplets are given.

    Args:
        margin: how much nearer the positive shall be, in squared distance, above 0.
        mining: `"semi_hard"`, `"batch_all"` or None.
        reduction: how the anchors' losses become one; the mean, `"sum_over_batch_size"`, gives the averages above.
        name: the loss's name.
        dtype: dtype of the computation, `keras.config.floatx()` if None.

    Call arguments:
        y_true: class numbers `(batch,)` or `(batch, 1)`; not looked at without mining.
        y_pred: embeddings `(batch, d)`; without mining triplets `(batch, 3, d)` of anchor, positive and negative.
        sample_weight: one weight an anchor.

    Mining compares all triplets of a batch, n^3 numbers; under a `tf.distribute` strategy, those of a replica's share.

    Raises:
        ValueError: for an unknown `mining`, a `margin` that is not above 0, or predictions of another shape.

    Source: document 003, Video 14; Schroff et al. 2015; Hermans et al. 2017.
    """

    def __init__(
        self, margin=0.2, mining="semi_hard", reduction="sum_over_batch_size", name="triplet_loss", dtype=None
    ):
        if not margin > 0:
            raise ValueError(f"`margin` must be above 0. Received: margin={margin!r}")
        if mining not in MINING:
            raise ValueError(f"`mining` must be one of {MINING}. Received: mining={mining!r}")
        super().__init__(name=name, reduction=reduction, dtype=dtype)
        self.margin = margin
        self.mining = mining

    def call(self, y_true, y_pred):
        """One loss an anchor."""
        y_pred = ops.convert_to_tensor(y_pred)
        if self.mining is None:
            if len(y_pred.shape) != 3 or y_pred.shape[1] != 3:
                raise ValueError(
                    "Without mining `y_pred` must hold triplets (batch, 3, d). "
                    f"Received: y_pred.shape={tuple(y_pred.shape)}"
                )
            return triplet_loss(y_pred[:, 0], y_pred[:, 1], y_pred[:, 2], self.margin)
        if len(y_pred.shape) != 2:
            raise ValueError(f"`y_pred` must be embeddings (batch, d). Received: y_pred.shape={tuple(y_pred.shape)}")
        mined = semi_hard_triplets if self.mining == "semi_hard" else batch_all_triplets
        return mined(ops.reshape(y_true, (-1,)), y_pred, self.margin)

    def get_config(self):
        """The constructor's arguments."""
        return {**super().get_config(), "margin": self.margin, "mining": self.mining}
