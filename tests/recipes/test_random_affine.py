"""RandomAffine against SciPy and Keras's legacy generator; its draws; where it is active; types, sizes, serialization."""

import importlib.util
import inspect
import math
import os
import subprocess
import sys
from types import SimpleNamespace

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import ops
from keras.src.legacy.preprocessing.image import apply_affine_transform
from scipy import ndimage

import recipes.augmentation as module
from recipes.augmentation import FILL_MODES, RandomAffine, affine, resample

SCIPY_MODES = {"nearest": "nearest", "reflect": "reflect", "constant": "grid-constant", "wrap": "grid-wrap"}
DOCUMENTED = {
    "rotation_range": 20, "width_shift_range": 0.2, "height_shift_range": 0.2, "shear_range": 0.2, "zoom_range": 0.2,
    "horizontal_flip": True, "fill_mode": "nearest",
}  # fmt: skip


def pictures(*shape, seed=0):
    return np.random.default_rng(seed).random(shape).astype("float32")


def random_parameters(count, seed=1):
    rng = np.random.default_rng(seed)
    drawn = (
        rng.uniform(-3, 3, count), rng.uniform(-1, 1, count), rng.uniform(0.3, 2, (count, 2)),
        rng.choice([-1, 1], (count, 2)), rng.uniform(-30, 30, (count, 2)),
    )  # fmt: skip
    return [np.asarray(one, "float32") for one in drawn]


def by_scipy(picture, linear, offset, mode, cval):
    """One picture by SciPy, whose first axis is y and whose origin is the corner."""
    matrix, shift = linear[::-1, ::-1].astype("float64"), offset[::-1]
    middle = (np.array(picture.shape[:2]) - 1) / 2
    return np.stack(
        [
            ndimage.affine_transform(
                channel.astype("float64"), matrix, shift + middle - matrix @ middle, order=1, mode=mode, cval=cval
            )
            for channel in np.moveaxis(picture, -1, 0)
        ],
        axis=-1,
    )


@pytest.mark.parametrize("fill_mode", FILL_MODES)
def test_resampling_equals_scipys(fill_mode):
    images = pictures(6, 12, 17, 3)
    linear, offset = (np.array(one) for one in affine(*random_parameters(6)))
    found = np.array(resample(images, linear, offset, fill_mode, 0.3))
    for place, image in enumerate(images):
        expected = by_scipy(image, linear[place], offset[place], SCIPY_MODES[fill_mode], 0.3)
        np.testing.assert_allclose(found[place], expected, atol=1e-5)


def by_keras(image, angle, shear, zoom, flips, shifts, fill_mode):
    """Keras's legacy function, which takes degrees and the sideways shift as `tx`, then its flips."""
    moved = apply_affine_transform(
        image, theta=math.degrees(angle), shear=math.degrees(shear), zx=zoom[0], zy=zoom[1], tx=shifts[0], ty=shifts[1],
        row_axis=0, col_axis=1, channel_axis=2, fill_mode=fill_mode,
    )  # fmt: skip
    return moved[:: int(flips[1]), :: int(flips[0])]


def largest_difference_from_keras(fill_mode="nearest", **arguments):
    """Of what a layer gives from what Keras's function makes of the same draws."""
    images = pictures(8, 21, 21, 3, seed=2)
    layer = RandomAffine(
        **(DOCUMENTED | {"fill_mode": fill_mode, "shear_range": 30, "vertical_flip": True} | arguments)
    )
    state = layer.seed_generator.state.numpy()
    found = np.array(layer(images, training=True))
    layer.seed_generator.state.assign(state)
    angle, shear, zoom, flips, shifts = (np.array(one) for one in layer.draw(8, 21, 21))
    return max(
        np.abs(found[k] - by_keras(images[k], angle[k], shear[k], zoom[k], flips[k], shifts[k], fill_mode)).max()
        for k in range(8)
    )


@pytest.mark.parametrize(
    "fill_mode", ["nearest", "reflect"]
)  # SciPy's old `wrap` and `constant` treat borders otherwise
def test_the_layer_equals_keras_legacy_function(fill_mode):
    assert largest_difference_from_keras(fill_mode) < 1e-4


@pytest.mark.parametrize(
    ("correct", "faulty"),
    [
        ("(zoom * flips)", "(flips / zoom)"),
        ("[one, -ops.sin(shear)]", "[one, ops.sin(shear)]"),
        ("ops.matmul(rotation, shifts[..., None])", "shifts[..., None]"),
    ],
)
def test_a_wrong_matrix_is_noticed(monkeypatch, correct, faulty):
    source = inspect.getsource(affine)
    assert correct in source
    names = {"ops": ops}
    exec(source.replace(correct, faulty), names)
    monkeypatch.setattr(module, "affine", names["affine"])
    assert largest_difference_from_keras() > 0.05


