"""Scaling by the training part alone, and what is refused."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from recipes.scaling import FeatureScaler, scale_splits

RNG = np.random.default_rng(0)
TRAIN, TEST = RNG.normal([5, -3, 1000], [1, 0.1, 400], (50, 3)), RNG.normal([5, -3, 1000], [1, 0.1, 400], (20, 3))


def by_hand(kind, train, part):
    if kind == "standard":
        return (part - train.mean(axis=0)) / train.std(axis=0)
    return (part - train.min(axis=0)) / (train.max(axis=0) - train.min(axis=0))


@pytest.mark.parametrize("kind", ["standard", "minmax"])
def test_formulas(kind):
    train, test = scale_splits(TRAIN, TEST, kind=kind)
    np.testing.assert_allclose(train, by_hand(kind, TRAIN, TRAIN), atol=1e-12)
    np.testing.assert_allclose(test, by_hand(kind, TRAIN, TEST), atol=1e-12)
    scaler = FeatureScaler(kind).fit(TRAIN)
    np.testing.assert_allclose(scaler.inverse_transform(scaler.transform(TEST)), TEST)


@settings(max_examples=50, deadline=None)
@given(arrays("float64", (4, 2), elements=st.floats(-1e6, 1e6)), st.sampled_from(["standard", "minmax"]))
def test_the_test_part_changes_nothing_of_the_training_part(test, kind):
    assert (scale_splits(TRAIN[:, :2], test, kind=kind)[0] == scale_splits(TRAIN[:, :2], kind=kind)[0]).all()


def test_several_parts_and_tables_with_names():
    frame = pd.DataFrame(TRAIN, columns=["age", "balance", "salary"])
    scaled = scale_splits(frame, TEST, pd.DataFrame(TEST[:4], columns=frame.columns))
    assert [part.shape for part in scaled] == [(50, 3), (20, 3), (4, 3)] and (scaled[1][:4] == scaled[2]).all()
    with pytest.raises(ValueError, match=r"single value.*\['age'\]"):
        scale_splits(frame.assign(age=3.0))


def test_no_second_fit_and_no_overlap():
    with pytest.raises(ValueError, match="fitted already"):
        FeatureScaler().fit(TRAIN).fit(TEST)
    whole = np.vstack([TRAIN, TEST])
    with pytest.raises(ValueError, match="shares rows with part 1"):
        scale_splits(whole, whole[50:])
    scale_splits(whole[:50], whole[50:])
    scale_splits(whole[::2], whole[1::2])


def spoiled(value, column=1):
    table = TRAIN.copy()
    table[3, column] = value
    return table


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: FeatureScaler("robust"), "`kind` must be"),
        (
            lambda: scale_splits(spoiled(np.nan), TEST),
            r"`train` has NaN or infinite values in columns \[1\], first in row 3",
        ),
        (lambda: scale_splits(TRAIN, spoiled(np.inf, 2)), r"`part` has NaN or infinite values in columns \[2\]"),
        (lambda: scale_splits(np.ones((5, 2))), r"single value.*\[0, 1\]"),
        (lambda: scale_splits(TRAIN[:1]), "two rows"),
        (lambda: scale_splits(TRAIN[:, 0]), "must be a table"),
        (lambda: scale_splits([["a", 1], ["b", 2]]), "numbers only"),
        (lambda: scale_splits(TRAIN, TEST[:, :2]), "the 3 columns of the training part"),
        (lambda: FeatureScaler().transform(TEST), "before `transform`"),
    ],
)
def test_refusals(call, message):
    with pytest.raises(ValueError, match=message):
        call()
