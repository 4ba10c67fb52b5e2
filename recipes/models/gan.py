"""A generative adversarial network: one network makes examples from noise, the other tells them from real ones.

Goodfellow et al. 2014, with the convolutions of Radford et al. 2015 (DCGAN) scaled to small images:

    >>> model = GAN(dcgan_generator((28, 28, 1)), dcgan_discriminator((28, 28, 1)))
    >>> model.compile(keras.optimizers.Adam(2e-4, beta_1=0.5))
    >>> recipes.training.fit(model, images, epochs=10, batch_size=64)        # pixels from -1 to 1
    >>> fakes = model.generate(16)

Source: document 003, Video 3 (generator and discriminator) and Video 14 (GAN losses).
"""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import ops

import layers
from recipes.losses import discriminator_loss, generator_loss


@keras.saving.register_keras_serializable("recipes")
class GAN(keras.Model):
    """Generator and discriminator in one model that trains them in turn.

    A step on real examples x, with noise z from N(0, 1):

        discriminator   down  -mean log D(x) - mean log(1 - D(G(z)))
        generator       down  -mean log D(G(z)), D as it has become

    Each network has its own weights in the optimizer's state, so one optimizer does what two alike would.

    Args:
        generator: model from noise `(batch, n)` to examples `(batch, ...)`.
        discriminator: model from examples to logits `(batch, 1)`, above 0 for "real".
        seed: of the noise.
        **kwargs: `name` and the like.

    Call arguments:
        examples: `(batch, ...)`.
        training: passed on to the discriminator.

    Output: the discriminator's logits, `(batch, 1)`.

    The training step needs TensorFlow.

    Source: document 003, Videos 3 and 14; Goodfellow et al. 2014.
    """

    def __init__(
        self, generator: keras.Model, discriminator: keras.Model, seed: int | None = None, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.generator, self.discriminator, self.seed = generator, discriminator, seed
        self.noise = keras.random.SeedGenerator(seed)
        self.trackers = [keras.metrics.Mean(name) for name in ("loss", "generator_loss", "d_of_real", "d_of_fake")]

    @property
    def metrics(self) -> list[Any]:
        """Discriminator's loss, generator's loss, and the mean answer D to real and to generated examples."""
        return self.trackers

    def call(self, examples: Any, training: bool = False) -> Any:
        """The discriminator's verdict."""
        return self.discriminator(examples, training=training)

    def train_step(self, data: Any) -> dict[str, Any]:
        """One step of the discriminator, then one of the generator."""
        import tensorflow as tf

        real, _, _ = keras.utils.unpack_x_y_sample_weight(data)
        z = keras.random.normal((real.shape[0], self.generator.input_shape[-1]), seed=self.noise)
        with tf.GradientTape() as of_generator:
            fake = self.generator(z, training=True)
            with tf.GradientTape() as of_discriminator:
                real_logits = self.discriminator(real, training=True)
                fake_logits = self.discriminator(ops.stop_gradient(fake), training=True)
                told_apart = discriminator_loss(real_logits, fake_logits)
            self._descend(self.discriminator, of_discriminator, told_apart)
            # Both networks are at the same step; with its counter held back, one Adam does what two would.
            self.optimizer.iterations.assign_sub(1)
            fooled = generator_loss(self.discriminator(fake, training=True))
        self._descend(self.generator, of_generator, fooled)
        values = (told_apart, fooled, ops.mean(ops.sigmoid(real_logits)), ops.mean(ops.sigmoid(fake_logits)))
        for tracker, value in zip(self.trackers, values, strict=True):
            tracker.update_state(value)
        return self.get_metrics_result()

    def _descend(self, player: keras.Model, tape: Any, loss: Any) -> None:
        weights = player.trainable_variables
        self.optimizer.apply(tape.gradient(loss, [weight.value for weight in weights]), weights)

    def generate(self, count: int, seed: int = 0, batch_size: int = 500) -> np.ndarray:
        """Examples made of noise that is drawn from `seed`, shape (count, ...)."""
        size = self.generator.input_shape[-1]
        z = np.random.default_rng(seed).standard_normal((count, size)).astype("float32")
        parts = [self.generator(z[first : first + batch_size]) for first in range(0, count, batch_size)]
        return np.concatenate([ops.convert_to_numpy(part) for part in parts])

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        networks = {name: getattr(self, name) for name in ("generator", "discriminator")}
        saved = {name: keras.saving.serialize_keras_object(network) for name, network in networks.items()}
        return {**super().get_config(), **saved, "seed": self.seed}

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> GAN:
        """A model with two new networks of the same kind."""
        networks = {
            name: keras.saving.deserialize_keras_object(config.pop(name), custom_objects=custom_objects)
            for name in ("generator", "discriminator")
        }
        return cls(**networks, **config)


def dcgan_generator(
    image_shape: tuple[int, int, int] = (28, 28, 1), noise: int = 64, width: int = 16, name: str = "generator"
) -> keras.Model:
    """Noise to images between -1 and 1, by two transposed convolutions that double rows and columns.

        noise -> Dense -> rows/4 x columns/4 x 2 width -> rows/2 x columns/2 x width -> rows x columns x channels

    Batch normalisation and relu between, tanh at the end.

    Args:
        image_shape: (rows, columns, channels); rows and columns are multiples of 4.
        noise: numbers that an image is made of.
        width: filters of the last hidden layer.
        name: of the model.

    Raises:
        ValueError: rows or columns can't be halved twice.

    Source: document 003, Video 3; Radford et al. 2015.
    """
    rows, columns, channels = _quarters(image_shape)
    inputs = keras.Input((noise,))
    x = layers.Dense(rows * columns * 2 * width, use_bias=False)(inputs)
    x = keras.layers.ReLU()(layers.BatchNormalization()(x))
    x = keras.layers.Reshape((rows, columns, 2 * width))(x)
    x = keras.layers.Conv2DTranspose(width, 4, strides=2, padding="same", use_bias=False)(x)
    x = keras.layers.ReLU()(layers.BatchNormalization()(x))
    outputs = keras.layers.Conv2DTranspose(channels, 4, strides=2, padding="same", activation="tanh")(x)
    return keras.Model(inputs, outputs, name=name)


def dcgan_discriminator(
    image_shape: tuple[int, int, int] = (28, 28, 1), width: int = 16, name: str = "discriminator"
) -> keras.Model:
    """Images to the logit of being real, by two convolutions of stride 2 with leaky relu.

        rows x columns x channels -> rows/2 x columns/2 x width -> rows/4 x columns/4 x 2 width -> Dense 1

    Batch normalisation after the second convolution, as in the paper's after all but the first.

    Args:
        image_shape: (rows, columns, channels); rows and columns are multiples of 4.
        width: filters of the first convolution.
        name: of the model.

    Raises:
        ValueError: rows or columns can't be halved twice.

    Source: document 003, Video 3; Radford et al. 2015.
    """
    _quarters(image_shape)
    inputs = keras.Input(image_shape)
    x = layers.Conv2D(width, 4, strides=2, padding="same")(inputs)
    x = layers.LeakyReLU(0.2)(x)
    x = layers.Conv2D(2 * width, 4, strides=2, padding="same", use_bias=False)(x)
    x = layers.LeakyReLU(0.2)(layers.BatchNormalization()(x))
    outputs = layers.Dense(1)(keras.layers.Flatten()(x))
    return keras.Model(inputs, outputs, name=name)


def _quarters(image_shape: tuple[int, int, int]) -> tuple[int, int, int]:
    rows, columns, channels = image_shape
    if rows % 4 or columns % 4 or min(image_shape) < 1:
        raise ValueError(
            f"`image_shape` must have rows and columns divisible by 4. Received: image_shape={image_shape!r}"
        )
    return rows // 4, columns // 4, channels
