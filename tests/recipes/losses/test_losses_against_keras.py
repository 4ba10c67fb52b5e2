"""Every loss with a Keras namesake: values, gradients, weights, masks, modes, configuration."""

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from keras import ops

from recipes import losses
from tests.layers.support import (
    BACKEND,
    close,
    compiled,
    finite_differences,
    gradients,
    needs_float64,
    numpy,
    random,
    tensor,
)

RNG = np.random.default_rng(0)
SCORES, NUMBERS = random(6, 4), random(6, 4, seed=1)
PROBABILITIES = RNG.uniform(0.02, 0.98, (6, 4)).astype("float32")
BITS, CLASSES = RNG.integers(0, 2, (6, 4)).astype("float32"), RNG.integers(0, 4, 6)
ONE_HOT = np.eye(4, dtype="float32")[CLASSES]
SIMPLEX = RNG.dirichlet(np.ones(4), 6).astype("float32")

CASES = {
    "mse": ("MeanSquaredError", {}, NUMBERS, SCORES),
    "mae": ("MeanAbsoluteError", {}, NUMBERS, SCORES),
    "huber": ("Huber", {}, NUMBERS, SCORES),
    "huber 0.3": ("Huber", {"delta": 0.3}, NUMBERS, SCORES),
    "bce": ("BinaryCrossentropy", {}, BITS, PROBABILITIES),
    "bce smoothed": ("BinaryCrossentropy", {"label_smoothing": 0.2}, BITS, PROBABILITIES),
    "bce logits": ("BinaryCrossentropy", {"from_logits": True, "axis": 0}, BITS, SCORES),
    "cce": ("CategoricalCrossentropy", {}, ONE_HOT, PROBABILITIES),
    "cce axis": ("CategoricalCrossentropy", {"axis": 0}, ONE_HOT, PROBABILITIES),
    "cce logits": ("CategoricalCrossentropy", {"from_logits": True, "label_smoothing": 0.1}, ONE_HOT, SCORES),
    "scce": ("SparseCategoricalCrossentropy", {}, CLASSES, SIMPLEX),
    "scce logits": ("SparseCategoricalCrossentropy", {"from_logits": True}, CLASSES[:, None], SCORES),
    "scce ignoring": ("SparseCategoricalCrossentropy", {"from_logits": True, "ignore_class": 2}, CLASSES, SCORES),
    "focal": ("BinaryFocalCrossentropy", {}, BITS, PROBABILITIES),
    "focal logits": (
        "BinaryFocalCrossentropy",
        {"from_logits": True, "apply_class_balancing": True, "alpha": 0.4, "gamma": 1.5, "label_smoothing": 0.1},
        BITS,
        SCORES,
    ),
    "hinge": ("Hinge", {}, 2 * BITS - 1, SCORES),
    "hinge 0/1": ("Hinge", {}, BITS, SCORES),
    "kl": ("KLDivergence", {}, SIMPLEX, PROBABILITIES),
}
PAIRS = pytest.mark.parametrize(("name", "arguments", "y_true", "y_pred"), CASES.values(), ids=CASES)


@PAIRS
def test_values_and_gradients(name, arguments, y_true, y_pred):
    for reduction in ("sum_over_batch_size", "sum", "mean_with_sample_weight", None):
        ours = getattr(losses, name)(**arguments, reduction=reduction)
        keras_own = getattr(keras.losses, name)(**arguments, reduction=reduction)
        for weights in (None, np.linspace(0, 2, 4 if arguments.get("axis") == 0 else 6, dtype="float32")):
            close(ours(y_true, y_pred, weights), keras_own(y_true, y_pred, weights), 2e-6, f"{reduction}, {weights}")
    mine = gradients(lambda p: ours(y_true, p), y_pred)[0]
    close(mine, gradients(lambda p: keras_own(y_true, p), y_pred)[0], 1e-5, "gradient")


