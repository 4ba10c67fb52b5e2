"""Features on one scale, with statistics of the training part alone.

A scaler that has seen the test part has told the model something of it. So the training part is named first, the others are
only transformed, and nothing is fitted twice.
"""

from __future__ import annotations

from typing import Any, Literal

import numpy as np

Kind = Literal["standard", "minmax"]


class FeatureScaler:
    """Scales every column of a table by what it saw in the training part; scikit-learn's scalers with stricter manners.

        standard: x' = (x - mean) / std         so that the training part has mean 0 and standard deviation 1
        minmax:   x' = (x - min) / (max - min)  so that the training part lies between 0 and 1

    Other parts are scaled by the same numbers, so their mean is about 0, and they may reach beyond 0 and 1.

    Args:
        kind: `"standard"` or `"minmax"`.

    Raises:
        ValueError: for an unknown kind.

    Source: document 003, Videos 13 (MinMaxScaler) and 22.
    """

    def __init__(self, kind: Kind = "standard"):
        if kind not in ("standard", "minmax"):
            raise ValueError(f"`kind` must be 'standard' or 'minmax'. Received: kind={kind!r}")
        self.kind = kind
        self._scaler: Any = None

    def fit(self, train: Any) -> FeatureScaler:
        """Learn the statistics from the training part `(examples, features)`; once only.

        Raises:
            ValueError: it was fitted already, or the table has a constant column, NaN, infinity or no two rows.
        """
        if self._scaler is not None:
            raise ValueError(
                "This scaler is fitted already, and a second part (the test part?) must not be. "
                "Use `transform`, or a new FeatureScaler for other data."
            )
        table = _table(train, "train")
        if len(table) < 2:
            raise ValueError(f"`train` needs two rows or more. Received: shape={table.shape}")
        constant = np.flatnonzero(np.ptp(table, axis=0) == 0)
        if len(constant):
            raise ValueError(
                f"`train` has columns with a single value, which no scaling can spread: {_names(train, constant)}. Drop them."
            )
        from sklearn.preprocessing import MinMaxScaler, StandardScaler

        self._scaler = (StandardScaler() if self.kind == "standard" else MinMaxScaler()).fit(table)
        return self

    def transform(self, part: Any) -> np.ndarray:
        """Any part `(examples, features)`, scaled by the training part's statistics, as float64.

        Raises:
            ValueError: nothing was fitted, or the table has other columns, NaN or infinity.
        """
        return self._apply(part, "part", "transform")

    def inverse_transform(self, scaled: Any) -> np.ndarray:
        """Back to the units of the training part.

        Raises:
            ValueError: as in `transform`.
        """
        return self._apply(scaled, "scaled", "inverse_transform")

    def _apply(self, part: Any, name: str, method: str) -> np.ndarray:
        if self._scaler is None:
            raise ValueError(f"Call `fit` with the training part before `{method}`.")
        table = _table(part, name)
        if table.shape[1] != self._scaler.n_features_in_:
            raise ValueError(
                f"`{name}` must have the {self._scaler.n_features_in_} columns of the training part. "
                f"Received: shape={table.shape}"
            )
        return getattr(self._scaler, method)(table)


def scale_splits(train: Any, *others: Any, kind: Kind = "standard") -> tuple[np.ndarray, ...]:
    """The training part and the others (validation, test), scaled by statistics of the training part alone.

    Args:
        train: training table `(examples, features)`.
        others: tables with the same columns.
        kind: `"standard"` or `"minmax"`.

    Returns:
        The scaled tables, in the order given, as float64.

    Raises:
        ValueError: a table is unusable, or `train` holds rows of another part (it shares memory with it).

    Example:
        >>> x_train, x_test = scale_splits(x_train, x_test)
    """
    for place, other in enumerate(others, start=1):
        if np.shares_memory(np.asarray(train), np.asarray(other)):
            raise ValueError(
                f"`train` shares rows with part {place} of the others: the scaler would see the test part. "
                "Split the table first."
            )
    scaler = FeatureScaler(kind).fit(train)
    return tuple(scaler.transform(part) for part in (train, *others))


def _table(part: Any, name: str) -> np.ndarray:
    table = np.asarray(part)
    if table.ndim != 2 or table.shape[1] == 0:
        raise ValueError(f"`{name}` must be a table (examples, features). Received: shape={table.shape}")
    try:
        table = table.astype("float64")
    except (TypeError, ValueError) as error:
        raise ValueError(f"`{name}` must hold numbers only; encode texts first. Received: {error}") from error
    unusable = np.flatnonzero(~np.isfinite(table).all(axis=0))
    if len(unusable):
        rows = np.flatnonzero(~np.isfinite(table).all(axis=1))
        raise ValueError(
            f"`{name}` has NaN or infinite values in columns {_names(part, unusable)}, first in row {rows[0]}."
        )
    return table


def _names(part: Any, places: np.ndarray) -> list[Any]:
    """Names of the columns where the table has names, else their numbers."""
    columns = getattr(part, "columns", None)
    return [int(place) if columns is None else str(columns[place]) for place in places]
