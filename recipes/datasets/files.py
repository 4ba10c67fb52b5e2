"""Find a dataset's file (mirror, cache, public address) and hold it against its hash."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from recipes.datasets.catalog import DatasetError, DatasetInfo, DatasetUnavailable, describe
from recipes.datasets.download import download

MIRROR_VARIABLE = "REPRODUCTIONS_DATA"
"""Environment variable that names a mirror: a folder with the files of `DatasetInfo.file`."""

CACHE_VARIABLE = "REPRODUCTIONS_CACHE"
"""Environment variable that moves the cache away from the user's cache folder."""


@dataclass(frozen=True)
class Status:
    """Where a dataset is.

    Args:
        name: the dataset.
        source: `mirror`, `cache`, `embedded` or `absent`.
        path: the path that its file has or should have; None for embedded data.
        prepared: whether it loads without preparation: a fast copy exists, or none is needed.
    """

    name: str
    source: str
    path: Path | None
    prepared: bool


def cache_folder() -> Path:
    """Where downloads and prepared data are kept."""
    from platformdirs import user_cache_path

    chosen = os.environ.get(CACHE_VARIABLE)
    return Path(chosen) if chosen else user_cache_path("reproductions")


def copy_path(info: DatasetInfo) -> Path:
    """Where a dataset's fast copy is kept; named after builder version and file hash, so that no stale copy is read."""
    return cache_folder() / "arrays" / f"{info.name}-{info.version}-{info.checksum[1][:12]}.npz"


def status(name: str) -> Status:
    """Where the dataset's file is, without opening it."""
    info = describe(name)
    if not info.file:
        return Status(name, "embedded", None, prepared=True)
    mirror = os.environ.get(MIRROR_VARIABLE)
    cached = cache_folder() / info.file
    if mirror and _is_file(Path(mirror) / info.file):
        source, path = "mirror", Path(mirror) / info.file
    else:
        source, path = "cache" if _is_file(cached) else "absent", cached
    prepared = _is_file(copy_path(info)) if info.kind == "arrays" else source != "absent"
    return Status(name, source, path, prepared)


def locate(name: str) -> Path:
    """The verified file of a dataset, downloaded if need be.

    Raises:
        DatasetError: the file found has another hash, or the dataset has no file.
        DatasetUnavailable: it is not here and can't be fetched.
    """
    found = status(name)
    if found.source == "absent":
        return fetch(name)
    if found.path is None:
        raise DatasetError(f"Dataset {name} comes with a dependency and has no file.")
    verify(found.path, describe(name))
    return found.path


def fetch(name: str) -> Path:
    """Download a dataset into the cache, unless it is there already.

    Raises:
        DatasetError: what arrived has another hash, or the cache can't be written.
        DatasetUnavailable: there is no public address, or it can't be reached.
    """
    from filelock import FileLock

    info = describe(name)
    if not info.file:
        raise DatasetError(f"Dataset {name} comes with a dependency; there is nothing to fetch.")
    target = cache_folder() / info.file
    if _is_file(target):
        verify(target, info)
        return target
    advice = f"{info.how_to_get} Put it at {target} or into the folder that {MIRROR_VARIABLE} names."
    if info.url is None:
        raise DatasetUnavailable(f"Dataset {name} is not here and has no public address: {info.homepage} . {advice}")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        # Two processes that fill the same partial file would spoil it.
        with FileLock(target.with_name(target.name + ".lock")):
            if not target.is_file():
                _download_verified(info, info.url, target, advice)
    except OSError as error:
        raise unwritable(target.parent, error) from error
    return target


def _download_verified(info: DatasetInfo, url: str, target: Path, advice: str) -> None:
    part = target.with_name(target.name + ".part")
    download(url, part, f"Dataset {info.name}", advice)
    algorithm, expected = info.checksum
    actual = _hash(part, algorithm)
    if not is_accepted(actual, info):
        part.unlink()
        raise DatasetError(
            f"What {url} sent for dataset {info.name} has {algorithm} {actual}, expected {expected}; it was deleted. "
            f"Try again, or get the file elsewhere: {advice}"
        )
    part.replace(target)


def is_accepted(digest: str, info: DatasetInfo) -> bool:
    """Whether a hash is the pinned one or that of the same content written differently."""
    return digest == info.checksum[1] or digest in info.also_accepted


def verify(path: Path, info: DatasetInfo) -> None:
    """Refuse a file with another content than the pinned one.

    Raises:
        DatasetError: names the file, both hashes and, for tables, the first bad line.
    """
    algorithm, expected = info.checksum
    try:
        actual = _known_hash(path, algorithm, path.stat().st_size, path.stat().st_mtime_ns)
    except OSError as error:
        raise DatasetError(
            f"{path} can't be read ({error.strerror}); correct its permissions or replace it."
        ) from error
    if is_accepted(actual, info):
        return
    from recipes.datasets.tables import SCHEMAS, first_problem

    problem = first_problem(path, SCHEMAS[info.name]) if info.name in SCHEMAS else None
    raise DatasetError(
        f"{path} has {algorithm} {actual}, expected {expected}{f'; {problem}' if problem else ''}. "
        f"Remove it or replace it: {info.how_to_get}"
    )


def unwritable(folder: Path, error: OSError) -> DatasetError:
    """The one sentence for a cache that can't be written."""
    return DatasetError(
        f"The dataset cache {folder} can't be written ({error.strerror or error}); set {CACHE_VARIABLE}."
    )


def _is_file(path: Path) -> bool:
    """Whether the file is there; a folder that may not be entered counts as empty."""
    try:
        return path.is_file()
    except OSError:
        return False


@lru_cache
def _known_hash(path: Path, algorithm: str, size: int, changed: int) -> str:
    # Size and time of change are part of the key, so that an edited file is hashed again.
    return _hash(path, algorithm)


def _hash(path: Path, algorithm: str) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.new(algorithm, usedforsecurity=False)).hexdigest()
