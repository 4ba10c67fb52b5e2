"""Find a dataset's file (mirror, cache, public address) and hold it against its hash."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from recipes.datasets.catalog import DatasetError, DatasetInfo, DatasetUnavailable, Part, describe
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
        path: the path that its file, or the folder of its files, has or should have; None for embedded data.
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
    if mirror and _is_whole(Path(mirror) / info.file, info):
        source, path = "mirror", Path(mirror) / info.file
    else:
        source, path = "cache" if _is_whole(cached, info) else "absent", cached
    prepared = _is_file(copy_path(info)) if info.is_prepared else source != "absent"
    return Status(name, source, path, prepared)


def find(path: Path, part: Part) -> Path | None:
    """Where one file of the dataset at `path` lies, or None."""
    return next((path / name for name in part.names if _is_file(path / name)), None)


def _is_whole(path: Path, info: DatasetInfo) -> bool:
    return all(find(path, part) for part in info.files)


def locate(name: str) -> Path:
    """The verified file of a dataset, or the folder of its verified files, downloaded if need be.

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
    info = describe(name)
    if not info.file:
        raise DatasetError(f"Dataset {name} comes with a dependency; there is nothing to fetch.")
    path = cache_folder() / info.file
    for part in info.files:
        if find(path, part) is None:
            _fetch_part(info, part, path / part.file)
    verify(path, info)
    return path


def _fetch_part(info: DatasetInfo, part: Part, target: Path) -> None:
    from filelock import FileLock

    advice = f"{info.how_to_get} Put it at {target} or into the folder that {MIRROR_VARIABLE} names."
    if part.url is None:
        raise DatasetUnavailable(
            f"Dataset {info.name} is not here and has no public address: {info.homepage} . {advice}"
        )
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        # Two processes that fill the same partial file would spoil it.
        with FileLock(target.with_name(target.name + ".lock")):
            if not target.is_file():
                _download_verified(info, part, part.url, target, advice)
    except OSError as error:
        raise unwritable(target.parent, error) from error


def _download_verified(info: DatasetInfo, part: Part, url: str, target: Path, advice: str) -> None:
    arriving = target.with_name(target.name + ".part")
    download(url, arriving, f"Dataset {info.name}{f' ({part.file})' if part.file else ''}", advice)
    algorithm, expected = part.checksum
    actual = _hash(arriving, algorithm)
    if not is_accepted(actual, part):
        arriving.unlink()
        raise DatasetError(
            f"What {url} sent for dataset {info.name} has {algorithm} {actual}, expected {expected}; it was deleted. "
            f"Try again, or get the file elsewhere: {advice}"
        )
    arriving.replace(target)


def is_accepted(digest: str, part: Part) -> bool:
    """Whether a hash is the pinned one or that of the same content written differently."""
    return digest == part.checksum[1] or digest in part.also_accepted


def verify(path: Path, info: DatasetInfo) -> None:
    """Refuse a dataset if one of its files has another content than the pinned one.

    Raises:
        DatasetError: names the file, both hashes and, for tables and texts, the first bad line.
    """
    for part in info.files:
        _verify_part(find(path, part) or path / part.file, part, info, path)


def _verify_part(file: Path, part: Part, info: DatasetInfo, path: Path) -> None:
    algorithm, expected = part.checksum
    try:
        actual = _known_hash(file, algorithm, file.stat().st_size, file.stat().st_mtime_ns)
    except OSError as error:
        raise DatasetError(
            f"{file} can't be read ({error.strerror}); correct its permissions or replace it."
        ) from error
    if is_accepted(actual, part):
        return
    problem = _first_problem(path, info)
    raise DatasetError(
        f"{file} has {algorithm} {actual}, expected {expected}{f'; {problem}' if problem else ''}. "
        f"Remove it or replace it: {info.how_to_get}"
    )


def _first_problem(path: Path, info: DatasetInfo) -> str | None:
    """The first bad line of a table or text, None for other data."""
    from recipes.datasets import tables, texts

    if info.name in tables.SCHEMAS:
        return tables.first_problem(path, tables.SCHEMAS[info.name])
    return texts.first_problem(info.name, path) if info.is_text else None


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
