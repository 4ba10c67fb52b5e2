"""Verdicts of the feature scaling examples; a scaler that sees the test rows changes them."""

import numpy as np
import pytest

from recipes import scaling
from recipes.datasets import DatasetUnavailable
from reproductions import feature_scaling as module
from reproductions.ledger import finite
from reproductions.verdicts import judge_claim


@pytest.fixture(scope="module")
def facts():
    return finite(module.examine())


@pytest.mark.parametrize("claim", [c for c in module.CLAIMS if not c.data], ids=lambda claim: claim.id)
def test_verdicts(facts, claim):
    judged = judge_claim(claim, facts, {})
    assert judged["verdict"] == "reproduced", [(check["quantity"], check["measured"]) for check in judged["checks"]]


def test_verdicts_on_admission():
    try:
        facts = finite(module.examine_data())
    except DatasetUnavailable as error:
        pytest.skip(str(error))
    for claim in module.CLAIMS:
        if claim.data:
            assert judge_claim(claim, facts, {})["verdict"] == "reproduced"


def verdict(facts, name):
    return next(judge_claim(claim, facts, {})["verdict"] for claim in module.CLAIMS if claim.id == name)


def test_a_leaking_scaler_is_noticed(facts, monkeypatch):
    def leaking(train, *others):
        scaler = scaling.FeatureScaler().fit(np.concatenate([train, *others]))
        return tuple(scaler.transform(part) for part in (train, *others))

    monkeypatch.setattr(scaling, "scale_splits", leaking)
    assert verdict(facts | finite(module.fitting()), "scaling-fit-train-only") == "not reproduced"


def test_the_walk_is_gradient_descent():
    x, y = module.people(3)
    design = module.with_intercept(module.standardised(x))
    walk, w = module.Walk(design, y), np.zeros(3)
    for _ in range(7):
        w -= walk.rate * 2 * design.T @ (design @ w - y) / len(y)
    np.testing.assert_allclose(walk.weights([7])[0], w, atol=1e-12)
    loss = np.mean((design @ w - y) ** 2)
    np.testing.assert_allclose(walk.least_loss + walk.excess(7), loss, atol=1e-12)
