import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from keras import ops

from layers.dense import Dense
from tests.layers import support

PRECISIONS = ("float64", "mixed_bfloat16") if support.BACKEND == "tensorflow" else ("mixed_bfloat16",)
"""Keras computes float64 in float32 in places on the other backends."""


def built(arguments, inputs):
    layer = Dense(**arguments)
    layer(inputs)
    layer.set_weights([support.random(*w.shape, seed=n) for n, w in enumerate(layer.weights)])
    return layer


@pytest.mark.parametrize(
    ("arguments", "shape"),
    [
        ({"units": 5}, (4, 3)),
        ({"units": 5, "activation": "softmax"}, (4, 2, 3)),
        ({"units": 1, "activation": "tanh", "use_bias": False}, (2, 2, 3, 4)),
        ({"units": 4, "kernel_constraint": "non_neg", "kernel_regularizer": "l2", "bias_regularizer": "l1"}, (3, 2)),
        ({"units": 4, "lora_rank": 2, "lora_alpha": 3.0}, (3, 5)),
    ],
)
def test_equals_keras_in_every_mode(arguments, shape):
    support.check_layer(Dense, keras.layers.Dense, arguments, support.random(*shape), precisions=PRECISIONS)


@settings(deadline=None, max_examples=20)
@given(st.lists(st.integers(1, 4), min_size=2, max_size=4), st.integers(1, 5), st.integers(0, 99))
def test_every_output_is_its_own_weighted_sum(shape, units, seed):
    x = support.random(*shape, seed=seed)
    layer = built({"units": units}, x)
    kernel, bias = layer.get_weights()
    outputs = support.numpy(layer(x))
    assert outputs.shape == (*shape[:-1], units)
    for index in np.ndindex(outputs.shape):
        z = sum(x[*index[:-1], i] * kernel[i, index[-1]] for i in range(shape[-1])) + bias[index[-1]]
        assert outputs[index] == pytest.approx(z, abs=1e-5)


@pytest.mark.skipif("float64" not in PRECISIONS, reason="needs float64 throughout")
def test_gradients_are_those_of_backpropagation():
    x = support.random(6, 3, dtype="float64")
    layer = built({"units": 4, "activation": "sigmoid", "dtype": "float64"}, x)
    of_x, of_kernel, of_bias = support.gradients(layer, x, weights=layer.trainable_weights)
    kernel, bias = layer.get_weights()
    y = 1 / (1 + np.exp(-(x @ kernel + bias)))
    g = np.cos(np.arange(y.size)).reshape(y.shape) * y * (1 - y)  # the loss weighs output k by cos(k)
    np.testing.assert_allclose(of_x, g @ kernel.T, atol=1e-12)
    np.testing.assert_allclose(of_kernel, x.T @ g, atol=1e-12)
    np.testing.assert_allclose(of_bias, g.sum(axis=0), atol=1e-12)
    np.testing.assert_allclose(of_x, support.finite_differences(layer, x), atol=1e-8)


def test_parameters_of_the_documented_network():
    x = np.zeros((1, 4), "float32")
    model = keras.Sequential([Dense(3), Dense(2), Dense(1)])
    model(x)
    assert [layer.count_params() for layer in model.layers] == [15, 8, 3]


def test_lora_adds_a_product_of_two_small_matrices_and_freezes_the_kernel():
    x = support.random(4, 6)
    layer = built({"units": 5}, x)
    kernel, bias = layer.get_weights()
    layer.enable_lora(2, lora_alpha=4)
    a, b = support.random(6, 2, seed=8), support.random(2, 5, seed=9)
    layer.lora_kernel_a.assign(a)
    layer.lora_kernel_b.assign(b)
    support.close(layer(x), x @ (kernel + 4 / 2 * a @ b) + bias, 1e-5)
    assert {w.name for w in layer.trainable_weights} == {"lora_kernel_a", "lora_kernel_b", "bias"}


def test_eight_bits_lose_little():
    x = support.random(8, 32)
    layer = built({"units": 16}, x)
    before = support.numpy(layer(x))
    layer.quantize("int8")
    assert keras.backend.standardize_dtype(layer._kernel.dtype) == "int8"
    error = support.numpy(layer(x)) - before
    assert 0 < np.abs(error).max() < 0.03 * np.abs(before).max()


def test_saved_and_loaded(tmp_path):
    x = support.random(3, 4)
    support.saved_and_loaded(built({"units": 2, "activation": "relu"}, x), tmp_path, x)


def test_a_mask_goes_through():
    steps = keras.layers.Embedding(5, 3, mask_zero=True)(np.array([[1, 2, 0]]))
    assert support.numpy(Dense(2)(steps)._keras_mask).tolist() == [[True, True, False]]


@pytest.mark.parametrize("units", [0, -3, 2.5, True, None, "64"])
def test_units_that_are_no_positive_integer_are_named(units):
    with pytest.raises(ValueError, match=f"`units`.*Received: units={units!r}"):
        Dense(units)


def test_bad_input_is_named():
    with pytest.raises(ValueError, match="`activation` must be .*Received: activation='rellu'"):
        Dense(3, "rellu")
    with pytest.raises(ValueError, match=r"Received: input_shape=\(None, None\)"):
        Dense(3)(keras.Input((None,)))
    assert Dense(np.int64(3)).get_config()["units"] == 3
    assert ops.shape(Dense(3)(np.ones((2, 4)))) == (2, 3)
