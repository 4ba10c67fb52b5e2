"""SELU's verdict from fewer networks than the record has, and the theory beside it."""

import keras
import pytest
from judged import verdicts_of

import layers
from reproductions import selu as module
from reproductions.ledger import finite
from reproductions.verdicts import judge_claim


@pytest.fixture(scope="module")
def facts():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "NETWORKS", 3)
        return finite(module.examine())


def verdict(facts):
    return judge_claim(module.CLAIMS[0], facts, {})["verdict"]


def test_verdict_of_the_record():
    assert verdicts_of("selu") == {"activation-selu-self-normalising": "erratum"}


def test_selu_keeps_its_statistics_under_conditions_only(facts):
    assert facts["stays_normalised"] == module._WITH_CONDITIONS
    assert facts["relu_sd_at_50_is_below_0_001"]


def test_networks_follow_the_theory(facts):
    for name in ("lecun", "glorot_uneven", "dropout"):  # He's growth is cut short by the finite width
        mean, deviation = facts["theory_at_50"][name]
        curve = facts["curves_by_depth"][name]
        assert curve["mean"][-1] == pytest.approx(mean, abs=0.06)
        assert curve["sd"][-1] == pytest.approx(deviation, abs=0.06)


@pytest.mark.parametrize(
    ("ours", "other"),
    [("SELU", keras.layers.ELU), ("AlphaDropout", keras.layers.Dropout)],
    ids=["elu", "plain dropout"],
)
def test_another_layer_in_its_place_is_noticed(ours, other, monkeypatch):
    monkeypatch.setattr(module, "NETWORKS", 2)
    monkeypatch.setattr(layers, ours, other)
    assert verdict(finite(module.examine())) == "not reproduced"
