import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from keras import ops

from layers import activations
from layers.activations import ALPHA, ELU, SCALE, SELU, LeakyReLU, PReLU
from layers.dropout import AlphaDropout
from tests.layers import support

LAYERS = [
    (LeakyReLU, {}),
    (LeakyReLU, {"negative_slope": 0.01}),
    (ELU, {}),
    (ELU, {"alpha": 0.7}),
    (PReLU, {}),
    (SELU, {}),
]
UNITS, DEPTH = 1024, 50


def reference(layer, x):
    """The document's formulas."""
    if isinstance(layer, LeakyReLU):
        below = layer.negative_slope * x
    elif isinstance(layer, PReLU):
        below = support.numpy(layer.alpha.value) * x
    elif isinstance(layer, ELU):
        below = layer.alpha * (np.exp(np.minimum(x, 0)) - 1)
    else:
        return np.where(x >= 0, SCALE * x, SCALE * ALPHA * (np.exp(np.minimum(x, 0)) - 1))
    return np.where(x >= 0, x, below)


@pytest.mark.parametrize(
    ("kind", "arguments"),
    [*LAYERS, (PReLU, {"shared_axes": [1], "alpha_regularizer": "l2"}), (PReLU, {"shared_axes": 2})],
)
def test_equals_keras_in_every_mode(kind, arguments, tmp_path):
    peer = getattr(keras.layers, kind.__name__, None)
    layer = support.check_layer(kind, peer, arguments, support.random(2, 3, 4))
    support.saved_and_loaded(layer, tmp_path, support.random(2, 3, 4))


def test_selu_is_the_keras_function():
    x = support.random(50, scale=5)
    support.close(SELU()(x), keras.activations.selu(x), 1e-6)
    assert SELU().compute_output_shape((None, 3)) == (None, 3)


@settings(deadline=None, max_examples=25)
@given(st.sampled_from(LAYERS), st.lists(st.integers(1, 4), min_size=2, max_size=4), st.integers(0, 99))
def test_formulas(which, shape, seed):
    layer, x = which[0](**which[1]), support.random(*shape, seed=seed, scale=4)
    x.flat[0] = 0
    layer(x)
    layer.set_weights([support.random(*w.shape, seed=seed) for w in layer.weights])
    support.close(layer(x), reference(layer, x.astype("float64")), 1e-6)


@support.needs_float64
@pytest.mark.parametrize(("kind", "arguments"), LAYERS)
def test_gradients_are_finite_differences(kind, arguments):
    layer, x = kind(**arguments, dtype="float64"), support.random(3, 4, dtype="float64")
    layer(x)
    layer.set_weights([support.random(*w.shape, seed=2) for w in layer.weights])
    [found] = support.gradients(layer, x)
    support.close(found, support.finite_differences(layer, x), 1e-7)


def test_slope_of_prelu_learns_from_negative_inputs_alone():
    x = support.random(5, 3, 4)
    layer = PReLU(shared_axes=[1])
    layer(x)
    [_, of_alpha] = support.gradients(layer, x, weights=[layer.alpha])
    weights = np.cos(np.arange(x.size)).reshape(x.shape)
    np.testing.assert_allclose(of_alpha[0], np.sum(weights * np.minimum(x, 0), axis=(0, 1)), atol=1e-4)


@support.tensorflow_only
@pytest.mark.parametrize(("kind", "arguments"), LAYERS)
def test_kernels_equal_the_plain_path(kind, arguments, monkeypatch):
    layer, x = kind(**arguments), np.append(support.random(9, 4, scale=3), np.zeros((1, 4), "float32"), axis=0)
    layer(x)
    fast = [support.numpy(layer(x)), *support.gradients(layer, x)]
    monkeypatch.setattr(activations, "_on_tensorflow", lambda: False)
    support.close([layer(x), *support.gradients(layer, x)], fast, 1e-6)


