"""TFDS builder of MNIST as Keras gives it: raw uint8 tensors, since decoding 60,000 PNG images is slow."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import tensorflow_datasets as tfds

from recipes.datasets.builders.base import FileBuilder


class MnistKeras(FileBuilder):
    """Images (28, 28) and labels; TFDS has a `mnist` of its own, hence the registered name."""

    name = "mnist_keras"

    @property
    def dataset_name(self) -> str:
        """The dataset's name in the catalog."""
        return "mnist"

    def features(self) -> tfds.features.FeaturesDict:
        """A raw image and its class."""
        return tfds.features.FeaturesDict(
            {
                "image": tfds.features.Tensor(shape=(28, 28), dtype=np.uint8),
                "label": tfds.features.ClassLabel(num_classes=10),
            }
        )

    def splits(self, path: Any) -> dict[str, Any]:
        """The split that MNIST comes with."""
        with np.load(path) as file:
            arrays = {name: file[name] for name in file.files}
        return {
            "train": self._generate_examples(arrays["x_train"], arrays["y_train"]),
            "test": self._generate_examples(arrays["x_test"], arrays["y_test"]),
        }

    def _generate_examples(self, images: np.ndarray, labels: np.ndarray) -> Iterator[tuple[int, dict[str, Any]]]:
        for number, (image, label) in enumerate(zip(images, labels, strict=True)):
            yield number, {"image": image, "label": int(label)}


Builder = MnistKeras
