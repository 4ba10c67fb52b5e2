"""Cats and dogs: JPEG files in one tar archive, decoded and resized while they are loaded.

The archive holds `cat.N.jpg` and `dog.N.jpg` in the numbering of Kaggle's training set, N = 0 to 5000, 150 x 150 pixels.
Both splits are the well-known ones of that numbering, so that no further file is needed. Decoding takes half a
millisecond an image; a copy as arrays would cost 675 MB of disk and save a second.
"""

from __future__ import annotations

import contextlib
import io
import sys
import tarfile
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

from recipes.datasets.catalog import DatasetError, DatasetUnavailable, describe
from recipes.datasets.files import cache_folder, locate

Split = tuple[np.ndarray, np.ndarray]

NAME = "cats_vs_dogs"
CLASSES = ("cat", "dog")
"""By label: 1 is a dog."""

NUMBERS = range(5001)
"""Numbers of the pictures that the archive holds of each class."""

SPLITS = {
    "cats_and_dogs_filtered": (range(1000), range(2000, 2500)),
    "training_test_8000_2000": (range(1, 4001), range(4001, 5001)),
}
"""Training and test numbers of each class."""

FULL_TRAINING_SHARE = 0.8
"""TFDS's own set has one split; its order is a fixed random one, so that the last fifth is a fair test set."""


def load_split(split: str, size: int) -> tuple[Split, Split]:
    """`(x_train, y_train), (x_test, y_test)` of a split at `size` x `size`; see `recipes.datasets.cats_and_dogs`."""
    if not isinstance(size, int) or size < 1:
        raise DatasetError(f"Pictures need a whole size of 1 or more. Received: size={size!r}")
    if split == "full":
        return _load_full(size)
    if split not in SPLITS:
        known = ", ".join([*SPLITS, "full"])
        raise DatasetError(f"Cats and dogs have no split {split!r}; known are {known}.")
    path = locate(NAME)
    wanted = [file_names(numbers) for numbers in SPLITS[split]]
    with ThreadPoolExecutor() as pool:
        train, test = (_decode_all(pool, path, names, size) for names in wanted)
    return train, test


def file_names(numbers: Iterable[int]) -> list[str]:
    """File names by number, the cat before the dog, so that any leading part holds as many of both."""
    return [f"{kind}.{number}.jpg" for number in numbers for kind in CLASSES]


def read_members(path: Path, names: Iterable[str]) -> Iterator[tuple[str, bytes]]:
    """The named files of the archive, as they are stored.

    Raises:
        DatasetError: the archive can't be read or lacks a file; the message names it.
    """
    try:
        with tarfile.open(path, "r:") as archive:
            members = {member.name: member for member in archive}
            for name in names:
                if name not in members:
                    raise DatasetError(f"{path} lacks {name}; {_mend()}")
                file = archive.extractfile(members[name])
                content = file.read() if file is not None else b""
                if len(content) != members[name].size:
                    raise DatasetError(f"{path} ends within {name}; {_mend()}")
                yield name, content
    except (tarfile.TarError, OSError) as error:
        raise DatasetError(f"{path} is no readable tar archive ({error}); {_mend()}") from error


def decode(path: Path, name: str, content: bytes, size: int) -> np.ndarray:
    """One picture (size, size, 3), uint8; bilinear with antialiasing where its stored size differs.

    Raises:
        DatasetError: the content is no whole picture.
    """
    from PIL import Image

    try:
        with Image.open(io.BytesIO(content)) as picture:
            return resize(picture.convert("RGB"), size)
    except (OSError, SyntaxError, ValueError) as error:  # what Pillow raises on damaged content
        raise DatasetError(f"{path}: {name} is no whole JPEG picture ({error}); {_mend()}") from error


def resize(picture: Any, size: int) -> np.ndarray:
    """A Pillow picture as (size, size, 3), uint8."""
    from PIL import Image

    same = picture.size == (size, size)
    return np.asarray(picture if same else picture.resize((size, size), Image.Resampling.BILINEAR))


def _mend() -> str:
    return f"remove it or replace it: {describe(NAME).how_to_get}"


def _decode_all(pool: ThreadPoolExecutor, path: Path, names: list[str], size: int) -> Split:
    images = np.empty((len(names), size, size, 3), "uint8")
    labels = np.array([CLASSES.index(name.split(".")[0]) for name in names], "uint8")

    def fill(row: int, member: tuple[str, bytes]) -> None:
        images[row] = decode(path, *member, size)

    # Exhausting the map raises what a thread raised; JPEG decoding runs without the interpreter's lock.
    for _ in pool.map(fill, range(len(names)), read_members(path, names)):
        pass
    return images, labels


def full_builder() -> Any:
    """TFDS's own builder `cats_vs_dogs`: all 23,262 readable pictures of Microsoft's archive (825 MB to download)."""
    import tensorflow_datasets as tfds

    return tfds.builder("cats_vs_dogs", data_dir=cache_folder() / "tfds")


def _load_full(size: int) -> tuple[Split, Split]:
    import tensorflow_datasets as tfds
    from PIL import Image

    builder = full_builder()
    try:
        # TFDS announces itself on standard output, which belongs to the caller's --json document.
        with contextlib.redirect_stdout(sys.stderr):
            builder.download_and_prepare()
    except Exception as error:  # TFDS and the network fail with errors of many kinds
        raise DatasetUnavailable(
            f"The full set of cats and dogs can't be prepared by TFDS ({type(error).__name__}: {error}). It needs "
            f"{builder.info.homepage or 'its public address'} ; without a network use a split of the archive: "
            f"{', '.join(SPLITS)}."
        ) from error
    count = builder.info.splits["train"].num_examples
    images, labels = np.empty((count, size, size, 3), "uint8"), np.empty(count, "uint8")
    for row, example in enumerate(tfds.as_numpy(builder.as_dataset(split="train", shuffle_files=False))):
        images[row] = resize(Image.fromarray(example["image"]), size)
        labels[row] = example["label"]
    border = round(FULL_TRAINING_SHARE * count)
    return (images[:border], labels[:border]), (images[border:], labels[border:])
