"""TFDS builder: English sentences and their Spanish translation."""

from __future__ import annotations

from recipes.datasets.builders.text import PairBuilder


class TatoebaEnEs(PairBuilder):
    """English sentences and their Spanish translation, in the order of the files."""

    name = "tatoeba_en_es"


Builder = TatoebaEnEs
