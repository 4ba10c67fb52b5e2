"""Verdicts of the preference record; the judge, its rankings and the optimum by hand; faults that change the training."""

from dataclasses import replace

import numpy as np
import pytest
from judged import verdicts_of
from scipy.special import expit

from recipes import policy_gradient
from reproductions import name_judge
from reproductions import preferences as module
from reproductions.claims import Within
from reproductions.verdicts import judge_claim

SMALL = replace(module.VARIANTS["rlhf"], units=8, embedding=4, batch_size=16)


def test_verdicts_of_the_record():
    assert verdicts_of("preferences") == {"llm-rlhf-preferences": "reproduced", "llm-rlhf-needs-kl": "reproduced"}


def test_names_as_tokens_and_back():
    rows = name_judge.encoded(["anna", "li"])
    assert rows[0, :6].tolist() == [3, 16, 16, 3, name_judge.END, name_judge.PAD]
    assert name_judge.decoded(rows) == ["anna", "li"]
    assert name_judge.with_start(rows)[1, :4].tolist() == [name_judge.START, 14, 11, name_judge.END]


def test_the_wishes_of_the_judge():
    met = name_judge.wishes_met(["romano", "strong", "li", "aeiou", "bbbe", ""])
    assert met.tolist() == [
        [True, True, True],
        [False, True, True],
        [True, False, True],
        [True, True, False],  # five vowels in a row
        [True, False, False],  # a letter three times
        [False, False, True],
    ]
    assert name_judge.utility(["romano", "strong", "lngthst"]).tolist() == [6, 4, 2]


def test_the_judge_errs_as_bradley_and_terry_have_it():
    names = name_judge.encoded(["romano", "strong"] * 4000)  # 6 against 4
    ranking = name_judge.rank(names, np.random.default_rng(0))
    assert set(ranking.margin) == {2.0}
    assert ranking.first_wins.mean() == pytest.approx(expit(2.0), abs=0.02)


def test_shuffling_keeps_the_number_of_wins():
    wins = np.repeat([1.0, 0.0], [900, 100]).astype("float32")
    config = replace(module.VARIANTS["shuffled"], pairs=1000)
    shuffled = module._labels(config, 0, wins)
    assert shuffled.sum() == 900 and 0.05 < (shuffled != wins).mean() < 0.25
    assert np.array_equal(module._labels(replace(config, shuffled=False), 0, wins), wins)


def test_the_optimum_is_that_of_the_tilted_distribution():
    p, r, weight = np.array([0.5, 0.3, 0.2]), np.array([0.0, 1.0, 3.0]), 0.5
    q = p * np.exp(r / weight) / (p * np.exp(r / weight)).sum()
    objective = q @ r - weight * (q @ np.log(q / p)) - p @ r
    sample = np.repeat(r, (1000 * p).astype(int))
    found = module._optimum(sample, weight, reached=1.0)
    assert found["best_objective"] == pytest.approx(objective)
    assert found["objective_share"] == pytest.approx(1 / objective)


def test_a_missing_baseline_changes_the_trace(monkeypatch):
    right = module.trace(SMALL, None)  # from fresh models: it needs no names
    monkeypatch.setattr(policy_gradient, "leave_one_out_advantages", lambda rewards: rewards)
    assert module.trace(SMALL, None) != pytest.approx(right, abs=1e-4)


def test_no_gain_is_not_reproduced():
    claim = module.CLAIMS[0]
    good = {"meant_accuracy": 0.9, "reward_gain": 2.0, "true_gain": 1.5, "kl": 2.0}
    assert any(isinstance(check, Within) and check.metric == "true_gain" for check in claim.checks)

    def verdict(of_rlhf, of_shuffled):
        noise = 0.01 * np.arange(5)
        variants = {
            "rlhf": {name: list(value + noise) for name, value in of_rlhf.items()},
            "shuffled": {"true_gain": list(of_shuffled - noise)},
        }
        return judge_claim(claim, {}, variants)["verdict"]

    assert verdict(good, 0.0) == "reproduced"
    assert verdict(good | {"true_gain": 0.1}, 0.0) == "not reproduced"
    assert verdict(good | {"kl": 20.0}, 0.0) == "not reproduced"
    assert verdict(good, 1.4) == "not reproduced"
