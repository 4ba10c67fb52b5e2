"""A variational autoencoder: images to codes that look like normal noise, and normal noise back to images.

Kingma and Welling 2013:

    >>> model = VAE(dense_encoder((28, 28), latent=10), dense_decoder((28, 28), latent=10))
    >>> model.compile("adam")
    >>> recipes.training.fit(model, images, epochs=20, batch_size=128)       # pixels from 0 to 1
    >>> new_images = model.generate(16)

Source: document 003, Video 14 (KL divergence for autoencoders).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from keras import ops

import layers


def normal_kl(mean: Any, log_variance: Any) -> Any:
    """KL(N(mean, variance) || N(0, 1)) summed over the last axis: sum of (mean^2 + variance - 1 - log variance) / 2."""
    return 0.5 * ops.sum(ops.square(mean) + ops.exp(log_variance) - 1.0 - log_variance, axis=-1)


@keras.saving.register_keras_serializable("recipes")
class VAE(keras.Model):
    """Encoder and decoder, trained on the evidence lower bound of the images' likelihood.

        q(z | x) = N(mean, variance) of the encoder,    z = mean + sqrt(variance) noise
        L = reconstruction + kl_weight KL(q(z | x) || N(0, 1))
        reconstruction = -sum over pixels of x log p + (1 - x) log(1 - p),      p = sigmoid(decoder(z))

    With a KL weight of 1, -L is the evidence lower bound (ELBO). Noise enters outside of the network (the
    reparameterisation), so that gradients reach mean and variance.

    Args:
        encoder: model from images to `(batch, 2 latent)`: means, then log variances.
        decoder: model from codes `(batch, latent)` to logits of the pixels, in the shape of the images.
        kl_weight: 0 leaves an autoencoder with noise, above 1 is the beta-VAE.
        seed: of the noise.
        **kwargs: `name` and the like.

    Call arguments:
        images: pixels from 0 to 1, `(batch, ...)`.
        training: draw the code; else the mean is decoded.

    Output: the reconstructed images, pixels from 0 to 1.

    The training step needs TensorFlow.

    Source: document 003, Video 14; Kingma and Welling 2013.
    """

    def __init__(
        self, encoder: keras.Model, decoder: keras.Model, kl_weight: float = 1.0, seed: int | None = None, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.encoder, self.decoder, self.kl_weight, self.seed = encoder, decoder, float(kl_weight), seed
        self.noise = keras.random.SeedGenerator(seed)
        self.trackers = [keras.metrics.Mean(name) for name in ("loss", "reconstruction", "kl")]

    @property
    def metrics(self) -> list[Any]:
        """Loss and its two terms, in nats an image."""
        return self.trackers

    def encode(self, images: Any, training: bool = False) -> tuple[Any, Any]:
        """Mean and log variance of the images' codes, `(batch, latent)` each."""
        mean, log_variance = ops.split(self.encoder(images, training=training), 2, axis=-1)
        return mean, log_variance

    def draw(self, mean: Any, log_variance: Any) -> Any:
        """A code from N(mean, exp(log variance))."""
        return mean + ops.exp(0.5 * log_variance) * keras.random.normal(ops.shape(mean), seed=self.noise)

    def decode(self, codes: Any) -> Any:
        """Images of codes, pixels from 0 to 1."""
        return ops.sigmoid(self.decoder(codes))

    def call(self, images: Any, training: bool = False) -> Any:
        """Encode and decode."""
        mean, log_variance = self.encode(images, training)
        return ops.sigmoid(self.decoder(self.draw(mean, log_variance) if training else mean, training=training))

    def terms(self, images: Any, training: bool = False) -> tuple[Any, Any]:
        """Reconstruction error with one drawn code, and KL divergence, in nats: `(batch,)` each."""
        mean, log_variance = self.encode(images, training)
        logits = self.decoder(self.draw(mean, log_variance), training=training)
        return pixel_error(images, logits), normal_kl(mean, log_variance)

    def train_step(self, data: Any) -> dict[str, Any]:
        """One step down the loss."""
        import tensorflow as tf

        images, _, _ = keras.utils.unpack_x_y_sample_weight(data)
        with tf.GradientTape() as tape:
            reconstruction, kl = self.terms(images, training=True)
            loss = ops.mean(reconstruction + self.kl_weight * kl)
        weights = self.trainable_variables
        self.optimizer.apply(tape.gradient(loss, [weight.value for weight in weights]), weights)
        return self._report(reconstruction, kl)

    def test_step(self, data: Any) -> dict[str, Any]:
        """The loss without a step."""
        images, _, _ = keras.utils.unpack_x_y_sample_weight(data)
        return self._report(*self.terms(images))

    def _report(self, reconstruction: Any, kl: Any) -> dict[str, Any]:
        values = (reconstruction + self.kl_weight * kl, reconstruction, kl)
        for tracker, value in zip(self.trackers, values, strict=True):
            tracker.update_state(value)
        return self.get_metrics_result()

    def generate(self, count: int, seed: int = 0) -> np.ndarray:
        """Images decoded from codes of N(0, 1) that are drawn from `seed`, shape (count, ...)."""
        size = self.decoder.input_shape[-1]
        codes = np.random.default_rng(seed).standard_normal((count, size)).astype("float32")
        return ops.convert_to_numpy(self.decode(codes))

    def log_likelihood(self, images: Any, draws: int = 100, seed: int = 0) -> np.ndarray:
        """Log p(x) of each image by importance sampling, `(images,)`: never below the ELBO on average.

        log p(x) = log mean over z from q(z | x) of p(x | z) p(z) / q(z | x)
        """
        rng = np.random.default_rng(seed)
        mean, log_variance = (ops.convert_to_numpy(part) for part in self.encode(images))
        weights = []
        for _ in range(draws):
            noise = rng.standard_normal(mean.shape).astype("float32")
            codes = mean + np.exp(0.5 * log_variance) * noise
            fit = -ops.convert_to_numpy(pixel_error(images, self.decoder(codes)))
            # log p(z) - log q(z | x); the constants of both normal densities cancel.
            weights.append(fit + 0.5 * (noise**2 + log_variance - codes**2).sum(axis=-1))
        return np.logaddexp.reduce(np.array(weights, "float64"), axis=0) - math.log(draws)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        networks = {name: keras.saving.serialize_keras_object(getattr(self, name)) for name in ("encoder", "decoder")}
        return {**super().get_config(), **networks, "kl_weight": self.kl_weight, "seed": self.seed}

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> VAE:
        """A model with two new networks of the same kind."""
        networks = {
            name: keras.saving.deserialize_keras_object(config.pop(name), custom_objects=custom_objects)
            for name in ("encoder", "decoder")
        }
        return cls(**networks, **config)


