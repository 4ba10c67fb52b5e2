"""TFDS builder of Melbourne's lowest temperatures: one split of 3,650 days, in order."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from recipes.datasets.builders.table import NUMBER, TEXT, TableBuilder


class DailyMinTemperatures(TableBuilder):
    """Lowest temperature by day in degrees Celsius."""

    name = "daily_min_temperatures"
    COLUMNS = {"Date": TEXT, "Temp": NUMBER}

    def _generate_examples(self, path: Any) -> Iterator[tuple[int, dict[str, Any]]]:
        return self.rows(path)


Builder = DailyMinTemperatures
