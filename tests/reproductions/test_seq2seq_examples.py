"""Verdicts of the encoder-decoder examples; a loss or a loop that is wrong changes them."""

import keras
import pytest

from recipes.models import seq2seq
from reproductions import seq2seq_examples as module
from reproductions.ledger import finite
from reproductions.verdicts import judge_claim


@pytest.fixture(scope="module")
def facts():
    return finite(module.examine())


@pytest.mark.parametrize("claim", module.CLAIMS, ids=lambda claim: claim.id)
def test_verdicts(facts, claim):
    judged = judge_claim(claim, facts, {})
    assert judged["verdict"] == "reproduced", [(check["quantity"], check["measured"]) for check in judged["checks"]]


def test_a_loss_that_counts_the_padding_is_noticed(facts, monkeypatch):
    monkeypatch.setattr(seq2seq, "real_words", lambda targets: keras.ops.ones(targets.shape))
    claim = next(claim for claim in module.CLAIMS if claim.id == "seq2seq-crossentropy-loss")
    judged = judge_claim(claim, {**facts, **finite(module.cross_entropy())}, {})
    assert judged["verdict"] == "not reproduced"


def test_a_decoder_that_is_not_fed_its_words_is_noticed(monkeypatch):
    def deaf(self, tokens, position, state):
        return step(self, 0 * tokens + 2, position, state)

    step = seq2seq.Seq2Seq.step
    monkeypatch.setattr(seq2seq.Seq2Seq, "step", deaf)
    claim = next(claim for claim in module.CLAIMS if claim.id == "seq2seq-decoder-feedback")
    assert judge_claim(claim, finite(module.feedback()), {})["verdict"] == "not reproduced"
