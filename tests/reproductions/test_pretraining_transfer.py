"""ULMFiT in small: verdict of the record, where classifiers start, and faults that are seen."""

from dataclasses import replace

import numpy as np
import pytest
from judged import verdicts_of

from reproductions import pretraining_transfer as module
from reproductions.networks import Split

TINY = {"words": 6, "vocabulary": 30, "width": 4, "epochs": 3, "reading_epochs": 1}


def test_verdict_of_the_record():
    assert verdicts_of("pretraining_transfer") == {"llm-lm-pretraining-transfers": "reproduced"}


@pytest.fixture
def tiny(monkeypatch):
    rng = np.random.default_rng(0)
    texts = rng.integers(1, 30, (module.POOL, 6)).astype("int32")
    labels = (texts[:, 0] > 15).astype("float32")
    parts = texts, labels, texts[:200], labels[:200]
    monkeypatch.setattr(module, "reviews", lambda words, vocabulary: parts)
    monkeypatch.setattr(module, "POOL", 600)
    return Split(*(part[:600] for part in parts))


def test_a_seed_has_the_same_labelled_reviews_wherever_it_starts():
    rows = [module.rows_of(module.VARIANTS[name], 3) for name in ("scratch_100", "pretrained_100", "scratch_slow_100")]
    assert all(len(set(one)) == 100 for one in rows)
    np.testing.assert_array_equal(rows[0], rows[1])
    np.testing.assert_array_equal(rows[0], rows[2])
    assert len(set(rows[0]) & set(module.rows_of(module.VARIANTS["scratch_100"], 4))) < 20


def test_variants_differ_in_start_and_fine_tuning_alone():
    for n in module.SIZES_OF_LABELS:
        plain = replace(module.VARIANTS[f"scratch_{n}"], pretrained=True)
        assert plain == module.VARIANTS[f"plain_{n}"]
        assert replace(plain, gradual=True) == module.VARIANTS[f"pretrained_{n}"]
        assert module.EPOCHS[n] * -(-n // 20) in (150, 225, 300)


def test_classifiers_start_from_the_language_model(tiny, monkeypatch):
    config = replace(module.VARIANTS["pretrained_100"], **TINY)
    known = [np.full((30, 4), 0.5), *(np.full(shape, 0.25) for shape in ((4, 16), (4, 16), (16,)))]
    monkeypatch.setattr(module, "read_reviews", lambda *settings: (known, 12.0))
    model = module.build_model(config)
    for one, other in zip(model.get_weights()[:4], known, strict=True):
        np.testing.assert_array_equal(one, other)
    scratch = module.build_model(replace(config, pretrained=False, gradual=False))
    assert all(np.std(weights) > 0 for weights in scratch.get_weights()[:2])
    assert (model.optimizer.factor, model.optimizer.unfreeze_every) == (2.6, 5)
    assert (scratch.optimizer.factor, scratch.optimizer.unfreeze_every) == (1.0, 0)


def test_a_changed_setting_changes_the_trace(tiny):
    config = replace(module.VARIANTS["scratch_100"], **TINY)
    plain = module.trace(config, tiny)
    assert np.abs(np.array(plain) - module.trace(replace(config, learning_rate=0.02), tiny)).max() > 1e-4
