"""Verdicts on dead units from the record; the NumPy pass against Keras; faults that change a verdict."""

import keras
import numpy as np
import pytest
from judged import verdicts_of

import layers
from recipes.training import seeded
from reproductions import dying_relu as module
from reproductions.ledger import finite
from reproductions.verdicts import judge_claim
from reproductions.worked import gradient


def test_verdicts_of_the_record():
    assert verdicts_of("dying_relu") == {
        "activation-leaky-rescues-dead": "reproduced",
        "activation-dying-relu": "erratum",
        "activation-dying-causes-lr": "reproduced",
        "activation-dying-causes-bias": "reproduced",
        "activation-leaky-never-dies": "reproduced",
        "activation-elu-selu-no-dying": "erratum",
    }


@pytest.mark.parametrize("name", module.NAMES)
def test_slopes_and_outputs_are_those_of_the_layers(name):
    layer = module.activation_layer(name)
    z = np.concatenate([-np.logspace(-3, 3, 400), np.logspace(-3, 3, 400)]).astype("float32")[None]
    layer.build(z.shape)
    outputs, alive = module.activate(name, z, np.zeros(z.shape[1], "float32"))
    np.testing.assert_allclose(outputs, np.asarray(layer(z)), rtol=2e-6, atol=2e-7)
    far = np.abs(z + 17.1) > 0.6  # next to the place where e^z is lost, NumPy and TensorFlow may round differently
    np.testing.assert_array_equal(alive[far], (gradient(layer, z)[0] != 0)[far])


@pytest.mark.parametrize("name", module.NAMES)
def test_the_numpy_pass_is_the_networks(name):
    config = module.Config(activation=name, bias=-0.3)
    data = module.load_data(config)
    models = []
    for seed in (0, 1):
        with seeded(seed):
            models.append(module.build_model(config))
    weights = [np.stack(column) for column in zip(*(model.get_weights() for model in models), strict=True)]
    outputs, _ = module.forward(config, weights, data.x_test)
    expected = [np.asarray(model(data.x_test))[:, 0] for model in models]
    np.testing.assert_allclose(outputs, expected, atol=1e-5)


def test_a_unit_is_dead_when_no_point_activates_it():
    kernel, bias = np.ones((1, 2, 2), "float32"), np.array([[0, -100]], "float32")
    weights = [kernel, bias, np.ones((1, 2, 1), "float32"), np.zeros((1, 1), "float32")]
    x = np.array([[-1, -1], [1, 1]], "float32")
    config = module.Config(units=2, hidden_layers=1)
    assert module.forward(config, weights, x)[1].tolist() == [0.5]
    leaky = module.Config(activation="leaky", units=2, hidden_layers=1)
    assert module.forward(leaky, weights, x)[1].tolist() == [0.0]


def test_a_leaky_relu_that_does_not_leak_is_noticed(monkeypatch):
    for library in (layers, keras.layers):
        monkeypatch.setattr(library, "LeakyReLU", lambda negative_slope, **kwargs: keras.layers.ReLU(**kwargs))
    facts = finite(module.slopes_below_zero()) | {"pushed_leaky_moved": True}
    claim = next(claim for claim in module.CLAIMS if claim.id == "activation-leaky-never-dies")
    judged = judge_claim(claim, facts, {"leaky_high": {"dead_share": [0.0, 0.0]}})
    assert judged["verdict"] == "not reproduced"
