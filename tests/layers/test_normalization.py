import subprocess
import sys
import warnings

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from keras import ops

from layers import normalization
from layers.normalization import BatchNormalization, LayerNormalization
from tests.layers import support

PRECISIONS = ("float64", "mixed_bfloat16") if support.BACKEND == "tensorflow" else ("mixed_bfloat16",)
"""Keras computes float64 in float32 in places on the other backends."""
TRAINING = {"training": True}
MASK = np.array([[1, 1, 0], [0, 1, 0]], "bool")


def reference(x, axes, gamma=1.0, beta=0.0, epsilon=1e-3, seen=True):
    """Output, mean and variance from the equations; gamma and beta broadcast to x."""
    seen = np.broadcast_to(seen, x.shape)
    mean = np.mean(x, axis=axes, keepdims=True, where=seen)
    variance = np.mean((x - mean) ** 2, axis=axes, keepdims=True, where=seen)
    return gamma * (x - mean) / np.sqrt(variance + epsilon) + beta, mean, variance


@pytest.mark.parametrize(
    ("arguments", "shape", "call"),
    [
        ({}, (6, 3), TRAINING),
        ({}, (6, 3), {"training": False}),
        ({"trainable": False}, (6, 3), TRAINING),
        ({"scale": False}, (4, 3, 5, 2), TRAINING),
        ({"center": False, "epsilon": 1e-2}, (4, 3, 2), TRAINING),
        ({"axis": 1}, (4, 3, 5, 2), TRAINING),
        ({"axis": 1}, (4, 3, 5), {"training": False}),
        ({}, (2, 3, 4), {**TRAINING, "mask": MASK}),
        ({"axis": 1}, (2, 3, 4), {**TRAINING, "mask": MASK}),
        ({"renorm": True, "center": False}, (6, 3), TRAINING),
        ({"renorm": True, "renorm_clipping": {"rmin": 0.8, "rmax": 1.2, "dmax": 0.3}}, (6, 3), TRAINING),
    ],
)
def test_batch_normalization_equals_keras_in_every_mode(arguments, shape, call):
    if arguments.get("renorm") and call.get("training"):
        # Every call moves what the next one's outputs depend on, so one call each is compared.
        layer, peer = support.twins(
            BatchNormalization, keras.layers.BatchNormalization, arguments, [support.random(*shape)], call
        )
        x = support.random(*shape, seed=1)
        ours, theirs = (
            support.gradients(lambda x, one=one: one(x, **call), x, weights=one.trainable_weights)
            for one in (layer, peer)
        )
        support.close(ours, theirs, 1e-5)
        support.close(layer(x, **call), peer(x, **call), 1e-5)
    else:
        x = 3 + support.random(*shape)
        # Keras adds 1e-7 to the count of what its mask shows, ours is exact: float64 would see that.
        precisions = ("mixed_bfloat16",) if "mask" in call else PRECISIONS
        peer = keras.layers.BatchNormalization
        jit = support.BACKEND == "tensorflow"  # jax.jit by itself can't change weights
        layer = support.check_layer(BatchNormalization, peer, arguments, x, call=call, jit=jit, precisions=precisions)
        peer = keras.layers.BatchNormalization(**arguments)
        peer(x)
        peer.set_weights(layer.get_weights())
        layer(x, **call), peer(x, **call)
    support.close(layer.get_weights(), peer.get_weights(), 1e-5)


@pytest.mark.parametrize(
    ("arguments", "shape"),
    [
        ({}, (6, 3)),
        ({"center": False}, (2, 4, 3)),
        ({"scale": False, "epsilon": 1e-5}, (2, 4, 3)),
        ({"axis": [-2, -1]}, (2, 4, 3)),
        ({"axis": (1, 3)}, (2, 4, 5, 3)),
        pytest.param(
            {"axis": 1},
            (2, 4, 3),
            marks=pytest.mark.skipif(support.BACKEND == "torch", reason="Keras's own fails there for an inner axis"),
        ),
        ({"rms_scaling": True}, (2, 4, 3)),
    ],
)
@pytest.mark.filterwarnings("ignore:You passed `rms_scaling")
def test_layer_normalization_equals_keras_in_every_mode(arguments, shape):
    x, peer = 3 + support.random(*shape), keras.layers.LayerNormalization
    support.check_layer(LayerNormalization, peer, arguments, x, precisions=PRECISIONS)


