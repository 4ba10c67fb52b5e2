"""What every architecture does with its arguments: checks, the input's shape, the pooling that stands in for the top."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import keras

import layers
from recipes.models.pretrained import copy_weights, load_weights


def image_shape(
    include_top: bool,
    weights: Any,
    input_shape: Sequence[int | None] | None,
    pooling: str | None,
    classes: int,
    classifier_activation: Any = "softmax",
    default: int = 224,
    smallest: int = 32,
    channels: int = 3,
    imagenet: bool = True,
) -> tuple[int | None, ...]:
    """Check the arguments that architectures share, by the rules of `keras.applications`.

    Args:
        include_top: whether the classifier is wanted.
        weights: None, `"imagenet"` or a path.
        input_shape: (rows, columns, channels) or None.
        pooling: None, `"avg"` or `"max"`.
        classes: outputs of the classifier.
        classifier_activation: activation of the classifier.
        default: rows and columns of the images that the published weights were trained on.
        smallest: fewest rows and columns that leave something for the last layer.
        channels: of the input where `input_shape` is None.
        imagenet: whether `keras.applications` publishes weights for this architecture.

    Returns:
        The input's shape without batch. Where `input_shape` is None: the default with the classifier, images of any size
        without.

    Raises:
        ValueError: an argument is none of those above, or they contradict each other.
    """
    if keras.config.image_data_format() != "channels_last":
        raise ValueError(
            "These models take images with their channels last. Received: image_data_format='channels_first'"
        )
    if pooling not in (None, "avg", "max"):
        raise ValueError(f"`pooling` must be None, 'avg' or 'max'. Received: pooling={pooling!r}")
    if isinstance(classes, bool) or not hasattr(classes, "__index__") or classes < 1:
        raise ValueError(f"`classes` must be a positive integer. Received: classes={classes!r}")
    _check_weights(weights, imagenet)
    full = (default, default, channels)
    shape: tuple[int | None, ...] = full if include_top else (None, None, channels)
    if input_shape is not None:
        shape = tuple(input_shape)
        if len(shape) != 3 or any(size is not None and size < smallest for size in shape[:2]) or shape[2] is None:
            raise ValueError(
                f"`input_shape` must be (rows, columns, channels) with at least {smallest} rows and columns. "
                f"Received: input_shape={input_shape!r}"
            )
        if include_top and None in shape:
            raise ValueError(f"`include_top=True` needs images of a known size. Received: input_shape={input_shape!r}")
    if weights == "imagenet":
        if shape[2] != 3 or (include_top and shape != full):
            wanted = str(full) if include_top else "of 3 channels"
            raise ValueError(f"`weights='imagenet'` needs an input {wanted}. Received: input_shape={input_shape!r}")
        if include_top and classes != 1000:
            raise ValueError(f"`weights='imagenet'` has a classifier of 1000 classes. Received: classes={classes!r}")
        if include_top and classifier_activation not in (None, "softmax"):
            raise ValueError(
                "`weights='imagenet'` needs classifier_activation 'softmax' or None. "
                f"Received: classifier_activation={classifier_activation!r}"
            )
    return shape


def _check_weights(weights: Any, imagenet: bool) -> None:
    if weights is None or (imagenet and weights == "imagenet"):
        return
    if weights == "imagenet":
        raise ValueError(
            "`keras.applications` publishes no weights for this architecture: `weights` must be None or a path. "
            "Received: weights='imagenet'"
        )
    if not Path(weights).exists():
        choices = "None, 'imagenet' or the path of a file" if imagenet else "None or the path of a file"
        raise ValueError(f"`weights` must be {choices} that exists. Received: weights={str(weights)!r}")


def pooled(features: Any, pooling: str | None, name: str | None = None) -> Any:
    """What a model without classifier returns: its last feature maps, or one number of each with `"avg"` or `"max"`."""
    if pooling is None:
        return features
    layer = layers.GlobalAveragePooling2D if pooling == "avg" else keras.layers.GlobalMaxPooling2D
    return layer(name=name)(features)


def complete(
    inputs: Any, outputs: Any, name: str, weights: Any, published: Callable[..., keras.Model] | None = None
) -> keras.Model:
    """The functional model with the weights that were asked for.

    Args:
        inputs: symbolic input.
        outputs: symbolic output.
        name: of the model.
        weights: None, `"imagenet"`, or a path as for `pretrained.load_weights`.
        published: makes the namesake of `keras.applications` when called with `weights="imagenet"`; Keras then downloads
            its file, checks its hash and keeps it in its cache.
    """
    model = keras.Model(inputs, outputs, name=name)
    if weights == "imagenet":
        if published is None:
            raise ValueError(f"No ImageNet weights are published for {name}. Received: weights='imagenet'")
        copy_weights(published(weights="imagenet"), model)
    elif weights is not None:
        load_weights(model, weights)
    return model
