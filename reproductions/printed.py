"""Run a document's cells as printed and say what happens to each.

The cells are typed from the document: same calls, same arguments, same variable names, because a missing name is one of
the things that go wrong. Cells run in one namespace and in order, like a notebook; an error ends its cell, not the run.
"""

from __future__ import annotations

import contextlib
import io
import warnings
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Outcome:
    """What one cell did.

    Args:
        result: `"runs"`, or the error as `"NameError: name 'history' is not defined"`.
        warnings: the class names of the warnings it raised, in order.
    """

    result: str
    warnings: tuple[str, ...]


def run_cells(cells: dict[str, str], namespace: dict[str, Any]) -> dict[str, Outcome]:
    """Execute each cell's source in `namespace`; what the cells print is dropped."""
    outcomes = {}
    for name, source in cells.items():
        with warnings.catch_warnings(record=True) as caught, contextlib.redirect_stdout(io.StringIO()):
            warnings.simplefilter("always")
            try:
                exec(compile(source, f"<cell {name}>", "exec"), namespace)
                result = "runs"
            except Exception as error:
                result = f"{type(error).__name__}: {error}"
        outcomes[name] = Outcome(result, tuple(warning.category.__name__ for warning in caught))
    return outcomes
