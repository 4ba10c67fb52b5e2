"""Verdicts on the small Transformer from the ledger; its toy language, and what is counted and measured of it."""

from dataclasses import replace
from functools import partial
from unittest import mock

import keras
import numpy as np
import pytest
from judged import verdicts_of

from recipes.datasets import DatasetUnavailable
from recipes.training import epochs
from reproductions import attention_training_time, transformer_pairs, translation_german
from reproductions import transformer_hindi as module

SMALL = {"layers": 1, "width": 16, "heads": 2, "intermediate_dim": 16}


@pytest.fixture(scope="module")
def toy():
    return module.load_data(module.VARIANTS["backward"])


@pytest.fixture(scope="module")
def model():
    keras.utils.set_random_seed(3)
    model = module.build_model(replace(module.VARIANTS["backward"], **SMALL))
    rng = np.random.default_rng(0)
    model.set_weights([weight + rng.normal(scale=0.5, size=weight.shape) for weight in model.get_weights()])
    return model


def test_verdicts():
    assert verdicts_of("transformer_hindi") == {
        "transformer-no-recurrence": "reproduced",
        "transformer-inference-autoregressive": "reproduced",
        "attention-cross-alignment": "reproduced",
    }
    assert set(verdicts_of("attention_training_time")) == {"attention-still-sequential-rnn"}
    assert set(verdicts_of("translation_german")) == {"transformer-translates-german"}


def test_the_toy_language_is_word_for_word(toy):
    numbers = dict(zip(module.ENGLISH_NUMBERS, module.GERMAN_NUMBERS, strict=True))
    forward = module.load_data(module.VARIANTS["forward"])
    for data, step in ((forward, 1), (toy, -1)):
        for english, german in data.test["toy"]:
            assert [numbers[word] for word in english.split()] == german.split()[::step]
        assert data.test["toy"][-1][0] == module.SHOWN
        assert len(data.y_train) == module.TOY_PAIRS and set(data.lengths) == {module.LONGEST + 1}


def test_calls_are_counted(model, toy):
    tested = toy.test["toy"][:3]
    found = module.calls(model, toy, tested)
    assert found["extra_decoder_calls"] == 0 and found["encoder_calls_a_sentence"] == 1
    assert found["words_unlike_whole_model"] == 0 and 1 <= found["words_a_sentence"] <= module.LONGEST_OUTPUT


def test_a_cache_that_forgets_and_a_second_encoding_are_noticed(model, toy):
    """Planted faults: the step writes its keys and values at the wrong place; the encoder runs twice."""
    tested, step, start = toy.test["toy"][:3], model.step, model.start
    with mock.patch.object(model, "step", lambda tokens, position, state: step(tokens, 0 * position, state)):
        assert module.calls(model, toy, tested)["words_unlike_whole_model"] > 0
    with mock.patch.object(model, "start", lambda *given: (model.encode(given[0]), start(*given))[1]):
        assert module.calls(model, toy, tested)["encoder_calls_a_sentence"] == 2


def test_alignment_is_the_largest_weight_of_each_word(model, toy, monkeypatch):
    tested = toy.test["toy"][:5]

    def weights(data, pairs, order):
        found = np.zeros((len(pairs), 12, 12))
        for row, (english, _) in enumerate(pairs):
            places = np.arange(len(english.split()))
            found[row, places, places[::order]] = 1
        return found

    for order, share in ((-1, 1.0), (1, 0.0)):
        monkeypatch.setattr(module, "cross_attention", lambda _, data, pairs, order=order: weights(data, pairs, order))
        aligned = module.alignment(model, toy, tested, "backward")["aligned"]
        assert aligned == share if share else aligned < 0.3


def test_cross_attention_is_the_mean_over_blocks_and_heads(model, toy):
    pairs = toy.test["toy"][:2]
    source = toy.source.batch([one for one, _ in pairs])[0]
    target = toy.target.batch([other for _, other in pairs], start=True)[0]
    expected = np.mean([cross for _, cross in model.attention_weights(source, target)], axis=(0, 2))
    np.testing.assert_allclose(module.cross_attention(model, toy, pairs), expected, atol=1e-6)


def test_greedy_texts_do_not_depend_on_the_batch(model, toy):
    words = toy.source.batch([one for one, _ in toy.test["toy"][:7]])[0]
    whole = transformer_pairs.written(model, words, 12)
    np.testing.assert_array_equal(whole, transformer_pairs.written(model, words, 12, batch_size=3))
    np.testing.assert_array_equal(whole, transformer_pairs.written(model, words, 12, beams=1))
    assert (whole != 1).all()  # the unknown word is never written
    assert transformer_pairs.written(model, words, 12, beams=3).shape == (7, 12)


def test_networks_of_the_timing_have_as_many_weights():
    counts = {}
    for network in attention_training_time.NETWORKS:
        model = attention_training_time.build_model(network, (1500, 1500))
        model.build([(None, None), (None, None)])
        counts[network] = model.count_params()
    assert 1 <= counts["transformer"] / counts["bahdanau"] < 1.05
    assert counts["luong"] / counts["bahdanau"] > 0.9


def test_an_epoch_to_time_trains(monkeypatch):
    monkeypatch.setattr(epochs, "EpochProgram", partial(epochs.EpochProgram, jit_compile=False))
    rng = np.random.default_rng(0)
    x, y = (rng.integers(4, 50, (64, 5)).astype("int32"),) * 2, rng.integers(4, 50, (64, 5)).astype("int32")
    model = attention_training_time.build_model("transformer", (50, 50))
    before = model.get_weights()[0].copy()
    attention_training_time.epoch(model, x, y)()
    assert np.abs(model.get_weights()[0] - before).max() > 0


def test_sizes_of_the_german_vocabularies():
    config = translation_german.VARIANTS["gru"]
    try:
        data = translation_german.load_data(config)
    except DatasetUnavailable as missing:
        pytest.skip(str(missing))
    assert (len(data.source), len(data.target)) == translation_german.vocabulary_sizes(config.min_count)
    assert len(data.y_train) % config.batch_size == 0
