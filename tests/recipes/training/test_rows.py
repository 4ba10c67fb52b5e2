"""Every seed on its own rows: the same as training on those rows alone."""

import keras
import numpy as np
import pytest

from recipes.training import Trainer

RNG = np.random.default_rng(0)
X = RNG.normal(size=(60, 3)).astype("float32")
Y = (X @ [1.0, -2.0, 0.5] + 0.1 * RNG.normal(size=60)).astype("float32")


def rows(seed):
    return np.random.default_rng(seed).choice(60, 21, replace=False)


def build_model():
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(5, "tanh"), keras.layers.Dense(1)])
    model.compile("adam", "mse")
    return model


@pytest.mark.parametrize("stack", [True, False])
def test_a_seed_trains_on_its_rows_alone(stack):
    settings = dict(epochs=3, batch_size=8, validation_data=(X, Y))
    runs = Trainer(build_model, stack=stack).fit(X, Y, seeds=(3, 4), rows=rows, **settings)
    for position, seed in enumerate((3, 4)):
        alone = Trainer(build_model, stack=stack).fit(X[rows(seed)], Y[rows(seed)], seeds=(seed,), **settings)
        for name in ("loss", "val_loss"):
            np.testing.assert_allclose(runs.curves[name][position], alone.curves[name][0], rtol=1e-5)


def test_streamed_data_know_the_rows(monkeypatch):
    resident = Trainer(build_model, stack=False).fit(X, Y, seeds=(1,), rows=rows, batch_size=8, epochs=2)
    monkeypatch.setattr("recipes.training.feed.RESIDENT_BYTES", 256)
    streamed = Trainer(build_model, stack=False).fit(X, Y, seeds=(1,), rows=rows, batch_size=8, epochs=2)
    np.testing.assert_allclose(streamed.curves["loss"], resident.curves["loss"], rtol=1e-6)


def test_other_rows_do_not_continue_a_checkpoint(tmp_path):
    def fit(choose):
        return Trainer(build_model).fit(X, Y, seeds=(0,), rows=choose, epochs=2, checkpoint=tmp_path).curves["loss"]

    first = fit(rows)
    assert (fit(rows) == first).all()
    assert (fit(lambda seed: np.arange(21)) != first).any()


@pytest.mark.parametrize(
    ("choose", "message"),
    [
        (lambda seed: np.arange(seed + 1), "equally many"),
        (lambda seed: np.array([0, 60]), r"0\.\.59"),
        (lambda seed: np.array([-1, 2]), r"0\.\.59"),
        (lambda seed: np.array([0.5]), "whole numbers"),
        (lambda seed: [], "whole numbers"),
    ],
)
def test_unusable_rows_are_refused(choose, message):
    with pytest.raises(ValueError, match=message):
        Trainer(build_model).fit(X, Y, seeds=(0, 1), rows=choose)


def test_rows_and_validation_split_exclude_each_other():
    with pytest.raises(ValueError, match="validation_data"):
        Trainer(build_model).fit(X, Y, rows=rows, validation_split=0.2)
