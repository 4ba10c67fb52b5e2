"""Decoding: how a model that predicts one token at a time writes a sequence.

Every function here takes the model as `step(tokens, position, state) -> (logits, state)`: the tokens `(rows,)` read at a
position (an int32 scalar, 0 for the start token) and whatever the model remembers, a nest of tensors with rows first (a
hidden state, a cache of keys and values). The logits `(rows, vocabulary)` are those of the next token. The loop is one
compiled `tf.while_loop` that ends as soon as every row has; pass the same `step` again (a function or a bound method)
and it isn't traced anew.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf

PAD = 0
"""What stands behind the end token."""

Step = Callable[[Any, Any, Any], tuple[Any, Any]]


def greedy(step: Step, state: Any, start: Any, end: int | None, max_length: int, position: int = 0) -> np.ndarray:
    """The most likely token at every step.

        y_t = argmax over w of log p(w | y_1 ... y_(t-1))

    Args:
        step: the model, as above.
        state: what it remembers before the first step.
        start: start tokens, `(rows,)` integers.
        end: the token that ends a row; None lets every row run to `max_length`.
        max_length: most tokens to write.
        position: position of the start tokens, for models that have read a prompt.

    Returns:
        int32 `(rows, max_length)`, without the start token, with the end token, PAD behind it.

    Raises:
        ValueError: an argument that makes no sense.

    Source: document 003, Videos 68-71 and 80-81.
    """
    _check(max_length=max_length)
    decode = _program("greedy", step, max_length, _number(end))
    return decode(_tensors(state), _tokens(start), tf.constant(position)).numpy()


def sample(
    step: Step,
    state: Any,
    start: Any,
    end: int | None,
    max_length: int,
    seed: int,
    temperature: float = 1.0,
    top_k: int | None = None,
    position: int = 0,
) -> np.ndarray:
    """A token drawn from the model's distribution at every step.

        p(w) = softmax(logits / temperature)_w, over the top_k most likely tokens

    A temperature near 0 is greedy, 1 the model's own distribution, a high one uniform. Equal seeds write equal rows.

    Args:
        step: as in `greedy`.
        state: as in `greedy`.
        start: as in `greedy`.
        end: as in `greedy`.
        max_length: as in `greedy`.
        seed: seed of the draws.
        temperature: divides the logits, above 0.
        top_k: how many tokens may be drawn, the most likely ones; None for all.
        position: as in `greedy`.

    Returns:
        As `greedy`.

    Raises:
        ValueError: an argument that makes no sense.

    Source: Fan et al. 2018, section 5.4 (top-k), https://arxiv.org/abs/1805.04833.
    """
    _check(max_length=max_length, temperature=temperature, top_k=1 if top_k is None else top_k)
    decode = _program("sample", step, max_length, _number(end), top_k)
    numbers = tf.constant(seed, tf.int64), tf.constant(temperature, tf.float32)
    return decode(_tensors(state), _tokens(start), tf.constant(position), *numbers).numpy()


def beam_search(
    step: Step,
    state: Any,
    start: Any,
    end: int | None,
    max_length: int,
    beams: int = 4,
    length_penalty: float = 0.6,
    position: int = 0,
) -> np.ndarray:
    """The best of several sequences followed side by side.

        score(Y) = log p(Y) / lp(Y),        lp(Y) = ((5 + |Y|) / 6)^length_penalty

    At each step the `beams` most likely continuations are kept. One that ends is put aside and its place in the beam is not
    filled again; with one beam this is `greedy`. The row is done when its beam is empty, or when nothing that is still open
    can beat the best ended sequence. |Y| counts the end token. A row in which no sequence has ended after `max_length`
    tokens gets its most likely open one.

    Args:
        step: as in `greedy`.
        state: as in `greedy`; it is repeated for each beam.
        start: as in `greedy`.
        end: as in `greedy`.
        max_length: as in `greedy`.
        beams: how many sequences to follow.
        length_penalty: 0 compares log p as it is, which favours short sequences; the Transformer paper used 0.6.
        position: as in `greedy`.

    Returns:
        As `greedy`.

    Raises:
        ValueError: an argument that makes no sense.

    Source: Wu et al. 2016, section 7, https://arxiv.org/abs/1609.08144; Vaswani et al. 2017, section 6.1.
    """
    _check(max_length=max_length, beams=beams)
    if length_penalty < 0:
        raise ValueError(f"`length_penalty` must not be negative. Received: length_penalty={length_penalty}")
    decode = _program("beam", step, max_length, _number(end), beams)
    return decode(
        _tensors(state), _tokens(start), tf.constant(position), tf.constant(length_penalty, tf.float32)
    ).numpy()


@functools.lru_cache(maxsize=16)
def _program(kind: str, step: Step, max_length: int, end: int, *choice: Any) -> Any:
    """The compiled loop; one for each model and kind of search."""
    if kind == "beam":
        return tf.function(functools.partial(_beam_loop, step, max_length, end, *choice), autograph=False)

    def argmax(logits: Any, position: Any) -> Any:
        return tf.argmax(logits, axis=-1, output_type=tf.int32)

    def greedy_loop(state: Any, start: Any, position: Any) -> Any:
        return _loop(step, max_length, end, argmax, state, start, position)

    def sample_loop(state: Any, start: Any, position: Any, seed: Any, temperature: Any) -> Any:
        def draw(logits: Any, position: Any) -> Any:
            logits = _only_top(logits / temperature, *choice)
            seeds = tf.stack([seed, tf.cast(position, tf.int64)])
            return tf.random.stateless_categorical(logits, 1, seeds, dtype=tf.int32)[:, 0]

        return _loop(step, max_length, end, draw, state, start, position)

    return tf.function(greedy_loop if kind == "greedy" else sample_loop, autograph=False)


def _only_top(logits: Any, top_k: int | None) -> Any:
    """The top_k largest logits of each row, the others at -inf; of equal ones the first count."""
    if top_k is None or top_k >= logits.shape[-1]:
        return logits
    kept, places = tf.math.top_k(logits, top_k)
    rows = tf.broadcast_to(tf.range(tf.shape(logits)[0])[:, None], tf.shape(places))
    nothing = tf.fill(tf.shape(logits), tf.constant(-np.inf, logits.dtype))
    return tf.tensor_scatter_nd_update(nothing, tf.stack([rows, places], axis=-1), kept)


def _loop(step: Step, max_length: int, end: int, choose: Callable[..., Any], state: Any, start: Any, first: Any) -> Any:
    """Write tokens until all rows have ended."""

    def body(written: Any, tokens: Any, ended: Any, output: Any, state: Any) -> tuple[Any, ...]:
        logits, new = step(tokens, first + written, state)
        tokens = tf.where(ended, PAD, choose(tf.cast(logits, tf.float32), first + written))
        return written + 1, tokens, ended | (tokens == end), _put(output, written, tokens), _like(new, state)

    ended = tf.zeros_like(start, tf.bool)
    output = tf.fill([start.shape[0], max_length], PAD)
    return tf.while_loop(
        lambda written, tokens, ended, output, state: (written < max_length) & ~tf.reduce_all(ended),
        body,
        (tf.constant(0), start, ended, output, state),
    )[3]


def _beam_loop(
    step: Step, max_length: int, end: int, beams: int, state: Any, start: Any, first: Any, length_penalty: Any
) -> Any:
    """`beam_search` in one graph; open sequences are `(rows, beams)`, the best ended one a row is kept aside."""
    rows = start.shape[0]
    state = tf.nest.map_structure(lambda one: tf.gather(one, np.repeat(np.arange(rows), beams)), state)

    def penalty(length: Any) -> Any:
        return tf.pow((5.0 + tf.cast(length, tf.float32)) / 6.0, length_penalty)

    def body(
        written: Any, scores: Any, outputs: Any, width: Any, best: Any, answer: Any, state: Any
    ) -> tuple[Any, ...]:
        last = tf.where(written > 0, tf.gather(outputs, tf.maximum(written - 1, 0), axis=2), start[:, None])
        logits, new = step(tf.reshape(last, [rows * beams]), first + written, state)
        vocabulary = logits.shape[-1]
        log_p = tf.reshape(tf.nn.log_softmax(tf.cast(logits, tf.float32)), [rows, beams, vocabulary])
        scores, places = _best(tf.reshape(scores[:, :, None] + log_p, [rows, beams * vocabulary]), beams)
        scores = tf.where(tf.range(beams) < width[:, None], scores, -np.inf)
        parents, tokens = places // vocabulary, places % vocabulary
        outputs = _put(tf.gather(outputs, parents, batch_dims=1), written, tokens)
        new = tf.nest.map_structure(
            lambda one: tf.gather(one, tf.reshape(parents + beams * tf.range(rows)[:, None], [-1])), _like(new, state)
        )
        ends = (tokens == end) & (scores > -np.inf)
        ended = tf.where(ends, scores / penalty(written + 1), -np.inf)
        better = tf.reduce_max(ended, axis=1) > best
        answer = tf.where(better[:, None], _row(outputs, tf.argmax(ended, axis=1)), answer)
        best = tf.maximum(best, tf.reduce_max(ended, axis=1))
        width = width - tf.reduce_sum(tf.cast(ends, tf.int32), axis=1)
        return written + 1, tf.where(ends, -np.inf, scores), outputs, width, best, answer, _like(new, state)

    def goes_on(written: Any, scores: Any, outputs: Any, width: Any, best: Any, answer: Any, state: Any) -> Any:
        hope = tf.reduce_max(scores, axis=1) / penalty(
            max_length
        )  # log p only falls, the penalty grows at most to this
        return (written < max_length) & tf.reduce_any(hope > best)

    scores = tf.repeat(tf.constant([[0.0] + [-np.inf] * (beams - 1)]), rows, axis=0)
    outputs = tf.fill([rows, beams, max_length], PAD)
    best = tf.fill([rows], tf.constant(-np.inf))
    found = tf.while_loop(
        goes_on, body, (tf.constant(0), scores, outputs, tf.fill([rows], beams), best, outputs[:, 0], state)
    )
    scores, outputs, best, answer = found[1], found[2], found[4], found[5]
    return tf.where((best > -np.inf)[:, None], answer, _row(outputs, tf.argmax(scores, axis=1)))


def _best(scores: Any, count: int) -> tuple[Any, Any]:
    """The largest scores of each row and their places, filled up with -inf where there are fewer."""
    missing = count - scores.shape[1]
    if missing > 0:
        scores = tf.pad(scores, [[0, 0], [0, missing]], constant_values=-np.inf)
    found, places = tf.math.top_k(scores, count)
    return found, tf.where(found > -np.inf, places, 0)


def _row(outputs: Any, place: Any) -> Any:
    """One of the sequences `(rows, beams, length)` of each row."""
    return tf.gather(outputs, place, batch_dims=1)


def _put(output: Any, position: Any, tokens: Any) -> Any:
    """`output` `(..., length)` with the tokens `(...)` at a position."""
    return tf.where(tf.range(output.shape[-1]) == position, tokens[..., None], output)


def _like(new: Any, old: Any) -> Any:
    """The new state with the shapes and types of the old one, which a loop in a graph must keep."""
    return tf.nest.map_structure(lambda one, other: tf.ensure_shape(tf.cast(one, other.dtype), other.shape), new, old)


def _tensors(state: Any) -> Any:
    return tf.nest.map_structure(tf.convert_to_tensor, state)


def _tokens(start: Any) -> Any:
    start = tf.convert_to_tensor(np.asarray(start, "int32"))
    if start.shape.rank != 1 or start.shape[0] == 0:
        raise ValueError(f"`start` must be a start token a row, shape (rows,). Received: start.shape={start.shape}")
    return start


def _number(end: int | None) -> int:
    return -1 if end is None else int(end)


def _check(**arguments: float) -> None:
    for name, value in arguments.items():
        if not value > 0:
            raise ValueError(f"`{name}` must be above 0. Received: {name}={value}")
