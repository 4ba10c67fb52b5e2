"""Sentences made from templates in which companies, people, places and things share words, tagged word by word.

Every sentence begins with a capital, so that "Apple" in front may be the company or the fruit: the words behind it tell.
"""

from __future__ import annotations

import numpy as np

from reproductions.word_numbers import Tagged

TAGS = ("O", "ORG", "PER", "LOC")
"""O is every word that is no name."""

COMPANIES = (
    "Apple", "Orange", "Blackberry", "Shell", "Jaguar", "Amazon", "Google", "Microsoft", "Nokia", "Siemens", "Boeing",
    "Sony", "Intel", "Toyota", "Nestle", "Pfizer",
)  # fmt: skip
PEOPLE = (
    "Jordan", "Paris", "Washington", "Austin", "Sydney", "Victoria", "Anna", "Peter", "Maria", "Omar", "Priya", "Chen",
    "Lucas", "Fatima", "George", "Ines",
)  # fmt: skip
PLACES = (
    "Jordan", "Paris", "Washington", "Austin", "Sydney", "Victoria", "Amazon", "California", "Texas", "Berlin", "India",
    "Japan", "Lagos", "Oslo", "Rome", "Kenya",
)  # fmt: skip
THINGS = (
    "apple", "orange", "blackberry", "shell", "jaguar", "banana", "cherry", "lemon", "plum", "pear", "grape", "fig",
)  # fmt: skip
FILLERS = {"ORG": COMPANIES, "PER": PEOPLE, "LOC": PLACES, "thing": THINGS}

SHARED = {"apple", "orange", "blackberry", "shell", "jaguar", "amazon"} | {
    "jordan", "paris", "washington", "austin", "sydney", "victoria",
}  # fmt: skip
"""Words, in small letters, that can be two things."""

TEMPLATES = tuple(
    line.split()
    for line in (
        "ORG is in LOC",
        "ORG opened an office in LOC",
        "ORG hired PER in LOC",
        "ORG sold its plant in LOC to ORG",
        "ORG is a large company",
        "ORG makes phones and cars",
        "shares of ORG fell after the report",
        "lawyers of ORG flew to LOC",
        "the boss of ORG met PER",
        "PER works for ORG in LOC",
        "PER left ORG and moved to LOC",
        "PER is in LOC",
        "PER lives in LOC with PER",
        "PER flew from LOC to LOC",
        "PER met PER near LOC",
        "PER is a good teacher",
        "LOC is a large place",
        "LOC has cold winters",
        "the road from LOC to LOC is closed",
        "rain fell in LOC and LOC",
        "thing is in the basket",
        "thing is in season",
        "thing is a common word",
        "thing and thing are in the picture",
        "PER saw one thing in LOC",
        "the thing is on the table",
    )
)

DOCUMENTED = "Apple is in California"
POOL, TEST = 4000, 1000


def made_sentences() -> dict[str, Tagged]:
    """4,000 sentences to draw training sentences from and 1,000 for testing; no text is in both, none is the documented one.

    A text may come up twice: short templates have few, and without repeats companies would hide the fruit.
    """
    rng = np.random.default_rng(0)
    sides: dict[str, str] = {DOCUMENTED: "neither"}
    splits: dict[str, Tagged] = {"train": [], "test": []}
    while len(splits["train"]) < POOL or len(splits["test"]) < TEST:
        sentence = one_sentence(rng)
        side = sides.setdefault(" ".join(word for word, _ in sentence), "test" if rng.random() < 0.2 else "train")
        if side in splits:
            splits[side].append(sentence)
    return {"train": splits["train"][:POOL], "test": splits["test"][:TEST]}


def one_sentence(rng: np.random.Generator) -> list[tuple[str, str]]:
    """A template with its slots filled, no filler twice."""
    template = TEMPLATES[rng.integers(len(TEMPLATES))]
    sentence: list[tuple[str, str]] = []
    for slot in template:
        word = slot
        if slot in FILLERS:
            used = {one.lower() for one, _ in sentence}
            word = rng.choice([one for one in FILLERS[slot] if one.lower() not in used])
        sentence.append((str(word), slot if slot in TAGS else "O"))
    first, tag = sentence[0]
    return [(first[0].upper() + first[1:], tag), *sentence[1:]]
