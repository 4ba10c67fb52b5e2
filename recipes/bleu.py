"""How close a translation comes to a reference: BLEU and chrF, by sacrebleu, with the signature that makes them comparable.

    BLEU = BP * exp(1/4 sum_n log p_n),   BP = min(1, e^(1 - r/c))

p_n is the share of the translations' n-grams (n = 1..4) that occur in their references, c and r are the number of tokens
of all translations and of all references. chrF is an F-score of character n-grams (n = 1..6) that weighs recall four times
as much as precision. Both compare texts, not tokens: detokenise first (`recipes.text.join_words`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Score:
    """A corpus score.

    Args:
        value: 0 to 100.
        signature: sacrebleu's account of metric, case, tokenizer, smoothing and version.
    """

    value: float
    signature: str


def bleu(
    translations: Sequence[str], references: Sequence[str], tokenize: str = "13a", lowercase: bool = True
) -> Score:
    """BLEU of a corpus with one reference each.

    Args:
        translations: detokenised texts.
        references: the texts that they should be.
        tokenize: sacrebleu's tokenizer: `"13a"` for European languages, `"intl"` for any script (Hindi).
        lowercase: compare without case, as models with a lower-case vocabulary need it.

    Raises:
        ValueError: the numbers of texts differ, or there are none.
    """
    from sacrebleu.metrics import BLEU

    _check(translations, references)
    metric = BLEU(lowercase=lowercase, tokenize=tokenize)
    value = metric.corpus_score(list(translations), [list(references)]).score
    return Score(float(value), str(metric.get_signature()))


def chrf(translations: Sequence[str], references: Sequence[str], lowercase: bool = True) -> Score:
    """chrF2 of a corpus with one reference each; arguments as for `bleu`.

    Raises:
        ValueError: the numbers of texts differ, or there are none.
    """
    from sacrebleu.metrics import CHRF

    _check(translations, references)
    metric = CHRF(lowercase=lowercase)
    value = metric.corpus_score(list(translations), [list(references)]).score
    return Score(float(value), str(metric.get_signature()))


def _check(translations: Sequence[str], references: Sequence[str]) -> None:
    if len(translations) != len(references) or not len(references):
        raise ValueError(
            "Each translation has one reference, and there is at least one. "
            f"Received: {len(translations)} translations, {len(references)} references"
        )
