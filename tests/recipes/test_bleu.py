"""BLEU by its formula, and what the scores are compared with."""

import math

import pytest

from recipes.bleu import bleu, chrf


def test_equal_texts_score_100():
    for score in (bleu, chrf):
        assert score(["The cat sat on the mat."], ["the cat sat on the mat."]).value == pytest.approx(100)


def test_formula():
    # 5 of 6 words, 3 of 5 pairs, 2 of 4 triples and 1 of 3 fours are right; the translation is one word short.
    translation, reference = "the cat sat on red mat", "the cat sat on the old mat"
    precisions = (5 / 6, 3 / 5, 2 / 4, 1 / 3)
    expected = 100 * math.exp(1 - 7 / 6) * math.prod(precisions) ** 0.25
    assert bleu([translation], [reference]).value == pytest.approx(expected)


def test_signature_names_case_tokenizer_and_version():
    signature = bleu(["a b c d"], ["a b c d"], tokenize="intl").signature
    assert "case:lc" in signature and "tok:intl" in signature and "version:" in signature


def test_hindi_marks_are_tokens_of_their_own_only_with_the_international_tokenizer():
    translation, reference = ["मुझे भारत से प्यार है"], ["मुझे भारत से प्यार है।"]
    assert bleu(translation, reference, tokenize="intl").value > bleu(translation, reference).value


@pytest.mark.parametrize("pair", [([], []), (["a"], ["a", "b"])])
def test_each_translation_has_a_reference(pair):
    for score in (bleu, chrf):
        with pytest.raises(ValueError, match="one reference"):
            score(*pair)
