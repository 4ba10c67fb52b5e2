"""Bases with ImageNet weights, and cats and dogs as the frozen part of one sees them."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from reproductions.networks import Split

if TYPE_CHECKING:
    import keras

WEIGHTS = {"squeezenet": "squeezenet_weights", "mobilenet": "mobilenet_weights", "vgg16": "vgg16_weights"}
"""The dataset that holds each base's weights."""


def architecture(name: str, size: int, weights: Any = None) -> keras.Model:
    """A base without classifier, for images of size x size.

    MobileNet ends at `conv_pw_12_relu`, since its file of weights has no `conv_pw_13`.
    """
    from recipes import models

    shape = (size, size, 3)
    if name == "squeezenet":
        return models.SqueezeNet(include_top=False, weights=weights, input_shape=shape)
    if name == "mobilenet":
        return models.MobileNet(include_top=False, weights=weights, input_shape=shape, last="conv_pw_12_relu")
    return models.VGG16(include_top=False, weights=weights, input_shape=shape)


def pretrained(name: str, size: int) -> keras.Model:
    """A base with its ImageNet weights, frozen."""
    from recipes.datasets import locate

    base = architecture(name, size, locate(WEIGHTS[name]))
    base.trainable = False
    return base


@lru_cache
def feature_shape(name: str, size: int) -> tuple[int, ...]:
    """Shape of a base's output for one image."""
    return tuple(architecture(name, size).output_shape[1:])


def scaled(name: str, images: np.ndarray, as_documented: bool) -> Any:
    """Pixels divided by 255, as the document's generators do it, or scaled as the base's weights expect them."""
    from recipes.models import preprocess

    return images / 255 if as_documented else preprocess(name, images)


def kept_split(name: str, size: int, split: str, last: int, as_documented: bool) -> Split:
    """Cats and dogs through a base without its last layers; the output is computed once and kept in the cache.

    Args:
        name: of the base.
        size: pixels a side.
        split: see `recipes.datasets.cats_and_dogs`.
        last: how many layers at the base's end stay trainable; with 0 the whole base is frozen.
        as_documented: divide pixels by 255, see `scaled`.
    """
    from recipes.datasets import cats_and_dogs
    from recipes.datasets.files import cache_folder
    from recipes.transfer import frozen_features, split_at

    base = pretrained(name, size)
    frozen = split_at(base, last)[0] if last else base
    parts = []
    for images, labels in cats_and_dogs(split, size):
        kept = frozen_features(
            frozen,
            images,
            preprocess=lambda batch: scaled(name, batch, as_documented),
            cache=cache_folder() / "features",
        )
        parts += [kept, labels.astype("float32")]
    return Split(*parts)


def forward_seconds(name: str, size: int, batches: int = 6) -> float:
    """Seconds an image that the frozen base takes, in batches of 32 on one's own machine."""
    import time

    from recipes.transfer import frozen_features

    base = pretrained(name, size)
    images = np.random.default_rng(0).integers(0, 256, (32 * batches, size, size, 3)).astype("uint8")
    frozen_features(base, images[:32])
    started = time.perf_counter()
    frozen_features(base, images)
    return (time.perf_counter() - started) / len(images)
