"""Verdicts of the dense and forward examples; faulty layers change them."""

import keras
import pytest

import layers
from reproductions import mlp_examples as module
from reproductions.ledger import finite
from reproductions.verdicts import judge_claim

ERRATA = {
    "forward-two-neuron-diagram",
    "forward-python-code",
    "mlp-dense-formula",
    "mlp-dense-as-input-layer",
    "mlp-two-perceptrons-combined",
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


def test_a_dense_layer_that_adds_its_bias_twice_is_noticed(facts, monkeypatch):
    class Twice(keras.layers.Dense):
        def call(self, inputs, training=None):
            return super().call(inputs) + self.bias

    monkeypatch.setattr(layers, "Dense", Twice)
    found = facts | finite(module.toy_forward_pass()) | finite(module.network_4321())
    names = ("forward-hours-sleep-weighted-sum", "forward-nested-formula", "forward-4321-shapes")
    assert verdicts(found, *names) == dict.fromkeys(names, "not reproduced")


def test_a_dense_layer_without_bias_is_noticed_in_the_counts(facts, monkeypatch):
    class Bare(keras.layers.Dense):
        def count_params(self):
            return super().count_params() - self.units

    monkeypatch.setattr(layers, "Dense", Bare)
    found = facts | finite(module.network_4321())
    names = ("mlp-params-l0-l1", "mlp-params-l1-l2", "mlp-params-l2-l3")
    assert verdicts(found, *names) == dict.fromkeys(names, "not reproduced")


def test_printed_code_that_forgets_the_transpose_is_noticed(facts, monkeypatch):
    monkeypatch.setattr(module, "PRINTED", module.PRINTED.replace("W.T, a", "a, W[::-1]"))
    assert verdicts(facts | finite(module.printed_code()), "forward-python-code") == {
        "forward-python-code": "not reproduced"
    }
