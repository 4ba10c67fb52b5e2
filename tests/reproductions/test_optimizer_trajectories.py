"""Verdicts of the optimizers on surfaces; another optimizer behind a name changes them."""

import numpy as np
import pytest

from reproductions import optimizer_trajectories as module
from reproductions.ledger import finite
from reproductions.verdicts import judge_claim

ERRATA = {"optimizer-adagrad-stalls", "optimizer-rmsprop-reaches-min"}
NOT_REPRODUCED = {"optimizer-momentum-faster"}


@pytest.fixture(scope="module")
def ways():
    return module.descend_everything()


@pytest.fixture(scope="module")
def facts(ways):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "descend_everything", lambda: ways)
        return finite(module.examine())


def verdicts(facts, *names):
    return {claim.id: judge_claim(claim, facts, {})["verdict"] for claim in module.CLAIMS if claim.id in names}


@pytest.mark.parametrize("claim", module.CLAIMS, ids=lambda claim: claim.id)
def test_verdicts(facts, claim):
    expected = "erratum" if claim.id in ERRATA else "not reproduced" if claim.id in NOT_REPRODUCED else "reproduced"
    judged = judge_claim(claim, facts, {})
    assert judged["verdict"] == expected, [(check["quantity"], check["measured"]) for check in judged["checks"]]


def test_facts_behind_the_remarks(facts):
    assert facts["adagrad_rate_over_its_limit"] == 1.0
    assert facts["momentum_follows_recursion"]
    assert facts["escape_steps"]["SGD"] == facts["escape_steps_of_sgd_by_formula"] == 1047
    assert set(facts["random_starts_that_leave"].values()) == {100}
    assert facts["thrown_out_of_the_deep_well"]["momentum 0.9"] > 0
    assert set(facts["log10_steps_one_rate_over_each_in_a_slanted_valley"]) == {0.0}
    assert min(facts["turns_plain_minus_momentum_at_the_best_rate"]) >= 0
    overshoots = facts["bowls_with_overshoot_by_beta"]
    assert overshoots == [0, 0, int((module.CURVATURES > (1 - module.BETA**0.5) ** 2 / module.RATE).sum()), 40]


def test_momentum_without_look_ahead_is_not_nesterov(ways):
    facts = finite(module.bowls(ways | {"Nesterov 0.9": ways["momentum 0.9"]}))
    assert verdicts(facts, "optimizer-nag-less-oscillation") == {"optimizer-nag-less-oscillation": "not reproduced"}


def test_momentum_that_forgets_is_noticed(ways):
    facts = finite(
        module.bowls(ways | {"momentum 0.9": ways["SGD"]}) | module.wells(ways | {"momentum 0.9": ways["SGD"]})
    )
    names = ("optimizer-momentum-overshoots", "optimizer-momentum-escapes")
    assert verdicts(facts, *names) == dict.fromkeys(names, "not reproduced")


def test_measures_of_a_way():
    w = np.array([1.0, 0.5, -0.25, -0.1, 0.005, -0.001])[:, None]
    assert module.settling(np.abs(w))[0] == 4
    assert module.overshoot(w)[0] == 0.25
    assert module.crossings(w)[0] == 2
    zigzag = np.array([[0.0, 0.0], [1.0, 1.0], [1.2, -1.0], [2.2, 1.0], [3.2, 1.0]])[:, None] - [3.2, 1.0]
    assert module.reversals(zigzag)[0] == 2
