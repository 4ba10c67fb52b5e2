"""TFDS builder of the IMDB reviews as Keras gives them: the rank of every word, most frequent first."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import tensorflow_datasets as tfds

from recipes.datasets.builders.base import FileBuilder

WORDS = 256
"""Words kept of each review, a little more than the mean length; the array of all lengths would be ten times larger."""


class ImdbKeras(FileBuilder):
    """The first 256 word ranks of each review (0 behind its end), its full length, and whether it is positive."""

    name = "imdb_keras"

    @property
    def dataset_name(self) -> str:
        """The dataset's name in the catalog."""
        return "imdb"

    def features(self) -> tfds.features.FeaturesDict:
        """Word ranks, length and class."""
        return tfds.features.FeaturesDict(
            {
                "words": tfds.features.Tensor(shape=(WORDS,), dtype=np.int32),
                "length": tfds.features.Scalar(dtype=np.int32),
                "label": tfds.features.ClassLabel(names=["negative", "positive"]),
            }
        )

    def splits(self, path: Any) -> dict[str, Any]:
        """The split that the reviews come with."""
        # The lists of ranks are pickled; the file's hash has been verified before.
        with np.load(path, allow_pickle=True) as file:
            arrays = {name: file[name] for name in file.files}
        return {
            "train": self._generate_examples(arrays["x_train"], arrays["y_train"]),
            "test": self._generate_examples(arrays["x_test"], arrays["y_test"]),
        }

    def _generate_examples(self, reviews: np.ndarray, labels: np.ndarray) -> Iterator[tuple[int, dict[str, Any]]]:
        for number, (review, label) in enumerate(zip(reviews, labels, strict=True)):
            words = np.zeros(WORDS, "int32")
            kept = review[:WORDS]
            words[: len(kept)] = kept
            yield number, {"words": words, "length": len(review), "label": int(label)}


Builder = ImdbKeras
