"""Verdicts of the optimizer examples; faulty optimizers change them."""

import pytest
from keras import ops

from recipes import moving_average, optimizers
from reproductions import optimizer_examples as module
from reproductions.ledger import finite
from reproductions.verdicts import judge_claim

ERRATA = {"optimizer-ewma-pandas", "optimizer-adam-formula", "optimizer-adam-epsilon"}


@pytest.fixture(scope="module")
def facts():
    return finite(module.examine())


@pytest.mark.parametrize("claim", module.CLAIMS, ids=lambda claim: claim.id)
def test_verdicts(facts, claim):
    judged = judge_claim(claim, facts, {})
    measured = [(check["quantity"], check["measured"]) for check in judged["checks"]]
    assert judged["verdict"] == ("erratum" if claim.id in ERRATA else "reproduced"), measured


def test_what_the_remarks_say(facts):
    assert facts["steps_to_half_of_a_jump"] == [1, 7, 35]
    assert facts["plain_average_of_equal_variance"] == [19, 3, 99]
    assert facts["last_ten_gradients_percent_of_V"] == 65
    assert facts["keras_weights_are_W"] is False and facts["largest_distance_from_W"] == pytest.approx(0.82, abs=0.005)
    assert facts["keras_adagrad_defaults"] == [0.1, 1e-7]
    assert facts["first_step_with_defaults_and_as_printed"] == pytest.approx([0.953, 1.0], abs=5e-4)
    assert facts["flat_rate_over_steep_rate"] == pytest.approx(100, abs=0.1)
    assert facts["first_step_for_gradient_1e-10_notes_and_paper"] == [1e-9, 9.901e-6]
    assert facts["first_step_over_eta_without_correction"] == pytest.approx(3.162, abs=1e-3)
    assert facts["adam_is_rmsprop_with_momentum_argument"] is False
    after_1, _, after_100 = facts["pandas_minus_recursion_from_zero_at_1_10_100"]
    assert after_1 > 10 and abs(after_100) < 0.01


def verdicts(facts, *names):
    return {claim.id: judge_claim(claim, facts, {})["verdict"] for claim in module.CLAIMS if claim.id in names}


def test_adam_without_bias_correction_is_noticed(monkeypatch):
    monkeypatch.setattr(
        optimizers.Adam, "_corrected_rate", lambda self, learning_rate, dtype: ops.cast(learning_rate, dtype)
    )
    names = ("optimizer-adam-bias-correction",)
    assert verdicts(finite(module.bias_correction()), *names) == dict.fromkeys(names, "not reproduced")


def test_momentum_that_ignores_the_look_ahead_is_noticed(monkeypatch):
    class Plain(optimizers.SGD):
        def __init__(self, learning_rate=0.01, momentum=0.0, nesterov=False):
            super().__init__(learning_rate, momentum)

    monkeypatch.setattr(optimizers, "SGD", Plain)
    found = finite(module.nesterov())
    names = ("optimizer-nag-formula", "optimizer-nag-code")
    assert verdicts(found, *names) == dict.fromkeys(names, "not reproduced")
    assert "keras.optimizers" in found["keras_weights_minus_look_ahead_points"]


def test_a_corrected_average_in_place_of_the_recursion_is_noticed(monkeypatch):
    plain = moving_average.moving_average
    monkeypatch.setattr(moving_average, "moving_average", lambda series, beta, *_, **__: plain(series, beta, True))
    names = ("optimizer-ewma-formula",)
    assert verdicts(finite(module.averages()), *names) == dict.fromkeys(names, "not reproduced")
