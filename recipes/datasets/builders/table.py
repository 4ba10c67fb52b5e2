"""What TFDS builders of CSV tables share: columns as scalar features, rows in the order of the file."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import tensorflow_datasets as tfds

from recipes.datasets.builders.base import FileBuilder
from recipes.datasets.tables import SCHEMAS, read_table

# TFDS writes plain floats with 32 bits, whatever their type: a salary of 101348.88 would come back as 101348.8828125.
NUMBER = tfds.features.Tensor(shape=(), dtype=np.float64, encoding="bytes")
WHOLE, TEXT = np.int64, tfds.features.Text()


class TableBuilder(FileBuilder, skip_registration=True):  # type: ignore[call-arg]
    """Base of the tables; a subclass names its columns and their types in `COLUMNS`."""

    VERSION = tfds.core.Version("1.0.1")
    RELEASE_NOTES = {"1.0.1": "Numbers keep all 64 bits.", "1.0.0": "First version."}
    COLUMNS: dict[str, Any] = {}

    def features(self) -> tfds.features.FeaturesDict:
        """One scalar a column."""
        return tfds.features.FeaturesDict(self.COLUMNS)

    def splits(self, path: Any) -> dict[str, Any]:
        """One split; the documents split at random with scikit-learn."""
        return {"train": self._generate_examples(path)}

    def rows(self, path: Any) -> Iterator[tuple[int, dict[str, Any]]]:
        """Checked rows with their number as key."""
        table = read_table(path, SCHEMAS[self.name])
        for number, row in enumerate(table.to_dict("records")):
            yield number, {str(column): value for column, value in row.items()}
