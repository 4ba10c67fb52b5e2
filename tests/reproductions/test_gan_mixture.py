"""The verdict on the GAN from its record; the alternating step against two optimizers; faults that change it."""

from dataclasses import replace

import keras
import numpy as np
import pytest
import tensorflow as tf
from judged import verdicts_of

from recipes.losses import discriminator_loss, generator_loss
from recipes.training import seeded
from reproductions import gan_mixture as module
from reproductions.verdicts import judge_claim


def test_verdict_of_the_record():
    assert verdicts_of("gan_mixture") == {"arch-gan-two-networks": "reproduced"}


def new(config=None):
    with seeded(0):
        model = module.build_model(config or replace(module.Config(), units=8))
    model.optimizer.build(model.trainable_variables)
    return model


def test_one_adam_does_what_two_would():
    real = module.ring(np.random.default_rng(0), 20)
    model, other = new(), new()
    optimizers = [keras.optimizers.Adam(0.001, beta_1=0.5) for _ in range(2)]
    for _ in range(3):
        model.train_step((tf.constant(real), None))
        fake = other.fakes(20)
        for player, optimizer, loss_of in (
            (other.discriminator, optimizers[0], lambda: discriminator_loss(other(real), other(fake))),  # noqa: B023
            (other.generator, optimizers[1], lambda: generator_loss(other(other.fakes(20)))),
        ):
            with tf.GradientTape() as tape:
                loss = loss_of()
            weights = player.trainable_variables
            optimizer.apply(tape.gradient(loss, [weight.value for weight in weights]), weights)
    for ours, theirs in zip(model.trainable_variables, other.trainable_variables, strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-6)
    assert int(model.optimizer.iterations) == 3


@pytest.mark.parametrize(("player", "still"), [("generator", "discriminator"), ("discriminator", "generator")])
def test_each_player_moves_alone(player, still):
    real, model = module.ring(np.random.default_rng(0), 20), new()

    def loss_of():
        return generator_loss(model(model.fakes(20))) + discriminator_loss(model(real), model(real))

    before = {name: [weight.numpy() for weight in getattr(model, name).trainable_variables] for name in (player, still)}
    model.descend(getattr(model, player), loss_of)
    after = {name: getattr(model, name).trainable_variables for name in before}
    assert not np.array_equal(before[player][0], after[player][0])
    assert all(np.array_equal(old, new) for old, new in zip(before[still], after[still], strict=True))


def test_energy_distance_of_two_points_and_of_equal_samples():
    one, other = np.zeros((1, 2)), np.array([[3.0, 4.0]])
    assert module.energy_distance(one, other) == pytest.approx(10)
    points = module.ring(np.random.default_rng(0), 50)
    assert module.energy_distance(points, points) == pytest.approx(0, abs=1e-9)


def test_real_points_lie_in_eight_equal_clusters():
    points = module.ring(np.random.default_rng(0), 20_000)
    assert module.shares(points) == pytest.approx([0.989 / 8] * 8, abs=0.01)
    assert module.cluster_spread(points) == pytest.approx(
        0.2 * np.sqrt(1 - 4.5 * np.exp(-4.5) / (1 - np.exp(-4.5))), abs=0.004
    )


def verdict(sample):
    """The verdict if the trained generator drew these samples, one a seed."""
    real = module.ring(np.random.default_rng(1), 500)
    rng = np.random.default_rng(2)
    untrained = 0.1 * rng.standard_normal((500, 2))
    normal = rng.multivariate_normal(real.mean(axis=0), np.cov(real.T), 500)
    rows = [module.compared(real, {"untrained": untrained, "gan": sample(rng), "normal": normal}) for _ in range(5)]
    facts = {"networks": ["generator", "discriminator"], "weights_of_both": 0, "weights_of_neither": 0}
    metrics = {name: [row[name] for row in rows] for name in rows[0]}
    return judge_claim(module.CLAIMS[0], facts, {"gan": metrics})["verdict"]


def test_only_points_like_the_real_ones_are_reproduced():
    assert verdict(lambda rng: module.ring(rng, 500)) == "reproduced"
    assert verdict(lambda rng: module.centres()[rng.integers(0, 2, 500)]) == "not reproduced"  # two clusters only
    assert verdict(lambda rng: 1.4 * rng.standard_normal((500, 2))) != "reproduced"  # a blur


def test_a_generator_that_never_moves_is_noticed(monkeypatch):
    config = replace(module.Config(), units=8, points=400, epochs=2)
    data = module.load_data(config)

    def losses():
        return module.trace(config, data)

    right = losses()
    monkeypatch.setattr("recipes.losses.generator_loss", lambda logits: 0.0 * generator_loss(logits))
    assert losses() != pytest.approx(right, abs=1e-4)
