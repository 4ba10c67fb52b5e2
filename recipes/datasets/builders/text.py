"""What TFDS builders of texts share: the checked content of the files, in their order."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Iterator
from typing import Any

import tensorflow_datasets as tfds

from recipes.datasets.builders.base import FileBuilder
from recipes.datasets.texts import Pairs, read

TEXT = tfds.features.Text()


class TextBuilder(FileBuilder, skip_registration=True):  # type: ignore[call-arg]
    """Base of the texts; a subclass names its features and makes an example of each of the content's entries."""

    FEATURES: dict[str, Any] = {}

    def features(self) -> tfds.features.FeaturesDict:
        """Texts, and numbers with an integer type."""
        return tfds.features.FeaturesDict(self.FEATURES)

    def splits(self, path: Any) -> dict[str, Any]:
        """The splits of the files, or one of all."""
        return {split: self._generate_examples(content) for split, content in read(self.dataset_name, path).items()}

    def _generate_examples(self, content: Any) -> Iterator[tuple[int, dict[str, Any]]]:
        yield from enumerate(self.examples(content))

    @abstractmethod
    def examples(self, content: Any) -> Iterable[dict[str, Any]]:
        """The examples of one split."""


class PairBuilder(TextBuilder, skip_registration=True):  # type: ignore[call-arg]
    """Base of the translations."""

    FEATURES = {"source": TEXT, "target": TEXT}

    def examples(self, content: Pairs) -> Iterable[dict[str, Any]]:
        """A sentence and its translation."""
        return ({"source": source, "target": target} for source, target in content)
