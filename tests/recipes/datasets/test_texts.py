"""Texts are refused at the first bad line; prepared, they equal what the files say."""

import csv
import gzip
import io
import json
import re
import zipfile
from dataclasses import replace

import pytest

from recipes.datasets import (
    DatasetError,
    catalog,
    describe,
    imdb_word_index,
    load_arrays,
    load_frame,
    load_names,
    load_pairs,
    load_tagged,
    load_text,
    locate,
)
from recipes.datasets.texts import UPOS, part_path, read, read_conllu, read_pairs

PAIRS = "Go.\tVe.\tauthors\nHi.\tHola.\tauthors\n"
CONLLU = (
    "# text = I don't\n"
    "1\tI\ti\tPRON\tPRP\t_\t2\tnsubj\t_\t_\n"
    "2-3\tdon't\t_\t_\t_\t_\t_\t_\t_\t_\n"
    "2\tdo\tdo\tAUX\tVBP\t_\t0\troot\t_\t_\n"
    "3\tn't\tnot\tPART\tRB\t_\t2\tadvmod\t_\t_\n"
    "3.1\tgo\tgo\tVERB\tVB\t_\t_\t_\t2:dep\t_\n"
    "\n"
    "1\tGo\tgo\tVERB\tVB\t_\t0\troot\t_\t_\n"
    "\n"
)


def write(tmp_path, content, name="file.txt"):
    path = tmp_path / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def zipped(text):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("spa-eng/spa.txt", text)
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("name", "content"),
    [("file.txt", PAIRS), ("file.txt.gz", gzip.compress(PAIRS.encode())), ("spa-eng.zip", zipped(PAIRS))],
)
def test_pairs_are_read(tmp_path, name, content):
    assert read_pairs(write(tmp_path, content, name)) == [("Go.", "Ve."), ("Hi.", "Hola.")]


def test_characters_that_only_look_like_line_ends_stay_within_a_line(tmp_path):
    assert read_pairs(write(tmp_path, "a\x85b\tc\u2028d\n")) == [("a\x85b", "c\u2028d")]


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (PAIRS.replace("Hi.\t", "Hi. "), None),  # the authors become the translation: only the hash can tell
        ("Go.\tVe.\nHi. Hola.\n", "line 2: has no tab between sentence and translation"),
        ("Go.\tVe.\n\tHola.\n", "line 2: has an empty sentence"),
        ("Go.\tVe.\nHi.\t \n", "line 2: has an empty translation"),
        ("Go.\tVe.\n\nHi.\tHola.\n", "line 2: has no tab"),
        ("Go.\tVe.\r\n", "line 1: holds a carriage return"),
        ("Go.\tVe.\nHi.\tHo\0la.\n", "line 2: holds a carriage return or a zero byte"),
        ("Go.\tVe.\nHi.\tHola.", "line 2: has no line end: the file was cut off"),
        ("\ufeffGo.\tVe.\n", "line 1: begins with a byte order mark"),
        (PAIRS.encode() + "Sí.\tYes.\n".encode("latin-1"), "line 3: is not UTF-8 text"),
    ],
)
def test_the_first_bad_line_of_pairs_is_named(tmp_path, content, problem):
    path = write(tmp_path, content)
    if problem is None:
        assert len(read_pairs(path)) == 2
        return
    with pytest.raises(DatasetError, match=rf"file\.txt, {problem}.*; correct the line or get the original"):
        read_pairs(path)


@pytest.mark.parametrize(
    ("name", "content"), [("a.gz", b"no gzip"), ("a.gz", gzip.compress(b"x\n")[:-4]), ("a.zip", b"")]
)
def test_damaged_archives_are_refused(tmp_path, name, content):
    with pytest.raises(DatasetError, match=r"a\.\w+ can't be read"):
        read_pairs(write(tmp_path, content, name))


def multi30k(folder, english="A dog.\nA cat.\n", german="Ein Hund.\nEine Katze.\n"):
    for part in describe("multi30k").parts:
        text = english if ".en" in part.file else german
        (folder / part.file).write_bytes(gzip.compress(text.encode()))
    return folder


def test_aligned_files_become_pairs(tmp_path):
    splits = read("multi30k", multi30k(tmp_path))
    assert list(splits) == ["train", "validation", "test"]
    assert splits["test"] == [("A dog.", "Ein Hund."), ("A cat.", "Eine Katze.")]
    with pytest.raises(
        DatasetError, match=r"train\.en\.gz and .*train\.de\.gz are not aligned: 2 and 3 .*line 3 has no"
    ):
        read("multi30k", multi30k(tmp_path, german="Ein Hund.\nEine Katze.\nMehr.\n"))
    with pytest.raises(DatasetError, match=r"train\.de\.gz, line 2: is empty"):
        read("multi30k", multi30k(tmp_path, german="Ein Hund.\n \n"))


