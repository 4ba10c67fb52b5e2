"""Readers of the text files; each refuses the first line that is not what it should be.

Lines end in a line feed and nothing else: `str.splitlines` would also split at characters that occur within words.
"""

from __future__ import annotations

import gzip
import json
import zipfile
import zlib
from pathlib import Path
from typing import Any

from recipes.datasets.catalog import DatasetError, DatasetInfo, describe

Pairs = list[tuple[str, str]]
Tagged = list[list[tuple[str, str]]]

MULTI30K_FILES = {"train": "train", "validation": "val", "test": "test_2016_flickr"}
"""Beginning of the file names by split."""

TREEBANK_FILES = {"train": "train", "validation": "dev", "test": "test"}
"""The part of the file names that differs, by split."""

UPOS = (
    "ADJ", "ADP", "ADV", "AUX", "CCONJ", "DET", "INTJ", "NOUN", "NUM", "PART", "PRON", "PROPN", "PUNCT", "SCONJ", "SYM",
    "VERB", "X",
)  # fmt: skip
"""The universal parts of speech (universaldependencies.org/u/pos)."""


def read(name: str, source: Path) -> dict[str, Any]:
    """The content of a text dataset by split, as its loader gives it.

    Args:
        name: the dataset.
        source: its file, or the folder of its files.

    Raises:
        DatasetError: names the file, the line and what is wrong.
    """
    info = describe(name)
    if info.kind == "pairs":
        return {"train": read_pairs(source)} if not info.parts else read_multi30k(source)
    if info.kind == "tagged":
        return {
            split: read_conllu(part_path(source, f"en_ewt-ud-{middle}.conllu"))
            for split, middle in TREEBANK_FILES.items()
        }
    if info.kind == "names":
        return {"train": read_names(source, info)}
    return {"train": "\n".join(read_lines(source)) + "\n" if info.kind == "text" else read_word_index(source)}


def part_path(folder: Path, file: str) -> Path:
    """One file of a dataset's folder, which may lie there compressed."""
    path = folder / file
    return path if path.is_file() else folder / f"{file}.gz"


def read_lines(path: Path) -> list[str]:
    """The lines of a text, of a text compressed by gzip, or of the one text in a ZIP archive."""
    try:
        content = _content(path)
    except (OSError, EOFError, KeyError, zlib.error, zipfile.BadZipFile) as error:
        raise DatasetError(f"{path} can't be read ({error}).") from error
    if content.startswith(b"\xef\xbb\xbf"):
        raise _bad(path, 1, "begins with a byte order mark")
    lines = content.split(b"\n")
    if lines.pop():
        raise _bad(path, len(lines) + 1, "has no line end: the file was cut off")
    texts = []
    for number, line in enumerate(lines, 1):
        if b"\r" in line or b"\0" in line:
            raise _bad(path, number, "holds a carriage return or a zero byte")
        try:
            texts.append(line.decode())
        except UnicodeDecodeError as error:
            raise _bad(path, number, "is not UTF-8 text") from error
    return texts


def _content(path: Path) -> bytes:
    if path.suffix == ".zip":
        with zipfile.ZipFile(path) as archive:
            return archive.read(f"{path.stem}/{path.stem.split('-')[0]}.txt")
    content = path.read_bytes()
    return gzip.decompress(content) if path.suffix == ".gz" else content


def _bad(path: Path, line: int, problem: str) -> DatasetError:
    return DatasetError(f"{path}, line {line}: {problem}; correct the line or get the original file.")


def read_pairs(path: Path) -> Pairs:
    """Sentence, tab, translation; further columns (the authors) are left out."""
    pairs = []
    for number, line in enumerate(read_lines(path), 1):
        cells = line.split("\t")
        if len(cells) < 2:
            raise _bad(path, number, "has no tab between sentence and translation")
        source, target = (cell.strip() for cell in cells[:2])
        if not source or not target:
            raise _bad(path, number, f"has an empty {'translation' if source else 'sentence'}")
        pairs.append((source, target))
    return pairs


def read_multi30k(folder: Path) -> dict[str, Pairs]:
    """The aligned lines of two files a split."""
    splits = {}
    for split, beginning in MULTI30K_FILES.items():
        english, german = (part_path(folder, f"{beginning}.{language}.gz") for language in ("en", "de"))
        sources, targets = _sentences(english), _sentences(german)
        if len(sources) != len(targets):
            raise DatasetError(
                f"{english} and {german} are not aligned: {len(sources)} and {len(targets)} lines, so line "
                f"{min(len(sources), len(targets)) + 1} has no partner; get the original files."
            )
        splits[split] = list(zip(sources, targets, strict=True))
    return splits


def _sentences(path: Path) -> list[str]:
    sentences = [line.strip() for line in read_lines(path)]
    if "" in sentences:
        raise _bad(path, sentences.index("") + 1, "is empty")
    return sentences


def read_names(folder: Path, info: DatasetInfo) -> dict[str, list[str]]:
    """Names by nationality, one file each; blanks around a name are left out."""
    return {Path(part.file).stem: _sentences(part_path(folder, part.file)) for part in info.parts}


def read_conllu(path: Path) -> Tagged:
    """Sentences of (word, part of speech) from CoNLL-U.

    A line holds ten columns: number, word, lemma, part of speech... Ranges (`3-4`, a contraction whose words follow)
    and empty nodes (`5.1`) are left out; a blank line ends a sentence.
    """
    sentences: Tagged = []
    sentence: list[tuple[str, str]] = []
    number = 0
    for number, line in enumerate(read_lines(path), 1):
        if line.startswith("#"):
            continue
        if line:
            token = _token(path, number, line.split("\t"), len(sentence) + 1)
            if token is not None:
                sentence.append(token)
        elif sentence:
            sentences.append(sentence)
            sentence = []
        else:
            raise _bad(path, number, "ends a sentence without words")
    if sentence:
        raise _bad(path, number, "is the last one, but no blank line ends the sentence")
    return sentences


def _token(path: Path, line: int, cells: list[str], expected: int) -> tuple[str, str] | None:
    if len(cells) != 10:
        raise _bad(path, line, f"has {len(cells)} columns instead of 10")
    number, word, _, tag = cells[:4]
    if "-" in number or "." in number:
        return None
    if number != str(expected):
        raise _bad(path, line, f"is word {number} where word {expected} should be")
    if not word or " " in word:
        raise _bad(path, line, f"has {word!r} for a word")
    if tag not in UPOS:
        raise _bad(path, line, f"has the unknown part of speech {tag!r}")
    return word, tag


def read_word_index(path: Path) -> dict[str, int]:
    """Words with their rank; ranks are 1 to the number of words, each once."""
    try:
        index: dict[str, int] = json.loads(path.read_bytes())
    except ValueError as error:
        raise DatasetError(f"{path} is no JSON text: {error}; get the original file.") from error
    ranks = set(index.values()) if isinstance(index, dict) else set()
    if not ranks or ranks != set(range(1, len(index) + 1)):
        raise DatasetError(f"{path} does not give each rank from 1 on to one word; get the original file.")
    return index


def first_problem(name: str, source: Path) -> str | None:
    """The first thing wrong with a text dataset, or None."""
    try:
        read(name, source)
    except DatasetError as error:
        return str(error)
    return None
