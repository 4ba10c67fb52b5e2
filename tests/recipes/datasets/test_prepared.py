"""Prepared data equal their files, survive kills and torn copies, and load without TFDS the second time."""

import os
import signal
import subprocess
import sys
import time

import numpy as np
import pandas as pd
import pytest

from recipes.datasets import DatasetError, dataset_sha256, load_arrays, load_frame
from recipes.datasets.files import cache_folder
from recipes.datasets.prepared import builder_class, read_copy, write_copy


def run(code, cache, **more):
    return subprocess.Popen(
        [sys.executable, "-c", code], env=os.environ | {"REPRODUCTIONS_CACHE": str(cache)} | more,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


@pytest.mark.data
@pytest.mark.parametrize("name", ["churn_modelling", "graduate_admissions"])
def test_tables_equal_read_csv(name, dataset_file):
    expected = pd.read_csv(dataset_file(name))
    pd.testing.assert_frame_equal(load_frame(name), expected)
    pd.testing.assert_frame_equal(load_frame(name), expected)


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
    assert len(dataset_sha256("digits")) == 64
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
def test_the_second_load_needs_neither_tensorflow_nor_tfds(dataset_file, tmp_path):
    dataset_file("graduate_admissions")
    code = (
        "import sys; from recipes.datasets import load_frame; load_frame('graduate_admissions'); "
        "print('tensorflow' in sys.modules, 'tensorflow_datasets' in sys.modules)"
    )
    first, second = (run(code, tmp_path).communicate()[0].split() for _ in range(2))
    assert first[1] == "True"
    assert second == ["False", "False"]


@pytest.mark.data
def test_killed_preparation_and_two_at_once(dataset_file, tmp_path):
    dataset_file("churn_modelling")
    code = "from recipes.datasets import load_frame; print(load_frame('churn_modelling').shape, flush=True)"
    killed = run(code, tmp_path)
    deadline = time.monotonic() + 60
    while not list((tmp_path).glob("tfds/churn_modelling/*")) and time.monotonic() < deadline:
        time.sleep(0.02)
    killed.send_signal(signal.SIGKILL)
    killed.wait()
    both = [run(code, tmp_path) for _ in range(2)]
    for process in both:
        out, error = process.communicate()
        assert process.returncode == 0, error[-2000:]
        assert out.strip() == "(10000, 14)"
    assert not list(tmp_path.glob("tfds/churn_modelling/*incomplete*"))


def test_torn_copies_are_not_read(tmp_path):
    path = tmp_path / "copy.npz"
    write_copy(path, {"train": {"a": np.arange(1000), "b c": np.array(["x", "yz"])}})
    copy = read_copy(path)
    np.testing.assert_array_equal(copy["train"]["a"], np.arange(1000))
    assert copy["train"]["b c"].tolist() == ["x", "yz"]
    whole = path.read_bytes()
    flipped = bytearray(whole)
    flipped[2000] ^= 1
    for content in (b"", whole[:100], whole[: len(whole) // 2], bytes(flipped)):
        path.write_bytes(content)
        assert read_copy(path) is None
    assert read_copy(tmp_path / "absent.npz") is None


@pytest.mark.data
def test_a_torn_copy_is_made_again(dataset_file):
    dataset_file("graduate_admissions")
    expected = load_frame("graduate_admissions")
    copy = next((cache_folder() / "arrays").glob("graduate_admissions-*.npz"))
    copy.write_bytes(copy.read_bytes()[:500])
    pd.testing.assert_frame_equal(load_frame("graduate_admissions"), expected)
