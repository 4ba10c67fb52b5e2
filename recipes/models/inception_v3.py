"""Inception v3: inception blocks whose large filters are split into several small or one-dimensional ones.

    part            output        filters
    conv1-conv3     147 x 147     3 x 3, 32, stride 2; 3 x 3, 32; 3 x 3, 64
    pool1            73 x 73      3 x 3 max pooling, stride 2
    conv4, conv5     71 x 71      1 x 1, 80; 3 x 3, 192
    pool2            35 x 35      3 x 3 max pooling, stride 2
    mixed0-mixed2    35 x 35      256, 288, 288 channels: 1 x 1 | 5 x 5 | two 3 x 3 | pooling
    mixed3           17 x 17      768: 3 x 3, stride 2 | two 3 x 3, stride 2 | max pooling, stride 2
    mixed4-mixed7    17 x 17      768: 1 x 1 | 1 x 7, 7 x 1 | 7 x 1, 1 x 7, 7 x 1, 1 x 7 | pooling
    mixed8            8 x 8       1280: 3 x 3, stride 2 | 1 x 7, 7 x 1, 3 x 3, stride 2 | max pooling, stride 2
    mixed9, mixed10   8 x 8       2048: 1 x 1 | 1 x 3 and 3 x 1 | 3 x 3, then 1 x 3 and 3 x 1 | pooling
    top                           global average pooling, 1000 softmax units

23,851,784 parameters. A 5 x 5 filter costs as much as two 3 x 3 and sees as far, a 1 x 7 with a 7 x 1 costs 2/7 of a 7 x 7.
Batch normalisation, without scale (the next convolution has one), and relu follow every convolution; none has a bias.

This is the network of `keras.applications`, which follows the authors' code rather than the paper's table 1: the stem
pools a second time in place of a strided convolution, its fourth convolution is 1 x 1, the first 35 x 35 block has 256
channels, there are four blocks with 7 x 1 filters and not five, and the auxiliary classifier of the training is left out.

Keras numbers this network's layers by how many others there were before. The names here say what they do instead, so
weights go from one to the other by their order: `ours.set_weights(theirs.get_weights())`, and the reverse.

Source: Szegedy et al. 2015 (Rethinking the Inception Architecture), section 6, figures 5-7 and 10; document 003, Videos 54-58.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import keras

import layers
from recipes.models.arguments import complete, image_shape, pooled


def InceptionV3(
    include_top: bool = True,
    weights: Any = None,
    input_shape: Sequence[int | None] | None = None,
    pooling: str | None = None,
    classes: int = 1000,
    classifier_activation: Any = "softmax",
    name: str = "inception_v3",
) -> keras.Model:
    """Inception v3; arguments as `keras.applications.InceptionV3`, images of at least 75 x 75 with values from -1 to 1."""
    shape = image_shape(
        include_top, weights, input_shape, pooling, classes, classifier_activation, default=299, smallest=75
    )
    inputs = keras.Input(shape)
    x = _convolution(inputs, 32, 3, "conv1", strides=2, padding="valid")
    x = _convolution(x, 32, 3, "conv2", padding="valid")
    x = _convolution(x, 64, 3, "conv3")
    x = layers.MaxPooling2D(3, 2, name="pool1")(x)
    x = _convolution(x, 80, 1, "conv4", padding="valid")
    x = _convolution(x, 192, 3, "conv5", padding="valid")
    x = layers.MaxPooling2D(3, 2, name="pool2")(x)
    for number, filters_pool in enumerate((32, 64, 64)):
        x = _block_5x5(x, filters_pool, f"mixed{number}")
    x = _reduction_3x3(x, "mixed3")
    for number, filters in enumerate((128, 160, 160, 192), start=4):
        x = _block_7x7(x, filters, f"mixed{number}")
    x = _reduction_7x7(x, "mixed8")
    for number in (9, 10):
        x = _block_split(x, f"mixed{number}")
    if include_top:
        x = layers.GlobalAveragePooling2D(name="avg_pool")(x)
        x = layers.Dense(classes, activation=classifier_activation, name="predictions")(x)
    else:
        x = pooled(x, pooling, f"{pooling}_pool")
    if weights == "imagenet":
        model = complete(inputs, x, name, None)
        published = keras.applications.InceptionV3(include_top, "imagenet", input_shape=shape)
        model.set_weights(published.get_weights())
        return model
    if _in_order(weights):
        model = complete(inputs, x, name, None)
        model.load_weights(weights)
        return model
    return complete(inputs, x, name, weights)


def _in_order(weights: Any) -> bool:
    """Whether this is a file of Keras 1 or 2, whose layers are numbered and so are taken in their order."""
    return weights is not None and Path(weights).suffix == ".h5" and not Path(weights).name.endswith(".weights.h5")


def _block_5x5(x: Any, filters_pool: int, name: str) -> Any:
    """35 x 35 (figure 5, whose 5 x 5 is split in one branch only)."""
    one = _convolution(x, 64, 1, f"{name}_1x1")
    five = _chain(x, f"{name}_5x5", (48, 1), (64, 5))
    double = _chain(x, f"{name}_3x3_double", (64, 1), (96, 3), (96, 3))
    return _joined([one, five, double, _averaged(x, filters_pool, name)], name)


def _reduction_3x3(x: Any, name: str) -> Any:
    """35 x 35 to 17 x 17 (figure 10)."""
    three = _convolution(x, 384, 3, f"{name}_3x3", strides=2, padding="valid")
    double = _chain(x, f"{name}_3x3_double", (64, 1), (96, 3))
    double = _convolution(double, 96, 3, f"{name}_3x3_double_3", strides=2, padding="valid")
    return _joined([three, double, layers.MaxPooling2D(3, 2, name=f"{name}_pool")(x)], name)


def _block_7x7(x: Any, filters: int, name: str) -> Any:
    """17 x 17, n = 7 (figure 6)."""
    one = _convolution(x, 192, 1, f"{name}_1x1")
    seven = _chain(x, f"{name}_7x7", (filters, 1), (filters, (1, 7)), (192, (7, 1)))
    double = _chain(
        x,
        f"{name}_7x7_double",
        (filters, 1),
        (filters, (7, 1)),
        (filters, (1, 7)),
        (filters, (7, 1)),
        (192, (1, 7)),
    )
    return _joined([one, seven, double, _averaged(x, 192, name)], name)


def _reduction_7x7(x: Any, name: str) -> Any:
    """17 x 17 to 8 x 8."""
    three = _convolution(x, 192, 1, f"{name}_3x3_1")
    three = _convolution(three, 320, 3, f"{name}_3x3_2", strides=2, padding="valid")
    seven = _chain(x, f"{name}_7x7", (192, 1), (192, (1, 7)), (192, (7, 1)))
    seven = _convolution(seven, 192, 3, f"{name}_7x7_4", strides=2, padding="valid")
    return _joined([three, seven, layers.MaxPooling2D(3, 2, name=f"{name}_pool")(x)], name)


def _block_split(x: Any, name: str) -> Any:
    """8 x 8 with 1 x 3 and 3 x 1 filters side by side (figure 7)."""
    one = _convolution(x, 320, 1, f"{name}_1x1")
    three = _split(_convolution(x, 384, 1, f"{name}_3x3_1"), f"{name}_3x3")
    double = _split(_chain(x, f"{name}_3x3_double", (448, 1), (384, 3)), f"{name}_3x3_double")
    return _joined([one, three, double, _averaged(x, 192, name)], name)


def _split(x: Any, name: str) -> Any:
    wide = _convolution(x, 384, (1, 3), f"{name}_1x3")
    high = _convolution(x, 384, (3, 1), f"{name}_3x1")
    return _joined([wide, high], f"{name}_split")


def _averaged(x: Any, filters: int, name: str) -> Any:
    x = layers.AveragePooling2D(3, 1, "same", name=f"{name}_pool")(x)
    return _convolution(x, filters, 1, f"{name}_pool_1x1")


def _chain(x: Any, name: str, *filters_and_sizes: tuple[int, int | tuple[int, int]]) -> Any:
    for number, (filters, kernel_size) in enumerate(filters_and_sizes, start=1):
        x = _convolution(x, filters, kernel_size, f"{name}_{number}")
    return x


def _joined(branches: list[Any], name: str) -> Any:
    return keras.layers.Concatenate(name=name)(branches)


def _convolution(
    x: Any, filters: int, kernel_size: int | tuple[int, int], name: str, strides: int = 1, padding: str = "same"
) -> Any:
    """Convolution, batch normalisation, relu."""
    x = layers.Conv2D(filters, kernel_size, strides, padding, use_bias=False, name=f"{name}_conv")(x)
    x = layers.BatchNormalization(scale=False, name=f"{name}_bn")(x)
    return keras.layers.Activation("relu", name=f"{name}_relu")(x)
