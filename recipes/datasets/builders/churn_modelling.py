"""TFDS builder of the churn table: one split of 10,000 customers, in the order of the file."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from recipes.datasets.builders.table import NUMBER, TEXT, WHOLE, TableBuilder


class ChurnModelling(TableBuilder):
    """Bank customers, 13 attributes and whether they left (`Exited`)."""

    name = "churn_modelling"
    COLUMNS = {
        "RowNumber": WHOLE,
        "CustomerId": WHOLE,
        "Surname": TEXT,
        "CreditScore": WHOLE,
        "Geography": TEXT,
        "Gender": TEXT,
        "Age": WHOLE,
        "Tenure": WHOLE,
        "Balance": NUMBER,
        "NumOfProducts": WHOLE,
        "HasCrCard": WHOLE,
        "IsActiveMember": WHOLE,
        "EstimatedSalary": NUMBER,
        "Exited": WHOLE,
    }

    def _generate_examples(self, path: Any) -> Iterator[tuple[int, dict[str, Any]]]:
        return self.rows(path)


Builder = ChurnModelling
