"""Prepared data equal their files, survive kills and torn copies, and load without TFDS the second time."""

import os
import signal
import subprocess
import sys
import time
import zipfile

import numpy as np
import pandas as pd
import pytest

from recipes.datasets import DatasetError, dataset_sha256, describe, load_arrays, load_frame, names, status
from recipes.datasets.files import cache_folder
from recipes.datasets.prepared import builder_class, pack, read_copy, unpack, write_copy
from recipes.datasets.tables import SCHEMAS


def run(code, cache, source):
    """Start Python with an empty cache and the folder that holds `source` as mirror."""
    places = {"REPRODUCTIONS_CACHE": str(cache), "REPRODUCTIONS_DATA": str(source.parents[1])}
    return subprocess.Popen(
        [sys.executable, "-c", code], env=os.environ | places,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


@pytest.mark.data
@pytest.mark.parametrize("name", list(SCHEMAS))
def test_tables_equal_read_csv(name, dataset_file):
    expected = pd.read_csv(dataset_file(name))
    for _ in ("prepared", "copy"):
        pd.testing.assert_frame_equal(load_frame(name), expected, check_exact=True)  # TFDS itself keeps 32 bits


@pytest.mark.data
def test_mnist_equals_its_file(dataset_file):
    with np.load(dataset_file("mnist")) as file:
        (x_train, y_train), (x_test, y_test) = load_arrays("mnist")
        for name, array in {"x_train": x_train, "y_train": y_train, "x_test": x_test, "y_test": y_test}.items():
            assert array.dtype == np.uint8
            np.testing.assert_array_equal(array, file[name])


def test_digits_equal_scikit_learns():
    from sklearn.datasets import load_digits

    images, labels = load_arrays("digits")
    np.testing.assert_array_equal(images, load_digits().images)
    np.testing.assert_array_equal(labels, load_digits().target)
    assert dataset_sha256("digits") == describe("digits").sha256
    assert images.nbytes + labels.nbytes == describe("digits").bytes
    with pytest.raises(DatasetError, match="is not a table; use load_arrays"):
        load_frame("digits")
    with pytest.raises(DatasetError, match="holds no images; use load_frame"):
        load_arrays("churn_modelling")


@pytest.mark.data
def test_the_builder_is_an_ordinary_tfds_builder(dataset_file, tmp_path):
    import tensorflow_datasets as tfds

    path = dataset_file("graduate_admissions")
    builder_class("graduate_admissions")
    dataset, info = tfds.load("graduate_admissions", data_dir=tmp_path, with_info=True, split="train")
    assert info.splits["train"].num_examples == 500
    assert "IEEE" in info.citation
    rows = [float(example["CGPA"]) for example in tfds.as_numpy(dataset)]
    np.testing.assert_allclose(rows, pd.read_csv(path)["CGPA"])


@pytest.mark.data
@pytest.mark.parametrize(
    ("name", "splits"), [("churn_modelling", {"train": 10_000}), ("mnist", {"train": 60_000, "test": 10_000})]
)
def test_builders_yield_every_example_with_its_features(name, splits, dataset_file):
    path = dataset_file(name)
    (load_arrays if name == "mnist" else load_frame)(name)
    builder = builder_class(name)(data_dir=cache_folder() / "tfds")
    assert {split: info.num_examples for split, info in builder.info.splits.items()} == splits
    first = next(iter(builder.as_dataset(split="train", shuffle_files=False).as_numpy_iterator()))
    if name == "mnist":
        with np.load(path) as file:
            np.testing.assert_array_equal(first["image"], file["x_train"][0], strict=True)
    else:
        row = pd.read_csv(path, nrows=1).iloc[0].to_dict()
        assert {key: getattr(value, "decode", lambda value=value: value)() for key, value in first.items()} == row


@pytest.mark.parametrize("name", [name for name in names() if describe(name).file and describe(name).kind != "weights"])
def test_catalog_and_builder_agree_on_the_version(name):
    assert str(builder_class(name).VERSION) == describe(name).version


@pytest.mark.data
@pytest.mark.parametrize("name", [name for name in names() if describe(name).file])
def test_the_catalog_knows_the_size(name, dataset_file):
    path = dataset_file(name)
    for part in describe(name).files:
        if (path / part.file).is_file():  # not if it lies there compressed
            assert (path / part.file).stat().st_size == part.bytes


def test_importing_the_package_is_cheap():
    heavy = {"tensorflow", "tensorflow_datasets", "pandas", "sklearn", "requests", "numpy"}
    code = f"import sys, recipes.datasets; print(sorted({heavy!r} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout.strip() == "[]"


@pytest.mark.data
def test_the_second_load_needs_neither_tensorflow_nor_tfds(dataset_file, tmp_path):
    source = dataset_file("graduate_admissions")
    code = (
        "import sys; from recipes.datasets import load_frame; load_frame('graduate_admissions'); "
        "print('tensorflow' in sys.modules, 'tensorflow_datasets' in sys.modules)"
    )
    first, second = (run(code, tmp_path, source).communicate()[0].split() for _ in range(2))
    assert first[1] == "True"
    assert second == ["False", "False"]


@pytest.mark.data
def test_killed_preparation_and_two_at_once(dataset_file, tmp_path):
    source = dataset_file("churn_modelling")
    code = "from recipes.datasets import load_frame; print(load_frame('churn_modelling').shape, flush=True)"
    killed = run(code, tmp_path, source)
    deadline = time.monotonic() + 60
    while not list((tmp_path).glob("tfds/churn_modelling/*")) and time.monotonic() < deadline:
        time.sleep(0.02)
    killed.send_signal(signal.SIGKILL)
    killed.wait()
    both = [run(code, tmp_path, source) for _ in range(2)]
    for process in both:
        out, error = process.communicate()
        assert process.returncode == 0, error[-2000:]
        assert out.strip() == "(10000, 14)"
    assert not list(tmp_path.glob("tfds/churn_modelling/*incomplete*"))


def test_packed_texts_come_back():
    texts = ["", "a\nb", "हिन्दी", "x" * 10_000, ""]
    assert unpack(pack(text.encode() for text in texts)) == texts


def test_damaged_copies_are_not_read(tmp_path):
    path = tmp_path / "copy.npz"
    arrays = {"a": np.arange(100), "b c": np.array(["x", "yz"])}
    write_copy(path, {"train": arrays})
    whole = path.read_bytes()
    for content in (b"", whole[:100], whole[: len(whole) // 2], whole[:-1]):
        path.write_bytes(content)
        assert read_copy(path) is None
    assert read_copy(tmp_path / "absent.npz") is None
    refused = 0
    for position in range(0, len(whole), 3):  # data, checksums and the zip file's directory
        path.write_bytes(whole[:position] + bytes([whole[position] ^ 0x41]) + whole[position + 1 :])
        copy = read_copy(path)
        refused += copy is None
        if copy is not None:
            assert copy.keys() == {"train"} and copy["train"].keys() == arrays.keys(), position
            for name, array in arrays.items():
                np.testing.assert_array_equal(copy["train"][name], array, strict=True)
    assert refused > len(whole) / 6


@pytest.mark.parametrize("lost", ["train/a.npy", "train/b.npy", "members.npy"])
def test_a_copy_that_lost_a_member_is_not_read(tmp_path, lost):
    whole, rest = tmp_path / "whole.npz", tmp_path / "rest.npz"
    write_copy(whole, {"train": {"a": np.arange(3), "b": np.arange(4)}})
    assert read_copy(whole) is not None
    with zipfile.ZipFile(whole) as old, zipfile.ZipFile(rest, "w") as new:
        for member in set(old.namelist()) - {lost}:
            new.writestr(member, old.read(member))
    assert len(zipfile.ZipFile(rest).namelist()) == 2
    assert read_copy(rest) is None


@pytest.fixture
def admissions(dataset_file, tmp_path, monkeypatch):
    """An empty cache of its own, the admission file in a mirror; gives the table that must come out."""
    source = dataset_file("graduate_admissions")
    monkeypatch.setenv("REPRODUCTIONS_DATA", str(source.parents[1]))
    monkeypatch.setenv("REPRODUCTIONS_CACHE", str(tmp_path))
    return pd.read_csv(source)


@pytest.mark.data
def test_a_torn_copy_is_made_again(admissions, tmp_path):
    assert not status("graduate_admissions").prepared
    load_frame("graduate_admissions")
    assert status("graduate_admissions").prepared
    copy = next(tmp_path.glob("arrays/graduate_admissions-*.npz"))
    copy.write_bytes(copy.read_bytes()[:500])
    pd.testing.assert_frame_equal(load_frame("graduate_admissions"), admissions, check_exact=True)
    assert read_copy(copy) is not None


@pytest.mark.data
@pytest.mark.parametrize("pattern", ["*.tfrecord*", "dataset_info.json", "features.json"])
def test_what_tfds_left_torn_is_made_again(admissions, tmp_path, pattern):
    load_frame("graduate_admissions")
    copy = next(tmp_path.glob("arrays/graduate_admissions-*.npz"))
    copy.unlink()
    leftover = tmp_path / "arrays" / f"{copy.stem}.abc.tmp"
    leftover.write_bytes(b"half a copy")
    torn = next(tmp_path.glob(f"tfds/graduate_admissions/*/{pattern}"))
    torn.write_bytes(torn.read_bytes()[: torn.stat().st_size // 2])
    pd.testing.assert_frame_equal(load_frame("graduate_admissions"), admissions, check_exact=True)
    assert not leftover.exists()


@pytest.mark.data
def test_a_cache_that_cannot_be_written_is_named(admissions, tmp_path, monkeypatch):
    (tmp_path / "occupied").write_text("a file where the folder should be")
    monkeypatch.setenv("REPRODUCTIONS_CACHE", str(tmp_path / "occupied"))
    with pytest.raises(DatasetError, match="dataset cache .*occupied.* can't be written .*; set REPRODUCTIONS_CACHE"):
        load_frame("graduate_admissions")
