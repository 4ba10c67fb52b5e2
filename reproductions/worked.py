"""What the worked examples share: fixed draws, differences, gradients, and the comparison of `layers` with `keras.layers`."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np


def draw(*shape: int, seed: int = 0) -> np.ndarray:
    """Standard normal numbers that are the same in every run."""
    return np.random.default_rng([seed, *shape]).standard_normal(shape)


def array(tensor: Any) -> np.ndarray:
    """The tensor's numbers."""
    from keras import ops

    return np.asarray(ops.convert_to_numpy(tensor))


def sigmoid(x: Any) -> Any:
    """1 / (1 + e^-x) in NumPy."""
    return 1 / (1 + np.exp(-np.asarray(x)))


def log10_ratio(one: np.ndarray, other: np.ndarray) -> list[float]:
    """log10(one / other), number by number."""
    return [float(v) for v in np.log10(one / other)]


def difference(one: Any, other: Any) -> float:
    """Largest absolute difference of two tensors.

    Raises:
        ValueError: their shapes differ; broadcasting would hide that.
    """
    one, other = array(one).astype("float64"), array(other).astype("float64")
    if one.shape != other.shape:
        raise ValueError(f"difference compares tensors of one shape. Received: {one.shape} and {other.shape}")
    return float(np.abs(one - other).max())


def gradient(function: Callable[..., Any], *inputs: Any, upstream: Any = None) -> list[np.ndarray]:
    """Gradients of a function for each of its inputs, by automatic differentiation.

    Args:
        function: takes the inputs as tensors.
        inputs: arrays, or Keras variables that the function reads for itself (those are not passed to it).
        upstream: gradient of the loss for the function's result, ones if None.
    """
    import tensorflow as tf

    tensors = [value.value if hasattr(value, "assign") else tf.constant(value) for value in inputs]
    passed = [tensor for tensor, value in zip(tensors, inputs, strict=True) if not hasattr(value, "assign")]
    with tf.GradientTape() as tape:
        tape.watch(tensors)
        result = function(*passed)
    found = tape.gradient(result, tensors, output_gradients=upstream, unconnected_gradients="zero")
    return [array(one) for one in found]


def with_weights(layer: Any, *inputs: np.ndarray, scale: float = 0.5) -> Any:
    """The layer, built for these inputs, with random weights that are the same for every layer of its kind."""
    if not layer.built:
        layer.build(*(one.shape for one in inputs))
    layer.set_weights([scale * draw(*weight.shape, seed=place) for place, weight in enumerate(layer.weights)])
    return layer


def both(measure: Callable[[ModuleType], Any]) -> Any:
    """What `measure(library)` gives for our `layers`, provided that it gives the same for `keras.layers`.

    Returns:
        The measurement; or, where the two differ by more than 1e-9, a text with both, which equals no documented value and
        so shows in the verdict.
    """
    return both_facts(lambda library: {"value": measure(library)})["value"]


def both_facts(measure: Callable[[ModuleType], dict[str, Any]]) -> dict[str, Any]:
    """`both` for several facts that are measured together, each compared on its own."""
    import keras

    import layers

    ours, keras_own = measure(layers), measure(keras.layers)
    return {
        name: value if _same(value, keras_own[name]) else f"layers: {value}; keras.layers: {keras_own[name]}"
        for name, value in ours.items()
    }


def _same(one: Any, other: Any, tolerance: float = 1e-9) -> bool:
    try:
        pair = np.asarray(one, "float64"), np.asarray(other, "float64")  # an unknown size, None, becomes NaN
        return np.allclose(*pair, rtol=0, atol=tolerance, equal_nan=True)
    except (TypeError, ValueError):
        return bool(one == other)


def build(*stack: Any) -> Any:
    """A Sequential model of the given input and layers."""
    import keras

    return keras.Sequential(list(stack))


def shapes(model: Any) -> list[list[int]]:
    """Output shape of every layer, without the batch axis."""
    return [list(layer.output.shape[1:]) for layer in model.layers]


def parameters(model: Any) -> list[int]:
    """Parameter count of every layer."""
    return [layer.count_params() for layer in model.layers]
