"""The verdict on learned filters; what is measured, by hand; faults that change it."""

from dataclasses import replace

import keras
import numpy as np
import pytest
from judged import verdicts_of

import layers
from reproductions import learned_filters as module
from reproductions.verdicts import judge_claim


def test_verdict_of_the_record():
    assert verdicts_of("learned_filters") == {"conv-filters-learned": "reproduced"}


def test_targets_are_what_keras_makes_with_the_sobel_kernel():
    data = module.load_data(module.VARIANTS["vertical"])
    layer = keras.layers.Conv2D(1, 3, use_bias=False)
    layer.build((None, 16, 16, 1))
    layer.set_weights([module.SOBEL["vertical"].reshape(3, 3, 1, 1)])
    np.testing.assert_allclose(layer(data.x_test[:8]), data.y_test[:8], atol=1e-4)


def test_stripes_run_as_labelled():
    images, horizontal = module.stripes(np.random.default_rng(0), 50, 0.0)
    down, across = (np.abs(np.diff(images[..., 0], axis=axis)).sum(axis=(1, 2)) for axis in (1, 2))
    assert np.array_equal(horizontal == 1, down > across)
    assert (np.minimum(down, across) == 0).all() and set(np.unique(images)) == {-1, 1}


def test_selectivity_of_known_filters():
    sobel, ring = module.SOBEL["vertical"], np.array([[1, 0, 1], [0, 0, 0], [1, 0, 1]])
    assert module.selectivity(sobel[..., None]) == pytest.approx(1)
    assert module.selectivity(ring[..., None]) < 0.1
    assert module.selectivity(np.stack([sobel, ring], axis=-1)) == pytest.approx(0.5, abs=0.05)


def short(**changes):
    """Metrics of seeds 0 and 1 for a variant trained on few images."""
    config = replace(module.VARIANTS["vertical"], **{"images": 64, "epochs": 3, "batch_size": 16} | changes)
    data = module.load_data(config)
    return module.measure(config, data, module.train(config, data, [0, 1])).metrics


def test_kernels_come_closer_from_different_starts():
    found = short()
    assert found["start_distance"][0] != found["start_distance"][1] and min(found["start_distance"]) > 1
    # On white noise every step leaves 1 - 2 * 0.03 of the distance, on average; three epochs are twelve steps.
    expected = [distance * 0.94**12 for distance in found["start_distance"]]
    assert found["end_distance"] == pytest.approx(expected, rel=0.1)


def test_a_kernel_that_gets_no_gradient_is_noticed(monkeypatch):
    monkeypatch.setattr(
        keras.layers.Conv2D, "call", lambda self, x: keras.ops.stop_gradient(_forward(self, x)) + self.bias
    )
    found = short()
    metrics = {name: {"start_distance": [3.0] * 3, "end_distance": [0.0] * 3} for name in ("horizontal", "ours")}
    metrics |= {"vertical": found, "stripes": {"test_accuracy": [1.0] * 3, "selectivity_gain": [0.5] * 3}}
    facts = {"distinct_starts": 20, "gradient_is_that_of_differences": True}
    assert found["start_distance"] == pytest.approx(found["end_distance"], abs=1e-4)
    assert judge_claim(module.CLAIMS[0], facts, metrics)["verdict"] == "not reproduced"


_forward = keras.layers.Conv2D.call


def test_a_flipped_gradient_is_noticed(monkeypatch):
    class Flipping(keras.layers.Conv2D):
        def convolution_op(self, inputs, kernel):
            turned = keras.ops.flip(kernel, (0, 1))
            return super().convolution_op(inputs, turned + keras.ops.stop_gradient(kernel - turned))

    assert module.kernel_gradient_gap(keras.layers) < 1e-7
    monkeypatch.setattr(layers, "Conv2D", Flipping)
    assert module.kernel_gradient_gap(layers) > 0.1
