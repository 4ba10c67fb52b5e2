"""TFDS builder of the graduate-admissions table: one split of 500 applicants, in the order of the file."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from recipes.datasets.builders.table import NUMBER, WHOLE, TableBuilder


class GraduateAdmissions(TableBuilder):
    """Applicants, seven marks and their chance of admission (0 to 1)."""

    name = "graduate_admissions"
    COLUMNS = {
        "Serial No.": WHOLE,
        "GRE Score": WHOLE,
        "TOEFL Score": WHOLE,
        "University Rating": WHOLE,
        "SOP": NUMBER,
        "LOR ": NUMBER,
        "CGPA": NUMBER,
        "Research": WHOLE,
        "Chance of Admit ": NUMBER,
    }

    def _generate_examples(self, path: Any) -> Iterator[tuple[int, dict[str, Any]]]:
        return self.rows(path)


Builder = GraduateAdmissions
