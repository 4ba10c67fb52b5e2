"""Gradients through time: three implementations agree, gates decide the reach; verdicts from the record."""

import numpy as np
from judged import verdicts_of

import layers
from reproductions import gradient_memory as module
from reproductions.ledger import finite
from reproductions.verdicts import judge_claim


def test_verdicts():
    assert verdicts_of("gradient_memory") == {"lstm-solves-vanishing": "erratum"}


def test_our_gradients_are_those_of_keras_and_numpy():
    assert set(module.agreement_of_implementations()["gradients_agree_with_keras_and_numpy"].values()) == {True}


def test_a_backward_pass_without_forget_gate_is_noticed(monkeypatch):
    def leaky(self, of_states, kept, old_states, new_states):
        i, f, candidate, o = kept
        return original(self, of_states, (i, f * 0 + 0.5, candidate, o), old_states, new_states)

    original = layers.LSTM.backward_step
    monkeypatch.setattr(layers.LSTM, "backward_step", leaky)
    agree = module.agreement_of_implementations()["gradients_agree_with_keras_and_numpy"]
    assert agree == {"SimpleRNN": True, "LSTM": False, "LSTM by hand": False, "GRU": True}


def test_the_compiled_norms_are_those_of_the_numpy_gradient():
    layer = module.new_layer("LSTM")
    weights = module.STARTS["LSTM, forget bias 3"].weights(layer, seed=1)
    layer.set_weights(weights)
    x = np.random.default_rng(0).standard_normal((2, 30, module.FEATURES))
    by_hand = module.lstm_gradient_by_hand(weights, x, module.directions(2, module.UNITS))["of_x"]
    expected = np.log10(np.linalg.norm(by_hand, axis=2)).mean(axis=0)[::-1]
    np.testing.assert_allclose(module.gradient_program(layer)(x), expected, atol=1e-9)


def test_gate_biases_go_to_the_gate_that_keeps_the_state():
    for cell, state in (("LSTM", 1), ("GRU", 0)):
        layer = module.new_layer(cell, units=3)
        weights = [np.zeros_like(weight) for weight in layer.get_weights()]
        layer.set_weights(module.with_gate_bias(cell, weights, 50.0, close_input=True))
        start = [np.zeros((1, 3)), np.full((1, 3), 0.7)][: state + 1] if state else np.full((1, 3), 0.7)
        x = np.ones((1, 5, module.FEATURES))
        if cell == "LSTM":
            kept = type(layer)(3, return_state=True, dtype="float64")
            kept.build(x.shape)
            kept.set_weights(layer.get_weights())
            np.testing.assert_allclose(kept(x, initial_state=start)[2], 0.7, atol=1e-9)
        else:
            np.testing.assert_allclose(layer(x, initial_state=start), 0.7, atol=1e-9)


def judged(**changed):
    facts = {
        "log10_gradient_of_lstm_over_rnn_at_lag_100": [5.0, 5.2, 4.9, 5.1],
        "log10_gradient_of_lstm_over_rnn_at_lag_999": [60.0, 61.0, 62.0, 59.0],
        "lstm_gradients_below_float32_at_lag_999": module.INITS,
    } | changed
    losses = {
        f"lstm_{module.LENGTHS[-1]}": [0.01, 0.02, 0.01, 0.02, 0.01],
        f"rnn_{module.LENGTHS[-1]}": [0.16, 0.15, 0.17, 0.16, 0.17],
    }
    variants = {name: {"test_loss": values} for name, values in losses.items()}
    return judge_claim(module.CLAIMS[0], finite(facts), variants)["verdict"]


def test_forget_gates_that_never_close_would_change_the_verdict():
    assert judged() == "erratum"
    assert judged(lstm_gradients_below_float32_at_lag_999=0) == "reproduced"
    assert judged(log10_gradient_of_lstm_over_rnn_at_lag_100=[-5.0, -5.2, -4.9, -5.1]) == "not reproduced"