def pixel_error(images: Any, logits: Any) -> Any:
    """Cross-entropy of the pixels summed over each image, `(batch,)`: softplus(logit) - x logit."""
    images = ops.convert_to_tensor(images)
    return ops.sum(ops.softplus(logits) - images * logits, axis=tuple(range(1, len(images.shape))))


def dense_encoder(
    image_shape: Sequence[int] = (28, 28), latent: int = 10, units: Sequence[int] = (256,), name: str = "encoder"
) -> keras.Model:
    """Images to means and log variances of their codes, through dense relu layers.

    Args:
        image_shape: of one image.
        latent: numbers of a code.
        units: of each hidden layer.
        name: of the model.
    """
    inputs = keras.Input(tuple(image_shape))
    x = keras.layers.Flatten()(inputs)
    for width in units:
        x = layers.Dense(width, activation="relu")(x)
    return keras.Model(inputs, layers.Dense(2 * latent)(x), name=name)


def dense_decoder(
    image_shape: Sequence[int] = (28, 28), latent: int = 10, units: Sequence[int] = (256,), name: str = "decoder"
) -> keras.Model:
    """Codes to logits of the pixels, through dense relu layers.

    Args:
        image_shape: of one image.
        latent: numbers of a code.
        units: of each hidden layer.
        name: of the model.
    """
    inputs = x = keras.Input((latent,))
    for width in units:
        x = layers.Dense(width, activation="relu")(x)
    x = layers.Dense(math.prod(image_shape))(x)
    return keras.Model(inputs, keras.layers.Reshape(tuple(image_shape))(x), name=name)
