"""Tables are refused at the first bad line: missing cells, stray rows, values out of range."""

import re

import pandas as pd
import pytest

from recipes.datasets import DatasetError, locate
from recipes.datasets.tables import MISSING, SCHEMAS, Column, Schema, first_problem, read_table

DATED = Schema((Column("day", date="%Y-%m-%d", unique=True), Column("value")), 2)
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
        ("2,Rome,0", "2,Rome,inf", "line 3: score is inf, outside 0 to 1"),
        ("2,Rome,0", "2,Rome,0_1", "line 3: score is '0_1', not a number"),
        ("2,Rome,0", "2.0,Rome,0", "line 3: id is 2.0, not written as a whole number"),
        ("2,Rome,0", "01,Rome,0", "line 3: id is 01 a second time"),
        ("2,Rome,0", '2,Rome,"0' + "x" * 200_000, r"line 3: field larger than field limit .131072."),
        ("id,city,score", "city,id,score", "line 1: columns differ .*expected the order ..id., .city., .score..."),
        ("id,city,score", "id,town,score", "line 1: columns differ .missing .'city'., extra .'town'.."),
    ],
)
def test_the_first_bad_line_is_named(tmp_path, old, new, problem):
    path = write(tmp_path, GOOD.replace(old, new))
    with pytest.raises(DatasetError, match=rf"table\.csv, {problem}; correct the line"):
        read_table(path, SMALL)


@pytest.mark.parametrize(
    ("day", "problem"),
    [
        ("1981-02-29", "day is '1981-02-29', not a date"),
        ("1981-2-03", "day is '1981-2-03', not a date"),
        ("", "day is empty"),
        ("1981-02-01", "day is 1981-02-01 a second time"),
    ],
)
def test_dates_must_exist_and_be_written_alike(tmp_path, day, problem):
    with pytest.raises(DatasetError, match=f"line 3: {problem}"):
        read_table(write(tmp_path, f"day,value\n1981-02-01,1\n{day},2\n"), DATED)


@pytest.mark.parametrize("text", sorted(MISSING))
def test_texts_that_pandas_takes_for_missing_are_refused(tmp_path, text):
    path = write(tmp_path, f"who,rate\n{text},1\nAda,2\n")
    assert pd.read_csv(path)["who"].isna().tolist() == [True, False]
    with pytest.raises(DatasetError, match=rf"line 2: who is '{re.escape(text)}', which pandas reads as missing"):
        read_table(path, Schema((Column("who", text=True), Column("rate", 0)), 2))


@pytest.mark.parametrize(("cell", "problem"), [("inf", "rate is inf, not finite"), ("nan", "rate is nan, outside")])
def test_numbers_without_bounds_must_be_finite(tmp_path, cell, problem):
    with pytest.raises(DatasetError, match=f"line 3: {problem}"):
        read_table(
            write(tmp_path, f"who,rate\nAda,1\nBob,{cell}\n"), Schema((Column("who", text=True), Column("rate")), 2)
        )


def test_bytes_that_are_not_utf8_are_refused(tmp_path):
    path = tmp_path / "table.csv"
    path.write_bytes("who,rate\nZoë,1\n".encode("latin-1"))
    with pytest.raises(DatasetError, match="line 2: who is not UTF-8 text"):
        read_table(path, Schema((Column("who", text=True), Column("rate", 0)), 1))


def test_a_header_that_lost_its_blank_is_read_under_its_own_name(tmp_path):
    schema = Schema((Column("a "), Column("b")), 1)
    assert list(read_table(write(tmp_path, "a,b\n1,2\n"), schema).columns) == ["a ", "b"]


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
    with pytest.raises(DatasetError, match="expected e63e513d.*line 502: more than 500 rows"):
        locate("graduate_admissions")
    copy.write_bytes(original.replace(b"\r\n", b"\n"))
    assert locate("graduate_admissions") == copy, "the same text with other line ends is the same table"


@pytest.mark.data
@pytest.mark.parametrize("ends", ["\r\n", "\n"])
@pytest.mark.parametrize("blanks", [(" ", " "), ("", " "), (" ", ""), ("", "")])
def test_admission_copies_that_lost_blanks_are_the_same_table(dataset_file, tmp_path, monkeypatch, ends, blanks):
    original = dataset_file("graduate_admissions")
    text = original.read_bytes().decode().replace("LOR ,", f"LOR{blanks[0]},")
    copy = tmp_path / "graduate_admissions" / original.name
    copy.parent.mkdir()
    copy.write_bytes(text.replace("Admit \r\n", f"Admit{blanks[1]}\r\n").replace("\r\n", ends).encode())
    monkeypatch.setenv("REPRODUCTIONS_DATA", str(tmp_path))
    assert locate("graduate_admissions") == copy
    pd.testing.assert_frame_equal(read_table(copy, SCHEMAS["graduate_admissions"]), pd.read_csv(original))


@pytest.mark.data
def test_the_churn_copy_with_crlf_is_accepted(dataset_file, tmp_path, monkeypatch):
    original = dataset_file("churn_modelling").read_bytes().replace(b"\r\n", b"\n")
    copy = tmp_path / "churn" / "Churn_Modelling.csv"
    copy.parent.mkdir()
    copy.write_bytes(original.replace(b"\n", b"\r\n"))
    monkeypatch.setenv("REPRODUCTIONS_DATA", str(tmp_path))
    assert copy.stat().st_size == 684_858 and locate("churn_modelling") == copy


@pytest.mark.data
@pytest.mark.parametrize("name", list(SCHEMAS))
def test_the_real_tables_satisfy_their_schemas(name, dataset_file):
    assert first_problem(dataset_file(name), SCHEMAS[name]) is None
