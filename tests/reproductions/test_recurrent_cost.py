"""Verdict on the cost of recurrent layers from the record; counts that need no clock are made again."""

import keras
from judged import verdicts_of

import layers
from reproductions import recurrent_cost as module
from reproductions.claims import Equals
from reproductions.verdicts import judge


def test_verdicts():
    assert verdicts_of("recurrent_cost") == {"rnn-vanilla-simple-fast": "reproduced"}


def verdict_on_parameters():
    facts = {"parameters_of_rnn_gru_lstm": module.parameters()}
    return [judge(check, facts, {}).verdict for check in module.CLAIMS[0].checks if isinstance(check, Equals)]


def test_parameters():
    assert verdict_on_parameters() == ["reproduced"]


def test_a_gated_layer_in_place_of_the_simple_one_is_noticed(monkeypatch):
    for library in (layers, keras.layers):
        monkeypatch.setattr(library, "SimpleRNN", library.GRU)
    assert verdict_on_parameters() == ["not reproduced"]


def test_a_timed_call_makes_its_training_steps(monkeypatch):
    steps = []

    class Counting(keras.optimizers.Adam):
        def apply(self, grads, trainable_variables=None):
            steps.append(self)
            return super().apply(grads, trainable_variables)

    monkeypatch.setattr(keras.optimizers, "Adam", Counting)
    call = module.training_steps(module.Config("SimpleRNN", 5))
    call()
    call()
    assert int(steps[0].iterations.numpy()) == 2 * module.STEPS_A_CALL
