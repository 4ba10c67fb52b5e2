"""LeNet-5 as the document builds it in Keras."""

from __future__ import annotations

from typing import Any

import keras

import layers
from recipes.models.arguments import complete, image_shape

POOLINGS = {"average": layers.AveragePooling2D, "max": layers.MaxPooling2D}


def LeNet5(
    include_top: bool = True,
    weights: Any = None,
    input_shape: Any = (32, 32, 1),
    pooling: str = "average",
    classes: int = 10,
    classifier_activation: Any = "softmax",
    activation: Any = "tanh",
    name: str = "lenet5",
) -> keras.Model:
    """Two valid 5 x 5 convolutions, each with 2 x 2 pooling, and three dense layers: 61,706 parameters.

        32x32x1 -> C1 28x28x6 -> S2 14x14x6 -> C3 10x10x16 -> S4 5x5x16 -> 400 -> F5 120 -> F6 84 -> 10

    The network of 1998 differs: each map of C3 saw only some of S2's, subsampling had two weights a map, and the outputs were
    distances to fixed patterns.

    Args:
        include_top: with the three dense layers.
        weights: None or the path of a file as for `recipes.models.load_weights`.
        input_shape: (rows, columns, channels), at least 16 x 16; MNIST's 28 x 28 digits are padded with zeros to 32 x 32.
        pooling: `"average"`, or `"max"` as in later networks.
        classes: outputs.
        classifier_activation: activation of the last layer, None for logits.
        activation: of all other layers, `"tanh"`, or `"relu"` as in later networks.
        name: of the model.

    Raises:
        ValueError: an argument is outside what is said above.

    Source: document 003, Videos 47-48; LeCun et al. 1998, section II.B.
    """
    if pooling not in POOLINGS:
        raise ValueError(f"`pooling` must be 'average' or 'max'. Received: pooling={pooling!r}")
    shape = image_shape(
        include_top, weights, input_shape, None, classes, default=32, smallest=16, channels=1, imagenet=False
    )
    inputs = keras.Input(shape)
    x = layers.Conv2D(6, 5, activation=activation, name="C1")(inputs)
    x = POOLINGS[pooling](2, name="S2")(x)
    x = layers.Conv2D(16, 5, activation=activation, name="C3")(x)
    x = POOLINGS[pooling](2, name="S4")(x)
    if include_top:
        x = keras.layers.Flatten(name="flatten")(x)
        x = layers.Dense(120, activation=activation, name="F5")(x)
        x = layers.Dense(84, activation=activation, name="F6")(x)
        x = layers.Dense(classes, activation=classifier_activation, name="output")(x)
    return complete(inputs, x, name, weights)
