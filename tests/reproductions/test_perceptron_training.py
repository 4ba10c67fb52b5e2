"""Verdicts of the perceptron trick's runs, computed again where that is quick; faulty functions and data change them."""

import pytest
from judged import verdicts_of

from reproductions import perceptron_training as module
from reproductions.ledger import finite
from reproductions.verdicts import judge_claim

NETWORKS = {
    "perceptron-sigmoid-bce-logreg",
    "perceptron-softmax-cce-softmaxreg",
    "perceptron-linear-mse-linreg",
    "perceptron-xor-never-converges",
}
"""Claims that train Keras networks: judged from the record."""


@pytest.fixture(scope="module")
def facts():
    parts = (module.printed_runs, module.non_linear_sets, module.lines_of_ten_starts, module.novikoff)
    return finite({name: value for part in parts for name, value in part().items()})


@pytest.mark.parametrize(
    "claim", [claim for claim in module.CLAIMS if claim.id not in NETWORKS], ids=lambda claim: claim.id
)
def test_verdicts(facts, claim):
    judged = judge_claim(claim, facts, {})
    assert judged["verdict"] == "reproduced", [(check["quantity"], check["measured"]) for check in judged["checks"]]


def test_verdicts_of_the_record():
    assert verdicts_of("perceptron_training") == {claim.id: "reproduced" for claim in module.CLAIMS}


def verdict(facts, name):
    claim = next(claim for claim in module.CLAIMS if claim.id == name)
    return judge_claim(claim, facts, {})["verdict"]


def test_a_printed_function_that_swaps_its_cases_is_noticed(facts, monkeypatch):
    monkeypatch.setattr(module, "PRINTED", module.PRINTED.replace("y[i] == 1", "y[i] == 0"))
    found = facts | finite(module.printed_runs())
    assert verdict(found, "perceptron-train-code") == "not reproduced"
    assert verdict(found, "perceptron-and-separable") == "not reproduced"


def test_blobs_in_xors_place_are_noticed(facts, monkeypatch):
    monkeypatch.setattr(module, "XOR", module.AND)
    found = facts | finite(module.novikoff())
    assert verdict(found, "perceptron-sometimes-no-convergence") == "not reproduced"


def test_the_trick_on_xor_returns_to_where_it_was():
    loops = [module.exact_loop(seed) for seed in range(5)]
    assert all(loop["mistakes"] > 0 and loop["period"] >= 1 for loop in loops)


def test_the_trick_on_and_ends_in_a_loop_without_mistakes(monkeypatch):
    monkeypatch.setattr(module, "XOR", module.AND)
    assert module.exact_loop(0) == {"period": 1, "mistakes": 0}
