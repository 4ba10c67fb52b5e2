"""Verdicts of the perceptron's worked examples; a faulty perceptron and a faulty linear program change them."""

import pytest
from keras import ops

import layers
from reproductions import perceptron_examples as module
from reproductions.ledger import finite
from reproductions.verdicts import judge_claim

ERRATA = {"perceptron-update-moves-line", "perceptron-loss-is-hinge"}


@pytest.fixture(scope="module")
def facts():
    return finite(module.examine())


@pytest.mark.parametrize("claim", module.CLAIMS, ids=lambda claim: claim.id)
def test_verdicts(facts, claim):
    judged = judge_claim(claim, facts, {})
    measured = [(check["quantity"], check["measured"]) for check in judged["checks"]]
    assert judged["verdict"] == ("erratum" if claim.id in ERRATA else "reproduced"), measured


def verdict(facts, name):
    claim = next(claim for claim in module.CLAIMS if claim.id == name)
    return judge_claim(claim, facts, {})["verdict"]


def test_updates_were_tried_on_mistakes_and_on_correct_points(facts):
    tried, wrong = facts["updates_tried"]
    assert 0.3 * tried < wrong < 0.7 * tried


def test_a_step_that_is_0_at_0_is_noticed(facts, monkeypatch):
    def call(self, inputs):
        return ops.where(self.weighted_sum(inputs) > 0, ops.ones((), self.compute_dtype), self.negative_class)

    monkeypatch.setattr(layers.Perceptron, "call", call)
    assert verdict(facts | finite(module.output()), "perceptron-step-threshold") == "not reproduced"


def test_an_update_that_leaves_the_bias_alone_is_noticed(facts, monkeypatch):
    whole = layers.Perceptron.update

    def update(self, *arguments):
        bias = ops.copy(self.bias)
        mistakes = whole(self, *arguments)
        self.bias.assign(bias)
        return mistakes

    monkeypatch.setattr(layers.Perceptron, "update", update)
    assert verdict(facts | finite(module.updates()), "perceptron-update-identity") == "not reproduced"


def test_an_or_gate_in_xors_place_is_noticed(facts, monkeypatch):
    monkeypatch.setattr(module, "XOR", module.XOR | module.AND)
    assert verdict(facts | finite(module.xor()), "perceptron-xor-no-line") == "not reproduced"
