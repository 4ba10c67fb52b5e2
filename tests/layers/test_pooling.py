"""Pooling against explicit loops, the routing of gradients, ties, and the windows that XLA is given instead."""

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from keras import ops

from layers.pooling import AveragePooling2D, GlobalAveragePooling2D, MaxPooling2D
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

DOCUMENTED = np.array([[1, 3, 2, 1], [2, 9, 1, 1], [1, 3, 2, 3], [5, 2, 4, 1]], "float32")[None, :, :, None]
PAIRS = {MaxPooling2D: keras.layers.MaxPooling2D, AveragePooling2D: keras.layers.AveragePooling2D}


def windows(shape, pool_size, strides, padding):
    """(row, column, rows and columns of the image that lie in the window)."""
    places = []
    for size, pool, stride in zip(shape, pool_size, strides, strict=True):
        count = -(-size // stride) if padding == "same" else (size - pool) // stride + 1
        before = max((count - 1) * stride + pool - size, 0) // 2 if padding == "same" else 0
        firsts = [n * stride - before for n in range(count)]
        places.append([range(max(first, 0), min(first + pool, size)) for first in firsts])
    for row, rows in enumerate(places[0]):
        for column, columns in enumerate(places[1]):
            yield row, column, rows, columns


def by_loops(images, reduce, **geometry):
    values = {
        (row, column): reduce(images[:, rows][:, :, columns], axis=(1, 2))
        for row, column, rows, columns in windows(images.shape[1:3], **geometry)
    }
    height, width = (last + 1 for last in max(values))
    return np.stack([[values[row, column] for column in range(width)] for row in range(height)]).transpose(2, 0, 1, 3)


def routed(images, upstream, **geometry):
    """dL/dX of max pooling: each upstream gradient goes to the first maximum of its window, row by row."""
    result = np.zeros_like(images)
    for row, column, rows, columns in windows(images.shape[1:3], **geometry):
        for n, k in np.ndindex(len(images), images.shape[-1]):
            first = max(((x, y) for x in rows for y in columns), key=lambda place: images[n, *place, k])
            result[n, *first, k] += upstream[n, row, column, k]
    return result


geometries = st.fixed_dictionaries(
    {
        "pool_size": st.tuples(st.integers(1, 3), st.integers(1, 3)),
        "strides": st.tuples(st.integers(1, 3), st.integers(1, 3)),
        "padding": st.sampled_from(["valid", "same"]),
    }
)
sizes = st.tuples(st.integers(3, 7), st.integers(3, 7))


@settings(deadline=None, max_examples=25)
@given(geometries, sizes)
def test_reduces_every_window(geometry, size):
    images = random(2, *size, 3)
    maxima = MaxPooling2D(**geometry)
    close(maxima(images), by_loops(images, np.max, **geometry), 0)
    assert tuple(maxima.compute_output_shape(images.shape)) == tuple(maxima(images).shape)
    if BACKEND == "torch" and geometry["padding"] == "same":
        return  # Keras counts some of the padding there
    close(AveragePooling2D(**geometry)(images), by_loops(images, np.mean, **geometry), 1e-6)


@pytest.mark.parametrize("ours", PAIRS)
@pytest.mark.parametrize(
    "arguments",
    [
        {"pool_size": 2},
        {"pool_size": (3, 2), "strides": (2, 1), "padding": "same"},
        {"pool_size": 2, "strides": 1, "data_format": "channels_first"},
    ],
    ids=["plain", "same", "channels_first"],
)
def test_is_a_drop_in(ours, arguments):
    check_layer(ours, PAIRS[ours], arguments, random(2, 6, 7, 3))


@pytest.mark.parametrize("arguments", [{}, {"keepdims": True}, {"data_format": "channels_first"}])
def test_global_average_is_a_drop_in(arguments):
    layer = check_layer(GlobalAveragePooling2D, keras.layers.GlobalAveragePooling2D, arguments, random(2, 5, 4, 3))
    axes = (2, 3) if arguments.get("data_format") else (1, 2)
    images = random(2, 5, 4, 3, seed=1)
    close(layer(images), images.mean(axes, keepdims="keepdims" in arguments), 1e-6)


def test_worked_example():
    assert numpy(MaxPooling2D()(DOCUMENTED)).ravel().tolist() == [9, 2, 5, 4]
    assert numpy(AveragePooling2D(2)(DOCUMENTED)).ravel().tolist() == [3.75, 1.25, 2.75, 2.5]
    assert numpy(GlobalAveragePooling2D()(DOCUMENTED)).tolist() == [[DOCUMENTED.mean()]]


@settings(deadline=None, max_examples=15)
@given(geometries, sizes)
def test_max_pooling_routes_the_gradient_to_the_maximum(geometry, size):
    if BACKEND == "torch" and geometry["padding"] == "same":
        geometry["strides"] = (1, 1)
    images = random(1, *size, 2)
    layer = MaxPooling2D(**geometry)
    shape = layer(images).shape
    upstream = np.cos(np.arange(np.prod(shape))).reshape(shape)  # the weights in `support.scalar`
    close(gradients(layer, images)[0], routed(images, upstream, **geometry), 1e-6)


def test_a_tie_sends_the_gradient_to_a_single_position():
    (gradient,) = gradients(MaxPooling2D(2), np.zeros((1, 4, 4, 1), "float32"))
    upstream = np.cos(np.arange(4)).reshape(2, 2)
    windows_of = gradient[0, :, :, 0].reshape(2, 2, 2, 2).transpose(0, 2, 1, 3).reshape(2, 2, 4)
    assert (np.count_nonzero(windows_of, axis=-1) == 1).all()
    close(windows_of.sum(-1), upstream, 1e-6)


def test_average_pooling_spreads_the_gradient_evenly():
    (gradient,) = gradients(AveragePooling2D(2), random(1, 4, 4, 1))
    close(gradient[0, :, :, 0], np.repeat(np.repeat(np.cos(np.arange(4)).reshape(2, 2) / 4, 2, 0), 2, 1), 1e-6)


@pytest.mark.skipif(
    keras.backend.standardize_dtype(ops.zeros(1, "float64").dtype) != "float64", reason="needs JAX_ENABLE_X64=1"
)
def test_average_pooling_gradient_equals_finite_differences():
    layer, images = AveragePooling2D(3, 2, "same", dtype="float64"), random(1, 4, 3, 1, dtype="float64")
    close(gradients(layer, images)[0], finite_differences(layer, images), 1e-8)


@tensorflow_only
@pytest.mark.parametrize("ours", PAIRS)
@pytest.mark.parametrize("padding", ["valid", "same"])
@pytest.mark.parametrize(("pool_size", "strides"), [(2, 2), (3, 1), ((3, 2), (2, 3)), (1, 2)])
def test_windows_under_xla_equal_the_kernel_without(ours, padding, pool_size, strides):
    import tensorflow as tf

    images = tf.constant(random(2, 7, 8, 3).round())  # rounded: full of ties
    layer, other = ours(pool_size, strides, padding), PAIRS[ours](pool_size, strides, padding)

    def step(layer, images):
        with tf.GradientTape() as tape:
            tape.watch(images)
            outputs = layer(images)
            loss = tf.reduce_sum(outputs * tf.reshape(tf.range(tf.size(outputs), dtype="float32"), outputs.shape))
        return outputs, tape.gradient(loss, images)

    close(tf.function(step, jit_compile=True)(layer, images), step(other, images), 1e-5)


@tensorflow_only
def test_unknown_sizes_and_integers_pass_under_xla():
    import tensorflow as tf

    layer = MaxPooling2D(2, dtype="int32")
    whole = tf.reshape(tf.range(16), (1, 4, 4, 1))
    assert numpy(tf.function(layer, jit_compile=True)(whole)).ravel().tolist() == [5, 7, 13, 15]
    signature = [tf.TensorSpec((None, None, None, 1))]
    images = random(2, 6, 6, 1)
    close(tf.function(MaxPooling2D(2), signature, jit_compile=True)(images), MaxPooling2D(2)(images), 0)


def test_pooling_has_nothing_to_learn():
    for layer in (MaxPooling2D(), AveragePooling2D(2), GlobalAveragePooling2D()):
        layer(ops.ones((1, 4, 4, 2)))
        assert layer.weights == []


def test_saved_model_gives_the_same(tmp_path):
    for number, layer in enumerate((MaxPooling2D(2, padding="SAME"), AveragePooling2D(2), GlobalAveragePooling2D())):
        (tmp_path / str(number)).mkdir()
        saved_and_loaded(layer, tmp_path / str(number), random(2, 5, 5, 2))


@pytest.mark.parametrize("ours", PAIRS)
@pytest.mark.parametrize(
    ("arguments", "match"),
    [
        ({"pool_size": 0}, "pool_size=0"),
        ({"pool_size": (2, -1)}, r"pool_size=\(2, -1\)"),
        ({"strides": 0}, "strides=0"),
        ({"strides": (1, 0)}, r"strides=\(1, 0\)"),
        ({"strides": -2}, "strides=-2"),
        ({"padding": "full"}, "padding='full'"),
        ({"padding": 0}, "padding=0"),
        ({"data_format": "NHWC"}, "data_format=nhwc"),
    ],
)
def test_refuses_bad_arguments(ours, arguments, match):
    with pytest.raises(ValueError, match=match):
        ours(**{"pool_size": 2, **arguments})


def test_refuses_other_ranks():
    for layer in (MaxPooling2D(), AveragePooling2D(2), GlobalAveragePooling2D()):
        with pytest.raises(ValueError, match="expected ndim=4"):
            layer(ops.ones((2, 4, 4)))