def test_degrees_are_not_radians(monkeypatch):
    layer = RandomAffine(rotation_range=20, shear_range=10, seed=0)
    angle, shear, *_ = (np.degrees(np.array(one)) for one in layer.draw(4000, 8, 8))
    assert 19.8 < np.abs(angle).max() <= 20.001 and 9.9 < np.abs(shear).max() <= 10.001
    monkeypatch.setattr(module, "math", SimpleNamespace(radians=lambda value: value, inf=math.inf))
    assert np.degrees(np.abs(np.array(layer.draw(4000, 8, 8)[0])).max()) > 1000


def test_draws_are_uniform_independent_and_within_their_ranges():
    layer = RandomAffine(20, 0.2, 3, 0.2, 0.2, horizontal_flip=True, seed=1)
    _, _, zoom, flips, shifts = (np.array(one) for one in layer.draw(20_000, 50, 80))
    assert 0.8 <= zoom.min() < 0.801 and 1.199 < zoom.max() <= 1.2001
    assert np.allclose(np.abs(shifts).max(axis=0), [16, 3], rtol=0.01)  # a share of the width; pixels from 1 on
    assert abs((flips[:, 0] == -1).mean() - 0.5) < 0.02 and (flips[:, 1] == 1).all()
    drawn = np.concatenate([zoom, flips[:, :1], shifts], axis=1)
    assert np.abs(np.corrcoef(drawn.T) - np.eye(5)).max() < 0.03


def test_seeds():
    images = pictures(4, 9, 9, 1)
    one, same, other = (RandomAffine(rotation_range=40, seed=seed) for seed in (1, 1, 2))
    first = np.array(one(images, training=True))
    np.testing.assert_array_equal(first, same(images, training=True))
    assert np.abs(first - np.array(other(images, training=True))).max() > 0.01
    assert np.abs(first - np.array(one(images, training=True))).max() > 0.01, "each call draws anew"
    assert np.abs(first[0] - np.array(one(images[[0, 0]], training=True))[1]).max() > 0.01


def test_active_only_while_training():
    images = pictures(4, 9, 9, 1)
    layer = RandomAffine(**DOCUMENTED)
    for inactive in (layer(images), layer(images, training=False)):
        np.testing.assert_array_equal(inactive, images)
    model = keras.Sequential([keras.Input((9, 9, 1)), layer])
    np.testing.assert_array_equal(model.predict(images, verbose=0), images)
    np.testing.assert_allclose(RandomAffine()(images, training=True), images, atol=1e-6)


def test_types_and_shapes():
    for dtype in ("uint8", "int16", "float16", "float32", "float64"):
        images = (255 * pictures(3, 7, 11, 2)).astype(dtype)
        layer = RandomAffine(**DOCUMENTED, seed=0)
        found = layer(images, training=True)
        assert found.dtype == dtype and tuple(found.shape) == images.shape
        expected = RandomAffine(**DOCUMENTED, seed=0)(images.astype("float32"), training=True)
        np.testing.assert_allclose(np.array(found, "float64"), expected, atol=0.5 + 1e-3 if "int" in dtype else 0.1)
    extreme = RandomAffine(height_shift_range=0.9, fill_mode="constant", cval=999, seed=0)
    assert np.array(extreme(np.zeros((2, 8, 8, 1), "uint8"), training=True)).max() == 255
    assert layer(keras.Input((7, 11, 2), dtype="uint8"), training=True).dtype == "uint8"


def test_one_picture_and_channels_first():
    image = pictures(7, 11, 2)
    last, first = (RandomAffine(**DOCUMENTED, data_format=f"channels_{place}", seed=3) for place in ("last", "first"))
    alone = np.array(last(image, training=True))
    moved = np.array(first(np.moveaxis(image, -1, 0)[None], training=True))
    np.testing.assert_allclose(np.moveaxis(moved[0], 0, -1), alone, atol=1e-6)


def test_sideways_is_sideways():
    image = np.zeros((1, 9, 9, 1), "float32")
    image[0, 4, 4] = 1
    for name, axis in (("width_shift_range", 1), ("height_shift_range", 0)):
        moved = np.array(RandomAffine(**{name: 0.3}, fill_mode="constant", seed=0)(image, training=True))[0, ..., 0]
        assert set(np.argwhere(moved > 0.01)[:, 1 - axis]) == {4}
    turned = np.array(RandomAffine(vertical_flip=True, seed=1)(np.repeat(pictures(1, 5, 5, 1), 20, 0), training=True))
    assert {k.tobytes() for k in turned.round(5)} == {
        k.tobytes() for k in (turned[:1].round(5), turned[:1, ::-1].round(5))
    }


