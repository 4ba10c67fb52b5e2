"""TFDS builder: English sentences and their Hindi translation."""

from __future__ import annotations

from recipes.datasets.builders.text import PairBuilder


class TatoebaEnHi(PairBuilder):
    """English sentences and their Hindi translation, in the order of the files."""

    name = "tatoeba_en_hi"


Builder = TatoebaEnHi