def test_names_lose_blanks_around_them(tmp_path):
    for part in describe("names_by_nationality").parts:
        (tmp_path / part.file).write_text("See \nDe la Cruz\n")
    names = read("names_by_nationality", tmp_path)["train"]
    assert len(names) == 18 and names["Chinese"] == ["See", "De la Cruz"]
    (tmp_path / "Irish.txt").write_text("O'Neal\n\n")
    with pytest.raises(DatasetError, match=r"Irish\.txt, line 2: is empty"):
        read("names_by_nationality", tmp_path)


def test_contractions_and_empty_nodes_are_left_out(tmp_path):
    assert read_conllu(write(tmp_path, CONLLU)) == [
        [("I", "PRON"), ("do", "AUX"), ("n't", "PART")],
        [("Go", "VERB")],
    ]


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("\tPRP", "", "line 2: has 9 columns instead of 10"),
        ("PRON", "PRO", "line 2: has the unknown part of speech 'PRO'"),
        ("3\tn't", "4\tn't", "line 5: is word 4 where word 3 should be"),
        ("\tdo\tdo", "\t\tdo", "line 4: has '' for a word"),
        ("\tdo\tdo", "\td o\tdo", "line 4: has 'd o' for a word"),
        ("\n\n1\tGo", "\n\n\n1\tGo", "line 8: ends a sentence without words"),
        ("_\n\n1\tGo", "_\n1\tGo", "line 7: is word 1 where word 4 should be"),
    ],
)
def test_the_first_bad_line_of_a_treebank_is_named(tmp_path, old, new, problem):
    assert CONLLU.count(old) == 1
    with pytest.raises(DatasetError, match=rf"file\.txt, {re.escape(problem)}"):
        read_conllu(write(tmp_path, CONLLU.replace(old, new)))


def test_a_treebank_that_ends_within_a_sentence_is_refused(tmp_path):
    with pytest.raises(DatasetError, match="line 8: is the last one, but no blank line ends the sentence"):
        read_conllu(write(tmp_path, CONLLU[:-1]))


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ('{"the": 1, "and": 1}', "does not give each rank from 1 on to one word"),
        ('{"the": 1, "and": 3}', "does not give each rank from 1 on to one word"),
        ('["the", "and"]', "does not give each rank"),
        ('{"the": 1,', "is no JSON text: .*line 1 column 11"),
        (b'{"caf\xe9": 1}', "is no JSON text"),
    ],
)
def test_a_word_index_gives_each_rank_once(tmp_path, content, problem):
    with pytest.raises(DatasetError, match=rf"file\.txt {problem}"):
        read("imdb_word_index", write(tmp_path, content))


def test_loaders_name_what_they_can_load():
    with pytest.raises(DatasetError, match="can't be loaded that way; tatoeba_en_hi, tatoeba_en_es, multi30k can"):
        load_pairs("tiny_shakespeare")
    with pytest.raises(DatasetError, match="multi30k is not a table; it holds pairs .*load_pairs"):
        load_frame("multi30k")
    with pytest.raises(DatasetError, match="ud_english_ewt can't be loaded as arrays: .*load_tagged"):
        load_arrays("ud_english_ewt")


def test_a_prepared_text_is_the_text_of_its_file(tmp_path, monkeypatch):
    """From a file of unusual characters through TFDS and the fast copy, twice."""
    import hashlib

    text = "a\x85b\tcafé \u2028\n" + "हिन्दी\tநன்றி\n" + "emoji 🙂\tx\n" * 3
    path = write(tmp_path, text, "hin.txt")
    info = replace(
        describe("tatoeba_en_hi"), file="hin.txt", sha256=hashlib.sha256(text.encode()).hexdigest(), bytes=len(text)
    )
    monkeypatch.setitem(catalog.DATASETS, "tatoeba_en_hi", info)
    monkeypatch.setenv("REPRODUCTIONS_DATA", str(tmp_path))
    monkeypatch.setenv("REPRODUCTIONS_CACHE", str(tmp_path / "cache"))
    for _ in ("prepared", "copy"):
        assert load_pairs("tatoeba_en_hi") == {"train": read_pairs(path)}
    path.write_text(text.replace("\tcafé", " café"))
    with pytest.raises(DatasetError, match=r"hin.txt has sha256 .*; .*line 1: has no tab .*Remove it or replace it"):
        load_pairs("tatoeba_en_hi")


