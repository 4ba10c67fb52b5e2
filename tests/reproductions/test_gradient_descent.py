"""Verdicts of the gradient descent record, and faults that change them."""

import keras
import numpy as np
import pytest
from judged import verdicts_of

from reproductions import gradient_descent as module
from reproductions.verdicts import judge_claim


def test_verdicts_of_the_record():
    assert set(verdicts_of("gradient_descent").values()) == {"reproduced"}


@pytest.mark.parametrize(
    ("rate", "name"),
    [(0.1, "converges"), (0.9, "overshoots, converges"), (1.0, "overshoots, cycles"), (1.1, "overshoots, diverges")],
)
def test_a_way_is_named_for_what_it_does(rate, name):
    assert module.behaviour(3 * (1 - 2 * rate) ** np.arange(21)) == name


def test_the_first_step_below_a_bound():
    assert module.first_below(0.4 ** np.arange(20), 1e-3) == 8
    assert module.first_below(np.ones(5), 1e-3) == -1


def test_the_excess_loss_is_that_of_the_rows():
    rows, exact = module.problems()
    position = exact + 0.3
    loss = ((np.einsum("npd,pd->np", rows[..., :2], position) - rows[..., 2]) ** 2).mean(axis=0)
    least = [module.least_loss(rows, exact, problem) for problem in range(module.PROBLEMS)]
    assert module.excess(position[None], rows, exact)[0] == pytest.approx(loss - least, abs=1e-5)


def verdict(facts, claim_id):
    claim = next(claim for claim in module.CLAIMS if claim.id == claim_id)
    return judge_claim(claim, facts, {})["verdict"]


def test_going_along_the_gradient_is_noticed(monkeypatch):
    monkeypatch.setattr(module, "RATES", (0.1,))
    assert verdict(module.parabola(), "gd-minus-sign") == "reproduced"
    monkeypatch.setattr(module, "sgd", lambda rate: lambda: Climbing(rate))
    assert verdict(module.parabola(), "gd-minus-sign") == "not reproduced"


class Climbing(keras.optimizers.SGD):
    def update_step(self, gradient, variable, learning_rate):
        super().update_step(-gradient, variable, learning_rate)
