"""Verdicts of the regularization examples; faulty layers, penalties and callbacks change them."""

import keras
import pytest

import layers
from reproductions import regularization_examples as module
from reproductions.ledger import finite
from reproductions.verdicts import judge_claim

ERRATA = {
    "regularization-l2-penalty-formula",
    "regularization-l1-penalty-formula",
    "dropout-three-of-ten",
    "dropout-changes-loss",
}


@pytest.fixture(scope="module")
def facts():
    return finite(module.examine())


@pytest.mark.parametrize("claim", module.CLAIMS, ids=lambda claim: claim.id)
def test_verdicts(facts, claim):
    judged = judge_claim(claim, facts, {})
    measured = [(check["quantity"], check["measured"]) for check in judged["checks"]]
    assert judged["verdict"] == ("erratum" if claim.id in ERRATA else "reproduced"), measured


def verdict(facts, claim_id):
    return next(judge_claim(claim, facts, {})["verdict"] for claim in module.CLAIMS if claim.id == claim_id)


def test_dropout_that_does_not_scale_is_noticed(monkeypatch):
    class Unscaled(keras.layers.Dropout):
        def call(self, inputs, training=False):
            return super().call(inputs, training=training) * (1 - self.rate if training else 1)

    monkeypatch.setattr(layers, "Dropout", Unscaled)
    assert verdict(finite(module.dropout_shares()), "dropout-half-off") == "not reproduced"


def test_dropout_at_prediction_is_noticed(monkeypatch):
    class Always(keras.layers.Dropout):
        def call(self, inputs, training=False):
            return super().call(inputs, training=True)

    monkeypatch.setattr(layers, "Dropout", Always)
    assert verdict(finite(module.dropout_shares()), "dropout-training-only") == "not reproduced"


def test_a_halved_penalty_is_neither_the_documents_nor_keras(monkeypatch):
    monkeypatch.setattr(keras.regularizers.L2, "__call__", lambda self, x: 0.5 * self.l2 * keras.ops.sum(x**2))
    assert verdict(finite(module.penalties()), "regularization-l2-penalty-formula") == "not reproduced"


def test_a_callback_that_keeps_the_last_weights_is_noticed(monkeypatch):
    def forget(callback, logs=None):
        callback.best_weights = None

    monkeypatch.setattr(keras.callbacks.EarlyStopping, "on_train_end", forget)
    assert verdict(finite(module.early_stopping()), "regularization-earlystop-patience3") == "not reproduced"
