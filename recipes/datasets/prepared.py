"""Datasets prepared once: TFDS writes them, a copy as plain arrays makes every later load fast.

The copy is one uncompressed .npz file that lists its members, each with a checksum; it is named after builder version
and file hash and written through a rename: a torn or stale copy is never read.
"""

from __future__ import annotations

import contextlib
import importlib
import os
import shutil
import sys
import tempfile
import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from recipes.datasets.catalog import DatasetError, describe
from recipes.datasets.files import cache_folder, copy_path, locate, unwritable

MEMBERS = "members"
"""The entry of a copy that lists the others: a damaged directory of the zip file may lose or rename some."""

READ_WITH = {
    "pictures": 'its pictures are decoded when they are loaded; use cats_and_dogs("cats_and_dogs_filtered").',
    "weights": "it is a file of trained weights, no set of examples; use locate({name!r}) for its verified path.",
    "pairs": "it holds pairs of sentences; use load_pairs({name!r}).",
    "text": "it is a text; use load_text({name!r}).",
    "names": "it holds names; use load_names().",
    "tagged": "it holds tagged sentences; use load_tagged({name!r}).",
    "word_index": "it is a list of words; use imdb_word_index().",
}
"""How a dataset is read that is neither a table nor arrays, by kind."""


def load(name: str) -> dict[str, dict[str, np.ndarray]]:
    """Columns of every split, prepared on first use: `{split: {feature: array}}`.

    Raises:
        DatasetError: the file has the wrong content or is not prepared as arrays, or the cache can't be written.
        DatasetUnavailable: the file is not here and can't be fetched.
    """
    from filelock import FileLock

    if not describe(name).is_prepared:
        raise DatasetError(f"{name} needs no preparation: {READ_WITH[describe(name).kind].format(name=name)}")
    source = locate(name)
    copy = copy_path(describe(name))
    found = read_copy(copy)
    if found is not None:
        return found
    try:
        copy.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(copy.with_suffix(".lock")):
            found = read_copy(copy)  # another process may have prepared it meanwhile
            if found is None:
                for leftover in copy.parent.glob(f"{copy.stem}.*.tmp"):
                    leftover.unlink()  # of a process killed while it wrote; this one holds the lock
                found = prepare(name, source)
                write_copy(copy, found)
    except OSError as error:
        raise unwritable(copy.parent, error) from error
    return found


def prepare(name: str, source: Path) -> dict[str, dict[str, np.ndarray]]:
    """Let TFDS write the dataset from its verified file, and read every split back in order."""
    tfds = importlib.import_module("tensorflow_datasets")
    folder = cache_folder() / "tfds"
    make = builder_class(name)
    # What an earlier call left here without a copy may be torn; the caller holds the lock and making it costs seconds.
    shutil.rmtree(folder / make.name, ignore_errors=True)
    builder = make(data_dir=folder, source=source)
    tfds.disable_progress_bar()
    # TFDS announces itself on standard output, which belongs to the caller's --json document.
    with contextlib.redirect_stdout(sys.stderr):
        builder.download_and_prepare(download_config=tfds.download.DownloadConfig(try_download_gcs=False))
    splits = {}
    for split in builder.info.splits:
        batches = list(tfds.as_numpy(builder.as_dataset(split=split, batch_size=5000, shuffle_files=False)))
        columns = {}
        for feature in batches[0]:
            column = np.concatenate([batch[feature] for batch in batches])
            if column.dtype == object:
                column = pack(column) if describe(name).is_text else np.char.decode(column.astype(bytes), "utf-8")
            columns[feature] = column
        splits[split] = columns
    return splits


def pack(texts: Iterable[bytes]) -> np.ndarray:
    """Texts as one array of bytes: an array of texts gives each the room of the longest, here a hundred times as much."""
    return np.frombuffer(b"\0".join(texts), np.uint8)


def unpack(packed: np.ndarray) -> list[str]:
    """The texts of `pack`; none of them holds a zero byte, which the readers refuse."""
    return packed.tobytes().decode().split("\0")


def builder_class(name: str) -> Any:
    """The TFDS builder of a dataset; importing its module registers it with TFDS."""
    module = importlib.import_module(f"recipes.datasets.builders.{name}")
    return module.Builder


def read_copy(path: Path) -> dict[str, dict[str, np.ndarray]] | None:
    """The arrays of a copy, or None if it is missing or torn."""
    splits: dict[str, dict[str, np.ndarray]] = {}
    try:
        with np.load(path, allow_pickle=False) as file:
            for key in file[MEMBERS].tolist():
                split, feature = key.split("/", 1)
                splits.setdefault(split, {})[feature] = file[key]
    except (OSError, ValueError, EOFError, LookupError, RuntimeError, zipfile.BadZipFile):
        return None
    return splits


def write_copy(path: Path, splits: dict[str, dict[str, np.ndarray]]) -> None:
    """Write a copy whole or not at all."""
    arrays: dict[str, Any] = {
        f"{split}/{feature}": column for split, columns in splits.items() for feature, column in columns.items()
    }
    arrays[MEMBERS] = np.array(list(arrays))
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f"{path.stem}.", suffix=".tmp")
    try:
        with os.fdopen(descriptor, "wb") as file:
            np.savez(file, **arrays)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
