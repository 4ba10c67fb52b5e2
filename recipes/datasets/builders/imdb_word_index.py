"""TFDS builder of the words of the film reviews, in the order of the file."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from recipes.datasets.builders.text import TEXT, TextBuilder


class ImdbWordIndex(TextBuilder):
    """Words and their rank, 1 the most frequent."""

    name = "imdb_word_index"
    FEATURES = {"word": TEXT, "rank": np.int64}

    def examples(self, content: dict[str, int]) -> Iterable[dict[str, Any]]:
        """A word and its rank."""
        return ({"word": word, "rank": rank} for word, rank in content.items())


Builder = ImdbWordIndex
