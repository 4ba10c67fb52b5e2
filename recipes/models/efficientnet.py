"""EfficientNet-B0: inverted bottlenecks with depthwise convolutions and squeeze-and-excitation.

    block    operator                  output      channels  layers
    stem     3 x 3, stride 2           112 x 112      32       1
    block1   MBConv1, 3 x 3            112 x 112      16       1
    block2   MBConv6, 3 x 3, stride 2   56 x 56       24       2
    block3   MBConv6, 5 x 5, stride 2   28 x 28       40       2
    block4   MBConv6, 3 x 3, stride 2   14 x 14       80       3
    block5   MBConv6, 5 x 5             14 x 14      112       3
    block6   MBConv6, 5 x 5, stride 2    7 x 7       192       4
    block7   MBConv6, 3 x 3              7 x 7       320       1
    top      1 x 1; pooling; softmax     7 x 7      1280       1

5,330,571 parameters, of which 7 are the input's normalisation. MBConv6 widens its input six times by a 1 x 1 convolution,
filters each channel on its own (the depthwise convolution, Keras's own layer), scales each channel by a gate that has seen
the whole image, and narrows the result by a 1 x 1 convolution without activation; where the shape stays, the input is
added. In training, blocks that add are left out with a probability that grows with depth to just under 0.2 (stochastic depth).

Pixels go in as 0 to 255: the model divides by 255 and standardises each channel. Mean and variance are weights, 0 and 1
without pretrained ones. Keras's published weights were trained on pixels that were divided by the variance, not by the
standard deviation; its model, and this one, mend that with a second division for `weights="imagenet"`.

All else is as in the paper, whose table gives the size of the image that enters a block where this one gives what leaves it.

Source: Tan and Le 2019, table 1; Sandler et al. 2018 (MBConv); Hu et al. 2018 (gate); document 003, Videos 57-58.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import keras

import layers
from recipes.models.arguments import complete, image_shape, pooled

IMAGENET_DEVIATIONS = (0.229, 0.224, 0.225)
SKIPPED = 0.2
"""Probability that stochastic depth approaches towards the last block, and the rate of the dropout in the top."""


@dataclass(frozen=True)
class _Stage:
    """Blocks of one kind: `expansion` times as many channels inside, `filters` that come out."""

    expansion: int
    kernel_size: int
    strides: int
    filters: int
    blocks: int


STAGES = (
    _Stage(1, 3, 1, 16, 1),
    _Stage(6, 3, 2, 24, 2),
    _Stage(6, 5, 2, 40, 2),
    _Stage(6, 3, 2, 80, 3),
    _Stage(6, 5, 1, 112, 3),
    _Stage(6, 5, 2, 192, 4),
    _Stage(6, 3, 1, 320, 1),
)


def EfficientNetB0(
    include_top: bool = True,
    weights: Any = None,
    input_shape: Sequence[int | None] | None = None,
    pooling: str | None = None,
    classes: int = 1000,
    classifier_activation: Any = "softmax",
    name: str = "efficientnetb0",
) -> keras.Model:
    """The smallest EfficientNet; arguments as `keras.applications.EfficientNetB0`, images with values from 0 to 255."""
    shape = image_shape(include_top, weights, input_shape, pooling, classes, classifier_activation)
    inputs = keras.Input(shape)
    x = keras.layers.Rescaling(1 / 255, name="rescaling")(inputs)
    x = keras.layers.Normalization(name="normalization")(x)
    if weights == "imagenet":
        x = keras.layers.Rescaling([1 / math.sqrt(one) for one in IMAGENET_DEVIATIONS], name="rescaling_1")(x)
    x = keras.layers.ZeroPadding2D(_padding(x, 3), name="stem_conv_pad")(x)
    x = _convolution(32, 3, "stem_conv", strides=2)(x)
    x = _normalized(x, "stem_bn", "stem_activation")
    place, places = 0, sum(stage.blocks for stage in STAGES)
    for number, stage in enumerate(STAGES, start=1):
        for letter in "abcd"[: stage.blocks]:
            strides = stage.strides if letter == "a" else 1
            x = _block(x, stage, strides, SKIPPED * place / places, f"block{number}{letter}_")
            place += 1
    x = _convolution(1280, 1, "top_conv")(x)
    x = _normalized(x, "top_bn", "top_activation")
    if include_top:
        x = layers.GlobalAveragePooling2D(name="avg_pool")(x)
        x = layers.Dropout(SKIPPED, name="top_dropout")(x)
        uniform = keras.initializers.VarianceScaling(1 / 3, "fan_out", "uniform")
        x = layers.Dense(classes, classifier_activation, kernel_initializer=uniform, name="predictions")(x)
    else:
        x = pooled(x, pooling, f"{pooling}_pool")
    return complete(inputs, x, name, weights, partial(_published, include_top=include_top, input_shape=shape))


def _published(**arguments: Any) -> keras.Model:
    """Keras's model with its normalisation named as here; Keras numbers it by how many others there were before."""
    model = keras.applications.EfficientNetB0(**arguments)
    for layer in model.layers:
        if isinstance(layer, keras.layers.Normalization):
            layer.name = "normalization"
    return model


