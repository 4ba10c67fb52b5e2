"""GAN and variational autoencoder: training steps against plain ones, integrals, shapes, saving, the compiled trainer."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from scipy.stats import norm

from recipes import training
from recipes.losses import discriminator_loss, generator_loss
from recipes.models.gan import GAN, dcgan_discriminator, dcgan_generator
from recipes.models.vae import VAE, dense_decoder, dense_encoder, normal_kl, pixel_error
from recipes.training import seeded

SHAPE = (8, 8, 1)


def new_gan(seed=0):
    with seeded(seed):
        model = GAN(dcgan_generator(SHAPE, 3, 2), dcgan_discriminator(SHAPE, 2), seed=1)
    model.compile(keras.optimizers.Adam(0.01, beta_1=0.5))
    model.optimizer.build(model.trainable_variables)
    return model


def new_vae(**options):
    with seeded(0):
        model = VAE(dense_encoder(SHAPE, 2, (6,)), dense_decoder(SHAPE, 2, (6,)), seed=1, **options)
    model.compile(keras.optimizers.Adam(0.01))
    model(images(1))
    return model


def images(count, seed=0):
    return np.random.default_rng(seed).random((count, *SHAPE), dtype="float32")


def test_shapes_of_mnist():
    generator, discriminator = dcgan_generator(noise=10, width=4), dcgan_discriminator(width=4)
    fakes = generator(np.random.default_rng(0).normal(size=(2, 10)))
    assert fakes.shape == (2, 28, 28, 1) and np.abs(fakes).max() <= 1
    assert discriminator(fakes).shape == (2, 1)
    with pytest.raises(ValueError, match="divisible by 4"):
        dcgan_generator((30, 28, 1))


def test_the_gan_step_is_two_plain_steps():
    model, plain, real = new_gan(), new_gan(), images(6)
    optimizers = {name: keras.optimizers.Adam(0.01, beta_1=0.5) for name in ("discriminator", "generator")}

    def judged(examples):
        return plain(examples, training=True)

    def descend(player, loss_of):
        weights = getattr(plain, player).trainable_variables
        with tf.GradientTape() as tape:
            loss = loss_of()
        optimizers[player].apply(tape.gradient(loss, [weight.value for weight in weights]), weights)

    for _ in range(3):
        model.train_step((tf.constant(real), None))
        fake = plain.generator(keras.random.normal((6, 3), seed=plain.noise), training=True)
        descend("discriminator", lambda: discriminator_loss(judged(real), judged(fake)))  # noqa: B023
        # The same noise again: the moving statistics see it twice, which no weight depends on.
        plain.noise.state.assign(plain.noise.state - np.array([0, 1], "uint32"))
        descend(
            "generator",
            lambda: generator_loss(
                judged(plain.generator(keras.random.normal((6, 3), seed=plain.noise), training=True))
            ),
        )
    for ours, theirs in zip(model.trainable_variables, plain.trainable_variables, strict=True):
        np.testing.assert_allclose(ours, theirs, atol=2e-5)
    assert int(model.optimizer.iterations) == 3


def test_the_closed_form_of_kl_is_its_integral():
    z = np.linspace(-30, 30, 200_001)
    for mean, deviation in ((0.0, 1.0), (1.5, 0.5), (-0.7, 2.0)):
        q, p = norm(mean, deviation), norm(0, 1)
        integral = np.trapezoid(q.pdf(z) * (q.logpdf(z) - p.logpdf(z)), z)
        ours = float(normal_kl(np.array([mean]), np.array([2 * np.log(deviation)])))
        assert ours == pytest.approx(integral, abs=1e-5)


def test_pixel_error_is_keras_cross_entropy_summed():
    x, logits = images(5), 3 * np.random.default_rng(1).normal(size=(5, *SHAPE)).astype("float32")
    keras_loss = 64 * keras.losses.BinaryCrossentropy(from_logits=True, axis=(1, 2, 3), reduction=None)(x, logits)
    assert np.asarray(pixel_error(x, logits)) == pytest.approx(np.asarray(keras_loss), rel=1e-4)


def test_gradients_reach_mean_and_variance_through_the_noise():
    model = new_vae()
    mean, log_variance = (keras.Variable(np.full((4000, 2), value, "float32")) for value in (0.5, -1.0))
    with tf.GradientTape() as tape:
        total = tf.reduce_mean(tf.reduce_sum(model.draw(mean, log_variance) ** 2, axis=1))
    # E[z^2] = mean^2 + variance: derivatives 2 mean and variance.
    of_mean, of_log_variance = (
        tf.reduce_sum(g).numpy() / 2 for g in tape.gradient(total, [mean.value, log_variance.value])
    )
    assert of_mean == pytest.approx(1.0, abs=0.05)
    assert of_log_variance == pytest.approx(np.exp(-1.0), abs=0.05)


def test_the_bound_lies_below_the_likelihood_and_meets_it_where_the_code_says_nothing():
    model, x = new_vae(), images(20)
    for weight in model.decoder.trainable_variables[-2:-1]:  # the kernel of the last layer
        weight.assign(np.zeros(weight.shape))
    reconstruction, _ = model.terms(x)
    exact = -np.asarray(reconstruction)  # p(x | z) is the same for every z
    assert model.log_likelihood(x, draws=500).mean() == pytest.approx(exact.mean(), abs=0.1)
    model = new_vae()
    elbo = np.mean([-np.add(*model.terms(x)).mean() for _ in range(20)])
    assert model.log_likelihood(x, draws=200).mean() > elbo


def test_without_kl_the_loss_is_reconstruction_alone():
    logs = new_vae(kl_weight=0.0).evaluate(images(8), verbose=0, return_dict=True)
    assert logs["loss"] == pytest.approx(logs["reconstruction"]) and logs["kl"] > 0


@pytest.mark.parametrize("build_model", [new_gan, new_vae])
def test_compiled_trainer_and_saving(build_model, tmp_path):
    model, x = build_model(), images(20)
    history = training.fit(model, x, x, epochs=3, batch_size=8, seed=0).history
    assert all(np.isfinite(values).all() and len(values) == 3 for values in history.values())
    made = model.generate(3)
    assert made.shape == (3, *SHAPE) and np.array_equal(made, model.generate(3))
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_allclose(again.generate(3), made, atol=1e-6)
    np.testing.assert_allclose(again(x), model(x), atol=1e-5)


def test_a_vae_learns():
    model, x = (
        new_vae(),
        (images(200) > 0.5) * np.repeat([[0.0], [1.0]], 100, axis=0)[:, :, None, None].astype("float32"),
    )
    history = training.fit(model, x, x, epochs=20, batch_size=20, seed=0).history
    assert history["loss"][-1] < 0.8 * history["loss"][0]
