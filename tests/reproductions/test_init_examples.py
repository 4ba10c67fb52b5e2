"""Verdicts of the initialisation and chain-rule examples; faulty initializers change them."""

import keras
import pytest

from recipes import initializers
from reproductions import init_examples as module
from reproductions.ledger import finite
from reproductions.verdicts import judge_claim

ERRATA = {"init-xavier-variance", "gradient-factors-below-one"}


@pytest.fixture(scope="module")
def facts():
    return finite(module.examine())


@pytest.mark.parametrize("claim", module.CLAIMS, ids=lambda claim: claim.id)
def test_verdicts(facts, claim):
    judged = judge_claim(claim, facts, {})
    measured = [(check["quantity"], check["measured"]) for check in judged["checks"]]
    assert judged["verdict"] == ("erratum" if claim.id in ERRATA else "reproduced"), measured


def verdict(facts, name):
    return next(judge_claim(claim, facts, {})["verdict"] for claim in module.CLAIMS if claim.id == name)


def test_a_recipe_with_the_documents_variance_is_noticed(facts, monkeypatch):
    def halved(seed):
        return keras.initializers.VarianceScaling(0.5, "fan_avg", "truncated_normal", seed=seed)

    monkeypatch.setattr(initializers, "GlorotNormal", halved)
    found = facts | finite(module.variances())
    assert "recipes" in found["glorot_normal_variance_times_fan_sum"]
    assert verdict(found, "init-xavier-variance") == "not reproduced"


def test_a_he_variance_without_its_factor_2_is_noticed(facts, monkeypatch):
    for library in (keras.initializers, initializers):
        monkeypatch.setattr(library, "HeNormal", keras.initializers.LecunNormal)
    assert verdict(facts | finite(module.variances()), "init-he-variance") == "not reproduced"
