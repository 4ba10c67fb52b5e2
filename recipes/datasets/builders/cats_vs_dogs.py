"""TFDS builder of the cats and dogs at 150 x 150: the JPEG files as they are, with label and number."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import tensorflow_datasets as tfds

from recipes.datasets import pet_images
from recipes.datasets.builders.base import FileBuilder
from recipes.datasets.pet_images import CLASSES, NAME, decode, file_names, read_members

SIZE = 150


class CatsVsDogs150(FileBuilder):
    """Pictures (150, 150, 3) and labels; TFDS has a `cats_vs_dogs` of its own with all pictures, hence the name.

    One split `train` in the order cat.0, dog.0, cat.1, ...; the numbers say which of the two known splits, if any, a
    picture belongs to (`recipes.datasets.pet_images.SPLITS`).
    """

    name = "cats_vs_dogs_150"

    @property
    def dataset_name(self) -> str:
        """The dataset's name in the catalog."""
        return NAME

    def features(self) -> tfds.features.FeaturesDict:
        """A picture, its class and its number within the class."""
        return tfds.features.FeaturesDict(
            {
                "image": tfds.features.Image(shape=(SIZE, SIZE, 3), encoding_format="jpeg"),
                "label": tfds.features.ClassLabel(names=list(CLASSES)),
                "number": tfds.features.Scalar(dtype=np.int32),
            }
        )

    def splits(self, path: Any) -> dict[str, Any]:
        """All pictures; the known splits share some, which TFDS's splits may not."""
        return {"train": self._generate_examples(path)}

    def _generate_examples(self, path: Any) -> Iterator[tuple[str, dict[str, Any]]]:
        for name, content in read_members(path, file_names(pet_images.NUMBERS)):
            decode(path, name, content, SIZE)  # refuses a damaged picture before TFDS stores it
            kind, number, _ = name.split(".")
            yield name, {"image": content, "label": kind, "number": int(number)}


Builder = CatsVsDogs150