@settings(deadline=None, max_examples=25)
@given(st.lists(st.integers(1, 4), min_size=2, max_size=4), st.data())
def test_batch_normalization_is_its_equation(shape, data):
    axis = data.draw(st.integers(-len(shape), len(shape) - 1))
    seed = data.draw(st.integers(0, 99))
    masked = data.draw(st.booleans())
    x = 2 + support.random(*shape, seed=seed)
    mask = np.random.default_rng(seed).random(shape[:-1]) < 0.6
    mask.flat[0] = True
    seen = np.broadcast_to(mask[..., None], shape) if masked else np.ones(shape, "bool")
    axes = tuple(one for one in range(len(shape)) if one != axis % len(shape))
    layer = BatchNormalization(axis, momentum=0.75)
    layer.build(shape)
    layer.set_weights([np.abs(support.random(*w.shape, seed=n)) for n, w in enumerate(layer.weights)])
    gamma, beta, moving_mean, moving_variance = layer.get_weights()
    x[~seen] = 1e4  # padding must not matter
    outputs = support.numpy(layer(x, training=True, **({"mask": mask} if masked else {})))
    counted = seen.any(axis=axes)
    broadcast = [-1 if one == axis % len(shape) else 1 for one in range(len(shape))]
    with np.errstate(all="ignore"), warnings.catch_warnings(action="ignore"):  # a channel may be hidden altogether
        expected, mean, variance = reference(
            x.astype("float64"), axes, gamma.reshape(broadcast), beta.reshape(broadcast), seen=seen
        )
    visible = seen & np.broadcast_to(counted.reshape(broadcast), shape)
    np.testing.assert_allclose(outputs[visible], expected[visible], atol=1e-4)
    for name, before, batch in (("mean", moving_mean, mean), ("variance", moving_variance, variance)):
        moved = support.numpy(getattr(layer, f"moving_{name}").value)
        np.testing.assert_allclose(moved[counted], (0.75 * before + 0.25 * batch.ravel())[counted], atol=1e-5)


@settings(deadline=None, max_examples=20)
@given(st.lists(st.integers(1, 4), min_size=2, max_size=4), st.data())
def test_layer_normalization_is_its_equation_example_by_example(shape, data):
    axes = data.draw(st.lists(st.integers(1, len(shape) - 1), min_size=1, unique=True))
    x = support.random(*shape, seed=data.draw(st.integers(0, 99)), scale=10)
    layer = LayerNormalization(axes)
    layer.build(shape)
    gamma, beta = (support.random(*w.shape, seed=n) for n, w in enumerate(layer.weights))
    layer.set_weights([gamma, beta])
    broadcast = [size if axis in axes else 1 for axis, size in enumerate(shape)]
    expected, _, _ = reference(x.astype("float64"), tuple(axes), gamma.reshape(broadcast), beta.reshape(broadcast))
    support.close(layer(x), expected, 1e-5)
    support.close(layer(x[:1]), expected[:1], 1e-5)  # the rest of the batch has no say


@pytest.mark.skipif("float64" not in PRECISIONS, reason="needs float64 throughout")
@pytest.mark.parametrize("layer", [BatchNormalization(dtype="float64"), LayerNormalization(dtype="float64")])
def test_gradients_are_finite_differences(layer):
    x = support.random(4, 3, dtype="float64")
    layer.build(x.shape)
    layer.set_weights([1 + support.random(*w.shape, seed=n, scale=0.3) for n, w in enumerate(layer.weights)])
    call = {"training": True} if isinstance(layer, BatchNormalization) else {}
    found = support.gradients(lambda x: layer(x, **call), x, weights=layer.trainable_weights)
    support.close(found[0], support.finite_differences(lambda x: layer(x, **call), x), 1e-7)
    for weight, gradient in zip(layer.trainable_weights, found[1:], strict=True):
        start = support.numpy(weight.value)

        def moved(value, weight=weight):
            weight.assign(value)
            return layer(x, **call)

        support.close(gradient, support.finite_differences(moved, start), 1e-7)
        weight.assign(start)


@support.tensorflow_only
@pytest.mark.parametrize("layer", [BatchNormalization(), LayerNormalization(), LayerNormalization([1, 2])])
def test_fast_path_equals_the_plain_one_up_to_second_derivatives(layer, monkeypatch):
    import tensorflow as tf

    x, weights = tf.constant(5 + support.random(4, 3, 6)), tf.constant(support.random(4, 3, 6, seed=1))
    call = {"training": True} if isinstance(layer, BatchNormalization) else {}
    layer(x, **call)

    def results():
        with tf.GradientTape() as outer:
            outer.watch(x)
            with tf.GradientTape() as inner:
                inner.watch(x)
                outputs = layer(x, **call)
                loss = tf.reduce_sum(weights * outputs**2)
            first = inner.gradient(loss, [x, layer.gamma.value, layer.beta.value])
            penalty = sum(tf.reduce_sum(one**2) for one in first)
        return support.numpy([outputs, *first, *outer.gradient(penalty, [x, layer.gamma.value])])

    fast = results()
    monkeypatch.setattr(normalization, "tensorflow_on_cpu", lambda: False)
    support.close(fast, results(), 2e-4)


@pytest.mark.parametrize("layer", [BatchNormalization(momentum=0.0), LayerNormalization()])
def test_a_small_spread_far_from_zero_survives(layer):
    x = (1000 + support.random(64, 8)).astype("float32")
    call = {"training": True} if isinstance(layer, BatchNormalization) else {}
    expected, _, variance = reference(x.astype("float64"), 0 if call else 1)
    support.close(layer(x, **call), expected, 1e-3)
    if call:
        support.close(layer.moving_variance.value, variance[0], 1e-3)


