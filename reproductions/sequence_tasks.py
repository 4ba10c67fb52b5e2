"""Made sequences whose answer lies a known number of steps back: what a recurrent network can remember.

The literature's tasks on long time lags: the adding problem is Hochreiter and Schmidhuber's (1997), copying that of
Arjovsky et al. (2016, https://arxiv.org/abs/1511.06464) made small, recall is the simplest relative. Every function draws its
examples from one seed.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

SYMBOLS = 8
COPIED = 5

NOUNS = (("cat", "cats"), ("dog", "dogs"), ("girl", "girls"), ("teacher", "teachers"), ("bird", "birds"))
CLAUSES = (
    ("which", "was", "sitting", "on", "the"),
    ("which", "were", "running", "from", "the"),
    ("that", "the", "{}", "was", "chasing", "with", "the"),
    ("that", "the", "{}", "were", "watching", "near", "the"),
    ("behind", "the"),
    ("and", "the"),
)


def recall(count: int, length: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Random symbols of 8; the target is the first one.

    Returns:
        Symbols, int32, (count, length), and targets, int32, (count,). Guessing is right in one of 8.
    """
    x = np.random.default_rng([seed, length]).integers(0, SYMBOLS, (count, length), dtype="int32")
    return x, x[:, 0].copy()


def adding(count: int, length: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Numbers in [0, 1), one marked in each half of the sequence; the target is the sum of the two.

    Returns:
        Numbers and marks, float32, (count, length, 2), and sums, float32, (count,). Always answering 1, the mean, has a
        mean squared error of 2 * 1/12 = 1/6.
    """
    rng = np.random.default_rng([seed, length])
    numbers, marks = rng.random((count, length)), np.zeros((count, length))
    rows = np.arange(count)
    places = rng.integers(0, length // 2, count), length // 2 + rng.integers(0, length - length // 2, count)
    for place in places:
        marks[rows, place] = 1
    sums = sum(numbers[rows, place] for place in places)
    return np.stack([numbers, marks], axis=-1).astype("float32"), np.asarray(sums, "float32")


def copy(count: int, delay: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Five of 8 symbols, `delay` blanks, a cue and four blanks more; from the cue on the targets are the five symbols.

    Returns:
        Symbols, int32, (count, delay + 10), 0 for a blank and `SYMBOLS + 1` for the cue, and targets, int32, (count, 5),
        counted from 0. Each lies delay + 5 steps back; guessing is right in one of 8.
    """
    symbols = np.random.default_rng([seed, delay]).integers(0, SYMBOLS, (count, COPIED), dtype="int32")
    x = np.zeros((count, delay + 2 * COPIED), "int32")
    x[:, :COPIED] = symbols + 1
    x[:, COPIED + delay] = SYMBOLS + 1
    return x, symbols


def agreement_words() -> list[str]:
    """Every word of the agreement sentences, in the order of their numbers."""
    nouns = [form for pair in NOUNS for form in pair]
    rest = {word for clause in CLAUSES for word in clause if word != "{}"} - {"the"}
    return ["the", *nouns, *sorted(rest)]


def agreement(count: int, gap: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Sentences whose next word is "was" or "were": that of the subject, their second word, `gap` words back.

    "the cat" or "the cats" and then relative clauses and other nouns of either number, one hung on the other, cut where the
    gap is full. Half of the subjects are plural, and so is every other noun, independently: only the subject tells.

    Returns:
        Word numbers, int32, (count, gap + 2), and 1 for "were", int32, (count,). Guessing is right in half of them.
    """
    known = {word: k for k, word in enumerate(agreement_words())}
    rng = np.random.default_rng([seed, gap])
    plural = rng.integers(0, 2, count)
    clauses = rng.integers(len(CLAUSES), size=(count, gap)).tolist()
    nouns = iter(rng.integers(len(NOUNS), size=count * 2 * (gap + 2)).tolist())
    forms = iter(rng.integers(2, size=count * 2 * (gap + 2)).tolist())

    def noun() -> str:
        return NOUNS[next(nouns)][next(forms)]

    def sentence(subject: str, choices: Iterable[int]) -> list[str]:
        words = ["the", subject]
        for choice in choices:
            words += [noun() if word == "{}" else word for word in CLAUSES[choice]]
            words.append(noun())
            if len(words) >= gap + 2:
                break
        return words[: gap + 2]

    x = [sentence(NOUNS[next(nouns)][number], choices) for number, choices in zip(plural, clauses, strict=True)]
    return np.array([[known[word] for word in words] for words in x], "int32"), plural.astype("int32")


def grammar_rules(symbols: int, synonyms: int, seed: int) -> np.ndarray:
    """What each symbol of a level may be written as on the level below: pairs of its symbols, no pair twice.

    Returns:
        Symbol numbers, (symbols, synonyms, 2). With fewer pairs than exist no symbol of a pair gives its parent away.
    """
    pairs = np.random.default_rng(seed).permutation(symbols**2)[: symbols * synonyms]
    return np.stack(np.divmod(pairs, symbols), axis=-1).reshape(symbols, synonyms, 2)


def hierarchy(
    count: int, seed: int, grammar: int, levels: int = 3, symbols: int = 8, synonyms: int = 4
) -> list[np.ndarray]:
    """Sentences of a random hierarchy (Cagnetta et al. 2024): a root symbol is written as a pair, each of it as a pair, ...

    Args:
        count: sentences.
        seed: of the roots and of the choices among synonyms.
        grammar: seed of the rules, other rules for every level.
        levels: how often each symbol is replaced by a pair.
        symbols: symbols of each level.
        synonyms: pairs that stand for one symbol.

    Returns:
        The symbols of every level, int32, from the sentence, (count, 2^levels), up to its root, (count, 1).
    """
    rng = np.random.default_rng([seed, grammar])
    rows = [rng.integers(0, symbols, (count, 1))]
    for level in range(levels):
        rules = grammar_rules(symbols, synonyms, seed=1000 * grammar + level)
        above = rows[-1]
        rows.append(rules[above, rng.integers(0, synonyms, above.shape)].reshape(count, -1))
    return [row.astype("int32") for row in reversed(rows)]
