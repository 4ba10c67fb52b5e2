"""Texts as Python gives them: sentence pairs, one long text, names, tagged sentences, words with their rank."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from recipes.datasets.catalog import DATASETS, DatasetError, describe

if TYPE_CHECKING:
    from recipes.datasets.texts import Pairs, Tagged


def load_pairs(name: str) -> dict[str, Pairs]:
    """Sentences and their translations by split, English first, in the order of the file.

    Args:
        name: `tatoeba_en_hi`, `tatoeba_en_es` (one split `train`) or `multi30k` (`train`, `validation`, `test`).

    Raises:
        DatasetError: it holds no pairs, or its file has the wrong content.
        DatasetUnavailable: its file is not here and can't be fetched.
    """
    splits = _texts(name, "pairs")
    return {split: list(zip(columns["source"], columns["target"], strict=True)) for split, columns in splits.items()}


def load_text(name: str) -> str:
    """A whole text.

    Raises:
        DatasetError: it is no text, or its file has the wrong content.
        DatasetUnavailable: its file is not here and can't be fetched.
    """
    text: str = _texts(name, "text")["train"]["text"][0]
    return text


def load_names(name: str = "names_by_nationality") -> dict[str, list[str]]:
    """Names by nationality, in the order of the files; a name that occurs twice in its file does so here.

    Raises:
        DatasetError: it holds no names, or a file has the wrong content.
        DatasetUnavailable: its files are not here and can't be fetched.
    """
    columns = _texts(name, "names")["train"]
    names: dict[str, list[str]] = {}
    for one, nationality in zip(columns["name"], columns["nationality"], strict=True):
        names.setdefault(nationality, []).append(one)
    return names


def load_tagged(name: str) -> dict[str, Tagged]:
    """Sentences of (word, universal part of speech) by split: `train`, `validation` and `test`.

    Contractions are split into their words (`don't` is `do`, `n't`), as the treebank splits them.

    Raises:
        DatasetError: it holds no tagged sentences, or a file has the wrong content.
        DatasetUnavailable: its files are not here and can't be fetched.
    """
    return {
        split: [
            list(zip(words.split(" "), tags.split(" "), strict=True))
            for words, tags in zip(columns["words"], columns["tags"], strict=True)
        ]
        for split, columns in _texts(name, "tagged").items()
    }


def imdb_word_index() -> dict[str, int]:
    """The rank of every word of the film reviews, 1 the most frequent; the numbers in `load_arrays("imdb")`.

    `keras.datasets.imdb.load_data` adds 3 to them, to make room for padding, start and unknown words; the file and
    `load_arrays` do not.

    Raises:
        DatasetError: its file has the wrong content.
        DatasetUnavailable: its file is not here and can't be fetched.
    """
    columns = _texts("imdb_word_index", "word_index")["train"]
    return dict(zip(columns["word"], columns["rank"], strict=True))


def _texts(name: str, kind: str) -> dict[str, dict[str, Any]]:
    """Columns of every split, texts and numbers as lists."""
    if describe(name).kind != kind:
        known = ", ".join(info.name for info in DATASETS.values() if info.kind == kind)
        raise DatasetError(f"Dataset {name} can't be loaded that way; {known} can.")
    from recipes.datasets.prepared import load, unpack

    return {
        split: {
            feature: unpack(column) if column.dtype == "uint8" else column.tolist()
            for feature, column in columns.items()
        }
        for split, columns in load(name).items()
    }
