"""Verdicts of the cost of pooling from the record; counts that need no clock are made again."""

import keras
import pytest
from judged import verdicts_of

import layers
from reproductions import pooling_cost as module
from reproductions.claims import Equals
from reproductions.ledger import finite
from reproductions.verdicts import judge


def test_verdicts_of_the_record():
    assert verdicts_of("pooling_cost") == dict.fromkeys((claim.id for claim in module.CLAIMS), "reproduced")


def verdicts_of_counts(name):
    facts = finite(module.counts(name))
    checks = [check for claim in module.CLAIMS for check in claim.checks if isinstance(check, Equals)]
    return {check.fact: judge(check, facts, {}).verdict for check in checks if check.fact.startswith(name)}


def test_counts_of_the_mnist_network():
    assert set(verdicts_of_counts("mnist").values()) == {"reproduced"}


def test_pooling_that_does_not_shrink_is_noticed(monkeypatch):
    monkeypatch.setattr(layers, "MaxPooling2D", lambda size: keras.layers.MaxPooling2D(size, strides=1))
    assert verdicts_of_counts("mnist") == {
        "mnist_sides_with_pooling": "not reproduced",
        "mnist_sides_without_pooling": "reproduced",
        "mnist_multiplications": "not reproduced",
        "mnist_parameters": "not reproduced",
    }


@pytest.mark.parametrize("pooled", [True, False])
def test_layers_add_up_to_what_the_profiler_counts(pooled):
    parts = module.layer_by_layer("mnist")
    column = 0 if pooled else 1
    model = module.build(module.NETWORKS["mnist"], pooled, keras.layers)
    assert sum(part["multiplications"][column] for part in parts.values()) == module.multiplications(model)
    assert sum(part["parameters"][column] for part in parts.values()) == model.count_params()
    assert sum(part["output values"][column] for part in parts.values()) == module.values_held(model)


def test_only_pooling_is_left_out():
    with_pooling, without = (
        [type(layer).__name__ for layer in module.build(module.NETWORKS["mnist"], pooled, layers).layers]
        for pooled in (True, False)
    )
    assert [name for name in with_pooling if name != "MaxPooling2D"] == without
    assert with_pooling.count("MaxPooling2D") == 2
