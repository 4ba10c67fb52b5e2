"""Verdicts of the language models' sizes; a block with other weights changes them."""

import pytest

import layers
from recipes.models.gpt import GPT_SIZES
from reproductions import language_model_sizes as module
from reproductions.ledger import finite
from reproductions.verdicts import judge_claim

ERRATA = {"llm-gpt2-params", "llm-gpt3-data-45tb"}
NOT_REPRODUCED = {"llm-gpt4-params"}


@pytest.fixture(scope="module")
def facts():
    return finite(module.examine())


@pytest.mark.parametrize("claim", module.CLAIMS, ids=lambda claim: claim.id)
def test_verdicts(facts, claim):
    expected = "erratum" if claim.id in ERRATA else "not reproduced" if claim.id in NOT_REPRODUCED else "reproduced"
    assert judge_claim(claim, facts, {})["verdict"] == expected


def test_counts(facts):
    assert facts["parameters"] == {
        "gpt1": 116_534_784,
        "gpt2": 1_557_611_200,
        "gpt3": 174_604_259_328,
        "bert_base": 109_482_240,
        "bert_large": 335_141_888,
    }
    assert facts["bert_millions"] == [109, 335]
    for name, parts in facts["parts"].items():
        assert sum(parts.values()) == facts["parameters"][name]
    width = GPT_SIZES["gpt3"]["hidden_dim"]
    assert facts["parts"]["gpt3"]["attention"] == 96 * (4 * width**2 + 4 * width)


def test_the_published_shares_add_up():
    tokens, shares, passes = zip(*module.GPT3_DATA.values(), strict=True)
    assert sum(tokens) == 499
    assert 100 <= sum(shares) <= 101  # printed rounded
    for size, share, read in zip(tokens, shares, passes, strict=True):
        assert share / 100 * module.GPT3_BILLION_TOKENS_READ / size == pytest.approx(read, rel=0.2)


def test_a_block_with_a_narrow_hidden_layer_is_noticed(monkeypatch):
    class Narrow(layers.TransformerDecoderBlock):
        def __init__(self, *args, intermediate_dim, **options):
            super().__init__(*args, intermediate_dim=intermediate_dim // 2, **options)

    monkeypatch.setattr(layers, "TransformerDecoderBlock", Narrow)
    found = finite(module.examine())
    verdicts = {claim.id: judge_claim(claim, found, {})["verdict"] for claim in module.CLAIMS}
    assert [verdicts[f"llm-gpt{n}-params"] for n in (1, 2, 3)] == ["not reproduced"] * 3
