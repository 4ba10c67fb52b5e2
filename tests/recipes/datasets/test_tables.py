"""Tables are refused at the first bad line: missing cells, stray rows, values out of range."""

import pytest

from recipes.datasets import DatasetError, locate
from recipes.datasets.tables import SCHEMAS, Column, Schema, first_problem, read_table

SMALL = Schema(
    (Column("id", 1, unique=True, whole=True), Column("city", values=("Oslo", "Rome")), Column("score", 0, 1)), 3
)
GOOD = "id,city,score\n1,Oslo,0.5\n2,Rome,0\n3,Rome,1\n"


def write(tmp_path, text):
    path = tmp_path / "table.csv"
    path.write_text(text)
    return path


def test_a_good_table_is_read(tmp_path):
    table = read_table(write(tmp_path, GOOD), SMALL)
    assert table["score"].tolist() == [0.5, 0.0, 1.0]
    assert read_table(write(tmp_path, GOOD.replace("\n", "\r\n")), SMALL).shape == (3, 3)


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("2,Rome,0", "2,Rome,", "line 3: score is empty"),
        ("2,Rome,0", "2,,0", "line 3: city is empty"),
        ("2,Rome,0", "2,Rome,nan", "line 3: score is nan, outside 0 to 1"),
        ("2,Rome,0", "2,Rome,1.5", "line 3: score is 1.5, outside 0 to 1"),
        ("2,Rome,0", "2,Rome,high", "line 3: score is 'high', not a number"),
        ("2,Rome,0", "2,Paris,0", "line 3: city is 'Paris', not one of Oslo, Rome"),
        ("2,Rome,0", "2.5,Rome,0", "line 3: id is 2.5, not a whole number"),
        ("2,Rome,0", "1,Rome,0", "line 3: id is 1 a second time"),
        ("2,Rome,0", "2,Rome", "line 3: 2 cells instead of 3"),
        ("3,Rome,1\n", "", "line 3: ends after 2 of 3 rows"),
        ("3,Rome,1\n", "3,Rome,1\n4,Oslo,1\n", "line 5: more than 3 rows"),
        ("id,city,score", "id,town,score", "line 1: columns differ .missing .'city'., extra .'town'.."),
    ],
)
def test_the_first_bad_line_is_named(tmp_path, old, new, problem):
    path = write(tmp_path, GOOD.replace(old, new))
    with pytest.raises(DatasetError, match=rf"table\.csv, {problem}; correct the line"):
        read_table(path, SMALL)


@pytest.mark.data
def test_the_churn_copy_with_two_empty_cells_is_refused(dataset_file, tmp_path, monkeypatch):
    lines = dataset_file("churn_modelling").read_text().split("\n")
    for number in (120, 4000):  # the Age of two customers
        cells = lines[number].split(",")
        cells[6] = ""
        lines[number] = ",".join(cells)
    copy = tmp_path / "churn" / "Churn_Modelling.csv"
    copy.parent.mkdir()
    copy.write_text("\n".join(lines))
    monkeypatch.setenv("REPRODUCTIONS_DATA", str(tmp_path))
    with pytest.raises(DatasetError, match="has sha256 [0-9a-f]{64}, expected ee2a5c9d.*line 121: Age is empty"):
        locate("churn_modelling")


@pytest.mark.data
def test_the_admission_copy_with_a_stray_last_row_is_refused(dataset_file, tmp_path, monkeypatch):
    original = dataset_file("graduate_admissions").read_bytes()
    copy = tmp_path / "graduate_admissions" / "Admission_Predict_Ver1.1.csv"
    copy.parent.mkdir()
    copy.write_bytes(original + b"501,330,115,5,4.5,3,9.34,1,0.9\r\n")
    monkeypatch.setenv("REPRODUCTIONS_DATA", str(tmp_path))
    with pytest.raises(DatasetError, match="expected e63e513d.*line 502: Serial No. is 501, outside 1 to 500"):
        locate("graduate_admissions")
    copy.write_bytes(original.replace(b"\r\n", b"\n"))
    assert locate("graduate_admissions") == copy, "the same text with other line ends is the same table"


@pytest.mark.data
@pytest.mark.parametrize("name", list(SCHEMAS))
def test_the_real_tables_satisfy_their_schemas(name, dataset_file):
    assert first_problem(dataset_file(name), SCHEMAS[name]) is None
