"""Words of tagged sentences as numbers that a tagger reads: the word, its last letters, and how it is written."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

Tagged = list[list[tuple[str, str]]]
"""Sentences of (word, tag)."""

PAD, UNKNOWN = 0, 1
SHAPES = ("lower", "Capitalised", "CAPITALS", "with digits", "other")
"""How a word is written."""


@dataclass(frozen=True)
class Numbers:
    """Words and endings by number; 0 is padding, 1 unknown."""

    words: Mapping[str, int]
    endings: Mapping[str, int]

    @classmethod
    def of(cls, sentences: Tagged) -> Numbers:
        """Those that the sentences hold twice: the network meets the unknown in place of words that occur once."""
        words: Counter[str] = Counter()
        endings: Counter[str] = Counter()
        for sentence in sentences:
            words.update(word.lower() for word, _ in sentence)
            endings.update(word.lower()[-3:] for word, _ in sentence)
        return cls(*({text: k for k, text in enumerate(frequent(found), 2)} for found in (words, endings)))

    def of_word(self, word: str) -> tuple[int, int, int]:
        """Numbers of word, last three letters and shape."""
        lower = word.lower()
        return self.words.get(lower, UNKNOWN), self.endings.get(lower[-3:], UNKNOWN), 1 + shape_of(word)

    def encode(self, sentences: Tagged, width: int) -> np.ndarray:
        """Sentences as int32 (sentences, width, 3)."""
        encoded = np.full((len(sentences), width, 3), PAD, "int32")
        for row, sentence in zip(encoded, sentences, strict=True):
            row[: len(sentence)] = [self.of_word(word) for word, _ in sentence]
        return encoded


def frequent(counts: Counter[str]) -> list[str]:
    """What occurs at least twice, most frequent first."""
    return [text for text, count in counts.most_common() if count > 1]


def shape_of(word: str) -> int:
    """The place in `SHAPES` of how a word is written."""
    if any(letter.isdigit() for letter in word):
        return 3
    if word.islower():
        return 0
    if word[:1].isupper():
        return 2 if len(word) > 1 and word.isupper() else 1
    return 4
