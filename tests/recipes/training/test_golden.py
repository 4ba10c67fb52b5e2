"""Golden traces: equal bits for equal programs, other numbers for other mathematics."""

import keras
import numpy as np
import pytest

from recipes.training import golden_trace
from recipes.training.determinism import determinism_enabled


def data():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(100, 4)).astype("float32")
    return x, (x[:, :1] > 0).astype("float32")


def builder(activation="relu", rate=0.001, dropout=0.2):
    def build():
        model = keras.Sequential(
            [
                keras.Input((4,)),
                keras.layers.Dense(6, activation),
                keras.layers.Dropout(dropout),
                keras.layers.Dense(1, "sigmoid"),
            ]
        )
        model.compile(keras.optimizers.Adam(rate), "binary_crossentropy", metrics=["accuracy"])
        return model

    return build


def test_trace_repeats_bit_for_bit_and_puts_determinism_back():
    x, y = data()
    first = golden_trace(builder(), x, y)
    assert len(first) == 20 and np.isfinite(first).all()
    assert golden_trace(builder(), x, y) == first
    assert not determinism_enabled()


@pytest.mark.parametrize(
    "changed",
    [{"build_model": builder("tanh")}, {"build_model": builder(rate=0.01)}, {"build_model": builder(dropout=0.0)},
     {"shuffle": False}, {"seed": 1}],
    ids=["activation", "learning rate", "dropout", "shuffling", "seed"],
)  # fmt: skip
def test_trace_shows_a_change(changed):
    x, y = data()
    arguments = {"build_model": builder()} | changed
    assert golden_trace(x=x, y=y, **arguments) != golden_trace(builder(), x, y)


def test_trace_needs_a_full_batch():
    x, y = data()
    with pytest.raises(ValueError, match="needs a full batch"):
        golden_trace(builder(), x[:10], y[:10])
