"""Training state on disk: written whole or not at all, and read back only if it belongs to the same run."""

from __future__ import annotations

import json
import os
import tempfile
import zipfile
from pathlib import Path
from typing import Any

import numpy as np


def save(path: Path, arrays: list[Any], meta: dict[str, Any]) -> None:
    """Write arrays and a JSON-able description to `path` (.npz) through a temporary file and an atomic rename."""
    path.parent.mkdir(parents=True, exist_ok=True)
    columns: dict[str, Any] = {f"array_{i:04d}": np.asarray(array) for i, array in enumerate(arrays)}
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=path.name, suffix=".tmp")
    try:
        with os.fdopen(descriptor, "wb") as file:
            np.savez(file, meta=np.array(json.dumps(meta)), **columns)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def load(path: Path, run: dict[str, Any]) -> tuple[list[np.ndarray], dict[str, Any]] | None:
    """Read what `save` wrote, or None if there is nothing, it is torn, or its `meta["run"]` is another run's."""
    try:
        with np.load(path, allow_pickle=False) as file:
            meta = json.loads(str(file["meta"]))
            if meta.get("run") != json.loads(json.dumps(run)):
                return None
            return [file[name] for name in sorted(file.files) if name != "meta"], meta
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        return None
