"""Captions of shapes: verdicts of the record, pictures and captions by hand, faults that show."""

from dataclasses import replace

import numpy as np
import pytest
from judged import verdicts_of

from recipes.models import one_to_many
from reproductions import shape_captions as module

VERDICTS = {
    "rnn-captions-images": "reproduced",
    "rnn-captions-nine-of-ten": "not reproduced",
    "rnn-captions-unseen-pairs": "not reproduced",
}


def test_verdicts_of_the_record():
    assert verdicts_of("shape_captions") == VERDICTS


def centre_of(picture, colour):
    """Mean row and column of the pixels that are nearest to a colour."""
    palette = np.array([*module.COLOURS.values(), (0.1, 0.1, 0.1)])
    nearest = np.linalg.norm(picture[:, :, None] - palette, axis=-1).argmin(axis=-1)
    return np.argwhere(nearest == list(module.COLOURS).index(colour)).mean(axis=0)


def test_pictures_show_what_their_captions_say():
    pictures, captions = module.scenes(120, False, 5)
    for picture, caption in zip(pictures, captions, strict=True):
        words = caption.split()
        (colour, _), *others = module.pairs_in(caption)
        if not others:
            assert words == ["a", *module.pairs_in(caption)[0]]
        elif others[0][0] != colour:
            row, column = centre_of(picture, others[0][0]) - centre_of(picture, colour)
            assert (row if "above" in words else column) > 5
            assert (row if "above" in words else column) > abs(column if "above" in words else row)
    assert picture.shape == (32, 32, 3) and pictures.min() >= 0 and pictures.max() <= 1


def test_shapes_differ():
    areas = {}
    for shape in module.SHAPES:
        picture = np.zeros((32, 32, 3))
        module.paint_shape(picture, ("red", shape), np.array([16, 16]), 6)
        inside = picture[:, :, 0] > 0
        areas[shape] = inside.sum()
        assert inside[16, 16] and inside.any(axis=0).sum() >= 9
        if shape == "triangle":
            widths = inside.sum(axis=1)[inside.any(axis=1)]
            assert (np.diff(widths) >= 0).all() and widths[-1] > 3 * widths[0]
    assert areas["triangle"] < min(areas["square"], areas["circle"]) and areas["square"] != areas["circle"]


def test_unseen_pairs_are_in_every_unseen_picture_and_in_no_training_picture():
    def holds(caption):
        return any(tuple(pair) in module.UNSEEN for pair in module.pairs_in(caption))

    assert not any(holds(caption) for caption in module.scenes(500, False, 0)[1])
    assert all(holds(caption) for caption in module.scenes(200, True, 2)[1])
    for colour, shape in module.UNSEEN:
        trained = " ".join(module.scenes(500, False, 0)[1])
        assert colour in trained and shape in trained


def test_share_of_unseen_pairs_in_captions():
    assert module.unseen_share(["a red triangle above a blue square", "a red circle"]) == pytest.approx(1 / 3)


def test_right_parts():
    captions = ["a red circle left of a blue square", "a red circle"]
    written = ["a red circle above a blue square", "a red square"]
    assert module.right_parts(written, captions) == {"exact": 0, "colours": 1, "shapes": 0.5, "places": 0.5}
    assert set(module.right_parts(captions, captions).values()) == {1.0}


@pytest.fixture(scope="module")
def small():
    config = replace(module.VARIANTS["captions"], pictures=64)
    return config, module.load_data(config)


def test_a_decoder_that_does_not_look_at_the_picture_is_noticed(small, monkeypatch):
    """A planted fault: the first state is zero for every picture; the golden trace changes, and so do the captions."""
    config, data = small
    right = module.trace(config, data)

    class Blind(one_to_many.OneToMany):
        def start(self, source, training=False):
            return 0 * super().start(source, training)

    monkeypatch.setattr(one_to_many, "OneToMany", Blind)
    assert module.trace(config, data) != pytest.approx(right, abs=1e-5)
    model = module.build_model(config)
    model(tuple(part[:1] for part in data.x_train))
    assert len(set(module.write_captions(model, data.x_test[0][:20]))) == 1


def test_another_picture_is_rarely_described_by_a_caption():
    captions = np.array(module.scenes(400, False, 1)[1])
    assert (captions == np.roll(captions, 1)).mean() < 0.03