@pytest.mark.data
def test_sentence_pairs_equal_the_files(dataset_file):
    for name, pairs, english in (("tatoeba_en_hi", 2948, 2713), ("tatoeba_en_es", 118_964, 102_904)):
        path = dataset_file(name)
        if path.suffix == ".zip":
            text = zipfile.ZipFile(path).read("spa-eng/spa.txt").decode()
        else:
            text = path.read_text(encoding="utf-8")
        rows = list(csv.reader(text.split("\n")[:-1], delimiter="\t", quoting=csv.QUOTE_NONE))
        found = load_pairs(name)["train"]
        assert found == [tuple(row[:2]) for row in rows]
        assert (len(set(found)), len({pair[0] for pair in found})) == (pairs, english)
    folder = dataset_file("multi30k")
    splits = load_pairs("multi30k")
    for split, file, count in (
        ("train", "train", 29_000),
        ("validation", "val", 1014),
        ("test", "test_2016_flickr", 1000),
    ):
        sides = [
            gzip.decompress((folder / f"{file}.{side}.gz").read_bytes()).decode().split("\n")[:-1]
            for side in ("en", "de")
        ]
        assert splits[split] == [(one.strip(), two.strip()) for one, two in zip(*sides, strict=True)]
        assert len(splits[split]) == count


@pytest.mark.data
def test_text_names_and_words_equal_the_files(dataset_file):
    path = dataset_file("tiny_shakespeare")
    text = load_text("tiny_shakespeare")
    assert text == path.read_text() and len(set(text)) == 65
    folder, names = dataset_file("names_by_nationality"), load_names()
    assert names == {
        path.stem: [line.strip() for line in path.read_text(encoding="utf-8").splitlines()]
        for path in sorted(folder.glob("*.txt"))
    }
    assert sum(map(len, names.values())) == 20_050
    path = dataset_file("imdb_word_index")
    index = imdb_word_index()
    assert index == json.loads(path.read_text())
    assert len(index) == 88_584 and index["the"] == 1


@pytest.mark.data
def test_tagged_sentences_equal_the_treebank(dataset_file):
    folder, splits = dataset_file("ud_english_ewt"), load_tagged("ud_english_ewt")
    path = part_path(folder, "en_ewt-ud-test.conllu")
    text = (gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()).decode()
    rows = [line.split("\t") for line in text.split("\n") if line[:1].isdigit()]
    expected = [(row[1], row[3]) for row in rows if row[0].isdigit()]
    assert [token for sentence in splits["test"] for token in sentence] == expected
    assert {split: len(sentences) for split, sentences in splits.items()} == {
        "train": 12_544, "validation": 2001, "test": 2077,
    }  # fmt: skip
    assert sum(map(len, splits["train"])) == 204_577
    assert {tag for sentence in splits["train"] for _, tag in sentence} == set(UPOS)


@pytest.mark.data
def test_the_review_words_follow_the_index(dataset_file):
    for name in ("imdb", "imdb_word_index"):
        dataset_file(name)
    words = {rank: word for word, rank in imdb_word_index().items()}
    (x_train, _), _ = load_arrays("imdb")
    first = " ".join(words[rank] for rank in x_train[0] if rank)
    assert first.startswith("bromwell high is a cartoon comedy it ran at the same time as some other programs")


@pytest.mark.data
def test_series_run_through_time_without_gaps(dataset_file):
    import pandas as pd

    for name, column, step in (("airline_passengers", "Month", "MS"), ("daily_min_temperatures", "Date", "D")):
        expected, frame = pd.read_csv(dataset_file(name)), load_frame(name)
        pd.testing.assert_frame_equal(frame, expected, check_exact=True)
        times = pd.to_datetime(frame[column])
        missing = pd.date_range(times.iloc[0], times.iloc[-1], freq=step).difference(times)
        assert times.is_monotonic_increasing
        assert missing.strftime("%Y-%m-%d").tolist() == ([] if step == "MS" else ["1984-12-31", "1988-12-31"])


@pytest.mark.data
def test_the_hindi_file_with_a_lost_tab_is_refused(dataset_file, tmp_path, monkeypatch):
    lines = dataset_file("tatoeba_en_hi").read_text(encoding="utf-8").split("\n")
    lines[99] = lines[99].replace("\t", " ")
    copy = tmp_path / "tatoeba" / "hin.txt"
    copy.parent.mkdir()
    copy.write_text("\n".join(lines), encoding="utf-8")
    monkeypatch.setenv("REPRODUCTIONS_DATA", str(tmp_path))
    with pytest.raises(DatasetError, match="expected 79e103bd.*line 100: has no tab"):
        locate("tatoeba_en_hi")
