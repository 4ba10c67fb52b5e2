"""Verdicts of the early stopping record; seeds have points of their own; a dead callback is noticed."""

from dataclasses import replace

import keras
import numpy as np
from judged import verdicts_of

from reproductions import early_stopping_runs as module


def test_verdicts():
    assert verdicts_of("early_stopping_runs") == {
        "regularization-generalises": "reproduced",
        "regularization-earlystop-saves-time": "reproduced",
        "regularization-overfit-many-epochs": "not reproduced",
    }


def test_copies_stay_near_their_points_and_keep_their_labels():
    config = module.VARIANTS["augmented"]
    data, rows = module.load_data(config), module.rows_of(config, 3).reshape(module.COPIES, module.POINTS)
    np.testing.assert_array_equal(rows[0], module.rows_of(module.VARIANTS["plain"], 3))
    moved = data.x_train[rows] - data.x_train[rows[0]]
    assert 0.09 < moved[1:].std() < 0.11
    assert (data.y_train[rows] == data.y_train[rows[0]]).all()


def epochs_run(seed=0):
    config = replace(module.VARIANTS["early"], epochs=45)
    data = module.load_data(config)
    return module.measure(config, data, module.train(config, data, [seed])).metrics["epochs_run"][0]


def test_a_callback_that_never_stops_is_noticed(monkeypatch):
    assert epochs_run() < 45
    monkeypatch.setattr(keras.callbacks.EarlyStopping, "_is_improvement", lambda *_: True)
    assert epochs_run() == 45
