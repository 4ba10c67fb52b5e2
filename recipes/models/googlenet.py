"""GoogLeNet, the first network of inception blocks."""

from __future__ import annotations

from typing import Any

import keras

import layers
from recipes.models.arguments import complete, image_shape, pooled
from recipes.models.local_response import LocalResponseNormalization

INCEPTIONS = {
    "3a": (64, 96, 128, 16, 32, 32),
    "3b": (128, 128, 192, 32, 96, 64),
    "4a": (192, 96, 208, 16, 48, 64),
    "4b": (160, 112, 224, 24, 64, 64),
    "4c": (128, 128, 256, 24, 64, 64),
    "4d": (112, 144, 288, 32, 64, 64),
    "4e": (256, 160, 320, 32, 128, 128),
    "5a": (256, 160, 320, 32, 128, 128),
    "5b": (384, 192, 384, 48, 128, 128),
}
"""Table 1: filters of 1x1, 3x3 reduce, 3x3, 5x5 reduce, 5x5 and pool projection."""

POOLED_AFTER = ("3b", "4e")
AUXILIARY_AFTER = ("4a", "4d")


def GoogLeNet(
    include_top: bool = True,
    weights: Any = None,
    input_shape: Any = None,
    pooling: str | None = None,
    classes: int = 1000,
    classifier_activation: Any = "softmax",
    auxiliary: bool = False,
    local_response: bool = True,
    dropout: float = 0.4,
    name: str = "googlenet",
) -> keras.Model:
    """Inception v1: three convolutions, nine inception blocks and one dense layer, 22 layers deep, 6,998,552 parameters.

    Args:
        include_top: with the mean of every map, dropout and the classifier.
        weights: None or the path of a file as for `recipes.models.load_weights`.
        input_shape: (rows, columns, channels), at least 32 x 32; 224 x 224 x 3 by default with top, any size without.
        pooling: without top: None for feature maps, `"avg"` or `"max"` for one number of each.
        classes: outputs of the top.
        classifier_activation: activation of the top, None for logits.
        auxiliary: two further outputs from the middle of the network, whose losses the paper weights 0.3 in training;
            `include_top` only.
        local_response: normalize across maps before and after conv2, as in the paper's figure 3.
        dropout: rate before the classifier.
        name: of the model.

    Raises:
        ValueError: an argument is outside what is said above.

    Source: Szegedy et al. 2014, section 5, table 1 and figure 3; document 003, Videos 57-58.
    """
    shape = image_shape(include_top, weights, input_shape, pooling, classes, imagenet=False)
    if auxiliary and (not include_top or min(shape[0] or 0, shape[1] or 0) < 65):
        raise ValueError(
            "`auxiliary=True` needs `include_top=True` and images of at least 65 x 65. "
            f"Received: include_top={include_top!r}, input_shape={input_shape!r}"
        )
    inputs = keras.Input(shape)
    x = _stem(inputs, local_response)
    heads = []
    for title, filters in INCEPTIONS.items():
        x = layers.InceptionBlock(*filters, name=f"inception_{title}")(x)
        if auxiliary and title in AUXILIARY_AFTER:
            heads.append(_auxiliary(x, classes, classifier_activation, f"auxiliary_{title}"))
        if title in POOLED_AFTER:
            x = layers.MaxPooling2D(3, 2, "same", name=f"pool{title[0]}")(x)
    if include_top:
        x = layers.GlobalAveragePooling2D(name="pool5")(x)  # (batch, 1024)
        x = layers.Dropout(dropout, name="dropout")(x)
        x = layers.Dense(classes, activation=classifier_activation, name="predictions")(x)
    else:
        x = pooled(x, pooling)
    return complete(inputs, [x, *heads] if heads else x, name, weights)


def _stem(x: Any, local_response: bool) -> Any:
    """224 x 224 x 3 to 28 x 28 x 192."""
    x = layers.Conv2D(64, 7, 2, "same", activation="relu", name="conv1")(x)  # 112 x 112
    x = layers.MaxPooling2D(3, 2, "same", name="pool1")(x)  # 56 x 56
    if local_response:
        x = LocalResponseNormalization(name="norm1")(x)
    x = layers.Conv2D(64, 1, padding="same", activation="relu", name="conv2_reduce")(x)
    x = layers.Conv2D(192, 3, padding="same", activation="relu", name="conv2")(x)
    if local_response:
        x = LocalResponseNormalization(name="norm2")(x)
    return layers.MaxPooling2D(3, 2, "same", name="pool2")(x)  # 28 x 28


def _auxiliary(x: Any, classes: int, classifier_activation: Any, name: str) -> Any:
    """A small classifier on the maps of a middle block, so that the gradient reaches the first layers more directly."""
    x = layers.AveragePooling2D(5, 3, name=f"{name}_pool")(x)  # 4 x 4 of 14 x 14
    x = layers.Conv2D(128, 1, activation="relu", name=f"{name}_conv")(x)
    x = keras.layers.Flatten(name=f"{name}_flatten")(x)
    x = layers.Dense(1024, activation="relu", name=f"{name}_fc")(x)
    x = layers.Dropout(0.7, name=f"{name}_dropout")(x)
    return layers.Dense(classes, activation=classifier_activation, name=f"{name}_predictions")(x)
