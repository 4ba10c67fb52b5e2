"""Verdicts on batch normalisation: exact facts computed, the others from the ledger; faulty layers change them."""

import pytest
from judged import verdicts_of

import layers
from reproductions import batch_normalization as module
from reproductions.ledger import finite
from reproductions.verdicts import judge_claim

NOT_REPRODUCED = {"batchnorm-after-activation", "batchnorm-regularises"}
INCONCLUSIVE = {"batchnorm-faster-higher-lr"}
EXACT = [claim for claim in module.CLAIMS if not claim.data]


@pytest.fixture(scope="module")
def facts():
    return finite(module.examine())


@pytest.mark.parametrize("claim", EXACT, ids=lambda claim: claim.id)
def test_exact_verdicts(facts, claim):
    judged = judge_claim(claim, facts, {})
    assert judged["verdict"] == "reproduced", [(check["quantity"], check["measured"]) for check in judged["checks"]]


def test_verdicts():
    expected = {
        claim.id: "not reproduced"
        if claim.id in NOT_REPRODUCED
        else "inconclusive"
        if claim.id in INCONCLUSIVE
        else "reproduced"
        for claim in module.CLAIMS
    }
    assert verdicts_of("batch_normalization") == expected


def test_a_layer_that_normalises_something_else_is_noticed(monkeypatch):
    class Faulty(layers.BatchNormalization):
        def call(self, inputs, training=None, mask=None):
            return super().call(inputs**3, training=training, mask=mask)

    monkeypatch.setattr(layers, "BatchNormalization", Faulty)
    found = finite(module.formula())
    assert "keras.layers" in found["normalised_minus_formula"]
    assert judge_claim(EXACT[0], found, {})["verdict"] == "not reproduced"


def test_parameter_counts_of_the_trained_networks():
    plain = module.build_model(module.VARIANTS["plain_0.1"])
    after = module.build_model(module.VARIANTS["bn_0.1"])
    before = module.build_model(module.VARIANTS["bn_before_0.1"])
    assert plain.count_params() == 196 * 64 + 64 + 64 * 32 + 32 + 32 * 10 + 10
    assert after.count_params() == before.count_params() == plain.count_params() + 4 * (64 + 32)
    kinds = [[type(layer).__name__ for layer in model.layers[:3]] for model in (after, before)]
    assert kinds == [["Dense", "Activation", "BatchNormalization"], ["Dense", "BatchNormalization", "Activation"]]
