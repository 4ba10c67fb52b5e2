"""The first images of CIFAR-10 equal their file, with labels in upstream order."""

import numpy as np
import pytest

from recipes.datasets import describe, load_arrays
from recipes.datasets.builders.cifar10 import CLASSES
from recipes.datasets.files import cache_folder
from recipes.datasets.prepared import builder_class

pytestmark = pytest.mark.data


def test_arrays_equal_the_file(dataset_file):
    with np.load(dataset_file("cifar10")) as file:
        (x_train, y_train), (x_test, y_test) = load_arrays("cifar10")
        for name, array in {"x_train": x_train, "y_train": y_train, "x_test": x_test, "y_test": y_test}.items():
            assert array.dtype == np.uint8
            np.testing.assert_array_equal(array, file[name])


def test_the_builder_knows_splits_classes_and_citation(dataset_file):
    dataset_file("cifar10")
    load_arrays("cifar10")
    builder = builder_class("cifar10")(data_dir=cache_folder() / "tfds")
    assert {split: info.num_examples for split, info in builder.info.splits.items()} == {"train": 4000, "test": 1000}
    assert builder.info.features["label"].names == list(CLASSES)
    assert builder.info.citation == describe("cifar10").citation
    first = next(iter(builder.as_dataset(split="train", shuffle_files=False).as_numpy_iterator()))
    assert first["image"].shape == (32, 32, 3)
    assert CLASSES[first["label"]] == "frog"  # the first training image of the full set


def test_it_is_a_subset_without_repetition(dataset_file):
    dataset_file("cifar10")
    (x_train, y_train), (x_test, _) = load_arrays("cifar10")
    images = np.concatenate([x_train, x_test]).reshape(5000, -1)
    assert len(np.unique(images, axis=0)) == 5000
    assert np.bincount(y_train).min() >= 366 and np.bincount(y_train).max() <= 422
