"""Clipping equals TensorFlow's functions and what Keras's optimizers do, and keeps what its equations promise."""

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from keras import ops

from recipes import gradient_clipping
from recipes.gradient_clipping import clip_by_global_norm, clip_by_norm, clip_by_value, global_norm

TENSORFLOW = keras.backend.backend() == "tensorflow"


def array(value):
    return np.asarray(ops.convert_to_numpy(value))


def gradients(seed=0, scale=1.0):
    rng = np.random.default_rng(seed)
    return [ops.convert_to_tensor((scale * rng.normal(size=shape)).astype("float32")) for shape in ((3, 2), (4,), ())]


def by_keras(values, **clipping):
    """The step of plain descent with rate 1 from zero weights is minus the clipped gradient."""
    variables = [keras.Variable(np.zeros(value.shape, "float32")) for value in values]
    keras.optimizers.SGD(1.0, **clipping).apply(values, variables)
    return [-array(variable) for variable in variables]


def close(ours, theirs):
    for one, two in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(array(one), array(two), rtol=2e-6, atol=1e-7)


@pytest.mark.parametrize("limit", [0.1, 1.0, 100.0])
@pytest.mark.parametrize("scale", [1e-3, 1.0, 1e3])
def test_equal_to_keras_and_tensorflow(limit, scale):
    values = gradients(scale=scale)
    close([clip_by_value(g, limit) for g in values], by_keras(values, clipvalue=limit))
    close([clip_by_norm(g, limit) for g in values], by_keras(values, clipnorm=limit))
    clipped, norm = clip_by_global_norm(values, limit)
    close(clipped, by_keras(values, global_clipnorm=limit))
    if TENSORFLOW:
        import tensorflow as tf

        close([clip_by_value(g, limit) for g in values], [tf.clip_by_value(g, -limit, limit) for g in values])
        close([clip_by_norm(g, limit) for g in values], [tf.clip_by_norm(g, limit) for g in values])
        expected, expected_norm = tf.clip_by_global_norm(values, limit)
        close([*clipped, norm], [*expected, expected_norm])


@settings(max_examples=25, deadline=None, derandomize=True)
@given(seed=st.integers(0, 2**31), scale=st.floats(1e-4, 1e4), limit=st.floats(1e-3, 1e3))
def test_what_the_equations_promise(seed, scale, limit):
    values = gradients(seed, scale)
    assert all(np.abs(array(clip_by_value(g, limit))).max() <= limit * (1 + 1e-6) for g in values)
    before = [array(g).ravel() for g in values]
    for g, old in zip(values, before, strict=True):
        new = array(clip_by_norm(g, limit)).ravel()
        assert np.linalg.norm(new) <= limit * (1 + 1e-5)
        np.testing.assert_allclose(new * np.linalg.norm(old), old * np.linalg.norm(new), rtol=1e-4, atol=1e-30)
        if np.linalg.norm(old) <= limit * (1 - 1e-5):
            np.testing.assert_allclose(new, old, rtol=1e-6)
    whole, new = (
        np.concatenate(before),
        np.concatenate([array(g).ravel() for g in clip_by_global_norm(values, limit)[0]]),
    )
    expected = whole * min(1.0, limit / np.linalg.norm(whole))
    np.testing.assert_allclose(new, expected, rtol=1e-4, atol=1e-30)
    np.testing.assert_allclose(array(global_norm(values)), np.linalg.norm(whole), rtol=1e-5)


def test_zero_missing_and_infinite_gradients():
    zero = ops.zeros((3,))
    np.testing.assert_array_equal(array(clip_by_norm(zero, 1.0)), np.zeros(3))
    clipped, norm = clip_by_global_norm([None, ops.convert_to_tensor([3.0, 4.0])], 1.0)
    assert clipped[0] is None and float(norm) == 5.0
    np.testing.assert_allclose(array(clipped[1]), [0.6, 0.8], rtol=1e-6)
    clipped, norm = clip_by_global_norm([ops.convert_to_tensor([np.inf, 1.0]), zero], 1.0)
    assert np.isinf(array(norm)) and all(np.isnan(array(g)).all() for g in clipped)


@pytest.mark.skipif(not TENSORFLOW, reason="about TensorFlow's gradient of an Embedding")
def test_a_sparse_gradient_has_the_norm_of_the_dense_one():
    import tensorflow as tf

    sparse = tf.IndexedSlices(tf.constant([[3.0, 0.0], [0.0, 4.0]]), tf.constant([0, 2]), (4, 2))
    clipped, norm = clip_by_global_norm([sparse], 1.0)
    assert float(norm) == 5.0
    np.testing.assert_allclose(array(ops.convert_to_tensor(clipped[0], sparse=False))[[0, 2]], [[0.6, 0], [0, 0.8]])


@pytest.mark.parametrize("clip", [clip_by_value, clip_by_norm, lambda g, limit: clip_by_global_norm([g], limit)])
@pytest.mark.parametrize("limit", [0.0, -1.0])
def test_a_limit_that_is_none(clip, limit):
    with pytest.raises(ValueError, match="`limit` must be above 0. Received: limit="):
        clip(ops.ones((2,)), limit)


def test_a_norm_without_its_root_is_noticed(monkeypatch):
    monkeypatch.setattr(gradient_clipping, "global_norm", lambda values: sum(ops.sum(ops.square(g)) for g in values))
    values = gradients()
    with pytest.raises(AssertionError):
        close([clip_by_norm(g, 0.1) for g in values], by_keras(values, clipnorm=0.1))
