"""Datasets as TFDS builders with pinned hashes, loaded from a mirror, the user's cache or their public address.

Example:
    >>> table = load_frame("churn_modelling")                      # a pandas table, as pd.read_csv gives it
    >>> (x_train, y_train), (x_test, y_test) = load_arrays("mnist")  # as keras.datasets.mnist gives them
    >>> images, labels = load_arrays("digits")                     # embedded, always there
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from recipes.datasets.catalog import DATASETS, DatasetError, DatasetInfo, DatasetUnavailable, describe
from recipes.datasets.files import Status, fetch, locate, status

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "DATASETS", "DatasetError", "DatasetInfo", "DatasetUnavailable", "Status", "dataset_sha256", "describe", "fetch",
    "load_arrays", "load_frame", "locate", "names", "status",
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

    from recipes.datasets.prepared import load
    from recipes.datasets.tables import SCHEMAS

    if describe(name).name not in SCHEMAS:
        raise DatasetError(f"Dataset {name} is not a table; use load_arrays({name!r}).")
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
    if inputs is None:
        raise DatasetError(f"Dataset {describe(name).name} holds no images; use load_frame({name!r}).")
    from recipes.datasets.prepared import load

    splits = load(name)
    train, test = splits["train"], splits["test"]
    return (train[inputs], train["label"].astype("uint8")), (test[inputs], test["label"].astype("uint8"))


def dataset_sha256(name: str) -> str:
    """The hash that names a dataset's content in the ledger: of its file, or of the arrays of embedded data."""
    info = describe(name)
    if info.file:
        return info.sha256
    return hashlib.sha256(b"".join(array.tobytes() for array in load_arrays(name))).hexdigest()
