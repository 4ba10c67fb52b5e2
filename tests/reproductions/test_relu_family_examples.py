"""Verdicts of the relu family's examples; faulty layers change them."""

import keras
import pytest

import layers
from reproductions import relu_family_examples as module
from reproductions.ledger import finite
from reproductions.verdicts import judge_claim

ERRATA = {"activation-elu-continuously-differentiable", "activation-zero-centred-table"}


@pytest.fixture(scope="module")
def facts():
    return finite(module.examine())


@pytest.mark.parametrize("claim", module.CLAIMS, ids=lambda claim: claim.id)
def test_verdicts(facts, claim):
    judged = judge_claim(claim, facts, {})
    measured = [(check["quantity"], check["measured"]) for check in judged["checks"]]
    assert judged["verdict"] == ("erratum" if claim.id in ERRATA else "reproduced"), measured


def test_what_the_remarks_say(facts):
    assert facts["leaky_default_slopes"] == [0.3, 0.2]
    assert facts["prelu_input_gradient"] == [0, 0, 0, 0]


def verdicts(facts, *names):
    return {claim.id: judge_claim(claim, facts, {})["verdict"] for claim in module.CLAIMS if claim.id in names}


def test_an_elu_that_ignores_alpha_is_noticed(monkeypatch):
    monkeypatch.setattr(layers, "ELU", lambda alpha=1.0, **kwargs: keras.layers.ELU(1.0, **kwargs))
    names = ("activation-elu-formula", "activation-elu-continuously-differentiable")
    assert verdicts(finite({**module.formulas(), **module.elu_at_zero()}), *names) == dict.fromkeys(
        names, "not reproduced"
    )


def test_an_alpha_that_does_not_train_is_noticed(monkeypatch):
    class Fixed(keras.layers.PReLU):
        def call(self, inputs):
            return keras.ops.relu(inputs)

    monkeypatch.setattr(layers, "PReLU", Fixed)
    name = "activation-prelu-learnable"
    assert verdicts(finite(module.prelu_learns()), name) == {name: "not reproduced"}
