"""The reward of preferences: the loss against scikit-learn's and SciPy's numbers, the model on rankings it can learn."""

import keras
import numpy as np
import pytest
from scipy.special import expit, log_expit
from sklearn.metrics import log_loss

from recipes.reward_model import PreferenceLoss, RewardModel, preference_probability


def linear_model(features=3):
    return RewardModel(keras.Sequential([keras.Input((features,)), keras.layers.Dense(1, use_bias=False)]))


def test_the_loss_is_the_likelihood_of_the_ranking():
    rng = np.random.default_rng(0)
    first, second = rng.normal(size=(2, 50, 1)).astype("float32") * 5
    won = rng.integers(0, 2, 50)
    ours = float(PreferenceLoss()(won, first - second))
    better, worse = np.where(won[:, None], first, second), np.where(won[:, None], second, first)
    assert ours == pytest.approx(-log_expit(better - worse).mean(), rel=1e-5)
    p = np.asarray(preference_probability(first, second))
    assert p == pytest.approx(expit(first - second), abs=1e-6)
    assert ours == pytest.approx(log_loss(won, expit((first - second)[:, 0].astype("float64"))), rel=1e-4)


def test_shapes_shares_and_extreme_differences():
    loss = PreferenceLoss(reduction=None)
    assert np.asarray(loss(np.array([1.0, 0.0]), np.array([[200.0], [200.0]]))) == pytest.approx([0, 200])
    # Half of the people for either: least where the rewards are equal.
    half = [float(PreferenceLoss()(np.array([0.5]), np.array([[d]]))) for d in (-1.0, 0.0, 1.0)]
    assert half[1] == pytest.approx(np.log(2)) and half[0] == pytest.approx(half[2]) and half[0] > half[1]


def test_the_model_subtracts_rewards():
    model, pairs = linear_model(), np.random.default_rng(0).normal(size=(7, 2, 3)).astype("float32")
    rewards = np.stack([np.asarray(model.rewards(pairs[:, k])) for k in (0, 1)], axis=1)
    assert np.asarray(model(pairs))[:, 0] == pytest.approx(rewards[:, 0] - rewards[:, 1], abs=1e-6)
    assert np.asarray(model(pairs[:, ::-1])) == pytest.approx(-np.asarray(model(pairs)), abs=1e-6)


def test_it_finds_the_utility_behind_noisy_rankings():
    rng, utility = np.random.default_rng(0), np.array([2.0, -1.0, 0.5])
    pairs = rng.normal(size=(4000, 2, 3)).astype("float32")
    margin = (pairs[:, 0] - pairs[:, 1]) @ utility
    won = (rng.random(4000) < expit(margin)).astype("float32")
    model = linear_model()
    model.compile(keras.optimizers.Adam(0.05), PreferenceLoss(), metrics=[keras.metrics.BinaryAccuracy(threshold=0.0)])
    model.fit(pairs, won, epochs=5, batch_size=100, verbose=0)
    # Bradley and Terry's scale is fixed by the noise: not the order alone but the numbers come back.
    assert np.asarray(model.scorer.weights[0])[:, 0] == pytest.approx(utility, abs=0.2)
    assert model.evaluate(pairs, won, verbose=0)[1] == pytest.approx(((margin > 0) == won).mean(), abs=0.01)


def test_saving(tmp_path):
    model, pairs = linear_model(), np.ones((2, 2, 3), "float32") * np.arange(2)[:, None, None]
    model.compile("adam", PreferenceLoss())
    before = np.asarray(model(pairs))
    model.save(tmp_path / "reward.keras")
    again = keras.saving.load_model(tmp_path / "reward.keras")
    assert np.asarray(again(pairs)) == pytest.approx(before)
    assert isinstance(again.loss, PreferenceLoss)
