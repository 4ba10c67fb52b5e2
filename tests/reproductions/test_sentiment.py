"""Recurrent networks on reviews and digits: verdicts of the records, sizes, word numbers, zeros that must not be read."""

import keras
import numpy as np
import pytest
from judged import verdicts_of

import layers
from reproductions import gru_small_data, imdb_sentiment, recurrent_speed, rows_as_steps
from reproductions.verdicts import judge_claim

VERDICTS = {
    "imdb_sentiment": {
        "rnn-sentiment-example": "inconclusive",
        "gru-faster-than-lstm-000": "not reproduced",
        "gru-similar-performance": "not reproduced",
    },
    "gru_small_data": {"gru-small-data-less-overfit": "not reproduced"},
    "rows_as_steps": {"rnn-not-for-images": "reproduced"},
    "recurrent_speed": {"transformer-faster-training": "not reproduced"},
}


@pytest.mark.parametrize("name", VERDICTS)
def test_verdicts_of_the_records(name):
    assert verdicts_of(name) == VERDICTS[name]


def test_weights_of_the_documented_networks():
    counts = {name: imdb_sentiment.build_model(imdb_sentiment.Config(name)).count_params() for name in ("lstm", "gru")}
    assert counts == {"lstm": 1_329_473, "gru": 1_317_313}


def test_weights_of_the_other_networks_on_reviews():
    words, step = 10_000 * 128, (128 + 64 + 1) * 64
    counts = {
        name: imdb_sentiment.build_model(imdb_sentiment.Config(name)).count_params()
        for name in ("rnn", "stacked_lstm", "bidirectional_lstm")
    }
    assert counts == {
        "rnn": words + step + 65,
        "stacked_lstm": words + 4 * step + 4 * (64 + 64 + 1) * 64 + 65,
        "bidirectional_lstm": words + 2 * 4 * step + 129,
    }


def test_networks_on_digits_have_about_equally_many_weights():
    networks = {name: rows_as_steps.build_model(rows_as_steps.VARIANTS[name]) for name in ("rnn", "lstm", "cnn")}
    assert {name: network.count_params() for name, network in networks.items()} == {
        "rnn": 17_452,
        "lstm": 17_378,
        "cnn": 17_578,
    }


def rank_lists():
    rng = np.random.default_rng(0)
    lists = [rng.integers(1, 15_000, length).tolist() for length in (5, 30, 12, 1)]
    return [*lists, [9_996, 9_997, 1]]  # 9,996 + 3 is the last common number


def numbers_of_keras(reviews, tmp_path, monkeypatch, words):
    """The lists as `load_data` numbers them, sorted back into their order, cut and padded behind."""
    arrays = np.array(reviews, dtype=object), np.arange(len(reviews))
    path = tmp_path / "imdb.npz"
    np.savez(path, x_train=arrays[0], y_train=arrays[1], x_test=arrays[0], y_test=arrays[1])
    monkeypatch.setattr("keras.src.datasets.imdb.get_file", lambda *args, **kwargs: str(path))
    (x, order), _ = keras.datasets.imdb.load_data(num_words=imdb_sentiment.FREQUENT)
    rows = [x[place] for place in np.argsort(order)]
    return keras.utils.pad_sequences(rows, words, padding="post", truncating="post")


def padded(reviews, words):
    return keras.utils.pad_sequences(reviews, words, padding="post", truncating="post")


def test_words_are_numbered_as_keras_does(tmp_path, monkeypatch):
    reviews = rank_lists()
    expected = numbers_of_keras(reviews, tmp_path, monkeypatch, 20)
    np.testing.assert_array_equal(imdb_sentiment.numbered(padded(reviews, 25), 20), expected)


def test_numbers_without_the_offset_are_noticed(tmp_path, monkeypatch):
    reviews = rank_lists()
    expected = numbers_of_keras(reviews, tmp_path, monkeypatch, 20)
    monkeypatch.setattr(imdb_sentiment, "OFFSET", 0)
    assert (imdb_sentiment.numbered(padded(reviews, 25), 20) != expected).any()


def test_the_sentence_is_read_word_by_word():
    ranks = {"i": 10, "love": 116, "this": 11, "movie": 17}
    rows = imdb_sentiment.numbered(imdb_sentiment.prefixes("I love this movie", ranks, 8), 8)
    assert rows.tolist() == [[1, 13, 119, 14, 20][: read + 1] + [0] * (7 - read) for read in (1, 2, 3, 4)]


def outputs_at_two_lengths(network):
    """What one network says of five numbers alone and with 15 zeros behind them."""
    sentence, found, weights = np.array([[1, 13, 119, 14, 20]]), [], None
    for words in (5, 20):
        model = imdb_sentiment.build_model(imdb_sentiment.Config(network, units=4, words=words))
        if weights is None:
            keras.utils.set_random_seed(0)
            weights = [np.random.default_rng(1).normal(0, 0.5, weight.shape) for weight in model.weights]
        model.set_weights(weights)
        found.append(float(model(np.pad(sentence, ((0, 0), (0, words - 5))))[0, 0]))
    return found


@pytest.mark.parametrize("network", imdb_sentiment.VARIANTS)
def test_zeros_behind_a_review_are_not_read(network):
    few, many = outputs_at_two_lengths(network)
    assert few == pytest.approx(many, abs=1e-6)


def test_zeros_that_are_read_are_noticed(monkeypatch):
    monkeypatch.setattr(keras.layers.Embedding, "compute_mask", lambda *args, **kwargs: None)
    few, many = outputs_at_two_lengths("rnn")
    assert abs(few - many) > 1e-3


def test_both_libraries_time_the_same_networks():
    words = np.random.default_rng(0).integers(1, 10_000, (2, 7))
    for network, weights in (("lstm_128", 131_584), ("transformer", 132_480)):
        ours, theirs = (recurrent_speed.build(network, 7, library) for library in (layers, keras.layers))
        assert ours.count_params() == theirs.count_params() == 10_000 * 128 + weights + 129
        theirs.set_weights(ours.get_weights())
        np.testing.assert_allclose(ours(words), theirs(words), atol=1e-5)


def test_both_networks_of_a_seed_read_the_same_reviews():
    first, again, other = (gru_small_data.rows_of(seed) for seed in (3, 3, 4))
    assert len(set(first)) == gru_small_data.REVIEWS
    assert first.tolist() == again.tolist() != other.tolist()


def verdict_of(claim_id, accuracy, probability):
    (claim,) = (claim for claim in imdb_sentiment.CLAIMS if claim.id == claim_id)
    metrics = {"rnn": {"test_accuracy": accuracy, "sentence_probability": probability}}
    return judge_claim(claim, {}, metrics)["verdict"]


def test_a_network_that_guesses_or_calls_the_sentence_negative_is_noticed():
    good, sure = [0.7, 0.72, 0.71], [0.8, 0.75, 0.9]
    assert verdict_of("rnn-sentiment-example", good, sure) == "reproduced"
    assert verdict_of("rnn-sentiment-example", [0.5, 0.51, 0.49], sure) == "not reproduced"
    assert verdict_of("rnn-sentiment-example", good, [1 - p for p in sure]) == "not reproduced"
