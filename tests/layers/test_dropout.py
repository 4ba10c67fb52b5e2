import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from keras import ops

from layers.dropout import ALPHA, SCALE, AlphaDropout, Dropout
from tests.layers import support

LAYERS = [Dropout, AlphaDropout]
SATURATED = -SCALE * ALPHA


def dropped(layer, x, **call):
    return support.numpy(layer(x, training=True, **call))


@pytest.mark.parametrize("kind", LAYERS)
def test_inference_round_trips_and_precisions(kind, tmp_path):
    x = support.random(4, 3)
    peer = getattr(keras.layers, kind.__name__)
    support.check_layer(kind, peer, {"rate": 0.4, "seed": 1, "noise_shape": (None, 1)}, x)
    support.saved_and_loaded(kind(0.4, seed=1), tmp_path, x)
    assert np.array_equal(support.numpy(kind(0.4)(x)), x)
    assert np.array_equal(dropped(kind(0), x), x)
    assert not dropped(Dropout(1), x).any()


@pytest.mark.skipif(support.BACKEND == "torch", reason="Keras draws from PyTorch's Bernoulli distribution there")
@pytest.mark.parametrize("kind", LAYERS)
@pytest.mark.parametrize("jit", [None, False, True])
@pytest.mark.parametrize("noise_shape", [None, (None, 1, 4)])
def test_same_seed_drops_what_keras_drops(kind, jit, noise_shape):
    x = support.random(5, 3, 4)
    layers = [one(0.4, noise_shape, seed=11) for one in (kind, getattr(keras.layers, kind.__name__))]

    def outputs(layer):
        calls = [lambda x, layer=layer: layer(x, training=True)] * 2
        if jit is not None and support.BACKEND == "tensorflow":
            calls = [support.compiled(calls[0], jit)] * 2
        return [call(ops.convert_to_tensor(x)) for call in calls]

    first, second = support.numpy(outputs(layers[0]))
    support.close((first, second), outputs(layers[1]), 1e-6)
    assert np.abs(first - second).max() > 0


@settings(deadline=None, max_examples=25)
@given(st.sampled_from(LAYERS), st.lists(st.integers(1, 5), min_size=1, max_size=4), st.floats(0.01, 0.99), st.data())
def test_a_unit_is_dropped_or_scaled(kind, shape, rate, data):
    noise_shape = [data.draw(st.sampled_from([None, 1, size])) for size in shape]
    x = 1 + np.abs(support.random(*shape))
    outputs = dropped(kind(rate, noise_shape, seed=3), x)
    if kind is Dropout:
        on, off = x / (1 - rate), np.zeros_like(x)
    else:
        a = ((1 - rate) * (1 + rate * SATURATED**2)) ** -0.5
        b = -a * rate * SATURATED
        on, off = a * x + b, np.full_like(x, a * SATURATED + b)
    is_on, is_off = np.isclose(outputs, on, rtol=1e-4), np.isclose(outputs, off, rtol=1e-4, atol=1e-6)
    assert np.all(is_on | is_off)
    kept = is_on & ~is_off
    for axis, size in enumerate(noise_shape):
        if size == 1:
            assert np.all(kept == np.take(kept, [0], axis=axis))


@pytest.mark.parametrize("rate", [0.001, 0.1, 0.5, 0.9])
@pytest.mark.parametrize("dtype", ["float32", "float64", "bfloat16"])
def test_the_share_dropped_is_the_rate_and_the_mean_stays(rate, dtype):
    n = 400_000
    outputs = ops.cast(Dropout(rate, seed=5, dtype=dtype)(np.ones((400, 1000), "float32"), training=True), "float32")
    outputs = support.numpy(outputs)
    spread = 5 * np.sqrt(n * rate * (1 - rate))  # of a binomial count, five standard deviations
    assert abs((outputs == 0).sum() - n * rate) < spread
    rounding = 0.004 if dtype == "bfloat16" else 1e-6
    assert abs(outputs.mean() - 1) < spread / n / (1 - rate) + rounding


def test_units_and_steps_are_drawn_independently():
    layer = Dropout(0.5, seed=2)
    first, second = (dropped(layer, np.ones((500, 40), "float32")) - 1 for _ in range(2))  # entries +1 and -1
    bound = 5 / np.sqrt(500)
    between_units = first.T @ first / 500 - np.eye(40)
    assert np.abs(between_units).max() < bound
    assert np.abs((first * second).mean(axis=0)).max() < bound


@pytest.mark.parametrize("kind", LAYERS)
def test_gradient_passes_what_is_kept(kind):
    x = support.random(6, 5, dtype="float64")
    outputs = dropped(kind(0.3, seed=4, dtype="float64"), x)
    [gradient] = support.gradients(lambda x: kind(0.3, seed=4, dtype="float64")(x, training=True), x)
    kept = outputs != outputs.min() if kind is AlphaDropout else outputs != 0
    slope = 1 / 0.7 if kind is Dropout else (0.7 * (1 + 0.3 * SATURATED**2)) ** -0.5
    weights = np.cos(np.arange(x.size)).reshape(x.shape)
    kept = ~np.isclose(outputs, slope * SATURATED + -slope * 0.3 * SATURATED) if kind is AlphaDropout else kept
    np.testing.assert_allclose(gradient, weights * kept * slope, atol=1e-12)


def test_dropping_what_overflowed_leaves_zeros():
    outputs = dropped(Dropout(0.5, seed=1), np.full((20, 20), np.inf, "float32"))
    assert set(np.unique(outputs)) == {0.0, np.inf}


@pytest.mark.parametrize("rate", [0.05, 0.3, 0.7])
def test_alpha_dropout_keeps_mean_and_variance(rate):
    x = support.random(1000, 400)
    outputs = dropped(AlphaDropout(rate, seed=6), x).astype("float64")
    # Sums of 400,000 independent draws: five standard errors, the variance's from the fourth moment.
    assert abs(outputs.mean()) < 5 / np.sqrt(x.size)
    assert abs(outputs.var() - 1) < 5 * np.sqrt(((outputs**2).var()) / x.size)


@pytest.mark.parametrize("kind", LAYERS)
@pytest.mark.parametrize("rate", [-0.1, 1.5, float("nan"), "0.5", None, True])
def test_rates_that_are_no_share_are_named(kind, rate):
    with pytest.raises(ValueError, match=f"`rate`.*between 0 and 1.*Received: rate={rate!r}"):
        kind(rate)


def test_bad_input_is_named():
    with pytest.raises(ValueError, match="1 itself excluded.*Received: rate=1"):
        AlphaDropout(1)
    for kind in LAYERS:
        for noise_shape in [(4,), (3, 1), (None, None, None)]:
            with pytest.raises(ValueError, match="`noise_shape` must have an entry.*Received: noise_shape="):
                kind(0.5, noise_shape)(np.ones((4, 5)), training=True)
