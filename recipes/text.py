"""Text to numbers and back: words, a vocabulary, padded batches.

Source: document 003, Videos 57 to 60 (text representation) and 69-70 (sentences as input and output).

    >>> english = Vocabulary.of(["I love India.", "I love tea."])
    >>> english.decode(english.encode("I love tea."))
    ['i', 'love', 'tea', '.']
    >>> ids, lengths = english.batch(["I love India.", "Tea?"], end=True)  # padded behind the words
"""

from __future__ import annotations

import functools
import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Sequence

import numpy as np

PAD, UNKNOWN, START, END = 0, 1, 2, 3
"""Numbers of the special tokens: filling, a word that the vocabulary lacks, first and last token of a sequence."""

SPECIAL = ("<pad>", "<unknown>", "<start>", "<end>")

OPENING, CLOSING = "([{¿¡«\u201c\u2018\u201e", ".,;:!?…%)]}»\u201d\u2019।॥"
"""Marks that stand close to the word behind them, and to the word before them."""


@functools.cache
def _token_pattern() -> re.Pattern[str]:
    # Python's \w lacks combining marks, so it would tear every Hindi word apart at its vowel signs.
    marks = "".join(chr(code) for code in range(0x10000) if unicodedata.category(chr(code)).startswith("M"))
    letter = rf"[^\W_{marks}]|[{marks}\u200c\u200d]"
    word = rf"(?:{letter})+"
    return re.compile(rf"{word}(?:['\-]{word}|(?<=\d)[.,:](?=\d){word})*|[^\s]")


def split_words(text: str) -> list[str]:
    """Words and punctuation marks of a text, in lower case and Unicode's composed form (NFC).

    Apostrophes and hyphens inside a word and points, commas and colons inside a number belong to it (`don't`, `well-known`,
    `3.5`); every other mark is a token of its own.
    """
    text = unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).replace("\u2019", "'").lower())
    return _token_pattern().findall(text)


def join_words(words: Iterable[str]) -> str:
    """A text from words and marks, with spaces where one writes them; undoes `split_words` up to case."""
    text, quoted, close = "", False, True
    for word in words:
        if word == '"':
            text += word if quoted or close else f" {word}"
            quoted = not quoted
            close = quoted  # nothing stands between an opening quotation mark and its word
            continue
        text += word if close or word[0] in CLOSING else f" {word}"
        close = word in OPENING
    return text


class Vocabulary:
    """The words that a model knows, each with a number; the four special tokens come first.

    Args:
        words: the words from number 4 on, all different.
        split: cuts a text into words; `list` makes a vocabulary of characters.

    Attributes:
        words: every word by its number, the special tokens included.

    Raises:
        ValueError: a word occurs twice or is a special token.
    """

    def __init__(self, words: Iterable[str], split: Callable[[str], Sequence[str]] = split_words):
        self.words = [*SPECIAL, *words]
        self.split = split
        self._numbers = {word: number for number, word in enumerate(self.words)}
        if len(self._numbers) < len(self.words):
            twice = [word for word, count in Counter(self.words).items() if count > 1]
            raise ValueError(f"A vocabulary holds every word once. Received twice: {twice[:5]}")

    @classmethod
    def of(
        cls,
        texts: Iterable[str],
        size: int | None = None,
        min_count: int = 1,
        split: Callable[[str], Sequence[str]] = split_words,
    ) -> Vocabulary:
        """The most frequent words of some texts; of equally frequent ones those that come first.

        Args:
            texts: training texts.
            size: most numbers to give out, special tokens included; no bound if None.
            min_count: words that are rarer are left out.
            split: as in the constructor.

        Raises:
            ValueError: `size` has no room for a word.
        """
        if size is not None and size <= len(SPECIAL):
            raise ValueError(f"`size` counts the {len(SPECIAL)} special tokens too. Received: size={size}")
        counts = Counter(word for text in texts for word in split(text))
        frequent = [word for word, count in counts.most_common() if count >= min_count and word not in SPECIAL]
        return cls(frequent[: None if size is None else size - len(SPECIAL)], split)

    def __len__(self) -> int:
        """Numbers given out, special tokens included."""
        return len(self.words)

    def __contains__(self, word: object) -> bool:
        """Whether the word has a number."""
        return word in self._numbers

    def encode(self, text: str) -> list[int]:
        """The number of each word; `UNKNOWN` for those that are not in the vocabulary."""
        return [self._numbers.get(word, UNKNOWN) for word in self.split(text)]

    def decode(self, ids: Iterable[int]) -> list[str]:
        """The words of a sequence up to `END`, without `PAD` and `START`."""
        words = []
        for number in ids:
            if number == END:
                break
            if number not in (PAD, START):
                words.append(self.words[int(number)])
        return words

    def batch(
        self, texts: Sequence[str], length: int | None = None, start: bool = False, end: bool = False
    ) -> tuple[np.ndarray, np.ndarray]:
        """Texts as one array, padded behind with `PAD`.

        Args:
            texts: one a row.
            length: width of the array; longer rows are cut and lose their `END`, since they don't end there. The longest
                row's length if None.
            start: put `START` before each text.
            end: put `END` behind each text.

        Returns:
            Numbers of shape (rows, length) and tokens in each row, of shape (rows,), both int32.
        """
        rows = [[START] * start + self.encode(text) + [END] * end for text in texts]
        if length is None:
            length = max((len(row) for row in rows), default=0)
        lengths = np.array([min(len(row), length) for row in rows], "int32")
        ids = np.full((len(rows), length), PAD, "int32")
        for row, filled, count in zip(rows, ids, lengths, strict=True):
            filled[:count] = row[:count]
        return ids, lengths
