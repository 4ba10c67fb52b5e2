"""Verdicts of the records of the dropout networks; their measures; a dead dropout changes the trace."""

import keras
import numpy as np
import pytest
from judged import verdicts_of

import layers
from reproductions import dropout_mnist, dropout_toys

VERDICTS: dict[str, dict[str, str]] = {
    "dropout_toys": {
        "dropout-regression-code": "inconclusive",
        "dropout-classification-code": "reproduced",
    },
    "dropout_mnist": {
        "dropout-reduces-overfitting": "reproduced",
        "dropout-rate-range": "not reproduced",
        "dropout-high-rate-underfits": "reproduced",
        "dropout-slower-convergence": "reproduced",
        "dropout-last-layer-first": "reproduced",
    },
    "dropout_cnn": {"dropout-cnn-half": "not reproduced"},
    "dropout_lstm": {"dropout-rnn-range": "not reproduced"},
}


@pytest.mark.parametrize("name", VERDICTS)
def test_verdicts(name):
    assert verdicts_of(name) == VERDICTS[name]


def test_a_wigglier_boundary_is_longer():
    x, y = dropout_toys.moons_grid().T
    straight, wiggly = (x > 0.4), (x > 0.4 + 0.5 * np.sin(9 * y))
    lengths = dropout_toys.boundary_length(np.stack([straight, wiggly]).astype("float32"))
    assert lengths[0] == dropout_toys.GRID
    assert lengths[1] > 1.5 * lengths[0]


def test_epochs_are_counted_to_the_first_low_loss():
    curves = np.array([[0.9, 0.5, 0.6], [0.9, 0.8, 0.7]])
    np.testing.assert_array_equal(dropout_mnist.epochs_to(curves), [2, 4])


def test_every_seed_has_its_own_points():
    rows = [dropout_toys.rows_of(dropout_toys.VARIANTS["moons_half"], seed) for seed in (0, 1, 1000)]
    assert len(set(rows[0]) & set(rows[1])) < 10
    assert all(len(set(row)) == 100 for row in rows)


def test_a_dead_dropout_changes_the_trace(monkeypatch):
    config = dropout_toys.VARIANTS["moons_half"]
    data = dropout_toys.load_data(config)
    alive = dropout_toys.trace(config, data)
    monkeypatch.setattr(layers, "Dropout", lambda rate: keras.layers.Dropout(0.0))
    assert np.abs(np.array(alive) - dropout_toys.trace(config, data)).max() > 1e-3
