"""Forward passes of many equally shaped networks at once: every weight has a leading axis of seeds.

Keras builds one network a seed; their weights are stacked to shape (seeds, ...) and each layer gets a rule that
computes all seeds together. A Dense layer becomes one batched product, (S, B, in) @ (S, in, out) + (S, 1, out). Seeds
never mix, so each seed's result is what its own network gives, up to the rounding of a sum taken in another order.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import tensorflow as tf

import layers
from layers.dropout import dropped


class Stack:
    """The stacked variables of several networks built alike.

    Args:
        template: the built model whose graph is walked.
        models: one model a seed, built alike, with that seed's initial weights.
    """

    def __init__(self, template: keras.Model, models: list[keras.Model]):
        self.template = template
        self.size = len(models)
        columns = zip(*(model.variables for model in models), strict=True)
        self.variables: list[Any] = []
        self._by_id: dict[int, Any] = {}
        for original, column in zip(template.variables, columns, strict=True):
            stacked = keras.Variable(
                tf.stack([tf.convert_to_tensor(variable) for variable in column]),
                dtype=original.dtype,
                trainable=original.trainable,
                name=original.name,
            )
            self.variables.append(stacked)
            self._by_id[id(original)] = stacked
        self.trainable_variables = [self.of(variable) for variable in self.template.trainable_variables]

    def of(self, variable: Any) -> Any:
        """The stacked variable that holds all seeds of a template variable."""
        return self._by_id[id(variable)]

    def forward(self, x: tf.Tensor, training: bool) -> tf.Tensor:
        """Outputs of all networks; x has shape (seeds, batch, ...), each seed its own batch."""

        def operation(layer: Any) -> Callable[..., Any]:
            rule = rule_for(layer)
            if rule is None:
                raise ValueError(f"Layer {layer.name} has no stacked rule; see why_not_stackable.")
            # Keras also passes mask=None here; layers that make masks have no rule.
            return lambda *inputs, **_: rule(layer, self, training, *inputs)

        graph = self.template._functional if isinstance(self.template, keras.Sequential) else self.template
        # The graph walk is Keras's own; each node's layer is replaced by its rule.
        return graph._run_through_graph([x], operation_fn=operation)

    def regularization(self) -> tf.Tensor:
        """Sum of the weight penalties, one a seed, shape (seeds,)."""
        total = tf.zeros([self.size])
        for variable in self.template.trainable_variables:
            if variable.regularizer is not None:
                stacked = self.of(variable).value
                total += tf.stack([variable.regularizer(stacked[s]) for s in range(self.size)])
        return total

    def weights(self, seed_index: int) -> list[Any]:
        """One network's variables as NumPy arrays, in the order of `model.variables`."""
        return [variable.numpy()[seed_index] for variable in self.variables]


def merge(x: tf.Tensor) -> tf.Tensor:
    """Join the axes of seeds and batch: (S, B, ...) to (S * B, ...)."""
    return tf.reshape(x, [x.shape[0] * x.shape[1], *x.shape[2:]])


