"""The two players of a generative adversarial network, both judged on the discriminator's logits."""

import keras
from keras import ops

from recipes.losses.classification import binary_crossentropy
from recipes.losses.pairs import same_rank


@keras.saving.register_keras_serializable("recipes")
def discriminator_loss(real_logits, fake_logits):
    """-mean log D(x) - mean log(1 - D(G(z))), a scalar: minus the value of Goodfellow's game; log 4 at equilibrium."""
    real_logits, fake_logits = ops.convert_to_tensor(real_logits), ops.convert_to_tensor(fake_logits)
    return ops.mean(ops.softplus(-real_logits)) + ops.mean(ops.softplus(fake_logits))


@keras.saving.register_keras_serializable("recipes")
def generator_loss(fake_logits, saturating=False):
    """-mean log D(G(z)), or mean log(1 - D(G(z))) if `saturating`: a scalar, see `GeneratorLoss`."""
    return ops.mean(_fooled(ops.convert_to_tensor(fake_logits), saturating))


def _fooled(z, saturating):
    return -ops.softplus(z) if saturating else ops.softplus(-z)


@keras.saving.register_keras_serializable("recipes")
class DiscriminatorLoss(keras.losses.Loss):
    """What the discriminator pays for taking a fake for real and the other way round.

        L = -y log D - (1 - y) log(1 - D),      D = sigmoid(z)

    with y = 1 for real examples and 0 for generated ones: binary cross-entropy from logits. Over a batch of as many fakes as
    real examples its mean is half of `discriminator_loss`, and log 2 where D = 1/2 everywhere.

    Args:
        real_label: what y = 1 is replaced by, above 0 and at most 1; 0.9 is Salimans' one-sided label smoothing.
        reduction: how the losses of the examples become one: `"sum_over_batch_size"`, `"sum"`, `"mean"`,
            `"mean_with_sample_weight"` or None.
        name: the loss's name.
        dtype: dtype of the computation, `keras.config.floatx()` if None.

    Call arguments:
        y_true: 1 for real, 0 for generated, shape `(batch, ..., d)`, or `(batch,)` where d = 1.
        y_pred: the discriminator's logits z, of the same shape.
        sample_weight: one weight an example.

    Raises:
        ValueError: if `real_label` is not above 0 and at most 1.

    Source: document 003, Video 14; Goodfellow et al. 2014; label smoothing: Salimans et al. 2016.
    """

    def __init__(self, real_label=1.0, reduction="sum_over_batch_size", name="discriminator_loss", dtype=None):
        if not 0 < real_label <= 1:
            raise ValueError(f"`real_label` must be above 0 and at most 1. Received: real_label={real_label!r}")
        super().__init__(name=name, reduction=reduction, dtype=dtype)
        self.real_label = real_label

    def call(self, y_true, y_pred):
        """One loss an example."""
        y_true, y_pred = same_rank(y_true, y_pred)
        return binary_crossentropy(y_true * self.real_label, y_pred, from_logits=True)

    def get_config(self):
        """The constructor's arguments."""
        return {**super().get_config(), "real_label": self.real_label}


@keras.saving.register_keras_serializable("recipes")
class GeneratorLoss(keras.losses.Loss):
    """What the generator pays when its example is found out.

        L = -log D(G(z))            non-saturating, dL/dlogit = D - 1
        L = log(1 - D(G(z)))        minimax, dL/dlogit = -D

    Both fall as the discriminator is fooled. Early on D is sure of itself, D = 0: the minimax loss then has no gradient, the
    other one its steepest, which is why Goodfellow et al. train with it.

    Args:
        saturating: take the minimax loss.
        reduction: as in `DiscriminatorLoss`.
        name: the loss's name.
        dtype: dtype of the computation.

    Call arguments:
        y_true: not looked at; a generator has no targets. Pass the logits again.
        y_pred: the discriminator's logits of generated examples `(batch, ..., d)`.
        sample_weight: one weight an example.

    Source: document 003, Video 14; Goodfellow et al. 2014.
    """

    def __init__(self, saturating=False, reduction="sum_over_batch_size", name="generator_loss", dtype=None):
        super().__init__(name=name, reduction=reduction, dtype=dtype)
        self.saturating = bool(saturating)

    def call(self, y_true, y_pred):
        """One loss an example."""
        return ops.mean(_fooled(y_pred, self.saturating), axis=-1)

    def get_config(self):
        """The constructor's arguments."""
        return {**super().get_config(), "saturating": self.saturating}
