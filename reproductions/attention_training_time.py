"""An epoch of translation: recurrent networks with attention against a Transformer of as many weights.

Source: document 003, Video 84 (attention of 2015 is still sequential and slow to train). The pairs, vocabularies and split
are those of `translation_hindi`; every network trains whole epochs of the same batches in the compiled trainer, in turns.

Run: reproduce run attention_training_time
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from reproductions.claims import Claim, Sampled
from reproductions.figures import COLOURS, Picture
from reproductions.timings import interleaved
from reproductions.worked import log10_ratio

if TYPE_CHECKING:
    import keras

TITLE = "Time of an epoch: recurrence with attention against a Transformer"
SUMMARY = (
    "English to Hindi by GRUs with Bahdanau's and Luong's attention and by a Transformer of as many weights, in turns."
)
DATASETS = ("tatoeba_en_hi",)
IN_DEFAULT_SET = False
TIMES = True
EXPECTED_SECONDS = 90.0

WIDTH, BATCH, REPEATS = 128, 64, 6
NETWORKS = {"bahdanau": "GRU, Bahdanau", "luong": "GRU, Luong", "transformer": "Transformer"}


def build_model(network: str, sizes: tuple[int, int]) -> keras.Model:
    """A GRU encoder-decoder of width 128 with attention, or a Transformer of 2 + 2 blocks of that width."""
    import keras

    from recipes.models.seq2seq import MaskedCrossentropy, Seq2Seq
    from recipes.models.transformer import Transformer

    model = (
        Transformer(*sizes, num_layers=2, d_model=WIDTH, num_heads=4, intermediate_dim=WIDTH, dropout=0.0)
        if network == "transformer"
        else Seq2Seq(*sizes, units=WIDTH, embedding_dim=WIDTH, attention=network)
    )
    model.compile(keras.optimizers.Adam(), MaskedCrossentropy())
    return model


def epoch(model: keras.Model, x: tuple[np.ndarray, np.ndarray], y: np.ndarray) -> Callable[[], Any]:
    """One epoch of full batches in one compiled call, as a function to time."""
    import tensorflow as tf

    from recipes.training.data import Arrays
    from recipes.training.epochs import EpochProgram, build

    build(model, Arrays(x, y))
    program = EpochProgram(model)
    data = tf.nest.map_structure(tf.constant, (x, y))
    order = np.random.default_rng(0).permutation(len(y))[: len(y) // BATCH * BATCH].astype("int32")
    return lambda: program.train(data, order, BATCH)


def examine_data() -> dict[str, Any]:
    """Seconds of an epoch, one a repeat, as ratios to the Transformer's; weights, and steps that wait for each other."""
    from reproductions import translation_hindi

    data = translation_hindi.load_data(translation_hindi.Config())
    sizes = translation_hindi.ENGLISH, translation_hindi.HINDI
    models = {network: build_model(network, sizes) for network in NETWORKS}
    works = {network: epoch(model, data.x_train, data.y_train) for network, model in models.items()}
    seconds = interleaved(works, REPEATS)
    source, target = (part.shape[1] for part in data.x_train)
    return {
        "log10_bahdanau_over_transformer": log10_ratio(seconds["bahdanau"], seconds["transformer"]),
        "log10_luong_over_transformer": log10_ratio(seconds["luong"], seconds["transformer"]),
        "epoch_seconds": {network: [round(float(one), 3) for one in taken] for network, taken in seconds.items()},
        "weights": {network: model.count_params() for network, model in models.items()},
        "steps_in_sequence": {"bahdanau": source + target, "luong": source + target, "transformer": 2 + 2},
    }


CLAIMS = (
    Claim(
        "attention-still-sequential-rnn",
        "003",
        "Video 84",
        "RNN seq2seq with attention is still sequential and slow to train.",
        "comparison",
        "",
        "Tatoeba English-Hindi: 2,650 training pairs padded to the longest, vocabularies of 1,500, batches of 64. GRU "
        "encoder-decoder (128 units and word vectors) with Bahdanau's attention against a Transformer of 2 + 2 blocks (width "
        "128, 4 heads, feed-forward 128) of as many weights, no dropout, Adam and the same loss; whole epochs in the compiled "
        "trainer, 6 repeats in turns. Slow to train if the epoch takes longer than the Transformer's; Luong's attention, which "
        "its decoder needs at no step of the recurrence, is shown beside.",
        (
            Sampled(
                "log10_bahdanau_over_transformer", low=0.0, documented="an epoch takes longer than the Transformer's"
            ),
        ),
        data="tatoeba_en_hi",
        priority=3,
    ),
)


def _paint(facts: Mapping[str, Any]) -> Any:
    import matplotlib.pyplot as plt

    drawn, axis = plt.subplots(figsize=(6.8, 3.6), layout="constrained")
    for place, network in enumerate(NETWORKS):
        taken = facts["epoch_seconds"][network]
        axis.barh(place, np.median(taken), color=COLOURS[place], alpha=0.7, height=0.6)
        axis.plot(taken, np.full(len(taken), place), "k.", markersize=4)
        text = f"{facts['weights'][network] / 1e6:.2f} million weights,\n{facts['steps_in_sequence'][network]} steps in sequence"
        axis.text(0.02 * max(map(max, facts["epoch_seconds"].values())), place, text, va="center", fontsize=8)
    axis.set_yticks(range(len(NETWORKS)), list(NETWORKS.values()))
    axis.invert_yaxis()
    axis.set_xlabel("seconds an epoch (bar: median, dots: repeats)")
    axis.grid(axis="x", alpha=0.25)
    return drawn


FIGURES = (
    Picture(
        "attention-training-time",
        "An epoch of English to Hindi, 2,650 pairs",
        "Equal data and batches, as many weights; a recurrent network must wait for each word.",
        facts=("epoch_seconds", "weights", "steps_in_sequence"),
        paint=_paint,
    ),
)
