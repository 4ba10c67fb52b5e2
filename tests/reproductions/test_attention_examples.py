"""Verdicts of the attention and Transformer examples; faulty layers change them."""

import keras
import pytest

import layers
from reproductions import attention_examples as module
from reproductions.ledger import finite
from reproductions.verdicts import judge_claim

ERRATA = {
    "posenc-attention-order-blind",
    "posenc-dimension-index",
    "transformer-training-nonautoregressive",
}


@pytest.fixture(scope="module")
def facts():
    return finite(module.examine())


@pytest.mark.parametrize("claim", module.CLAIMS, ids=lambda claim: claim.id)
def test_verdicts(facts, claim):
    judged = judge_claim(claim, facts, {})
    measured = [(check["quantity"], check["measured"]) for check in judged["checks"]]
    assert judged["verdict"] == ("erratum" if claim.id in ERRATA else "reproduced"), measured


def verdicts(facts, *names):
    return {claim.id: judge_claim(claim, facts, {})["verdict"] for claim in module.CLAIMS if claim.id in names}


def test_unscaled_attention_is_noticed(monkeypatch):
    monkeypatch.setattr(layers, "ScaledDotProductAttention", keras.layers.Attention)
    found = finite(module.scaled_dot_product())
    assert verdicts(found, "attention-scaled-dot-formula") == {"attention-scaled-dot-formula": "not reproduced"}


def test_a_decoder_block_without_mask_is_noticed(monkeypatch):
    class SeesTheFuture(layers.TransformerDecoderBlock):
        def call(self, inputs, encoder_outputs=None, use_causal_mask=True, **options):
            return super().call(inputs, encoder_outputs, use_causal_mask=False, **options)

    monkeypatch.setattr(layers, "TransformerDecoderBlock", SeesTheFuture)
    found = finite(module.training_and_inference())
    names = ("transformer-train-parallel", "transformer-mask-at-inference", "transformer-training-nonautoregressive")
    assert verdicts(found, *names) == dict.fromkeys(names, "not reproduced")


def test_positions_from_another_wavelength_are_noticed(monkeypatch):
    class Short(layers.SinusoidalPositionalEncoding):
        def __init__(self, **options):
            super().__init__(max_wavelength=1000.0, **options)

    monkeypatch.setattr(layers, "SinusoidalPositionalEncoding", Short)
    found = finite(module.positions())
    names = ("posenc-sinusoid-formula", "posenc-relative-linear")
    assert verdicts(found, *names) == dict.fromkeys(names, "not reproduced")
