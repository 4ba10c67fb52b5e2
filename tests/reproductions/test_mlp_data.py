"""Verdicts of the runs on parts of MNIST from their record; the features by hand see directions."""

import numpy as np
import pytest
from judged import verdicts_of

from reproductions import mlp_data as module
from reproductions.ledger import finite
from reproductions.verdicts import judge_claim

EXPECTED = {"mlp-dl-needs-large-data": "not reproduced"}


@pytest.mark.parametrize("claim", module.CLAIMS, ids=lambda claim: claim.id)
def test_verdicts_of_the_record(claim):
    assert verdicts_of("mlp_data")[claim.id] == EXPECTED.get(claim.id, "reproduced")


def test_features_by_hand_are_histograms_of_edge_directions():
    image = np.random.default_rng(0).random((1, 28, 28)).astype("float32")
    features = module.gradient_histograms(image)
    assert features.shape == (1, 128)
    np.testing.assert_allclose(np.linalg.norm(features), 1, rtol=1e-5)
    np.testing.assert_allclose(module.gradient_histograms(3 * image), features, rtol=1e-4)
    assert not module.gradient_histograms(np.zeros((1, 28, 28))).any()


def test_features_that_mix_up_the_axes_are_noticed(monkeypatch):
    facts = finite(module.examine())
    assert facts["direction_of_a_vertical_and_a_horizontal_edge"] == [0, 4]
    whole = module.gradient_histograms
    monkeypatch.setattr(module, "gradient_histograms", lambda images: whole(images.transpose(0, 2, 1)))
    claim = next(claim for claim in module.CLAIMS if claim.id == "mlp-automatic-features")
    both = {"test_accuracy": [0.9, 0.91, 0.92]}, {"test_accuracy": [0.8, 0.82, 0.81]}
    metrics = {"hand_made_features": both[0], "cnn": both[0], "raw_pixels": both[1]}
    assert judge_claim(claim, facts, metrics)["verdict"] == "reproduced"
    assert judge_claim(claim, finite(module.examine()), metrics)["verdict"] == "not reproduced"


def test_a_smaller_draw_is_part_of_a_larger_one():
    small, large = (module.drawn_rows(module.Config(images=count), 3) for count in (100, 1000))
    assert small.tolist() == large[:100].tolist()
    assert len(set(large)) == 1000


def test_parameters_of_the_networks():
    count = {name: module.build_model(module.VARIANTS[name]).count_params() for name in ("network_100", "cnn")}
    assert count == {"network_100": 196 * 128 + 128 + 1290, "cnn": 160 + 4640 + 36 * 32 * 10 + 10}
