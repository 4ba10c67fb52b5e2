"""Verdicts of the moons and circles from the record; the measurements on a short training."""

import numpy as np
import pytest
from judged import verdicts_of

from reproductions import hidden_activations as module

SHORT = {"epochs": 2}


def test_verdicts_of_the_record():
    assert verdicts_of("hidden_activations") == {
        "activation-tanh-beats-sigmoid-hidden-000": "reproduced",
        "activation-linear-stack-is-logreg": "reproduced",
        "activation-relu-captures-complex": "reproduced",
        "activation-sigmoid-not-zero-centred": "reproduced",
        "activation-relu-sparse": "reproduced",
    }


@pytest.fixture(scope="module")
def trained():
    found = {}
    for name in ("linear", "relu"):
        config = module.Config(name, **SHORT)
        data = module.load_data(config)
        found[name] = config, data, module.train(config, data, [0, 1])
    return found


def test_a_linear_stack_is_one_unit_and_a_relu_stack_is_not(trained):
    for name, (_, data, runs) in trained.items():
        linear = module.Config("linear", **SHORT)
        gaps = module.measure(linear, data, runs).metrics["distance_from_one_sigmoid_unit"]
        assert (max(gaps) < 1e-5) == (name == "linear")


def test_zero_shares(trained):
    config, data, runs = trained["relu"]
    before, after = module.zero_shares(config, data, runs, 1)
    assert 0.4 < before < 0.6
    hidden = np.asarray(runs.load(1).layers[0](data.x_test))
    second = np.asarray(runs.model.layers[1](hidden))
    assert after == pytest.approx((np.concatenate([hidden, second], axis=1) == 0).mean(), abs=1e-4)


def test_every_seed_has_its_own_points():
    assert len(set(module.rows(0))) == module.SEEN
    assert set(module.rows(0)) != set(module.rows(1))


def test_the_centred_sigmoid_differs_in_its_centre_alone():
    z = np.linspace(-5, 5, 11).astype("float32")
    np.testing.assert_allclose(np.asarray(module.centred_sigmoid(z)) + 0.5, module.sigmoid(z), atol=1e-6)
