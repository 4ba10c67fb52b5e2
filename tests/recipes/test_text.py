"""Words, vocabularies and padded batches."""

import numpy as np
import pytest

from recipes.text import END, PAD, START, UNKNOWN, Vocabulary, join_words, split_words

SENTENCES = {
    "I don't know, Tom!": ["i", "don't", "know", ",", "tom", "!"],
    'She said "hello (there)" to me.': ["she", "said", '"', "hello", "(", "there", ")", '"', "to", "me", "."],
    "Die Straße ist 3.5 m breit.": ["die", "straße", "ist", "3.5", "m", "breit", "."],
    "¿Cómo está? ¡Bien!": ["¿", "cómo", "está", "?", "¡", "bien", "!"],
    "मुझे भारत से प्यार है।": ["मुझे", "भारत", "से", "प्यार", "है", "।"],
    "a well-known clock at 3:30": ["a", "well-known", "clock", "at", "3:30"],
}


@pytest.mark.parametrize("text", SENTENCES)
def test_words_and_back(text):
    words = split_words(text)
    assert words == SENTENCES[text]
    assert join_words(words) == text.lower()


def test_hindi_words_keep_their_vowel_signs():
    assert split_words("कि") == ["कि"]


def test_composed_and_decomposed_letters_are_the_same_word():
    assert split_words("cafe\u0301") == split_words("caf\u00e9") == ["caf\u00e9"]


def test_a_curly_apostrophe_is_an_apostrophe():
    assert split_words("don\u2019t") == ["don't"]


def test_most_frequent_words_first_then_first_seen():
    vocabulary = Vocabulary.of(["b a", "c a"])
    assert vocabulary.words[4:] == ["a", "b", "c"]
    assert Vocabulary.of(["b a", "c a"], size=5).words[4:] == ["a"]
    assert Vocabulary.of(["b a", "c a"], min_count=2).words[4:] == ["a"]
    assert len(Vocabulary.of(["b a", "c a"], size=5)) == 5


def test_unknown_words():
    vocabulary = Vocabulary.of(["a b"])
    assert vocabulary.encode("a z") == [4, UNKNOWN]
    assert "a" in vocabulary and "z" not in vocabulary
    assert vocabulary.decode([START, 4, UNKNOWN, END, 5]) == ["a", "<unknown>"]


def test_batches_are_padded_behind():
    vocabulary = Vocabulary.of(["a b c"])
    ids, lengths = vocabulary.batch(["a b c", "b"], start=True, end=True)
    np.testing.assert_array_equal(ids, [[START, 4, 5, 6, END], [START, 5, END, PAD, PAD]])
    np.testing.assert_array_equal(lengths, [5, 3])
    assert ids.dtype == lengths.dtype == "int32"


def test_a_cut_text_has_no_end():
    ids, lengths = Vocabulary.of(["a b c"]).batch(["a b c"], length=2, end=True)
    np.testing.assert_array_equal(ids, [[4, 5]])
    assert lengths.tolist() == [2]


def test_characters():
    vocabulary = Vocabulary.of(["abba"], split=list)
    assert vocabulary.encode("ab") == [4, 5]


@pytest.mark.parametrize("words", [["a", "a"], ["<pad>"]])
def test_words_are_different(words):
    with pytest.raises(ValueError, match="every word once"):
        Vocabulary(words)


def test_a_size_without_room_for_words_is_refused():
    with pytest.raises(ValueError, match="special tokens"):
        Vocabulary.of(["a"], size=4)
