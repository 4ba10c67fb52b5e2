"""Number sequences: verdicts of the record, the held-out windows, the sequences by hand, heads, faults that show."""

import keras
import numpy as np
import pytest
from judged import verdicts_of

import layers
from reproductions import number_sequences as module
from reproductions.verdicts import judge_claim

VERDICTS = {"rnn-predict-2-4-6-8": "reproduced", "rnn-classification-regression-heads": "reproduced"}


def test_verdicts_of_the_record():
    assert verdicts_of("number_sequences") == VERDICTS


def test_2_4_6_is_held_out_with_a_fifth_of_the_sequences():
    kept, held_out = module.split_pairs()
    pairs = {tuple(pair) for pair in kept} | {tuple(pair) for pair in held_out}
    assert pairs == {(start, step) for start in range(21) for step in range(1, 6)}
    assert (len(kept), len(held_out)) == (84, 21)
    data = module.load_data(module.VARIANTS["rnn"])
    seen = (data.x_train * 35).round().astype(int)
    assert [2, 4, 6] not in seen.tolist()
    assert [2, 4, 6] in (data.x_test * 35).round().astype(int).tolist()
    np.testing.assert_allclose(data.y_train * 35, 2 * seen[:, 2] - seen[:, 1], rtol=1e-5)


def test_a_network_without_step_two_sees_none():
    data = module.load_data(module.VARIANTS["rnn_no_step_two"])
    steps = np.round(35 * np.diff(data.x_train, axis=1))
    assert 2 not in steps and set(np.unique(steps)) == {1, 3, 4, 5}


def test_sequences_are_of_their_kind():
    seen, kind, following = module.kinds(300)
    whole = np.c_[seen, following]
    first, second = np.diff(whole, axis=1), np.diff(whole, n=2, axis=1)
    assert abs(second[kind == 0]).max() < 8 * module.NOISE  # arithmetic: equal steps
    geometric = whole[kind == 1]
    assert abs(geometric[:, 1:-1] ** 2 - geometric[:, :-2] * geometric[:, 2:])[:, -1].max() < 1.5
    assert (np.sign(first[kind == 2][:, 1:]) == -np.sign(first[kind == 2][:, :-1])).all()  # alternating


@pytest.fixture(scope="module")
def facts():
    return module.examine()


def heads_verdict(facts, **changed):
    """The verdict of the heads' claim for made-up trainings, good ones unless changed."""
    metrics = {
        "kind_softmax": {"row_sum_error": [1e-7, 1.1e-7], "lowest_output": [0.01, 0.011], "highest_output": [0.98, 0.981],
                         "test_accuracy": [0.9, 0.91], "test_loss": [0.3, 0.31]},
        "kind_linear": {"row_sum_error": [2.0, 2.01], "test_accuracy": [0.4, 0.41], "test_loss": [2.0, 2.01]},
        "value_linear": {"r2": [0.99, 0.991], "lowest_output": [-5.0, -5.1], "highest_output": [5.0, 5.1],
                         "test_loss": [0.1, 0.11]},
        "value_softmax": {"test_loss": [9.0, 9.01]},
    }  # fmt: skip
    for variant, values in changed.items():
        metrics[variant] |= values
    claim = module.CLAIMS[1]
    return judge_claim(claim, facts, metrics)["verdict"]


def test_heads_that_do_not_keep_the_advice_are_noticed(facts):
    assert heads_verdict(facts) == "reproduced"
    assert heads_verdict(facts, kind_softmax={"row_sum_error": [0.3, 0.31]}) == "not reproduced"
    assert heads_verdict(facts, kind_linear={"test_accuracy": [0.95, 0.96]}) == "not reproduced"
    assert heads_verdict(facts, value_softmax={"test_loss": [0.04, 0.051]}) == "not reproduced"
    assert heads_verdict(facts | {"softmax_of_one_output": [0.5]}) == "not reproduced"


def test_facts(facts):
    assert facts["trains_on_2_4_6"] is False and facts["linear_extrapolation_is_exact"]
    assert facts["softmax_of_one_output"] == [1.0] and facts["softmax_in_the_loss_is_the_same"]


@pytest.mark.parametrize(("name", "outputs"), [("kind_softmax", 3), ("value_linear", 1), ("rnn", 1)])
def test_networks_are_as_the_claims_say(name, outputs):
    config = module.VARIANTS[name]
    model = module.build_model(config)
    assert model.count_params() == 32 * (1 + 32 + 1) + 33 * outputs
    assert model.layers[-1].activation is (keras.activations.softmax if outputs == 3 else keras.activations.linear)
    assert keras.losses.get(model.loss) is keras.losses.get(config.loss)


def test_a_recurrence_that_forgets_is_noticed(monkeypatch):
    """A planted fault: an RNN that sees the last number alone has another golden trace."""
    config = module.VARIANTS["rnn"]
    data = module.load_data(config)
    right = module.trace(config, data)

    class Forgetful(layers.SimpleRNN):
        def call(self, sequences, initial_state=None, mask=None, training=False):
            return super().call(sequences[:, -1:], initial_state=initial_state, mask=mask, training=training)

    monkeypatch.setattr(layers, "SimpleRNN", Forgetful)
    assert module.trace(config, data) != pytest.approx(right, abs=1e-5)
