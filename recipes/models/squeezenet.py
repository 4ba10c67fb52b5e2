"""SqueezeNet v1.1: AlexNet's accuracy with a fiftieth of its parameters, by narrow layers before the wide ones."""

from __future__ import annotations

from typing import Any

import keras

import layers
from recipes.models.arguments import complete, image_shape, pooled

FIRES = {2: (16, 64), 3: (16, 64), 4: (32, 128), 5: (32, 128), 6: (48, 192), 7: (48, 192), 8: (64, 256), 9: (64, 256)}
"""Filters of the squeeze convolution and of each of the two expand convolutions, by the fire module's number."""

POOLED_AFTER = (3, 5)
"""Fire modules with max pooling behind them; version 1.0 pools one module later, at twice the cost."""


def SqueezeNet(
    include_top: bool = True,
    weights: Any = None,
    input_shape: Any = None,
    pooling: str | None = None,
    classes: int = 1000,
    classifier_activation: Any = "softmax",
    dropout: float = 0.5,
    name: str = "squeezenet",
) -> keras.Model:
    """SqueezeNet v1.1, 1,235,496 parameters, 722,496 of them without its top.

    A fire module squeezes its input to a few channels and expands them again:

        s = relu(1 x 1 convolution of x),     y = [relu(1 x 1 convolution of s); relu(3 x 3 convolution of s)]

    Args:
        include_top: with the classifier, a 1 x 1 convolution and the mean of each of its maps.
        weights: None or the path of a file as for `recipes.models.load_weights`; `keras.applications` has no SqueezeNet.
        input_shape: (rows, columns, channels), at least 32 x 32; 227 x 227 x 3 by default with top, any size without.
        pooling: without top: None for feature maps, `"avg"` or `"max"` for one number of each.
        classes: outputs of the top.
        classifier_activation: activation of the top, None for logits.
        dropout: rate behind the last fire module.
        name: of the model.

    Input: `preprocess("SqueezeNet", images)` for the weights that are published for Keras.

    Raises:
        ValueError: an argument is outside what is said above.

    Source: Iandola et al. 2016, section 3 and figure 1, with the sizes of the authors' release 1.1.
    """
    shape = image_shape(include_top, weights, input_shape, pooling, classes, default=227, imagenet=False)
    inputs = keras.Input(shape)
    x = layers.Conv2D(64, 3, 2, activation="relu", name="conv1")(inputs)
    x = layers.MaxPooling2D(3, 2, name="pool1")(x)
    for number, (squeezed, expanded) in FIRES.items():
        x = _fire(x, squeezed, expanded, f"fire{number}")
        if number in POOLED_AFTER:
            x = layers.MaxPooling2D(3, 2, name=f"pool{number}")(x)
    if include_top:
        x = layers.Dropout(dropout, name="drop9")(x)
        x = layers.Conv2D(classes, 1, activation="relu", name="conv10")(x)
        x = layers.GlobalAveragePooling2D(name="pool10")(x)
        x = keras.layers.Activation(classifier_activation, name="predictions")(x)
    else:
        x = pooled(x, pooling)
    return complete(inputs, x, name, weights)


def _fire(x: Any, squeezed: int, expanded: int, name: str) -> Any:
    x = layers.Conv2D(squeezed, 1, activation="relu", name=f"{name}_squeeze1x1")(x)
    left = layers.Conv2D(expanded, 1, activation="relu", name=f"{name}_expand1x1")(x)
    right = layers.Conv2D(expanded, 3, padding="same", activation="relu", name=f"{name}_expand3x3")(x)
    return keras.layers.Concatenate(name=f"{name}_concat")([left, right])
