"""ResNet with 50, 101 and 152 layers: bottleneck blocks that learn what to add to their input.

    stage  output      ResNet50          ResNet101         ResNet152         a block (1 x 1, 3 x 3, 1 x 1 filters)
    conv1  112 x 112   7 x 7, 64, stride 2
    conv2   56 x 56    3 x 3 max pooling, stride 2; then
                       3 blocks          3 blocks          3 blocks           64,  64,  256
    conv3   28 x 28    4 blocks          4 blocks          8 blocks          128, 128,  512
    conv4   14 x 14    6 blocks          23 blocks         36 blocks         256, 256, 1024
    conv5    7 x 7     3 blocks          3 blocks          3 blocks          512, 512, 2048
    top                global average pooling, 1000 softmax units
    parameters         25,636,712        44,707,176        60,419,944

A block is `layers.ResidualBlock`: y = relu(F(x) + x). The first of a stage halves the image (conv2's does not) and has a
projection in its shortcut. Layers are counted along the longest path: 1 + 3 blocks + 1.

These are the networks of `keras.applications`, which differ from the paper in two points: convolutions have a bias although
batch normalisation follows (26,560 parameters in ResNet50 that change nothing), and its epsilon is 1.001e-5. As in the
paper, the first 1 x 1 convolution of a block has the stride (later versions give it to the 3 x 3 one). Kernels start with
He's initialisation as in the paper, where Keras's own draw Glorot's.

Source: He et al. 2015, table 1 and section 4.1; document 003, Videos 57-58.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import keras

import layers
from recipes.models.arguments import complete, image_shape, pooled

EPSILON = 1.001e-5
FILTERS = (64, 128, 256, 512)


def ResNet50(
    include_top: bool = True,
    weights: Any = None,
    input_shape: Sequence[int | None] | None = None,
    pooling: str | None = None,
    classes: int = 1000,
    classifier_activation: Any = "softmax",
    name: str = "resnet50",
) -> keras.Model:
    """ResNet with 3 + 4 + 6 + 3 blocks; arguments as `keras.applications.ResNet50`, inputs as its `preprocess_input`."""
    return _resnet(
        (3, 4, 6, 3), keras.applications.ResNet50, include_top, weights, input_shape, pooling, classes,
        classifier_activation, name,
    )  # fmt: skip


def ResNet101(
    include_top: bool = True,
    weights: Any = None,
    input_shape: Sequence[int | None] | None = None,
    pooling: str | None = None,
    classes: int = 1000,
    classifier_activation: Any = "softmax",
    name: str = "resnet101",
) -> keras.Model:
    """ResNet with 3 + 4 + 23 + 3 blocks; arguments as `keras.applications.ResNet101`."""
    return _resnet(
        (3, 4, 23, 3), keras.applications.ResNet101, include_top, weights, input_shape, pooling, classes,
        classifier_activation, name,
    )  # fmt: skip


def ResNet152(
    include_top: bool = True,
    weights: Any = None,
    input_shape: Sequence[int | None] | None = None,
    pooling: str | None = None,
    classes: int = 1000,
    classifier_activation: Any = "softmax",
    name: str = "resnet152",
) -> keras.Model:
    """ResNet with 3 + 8 + 36 + 3 blocks; arguments as `keras.applications.ResNet152`."""
    return _resnet(
        (3, 8, 36, 3), keras.applications.ResNet152, include_top, weights, input_shape, pooling, classes,
        classifier_activation, name,
    )  # fmt: skip


def _resnet(
    blocks: Sequence[int],
    published: Callable[..., keras.Model],
    include_top: bool,
    weights: Any,
    input_shape: Sequence[int | None] | None,
    pooling: str | None,
    classes: int,
    classifier_activation: Any,
    name: str,
) -> keras.Model:
    shape = image_shape(include_top, weights, input_shape, pooling, classes, classifier_activation)
    inputs = keras.Input(shape)
    x = keras.layers.ZeroPadding2D(3, name="conv1_pad")(inputs)
    x = layers.Conv2D(64, 7, strides=2, kernel_initializer="he_normal", name="conv1_conv")(x)
    x = layers.BatchNormalization(epsilon=EPSILON, name="conv1_bn")(x)
    x = keras.layers.Activation("relu", name="conv1_relu")(x)
    x = keras.layers.ZeroPadding2D(1, name="pool1_pad")(x)
    x = layers.MaxPooling2D(3, strides=2, name="pool1_pool")(x)
    for stage, (filters, count) in enumerate(zip(FILTERS, blocks, strict=True), start=2):
        for number in range(1, count + 1):
            halves = stage > 2 and number == 1
            x = layers.ResidualBlock(
                filters,
                strides=2 if halves else 1,
                bottleneck=True,
                projection=number == 1,
                use_bias=True,
                epsilon=EPSILON,
                name=f"conv{stage}_block{number}",
            )(x)
    if include_top:
        x = layers.GlobalAveragePooling2D(name="avg_pool")(x)
        x = layers.Dense(classes, activation=classifier_activation, name="predictions")(x)
    else:
        x = pooled(x, pooling, f"{pooling}_pool")
    return complete(inputs, x, name, weights, partial(published, include_top=include_top, input_shape=shape))
