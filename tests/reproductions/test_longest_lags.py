"""The longest lag learned: the copy task, what counts as the longest, and which lags can be learned by hand."""

from dataclasses import replace

import numpy as np
import pytest
from judged import verdicts_of

from reproductions import longest_lags as module
from reproductions.networks import Split
from reproductions.sequence_tasks import COPIED, SYMBOLS, copy


def test_verdicts():
    assert verdicts_of("longest_lags") == {"lstm-learns-longer-lags": "not reproduced"}


def test_copied_symbols_stand_in_front_and_are_asked_for_behind_the_cue():
    x, y = copy(50, 7, seed=0)
    assert x.shape == (50, 17) and y.shape == (50, COPIED)
    assert (x[:, :COPIED] - 1 == y).all() and y.max() == SYMBOLS - 1 and y.min() == 0
    assert (
        (x[:, COPIED:-COPIED] == 0).all() and (x[:, -COPIED] == SYMBOLS + 1).all() and (x[:, 1 - COPIED :] == 0).all()
    )
    assert (x[0] != copy(1, 7, seed=1)[0][0]).any()


def test_the_longest_lag_ends_at_the_first_that_is_not_learned():
    learned = np.array([[1, 1, 0], [1, 0, 1], [1, 1, 1]], bool)
    assert module.longest(learned, (5, 10, 20)) == [20.0, 5.0, 0.0]


@pytest.mark.parametrize("task", module.LAGS)
def test_short_trainings_are_scored_at_every_lag(task, monkeypatch):
    monkeypatch.setattr(module, "LAGS", {"adding": (4, 6), "copy": (1, 2)})
    monkeypatch.setattr(module, "POOL", 64)
    monkeypatch.setattr(module, "OWN", 32)
    monkeypatch.setattr(module, "TEST", 16)
    config = replace(module.VARIANTS[f"{task}_gru"], units=4, epochs=1, batch_size=16)
    data = module.load_data(config)
    shares = []
    measured = module.measure(config, data, module.train(config, data, [0, 1], progress=shares.append))
    assert len(measured.metrics["longest_lag"]) == 2 and len(measured.metrics) == 3
    assert shares == sorted(shares) and shares[-1] == pytest.approx(1.0)


def test_scores_are_those_of_the_predictions():
    class Perfect:
        def predict(self, x, batch_size):
            return np.eye(SYMBOLS)[x[:, :COPIED] - 1][None]

    x, y = copy(20, 3, seed=0)
    split = Split(x, y, x, y)
    assert module.score(module.VARIANTS["copy_lstm"], split, Perfect()) == [1.0]
    assert module.score(module.VARIANTS["copy_lstm"], Split(x, y, x, (y + 1) % SYMBOLS), Perfect()) == [0.0]