@needs_float64
@PAIRS
def test_gradients_are_finite_differences(name, arguments, y_true, y_pred):
    loss = getattr(losses, name)(**arguments, reduction=None, dtype="float64")
    y_pred = y_pred.astype("float64")
    close(gradients(lambda p: loss(y_true, p), y_pred)[0], finite_differences(lambda p: loss(y_true, p), y_pred), 1e-6)


@PAIRS
def test_compiled_masked_and_configured(name, arguments, y_true, y_pred):
    loss = getattr(losses, name)(**arguments, name="mine", reduction="sum")
    peer = getattr(keras.losses, name)(**arguments, name="mine", reduction="sum")
    assert isinstance(loss, type(peer))
    for jit in (False, True):
        function = compiled(loss.__call__, jit)
        if function is not None:
            close(function(tensor(y_true), tensor(y_pred)), loss(y_true, y_pred), 2e-6, f"XLA {jit}")
    if arguments.get("axis") != 0:
        masked = [ops.convert_to_tensor(y_pred) for _ in range(2)]
        for one in masked:
            keras.src.backend.set_keras_mask(one, ops.convert_to_tensor([True, False, True, True, False, True]))
        close(loss(y_true, masked[0]), peer(y_true, masked[1]), 2e-6, "mask")
    config = keras.saving.serialize_keras_object(loss)
    assert config["registered_name"] == f"recipes>{name}"
    again = keras.saving.deserialize_keras_object(config)
    assert type(again) is type(loss) and again.name == "mine"
    close(again(y_true, y_pred), loss(y_true, y_pred), 0)


@PAIRS
def test_function_form(name, arguments, y_true, y_pred):
    if name == "SparseCategoricalCrossentropy":
        arguments = {"ignore_class": None, **arguments}
    snake = {
        "MeanSquaredError": "mean_squared_error",
        "MeanAbsoluteError": "mean_absolute_error",
        "BinaryCrossentropy": "binary_crossentropy",
        "BinaryFocalCrossentropy": "binary_focal_crossentropy",
        "CategoricalCrossentropy": "categorical_crossentropy",
        "SparseCategoricalCrossentropy": "sparse_categorical_crossentropy",
        "KLDivergence": "kl_divergence",
    }.get(name, name.lower())
    ours, peer = getattr(losses, snake), getattr(keras.losses, snake)
    close(ours(y_true, tensor(y_pred), **arguments), peer(y_true, tensor(y_pred), **arguments), 2e-6)
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(4)])
    model.compile("sgd", ours)
    assert keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(ours)) is ours


@pytest.mark.parametrize(("y_true", "y_pred"), [((5,), (5, 1)), ((5, 1), (5,)), ((5, 3, 1), (5, 3)), ((5,), (5,))])
@pytest.mark.parametrize("name", ["MeanSquaredError", "MeanAbsoluteError", "Huber", "BinaryCrossentropy", "Hinge"])
def test_vectors_meet_columns(name, y_true, y_pred):
    y_true, y_pred = RNG.integers(0, 2, y_true), RNG.uniform(0.1, 0.9, y_pred).astype("float32")
    close(getattr(losses, name)()(y_true, y_pred), getattr(keras.losses, name)()(y_true, y_pred), 1e-6)
    close(getattr(losses, name)()(y_true.tolist(), y_pred.tolist()), getattr(losses, name)()(y_true, y_pred), 1e-6)


@needs_float64
@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.floats(-700, 700), st.sampled_from([0.0, 1.0])), min_size=1, max_size=6))
def test_binary_crossentropy_of_any_logit_is_finite_and_exact(rows):
    z, y = (np.array(column)[:, None] for column in zip(*rows, strict=True))
    expected = np.logaddexp(0, np.where(y == 1, -z, z))  # -log sigmoid(+-z)
    loss = losses.BinaryCrossentropy(from_logits=True, reduction=None, dtype="float64")
    np.testing.assert_allclose(numpy(loss(y, z)), expected[:, 0], rtol=1e-13, atol=0)
    focal = losses.BinaryFocalCrossentropy(gamma=2, from_logits=True, reduction=None, dtype="float64")
    wrong = np.exp(-np.logaddexp(0, np.where(y == 1, z, -z)))
    np.testing.assert_allclose(numpy(focal(y, z)), (wrong**2 * expected)[:, 0], rtol=1e-12, atol=1e-300)


