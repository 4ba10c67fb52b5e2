"""Datasets as TFDS builders with pinned hashes, loaded from a mirror, the user's cache or their public address.

Example:
    >>> table = load_frame("churn_modelling")                      # a pandas table, as pd.read_csv gives it
    >>> (x_train, y_train), (x_test, y_test) = load_arrays("mnist")  # as keras.datasets.mnist gives them
    >>> images, labels = load_arrays("digits")                     # embedded, always there
    >>> (x_train, y_train), (x_test, y_test) = cats_and_dogs("cats_and_dogs_filtered", size=64)
    >>> path = locate("squeezenet_weights")                        # a verified file of trained weights
    >>> english, german = load_pairs("multi30k")["train"][0]       # a sentence and its translation
    >>> word, part_of_speech = load_tagged("ud_english_ewt")["train"][0][0]
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from recipes.datasets.catalog import DATASETS, DatasetError, DatasetInfo, DatasetUnavailable, describe
from recipes.datasets.files import Status, fetch, locate, status
from recipes.datasets.loaders import imdb_word_index, load_names, load_pairs, load_tagged, load_text

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

__all__ = [
    "DATASETS", "DatasetError", "DatasetInfo", "DatasetUnavailable", "Status", "cats_and_dogs", "dataset_sha256",
    "describe", "fetch", "imdb_word_index", "load_arrays", "load_frame", "load_names", "load_pairs", "load_tagged",
    "load_text", "locate", "names", "status",
]  # fmt: skip


def names() -> list[str]:
    """Every dataset's name."""
    return list(DATASETS)


def load_frame(name: str) -> pd.DataFrame:
    """A table with the columns, order and types that `pd.read_csv` gives.

    Raises:
        DatasetError: it is no table, or its file has the wrong content.
        DatasetUnavailable: its file is not here and can't be fetched.
    """
    import pandas as pd

    from recipes.datasets.prepared import READ_WITH, load
    from recipes.datasets.tables import SCHEMAS

    if describe(name).name not in SCHEMAS:
        how = READ_WITH.get(describe(name).kind, "use load_arrays({name!r}).").format(name=name)
        raise DatasetError(f"Dataset {name} is not a table; {how}")
    columns = load(name)["train"]
    table = pd.DataFrame({column.name: columns[column.name] for column in SCHEMAS[name].columns})
    texts = [column.name for column in SCHEMAS[name].columns if columns[column.name].dtype.kind == "U"]
    # read_csv and a NumPy text array give different text types.
    return table.astype(dict.fromkeys(texts, pd.Series(["text"]).dtype))


def load_arrays(name: str) -> Any:
    """Inputs and labels: `(x_train, y_train), (x_test, y_test)`, or `(images, labels)` for the digits, which are not split.

    MNIST and CIFAR-10 give images; IMDB gives the first 256 word ranks of each review, 0 behind its end.

    Raises:
        DatasetError: it holds no images, or its file has the wrong content.
        DatasetUnavailable: its file is not here and can't be fetched.
    """
    if name == "digits":
        from sklearn.datasets import load_digits

        digits = load_digits()
        return digits.images, digits.target
    inputs = {"mnist": "image", "cifar10": "image", "imdb": "words"}.get(name)
    from recipes.datasets.prepared import READ_WITH, load

    if describe(name).kind != "arrays":
        raise DatasetError(f"{name} can't be loaded as arrays: {READ_WITH[describe(name).kind].format(name=name)}")
    if inputs is None:
        raise DatasetError(f"Dataset {name} holds no images; use load_frame({name!r}).")

    splits = load(name)
    train, test = splits["train"], splits["test"]
    return (train[inputs], train["label"].astype("uint8")), (test[inputs], test["label"].astype("uint8"))


def cats_and_dogs(split: str, size: int = 150) -> tuple[tuple[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]:
    """Pictures of cats and dogs: `(x_train, y_train), (x_test, y_test)`.

    Pictures are uint8 (n, size, size, 3), resized from 150 x 150; labels are uint8, 1 for a dog. Cats and dogs
    alternate, so any leading part of even length is balanced.

    Args:
        split: `cats_and_dogs_filtered` (2,000 and 1,000 pictures), `training_test_8000_2000`, or `full`: all 23,262
            pictures that TensorFlow Datasets downloads from Microsoft (825 MB), in TFDS's fixed random order, resized
            from their own size, of which the last fifth is the test set.
        size: height and width. 8,000 and 2,000 pictures of 150 x 150 take 675 MB, the full set 1.6 GB.

    Raises:
        DatasetError: no such split or size, or the file has the wrong content.
        DatasetUnavailable: the file is not here and can't be fetched.
    """
    from recipes.datasets.pet_images import load_split

    return load_split(split, size)


def dataset_sha256(name: str) -> str:
    """The hash that names a dataset's content in the ledger: of its file, or of the arrays of embedded data.

    Of several files, SHA-256 over their hashes. An MD5, written `md5:...`, where the file's source publishes no other.
    """
    info = describe(name)
    if info.file:
        return info.sha256 or f"md5:{info.md5}"
    return hashlib.sha256(b"".join(array.tobytes() for array in load_arrays(name))).hexdigest()
