"""Verdicts of the generative losses' record; the KL term is in the loss; a generator that does not learn is noticed."""

from dataclasses import replace

import numpy as np
import pytest
from judged import verdicts_of

from recipes import losses
from reproductions import generative_losses as module


def test_verdicts():
    assert verdicts_of("generative_losses") == {
        "loss-kl-autoencoder": "reproduced",
        "loss-gan-losses": "reproduced",
    }


def test_kl_of_a_normal_code():
    assert module.normal_kl(np.zeros(2), np.zeros(2)) == 0
    by_hand = 0.5 * (1.5**2 + 0.25 - 1 - np.log(0.25))
    np.testing.assert_allclose(module.normal_kl(np.array([1.5]), np.array([np.log(0.25)])), by_hand, rtol=1e-6)


def test_the_kl_term_is_part_of_the_loss():
    data = module.load_data(module.VARIANTS["vae"])
    with_it, without = (module.trace(module.VARIANTS[name], data) for name in ("vae", "autoencoder"))
    assert with_it[0] > without[0]


@pytest.mark.parametrize("broken", [False, True])
def test_a_generator_rewarded_for_nothing_stays_where_it_is(monkeypatch, broken):
    if broken:
        monkeypatch.setattr(losses.GeneratorLoss, "call", lambda self, y_true, y_pred: 0.0 * y_pred[..., 0])
    config = replace(module.VARIANTS["gan"], epochs=20)
    data = module.load_data(config)
    mean = module.measure(config, data, module.train(config, data, [0])).metrics["generated_mean"][0]
    assert (mean < 1) == broken
