"""The prepared reviews equal the head of those in the file."""

import numpy as np
import pytest

from recipes.datasets import load_arrays


@pytest.mark.data
def test_reviews_equal_the_head_of_those_in_the_file(dataset_file):
    path = dataset_file("imdb")
    (x_train, y_train), (x_test, y_test) = load_arrays("imdb")
    assert x_train.shape == x_test.shape == (25_000, 256)
    with np.load(path, allow_pickle=True) as file:
        for words, labels, split in ((x_train, y_train, "train"), (x_test, y_test, "test")):
            np.testing.assert_array_equal(labels, file[f"y_{split}"])
            for number, review in enumerate(file[f"x_{split}"]):
                expected = (review + [0] * 256)[:256]
                assert words[number].tolist() == expected, (split, number)