def split(x: tf.Tensor, seeds: int) -> tf.Tensor:
    """Undo `merge`: (S * B, ...) to (S, B, ...)."""
    return tf.reshape(x, [seeds, x.shape[0] // seeds, *x.shape[1:]])


def _dense(layer: Any, stack: Stack, training: bool, x: tf.Tensor) -> tf.Tensor:
    kernel = stack.of(layer.kernel).value  # (S, in, out)
    rows = tf.reshape(x, [stack.size, -1, x.shape[-1]])  # (S, B * ..., in)
    y = rows @ kernel  # (S, B * ..., out)
    if layer.use_bias:
        y += stack.of(layer.bias).value[:, None, :]
    return layer.activation(tf.reshape(y, [*x.shape[:-1], kernel.shape[-1]]))


class _DrawnSeed(keras.random.SeedGenerator):
    """A seed generator that hands out a state drawn beforehand."""

    def __init__(self, state: tf.Tensor):
        self.drawn = state

    def next(self, ordered: bool = True) -> tf.Tensor:
        return self.drawn


def _dropout(layer: Any, stack: Stack, training: bool, x: tf.Tensor) -> tf.Tensor:
    if not training or layer.rate == 0:
        return x
    state = stack.of(layer.seed_generator.state)  # (S, 2)
    drawn = tf.identity(state.value)
    state.assign(drawn + tf.constant([0, 1], drawn.dtype))

    def masked(x: tf.Tensor, seed: _DrawnSeed) -> tf.Tensor:
        if isinstance(layer, layers.Dropout):
            return dropped(x, layer.rate, seed, layer.noise_shape)
        return keras.random.dropout(x, layer.rate, noise_shape=layer.noise_shape, seed=seed)

    return tf.stack([masked(x[s], _DrawnSeed(drawn[s])) for s in range(stack.size)])


def _batch_normalization(layer: Any, stack: Stack, training: bool, x: tf.Tensor) -> tf.Tensor:
    axes = list(range(1, len(x.shape) - 1))
    shape = [stack.size, *[1] * len(axes), x.shape[-1]]

    def per_channel(variable: Any) -> tf.Tensor:
        return tf.reshape(stack.of(variable).value, shape)

    if training and layer.trainable:
        mean, variance = tf.nn.moments(x, axes, keepdims=True)
        for moving, current in ((layer.moving_mean, mean), (layer.moving_variance, variance)):
            kept = stack.of(moving)
            kept.assign(kept.value * layer.momentum + tf.reshape(current, kept.shape) * (1.0 - layer.momentum))
    else:
        mean, variance = per_channel(layer.moving_mean), per_channel(layer.moving_variance)
    y = (x - mean) * tf.math.rsqrt(variance + layer.epsilon)
    if layer.scale:
        y *= per_channel(layer.gamma)
    return y + per_channel(layer.beta) if layer.center else y


def _prelu(layer: Any, stack: Stack, training: bool, x: tf.Tensor) -> tf.Tensor:
    slope = stack.of(layer.alpha).value[:, None]  # (S, 1, ...): one for all examples of a seed
    if isinstance(layer, layers.PReLU):
        return tf.where(x > 0, x, slope * x)
    return tf.nn.relu(x) - slope * tf.nn.relu(-x)  # as Keras writes it: another gradient at exactly 0


def _per_example(layer: Any, stack: Stack, training: bool, *inputs: tf.Tensor) -> tf.Tensor:
    # A layer without variables treats each example alone, so seeds and batch can share one axis.
    merged = [merge(x) for x in inputs[0]] if isinstance(inputs[0], list | tuple) else merge(inputs[0])
    return split(layer(merged), stack.size)


RULES: dict[type, Callable[..., tf.Tensor]] = {
    keras.layers.Dense: _dense,
    keras.layers.Dropout: _dropout,
    keras.layers.BatchNormalization: _batch_normalization,
    keras.layers.PReLU: _prelu,
    layers.Dense: _dense,
    layers.Dropout: _dropout,
    layers.PReLU: _prelu,
}


def rule_for(layer: Any) -> Callable[..., tf.Tensor] | None:
    """The stacked computation of a layer, or None where there is none and seeds must train one after the other."""
    kind = type(layer)
    if kind in (keras.layers.Dense, layers.Dense) and (layer.quantization_mode is not None or layer.lora_enabled):
        return None
    if kind is keras.layers.BatchNormalization and (
        layer.synchronized or layer.axis not in (-1, len(layer.input.shape) - 1)
    ):
        return None
    if kind is keras.layers.Masking:
        return None
    if kind in RULES:
        return RULES[kind]
    # Layers of one's own may mix examples (a batch statistic, say), so only Keras's are trusted to treat each alone.
    if isinstance(layer, keras.layers.Layer) and kind.__module__.startswith("keras.") and not layer.variables:
        return _per_example
    return None


def why_not_stackable(model: keras.Model) -> str | None:
    """The reason that a compiled, built model's seeds can't train side by side, or None if they can."""
    if type(model).train_step is not keras.Model.train_step or type(model).compute_loss is not keras.Model.compute_loss:
        return "it has a training step of its own"
    if not isinstance(model, keras.Sequential) and model.__class__.__name__ != "Functional":
        return "it is neither Sequential nor functional"
    if len(model.inputs) != 1 or len(model.outputs) != 1:
        return "it has several inputs or outputs"
    for layer in model.layers:
        if not isinstance(layer, keras.layers.InputLayer) and rule_for(layer) is None:
            return f"layer {layer.name} ({type(layer).__name__}) has no stacked rule"
        if getattr(layer, "activity_regularizer", None) is not None:
            return f"layer {layer.name} has an activity regularizer"
    if any(variable.constraint is not None for variable in model.trainable_variables):
        return "a weight constraint may mix the seeds"
    if keras.tree.flatten(model.dtype_policy.name) != ["float32"]:
        return f"its precision is {model.dtype_policy.name}"
    return None
