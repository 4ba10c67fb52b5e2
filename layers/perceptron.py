"""Rosenblatt's perceptron: one neuron with a step function, trained by the perceptron trick."""

import keras
from keras import ops


@keras.saving.register_keras_serializable("layers")
class Perceptron(keras.layers.Layer):
    """One neuron that tells on which side of a line, plane or hyperplane a point lies.

        z = w . x + b,      y_hat = 1 if z >= 0 else 0

    The step has no useful gradient. The perceptron trick learns instead: a misclassified point pulls the line over
    itself, a point that is right changes nothing,

        w <- w + learning_rate (y - y_hat) x
        b <- b + learning_rate (y - y_hat)

    With classes +1 and -1 the difference counts half, so that both encodings learn the same line. Where some line
    separates the classes with margin gamma and no point lies further than R from the origin (bias input 1 included),
    at most (R / gamma)^2 updates are made if w and b start at 0; where none does, they never end.

    Args:
        negative_class: the class below the line, 0 or -1; the other is 1.
        kernel_initializer: initializer of w; standard normal draws where left out.
        bias_initializer: initializer of b.
        seed: seed of the standard normal draws.
        **kwargs: `name`, `dtype` and the like.

    Weights: `kernel` w of shape `(features,)` and `bias` b of shape `()`.

    Call arguments:
        inputs: `(batch, ..., features)`.

    Output: `(batch, ...)`, the class of every point in the compute dtype.

    Raises:
        ValueError: for a `negative_class` other than 0 and -1, an unknown number of features, or data that don't fit.

    Source: document 003, Videos 4-7; Rosenblatt 1958; the bound: Novikoff 1962.
    """

    def __init__(self, negative_class=0, kernel_initializer=None, bias_initializer="zeros", seed=None, **kwargs):
        super().__init__(**kwargs)
        if negative_class not in (0, -1):
            raise ValueError(f"`negative_class` must be 0 or -1. Received: negative_class={negative_class!r}")
        self.negative_class = int(negative_class)
        if kernel_initializer is None:
            kernel_initializer = keras.initializers.RandomNormal(stddev=1.0, seed=seed)
        self.kernel_initializer = keras.initializers.get(kernel_initializer)
        self.bias_initializer = keras.initializers.get(bias_initializer)
        self.seed = seed

    def build(self, input_shape):
        """Create the weights for the features of `input_shape`."""
        if len(input_shape) < 2 or input_shape[-1] is None:
            raise ValueError(
                f"Perceptron takes (batch, ..., features) with known features. Received: input_shape={input_shape}"
            )
        self.kernel = self.add_weight(name="kernel", shape=(input_shape[-1],), initializer=self.kernel_initializer)
        self.bias = self.add_weight(name="bias", shape=(), initializer=self.bias_initializer)

    def weighted_sum(self, inputs):
        """The score z = w . x + b of every point: 0 on the line, positive on the side of class 1."""
        return ops.matmul(inputs, self.kernel) + self.bias

    def call(self, inputs):
        """The class of every point."""
        return ops.where(self.weighted_sum(inputs) >= 0, ops.ones((), self.compute_dtype), self.negative_class)

    def update(self, inputs, targets, learning_rate=0.1):
        """The perceptron trick for one point, or for several one after the other.

        Args:
            inputs: one point `(features,)`, or points `(n, features)`.
            targets: its class, or theirs `(n,)`.
            learning_rate: how far a misclassified point moves the line, above 0.

        Returns:
            How many points were misclassified when their turn came.
        """
        inputs, targets = self._checked(inputs, targets, learning_rate)
        return self._pass(inputs, targets, learning_rate)

    def learn(self, inputs, targets, learning_rate=0.1, epochs=1000, seed=None):
        """Repeat `update` until an epoch makes no mistake, or for `epochs` epochs.

        Args:
            inputs: points `(n, features)`.
            targets: their classes `(n,)`.
            learning_rate: how far a misclassified point moves the line, above 0.
            epochs: the most passes over all points, a positive integer.
            seed: seed of a new order of the points in every epoch; None keeps the order given.

        Returns:
            The mistakes of each epoch: a list that ends in 0 if and only if the classes were separated.
        """
        if isinstance(epochs, bool) or not hasattr(epochs, "__index__") or epochs < 1:
            raise ValueError(f"`epochs` must be a positive integer. Received: epochs={epochs!r}")
        inputs, targets = self._checked(inputs, targets, learning_rate)
        order = None if seed is None else keras.random.SeedGenerator(seed)
        mistakes: list[int] = []
        while len(mistakes) < epochs and (not mistakes or mistakes[-1] > 0):
            if order is not None:
                turn = ops.convert_to_numpy(keras.random.shuffle(ops.arange(len(inputs)), seed=order))
                inputs, targets = inputs[turn], targets[turn]
            mistakes.append(self._pass(inputs, targets, learning_rate))
        return mistakes

    def _pass(self, inputs, targets, learning_rate):
        kernel, bias = (ops.convert_to_numpy(weight).copy() for weight in (self.kernel, self.bias))
        mistakes = 0
        for point, target in zip(inputs, targets, strict=True):
            predicted = 1 if kernel @ point + bias >= 0 else self.negative_class
            if predicted != target:
                direction = (target - predicted) / (1 - self.negative_class)  # +1 towards the point, -1 away from it
                kernel += learning_rate * direction * point
                bias += learning_rate * direction
                mistakes += 1
        self.kernel.assign(kernel)
        self.bias.assign(bias)
        return mistakes

    def _checked(self, inputs, targets, learning_rate):
        """Points `(n, features)` and classes `(n,)` as arrays of the weights' dtype."""
        if not learning_rate > 0:
            raise ValueError(f"`learning_rate` must be above 0. Received: learning_rate={learning_rate!r}")
        inputs = ops.convert_to_numpy(ops.convert_to_tensor(inputs, self.variable_dtype))
        targets = ops.convert_to_numpy(ops.convert_to_tensor(targets, self.variable_dtype))
        if inputs.ndim == 1 and targets.ndim == 0:
            inputs, targets = inputs[None], targets[None]
        if inputs.ndim != 2 or targets.shape != inputs.shape[:1] or not len(inputs):
            raise ValueError(
                "`inputs` must be points (n, features) with as many classes in `targets` (n,), or one point and its class. "
                f"Received: inputs.shape={inputs.shape}, targets.shape={targets.shape}"
            )
        if not ops.all(ops.isfinite(inputs)):
            raise ValueError(f"`inputs` must be finite. Received: inputs={inputs}")
        unknown = set(targets.tolist()) - {1.0, float(self.negative_class)}
        if unknown:
            raise ValueError(f"`targets` must be {self.negative_class} or 1. Received: targets={sorted(unknown)}")
        if not self.built:
            self.build(inputs.shape)
        return inputs, targets

    def compute_output_shape(self, input_shape):
        """The inputs' shape without the features."""
        return tuple(input_shape[:-1])

    def get_config(self):
        """The constructor's arguments."""
        return {
            **super().get_config(),
            "negative_class": self.negative_class,
            "kernel_initializer": keras.initializers.serialize(self.kernel_initializer),
            "bias_initializer": keras.initializers.serialize(self.bias_initializer),
            "seed": self.seed,
        }
