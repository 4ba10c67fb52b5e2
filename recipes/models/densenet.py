"""DenseNet with 121 layers: each layer reads the feature maps of all earlier ones in its block.

    part          output      layers
    conv1         112 x 112   7 x 7, 64, stride 2
    pool1          56 x 56    3 x 3 max pooling, stride 2
    conv2          56 x 56     6 x [1 x 1, 128; 3 x 3, 32]       64 -> 256 channels
    pool2          28 x 28    1 x 1, 128; 2 x 2 average pooling
    conv3          28 x 28    12 x [1 x 1, 128; 3 x 3, 32]      128 -> 512
    pool3          14 x 14    1 x 1, 256; 2 x 2 average pooling
    conv4          14 x 14    24 x [1 x 1, 128; 3 x 3, 32]      256 -> 1024
    pool4           7 x 7     1 x 1, 512; 2 x 2 average pooling
    conv5           7 x 7     16 x [1 x 1, 128; 3 x 3, 32]      512 -> 1024
    top                       global average pooling, 1000 softmax units

8,062,504 parameters. Batch normalisation and relu come before each convolution of a block, not behind it. New maps are
concatenated to the old ones instead of added, x <- [x; H(x)]: every layer adds 32 (the growth rate). The transitions
between blocks, pool2 to pool4, halve the number of maps and the image.

As in the paper, except for batch normalisation's epsilon, 1.001e-5 in `keras.applications`. Kernels start with He's
initialisation as in the paper, where Keras's own draw Glorot's.

Source: Huang et al. 2017, table 1; document 003, Videos 57-58.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import keras

import layers
from recipes.models.arguments import complete, image_shape, pooled

EPSILON = 1.001e-5
GROWTH_RATE = 32
BLOCKS = (6, 12, 24, 16)


def DenseNet121(
    include_top: bool = True,
    weights: Any = None,
    input_shape: Sequence[int | None] | None = None,
    pooling: str | None = None,
    classes: int = 1000,
    classifier_activation: Any = "softmax",
    name: str = "densenet121",
) -> keras.Model:
    """DenseNet-BC with 6 + 12 + 24 + 16 layers in its blocks; arguments as `keras.applications.DenseNet121`."""
    shape = image_shape(include_top, weights, input_shape, pooling, classes, classifier_activation)
    inputs = keras.Input(shape)
    x = keras.layers.ZeroPadding2D(3, name="conv1_pad")(inputs)
    x = _convolution(64, 7, "conv1_conv", strides=2)(x)
    x = _normalized(x, "conv1")
    x = keras.layers.ZeroPadding2D(1, name="pool1_pad")(x)
    x = layers.MaxPooling2D(3, strides=2, name="pool1")(x)
    for stage, count in enumerate(BLOCKS, start=2):
        for number in range(1, count + 1):
            x = _dense_layer(x, f"conv{stage}_block{number}")
        if stage < 5:
            x = _transition(x, f"pool{stage}")
    x = layers.BatchNormalization(epsilon=EPSILON, name="bn")(x)
    x = keras.layers.Activation("relu", name="relu")(x)
    if include_top:
        x = layers.GlobalAveragePooling2D(name="avg_pool")(x)
        x = layers.Dense(classes, activation=classifier_activation, name="predictions")(x)
    else:
        x = pooled(x, pooling, f"{pooling}_pool")
    published = partial(keras.applications.DenseNet121, include_top=include_top, input_shape=shape)
    return complete(inputs, x, name, weights, published)


def _dense_layer(x: Any, name: str) -> Any:
    """[x; H(x)]: 32 maps more, made of all those so far."""
    new = _convolution(4 * GROWTH_RATE, 1, f"{name}_1_conv")(_normalized(x, f"{name}_0"))
    new = _convolution(GROWTH_RATE, 3, f"{name}_2_conv")(_normalized(new, f"{name}_1"))
    return keras.layers.Concatenate(name=f"{name}_concat")([x, new])


def _transition(x: Any, name: str) -> Any:
    """Half as many maps of half as many rows and columns."""
    x = _convolution(x.shape[-1] // 2, 1, f"{name}_conv")(_normalized(x, name))
    return layers.AveragePooling2D(2, strides=2, name=f"{name}_pool")(x)


def _normalized(x: Any, name: str) -> Any:
    x = layers.BatchNormalization(epsilon=EPSILON, name=f"{name}_bn")(x)
    return keras.layers.Activation("relu", name=f"{name}_relu")(x)


def _convolution(filters: int, kernel_size: int, name: str, strides: int = 1) -> layers.Conv2D:
    padding = "valid" if strides > 1 else "same"
    return layers.Conv2D(
        filters, kernel_size, strides, padding, use_bias=False, kernel_initializer="he_normal", name=name
    )
