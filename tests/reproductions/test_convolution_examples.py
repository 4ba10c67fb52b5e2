"""Verdicts of the convolution and pooling examples; faulty layers change them."""

import keras
import pytest

import layers
from reproductions import convolution_examples as module
from reproductions.ledger import finite
from reproductions.verdicts import judge_claim

ERRATA = {
    "conv-output-size-formula",
    "conv-multiply-sum-slide",
    "conv-same-padding-formula",
    "conv-valid-padding-formula",
    "pool-max-example",
    "pool-max-backward-example",
}


@pytest.fixture(scope="module")
def facts():
    return finite(module.examine())


@pytest.mark.parametrize("claim", module.CLAIMS, ids=lambda claim: claim.id)
def test_verdicts(facts, claim):
    judged = judge_claim(claim, facts, {})
    measured = [(check["quantity"], check["measured"]) for check in judged["checks"]]
    assert judged["verdict"] == ("erratum" if claim.id in ERRATA else "reproduced"), measured


def verdicts(facts, *names):
    return {claim.id: judge_claim(claim, facts, {})["verdict"] for claim in module.CLAIMS if claim.id in names}


def test_a_pooling_layer_that_averages_is_noticed(monkeypatch):
    monkeypatch.setattr(layers, "MaxPooling2D", keras.layers.AveragePooling2D)
    found = finite(module.pooling())
    assert "keras.layers" in found["max_pool_of_example"]
    assert verdicts(found, "pool-max-example") == {"pool-max-example": "not reproduced"}


def test_a_convolution_that_flips_its_kernel_is_noticed(monkeypatch):
    class Flipping(keras.layers.Conv2D):
        def convolution_op(self, inputs, kernel):
            return super().convolution_op(inputs, kernel[::-1, ::-1])

    monkeypatch.setattr(layers, "Conv2D", Flipping)
    found = finite(module.filters_by_hand())
    names = ("conv-edge-patch-example", "conv-multiply-sum-slide")
    assert verdicts(found, *names) == dict.fromkeys(names, "not reproduced")
