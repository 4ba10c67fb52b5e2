"""Bucketing by length: which rows share a batch, what is cut, and that the training is the same as without cutting."""

from itertools import combinations

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recipes.training import Trainer, fit
from recipes.training.buckets import Buckets, best_widths

EXAMPLES, LONGEST, WORDS = 70, 12, 20


def sentences():
    draws = np.random.default_rng(0)
    lengths = draws.integers(1, LONGEST + 1, EXAMPLES)
    x = draws.integers(1, WORDS, (EXAMPLES, LONGEST)) * (np.arange(LONGEST) < lengths[:, None])
    return x.astype("int32"), (x % 3).astype("int32"), lengths


def tagger():
    model = keras.Sequential(
        [
            keras.Input((None,), dtype="int32"),
            keras.layers.Embedding(WORDS, 4, mask_zero=True),
            keras.layers.GRU(5, return_sequences=True),
            keras.layers.Dense(3),
        ]
    )
    model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    return model


def padding(lengths, widths):
    widths = np.asarray(widths)
    return int((widths[np.searchsorted(widths, lengths)] - lengths).sum())


@settings(deadline=None, max_examples=50)
@given(st.lists(st.integers(1, 9), min_size=1, max_size=30), st.integers(1, 4))
def test_no_choice_of_widths_leaves_less_padding(lengths, count):
    lengths = np.array(lengths)
    found = best_widths(lengths, count)
    values = sorted(set(lengths.tolist()))
    choices = [(*some, values[-1]) for k in range(count) for some in combinations(values[:-1], k)]
    assert len(found) <= count
    assert found[-1] == values[-1]
    assert padding(lengths, found) == min(padding(lengths, choice) for choice in choices)


def test_every_row_is_visited_once_and_batches_hold_rows_of_like_length():
    x, _, lengths = sentences()
    buckets = Buckets.make(lengths, [x])
    order = buckets.group(np.random.default_rng(1).permutation(EXAMPLES), 8, np.random.default_rng(2))
    assert sorted(order.tolist()) == list(range(EXAMPLES))
    numbers = buckets.of(order, 8)
    batches = lengths[order[:64]].reshape(8, 8)
    assert (np.asarray(buckets.widths)[numbers] >= batches.max(axis=1)).all()
    assert padding(batches.max(axis=1), buckets.widths) < 8 * (LONGEST - lengths.mean())
    # Sorted batches would show the network short sentences first in every epoch.
    assert (np.diff(numbers) < 0).any()


@pytest.mark.parametrize("jit_compile", [True, False])
def test_cutting_padding_changes_no_loss(jit_compile):
    """The same batches, in `model.fit` at full width and here cut to their bucket's."""
    x, y, lengths = sentences()
    runs = Trainer(tagger, jit_compile=jit_compile).fit(x, y, seeds=[3], batch_size=8, epochs=2, lengths=lengths)
    keras.utils.set_random_seed(3)
    model = tagger()
    buckets = Buckets.make(lengths, [x])
    losses = []
    for epoch in range(2):
        order = np.random.default_rng([3, epoch]).permutation(EXAMPLES)
        order = buckets.group(order, 8, np.random.default_rng([3, epoch, 1]))
        losses += model.fit(x[order], y[order], batch_size=8, shuffle=False, verbose=0).history["loss"]
    np.testing.assert_allclose(runs.curves["loss"][0], losses, rtol=2e-5)


def test_the_network_sees_cut_batches():
    x, y, lengths = sentences()
    seen = set()

    @keras.saving.register_keras_serializable("tests")
    class Width(keras.layers.Layer):
        def call(self, inputs):
            seen.add(inputs.shape[1])
            return inputs

    def model():
        built = keras.Sequential(
            [keras.Input((None,), dtype="int32"), Width(), keras.layers.Embedding(WORDS, 4), keras.layers.Dense(3)]
        )
        built.compile("sgd", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
        return built

    fit(model(), x, y, batch_size=8, lengths=lengths, seed=0)
    assert seen >= set(Buckets.make(lengths, [x]).widths)


@pytest.mark.parametrize(
    ("lengths", "message"),
    [
        (np.ones(3, int), "one for each of the 70 examples"),
        (np.zeros(EXAMPLES, int), "whole numbers from 1"),
        (np.ones(EXAMPLES), "whole numbers from 1"),
        (np.full(EXAMPLES, LONGEST + 1), "must not pass the second axis of the longest array, 12"),
    ],
)
def test_unusable_lengths_are_refused(lengths, message):
    x, y, _ = sentences()
    with pytest.raises(ValueError, match=message):
        Trainer(tagger).fit(x, y, lengths=lengths)


def test_a_stack_of_seeds_and_a_validation_split_are_refused():
    x, y, lengths = sentences()
    with pytest.raises(ValueError, match="batches of other lengths"):
        Trainer(tagger, stack=True).fit(x, y, lengths=lengths, seeds=[0, 1])
    with pytest.raises(ValueError, match="lengths or validation_split"):
        Trainer(tagger).fit(x, y, lengths=lengths, validation_split=0.2)
