"""Verdicts of the moved digits from their record; how images are moved, and what convolution and pooling make of it."""

import keras
import numpy as np
import pytest
from judged import verdicts_of

import layers
from reproductions import shift_tolerance as module
from reproductions.claims import Equals
from reproductions.ledger import finite
from reproductions.verdicts import judge


def test_verdicts_of_the_record():
    assert verdicts_of("shift_tolerance") == {
        "conv-translation-invariance": "erratum",
        "pool-shift-tolerance": "reproduced",
    }


def exact_verdicts():
    """Verdicts of the invariance claim's checks on facts that need no training."""
    facts = finite(module.examine())
    checks = [check for check in module.CLAIMS[0].checks if isinstance(check, Equals) and check.fact in facts]
    return {check.fact: judge(check, facts, {}).verdict for check in checks}


def test_the_map_moves_along_and_pooling_hides_every_other_step():
    assert exact_verdicts() == {
        "map_of_moved_image_minus_moved_map": "reproduced",
        "share_of_one_pixel_steps_that_pooling_hides": "erratum",
    }


def test_a_convolution_that_knows_its_place_is_noticed(monkeypatch):
    class Placed(keras.layers.Conv2D):
        def call(self, inputs):
            outputs = super().call(inputs)
            return outputs + np.arange(outputs.shape[2])[:, None]

    monkeypatch.setattr(layers, "Conv2D", Placed)
    assert exact_verdicts()["map_of_moved_image_minus_moved_map"] == "not reproduced"


def test_pooling_without_a_stride_is_noticed(monkeypatch):
    monkeypatch.setattr(layers, "MaxPooling2D", lambda size: keras.layers.MaxPooling2D(size, strides=1))
    assert exact_verdicts()["share_of_one_pixel_steps_that_pooling_hides"] == "not reproduced"


@pytest.mark.parametrize("down, right", [(2, 0), (-2, 0), (0, 3), (0, -3), (1, -2), (0, 0)])
def test_moved_images_are_shifted_and_filled_with_zeros(down, right):
    from scipy.ndimage import shift

    images = np.random.default_rng(0).random((3, 7, 6))
    expected = np.stack([shift(image, (down, right), order=0) for image in images])
    np.testing.assert_array_equal(module.moved(images, down, right), expected)


def test_test_images_go_in_all_eight_directions():
    point = np.zeros((4, 9, 9, 1))
    point[:, 4, 4] = 1
    places = np.argwhere(module.moved_test(point, 3)[..., 0])[:, 2:] - 4
    assert sorted(map(tuple, places.tolist())) == sorted(
        (3 * down, 3 * right) for down in (-1, 0, 1) for right in (-1, 0, 1) if (down, right) != (0, 0)
    )


def test_a_digit_is_whole_until_it_touches_the_edge():
    image = np.zeros((4, 28, 28, 1))
    image[:, 4:24, 4:24] = 1  # MNIST's 20 x 20 box
    whole = module.whole_digits(image)
    assert {distance: bool(kept.all()) for distance, kept in whole.items() if kept.all() or not kept.any()} == {
        1: True,
        2: True,
        3: True,
        4: True,
        6: False,
        8: False,
    }


def test_training_digits_are_scattered_over_the_whole_reach():
    image = np.zeros((2000, 9, 9))
    image[:, 4, 4] = 1
    offsets = np.argwhere(module.scattered(image, 2))[:, 1:] - 4
    assert len(np.unique(offsets, axis=0)) == 25
    assert np.abs(offsets).max() == 2


@pytest.mark.parametrize(
    "variant, parameters",
    [
        ("ann", 785 * 128 + 1290),
        ("pooled", 320 + 9248 + (5**2 * 32 + 1) * 10),
        ("unpooled", 320 + 9248 + (24**2 * 32 + 1) * 10),
        ("strided", 320 + 9248 + (6**2 * 32 + 1) * 10),
        ("global_average", 320 + 9248 + 330),
    ],
)
def test_parameter_counts(variant, parameters):
    assert module.build_model(module.VARIANTS[variant]).count_params() == parameters


def test_features_of_a_network_that_averages_its_whole_map_change_only_at_the_edge():
    model = keras.Sequential(
        [keras.Input((12, 12, 1)), keras.layers.AveragePooling2D(12), keras.layers.Flatten(), keras.layers.Dense(2)]
    )
    image = np.zeros((4, 12, 12, 1), "float32")
    image[:, 4:8, 4:8] = 1
    assert module.feature_change(model, image) == {1: 0.0, 2: 0.0}
    image[:, :, :] = 1
    assert module.feature_change(model, image)[1] == pytest.approx(1 / 12, rel=1e-5)
