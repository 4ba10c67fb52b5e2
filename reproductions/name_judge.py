"""A judge of made-up names who ranks them two by two: what people do in RLHF, simulated, so that the truth is known."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

PAD, START, END = 0, 1, 2
LETTERS = "abcdefghijklmnopqrstuvwxyz"
VOCABULARY = 3 + len(LETTERS)
LONGEST = 15
"""Tokens of an answer, the end included; no name of the data is longer than 14 letters."""

WISHES = ("ends in a vowel", "has 5 to 7 letters", "can be pronounced")
HARD_TO_SAY = re.compile(r"[aeiou]{3}|[^aeiou]{4}|(.)\1\1")


def encoded(names: Sequence[str]) -> np.ndarray:
    """Names as rows of tokens with the end behind the last letter, shape (names, LONGEST)."""
    rows = np.zeros((len(names), LONGEST), "int32")
    for row, name in zip(rows, names, strict=True):
        row[: len(name)] = [3 + LETTERS.index(letter) for letter in name]
        row[len(name)] = END
    return rows


def decoded(rows: np.ndarray) -> list[str]:
    """The letters of each row; an answer that was cut off at its longest has no end, which changes nothing here."""
    return ["".join(LETTERS[token - 3] for token in row if token >= 3) for row in rows]


def wishes_met(names: Sequence[str]) -> np.ndarray:
    """Which of the judge's three wishes each name fulfils, booleans of shape (names, 3)."""
    met = [(name[-1:] in set("aeiou"), 5 <= len(name) <= 7, not HARD_TO_SAY.search(name)) for name in names]
    return np.array(met, bool).reshape(-1, len(WISHES))


def utility(names: Sequence[str]) -> np.ndarray:
    """What a name is worth to the judge: two for each wish met, so that one wish more is preferred by 88 to 12."""
    return 2.0 * wishes_met(names).sum(axis=1)


def with_start(answers: np.ndarray) -> np.ndarray:
    """What predicts the answers: the start, then all tokens but the last."""
    return np.concatenate([np.full((len(answers), 1), START, "int32"), answers[:, :-1]], axis=1)


@dataclass
class Rankings:
    """What a seed's judge was asked and said.

    Args:
        pairs: names as tokens, shape (pairs, 2, LONGEST); those behind the first `config.pairs` are held out.
        first_wins: what the judge said, shape (pairs,).
        margin: the first name's utility less the second's, which nobody but the judge knows.
    """

    pairs: np.ndarray
    first_wins: np.ndarray
    margin: np.ndarray


def rank(names: np.ndarray, rng: np.random.Generator) -> Rankings:
    """The judge compares names two by two and errs as Bradley and Terry have it: P(first wins) = sigmoid(margin)."""
    pairs = names.reshape(-1, 2, LONGEST)
    first, second = (utility(decoded(pairs[:, k])) for k in (0, 1))
    wins = rng.random(len(pairs)) < 1 / (1 + np.exp(second - first))
    return Rankings(pairs, wins.astype("float32"), first - second)
