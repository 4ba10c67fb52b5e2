"""What a table's columns must hold, and a reader that refuses the first cell that does not."""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from recipes.datasets.catalog import DatasetError

if TYPE_CHECKING:
    import pandas as pd

MISSING = {
    "#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND", "1.#QNAN", "<NA>", "N/A", "NA", "NULL",
    "NaN", "None", "n/a", "nan", "null",
}  # fmt: skip
"""Texts that `pd.read_csv` turns into NaN without a word."""


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
        whole: only whole numbers, written without a point: `2.0` would turn the whole column into floats.
        date: a date in this format of `strptime`.
    """

    name: str
    low: float = float("-inf")
    high: float = float("inf")
    values: tuple[str, ...] = ()
    text: bool = False
    unique: bool = False
    whole: bool = False
    date: str = ""

    def problem(self, cell: str) -> str | None:
        """What is wrong with a cell, or None."""
        if not cell.strip():
            return "is empty"
        if "\ufffd" in cell:
            return "is not UTF-8 text"
        if self.text:
            return f"is {cell!r}, which pandas reads as missing" if cell in MISSING else None
        if self.date:
            return None if _is_date(cell, self.date) else f"is {cell!r}, not a date {self.date}"
        if self.values:
            return None if cell in self.values else f"is {cell!r}, not one of {', '.join(self.values)}"
        try:
            number = float(cell)
        except ValueError:
            number = None
        if (
            number is None or "_" in cell or not cell.isascii()
        ):  # float() takes 1_000 and Arabic digits, pandas does not
            return f"is {cell!r}, not a number"
        if not self.low <= number <= self.high:  # NaN fails this comparison as well
            return f"is {cell}, outside {self.low:g} to {self.high:g}"
        if not math.isfinite(number):
            return f"is {cell}, not finite"
        if self.whole and not re.fullmatch(r"\s*[+-]?\d+\s*", cell):
            return f"is {cell}, {'not a whole number' if number % 1 else 'not written as a whole number'}"
        return None

    def key(self, cell: str) -> str | float:
        """What two equal cells have in common: `7` and `07` are one number."""
        return cell if self.text or self.values or self.date else float(cell)


@dataclass(frozen=True)
class Schema:
    """A table: its columns in order and how many rows it has."""

    columns: tuple[Column, ...]
    rows: int


def _is_date(cell: str, form: str) -> bool:
    try:
        return datetime.strptime(cell, form).strftime(form) == cell
    except ValueError:
        return False


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
    "airline_passengers": Schema(
        (Column("Month", date="%Y-%m", unique=True), Column("Passengers", 1, 10_000, whole=True)), 144
    ),
    "daily_min_temperatures": Schema((Column("Date", date="%Y-%m-%d", unique=True), Column("Temp", -10, 50)), 3650),
}


def problems(path: Path, schema: Schema) -> Iterator[str]:
    """Everything wrong with a table, line by line; line 1 is the header."""
    with path.open(newline="", encoding="utf-8", errors="replace") as file:
        reader = csv.reader(file)
        try:
            # Many copies have lost the blank that ends some headers; nothing else differs in them.
            header = [name.rstrip() for name in next(reader, [])]
            names = [column.name.rstrip() for column in schema.columns]
            if header != names:
                missing = [name for name in names if name not in header]
                extra = [name for name in header if name not in names]
                order = "" if missing or extra else f"; expected the order {names}"
                yield f"line 1: columns differ (missing {missing}, extra {extra}{order})"
                return
            yield from _row_problems(reader, schema)
        except csv.Error as error:  # an open quote that swallows the rest of the file
            yield f"line {reader.line_num}: {error}"


def _row_problems(reader: Any, schema: Schema) -> Iterator[str]:
    seen: dict[str, set[str | float]] = {column.name: set() for column in schema.columns if column.unique}
    rows = 0
    for row in reader:
        rows += 1
        if rows == schema.rows + 1:
            yield f"line {reader.line_num}: more than {schema.rows} rows"
        if len(row) != len(schema.columns):
            yield f"line {reader.line_num}: {len(row)} cells instead of {len(schema.columns)}"
            continue
        for column, cell in zip(schema.columns, row, strict=True):
            problem = column.problem(cell)
            if problem is None and column.unique:
                problem = f"is {cell} a second time" if column.key(cell) in seen[column.name] else None
                seen[column.name].add(column.key(cell))
            if problem:
                yield f"line {reader.line_num}: {column.name.rstrip()} {problem}"
    if rows < schema.rows:
        yield f"line {reader.line_num}: ends after {rows} of {schema.rows} rows"


def first_problem(path: Path, schema: Schema) -> str | None:
    """The first thing wrong with a table, or None."""
    return next(problems(path, schema), None)


def read_table(path: Path, schema: Schema) -> pd.DataFrame:
    """Read a CSV file that satisfies its schema; columns get the schema's names.

    Raises:
        DatasetError: names the file, the line, the column and what is wrong.
    """
    import pandas as pd

    problem = first_problem(path, schema)
    if problem is not None:
        raise DatasetError(f"{path}, {problem}; correct the line or get the original file.")
    return pd.read_csv(path).set_axis([column.name for column in schema.columns], axis="columns")
