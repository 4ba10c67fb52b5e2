"""Verdicts of the sigmoid, tanh, softmax and linear examples; faulty layers and formulas change them."""

import keras
import numpy as np
import pytest

import layers
from reproductions import activation_examples as module
from reproductions.ledger import finite
from reproductions.verdicts import judge_claim

ERRATA = {"activation-raw-score-minus3-tanh"}


@pytest.fixture(scope="module")
def facts():
    return finite(module.examine())


@pytest.mark.parametrize("claim", module.CLAIMS, ids=lambda claim: claim.id)
def test_verdicts(facts, claim):
    judged = judge_claim(claim, facts, {})
    measured = [(check["quantity"], check["measured"]) for check in judged["checks"]]
    assert judged["verdict"] == ("erratum" if claim.id in ERRATA else "reproduced"), measured


def test_where_floats_round_to_one_is_what_the_remarks_say(facts):
    assert facts["sigmoid_rounds_to_1_at"] == [17, 37]
    single, double = facts["tanh_rounds_to_1_at"]  # 8 and 18; exact rounding would give 10 and 20
    assert 8 <= single <= 10 and 18 <= double <= 20


def verdicts(facts, *names):
    return {claim.id: judge_claim(claim, facts, {})["verdict"] for claim in module.CLAIMS if claim.id in names}


def test_a_dense_layer_without_its_bias_is_noticed(monkeypatch):
    class WithoutBias(keras.layers.Dense):
        def call(self, inputs, training=None):
            return super().call(inputs, training) - (self.bias if self.use_bias else 0)

    monkeypatch.setattr(layers, "Dense", WithoutBias)
    names = ("activation-none-is-linear-000", "activation-linear-proof")
    assert verdicts(finite(module.linear_layers()), *names) == dict.fromkeys(names, "not reproduced")


def test_a_softmax_over_the_wrong_axis_is_noticed(monkeypatch):
    monkeypatch.setattr(keras.activations, "softmax", lambda x: keras.ops.softmax(x, axis=0))
    found = finite(module.softmax_rows())
    name = "activation-softmax-sums-to-one-000"
    assert verdicts(found, name) == {name: "not reproduced"}


def test_a_formula_with_the_wrong_sign_is_noticed(monkeypatch):
    monkeypatch.setattr(module, "sigmoid", lambda x: 1 / (1 + np.exp(np.asarray(x))))
    found = finite(module.ranges())
    name = "activation-sigmoid-open-interval"
    assert verdicts(found, name) == {name: "not reproduced"}
