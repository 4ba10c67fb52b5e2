"""MobileNet v1: a 3 x 3 filter for every channel on its own, then 1 x 1 convolutions that mix the channels.

With M input channels, N filters and size f, such a pair takes f f M + M N products a pixel instead of f f M N: an eighth to
a ninth for f = 3.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import keras

import layers
from recipes.models.arguments import complete, image_shape, pooled

BLOCKS = (
    (64, 1),
    (128, 2),
    (128, 1),
    (256, 2),
    (256, 1),
    (512, 2),
    *[(512, 1)] * 5,
    (1024, 2),
    (1024, 1),
)
"""Filters of the 1 x 1 convolution and stride of the 3 x 3 one, for the 13 pairs of table 1.

The table prints stride 2 for the last 3 x 3 convolution, but a 7 x 7 output, which is stride 1.
"""


def MobileNet(
    include_top: bool = True,
    weights: Any = None,
    input_shape: Any = None,
    pooling: str | None = None,
    classes: int = 1000,
    classifier_activation: Any = "softmax",
    alpha: float = 1.0,
    dropout: float = 0.001,
    last: str | None = None,
    name: str | None = None,
) -> keras.Model:
    """MobileNet, 4,253,864 parameters with alpha 1; layers named as in `keras.applications.MobileNet`.

    Args:
        include_top: with the classifier.
        weights: None, `"imagenet"`, or the path of a file as for `recipes.models.load_weights`.
        input_shape: (rows, columns, channels), at least 32 x 32; 224 x 224 x 3 by default with top, any size without.
        pooling: without top: None for feature maps, `"avg"` or `"max"` for one number of each.
        classes: outputs of the top.
        classifier_activation: activation of the top, None for logits.
        alpha: width: every layer has this many times the filters of table 1.
        dropout: rate before the classifier.
        last: without top: name of the layer to end at, e.g. `"conv_pw_12_relu"`; None for the last, `"conv_pw_13_relu"`.
            A weights file need not have the layers behind it.
        name: of the model; None for `mobilenet_ALPHA_ROWS` as Keras has it.

    Input: `preprocess("MobileNet", images)` for the published weights.

    Raises:
        ValueError: an argument is outside what is said above.

    Source: Howard et al. 2017, table 1; document 003, Videos 54-56.
    """
    trained = [size for size in (128, 160, 192) if input_shape is not None and tuple(input_shape[:2]) == (size, size)]
    default = trained[0] if trained else 224  # the sizes of the images on which weights were trained
    shape = image_shape(include_top, weights, input_shape, pooling, classes, classifier_activation, default)
    if not alpha > 0:
        raise ValueError(f"`alpha` must be positive. Received: alpha={alpha!r}")
    if weights == "imagenet" and alpha not in (0.25, 0.5, 0.75, 1.0):
        raise ValueError(f"`weights='imagenet'` needs alpha 0.25, 0.5, 0.75 or 1. Received: alpha={alpha!r}")
    if include_top and last is not None:
        raise ValueError(f"`last` needs `include_top=False`. Received: last={last!r}")
    inputs = keras.Input(shape)
    x = layers.Conv2D(int(32 * alpha), 3, 2, "same", use_bias=False, name="conv1")(inputs)
    x = _normalized(x, "conv1")
    for number, (filters, stride) in enumerate(BLOCKS, 1):
        x = _separable(x, int(filters * alpha), stride, number)
    if include_top:
        x = layers.GlobalAveragePooling2D(keepdims=True)(x)  # (batch, 1, 1, channels)
        x = layers.Dropout(dropout, name="dropout")(x)
        x = layers.Conv2D(classes, 1, name="conv_preds")(x)
        x = keras.layers.Reshape((classes,), name="reshape_2")(x)
        x = keras.layers.Activation(classifier_activation, name="predictions")(x)
    else:
        x = pooled(_output_of(last, inputs, x), pooling)
    published = partial(
        keras.applications.MobileNet, include_top=include_top, input_shape=shape, alpha=alpha, dropout=dropout
    )
    default_name = f"mobilenet_{alpha:0.2f}_{shape[0]}"
    return complete(inputs, x, default_name if name is None else name, weights, published)


def _separable(x: Any, filters: int, stride: int, number: int) -> Any:
    """A filter a channel, then 1 x 1 convolutions, each normalized and cut off at 0 and 6."""
    if stride > 1:
        x = keras.layers.ZeroPadding2D(((0, 1), (0, 1)), name=f"conv_pad_{number}")(x)
    x = keras.layers.DepthwiseConv2D(
        3, stride, "same" if stride == 1 else "valid", use_bias=False, name=f"conv_dw_{number}"
    )(x)
    x = _normalized(x, f"conv_dw_{number}")
    x = layers.Conv2D(filters, 1, padding="same", use_bias=False, name=f"conv_pw_{number}")(x)
    return _normalized(x, f"conv_pw_{number}")


def _normalized(x: Any, name: str) -> Any:
    x = layers.BatchNormalization(name=f"{name}_bn")(x)
    return keras.layers.ReLU(6.0, name=f"{name}_relu")(x)


def _output_of(last: str | None, inputs: Any, outputs: Any) -> Any:
    """The output of the layer of this name."""
    if last is None:
        return outputs
    whole = keras.Model(inputs, outputs)
    known = [layer.name for layer in whole.layers]
    if last not in known:
        raise ValueError(f"`last` must be the name of a layer, such as 'conv_pw_12_relu'. Received: last={last!r}")
    return whole.get_layer(last).output
