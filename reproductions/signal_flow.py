"""How a signal and its gradient change from layer to layer in an untrained network.

Many networks that differ in their seed alone are computed together: every kernel has a leading axis of seeds. The
gradients are TensorFlow's; a test holds them against a Keras model with the same weights.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

BATCH_NORM_EPSILON = 1e-3


@dataclass(frozen=True)
class Net:
    """Hidden layers of one width and a softmax output.

    Args:
        layers: hidden layers.
        width: units of each.
        activation: `sigmoid`, `tanh` or `relu`.
        init: `glorot_uniform`, `glorot_normal`, `he_normal`, or the standard deviation of a normal distribution.
        batch_norm: normalise each z over the batch before the activation.
        residual: each hidden layer but the first adds to its input instead of replacing it.
    """

    layers: int
    width: int
    activation: str
    init: str | float
    batch_norm: bool = False
    residual: bool = False


@dataclass(frozen=True)
class Flow:
    """What passes through the networks at their initial weights.

    Args:
        kernel_norms: norm of dL/dW by layer, the output layer last: shape (seeds, layers + 1).
        output_norms: norm of dL/da of the hidden layers' outputs: shape (seeds, layers).
        variances: variance of those outputs over units and examples: shape (seeds, layers).
    """

    kernel_norms: np.ndarray
    output_norms: np.ndarray
    variances: np.ndarray

    def kernel_ratio(self) -> np.ndarray:
        """log10 of the first hidden layer's gradient norm over the last hidden layer's, one number a seed."""
        return np.log10(self.kernel_norms[:, 0] / self.kernel_norms[:, -2])

    def output_ratio(self) -> np.ndarray:
        """The same of the gradients for the layers' outputs: what backpropagation loses or gains on its way."""
        return np.log10(self.output_norms[:, 0] / self.output_norms[:, -1])

    def variance_ratio(self) -> np.ndarray:
        """log10 of the last hidden layer's variance over the first's."""
        return np.log10(self.variances[:, -1] / self.variances[:, 0])


def kernel(init: str | float, inputs: int, units: int, rng: np.random.Generator) -> np.ndarray:
    """A kernel of shape (inputs, units); the normal kinds are not cut off at two standard deviations."""
    if init == "glorot_uniform":
        limit = np.sqrt(6 / (inputs + units))
        return rng.uniform(-limit, limit, (inputs, units))
    deviations = {"glorot_normal": np.sqrt(2 / (inputs + units)), "he_normal": np.sqrt(2 / inputs)}
    return rng.normal(0, deviations[init] if isinstance(init, str) else init, (inputs, units))


def kernels(net: Net, inputs: int, classes: int, seeds: int) -> list[np.ndarray]:
    """The kernels of all layers, each of shape (seeds, in, out), float32."""
    sizes = [inputs, *[net.width] * net.layers, classes]
    rngs = [np.random.default_rng([seed, net.layers, net.width]) for seed in range(seeds)]
    return [
        np.stack([kernel(net.init, n_in, n_out, rng) for rng in rngs]).astype("float32")
        for n_in, n_out in pairwise(sizes)
    ]


def flow(net: Net, x: np.ndarray, labels: np.ndarray, classes: int = 10, seeds: int = 20) -> Flow:
    """Forward and backward pass of `seeds` fresh networks on one batch, biases at zero.

    Args:
        net: the architecture.
        x: inputs, shape (examples, inputs).
        labels: class numbers, shape (examples,).
        classes: output units.
        seeds: networks.
    """
    import tensorflow as tf

    weights = [tf.constant(w) for w in kernels(net, x.shape[1], classes, seeds)]
    activation = {"sigmoid": tf.sigmoid, "tanh": tf.tanh, "relu": tf.nn.relu}[net.activation]
    with tf.GradientTape() as tape:
        tape.watch(weights)
        a: Any = tf.broadcast_to(tf.constant(x, "float32"), (seeds, *x.shape))  # (S, B, inputs)
        outputs = []
        for layer, w in enumerate(weights[:-1]):
            z = a @ w  # (S, B, width)
            if net.batch_norm:
                mean, variance = tf.nn.moments(z, axes=[1], keepdims=True)
                z = (z - mean) / tf.sqrt(variance + BATCH_NORM_EPSILON)
            a = a + activation(z) if net.residual and layer else activation(z)
            outputs.append(a)
        logits = a @ weights[-1]  # (S, B, classes)
        classes_of = np.broadcast_to(labels.astype("int64"), (seeds, len(labels)))
        loss = tf.nn.sparse_softmax_cross_entropy_with_logits(classes_of, logits)
        # Seeds share no weight, so the gradient of the sum of their losses is each one's own.
        total = tf.reduce_sum(tf.reduce_mean(loss, axis=1))
    by_kernel, by_output = tape.gradient(total, [weights, outputs])
    return Flow(
        np.stack([_norms(g) for g in by_kernel], axis=1),
        np.stack([_norms(g) for g in by_output], axis=1),
        np.stack([a.numpy().astype("float64").var(axis=(1, 2)) for a in outputs], axis=1),
    )


def _norms(gradients: Any) -> np.ndarray:
    """Norm of each seed's gradient, in float64: a square of 1e-30 is no float32."""
    return np.sqrt(np.square(gradients.numpy().astype("float64")).sum(axis=(1, 2)))


def synthetic(inputs: int = 64, examples: int = 128, classes: int = 10) -> tuple[np.ndarray, np.ndarray]:
    """Standard normal inputs and labels drawn at random."""
    rng = np.random.default_rng(0)
    return rng.standard_normal((examples, inputs)), rng.integers(0, classes, examples)
