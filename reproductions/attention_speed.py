"""Additive against multiplicative attention: time and parameters of the same shapes.

Source: document 003, Video 71-72. 64 sentences, 100 decoder states, 100 encoder states, width 256: the additive score runs
a small network for each of the 640,000 pairs of states, the dot product is one matrix product.

Run: reproduce run attention_speed
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from reproductions.claims import Claim, Equals, Sampled
from reproductions.figures import COLOURS, Picture
from reproductions.timings import interleaved
from reproductions.worked import log10_ratio

TITLE = "Speed of additive and multiplicative attention"
SUMMARY = "Bahdanau's and Luong's attention on the same states, timed in turn: ours, compiled by XLA, and Keras's."
DATASETS = ()
IN_DEFAULT_SET = True
TIMES = True
EXPECTED_SECONDS = 13.0

ROWS, QUERIES, KEYS, WIDTH = 64, 100, 100, 256
REPEATS = 6


def programs() -> dict[str, Callable[[], Any]]:
    """Compiled calls of both attentions: our layers, the same under XLA, and Keras's with W and U applied outside."""
    import keras
    import tensorflow as tf

    import layers

    rng = np.random.default_rng(0)
    query, value = (tf.constant(rng.standard_normal((ROWS, steps, WIDTH)), tf.float32) for steps in (QUERIES, KEYS))
    bahdanau, luong = layers.BahdanauAttention(WIDTH), layers.LuongAttention()
    additive, dot = keras.layers.AdditiveAttention(), keras.layers.Attention()
    of_query, of_key = (keras.layers.Dense(WIDTH, use_bias=False) for _ in range(2))

    def calls(function: Callable[[Any, Any], Any], xla: bool = False) -> Callable[[], Any]:
        program = tf.function(function, jit_compile=xla, autograph=False)
        return lambda: program(query, value).numpy()

    return {
        "bahdanau": calls(lambda q, v: bahdanau([q, v])),
        "luong": calls(lambda q, v: luong([q, v])),
        "bahdanau with XLA": calls(lambda q, v: bahdanau([q, v]), xla=True),
        "luong with XLA": calls(lambda q, v: luong([q, v]), xla=True),
        "keras additive": calls(lambda q, v: additive([of_query(q), v, of_key(v)])),
        "keras dot": calls(lambda q, v: dot([q, v])),
    }


PROGRAMS = {
    "bahdanau": "additive (Bahdanau)",
    "luong": "dot product (Luong)",
    "bahdanau with XLA": "additive, XLA",
    "luong with XLA": "dot product, XLA",
    "keras additive": "additive, Keras",
    "keras dot": "dot product, Keras",
}
"""How the figure calls the timed programs."""


def parameters() -> dict[str, Any]:
    """Weights of both layers at width 256."""
    import layers

    both = layers.BahdanauAttention(WIDTH), layers.LuongAttention()
    for layer in both:
        layer.build([(None, QUERIES, WIDTH), (None, KEYS, WIDTH)])
    return {"parameters_additive_and_dot": [layer.count_params() for layer in both]}


def examine() -> dict[str, Any]:
    """Times in turn, as log10 of the ratio additive / dot, and the median milliseconds."""
    times = interleaved(programs(), REPEATS)
    return {
        "log10_additive_over_dot": log10_ratio(times["bahdanau"], times["luong"]),
        "log10_additive_over_dot_xla": log10_ratio(times["bahdanau with XLA"], times["luong with XLA"]),
        "log10_additive_over_dot_keras": log10_ratio(times["keras additive"], times["keras dot"]),
        "median_seconds": {name: round(float(np.median(one)), 4) for name, one in times.items()},
        **parameters(),
    }


def paint_times(facts: Mapping[str, Any]) -> Any:
    """Median milliseconds of a call, on a logarithmic axis."""
    import matplotlib.pyplot as plt

    drawn, axis = plt.subplots(figsize=(8.2, 3.4), layout="constrained")
    shown = {name: 1000 * value for name, value in facts["median_seconds"].items()}
    colours = [COLOURS[place % 2] for place in range(len(shown))]
    bars = axis.barh([PROGRAMS[name] for name in shown], list(shown.values()), color=colours)
    axis.bar_label(bars, [f"{value:.0f} ms" for value in shown.values()], padding=3, fontsize=9)
    axis.set(xlabel="milliseconds a call (median)", xscale="log")
    axis.set_xlim(1, 3 * max(shown.values()))
    axis.invert_yaxis()
    axis.grid(axis="x", alpha=0.25)
    return drawn


FIGURES = (
    Picture(
        "attention-speed",
        "Time of a call: additive (blue) and dot-product attention (orange)",
        "64 sentences, 100 queries, 100 keys, width 256. The additive score needs a tanh for each pair of states and unit, "
        "the dot product one matrix product.",
        facts=("median_seconds",),
        paint=paint_times,
    ),
)

CLAIMS = (
    Claim(
        "attention-luong-faster",
        "003",
        "Video 71-72",
        "Multiplicative (dot-product) attention is faster than additive attention.",
        "comparison",
        "slower / faster",
        f"Forward calls on (64, 100, 100, 256): sentences, queries, keys, width (and units). {REPEATS} repeats in turn; log10 of "
        "the time ratio above 0, for our layers with TensorFlow's kernels and under XLA, and for keras.layers.AdditiveAttention "
        "(with its two missing projections) against keras.layers.Attention. Weights: 2 d^2 + d against none.",
        (
            Sampled("log10_additive_over_dot", low=0.0, documented="dot product faster"),
            Sampled("log10_additive_over_dot_xla", low=0.0, documented="dot product faster"),
            Sampled("log10_additive_over_dot_keras", low=0.0, documented="dot product faster"),
            Equals("parameters_additive_and_dot", [2 * WIDTH**2 + WIDTH, 0]),
        ),
        priority=2,
        remark="On two CPU cores the dot product is about 40 times faster (8 times under XLA, which never writes the additive "
        "score's 164 million hidden values to memory). In training Bahdanau's attention also needs a loop over the positions, "
        "since each context enters the next state; Luong's follows the recurrent layer for all positions at once.",
    ),
)
