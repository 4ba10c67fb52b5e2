"""Conv2D against explicit loops, Keras, finite differences, and its own faster ways."""

import math

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from keras import ops

from layers import convolution
from layers.convolution import Conv2D, convolution_by_hand, output_size, patch_product
from tests.layers.support import (
    BACKEND,
    check_layer,
    close,
    finite_differences,
    gradients,
    numpy,
    random,
    saved_and_loaded,
    tensorflow_only,
)

EDGE = np.array([[1, 0, -1]] * 3, "float32")[:, :, None, None]


def same_padding(size, kernel_size, stride, dilation):
    missing = max((math.ceil(size / stride) - 1) * stride + (kernel_size - 1) * dilation + 1 - size, 0)
    return missing // 2, missing - missing // 2


def windows(images, kernel_size, strides, dilation):
    """(row, column, the pixels that a filter sees there), from the definition of a sliding window."""
    (high, wide), (down, right), (far, aside) = kernel_size, strides, dilation
    for row in range((images.shape[1] - (high - 1) * far - 1) // down + 1):
        for column in range((images.shape[2] - (wide - 1) * aside - 1) // right + 1):
            rows = row * down + far * np.arange(high)
            columns = column * right + aside * np.arange(wide)
            yield row, column, rows, columns


def by_loops(images, kernel, strides, padding, dilation, groups=1):
    """Y[r, c, k] = sum of the products of window and filter, one window after the other."""
    if padding == "same":
        sides = [same_padding(*one) for one in zip(images.shape[1:3], kernel.shape[:2], strides, dilation, strict=True)]
        images = np.pad(images, [(0, 0), *sides, (0, 0)])
    channels, filters = images.shape[-1] // groups, kernel.shape[-1] // groups
    places = list(windows(images, kernel.shape[:2], strides, dilation))
    outputs = np.zeros((len(images), places[-1][0] + 1, places[-1][1] + 1, kernel.shape[-1]))
    for row, column, rows, columns in places:
        seen = images[:, rows][:, :, columns]
        for k in range(kernel.shape[-1]):
            group = slice(k // filters * channels, (k // filters + 1) * channels)
            outputs[:, row, column, k] = np.sum(seen[..., group] * kernel[..., k], axis=(1, 2, 3))
    return outputs


def way_back(images, kernel, upstream, strides, dilation):
    """dL/dX and dL/dW by the chain rule through every single product."""
    of_images, of_kernel = np.zeros_like(images), np.zeros_like(kernel)
    for row, column, rows, columns in windows(images, kernel.shape[:2], strides, dilation):
        for i, x in enumerate(rows):
            for j, y in enumerate(columns):
                of_images[:, x, y] += upstream[:, row, column] @ kernel[i, j].T
                of_kernel[i, j] += images[:, x, y].T @ upstream[:, row, column]
    return of_images, of_kernel


geometries = st.fixed_dictionaries(
    {
        "kernel_size": st.tuples(st.integers(1, 4), st.integers(1, 4)),
        "strides": st.tuples(st.integers(1, 3), st.integers(1, 3)),
        "padding": st.sampled_from(["valid", "same"]),
        "size": st.tuples(st.integers(4, 8), st.integers(4, 8)),
        "groups": st.sampled_from([1, 2]),
    }
)


@settings(deadline=None, max_examples=25)
@given(geometries)
def test_is_the_sum_of_products_below_the_sliding_filter(drawn):
    size, strides = drawn.pop("size"), drawn["strides"]
    if BACKEND == "torch" and drawn["padding"] == "same":
        drawn["strides"] = strides = (1, 1)
    layer = Conv2D(4, bias_initializer="ones", **drawn)
    images = random(2, *size, 2)
    actual = numpy(layer(images))
    kernel = numpy(layer.kernel)
    close(actual, by_loops(images, kernel, strides, drawn["padding"], (1, 1), drawn["groups"]) + 1.0, 2e-5)
    assert actual.shape == tuple(layer.compute_output_shape(images.shape))


@settings(deadline=None, max_examples=25)
@given(st.integers(1, 30), st.integers(1, 5), st.integers(0, 4), st.integers(1, 4))
def test_output_size_formula(size, kernel_size, padding, stride):
    padded = size + 2 * padding
    if padded < kernel_size:
        return
    fits = len(range(0, padded - kernel_size + 1, stride))
    assert output_size(padded, kernel_size, stride) == fits == (size + 2 * padding - kernel_size) // stride + 1
    shape = Conv2D(1, kernel_size, stride).compute_output_shape((1, padded, padded, 1))
    assert shape == (1, fits, fits, 1)


@pytest.mark.parametrize(
    "arguments",
    [
        {"padding": "same", "activation": "relu"},
        {"strides": (2, 1), "padding": "SAME", "use_bias": False},
        {"dilation_rate": 2, "activation": "tanh"},
        {"groups": 2, "kernel_regularizer": "l2"},
        {"data_format": "channels_first", "strides": 2},
    ],
    ids="-".join,
)
def test_is_a_drop_in(arguments):
    arguments = {"filters": 4, "kernel_size": 3, **arguments}
    # TensorFlow has no float64 kernel on CPUs for channels that come first.
    precisions = ("mixed_bfloat16",) if "data_format" in arguments else ("float64", "mixed_bfloat16")
    check_layer(Conv2D, keras.layers.Conv2D, arguments, random(2, 6, 7, 4), precisions=precisions)


@pytest.mark.skipif(
    keras.backend.standardize_dtype(ops.zeros(1, "float64").dtype) != "float64", reason="needs JAX_ENABLE_X64=1"
)
def test_gradients_equal_finite_differences():
    layer = Conv2D(2, 2, dtype="float64")
    images = random(2, 4, 3, 2, dtype="float64")
    layer.build(images.shape)
    found, of_kernel, of_bias = gradients(layer, images, weights=layer.trainable_weights)
    close(found, finite_differences(layer, images), 1e-8)
    kernel = numpy(layer.kernel)
    close(of_kernel, finite_differences(lambda kernel: layer.convolution_op(images, kernel) + layer.bias, kernel), 1e-8)
    moved = finite_differences(lambda bias: layer.convolution_op(images, layer.kernel) + bias, numpy(layer.bias))
    close(of_bias, moved, 1e-8)


@tensorflow_only
@pytest.mark.parametrize("way", [patch_product, convolution_by_hand])
@pytest.mark.parametrize(
    ("strides", "dilation"), [((1, 1), (1, 1)), ((1, 1), (2, 1)), ((2, 1), (1, 1)), ((3, 2), (1, 1))]
)
def test_the_faster_ways_and_their_backward_pass_follow_the_chain_rule(way, strides, dilation):
    images, kernel = random(2, 7, 6, 3, dtype="float64"), random(2, 3, 3, 2, dtype="float64")
    if way is convolution_by_hand and max(strides) > 1:
        with pytest.raises(ValueError, match=r"strides=\(.*"):
            way(images, kernel, strides, dilation)
        return
    actual = way(ops.convert_to_tensor(images), ops.convert_to_tensor(kernel), strides, dilation)
    close(actual, by_loops(images, kernel, strides, "valid", dilation), 1e-12)
    upstream = np.cos(np.arange(np.prod(actual.shape))).reshape(actual.shape)  # the weights in `support.scalar`
    found = gradients(lambda x, w: way(x, w, strides, dilation), images, kernel)
    close(found, way_back(images, kernel, upstream, strides, dilation), 1e-9)


@tensorflow_only  # in PyTorch 2.13, too, the ready kernel is wrong here
@pytest.mark.parametrize("groups", [1, 2])
def test_unequal_strides_on_a_single_channel_that_leave_one_column(groups):
    layer, images = Conv2D(2, (2, 3), (1, 2), groups=groups), random(2, 4, 4, groups)
    actual = layer(images)
    close(actual, by_loops(images, numpy(layer.kernel), (1, 2), "valid", (1, 1), groups), 1e-6)


def test_shifting_the_image_shifts_the_feature_map():
    layer = Conv2D(3, 3, activation="relu")
    images = random(1, 12, 12, 2)
    outputs, shifted = numpy(layer(images)), numpy(layer(np.roll(images, (2, 3), (1, 2))))
    np.testing.assert_allclose(shifted[:, 2:, 3:], outputs[:, :-2, :-3], rtol=0, atol=1e-6)


def test_a_vertical_edge_lights_up_below_the_edge_filter():
    layer = Conv2D(1, 3, use_bias=False)
    layer.build((None, 3, 6, 1))
    layer.set_weights([EDGE])
    image = np.repeat([[255, 255, 255, 0, 0, 0]], 3, 0)[None, :, :, None].astype("float32")
    assert numpy(layer(image)).ravel().tolist() == [0, 765, 765, 0]


def test_parameters_are_those_of_the_filters():
    layer = Conv2D(32, 3)
    layer.build((None, 28, 28, 32))
    assert layer.count_params() == (3 * 3 * 32 + 1) * 32 == 9248


def test_saved_model_gives_the_same(tmp_path):
    saved_and_loaded(Conv2D(3, 3, padding="same", activation="relu"), tmp_path, random(2, 5, 5, 2))


XLA_CASES = [
    ({"kernel_size": 3}, 1),
    ({"kernel_size": 3, "padding": "same"}, 4),
    ({"kernel_size": (3, 2), "strides": (2, 3), "padding": "same"}, 4),
    ({"kernel_size": 1, "strides": 2}, 4),
    ({"kernel_size": 3, "dilation_rate": (1, 2)}, 4),
    ({"kernel_size": 3, "groups": 2}, 4),
]


@tensorflow_only
@pytest.mark.parametrize("few", [0, 10**9], ids=["by hand", "patches"])
@pytest.mark.parametrize(("arguments", "channels"), XLA_CASES)
def test_xla_training_equals_keras_inside_and_outside_a_loop(monkeypatch, arguments, channels, few):
    import tensorflow as tf

    monkeypatch.setattr(convolution, "FEW_PATCH_ENTRIES", few)
    images = random(3, 8, 9, channels)
    layer, other = Conv2D(4, **arguments), keras.layers.Conv2D(4, **arguments)
    layer(images), other(images)
    other.set_weights(layer.get_weights())

    def step(layer, images):
        with tf.GradientTape() as tape:
            tape.watch(images)
            loss = tf.reduce_sum(tf.sin(layer(images)))
        return tape.gradient(loss, [images, *(weight.value for weight in layer.trainable_weights)])

    @tf.function(jit_compile=True)
    def straight(images):
        return step(layer, images)

    @tf.function(jit_compile=True, input_signature=[tf.TensorSpec((None, *images.shape[1:]))])
    def looped(images):
        sums = [tf.zeros_like(one) for one in (images, *(weight.value for weight in layer.trainable_weights))]
        for _ in tf.range(2):
            sums = [total + one for total, one in zip(sums, step(layer, images), strict=True)]
        return [total / 2 for total in sums]

    expected = step(other, tf.constant(images))
    close(straight(tf.constant(images)), expected, 2e-5)
    close(looped(tf.constant(images)), expected, 2e-5)


@tensorflow_only
def test_the_way_is_chosen_by_what_is_being_traced():
    import tensorflow as tf

    layer, ways = Conv2D(2, 3), []
    layer.build((None, 8, 8, 2))

    def note(images):
        ways.append(layer._way(images))
        return images

    def loop(images):
        for _ in tf.range(2):
            images = note(images)
        return images

    images = tf.zeros((1, 8, 8, 2))
    for function in (note, tf.function(note), tf.function(loop)):
        function(images)
    tf.function(note, jit_compile=True)(images)
    tf.function(loop, jit_compile=True)(images)
    assert ways == [None, None, None, None, patch_product]


@pytest.mark.parametrize(
    ("arguments", "match"),
    [
        ({"filters": 0}, "filters=0"),
        ({"filters": 2.5}, "filters=2.5"),
        ({"filters": None}, "filters=None"),
        ({"kernel_size": 0}, "kernel_size=0"),
        ({"kernel_size": (3, 3, 3)}, "kernel_size="),
        ({"strides": -1}, "strides=-1"),
        ({"strides": 2, "dilation_rate": 2}, "dilation_rate="),
        ({"padding": "full"}, "padding='full'"),
        ({"padding": 1}, "padding=1"),
        ({"groups": 3}, "groups=3"),
        ({"groups": 0}, "groups=0"),
        ({"activation": "rleu"}, "activation='rleu'"),
        ({"data_format": "channels_middle"}, "channels_middle"),
    ],
)
def test_refuses_bad_arguments(arguments, match):
    with pytest.raises(ValueError, match=match):
        Conv2D(**{"filters": 4, "kernel_size": 3, **arguments})


@pytest.mark.parametrize(
    ("shape", "arguments"),
    [
        ((None, 8, 4), {}),
        ((None, 8, 8, 8, 4), {}),
        ((None, 8, 8, None), {}),
        ((None, 8, 8, 3), {"groups": 2}),
        ((None, 2, 8, 4), {}),
    ],
)
def test_refuses_inputs_that_do_not_fit(shape, arguments):
    with pytest.raises(ValueError, match=r"[Rr]eceived"):
        Conv2D(4, 3, **arguments).build(shape)
