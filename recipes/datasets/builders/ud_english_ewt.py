"""TFDS builder of the tagged sentences: words and tags of a sentence, each as one text with blanks between."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from recipes.datasets.builders.text import TEXT, TextBuilder
from recipes.datasets.texts import Tagged


class UdEnglishEwt(TextBuilder):
    """Sentences with the universal part of speech of each word; no word of the treebank holds a blank."""

    name = "ud_english_ewt"
    FEATURES = {"words": TEXT, "tags": TEXT}

    def examples(self, content: Tagged) -> Iterable[dict[str, Any]]:
        """A sentence."""
        for sentence in content:
            words, tags = zip(*sentence, strict=True)
            yield {"words": " ".join(words), "tags": " ".join(tags)}


Builder = UdEnglishEwt
