"""TFDS builder of the names: one example a name, nationality by nationality."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from recipes.datasets.builders.text import TEXT, TextBuilder


class NamesByNationality(TextBuilder):
    """Family names and their nationality."""

    name = "names_by_nationality"
    FEATURES = {"name": TEXT, "nationality": TEXT}

    def examples(self, content: dict[str, list[str]]) -> Iterable[dict[str, Any]]:
        """A name and its nationality."""
        return ({"name": name, "nationality": nationality} for nationality, names in content.items() for name in names)


Builder = NamesByNationality
