"""AlexNet, the convolutional network that won the ImageNet challenge of 2012."""

from __future__ import annotations

from typing import Any

import keras

import layers
from recipes.models.arguments import complete, image_shape, pooled
from recipes.models.local_response import LocalResponseNormalization

# name, filters, size, stride, padding, in two groups, then normalized, then pooled
CONVOLUTIONS = (
    ("conv1", 96, 11, 4, "valid", False, True, True),
    ("conv2", 256, 5, 1, "same", True, True, True),
    ("conv3", 384, 3, 1, "same", False, False, False),
    ("conv4", 384, 3, 1, "same", True, False, False),
    ("conv5", 256, 3, 1, "same", True, False, True),
)
"""Section 3.5. Two GPUs held half of each layer's maps; only conv3 and the dense layers saw both halves."""


def AlexNet(
    include_top: bool = True,
    weights: Any = None,
    input_shape: Any = None,
    pooling: str | None = None,
    classes: int = 1000,
    classifier_activation: Any = "softmax",
    groups: bool = True,
    local_response: bool = True,
    dropout: float = 0.5,
    name: str = "alexnet",
) -> keras.Model:
    """Five convolutions and three dense layers with relu and dropout: 60,965,224 parameters, 62,378,344 without groups.

    Args:
        include_top: with the three dense layers.
        weights: None or the path of a file as for `recipes.models.load_weights`.
        input_shape: (rows, columns, channels), at least 67 x 67. With top 227 x 227 x 3 by default: the paper says 224, from
            which filters of 11 in steps of 4 do not give its 55 x 55 maps.
        pooling: without top: None for feature maps, `"avg"` or `"max"` for one number of each.
        classes: outputs of the top.
        classifier_activation: activation of the top, None for logits.
        groups: conv2, conv4 and conv5 in two halves that do not see each other, as on the paper's two GPUs.
        local_response: normalize across maps after conv1 and conv2, as in section 3.3.
        dropout: rate behind the first two dense layers.
        name: of the model.

    Raises:
        ValueError: an argument is outside what is said above.

    Source: Krizhevsky, Sutskever and Hinton 2012, section 3; document 003, Videos 57-58.
    """
    shape = image_shape(include_top, weights, input_shape, pooling, classes, default=227, smallest=67, imagenet=False)
    inputs = keras.Input(shape)
    x = inputs
    for title, filters, size, stride, padding, halves, normalized, is_pooled in CONVOLUTIONS:
        x = layers.Conv2D(
            filters, size, stride, padding, groups=2 if groups and halves else 1, activation="relu", name=title
        )(x)
        if normalized and local_response:
            x = LocalResponseNormalization(name=title.replace("conv", "norm"))(x)
        if is_pooled:
            x = layers.MaxPooling2D(3, 2, name=title.replace("conv", "pool"))(x)  # windows of 3 overlap in steps of 2
    if include_top:
        x = keras.layers.Flatten(name="flatten")(x)  # (batch, 6 * 6 * 256)
        for title in ("fc6", "fc7"):
            x = layers.Dense(4096, activation="relu", name=title)(x)
            x = layers.Dropout(dropout, name=title.replace("fc", "drop"))(x)
        x = layers.Dense(classes, activation=classifier_activation, name="fc8")(x)
    else:
        x = pooled(x, pooling)
    return complete(inputs, x, name, weights)
