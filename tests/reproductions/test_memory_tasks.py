"""Memory tasks: verdicts from the record, the layer set by hand, and faults that change what it holds."""

import numpy as np
from judged import verdicts_of

import layers
from reproductions import memory_tasks as module
from reproductions.verdicts import judge_claim

IDS = ("rnn-vanilla-forgets-long", "gru-short-lstm-long", "rnn-long-term-failure", "lstm-slightly-better-long")


def test_verdicts():
    assert verdicts_of("memory_tasks") == dict.fromkeys(IDS, "not reproduced")


def test_a_single_unit_holds_the_first_noun(monkeypatch):
    monkeypatch.setattr(module, "LATCH_GAP", 60)
    found = module.latched_by_hand()
    assert found["accuracies_of_hand_made_rnn_behind_1000_words"] == [1.0, 1.0]
    assert found["simple_rnn_can_hold_the_subject_for_1000_words"] is True
    assert len(found["latch_words"]) == len(found["latch_states"])


def test_the_worst_that_can_follow_does_not_turn_the_unit():
    x = np.full((1, 200, 1), -1.0)
    x[0, 0] = 1.0
    assert (module.latch(layers, x) > 0.7).all()


def test_a_unit_with_one_resting_state_forgets(monkeypatch):
    monkeypatch.setattr(module, "LATCH_GAP", 60)
    monkeypatch.setattr(module, "LATCH_WEIGHT", 1.0)
    claim = next(claim for claim in module.CLAIMS if claim.id == "rnn-long-term-failure")
    learned = {"agreement_rnn_5": [1.0] * 5, "agreement_rnn_100": [0.5, 0.52, 0.49, 0.5, 0.51]}
    variants = {name: {"test_accuracy": values} for name, values in learned.items()}
    found = module.latched_by_hand()
    assert found["simple_rnn_can_hold_the_subject_for_1000_words"] is False
    assert judge_claim(claim, found, variants)["verdict"] == "reproduced"
    held = found | {"simple_rnn_can_hold_the_subject_for_1000_words": True}
    assert judge_claim(claim, held, variants)["verdict"] == "erratum"


def test_cells_differ_in_nothing_else():
    for length in module.LENGTHS:
        configs = [vars(module.VARIANTS[f"recall_{name}_{length}"]) for name in module.CELLS]
        assert all(config | {"cell": ""} == configs[0] | {"cell": ""} for config in configs)


def test_open_gates_start_where_they_should():
    for name, place, value in (("gru", (0, slice(0, 32)), 5), ("lstm", slice(32, 64), 5), ("lstm", slice(0, 32), -5)):
        model = module.build_model(module.VARIANTS[f"recall_open_{name}_200"])
        biases = model.layers[1].get_weights()[2]
        assert (biases[place] == value).all() and np.count_nonzero(biases) == (32 if name == "gru" else 64)


def test_parameters():
    sizes = {name: module.build_model(module.VARIANTS[f"recall_{name}_10"]).count_params() for name in module.CELLS}
    head = 8 * 16 + 8 * 33  # embedding and softmax
    assert sizes == {"rnn": head + 32 * 49, "gru": head + 3 * 32 * 50, "lstm": head + 4 * 32 * 49}
