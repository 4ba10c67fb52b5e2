"""What a table's columns must hold, and a reader that refuses the first cell that does not."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from recipes.datasets.catalog import DatasetError

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Column:
    """One column: text from a set, or numbers in a range.

    Args:
        name: header, exactly as in the file.
        low: smallest allowed number.
        high: largest allowed number.
        values: the allowed texts; numbers are not allowed then.
        text: any text but an empty cell.
        unique: no value may occur twice.
        whole: only whole numbers.
    """

    name: str
    low: float = float("-inf")
    high: float = float("inf")
    values: tuple[str, ...] = ()
    text: bool = False
    unique: bool = False
    whole: bool = False

    def problem(self, cell: str) -> str | None:
        """What is wrong with a cell, or None."""
        if not cell.strip():
            return "is empty"
        if self.text:
            return None
        if self.values:
            return None if cell in self.values else f"is {cell!r}, not one of {', '.join(self.values)}"
        try:
            number = float(cell)
        except ValueError:
            return f"is {cell!r}, not a number"
        if not self.low <= number <= self.high:  # NaN fails this comparison as well
            return f"is {cell}, outside {self.low:g} to {self.high:g}"
        return f"is {cell}, not a whole number" if self.whole and not number.is_integer() else None


@dataclass(frozen=True)
class Schema:
    """A table: its columns in order and how many rows it has."""

    columns: tuple[Column, ...]
    rows: int


def _flag(name: str) -> Column:
    return Column(name, 0, 1, whole=True)


SCHEMAS = {
    "churn_modelling": Schema(
        (
            Column("RowNumber", 1, 10_000, unique=True, whole=True),
            Column("CustomerId", 1, unique=True, whole=True),
            Column("Surname", text=True),
            Column("CreditScore", 300, 850, whole=True),
            Column("Geography", values=("France", "Germany", "Spain")),
            Column("Gender", values=("Female", "Male")),
            Column("Age", 18, 120, whole=True),
            Column("Tenure", 0, 10, whole=True),
            Column("Balance", 0),
            Column("NumOfProducts", 1, 4, whole=True),
            _flag("HasCrCard"),
            _flag("IsActiveMember"),
            Column("EstimatedSalary", 0),
            _flag("Exited"),
        ),
        10_000,
    ),
    "graduate_admissions": Schema(
        (
            Column("Serial No.", 1, 500, unique=True, whole=True),
            Column("GRE Score", 260, 340, whole=True),
            Column("TOEFL Score", 0, 120, whole=True),
            Column("University Rating", 1, 5, whole=True),
            Column("SOP", 1, 5),
            Column("LOR ", 1, 5),
            Column("CGPA", 0, 10),
            _flag("Research"),
            Column("Chance of Admit ", 0, 1),
        ),
        500,
    ),
}


def problems(path: Path, schema: Schema) -> Iterator[str]:
    """Everything wrong with a table, line by line; line 1 is the header."""
    names = [column.name for column in schema.columns]
    seen: dict[str, set[str]] = {column.name: set() for column in schema.columns if column.unique}
    with path.open(newline="", encoding="utf-8", errors="replace") as file:
        reader = csv.reader(file)
        header = next(reader, [])
        if header != names:
            missing = [name for name in names if name not in header]
            extra = [name for name in header if name not in names]
            yield f"line 1: columns differ (missing {missing}, extra {extra})"
            return
        rows = 0
        for row in reader:
            rows += 1
            if len(row) != len(names):
                yield f"line {reader.line_num}: {len(row)} cells instead of {len(names)}"
                continue
            for column, cell in zip(schema.columns, row, strict=True):
                problem = column.problem(cell)
                if problem is None and column.unique:
                    problem = f"is {cell} a second time" if cell in seen[column.name] else None
                    seen[column.name].add(cell)
                if problem:
                    yield f"line {reader.line_num}: {column.name.strip()} {problem}"
            if rows == schema.rows + 1:
                yield f"line {reader.line_num}: more than {schema.rows} rows"
        if rows < schema.rows:
            yield f"line {reader.line_num}: ends after {rows} of {schema.rows} rows"


def first_problem(path: Path, schema: Schema) -> str | None:
    """The first thing wrong with a table, or None."""
    return next(problems(path, schema), None)


def read_table(path: Path, schema: Schema) -> pd.DataFrame:
    """Read a CSV file that satisfies its schema.

    Raises:
        DatasetError: names the file, the line, the column and what is wrong.
    """
    import pandas as pd

    problem = first_problem(path, schema)
    if problem is not None:
        raise DatasetError(f"{path}, {problem}; correct the line or get the original file.")
    return pd.read_csv(path)
