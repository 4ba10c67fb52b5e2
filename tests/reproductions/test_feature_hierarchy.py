"""Verdicts on the feature hierarchy from its record; receptive fields, selectivity and probes on cases known by hand."""

import keras
import numpy as np
import pytest
from judged import verdicts_of

from reproductions import feature_hierarchy as module
from reproductions.verdicts import judge_claim


def test_verdicts_of_the_record():
    assert verdicts_of("feature_hierarchy") == {
        "conv-learns-edges-to-objects": "not reproduced",  # MobileNet's first layer, see the remarks
        "conv-early-late-features": "not reproduced",
    }


def small(stride=2):
    """5 x 5, pooled by 2, then two branches of 1 x 1 and 3 x 3 joined: 5 + 1 + 2 * 2 = 10 pixels at stride 1."""
    x = inputs = keras.Input((40, 40, 3))
    x = keras.layers.Conv2D(4, 5, name="first")(x)
    x = keras.layers.MaxPooling2D(2, name="pool")(x)
    branches = [keras.layers.Conv2D(4, size, padding="same")(x) for size in (1, 3)]
    x = keras.layers.Concatenate(name="joined")(branches)
    x = keras.layers.Conv2D(4, 3, stride, name="strided")(x)
    return keras.Model(inputs, keras.layers.Conv2D(2, 3, name="last")(x))


def test_receptive_fields_by_hand_and_by_gradient():
    stages, model = ("first", "pool", "joined", "strided", "last"), small()
    by_hand = [5, 6, 10, 14, 22]
    fields = module.fields_by_formula(model)
    assert [fields[stage] for stage in stages] == by_hand
    assert module.fields_by_gradient(model, stages, size=40) == by_hand


def test_a_wrong_stride_is_noticed():
    fields = module.fields_by_formula(small(stride=1))
    assert module.fields_by_gradient(small(), ("last",), size=40) != [fields["last"]]


@pytest.mark.parametrize("name", module.STAGES)
def test_documented_fields_are_those_of_the_networks(name):
    fields = module.fields_by_formula(module.network(name, input_shape=(96, 96, 3)))
    claimed = {check.fact: check for check in module.CLAIMS[0].checks}[f"fields_{name}"].documented
    assert [fields[stage] for stage in module.STAGES[name]] == claimed


def coloured(kernel, colours=(1, 1, 1)):
    return np.multiply.outer(np.array(kernel, float), colours)[..., None]  # (3, 3, 3, 1)


def test_selectivity_of_known_filters():
    vertical, point = [[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]], [[0, 0, 0], [0, 1, 0], [0, 0, 0]]
    spot = [[1, 2, 1], [2, 4, 2], [1, 2, 1]]
    assert module.selectivity(coloured(vertical)) > 0.4
    assert module.selectivity(coloured(vertical)) == pytest.approx(module.selectivity(coloured(np.transpose(vertical))))
    assert module.selectivity(coloured(vertical)) == pytest.approx(module.selectivity(coloured(vertical, (1, -1, 0))))
    assert module.selectivity(coloured(point)) == pytest.approx(0, abs=1e-9)
    assert module.selectivity(coloured(spot)) < 0.05


def test_random_filters_are_no_more_selective_than_random_ones():
    filters = module.selectivity(np.random.default_rng(1).standard_normal((3, 3, 3, 64)))
    random = module.selectivity(np.random.default_rng(0).standard_normal((3, 3, 3, 2000))).mean()
    facts = {"selectivity_over_random_squeezenet": (filters - random).tolist()}
    check = {check.fact: check for check in module.CLAIMS[0].checks}["selectivity_over_random_squeezenet"]
    claim = next(c for c in module.CLAIMS if check in c.checks)
    only = type(claim)(**{**vars(claim), "checks": (check,)})
    assert judge_claim(only, facts, {})["verdict"] != "reproduced"


def test_edge_direction_tells_bars_apart():
    bars = np.zeros((2, 16, 16, 3), "uint8")
    bars[0, :, 8:], bars[1, 8:] = 200, 200  # a vertical edge, a horizontal one
    noisy = bars + np.random.default_rng(0).integers(0, 5, bars.shape).astype("uint8") // 2
    vertical, horizontal = module.edge_direction(noisy)
    assert vertical > 1 > -1 > horizontal


def test_probe_reads_what_is_there_and_nothing_else(monkeypatch):
    monkeypatch.setattr(module, "TRAIN_EACH", 50)
    rng = np.random.default_rng(0)
    targets = rng.integers(0, 2, (3, 180, 2))
    features = rng.standard_normal((3, 180, 20))
    features[..., 7] += 6 * targets[..., 0]
    right = module.probe(features, targets)
    assert right.shape == (3, 2)
    assert (right[:, 0] > 0.95).all() and (abs(right[:, 1] - 0.5) < 0.2).all()


def test_tiles_hold_every_filter_once():
    filters = np.random.default_rng(0).standard_normal((8, 3, 3, 3))
    sheet = module.tiles(filters, 4, flip=True)
    assert sheet.shape == (2 * 16, 4 * 16, 3) and sheet.min() == 0 and sheet.max() == 1
    corner = filters[5, 0, 0, ::-1]
    low, high = filters[5].min(), filters[5].max()
    np.testing.assert_allclose(sheet[16 + 2, 16 + 2], (corner - low) / (high - low))
    filters[0] *= 1e-3
    assert (module.tiles(filters, 4, flip=True)[2:14, 2:14] == 0.85).all()
