"""Verdicts of the batch size record; the counts and sizes that need no clock, and faults that change them."""

import numpy as np
import pytest
from judged import verdicts_of

import recipes.training
from reproductions import gradient_descent_batches as module
from reproductions.verdicts import judge_claim

ERRATA = {"gd-minibatch-floor"}
OTHERS = {"gd-power-of-two-batches": "not reproduced", "gd-epoch-time-order": "inconclusive"}


def expected(claim_id):
    return "erratum" if claim_id in ERRATA else OTHERS.get(claim_id, "reproduced")


def test_verdicts_of_the_record():
    assert verdicts_of("gradient_descent_batches") == {claim.id: expected(claim.id) for claim in module.CLAIMS}


def verdict(facts, claim_id):
    claim = next(claim for claim in module.CLAIMS if claim.id == claim_id)
    return judge_claim(claim, facts, {})["verdict"]


def test_memory_verdict():
    facts = module.memory()
    assert verdict(facts, "gd-memory-order") == "reproduced"
    assert facts["powers_of_two_need_fewer_bytes_a_row_than_both_neighbours"] == [False] * 4


def test_printed_loop_leaves_eight_rows_out():
    facts = module.printed_mini_batches()
    assert (facts["printed_loop_batches_of_1000"], facts["rows_of_1000_left_out"]) == (31, 8)


@pytest.mark.parametrize("rows", [1, 5])
def test_gradient_is_that_of_finite_differences(rows):
    rng = np.random.default_rng(0)
    x, y, w, step = rng.normal(size=(rows, 3)), rng.normal(size=rows), rng.normal(size=3), 1e-6
    slopes = [
        (np.mean((y - x @ (w + step * unit)) ** 2) - np.mean((y - x @ (w - step * unit)) ** 2)) / (2 * step)
        for unit in np.eye(3)
    ]
    assert module.vectorised_gradient(x, y, w) == pytest.approx(slopes, abs=1e-6)


def test_a_trainer_that_drops_the_last_batch_is_noticed(monkeypatch):
    def dropping(model, x, y, batch_size, epochs):
        whole = len(x) // batch_size * batch_size
        return fit(model, x[:whole], y[:whole], batch_size=batch_size, epochs=epochs)

    fit = recipes.training.fit
    monkeypatch.setattr(recipes.training, "fit", dropping)
    facts = module.updates()
    assert facts["updates_of_1000_in_32"] == "model.fit: 32; compiled trainer: 31"
    assert verdict(facts | module.printed_mini_batches(), "gd-minibatch-floor") == "not reproduced"
    assert verdict(facts, "gd-updates-per-epoch") == "reproduced"
