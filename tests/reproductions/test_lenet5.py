"""LeNet-5: verdicts of the record, the printed padding line, the arrays drawn, and faults that change the trace."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from judged import verdicts_of

import layers
from recipes.models import lenet
from reproductions import lenet5 as module
from reproductions.networks import Split
from reproductions.printed import run_cells

VERDICTS = {
    "lenet-mnist-trains": "reproduced",
    "lenet-vs-modern": "reproduced",
    "lenet-pad-code": "erratum",
}


@pytest.fixture(scope="module")
def noise():
    rng = np.random.default_rng(0)
    x, y = rng.random((64, 32, 32, 1), dtype="float32"), rng.integers(0, 10, 64)
    return Split(x, y, x[:10], y[:10])


def test_verdicts_of_the_record():
    assert verdicts_of("lenet5") == VERDICTS


def test_the_network_is_the_documented_one_and_the_other_has_as_many_weights():
    documented, other = (module.build_model(module.VARIANTS[name]) for name in ("lenet5", "relu_max"))
    assert documented.count_params() == other.count_params() == 61_706
    assert [type(layer) for layer in documented.layers if "Pooling" in type(layer).__name__] == [
        layers.AveragePooling2D
    ] * 2
    assert {layer.activation for layer in documented.layers[:-1] if layer.weights} == {keras.activations.tanh}
    assert {layer.activation for layer in other.layers[:-1] if layer.weights} == {keras.activations.relu}


def test_padding_a_byte_image_fails_as_printed_and_works_with_a_cast():
    images = np.random.default_rng(0).integers(0, 256, (3, 28, 28)).astype("uint8")
    images[0, 0, :2] = 0, 255
    namespace = {"X_train": images, "X_test": images}
    cells = run_cells(module.PRINTED, namespace)
    assert cells["pad"].result.startswith("TypeError")
    assert cells["mended pad"].result == cells["model"].result == "runs"
    mended = namespace["mended"].numpy()
    np.testing.assert_array_equal(mended, module.padded(images))
    assert mended.shape == (3, 32, 32, 1) and (mended.min(), mended.max()) == (0, 1)
    assert not mended[:, :2].any() and not mended[:, :, -2:].any()
    floats = tf.pad(tf.constant(images.astype("float32")), [[0, 0], [2, 2], [2, 2]]) / 255.0
    np.testing.assert_allclose(floats, mended[..., 0])  # the line is right for floats


def test_packed_arrays_come_back():
    array = np.random.default_rng(0).uniform(-1, 1, (5, 4, 3))
    fact = module.packed(array)
    np.testing.assert_allclose(module.unpacked(fact), array, atol=0.005)
    assert fact["shape"] == [5, 4, 3]


def test_the_other_pooling_changes_the_trace(monkeypatch, noise):
    config = module.VARIANTS["lenet5"]
    plain = module.trace(config, noise)
    monkeypatch.setitem(lenet.POOLINGS, "average", layers.MaxPooling2D)
    assert abs(plain[0] - module.trace(config, noise)[0]) > 1e-4


def test_a_linear_network_changes_the_trace(noise):
    plain, linear = (module.trace(module.Config(activation), noise) for activation in ("tanh", "linear"))
    assert np.abs(np.array(plain) - linear).max() > 1e-3
