"""TFDS builder of the first images of CIFAR-10 as raw uint8 tensors, in the order of the upstream files."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import tensorflow_datasets as tfds

from recipes.datasets.builders.base import FileBuilder

CLASSES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")


class Cifar10First(FileBuilder):
    """Images (32, 32, 3) and labels; TFDS has a `cifar10` of its own, with all 60,000, hence the registered name."""

    name = "cifar10_first"

    @property
    def dataset_name(self) -> str:
        """The dataset's name in the catalog."""
        return "cifar10"

    def features(self) -> tfds.features.FeaturesDict:
        """A raw image and its class."""
        return tfds.features.FeaturesDict(
            {
                "image": tfds.features.Tensor(shape=(32, 32, 3), dtype=np.uint8),
                "label": tfds.features.ClassLabel(names=list(CLASSES)),
            }
        )

    def splits(self, path: Any) -> dict[str, Any]:
        """The first images of each upstream split."""
        with np.load(path) as file:
            arrays = {name: file[name] for name in file.files}
        return {
            "train": self._generate_examples(arrays["x_train"], arrays["y_train"].ravel()),
            "test": self._generate_examples(arrays["x_test"], arrays["y_test"].ravel()),
        }

    def _generate_examples(self, images: np.ndarray, labels: np.ndarray) -> Iterator[tuple[int, dict[str, Any]]]:
        for number, (image, label) in enumerate(zip(images, labels, strict=True)):
            yield number, {"image": image, "label": int(label)}


Builder = Cifar10First
