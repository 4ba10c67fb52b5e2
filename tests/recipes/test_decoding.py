"""Decoding of a tiny table model against brute force over all sequences, and of a recurrent state against its own loop."""

import itertools

import numpy as np
import pytest
import tensorflow as tf

from recipes import decoding
from recipes.decoding import beam_search, greedy, sample

END = 3
LENGTH = 4
TABLES = {
    seed: np.random.default_rng(seed).normal(scale=1.5, size=(3, LENGTH, 5, 5)).astype("float32") for seed in range(6)
}


def table_step(tokens, position, state):
    """Logits by row, position and last token; the state counts the tokens read, so that a lost one shows."""
    logits = tf.gather(state["table"][:, position], tokens, batch_dims=1)
    return logits - 100.0 * tf.cast(state["read"] != position, tf.float32)[:, None] * tf.range(5.0), {
        "table": state["table"],
        "read": state["read"] + 1,
    }


def start_of(table):
    return {"table": table, "read": np.zeros(len(table), "int32")}, np.full(len(table), 2)


def log_softmax(z):
    return z - np.log(np.exp(z).sum(-1, keepdims=True))


def hypotheses(table):
    """Every sequence of a row that ends within LENGTH, and those that do not, with log p."""
    ended, cut = {}, {}
    for length in range(1, LENGTH + 1):
        for tokens in itertools.product(range(5), repeat=length):
            if END in tokens[:-1] or (length < LENGTH and tokens[-1] != END):
                continue
            log_p = sum(
                log_softmax(table[t, last])[token]
                for t, (last, token) in enumerate(zip((2, *tokens), tokens, strict=False))
            )
            (ended if tokens[-1] == END else cut)[tokens] = log_p
    return ended, cut


def padded(tokens):
    return [*tokens, *[0] * (LENGTH - len(tokens))]


@pytest.mark.parametrize("penalty", [0.0, 0.6, 2.0])
@pytest.mark.parametrize("seed", TABLES)
def test_a_beam_of_everything_is_an_exhaustive_search(seed, penalty):
    state, start = start_of(TABLES[seed])
    found = beam_search(table_step, state, start, END, LENGTH, beams=5**LENGTH, length_penalty=penalty)
    for row, table in enumerate(TABLES[seed]):
        ended, _ = hypotheses(table)
        best = max(ended, key=lambda tokens: ended[tokens] / ((5 + len(tokens)) / 6) ** penalty)
        assert found[row].tolist() == padded(best)


def beam_by_hand(table, beams, penalty):
    """The search of one row with lists."""
    hypotheses, ended = [((), 0.0)], []
    for t in range(LENGTH):
        longer = [
            ((*tokens, token), log_p + log_softmax(table[t, tokens[-1] if tokens else 2])[token])
            for tokens, log_p in hypotheses
            for token in range(5)
        ]
        kept = sorted(longer, key=lambda one: -one[1])[: beams - len(ended)]
        ended += [one for one in kept if one[0][-1] == END]
        hypotheses = [one for one in kept if one[0][-1] != END]
    score = lambda one: one[1] / ((5 + len(one[0])) / 6) ** penalty  # noqa: E731
    return max(ended or hypotheses, key=score)[0]


@pytest.mark.parametrize("beams", [1, 2, 3])
@pytest.mark.parametrize("seed", TABLES)
def test_a_narrow_beam_equals_the_search_with_lists(seed, beams):
    state, start = start_of(TABLES[seed])
    found = beam_search(table_step, state, start, END, LENGTH, beams=beams)
    assert found.tolist() == [padded(beam_by_hand(table, beams, 0.6)) for table in TABLES[seed]]
    if beams == 1:
        np.testing.assert_array_equal(found, greedy(table_step, state, start, END, LENGTH))


def test_greedy_takes_the_largest_logit_and_pads_behind_the_end():
    for table in TABLES.values():
        state, start = start_of(table)
        for row, tokens in enumerate(greedy(table_step, state, start, END, LENGTH)):
            last, expected = 2, []
            while len(expected) < LENGTH and last != END:
                last = int(table[row, len(expected), last].argmax())
                expected.append(last)
            assert tokens.tolist() == padded(expected)


def test_no_end_token_runs_to_the_longest():
    state, start = start_of(np.broadcast_to(np.float32([0, 1, 0, 2, 0]), (1, LENGTH, 5, 5)))
    assert greedy(table_step, state, start, None, LENGTH).tolist() == [[END] * LENGTH]
    assert sample(table_step, state, start, None, LENGTH, seed=0, temperature=1e-4).tolist() == [[END] * LENGTH]