@pytest.mark.parametrize(("kind", "arguments"), LAYERS)
def test_extreme_inputs_have_finite_gradients(kind, arguments):
    x = np.array([[-1e30, -200.0, 200.0, 1e30]], "float32")
    layer = kind(**arguments)
    layer(x)
    [gradient] = support.gradients(layer, x)
    assert np.all(np.isfinite(gradient)) and np.all(np.isfinite(support.numpy(layer(x))))


def law(rate, q=1.0):
    """First, second and fourth moment of AlphaDropout(SELU(z)) for z of mean 0 and variance q, by integration."""
    z = np.linspace(-12, 12, 400_001)
    density = np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi) * (z[1] - z[0])
    y = np.sqrt(q) * z
    y = np.where(y > 0, SCALE * y, SCALE * ALPHA * np.expm1(np.minimum(y, 0)))
    low = -SCALE * ALPHA
    a = ((1 - rate) * (1 + rate * low**2)) ** -0.5
    b = -a * rate * low
    return [(1 - rate) * np.sum(density * (a * y + b) ** k) + rate * (a * low + b) ** k for k in (1, 2, 4)]


def spreads(rate, units):
    """Standard deviations of a layer's mean and mean square over its units, however deep the layer.

    Given its input's mean square q, a unit with lecun_normal weights sees z of mean 0 and variance q, so a layer's mean
    square is law(q)[1] plus noise of variance (E y^4 - 1) / units. Near the fixed point q = 1 that is an autoregression.
    """
    step = 1e-3
    slopes = [
        (above - below) / (2 * step) for above, below in zip(law(rate, 1 + step), law(rate, 1 - step), strict=True)
    ]
    square = np.sqrt((law(rate)[2] - 1) / units / (1 - slopes[1] ** 2))
    return np.sqrt(1 / units + (slopes[0] * square) ** 2), square


def deep(activation, dropout):
    """Means and mean squares of all layers of a deep network in training."""
    y, statistics = ops.convert_to_tensor(support.random(32, UNITS)), []
    for _ in range(DEPTH):
        y = keras.layers.Dense(UNITS, kernel_initializer="lecun_normal", use_bias=False)(y)
        y = dropout(activation(y), training=True)
        statistics.append([float(ops.mean(y)), float(ops.mean(ops.square(y)))])
    return np.array(statistics).T


@pytest.mark.parametrize("rate", [0.0, 0.1])
def test_constants_make_mean_0_and_variance_1_a_fixed_point(rate):
    assert law(rate)[:2] == pytest.approx([0, 1], abs=1e-6)


@pytest.mark.parametrize("rate", [0.0, 0.1])
def test_selu_and_alpha_dropout_normalise_themselves_over_fifty_layers(rate):
    means, squares = deep(SELU(), AlphaDropout(rate, seed=1))
    of_mean, of_square = spreads(rate, UNITS)
    assert np.abs(means).max() < 5 * of_mean
    assert np.abs(squares - 1).max() < 5 * of_square < 0.5


def test_relu_and_plain_dropout_do_not():
    of_mean, of_square = spreads(0.1, UNITS)
    _, squares = deep(keras.layers.ReLU(), AlphaDropout(0))
    assert squares[-1] < 1e-10  # halved by every layer
    means, squares = deep(SELU(), keras.layers.Dropout(0.1, seed=1))
    assert np.abs(means[-1]) > 5 * of_mean or np.abs(squares[-1] - 1) > 5 * of_square


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: LeakyReLU(-0.1), "negative_slope=-0.1"),
        (lambda: LeakyReLU("0.1"), "negative_slope='0.1'"),
        (lambda: ELU(-1), "Received: alpha=-1"),
        (lambda: ELU(float("nan")), "Received: alpha=nan"),
        (lambda: PReLU(shared_axes=[3])(np.ones((2, 3, 4))), r"Received: shared_axes=\[3\]"),
        (lambda: PReLU(shared_axes=[0])(np.ones((2, 3, 4))), r"Received: shared_axes=\[0\]"),
        (lambda: PReLU()(keras.Input((None, 4))), "unknown size must be shared"),
    ],
)
def test_bad_input_is_named(make, message):
    with pytest.raises(ValueError, match=message):
        make()
