"""The rare feature's verdict; the same optimizer under both names changes it."""

import numpy as np
import pytest

from reproductions import sparse_features as module
from reproductions.ledger import finite
from reproductions.verdicts import judge_claim

(CLAIM,) = module.CLAIMS


@pytest.fixture(scope="module")
def ways():
    return module.follow_weights(*module.draw_data())


def verdict(monkeypatch, ways):
    monkeypatch.setattr(module, "follow_weights", lambda x, y: ways)
    return judge_claim(CLAIM, finite(module.examine()), {})["verdict"]


def test_verdict(monkeypatch, ways):
    assert verdict(monkeypatch, ways) == "reproduced"


def test_sgd_in_place_of_adagrad_is_noticed(monkeypatch, ways):
    assert verdict(monkeypatch, ways | {"AdaGrad": ways["SGD"]}) == "not reproduced"


def test_a_feature_that_is_not_rare_moves_with_sgd(monkeypatch, ways):
    often = {name: way[:, :, [0, 0, 2]] for name, way in ways.items()}
    assert verdict(monkeypatch, often) == "not reproduced"


def test_most_likely_weights_have_no_gradient():
    x, y = module.draw_data()
    weights = module.most_likely_weights(x, y)
    chance = 1 / (1 + np.exp(-(x * weights).sum(axis=-1)))
    assert np.abs(((chance - y)[..., None] * x).mean(axis=0)).max() < 1e-5
