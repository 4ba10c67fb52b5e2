"""Early stopping against keras.callbacks.EarlyStopping on scripted losses, and in both training loops."""

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recipes.early_stopping import EarlyStopping
from recipes.training import fit


class Model:
    """As much of a model as the callback uses: its weights are the number of the epoch."""

    def __init__(self):
        self.stop_training, self.epoch, self.restored, self.metrics = False, None, None, []

    def get_weights(self):
        return [self.epoch]

    def set_weights(self, weights):
        self.restored = weights[0]


def outcome(callback, values):
    """Epochs run, epoch stopped at, best epoch, best value and restored epoch for one value an epoch."""
    model = Model()
    callback.set_model(model)
    callback.on_train_begin()
    for epoch, value in enumerate(values):
        model.epoch = epoch
        callback.on_epoch_end(epoch, {"val_loss": value})
        if model.stop_training:
            break
    callback.on_train_end()
    return model.epoch, callback.stopped_epoch, callback.best_epoch, callback.best, model.restored, callback.wait


VALUES = st.lists(st.one_of(st.integers(0, 6).map(float), st.floats(0, 6, width=32)), min_size=1, max_size=25)


@settings(max_examples=300, deadline=None)
@given(
    VALUES,
    st.fixed_dictionaries(
        {
            "patience": st.integers(0, 5),
            "min_delta": st.sampled_from([0, 0.001, 0.5, -0.5, 1]),
            "mode": st.sampled_from(["auto", "min", "max"]),
            "baseline": st.sampled_from([None, 2.0, 4.0]),
            "restore_best_weights": st.booleans(),
            "start_from_epoch": st.integers(0, 4),
        }
    ),
)
def test_equals_keras(values, arguments):
    ours, peer = EarlyStopping(**arguments), keras.callbacks.EarlyStopping(**arguments)
    assert outcome(ours, values) == outcome(peer, values)
    assert outcome(ours, values[::-1]) == outcome(peer, values[::-1])  # used again


def test_documented_settings():
    falling = [1.0, 0.8, 0.7, 0.71, 0.72, 0.73, 0.1]
    epoch, stopped, best_epoch, best, restored, _ = outcome(
        EarlyStopping(patience=3, restore_best_weights=True), falling
    )
    assert (epoch, stopped, best_epoch, best, restored) == (5, 5, 2, 0.7, 2)
    creeping = [1.0 - 0.0005 * k for k in range(30)]  # each epoch better, but not by 0.001
    arguments = {"monitor": "val_loss", "patience": 5, "restore_best_weights": True}
    assert outcome(EarlyStopping(min_delta=0.001, **arguments), creeping)[0] == 29  # every third is, against the best
    assert outcome(EarlyStopping(min_delta=0.004, **arguments), creeping)[:2] == (5, 5)
    assert outcome(EarlyStopping(min_delta=0, **arguments), creeping)[1] == 0


def test_nan_never_improves():
    assert outcome(EarlyStopping(patience=2), [1.0, float("nan"), float("nan"), 0.5])[:2] == (2, 2)


@pytest.mark.parametrize(
    ("loop", "monitor"),
    [("model.fit", "val_loss"), ("recipes.training.fit", "val_loss"), ("model.fit", "val_accuracy")],
)
def test_equals_keras_in_training(loop, monitor):
    rng = np.random.default_rng(0)
    x = rng.standard_normal((60, 8)).astype("float32")
    y = (rng.random(60) > 0.5).astype("float32")  # nothing to learn: the validation loss soon rises

    def run(callback):
        keras.utils.set_random_seed(1)
        model = keras.Sequential([keras.Input((8,)), keras.layers.Dense(16, "relu"), keras.layers.Dense(1, "sigmoid")])
        model.compile(keras.optimizers.Adam(0.02), "binary_crossentropy", metrics=["accuracy"])
        arguments = {"epochs": 40, "validation_split": 0.3, "callbacks": [callback], "verbose": 0}
        history = model.fit(x, y, **arguments) if loop == "model.fit" else fit(model, x, y, seed=0, **arguments)
        return history.history, model.get_weights()

    arguments = {"monitor": monitor, "patience": 4, "min_delta": 0.001, "restore_best_weights": True}
    (ours, weights), (theirs, expected) = (
        run(of(**arguments)) for of in (EarlyStopping, keras.callbacks.EarlyStopping)
    )
    assert ours == theirs and 5 <= len(ours["loss"]) < 40
    assert all((one == other).all() for one, other in zip(weights, expected, strict=True))


def test_says_what_it_does(capsys):
    outcome(EarlyStopping(patience=1, verbose=1, restore_best_weights=True), [1.0, 2.0])
    assert capsys.readouterr().out == (
        "Epoch 2: early stopping\nRestoring model weights from the end of the best epoch: 1.\n"
    )


def test_what_it_can_not_tell():
    with pytest.raises(ValueError, match="`mode` must be"):
        EarlyStopping(mode="lowest")
    callback = EarlyStopping("val_fit")
    callback.set_model(Model())
    with pytest.warns(UserWarning, match="`val_fit`"):
        callback.on_epoch_end(0, {"loss": 1.0})
    callback.on_epoch_end(0, {"val_fit": 1.0})
    with pytest.raises(ValueError, match="should fall or rise"):
        callback.on_epoch_end(1, {"val_fit": 1.0})
