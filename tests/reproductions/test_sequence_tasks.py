"""The made sequences: the answer is where it should be, and nothing else gives it away."""

from itertools import pairwise

import numpy as np
import pytest

from reproductions import sequence_tasks as tasks


def test_recall_asks_for_the_first_symbol():
    x, y = tasks.recall(5000, 20, seed=0)
    assert x.shape == (5000, 20) and set(np.unique(x)) == set(range(tasks.SYMBOLS))
    np.testing.assert_array_equal(x[:, 0], y)
    assert abs((x[:, 1:] == y[:, None]).mean() - 1 / tasks.SYMBOLS) < 0.01


def test_adding_marks_one_number_in_each_half():
    x, y = tasks.adding(20_000, 30, seed=0)
    assert (x[:, :15, 1].sum(axis=1) == 1).all() and (x[:, 15:, 1].sum(axis=1) == 1).all()
    np.testing.assert_allclose((x[..., 0] * x[..., 1]).sum(axis=1), y, rtol=1e-5)
    assert abs(((y - 1) ** 2).mean() - 1 / 6) < 0.005


@pytest.mark.parametrize("gap", [5, 40])
def test_only_the_subject_tells_the_verb(gap):
    x, y = tasks.agreement(4000, gap, seed=0)
    words = np.array(tasks.agreement_words())
    assert x.shape == (4000, gap + 2) and (words[x[:, 0]] == "the").all()
    plurals = [plural for _, plural in tasks.NOUNS]
    np.testing.assert_array_equal(np.isin(words[x[:, 1]], plurals), y)
    for word in np.unique(x[:, 2:]):
        there = (x[:, 2:] == word).any(axis=1)
        if 200 < there.sum() < 3800:
            assert abs(y[there].mean() - y[~there].mean()) < 0.12, words[word]


def test_sentences_of_a_hierarchy_can_be_read_back():
    rules = [tasks.grammar_rules(8, 4, seed=1000 * 3 + level) for level in range(3)]
    for rule in rules:
        pairs = rule.reshape(-1, 2)
        assert rule.shape == (8, 4, 2) and len({tuple(pair) for pair in pairs}) == 32
    found = tasks.hierarchy(500, seed=0, grammar=3)
    assert [rows.shape[1] for rows in found] == [8, 4, 2, 1]
    for level, (below, above) in enumerate(pairwise(found)):
        rule = rules[2 - level]  # the first rules write the root
        parents = {tuple(pair): symbol for symbol, row in enumerate(rule.tolist()) for pair in row}
        read = [[parents[tuple(pair)] for pair in row.reshape(-1, 2)] for row in below]
        np.testing.assert_array_equal(read, above)


def test_no_word_of_a_hierarchy_gives_the_class_away():
    words, *_, classes = tasks.hierarchy(20_000, seed=0, grammar=0)
    best = max(
        sum(np.bincount(classes[words[:, place] == word, 0], minlength=8).max() for word in range(8)) / 20_000
        for place in range(8)
    )
    assert best < 0.35


def test_examples_depend_on_the_seed_alone():
    for task in (tasks.recall, tasks.adding, tasks.agreement):
        for one, again, other in zip(task(20, 9, 1), task(20, 9, 1), task(20, 9, 2), strict=True):
            np.testing.assert_array_equal(one, again)
            assert (one != other).any()
