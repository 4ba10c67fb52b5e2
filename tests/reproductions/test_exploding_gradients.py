"""Verdicts on exploding gradients from the ledger; clipping against our recipe; faults that change them."""

import keras
import numpy as np
from judged import verdicts_of

from recipes import gradient_clipping
from reproductions import exploding_gradients as module
from reproductions.verdicts import judge_claim


def test_verdicts():
    assert verdicts_of("exploding_gradients") == {claim.id: "reproduced" for claim in module.CLAIMS}


def test_clipnorm_bounds_each_variable_and_global_clipnorm_all_together():
    assert module.clipped("SGD", clipnorm=1.0) == module.clipped("Adam", clipnorm=1.0)
    local, whole = module.clipped("SGD", clipnorm=1.0), module.clipped("SGD", global_clipnorm=1.0)
    assert local["norms"] == [1.0, 0.5] and local["whole"][0] == round(1.25**0.5, 4)
    assert whole["whole"] == [1.0, 1.0]
    gradient = np.array([3.0, 4.0])
    np.testing.assert_allclose(gradient_clipping.clip_by_norm(gradient, 1.0), gradient / 5, rtol=1e-6)


def test_the_snippet_needs_its_import():
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    assert module.snippet(model=model) == "NameError: name 'Adam' is not defined"
    assert module.snippet(model=model, Adam=keras.optimizers.Adam) == "runs"


def test_an_optimizer_that_ignores_clipnorm_is_noticed(monkeypatch):
    class Unclipped(keras.optimizers.Adam):
        def __init__(self, learning_rate, clipnorm=None):
            super().__init__(learning_rate)

    monkeypatch.setattr(keras.optimizers, "Adam", Unclipped)
    claim = next(c for c in module.CLAIMS if c.id == "gradient-clipnorm-code")
    facts = {
        "norms_after_sgd_clipnorm": [1.0, 0.5],
        "norms_after_adam_clipnorm": module.clipped("Adam", clipnorm=1.0)["norms"],
        "snippet_with_import": "runs",
    }
    flags = {"sgd": 1.0, "sgd_clipnorm": 0.0, "adam_clipnorm": 0.0}
    variants = {name: {"ends_as_nan": [flag] * 20} for name, flag in flags.items()}
    assert judge_claim(claim, facts, variants)["verdict"] == "not reproduced"