def _block(inputs: Any, stage: _Stage, strides: int, skipped: float, name: str) -> Any:
    """MBConv: widen, filter each channel, gate, narrow, and add the input where the shape allows it."""
    channels = inputs.shape[-1]
    wide = channels * stage.expansion
    x = inputs
    if stage.expansion > 1:
        x = _convolution(wide, 1, f"{name}expand_conv")(x)
        x = _normalized(x, f"{name}expand_bn", f"{name}expand_activation")
    if strides > 1:
        x = keras.layers.ZeroPadding2D(_padding(x, stage.kernel_size), name=f"{name}dwconv_pad")(x)
    x = keras.layers.DepthwiseConv2D(
        stage.kernel_size,
        strides,
        padding="valid" if strides > 1 else "same",
        use_bias=False,
        depthwise_initializer=_initializer(),
        name=f"{name}dwconv",
    )(x)
    x = _normalized(x, f"{name}bn", f"{name}activation")
    x = _gated(x, channels // 4, name)
    x = _convolution(stage.filters, 1, f"{name}project_conv")(x)
    x = layers.BatchNormalization(name=f"{name}project_bn")(x)
    if strides > 1 or channels != stage.filters:
        return x
    if skipped:
        x = layers.Dropout(skipped, noise_shape=(None, 1, 1, 1), name=f"{name}drop")(x)
    return keras.layers.Add(name=f"{name}add")([x, inputs])


def _gated(x: Any, squeezed: int, name: str) -> Any:
    """Scale each channel: x sigmoid(W2 swish(W1 mean(x))), the mean over rows and columns."""
    wide = x.shape[-1]
    gate = layers.GlobalAveragePooling2D(name=f"{name}se_squeeze")(x)
    gate = keras.layers.Reshape((1, 1, wide), name=f"{name}se_reshape")(gate)
    gate = _convolution(squeezed, 1, f"{name}se_reduce", activation="swish", use_bias=True)(gate)
    gate = _convolution(wide, 1, f"{name}se_expand", activation="sigmoid", use_bias=True)(gate)
    return keras.layers.Multiply(name=f"{name}se_excite")([x, gate])


def _normalized(x: Any, name: str, activation: str) -> Any:
    return keras.layers.Activation("swish", name=activation)(layers.BatchNormalization(name=name)(x))


def _convolution(
    filters: int, kernel_size: int, name: str, strides: int = 1, activation: Any = None, use_bias: bool = False
) -> layers.Conv2D:
    return layers.Conv2D(
        filters,
        kernel_size,
        strides,
        padding="valid" if strides > 1 else "same",
        activation=activation,
        use_bias=use_bias,
        kernel_initializer=_initializer(),
        name=name,
    )


def _initializer() -> keras.Initializer:
    return keras.initializers.VarianceScaling(2, "fan_out", "truncated_normal")


def _padding(x: Any, kernel_size: int) -> tuple[tuple[int, int], ...]:
    """Zeros for a convolution of stride 2 that are the same at all sizes of one parity; one less before an even size."""
    half = kernel_size // 2
    if None in x.shape[1:3]:
        return ((half - 1, half), (half - 1, half))
    return tuple((half - 1 + size % 2, half) for size in x.shape[1:3])