def test_the_loop_stops_when_all_rows_have_ended():
    calls = tf.Variable(0)

    def step(tokens, position, state):
        calls.assign_add(1)
        return tf.where(position >= state[:, None], 9.0 * tf.eye(5)[END], tf.eye(5)[1]), state

    for search in (greedy, beam_search):
        calls.assign(0)
        found = search(step, np.int32([0, 2]), [2, 2], END, 40)
        assert found[:, :4].tolist() == [[END, 0, 0, 0], [1, 1, END, 0]]
        assert calls.numpy() == 3


@pytest.mark.parametrize("temperature, top_k", [(1.0, None), (0.5, None), (2.0, 3), (1.0, 1)])
def test_sampled_tokens_follow_the_distribution(temperature, top_k):
    logits = np.array([0.3, 1.4, -0.7, 0.9, 0.0], "float32")

    def step(tokens, position, state):
        return tf.broadcast_to(logits, (tokens.shape[0], 5)), state

    rows = 40_000
    tokens = sample(step, (), np.full(rows, 2), None, 1, seed=1, temperature=temperature, top_k=top_k)[:, 0]
    p = np.exp(logits / temperature)
    p[np.argsort(-p)[top_k or 5 :]] = 0
    p /= p.sum()
    shares = np.bincount(tokens, minlength=5) / rows
    assert (shares[p == 0] == 0).all()
    np.testing.assert_array_less(np.abs(shares - p), 4.5 * np.sqrt(p * (1 - p) / rows) + 1e-9)


def test_seeds_are_reproducible_and_steps_draw_anew():
    def step(tokens, position, state):
        return tf.zeros((tokens.shape[0], 50)), state

    start = np.full(8, 2)
    one, again, other = (sample(step, (), start, None, 30, seed=seed) for seed in (4, 4, 5))
    np.testing.assert_array_equal(one, again)
    assert (one != other).mean() > 0.9
    assert (one[:, 1:] != one[:, :-1]).mean() > 0.9


def test_state_follows_its_beam():
    """A step whose logits depend on all tokens read so far: a state left with the wrong parent shows."""
    mix = np.random.default_rng(0).normal(size=(5, 7)).astype("float32")
    out = np.random.default_rng(1).normal(size=(7, 5)).astype("float32") * 2

    def step(tokens, position, state):
        state = tf.tanh(1.7 * tf.roll(state, 1, axis=1) + tf.gather(mix, tokens))
        return state @ out, state

    found = beam_search(step, np.zeros((2, 7), "float32"), [1, 2], END, LENGTH, beams=3, length_penalty=0.0)

    def log_p_of(tokens, start):
        state, total = np.zeros(7), 0.0
        for last, token in zip((start, *tokens), tokens, strict=False):
            state = np.tanh(1.7 * np.roll(state, 1) + mix[last])
            total += log_softmax(state @ out)[token]
        return total

    for row, start in enumerate((1, 2)):
        hypotheses, ended = [()], []
        for _ in range(LENGTH):
            longer = sorted(((*h, w) for h in hypotheses for w in range(5)), key=lambda h: -log_p_of(h, start))
            kept = longer[: 3 - len(ended)]
            ended += [h for h in kept if h[-1] == END]
            hypotheses = [h for h in kept if h[-1] != END]
        assert found[row].tolist() == padded(max(ended or hypotheses, key=lambda h: log_p_of(h, start)))


def test_one_trace_serves_many_calls():
    traces = []

    def step(tokens, position, state):
        traces.append(1)
        return tf.one_hot(tokens, 5), state

    greedy(step, (), [1, 2], END, 3)
    before = len(traces)
    greedy(step, (), [2, 1], END, 3)
    assert len(traces) == before


@pytest.mark.parametrize(
    "search, change",
    [
        (greedy, {"max_length": 0}),
        (beam_search, {"beams": 0}),
        (beam_search, {"length_penalty": -0.1}),
        (sample, {"seed": 0, "temperature": 0.0}),
        (sample, {"seed": 0, "top_k": 0}),
    ],
)
def test_bad_arguments(search, change):
    arguments = {"state": (), "start": [1], "end": END, "max_length": 3, **change}
    with pytest.raises(ValueError, match=next(name for name in change if name != "seed")):
        search(table_step, **arguments)


@pytest.mark.parametrize("start", [1, [[1]], []])
def test_start_must_be_one_token_a_row(start):
    with pytest.raises(ValueError, match="start"):
        greedy(table_step, (), start, END, 3)


def test_a_beam_that_forgets_its_state_is_noticed(monkeypatch):
    """Planted fault: the state isn't moved to the beam that it belongs to."""
    monkeypatch.setattr(decoding.tf.nest, "map_structure", _without_gather(tf.nest.map_structure))
    with pytest.raises(AssertionError):
        test_state_follows_its_beam()


def _without_gather(map_structure):
    calls = []

    def patched(function, *structures):
        if function.__name__ == "<lambda>" and len(structures) == 1:
            calls.append(function)
            if len(calls) > 1:  # the first one only repeats the rows
                return structures[0]
        return map_structure(function, *structures)

    return patched
