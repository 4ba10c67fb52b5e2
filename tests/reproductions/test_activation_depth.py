"""Verdicts on depth: those of random networks computed anew, the trained ones from the record."""

import numpy as np
import pytest
from judged import verdicts_of

from reproductions import activation_depth as module
from reproductions.ledger import finite
from reproductions.signal_flow import Net
from reproductions.verdicts import judge_claim


def test_verdicts_of_the_record():
    assert verdicts_of("activation_depth") == {
        "activation-sigmoid-vanishes-deep": "reproduced",
        "activation-tanh-saturates": "not reproduced",
        "activation-relu-no-vanishing": "erratum",
    }


def verdict(facts, name):
    claim = next(claim for claim in module.CLAIMS if claim.id == f"activation-{name}")
    return judge_claim(claim, facts, {})["verdict"]


@pytest.fixture(scope="module")
def facts():
    return finite(module.examine())


def test_verdicts_without_training(facts):
    assert verdict(facts, "relu-no-vanishing") == "erratum"
    assert verdict(facts, "tanh-saturates") == "not reproduced"
    # The numbers of the remark.
    assert np.mean(facts["tanh_20_layers"]) == pytest.approx(-0.56, abs=0.02)
    assert np.mean(facts["tanh_20_layers_small_weights"]) == pytest.approx(-7.6, abs=0.1)


def test_the_derivation_of_relus_loss_holds(facts):
    """Width * variance / 2 a layer in square: 1/2 with Glorot weights, 0.08 with a standard deviation of 0.05."""
    for name, factor in (("relu, He", 1.0), ("relu, Glorot", 0.5), ("relu, sd 0.05", 0.08)):
        measured = np.log10(facts["gradient_by_layer"][name][0])
        assert measured == pytest.approx(9.5 * np.log10(factor), abs=0.6), name


def test_relu_with_weights_that_are_too_small_is_noticed(monkeypatch):
    monkeypatch.setitem(module.NETS, "relu, He", Net(20, 64, "relu", 0.05))
    assert verdict(finite(module.examine()), "relu-no-vanishing") == "not reproduced"
