"""Verdicts of the loss examples; faulty losses change them."""

import pytest
from keras import ops

from recipes import losses
from reproductions import loss_examples as module
from reproductions.ledger import finite
from reproductions.verdicts import judge_claim

ERRATA = {"loss-bce-worked-example", "loss-mse-convex-linear", "loss-bce-needs-sigmoid"}


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


def test_a_huber_loss_with_a_kink_is_noticed(monkeypatch):
    class Kinked(losses.Huber):
        def call(self, y_true, y_pred):  # the linear piece without its offset: value and slope no longer meet
            size = ops.abs(y_true - y_pred)
            return ops.mean(ops.where(size <= self.delta, 0.5 * size * size, self.delta * size), axis=-1)

    monkeypatch.setattr(losses, "Huber", Kinked)
    found = finite(module.huber_error())
    assert "keras.losses" in found["huber_minus_formula"]
    assert verdict(found, "loss-huber-formula") == verdict(found, "loss-huber-differentiable") == "not reproduced"


def test_a_cross_entropy_that_forgets_target_0_is_noticed(monkeypatch):
    class Half(losses.BinaryCrossentropy):
        def call(self, y_true, y_pred):
            return ops.mean(-y_true * ops.log(y_pred), axis=-1)

    monkeypatch.setattr(losses, "BinaryCrossentropy", Half)
    found = finite(module.binary())
    for name in ("loss-bce-worked-example", "loss-bce-formula-000", "loss-bce-limits"):
        assert verdict(found, name) == "not reproduced"


def test_figures_are_painted(facts):
    import matplotlib.pyplot as plt

    for figure in module.FIGURES:
        plt.close(figure.paint({name: facts[name] for name in figure.facts}))
