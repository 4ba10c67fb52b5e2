"""Penalties against Keras and NumPy; the proximal step against scikit-learn's lasso."""

import keras
import numpy as np
import pytest

from recipes import regularizers
from recipes.training import fit
from tests.layers.support import BACKEND, close, compiled, gradients, numpy, random, tensor, tensorflow_only

W = random(5, 3)


@pytest.mark.parametrize(
    ("name", "arguments", "expected"),
    [
        ("L1", {"l1": 0.1}, 0.1 * np.abs(W).sum()),
        ("L2", {"l2": 0.3}, 0.3 * (W**2).sum()),
        ("L1L2", {"l1": 0.1, "l2": 0.3}, 0.1 * np.abs(W).sum() + 0.3 * (W**2).sum()),
        ("L1L2", {}, 0.0),
        ("L1", {"l1": None}, 0.01 * np.abs(W).sum()),
    ],
)
def test_penalties_equal_keras(name, arguments, expected):
    ours, peer = (getattr(of, name)(**arguments) for of in (regularizers, keras.regularizers))
    assert isinstance(ours, type(peer))
    close(ours(tensor(W)), expected, 1e-6)
    close(ours(tensor(W)), peer(tensor(W)), 1e-6)
    if expected:  # PyTorch finds no path to W in Keras's L1L2 without strengths
        close(gradients(ours, W)[0], gradients(peer, W)[0], 1e-6)
    again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(ours))
    assert type(again) is type(ours) and again.get_config() == ours.get_config()
    for jit in (False, True):
        function = compiled(ours.__call__, jit)
        if function is not None:
            close(function(tensor(W)), expected, 1e-6)


def test_documented_forms():
    close(regularizers.lasso(0.5, 20)(tensor(W)), 0.5 / 20 * np.abs(W).sum(), 1e-6)
    close(regularizers.ridge(0.5, 20)(tensor(W)), 0.5 / 40 * (W**2).sum(), 1e-6)
    with pytest.raises(ValueError, match="`examples`"):
        regularizers.ridge(0.5, 0)


@pytest.mark.parametrize("arguments", [{"l1": -1}, {"l1": float("nan")}, {"learning_rate": 0}])
def test_proximal_step_checks_its_arguments(arguments):
    with pytest.raises(ValueError, match=next(iter(arguments))):
        regularizers.ProximalL1(**arguments)


def test_soft_threshold():
    w = np.array([-3.0, -0.5, 0.0, 0.2, 0.5, 2.0], "float32")
    close(regularizers.soft_threshold(tensor(w), 0.5), np.array([-2.5, 0, 0, 0, 0, 1.5]), 0)
    assert numpy(regularizers.ProximalL1(l1=5, learning_rate=0.1)(keras.Variable(w))).tolist()[1:5] == [0, 0, 0, 0]


def lasso_data():
    rng = np.random.default_rng(0)
    x = rng.standard_normal((100, 10)).astype("float32")
    return x, (x[:, :2] @ np.array([2.0, -1.0]) + 0.1 * rng.standard_normal(100)).astype("float32")[:, None]


def trained(run, epochs, **dense):
    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.Input((10,)), keras.layers.Dense(1, use_bias=False, **dense)])
    model.compile(keras.optimizers.SGD(0.05), "mse")
    run(model, *lasso_data(), batch_size=100, epochs=epochs, verbose=0)
    return model.get_weights()[0][:, 0]


@tensorflow_only
def test_proximal_step_gives_the_lassos_exact_zeros():
    from sklearn.linear_model import Lasso

    x, y = (part.astype("float64") for part in lasso_data())
    expected = Lasso(alpha=0.1, fit_intercept=False, tol=1e-10).fit(x, y[:, 0]).coef_  # 1/2n |y - Xw|^2 + alpha |w|
    proximal = regularizers.ProximalL1(l1=0.2, learning_rate=0.05)  # 1/n |y - Xw|^2 + 0.2 |w|: twice that
    found = trained(fit, 200, kernel_constraint=proximal)
    assert (found == 0).tolist() == (expected == 0).tolist() and (found == 0).sum() >= 6
    np.testing.assert_allclose(found, expected, atol=1e-5)
    with_gradient = trained(fit, 200, kernel_regularizer=regularizers.L1(0.2))
    assert not (with_gradient == 0).any() and np.abs(with_gradient[expected == 0]).max() < 0.02


@tensorflow_only
def test_proximal_step_in_model_fit():
    proximal = regularizers.ProximalL1(l1=0.2, learning_rate=0.05)
    by_keras = trained(keras.Model.fit, 8, kernel_constraint=proximal)
    close(by_keras, trained(fit, 8, kernel_constraint=proximal), 1e-6)


@pytest.mark.skipif(BACKEND != "tensorflow", reason="one backend is enough for a saved model")
def test_in_a_saved_model(tmp_path):
    layer = keras.layers.Dense(
        2, kernel_regularizer=regularizers.L1(0.1), kernel_constraint=regularizers.ProximalL1(0.1, 0.2)
    )
    keras.Sequential([keras.Input((4,)), layer]).save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras").layers[0]
    assert type(loaded.kernel_regularizer) is regularizers.L1
    assert loaded.kernel_constraint.get_config() == {"l1": 0.1, "learning_rate": 0.2}
