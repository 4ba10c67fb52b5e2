"""TFDS builder: English captions and their German translation."""

from __future__ import annotations

from recipes.datasets.builders.text import PairBuilder


class Multi30k(PairBuilder):
    """English captions and their German translation, in the order of the files."""

    name = "multi30k"


Builder = Multi30k
