"""BERT and GPT on walks: verdicts of the record, the language, what is masked, and faults that are seen."""

import keras
import numpy as np
import pytest
from judged import verdicts_of

import layers
from reproductions import masked_and_causal as module
from reproductions.verdicts import judge_claim

METRICS = {"bert": {"gap_loss": [0.4, 0.41]}, "gpt": {"gap_loss": [0.7, 0.71], "legal_steps": [0.99, 0.991]}}
"""Of networks that learned; the claims' other checks are facts."""


def test_verdicts_of_the_record():
    assert verdicts_of("masked_and_causal") == {
        "llm-bert-encoder-only": "reproduced",
        "llm-gpt-decoder-only": "reproduced",
    }


@pytest.fixture(scope="module")
def facts():
    return module.examine()


def verdicts(facts):
    return {claim.id: judge_claim(claim, facts, METRICS)["verdict"] for claim in module.CLAIMS}


def test_facts_decide_for_networks_that_learned(facts):
    assert set(verdicts(facts).values()) == {"reproduced"}
    assert facts["least_gap_loss"] == {"left side": 0.693, "both sides": pytest.approx(0.3466, abs=0.002)}


def test_a_bert_with_a_causal_mask_is_noticed(facts, monkeypatch):
    class Causal(layers.TransformerEncoderBlock):
        def call(self, inputs, **options):
            return super().call(inputs, **{**options, "use_causal_mask": True})

    monkeypatch.setattr(layers, "TransformerEncoderBlock", Causal)
    model = module.build_model(module.VARIANTS["bert"])
    seen = module.looks_at(model, np.arange(1, 9, dtype="int32")[None])
    assert verdicts(facts | {"bert_looks_at": seen})["llm-bert-encoder-only"] == "not reproduced"


def test_a_gpt_that_sees_the_future_is_noticed(facts, monkeypatch):
    class SeesTheFuture(layers.TransformerDecoderBlock):
        def call(self, inputs, encoder_outputs=None, use_causal_mask=True, **options):
            return super().call(inputs, encoder_outputs, use_causal_mask=False, **options)

    monkeypatch.setattr(layers, "TransformerDecoderBlock", SeesTheFuture)
    model = module.build_model(module.VARIANTS["gpt"])
    seen = module.looks_at(model, np.arange(1, 9, dtype="int32")[None])
    assert verdicts(facts | {"gpt_looks_at": seen})["llm-gpt-decoder-only"] == "not reproduced"


def test_walks_step_to_a_neighbour():
    letters = module.walks(np.random.default_rng(0), 50)
    assert letters.min() == 1 and letters.max() == module.LETTERS
    assert np.isin(np.diff(letters, axis=1) % module.LETTERS, (1, module.LETTERS - 1)).all()
    known = module.is_certain(letters)
    assert known.shape == (50, module.LENGTH - 2) and 0.4 < known.mean() < 0.6


def test_targets_stand_where_the_loss_looks():
    letters = module.walks(np.random.default_rng(0), 4000)
    inputs, targets = module.gaps(np.random.default_rng(1), letters, 0.15)
    chosen = targets != module.NONE
    assert chosen.any(axis=1).all() and abs(chosen.mean() - 0.15) < 0.01
    np.testing.assert_array_equal(targets[chosen], letters[chosen])
    np.testing.assert_array_equal(inputs[~chosen], letters[~chosen])
    assert abs((inputs[chosen] == module.MASK).mean() - 0.8) < 0.02
    wanted = module.one_gap(np.random.default_rng(2), letters)
    assert ((wanted > 0).sum(axis=1) == 1).all() and not wanted[:, [0, -1]].any()


def test_both_networks_meet_the_same_gaps():
    bert, gpt = (module.load_data(module.VARIANTS[name]) for name in ("bert", "gpt"))
    np.testing.assert_array_equal(bert.y_test, gpt.y_test)
    np.testing.assert_array_equal(
        np.where(bert.x_test == module.MASK, bert.y_test, bert.x_test)[:, :-1], gpt.x_test[:, 1:]
    )


def test_the_loss_counts_targets_alone():
    model = module.build_model(module.VARIANTS["bert"])
    data = module.load_data(module.VARIANTS["bert"])
    x, wanted = data.x_test[:16], data.y_test[:16]
    found = model.evaluate(x, wanted, batch_size=16, verbose=0)
    assert found == pytest.approx(module.gap_losses(model, x, wanted).mean(), rel=1e-4)
    assert isinstance(model.loss, keras.losses.SparseCategoricalCrossentropy)
