"""TFDS builder of the Shakespeare text: one example, the whole of it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from recipes.datasets.builders.text import TEXT, TextBuilder


class TinyShakespeareWhole(TextBuilder):
    """One text; TFDS has a `tiny_shakespeare` of its own, cut into three splits, hence the registered name."""

    name = "tiny_shakespeare_whole"
    FEATURES = {"text": TEXT}

    @property
    def dataset_name(self) -> str:
        """The dataset's name in the catalog."""
        return "tiny_shakespeare"

    def examples(self, content: str) -> Iterable[dict[str, Any]]:
        """The text."""
        return ({"text": content},)


Builder = TinyShakespeareWhole
