"""One battery for every layer: against its Keras namesake, in every mode, through every round trip.

Runs on the backend that KERAS_BACKEND names. Tolerances are for float32 sums of some hundred terms unless a caller says
otherwise.
"""

from __future__ import annotations

import contextlib

import keras
import numpy as np
import pytest
from keras import ops, tree

BACKEND = keras.backend.backend()
tensorflow_only = pytest.mark.skipif(BACKEND != "tensorflow", reason="about TensorFlow's graph, XLA or fast path")
needs_float64 = pytest.mark.skipif(
    BACKEND != "tensorflow", reason="Keras's products of float64 tensors are of float32 precision there"
)
TOLERANCE = {"float64": 1e-9, "float32": 2e-5, "bfloat16": 4e-2}


def numpy(value):
    """The arrays of a nested structure of tensors."""
    return tree.map_structure(lambda tensor: np.asarray(ops.convert_to_numpy(tensor)), value)


def random(*shape, seed=0, scale=1.0, dtype="float32"):
    """Normal draws with their own seed."""
    return (scale * np.random.default_rng([seed, *shape]).standard_normal(shape)).astype(dtype)


def scalar(outputs):
    """One number that depends on every output with its own weight, so that no gradient can hide behind another's."""
    total = 0.0
    for position, tensor in enumerate(tree.flatten(outputs)):
        if keras.backend.is_float_dtype(keras.backend.standardize_dtype(tensor.dtype)):
            weights = np.cos(np.arange(int(np.prod(tensor.shape))) + position).reshape(tensor.shape)
            total = total + ops.sum(ops.cast(tensor, "float64") * ops.convert_to_tensor(weights, "float64"))
    return total


def gradients(function, *values, weights=()):
    """Gradients of `scalar(function(*tensors))` for the values and for Keras variables, as NumPy arrays.

    Args:
        function: takes tensors, gives a tensor or a nest of them.
        values: arrays; integer or boolean ones get no gradient (None).
        weights: Keras variables that the function reads.
    """
    floats = [position for position, value in enumerate(values) if np.asarray(value).dtype.kind == "f"]
    if BACKEND == "tensorflow":
        import tensorflow as tf

        tensors = [tf.constant(value) for value in values]
        with tf.GradientTape() as tape:
            tape.watch([tensors[position] for position in floats])
            loss = scalar(function(*tensors))
        found = tape.gradient(loss, [tensors[position] for position in floats] + [w.value for w in weights])
    elif BACKEND == "jax":
        import jax

        def loss(chosen, weight_values):
            tensors = [tensor(value) for value in values]
            for position, value in zip(floats, chosen, strict=True):
                tensors[position] = value
            with keras.StatelessScope(state_mapping=list(zip(weights, weight_values, strict=True))):
                return scalar(function(*tensors))

        chosen = [tensor(np.asarray(values[position])) for position in floats]
        of_values, of_weights = jax.grad(loss, argnums=(0, 1))(chosen, [weight.value for weight in weights])
        found = [*of_values, *of_weights]
    else:
        import torch

        tensors = [torch.tensor(np.asarray(value)) for value in values]
        for position in floats:
            tensors[position].requires_grad_(True)
        wanted = [tensors[position] for position in floats] + [weight.value for weight in weights]
        found = torch.autograd.grad(scalar(function(*tensors)), wanted, allow_unused=True)
    found = [
        np.zeros(of.shape) if one is None else _dense(one)
        for one, of in zip(found, [*[values[position] for position in floats], *weights], strict=True)
    ]
    by_position = dict(zip(floats, found, strict=False))
    return [by_position.get(position) for position in range(len(values))] + found[len(floats) :]


def _dense(gradient):
    if BACKEND == "tensorflow":
        import tensorflow as tf

        gradient = tf.convert_to_tensor(gradient)
    return numpy(gradient)


def finite_differences(function, value, step=1e-6):
    """Central differences of `scalar(function(value))` in float64, one entry after the other."""
    value = np.asarray(value, "float64")
    result = np.zeros_like(value)
    for index in np.ndindex(value.shape):
        moved = value.copy()
        moved[index] += step
        above = float(numpy(scalar(function(tensor(moved)))))
        moved[index] -= 2 * step
        below = float(numpy(scalar(function(tensor(moved)))))
        result[index] = (above - below) / (2 * step)
    return result


def compiled(function, jit):
    """The function as a graph, with or without XLA; None where the backend has no such mode."""
    if BACKEND == "tensorflow":
        import tensorflow as tf

        return tf.function(function, jit_compile=jit)
    if BACKEND == "jax" and jit:
        import jax

        return jax.jit(function)
    return None


@contextlib.contextmanager
def dtype_policy(name):
    """A default dtype policy for the duration of a block."""
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(name)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)


def twins(ours, peer, arguments, inputs, call):
    """Our layer and its namesake, built on the same inputs with the same random weights."""
    layer, other = ours(**arguments), peer(**arguments)
    _apply(layer, inputs, call)
    _apply(other, inputs, call)
    assert [w.shape for w in layer.weights] == [w.shape for w in other.weights]
    assert [w.name for w in layer.weights] == [w.name for w in other.weights]
    moving = [
        np.abs(random(*w.shape, seed=n, scale=0.5)) if "variance" in w.name else random(*w.shape, seed=n, scale=0.3)
        if keras.backend.is_float_dtype(w.dtype) else numpy(w) for n, w in enumerate(layer.weights)
    ]  # fmt: skip
    layer.set_weights(moving)
    other.set_weights(layer.get_weights())
    return layer, other


