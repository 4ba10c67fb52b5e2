"""Verdicts of the penalties' record; a proximal step that does nothing leaves no zeros."""

from dataclasses import replace

import numpy as np
from judged import verdicts_of
from keras import ops

from recipes import regularizers
from reproductions import weight_penalties as module


def test_verdicts():
    assert verdicts_of("weight_penalties") == {
        "regularization-l2-small-not-zero": "reproduced",
        "regularization-l1-exact-zero": "erratum",
        "regularization-l2-reduces-overfitting": "reproduced",
    }


def zeros_after(epochs):
    config = replace(module.VARIANTS["linear_proximal"], epochs=epochs)
    data = module.load_data(config)
    return module.measure(config, data, module.train(config, data, [0])).metrics["exact_zeros"][0]


def test_proximal_steps_leave_zeros_and_a_dead_one_is_noticed(monkeypatch):
    assert zeros_after(60) >= 5
    monkeypatch.setattr(regularizers, "soft_threshold", lambda w, threshold: ops.convert_to_tensor(w))
    assert zeros_after(60) == 0


def test_lasso_minimises_the_same_loss():
    data, own = module.load_data(module.VARIANTS["linear_l1"]), module.rows_of(0)
    x, y = data.x_train[own].astype("float64"), data.y_train[own].astype("float64")
    found = module.lasso(x, y)

    def loss(w):
        residual = y - x @ w
        return np.mean((residual - residual.mean()) ** 2) + module.STRENGTH * np.abs(w).sum()

    nudges = 1e-3 * np.random.default_rng(0).normal(size=(200, len(found)))
    assert all(loss(found) <= loss(found + nudge) for nudge in nudges)
