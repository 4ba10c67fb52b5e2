"""What must be done to images before the networks with published weights see them."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np

MODES = {
    "vgg16": "caffe",
    "vgg19": "caffe",
    "squeezenet": "caffe",
    "resnet50": "caffe",
    "resnet101": "caffe",
    "resnet152": "caffe",
    "mobilenet": "tf",
    "inceptionv3": "tf",
    "densenet121": "torch",
    "efficientnetb0": None,
}
"""How the published weights of each network were trained; EfficientNet's layers do their own scaling."""


def preprocess(name: str, images: Any) -> Any:
    """Scale RGB images of 0 to 255 as the published weights of a network expect them.

        caffe   channels in the order B, G, R, minus their ImageNet means 103.939, 116.779, 123.68
        tf      x / 127.5 - 1
        torch   (x / 255 - mean) / standard deviation of ImageNet, by channel

    Args:
        name: of the network, e.g. `"VGG16"`, in any case.
        images: array or tensor of shape (..., rows, columns, 3), channels R, G, B; an array is not changed.

    Returns:
        Floats of the same shape.

    Raises:
        ValueError: no published weights are known for a network of this name, or the images have no three channels.
    """
    key = str(name).lower()
    if key not in MODES:
        raise ValueError(f"`name` must be one of {', '.join(MODES)}. Received: name={name!r}")
    if images.shape[-1] != 3:
        raise ValueError(f"`images` must have 3 channels, the last axis. Received: shape {tuple(images.shape)}")
    if isinstance(images, np.ndarray):
        images = images.astype(keras.config.floatx())  # a copy: Keras scales an array of floats in place
    if MODES[key] is None:
        return images
    return keras.applications.imagenet_utils.preprocess_input(images, data_format="channels_last", mode=MODES[key])
