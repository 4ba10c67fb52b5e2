"""Verdicts of the memoization examples; a memory that forgets changes them."""

import pytest
from judged import verdicts_of

from reproductions import memo_examples as module
from reproductions.ledger import finite
from reproductions.verdicts import judge_claim

ERRATA = {"memo-fib-once", "memo-backprop-complexity", "memo-backward-code"}
TIMED = {"memo-faster-more-memory", "memo-frameworks-do-it"}


def expected(claim_id):
    return "erratum" if claim_id in ERRATA else "reproduced"


@pytest.fixture(scope="module")
def facts():
    return finite(module.fibonacci() | module.shared_factors() | module.complexity() | module.printed_code())


@pytest.mark.parametrize(
    "claim", [claim for claim in module.CLAIMS if claim.id not in TIMED], ids=lambda claim: claim.id
)
def test_verdicts(facts, claim):
    judged = judge_claim(claim, facts, {})
    assert judged["verdict"] == expected(claim.id), [(c["quantity"], c["measured"]) for c in judged["checks"]]


def test_verdicts_of_the_record():
    assert verdicts_of("memo_examples") == {claim.id: expected(claim.id) for claim in module.CLAIMS}


def test_a_deep_pass_agrees_with_automatic_differentiation():
    assert module.deep_gap(module.Backward(3)) < 1e-12


def verdict(facts, claim_id):
    return next(judge_claim(c, facts, {})["verdict"] for c in module.CLAIMS if c.id == claim_id)


def test_a_cache_that_is_never_filled_is_noticed(monkeypatch):
    monkeypatch.setattr(module, "FIBONACCI", module.FIBONACCI.replace("    cache[n] = result\n", ""))
    found = finite(module.fibonacci())
    assert verdict(found, "memo-fib-linear") == "not reproduced"
    assert verdict(found, "memo-fib-once") == "not reproduced"


def test_factors_that_are_computed_again_are_noticed(monkeypatch):
    class Forgetful(module.Factors):
        def factor(self, name, compute):
            self.kept.clear()
            return super().factor(name, compute)

    monkeypatch.setattr(module, "Factors", Forgetful)
    found = finite(module.shared_factors() | module.complexity())
    assert verdict(found, "memo-shared-chain-factors") == "not reproduced"
    assert verdict(found, "memo-backprop-complexity") == "not reproduced"


def test_a_forward_pass_that_stores_another_z_is_noticed(monkeypatch):
    monkeypatch.setattr(module, "FORWARD", module.FORWARD.replace("cache[f'z{i}'] = z", "cache[f'z{i}'] = z + 1"))
    assert verdict(finite(module.printed_code()), "memo-forward-cache") == "not reproduced"