def test_serialization():
    layer = RandomAffine(**DOCUMENTED | {"zoom_range": (0.5, 1.5), "cval": 0.25}, vertical_flip=True, seed=7)
    config = keras.layers.serialize(layer)
    again = keras.layers.deserialize(config)
    assert again.get_config() == layer.get_config()
    images = pictures(2, 6, 6, 1)
    np.testing.assert_array_equal(again(images, training=True), layer(images, training=True))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"rotation_range": -1}, "rotation_range must be a number of 0 or more. Received: rotation_range=-1"),
        ({"zoom_range": 1.0}, "zoom_range must be .*Received: zoom_range=1.0"),
        ({"zoom_range": (1.2, 0.8)}, "in rising order"),
        (
            {"fill_mode": "mirror"},
            "fill_mode must be one of nearest, reflect, constant, wrap. Received: fill_mode='mirror'",
        ),
        ({"shear_range": float("nan")}, "shear_range"),
        ({"data_format": "NHWC"}, "data_format must be channels_last or channels_first. Received: data_format='NHWC'"),
    ],
)
def test_bad_arguments_are_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        RandomAffine(**arguments)


@pytest.mark.parametrize("jit_compile", [False, True])
def test_in_the_compiled_trainer(jit_compile):
    from recipes.training import Trainer

    images = np.zeros((8, 6, 6, 1), "float32")
    images[:, 2, 2] = 1

    def build_model():
        model = keras.Sequential(
            [
                keras.Input((6, 6, 1)),
                RandomAffine(width_shift_range=0.4, fill_mode="constant"),
                keras.layers.Flatten(),
                keras.layers.Dense(1, use_bias=False, kernel_initializer="zeros"),
            ]
        )
        model.compile(keras.optimizers.SGD(0.1), "mse")
        return model

    def column_weights(seeds):
        runs = Trainer(build_model, jit_compile=jit_compile).fit(
            images, np.ones(8), seeds=seeds, epochs=3, batch_size=4
        )
        return [np.asarray(weights[-1]).reshape(6, 6) for weights in runs.weights]

    first, second = column_weights([0, 1])
    # Sideways shifts of one bright pixel reach several columns of its row, and no other row.
    assert (np.abs(first[2]) > 1e-3).sum() >= 4 and np.abs(np.delete(first, 2, axis=0)).max() < 1e-6
    assert np.abs(first - second).max() > 1e-3
    np.testing.assert_array_equal(first, column_weights([0])[0])


def test_in_tf_data():
    images = pictures(6, 8, 8, 1)
    layer = RandomAffine(rotation_range=30, seed=0)
    data = tf.data.Dataset.from_tensor_slices(images)
    single = np.stack([np.array(one) for one in data.map(lambda image: layer(image, training=True))])
    batched = np.concatenate([np.array(one) for one in data.batch(4).map(lambda image: layer(image, training=True))])
    for found in (single, batched):
        assert found.shape == images.shape and 0.01 < np.abs(found - images).mean() < 0.5


def test_other_backends(tmp_path):
    images, parameters = pictures(3, 6, 9, 2), random_parameters(3)
    np.savez(tmp_path / "given.npz", *parameters, images=images)
    code = (
        "import sys, numpy as np; from keras import ops; from recipes.augmentation import *; "
        "from recipes.augmentation import affine; g = np.load(sys.argv[1]); "
        "m = affine(*(ops.convert_to_tensor(g[f'arr_{k}']) for k in range(5))); "
        "u = RandomAffine(20, .2, .2, .2, .2, True, seed=0)((255 * g['images']).astype('uint8'), training=True); "
        "assert ops.convert_to_numpy(u).dtype == 'uint8'; "
        "np.savez(sys.argv[2], *(ops.convert_to_numpy(resample(g['images'], *m, mode)) for mode in FILL_MODES))"
    )
    backends = [name for name in ("jax", "torch") if importlib.util.find_spec(name)]
    if not backends:
        pytest.skip("neither JAX nor PyTorch is installed (pip install keras-reproductions[backends])")
    running = {
        name: subprocess.Popen(
            [sys.executable, "-c", code, tmp_path / "given.npz", tmp_path / f"{name}.npz"],
            env=os.environ | {"KERAS_BACKEND": name}, stderr=subprocess.PIPE, text=True,
        )
        for name in backends
    }  # fmt: skip
    for name, process in running.items():
        error = process.communicate()[1]
        assert process.returncode == 0, error[-2000:]
        with np.load(tmp_path / f"{name}.npz") as found:
            for place, mode in enumerate(FILL_MODES):
                expected = resample(images, *affine(*parameters), mode)
                np.testing.assert_allclose(found[f"arr_{place}"], expected, atol=1e-4)
