"""The verdict of the 3-D CNN from its record; what clips share, and which networks can see the order of frames."""

import keras
import numpy as np
import pytest
from judged import verdicts_of

from reproductions import video_convolution as module
from reproductions.claims import Equals
from reproductions.ledger import finite
from reproductions.verdicts import judge


def test_verdict_of_the_record():
    assert verdicts_of("video_convolution") == {"arch-cnn3d-video": "reproduced"}


def exact_verdicts():
    facts = finite(module.three_dimensional_convolution() | module.backward_clips())
    checks = [check for check in module.CLAIMS[0].checks if isinstance(check, Equals) and check.fact in facts]
    return {check.fact: judge(check, facts, {}).verdict for check in checks}


def test_exact_facts():
    assert exact_verdicts() == {
        "conv3d_output_shape": "reproduced",
        "conv3d_minus_scipy": "reproduced",
        "share_of_clips_that_are_the_other_class_backwards": "reproduced",
    }


def test_a_bar_that_stops_at_the_edge_is_noticed(monkeypatch):
    bar = module.bar
    monkeypatch.setattr(module, "bar", lambda column, row: bar(min(max(column, 0), module.SIDE - module.WIDTH), row))
    assert exact_verdicts()["share_of_clips_that_are_the_other_class_backwards"] == "not reproduced"


def test_a_convolution_that_runs_time_backwards_is_noticed(monkeypatch):
    class Backwards(keras.layers.Conv3D):
        def convolution_op(self, inputs, kernel):
            return super().convolution_op(inputs, kernel[::-1])

    monkeypatch.setattr(keras.layers, "Conv3D", Backwards)
    assert exact_verdicts()["conv3d_minus_scipy"] == "not reproduced"


def test_classes_have_the_same_frames_on_average():
    rows = range(module.SIDE - module.HEIGHT + 1)
    right, left = (
        np.mean([module.clip(start, row, way) for start in range(module.SIDE) for row in rows], axis=0)
        for way in (True, False)
    )
    np.testing.assert_array_equal(right, left)


def test_shuffled_clips_keep_their_frames():
    videos, _ = module.clips(50, 0)
    mixed = module.shuffled(videos, 1)
    assert not np.array_equal(videos, mixed)
    before, after = (np.sort(one.sum(axis=(2, 3, 4)), axis=1) for one in (videos, mixed))
    np.testing.assert_array_equal(before, after)


@pytest.mark.parametrize("variant, sees_order", [("video", True), ("frame_by_frame", False)])
def test_only_filters_over_time_see_the_order_of_frames(variant, sees_order):
    keras.utils.set_random_seed(0)
    model = module.build_model(module.VARIANTS[variant])
    videos, _ = module.clips(8, 0)
    change = np.abs(np.asarray(model(videos)) - np.asarray(model(videos[:, ::-1]))).max()
    assert (change > 1e-4) == sees_order
