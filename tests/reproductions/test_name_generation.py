"""Names: verdicts of the record, the split, n-grams and scores by hand, faults that show."""

import math
from dataclasses import replace

import numpy as np
import pytest
from judged import verdicts_of

import recipes.datasets
from recipes.text import END, START
from reproductions import name_generation as module

VERDICTS = {
    "rnn-generates-names": "reproduced",
    "rnn-recognises-nationality": "reproduced",
    "rnn-names-beat-ngrams": "reproduced",
}


def test_verdicts_of_the_record():
    assert verdicts_of("name_generation") == VERDICTS


@pytest.fixture
def lists(monkeypatch):
    """Three small lists; Anna is in two of them."""
    made = {
        "A": ["Anna", "Anna", *(f"An{letter}" for letter in "abcdefghijklmnop")],
        "B": ["Anna", *(f"Bo{letter}" for letter in "abcdefghijklmnop")],
        "C": [f"Co{letter}" for letter in "abcdef"] + ["C" * 30],
    }
    monkeypatch.setattr(recipes.datasets, "load_names", lambda: made)
    module.split_names.cache_clear()
    yield made
    module.split_names.cache_clear()


def test_no_name_is_in_training_and_test(lists):
    nationalities, train, test = module.split_names(400)
    assert nationalities == ["A", "B", "C"]
    assert not {name for _, name in train} & {name for _, name in test}
    assert len({name for _, name in test}) == 39 // 10
    assert sorted(train + test) == sorted(
        {(number, name) for number, names in enumerate(lists.values()) for name in names if len(name) < 20}
    )
    _, few, held_out = module.split_names(5)
    assert [sum(number == k for number, _ in few + held_out) for k in range(3)] == [5, 5, 5]


def test_rows_of_letters(lists):
    data = module.load_data(module.VARIANTS["conditioned"])
    number, letters = data.x_train
    assert (letters[:, 0] == START).all()
    for row, (of, name) in enumerate(data.train):
        assert number[row] == of
        assert "".join(data.vocabulary.decode(data.y_train[row])) == name
        assert data.y_train[row, len(name)] == END
    assert set(module.load_data(module.VARIANTS["unconditioned"]).x_train[0]) == {0}
    recognition = module.load_data(module.VARIANTS["recognition"])
    np.testing.assert_array_equal(recognition.y_train, number)


def test_bigrams_by_hand():
    model = module.Ngrams(2, letters=4)
    model.count(["aa", "ab"])
    # a: 3, b: 1, end: 2, of three kinds; after a: a, b and the end, one each
    p_a, p_b = (3 + 3 / 4) / 9, (1 + 3 / 4) / 9
    assert model.probability("b", "") == pytest.approx(p_b)
    assert model.probability("b", "a") == pytest.approx((1 + 3 * p_b) / 6)
    assert model.log_probabilities("a")[0] == pytest.approx(math.log((2 + p_a) / 3))
    own = module.Ngrams(2, 4, model)
    own.count(["b"])
    assert own.probability("b", "^") == pytest.approx((1 + model.probability("b", "^")) / 2)
    assert own.probability("b", "a") == model.probability("b", "a")  # no counts of its own


@pytest.mark.parametrize("order", [1, 2, 3])
def test_ngram_probabilities_sum_to_one(order):
    model = module.Ngrams(order, letters=5)
    model.count(["abc", "cab", "bab"])
    own = module.Ngrams(order, 5, model)
    own.count(["bab"])
    for one in (model, own):
        for history in {text[: order - 1] for text in ("", "a", "ba", "zz")}:
            assert sum(one.probability(letter, history) for letter in "abc$?") == pytest.approx(1)


def test_scores_and_losses_by_hand():
    said, true = np.array([0, 0, 0, 1]), np.array([0, 0, 0, 0])
    assert module.scores(said, true) == (0.75, 0.75)
    assert module.scores(np.array([0, 0, 0, 0]), np.array([0, 0, 0, 1])) == (0.75, 0.5)
    logits = np.zeros((1, 3, 4))
    logits[0, 0, 2] = 100
    assert module.letter_loss(logits, np.array([[2, 3, 0]])) == pytest.approx(math.log(4) / 2)


def test_a_network_that_is_not_told_the_nationality_is_noticed(lists, monkeypatch):
    """A planted fault: every nationality has the same vector; the golden trace changes."""
    from recipes.models import one_to_many

    config = replace(module.VARIANTS["conditioned"], batch_size=8)
    data = module.load_data(config)
    right = module.trace(config, data)

    class Deaf(one_to_many.OneToMany):
        def start(self, source, training=False):
            return super().start(0 * source, training)

    monkeypatch.setattr(one_to_many, "OneToMany", Deaf)
    assert module.trace(config, data) != pytest.approx(right, abs=1e-5)
