"""The ledger: one JSON record a reproduction, written whole or not at all; and the partial results of a running one."""

from __future__ import annotations

import hashlib
import json
import math
import os
import shutil
import tempfile
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

SCHEMA = 1
PARTS = {"commit", "environment", "datasets", "facts", "variants", "golden", "claims", "wall_seconds"}
CURVE_POINTS = 120
"""Curves keep at most so many points: enough for a figure, small enough to commit."""


class LedgerError(ValueError):
    """A record or the results folder can't be used; the message names it and the mend."""


def default_results() -> Path:
    """`results/` of the checkout that holds this package, or of the current folder where it is installed elsewhere."""
    checkout = Path(__file__).resolve().parent.parent
    return checkout / "results" if (checkout / "pyproject.toml").exists() else Path.cwd() / "results"


def require_writable(results: Path) -> None:
    """Fail now rather than after an hour of training.

    Raises:
        LedgerError: nothing can be written there.
    """
    try:
        results.mkdir(parents=True, exist_ok=True)
        descriptor, probe = tempfile.mkstemp(dir=results)
        os.close(descriptor)
        Path(probe).unlink()
    except OSError as error:
        raise LedgerError(
            f"The results folder {results} can't be written ({error.strerror}); choose another with --results DIR."
        ) from error


def finite(value: Any) -> Any:
    """The value with NaN and infinities as None, numpy scalars as Python's: what JSON can hold."""
    if isinstance(value, Mapping):
        return {str(key): finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [finite(item) for item in value]
    if hasattr(value, "item") and not isinstance(value, str):
        value = value.item()
    return None if isinstance(value, float) and not math.isfinite(value) else value


def write_json(path: Path, value: Any) -> None:
    """Write JSON through a temporary file, fsync and rename, so that a kill leaves the old file or the new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.stem}-", suffix=".tmp")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump(finite(value), file, indent=1, allow_nan=False)
            file.write("\n")
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).chmod(0o644)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def read(results: Path, name: str) -> dict[str, Any] | None:
    """The record of a reproduction, None if it was never run.

    Raises:
        LedgerError: the file is torn or of another schema.
    """
    path = results / f"{name}.json"
    if not path.exists():
        return None
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
        known = isinstance(record, dict) and record.get("schema") == SCHEMA and record.get("reproduction") == name
        known = known and set(record) >= PARTS
    except (OSError, ValueError) as error:
        raise LedgerError(
            f"{path} can't be read ({error}); restore it with git, or delete it and run again."
        ) from error
    if not known:
        raise LedgerError(f"{path} is no record of {name} in schema {SCHEMA}; delete it and run {name} again.")
    return record


def digest(record: Mapping[str, Any], figure: Any) -> str:
    """Short hash of a record's measurements and of a figure's declaration, which the drawn figure carries."""
    text = json.dumps([record["variants"], record["facts"], repr(figure)], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def summarise(values: Sequence[float]) -> dict[str, float | None]:
    """Mean, 95% interval of the mean and standard deviation; all None where a run diverged."""
    import numpy as np

    from reproductions.verdicts import mean_interval

    if not np.isfinite(values).all():
        return {"mean": None, "low": None, "high": None, "sd": None}
    mean, low, high = mean_interval(values)
    deviation = float(np.std(values, ddof=1)) if len(values) > 1 else None
    return finite({"mean": mean, "low": low, "high": high, "sd": deviation})


def thin(curve: Any) -> dict[str, list[float | None]]:
    """Mean and 10th to 90th percentile over seeds of a (seeds, epochs) curve, at no more than `CURVE_POINTS` epochs."""
    import numpy as np

    curve = np.asarray(curve, dtype="float64")
    epochs = curve.shape[1]
    chosen = np.unique(np.linspace(0, epochs - 1, min(epochs, CURVE_POINTS)).round().astype(int))

    def column(values: Any) -> list[float | None]:
        return [finite(float(f"{value:.5g}")) for value in values]

    picked = curve[:, chosen]
    with warnings.catch_warnings():
        # An epoch that diverged in every seed has no mean: null in the record.
        warnings.simplefilter("ignore", RuntimeWarning)
        low, high = np.nanpercentile(picked, [10, 90], axis=0)
        mean = np.nanmean(picked, axis=0)
    return {
        "epoch": [int(epoch) + 1 for epoch in chosen],
        "mean": column(mean),
        "low": column(low),
        "high": column(high),
    }


class Partial:
    """Finished variants of a run that has not ended, kept so that a kill costs little.

    Args:
        folder: where they are kept; one file a variant, one checkpoint folder a variant.
        fingerprint: hash of everything that the measurements depend on; older files with another one are deleted.
    """

    def __init__(self, folder: Path, fingerprint: str):
        self.folder = folder
        stamp = folder / "fingerprint"
        if folder.exists() and (not stamp.exists() or stamp.read_text() != fingerprint):
            shutil.rmtree(folder)
        folder.mkdir(parents=True, exist_ok=True)
        stamp.write_text(fingerprint)

    def load(self, key: str) -> dict[str, Any] | None:
        """What was saved under a key, None if nothing or torn."""
        try:
            return json.loads((self.folder / f"{key}.json").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None

    def save(self, key: str, value: dict[str, Any]) -> None:
        """Keep a finished piece."""
        write_json(self.folder / f"{key}.json", value)

    def checkpoint(self, key: str) -> Path:
        """Folder for the training state of a piece."""
        return self.folder / f"{key}.checkpoint"

    def clear(self) -> None:
        """Delete everything: the record is complete."""
        shutil.rmtree(self.folder, ignore_errors=True)