@pytest.mark.parametrize("sparse", [False, True])
def test_categorical_crossentropy_of_large_logits(sparse):
    z = np.array([[1e4, 0, -1e4], [0, 12, 0], [-3e4, -3e4, -3e4]], "float32")
    labels = np.array([2, 1, 0])
    loss = losses.SparseCategoricalCrossentropy if sparse else losses.CategoricalCrossentropy
    found = numpy(loss(from_logits=True, reduction=None)(labels if sparse else np.eye(3)[labels], z))
    np.testing.assert_allclose(found, [2e4, np.log1p(2 * np.exp(-12.0)), np.log(3)], rtol=1e-6, atol=2e-7)


def test_sparse_equals_one_hot():
    for from_logits, predictions in ((True, SCORES), (False, SIMPLEX)):
        sparse = losses.sparse_categorical_crossentropy(CLASSES, tensor(predictions), from_logits)
        close(sparse, losses.categorical_crossentropy(ONE_HOT, tensor(predictions), from_logits), 2e-6)


def test_a_label_that_is_no_class_is_not_silently_counted():
    found = numpy(losses.sparse_categorical_crossentropy(np.array([0, 4, -1]), tensor(SCORES[:3]), from_logits=True))
    assert np.isnan(found).tolist() == [False, True, True]


def test_probabilities_of_zero_and_one():
    y, p = np.array([[1.0], [0.0], [1.0]]), np.array([[0.0], [1.0], [1.0]], "float32")
    for dtype in ("float32", "float16", "bfloat16"):
        found = numpy(losses.BinaryCrossentropy(reduction=None, dtype=dtype)(y, p)).astype("float32")
        assert np.isfinite(found).all() and found[2] < 0.01 and found[0] > 4
    close(losses.BinaryCrossentropy(reduction=None)(y, p), keras.losses.BinaryCrossentropy(reduction=None)(y, p), 1e-6)


@pytest.mark.skipif(BACKEND != "tensorflow", reason="only there a sigmoid's output carries its logits")
@pytest.mark.parametrize("name", ["BinaryCrossentropy", "BinaryFocalCrossentropy", "CategoricalCrossentropy"])
def test_a_sigmoid_or_softmax_output_is_judged_by_its_logits(name):
    activation = keras.activations.softmax if name.startswith("Cat") else keras.activations.sigmoid
    z, y = np.array([[-40.0, 40.0]], "float32"), np.array([[1.0, 0.0]])
    ours, peer = (getattr(of, name)()(y, activation(ops.convert_to_tensor(z))) for of in (losses, keras.losses))
    close(ours, peer, 1e-6)
    assert float(ours) > 39  # clipped probabilities would stop at 16
    with pytest.warns(UserWarning, match="from_logits=True"):
        getattr(losses, name)(from_logits=True)(y, activation(ops.convert_to_tensor(z)))


def test_arguments_survive_configuration():
    assert losses.Huber.from_config(losses.Huber(delta=3.0).get_config()).delta == 3.0
    assert losses.SparseCategoricalCrossentropy(axis=1).get_config()["axis"] == 1


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: losses.Huber(delta=0), "`delta` must be above 0"),
        (lambda: losses.BinaryCrossentropy()(BITS, SCORES[:, :3]), "must have the same shape"),
        (lambda: losses.CategoricalCrossentropy()(ONE_HOT[:5], SCORES), "must have the same shape"),
        (lambda: losses.SparseCategoricalCrossentropy()(CLASSES[:5], SCORES), "must have the same shape"),
        (lambda: losses.CategoricalCrossentropy(axis=True)(ONE_HOT, SCORES), "`axis` must be an integer"),
        (lambda: losses.MeanSquaredError(reduction="average"), "reduction"),
    ],
)
def test_errors_name_the_argument(call, message):
    with pytest.raises(ValueError, match=message):
        call()
