"""The small CNNs and the patterns: verdicts of the records, documented networks, paired images, faults that are seen."""

import keras
import numpy as np
import pytest
from judged import verdicts_of

from reproductions import cnn_patterns, small_cnns
from reproductions.networks import Split
from reproductions.verdicts import judge_claim

VERDICTS = {
    "small_cnns": {
        "conv-stride-learned-vs-fixed": "not reproduced",
        "smallcnns-beat-ann": "reproduced",
    },
    "cnn_patterns": {
        "conv-modern-pattern": "not reproduced",
        "pool-global-average-replaces-fc": "not reproduced",
        "pool-prevents-overfitting": "inconclusive",
    },
}


@pytest.mark.parametrize("name", VERDICTS)
def test_verdicts_of_the_records(name):
    assert verdicts_of(name) == VERDICTS[name]


@pytest.fixture(scope="module")
def facts():
    return small_cnns.examine(), cnn_patterns.examine()


def test_weights_of_the_documented_networks(facts):
    weights = facts[0]["parameters"]
    assert {name: weights[name] for name in small_cnns.DOCUMENTED} == {
        "ann": 784 * 128 + 128 + 128 * 10 + 10,
        "same": 320 + 2 * 9248 + 28 * 28 * 32 * 10 + 10,
        "strided": 20_106,
        "pooled": 320 + 9248 + 5 * 5 * 32 * 10 + 10,
        "lenet5": 61_706,
    }
    assert facts[0]["pooled_sizes"] == facts[0]["learned_pooling_sizes"] == [26, 13, 11, 5]


def test_the_patterns_are_the_documented_ones():
    kinds = {
        name: [type(layer).__name__ for layer in cnn_patterns.build_model(cnn_patterns.VARIANTS[name]).layers]
        for name in ("standard", "modern", "global_average")
    }
    block, ends = ["Conv2D", "Activation", "MaxPooling2D"], ["Dense", "Dense"]
    normalized = ["Conv2D", "BatchNormalization", "Activation", "MaxPooling2D"]
    assert kinds["standard"] == [*block, *block, "Flatten", *ends]
    assert kinds["modern"] == [*normalized, *normalized, "GlobalAveragePooling2D", *ends]
    assert kinds["global_average"] == [*block, *block, "GlobalAveragePooling2D", "Dense"]


def test_pooling_removes_dense_weights_and_no_convolution_weights(facts):
    assert facts[1]["convolution_weights_small"] == [9568] * 3
    assert facts[1]["dense_weights_small"] == [184_330, 8010, 11_530]


def test_a_pointwise_convolution_that_scales_is_noticed(monkeypatch):
    assert cnn_patterns.examine()["pointwise_then_average_is_average_then_dense"]

    class Scaled(keras.layers.Conv2D):
        def call(self, inputs):
            return 1.01 * super().call(inputs)

    monkeypatch.setattr(keras.layers, "Conv2D", Scaled)
    assert not cnn_patterns._same_head()


def test_every_seed_has_its_own_images_and_every_network_the_same():
    data = Split(*[np.zeros(60_000)] * 4)
    small = [cnn_patterns.rows_of(cnn_patterns.VARIANTS[f"small_{way}"], data, 3) for way in ("none", "pool")]
    np.testing.assert_array_equal(*small)
    rows = [small_cnns.rows_of(small_cnns.VARIANTS["pooled"], seed) for seed in (0, 1)]
    assert all(len(set(row)) == 6000 for row in rows)
    assert len(set(rows[0]) & set(rows[1])) < 1000


def test_equally_good_means_half_a_point():
    claim = next(claim for claim in cnn_patterns.CLAIMS if claim.id == "pool-global-average-replaces-fc")
    known = cnn_patterns.examine()

    def verdict(accuracy):
        allowance = cnn_patterns.VARIANTS["global_average"].allowance
        metrics = {
            "standard": {"accuracy_with_allowance": [0.97, 0.971, 0.972]},
            "global_average": {"accuracy_with_allowance": [accuracy + step + allowance for step in (0, 1e-3, 2.1e-3)]},
        }
        return judge_claim(claim, known, metrics)["verdict"]

    assert (verdict(0.966), verdict(0.96)) == ("reproduced", "not reproduced")


@pytest.mark.parametrize("fault", ["average pooling", "linear"])
def test_a_changed_layer_changes_the_trace(monkeypatch, fault):
    rng = np.random.default_rng(0)
    x, y = rng.random((64, 28, 28, 1), dtype="float32"), rng.integers(0, 10, 64)
    config = cnn_patterns.Config(images=64)
    plain = cnn_patterns.trace(config, Split(x, y, x, y))
    if fault == "average pooling":
        monkeypatch.setattr(keras.layers, "MaxPooling2D", keras.layers.AveragePooling2D)
    else:
        monkeypatch.setattr(keras.layers, "Activation", lambda name: keras.layers.ReLU(negative_slope=1.0))
    assert np.abs(np.array(plain) - cnn_patterns.trace(config, Split(x, y, x, y))).max() > 1e-3
