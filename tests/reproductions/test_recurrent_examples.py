"""Verdicts of the recurrent examples; faulty layers change them."""

import keras
import pytest

import layers
from reproductions import recurrent_examples as module
from reproductions.ledger import finite
from reproductions.verdicts import judge_claim

ERRATA = {
    "rnn-feedforward-cannot-remember",
    "rnn-lstm50-code",
    "lstm-no-forgetting",
    "lstm-output-gate-next-step",
    "rnn-ann-loses-order",
    "rnn-tanh-derivative-below-one",
    "rnn-exploding-weights",
    "gru-update-equation",
    "gru-update-gate-meaning",
    "gru-reset-gate-meaning",
    "gru-candidate-equation",
    "rnn-deep-code-runs",
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


def test_an_lstm_with_other_gates_is_noticed(monkeypatch):
    class Hard(keras.layers.LSTM):
        def __init__(self, units, **options):
            super().__init__(units, recurrent_activation="hard_sigmoid", **options)

    monkeypatch.setattr(layers, "LSTM", Hard)
    found = finite(module.cell_equations())
    names = ("lstm-gate-equations", "lstm-three-gates-000", "activation-rnn-default-tanh")
    assert verdicts(found, *names) == dict.fromkeys(names, "not reproduced")


def test_a_gru_without_second_bias_is_noticed(monkeypatch):
    class Before(keras.layers.GRU):
        def __init__(self, units, **options):
            super().__init__(units, **(options | {"reset_after": False}))

    monkeypatch.setattr(layers, "GRU", Before)
    found = finite(module.counts_and_shapes())
    names = ("gru-sentiment-params", "gru-fewer-params-than-lstm")
    assert verdicts(found, *names) == dict.fromkeys(names, "not reproduced")


def test_a_cell_state_that_leaks_is_noticed(monkeypatch):
    class Leaky(keras.layers.LSTM):
        def call(self, sequences, initial_state=None, **options):
            return super().call(sequences, [initial_state[0], 0.9 * initial_state[1]], **options)

    monkeypatch.setattr(layers, "LSTM", Leaky)
    found = finite(module.lstm_gates())
    assert verdicts(found, "lstm-forget-gate-limits") == {"lstm-forget-gate-limits": "not reproduced"}
