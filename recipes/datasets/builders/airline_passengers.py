"""TFDS builder of the airline's passengers: one split of 144 months, in order."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from recipes.datasets.builders.table import TEXT, WHOLE, TableBuilder


class AirlinePassengers(TableBuilder):
    """Thousands of passengers by month."""

    name = "airline_passengers"
    COLUMNS = {"Month": TEXT, "Passengers": WHOLE}

    def _generate_examples(self, path: Any) -> Iterator[tuple[int, dict[str, Any]]]:
        return self.rows(path)


Builder = AirlinePassengers
