"""Initializers: Keras's draws bit for bit, the derived variances, orthogonality."""

import math

import keras
import numpy as np
import pytest

from recipes import initializers
from tests.layers.support import close, numpy

NAMES = ("GlorotNormal", "GlorotUniform", "HeNormal", "HeUniform", "LecunNormal", "LecunUniform", "Orthogonal")
VARIANCE = {
    "Glorot": lambda n_in, n_out: 2 / (n_in + n_out),
    "He": lambda n_in, n_out: 2 / n_in,
    "Lecun": lambda n_in, n_out: 1 / n_in,
}


@pytest.mark.parametrize("shape", [(30, 20), (3, 3, 8, 16), (20, 30)])
@pytest.mark.parametrize("name", NAMES)
def test_the_same_draws_as_keras(name, shape):
    for seed in (0, 7, 12345):
        ours, peer = (getattr(of, name)(seed=seed) for of in (initializers, keras.initializers))
        for dtype in ("float32", "bfloat16") if name != "Orthogonal" else ("float32",):
            assert (numpy(ours(shape, dtype)) == numpy(peer(shape, dtype))).all()
    assert isinstance(ours, type(peer))
    again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(ours))
    assert type(again) is type(ours) and (numpy(again(shape)) == numpy(ours(shape))).all()


@pytest.mark.parametrize("mode", ["fan_in", "fan_out", "fan_avg"])
@pytest.mark.parametrize("distribution", ["uniform", "truncated_normal", "untruncated_normal"])
def test_variance_scaling_equals_keras(mode, distribution):
    arguments = {"scale": 3.0, "mode": mode, "distribution": distribution, "seed": 3}
    for axes in ({}, {"input_axes": [0], "output_axes": [1, 2]}):
        ours, peer = (of.VarianceScaling(**arguments, **axes) for of in (initializers, keras.initializers))
        assert (numpy(ours((6, 4, 10))) == numpy(peer((6, 4, 10)))).all()


@pytest.mark.parametrize("name", NAMES[:-1])
def test_variance_is_the_derived_one(name):
    n_in, n_out = 400, 600
    w = numpy(getattr(initializers, name)(seed=1)((n_in, n_out))).astype("float64")
    variance = next(of for family, of in VARIANCE.items() if name.startswith(family))(n_in, n_out)
    # 240,000 draws: five standard errors of the sample variance of a normal sample are 1.5%.
    assert abs(w.var() / variance - 1) < 0.015 and abs(w.mean()) < 5 * math.sqrt(variance / w.size)
    bound = math.sqrt(3 * variance) if name.endswith("Uniform") else 2 * math.sqrt(variance) / 0.8796
    assert 0.99 * bound < np.abs(w).max() <= 1.001 * bound


def test_deviation_of_the_truncated_normal():
    density, inside = math.exp(-2) / math.sqrt(2 * math.pi), math.erf(math.sqrt(2))
    derived = math.sqrt(1 - 4 * density / inside)
    assert math.isclose(initializers.TRUNCATED_DEVIATION, derived, rel_tol=1e-15)


@pytest.mark.parametrize("shape", [(12, 5), (5, 12), (2, 3, 4, 6), (1, 1)])
def test_orthogonal(shape):
    w = numpy(initializers.Orthogonal(gain=1.5, seed=2)(shape)).reshape(-1, shape[-1])
    gram = w.T @ w if w.shape[0] >= w.shape[1] else w @ w.T
    close(gram, 2.25 * np.eye(len(gram)), 1e-5)


def test_fans_equal_keras():
    compute_fans = keras.src.initializers.random_initializers.compute_fans
    for shape in ((), (7,), (3, 4), (5, 3, 4), (3, 3, 8, 16)):
        assert initializers.fans(shape) == compute_fans(shape)


def test_seeds():
    assert not (numpy(initializers.HeNormal()((4, 4))) == numpy(initializers.HeNormal()((4, 4)))).all()
    generator = initializers.HeNormal(seed=keras.random.SeedGenerator(1))
    assert not (numpy(generator((4, 4))) == numpy(generator((4, 4)))).all()
    with pytest.raises(ValueError, match="at least two-dimensional"):
        initializers.Orthogonal()((3,))
    with pytest.raises(ValueError, match="scale"):
        initializers.VarianceScaling(scale=0)


def test_in_a_saved_model(tmp_path):
    layer = keras.layers.Dense(3, kernel_initializer=initializers.HeNormal(seed=0))
    keras.Sequential([keras.Input((4,)), layer]).save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras").layers[0]
    assert type(loaded.kernel_initializer) is initializers.HeNormal
    close(loaded.get_weights(), layer.get_weights(), 0)
