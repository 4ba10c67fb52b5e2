"""VGG16 and VGG19: nothing but 3 x 3 convolutions, 2 x 2 max pooling and three dense layers.

Two 3 x 3 convolutions see 5 x 5 pixels and three see 7 x 7, with fewer weights than one large filter and a relu in between.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import keras

import layers
from recipes.models.arguments import complete, image_shape, pooled

VGG16_BLOCKS = ((2, 64), (2, 128), (3, 256), (3, 512), (3, 512))
"""Convolutions and filters of each block: configuration D of table 1."""

VGG19_BLOCKS = ((2, 64), (2, 128), (4, 256), (4, 512), (4, 512))
"""Configuration E."""


def VGG16(
    include_top: bool = True,
    weights: Any = None,
    input_shape: Any = None,
    pooling: str | None = None,
    classes: int = 1000,
    classifier_activation: Any = "softmax",
    name: str = "vgg16",
) -> keras.Model:
    """VGG with 13 convolutions and 3 dense layers, 138,357,544 parameters; layers named as in `keras.applications.VGG16`.

    Args:
        include_top: with the three dense layers.
        weights: None, `"imagenet"`, or the path of a file as for `recipes.models.load_weights`.
        input_shape: (rows, columns, channels), at least 32 x 32; 224 x 224 x 3 by default with top, any size without.
        pooling: without top: None for feature maps, `"avg"` or `"max"` for one number of each.
        classes: outputs of the top.
        classifier_activation: activation of the top, None for logits.
        name: of the model.

    Input: `preprocess("VGG16", images)` for the published weights.

    Raises:
        ValueError: an argument is outside what is said above.

    Source: Simonyan and Zisserman 2014, table 1, configuration D; document 003, Videos 54-58.
    """
    return _vgg(
        VGG16_BLOCKS, keras.applications.VGG16, include_top, weights, input_shape, pooling, classes,
        classifier_activation, name,
    )  # fmt: skip


def VGG19(
    include_top: bool = True,
    weights: Any = None,
    input_shape: Any = None,
    pooling: str | None = None,
    classes: int = 1000,
    classifier_activation: Any = "softmax",
    name: str = "vgg19",
) -> keras.Model:
    """VGG with 16 convolutions and 3 dense layers, 143,667,240 parameters; arguments are those of `VGG16`.

    Source: Simonyan and Zisserman 2014, table 1, configuration E; document 003, Videos 57-58.
    """
    return _vgg(
        VGG19_BLOCKS, keras.applications.VGG19, include_top, weights, input_shape, pooling, classes,
        classifier_activation, name,
    )  # fmt: skip


def _vgg(
    blocks: Any,
    published: Callable[..., keras.Model],
    include_top: bool,
    weights: Any,
    input_shape: Any,
    pooling: str | None,
    classes: int,
    classifier_activation: Any,
    name: str,
) -> keras.Model:
    shape = image_shape(include_top, weights, input_shape, pooling, classes, classifier_activation)
    inputs = keras.Input(shape)
    x = inputs
    for block, (convolutions, filters) in enumerate(blocks, 1):
        for number in range(1, convolutions + 1):
            x = layers.Conv2D(filters, 3, padding="same", activation="relu", name=f"block{block}_conv{number}")(x)
        x = layers.MaxPooling2D(2, name=f"block{block}_pool")(x)  # half the rows and columns
    if include_top:
        x = keras.layers.Flatten(name="flatten")(x)  # (batch, 7 * 7 * 512) of 224 x 224 images
        x = layers.Dense(4096, activation="relu", name="fc1")(x)
        x = layers.Dense(4096, activation="relu", name="fc2")(x)
        x = layers.Dense(classes, activation=classifier_activation, name="predictions")(x)
    else:
        x = pooled(x, pooling)
    return complete(inputs, x, name, weights, partial(published, include_top=include_top, input_shape=shape))