def test_padding_changes_nothing_that_is_seen():
    steps = support.random(2, 3, 4)
    padded = np.concatenate([steps, np.full((2, 5, 4), 1e6, "float32")], axis=1)
    mask = np.arange(8) < 3
    layers = [BatchNormalization(momentum=0.5) for _ in range(2)]
    plain = layers[0](steps, training=True)
    masked = layers[1](padded, training=True, mask=np.tile(mask, (2, 1)))
    support.close(masked[:, :3], plain, 1e-6)
    support.close(layers[1].get_weights(), layers[0].get_weights(), 1e-6)
    [gradient] = support.gradients(lambda x: layers[1](x, training=True, mask=np.tile(mask, (2, 1)))[:, :3], padded)
    assert np.all(gradient[:, 3:] == 0) and np.all(np.isfinite(gradient))


def test_inference_and_frozen_layers_use_the_moving_statistics_and_leave_them():
    layer = BatchNormalization()
    x = support.random(5, 3)
    layer.build(x.shape)
    layer.set_weights([support.random(3, seed=1), support.random(3, seed=2), np.full(3, 0.5), np.full(3, 4.0)])
    gamma, beta = layer.get_weights()[:2]
    expected = gamma * (x - 0.5) / np.sqrt(4.0 + 1e-3) + beta
    support.close(layer(x), expected, 1e-6)
    layer.trainable = False
    support.close(layer(x, training=True), expected, 1e-6)
    assert layer.get_weights()[2].tolist() == [0.5] * 3 and layer.get_weights()[3].tolist() == [4.0] * 3


def test_saved_and_loaded(tmp_path):
    x = support.random(4, 3)
    for layer in (BatchNormalization(momentum=0.5), LayerNormalization(epsilon=1e-4)):
        layer(x, **({"training": True} if isinstance(layer, BatchNormalization) else {}))
        support.saved_and_loaded(layer, tmp_path, x)


REPLICAS = """
import numpy as np, tensorflow as tf
tf.config.set_logical_device_configuration(
    tf.config.list_physical_devices("CPU")[0], [tf.config.LogicalDeviceConfiguration()] * 2)
from layers.normalization import BatchNormalization
x = (3 + np.random.default_rng(0).standard_normal((10, 4, 3))).astype("float32")
x[:6] *= 2
mask = np.random.default_rng(1).random((10, 4)) < 0.5
shards = [slice(0, 6), slice(6, 10)]
for given in (None, mask):
    whole = BatchNormalization(momentum=0.5)
    expected = whole(x, training=True, mask=given).numpy()
    strategy = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
    with strategy.scope():
        layer = BatchNormalization(momentum=0.5, synchronized=True)
        layer.build(x.shape)
    def values(all_of_them):
        return strategy.experimental_distribute_values_from_function(
            lambda context: tf.constant(all_of_them[shards[context.replica_id_in_sync_group]]))
    @tf.function
    def step(x, mask):
        return strategy.run(lambda x, mask: layer(x, training=True, mask=mask if given is not None else None), (x, mask))
    parts = strategy.experimental_local_results(step(values(x), values(mask)))
    np.testing.assert_allclose(np.concatenate([part.numpy() for part in parts]), expected, atol=1e-5)
    for one, two in zip(layer.get_weights(), whole.get_weights()):
        np.testing.assert_allclose(one, two, atol=1e-5)
print("equal")
"""


@support.tensorflow_only
def test_synchronized_statistics_are_those_of_the_whole_batch():
    done = subprocess.run([sys.executable, "-c", REPLICAS], capture_output=True, text=True, timeout=120)
    assert done.stdout.strip() == "equal", done.stderr[-2000:]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: BatchNormalization(axis=1.5), "Received: axis=1.5"),
        (lambda: BatchNormalization(axis=2)(np.ones((2, 3))), r"Received: axis=\[2\], input_shape=\(2, 3\)"),
        (lambda: BatchNormalization()(keras.Input((None,))), r"known. Received: axis=\[-1\]"),
        (lambda: BatchNormalization(momentum=1.5), "Received: momentum=1.5"),
        (lambda: BatchNormalization(epsilon=-1), "Received: epsilon=-1"),
        (lambda: BatchNormalization()(np.ones((2, 3, 4)), mask=np.ones((2, 3, 4))), r"mask.shape=\(2, 3, 4\)"),
        (lambda: LayerNormalization(axis=[]), r"Received: axis=\[\]"),
        (lambda: LayerNormalization(axis=["1"]), r"Received: axis=\['1'\]"),
        (lambda: LayerNormalization(axis=-3)(np.ones((2, 3))), r"Received: axis=\[-3\]"),
        (lambda: LayerNormalization(axis=[1, -1])(np.ones((2, 3))), r"each once. Received: axis=\[1, -1\]"),
        (lambda: LayerNormalization(epsilon=None), "Received: epsilon=None"),
        (lambda: LayerNormalization()(keras.Input((3, None))), r"known. Received: axis=\[-1\]"),
    ],
)
def test_bad_input_is_named(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_empty_batches_of_steps():
    assert ops.shape(LayerNormalization()(np.zeros((1, 0, 5), "float32"))) == (1, 0, 5)