def _apply(layer, inputs, call):
    return layer(*[tensor(value) for value in inputs], **call)


def tensor(value):
    """A tensor of an array's own dtype: PyTorch's backend of Keras rounds float64 arrays to float32."""
    return ops.convert_to_tensor(value, str(value.dtype)) if isinstance(value, np.ndarray) else value


def close(actual, expected, tolerance, what=""):
    """Nested outputs agree, entry by entry, in shape, dtype kind and value (relative to the largest magnitude)."""
    pairs = zip(tree.flatten(numpy(actual)), tree.flatten(numpy(expected)), strict=True)
    for one, two in ((np.asarray(one, "float64"), np.asarray(two, "float64")) for one, two in pairs):
        assert one.shape == two.shape, what
        scale = max(1.0, float(np.max(np.abs(two), initial=0.0)))
        np.testing.assert_allclose(one, two, rtol=0, atol=tolerance * scale, err_msg=what)


def check_layer(
    ours, peer, arguments, *inputs, call=None, check_gradients=True, jit=True, precisions=("float64", "mixed_bfloat16")
):
    """The whole battery for one set of arguments.

    Args:
        ours: our class.
        peer: the Keras namesake, None for a layer without one.
        arguments: constructor arguments.
        inputs: positional call inputs (arrays).
        call: keyword call arguments (arrays or plain values).
        check_gradients: compare gradients for inputs and weights too.
        jit: also run under XLA.
        precisions: dtype policies besides float32 to compare under.

    Returns:
        Our layer, built, for further checks.
    """
    call = call or {}
    if peer is not None:
        for policy in ("float32", *(one for one in precisions if BACKEND == "tensorflow" or one != "float64")):
            with dtype_policy(policy):
                _check_against(ours, peer, arguments, inputs, call, policy, check_gradients)
        layer = twins(ours, peer, arguments, inputs, call)[0]
    else:
        layer = ours(**arguments)
        _apply(layer, inputs, call)
    expected = numpy(_apply(layer, inputs, call))
    _check_modes(layer, inputs, call, expected, jit)
    _check_round_trips(ours, layer, inputs, call, expected)
    return layer


def _check_against(ours, peer, arguments, inputs, call, policy, check_gradients):
    compute = keras.config.dtype_policy().compute_dtype
    inputs = [value.astype(compute) if _is_float(value) and compute != "bfloat16" else value for value in inputs]
    layer, other = twins(ours, peer, arguments, inputs, call)
    actual, expected = _apply(layer, inputs, call), _apply(other, inputs, call)
    dtypes = [keras.backend.standardize_dtype(tensor.dtype) for tensor in tree.flatten(actual)]
    assert dtypes == [keras.backend.standardize_dtype(tensor.dtype) for tensor in tree.flatten(expected)], policy
    close(actual, expected, TOLERANCE[compute], f"forward, {policy}")
    if check_gradients and compute != "bfloat16":
        mine = gradients(lambda *x: _apply(layer, x, call), *inputs, weights=layer.trainable_weights)
        theirs = gradients(lambda *x: _apply(other, x, call), *inputs, weights=other.trainable_weights)
        for number, (one, two) in enumerate(zip(mine, theirs, strict=True)):
            if two is not None:
                close(one, two, 10 * TOLERANCE[compute], f"gradient {number}, {policy}")


def _is_float(value):
    return isinstance(value, np.ndarray) and value.dtype.kind == "f"


def _check_modes(layer, inputs, call, expected, jit):
    for under_xla in (False, True) if jit else (False,):
        function = compiled(lambda *tensors: _apply(layer, tensors, call), under_xla)
        if function is not None:
            tensors = [ops.convert_to_tensor(value) for value in inputs]
            close(function(*tensors), expected, TOLERANCE["float32"], f"compiled, XLA {under_xla}")
    if all(_is_float(value) for value in inputs) and not any(isinstance(value, np.ndarray) for value in call.values()):
        symbols = [keras.Input(value.shape[1:], dtype=str(value.dtype)) for value in inputs]
        symbolic = tree.flatten(_apply(layer, symbols, call))
        shapes = [one.shape for one in tree.flatten(expected)]
        assert [tuple(one.shape[1:]) for one in symbolic] == [shape[1:] for shape in shapes]


def _check_round_trips(ours, layer, inputs, call, expected):
    again = ours.from_config(layer.get_config())
    _apply(again, inputs, call)
    again.set_weights(layer.get_weights())
    close(_apply(again, inputs, call), expected, TOLERANCE["float32"], "from_config")
    assert again.get_config() == layer.get_config()


def saved_and_loaded(layer, tmp_path, *inputs, call=None):
    """The layer inside a functional model, saved as .keras and loaded again: same outputs, same class."""
    symbols = [keras.Input(value.shape[1:], dtype=str(value.dtype)) for value in inputs]
    model = keras.Model(symbols, layer(*symbols, **(call or {})))
    before = numpy(model([ops.convert_to_tensor(value) for value in inputs]))
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    assert type(layer) in {type(one) for one in loaded.layers}
    close(loaded([ops.convert_to_tensor(value) for value in inputs]), before, TOLERANCE["float32"], "saved and loaded")
    return loaded
