"""The verdict on 'six times faster' from the record, and what the ratio is made of."""

import numpy as np
from judged import verdicts_of

from reproductions import relu_speed_cifar as module
from reproductions.networks import Split
from reproductions.verdicts import judge_claim


def test_verdict_of_the_record():
    assert verdicts_of("relu_speed_cifar") == {"activation-relu-6x-faster": "not reproduced"}


def compared(tanh, sigmoid):
    errors = {"relu": [[0.4, 0.2, np.nan]] * 2, "tanh": [tanh] * 2, "sigmoid": [sigmoid] * 2}
    return module.Compared({name: np.array(rows) for name, rows in errors.items()}, "sequential", False)


def test_ratios_are_paired_and_a_run_that_never_arrives_counts_as_the_bound():
    nothing = Split(*[np.zeros(0)] * 4)
    found = module.measure(module.Config(epochs=3), nothing, compared([0.5, 0.4, 0.25], [0.8, 0.7, 0.6])).metrics
    assert found["epochs_relu"] == [1.75, 1.75]
    assert found["tanh_over_relu"] == [3 / 1.75] * 2
    assert found["sigmoid_over_relu"] == [3 / 1.75] * 2
    assert (found["reached_tanh"], found["reached_sigmoid"]) == ([1, 1], [0, 0])


def test_curves_end_where_the_first_seed_has_finished():
    trained = compared([0.5, 0.4, 0.25], [0.8, 0.7, 0.6])
    trained.errors["relu"][1] = [0.5, 0.4, 0.2]
    curve = module.measure(module.Config(epochs=3), Split(*[np.zeros(0)] * 4), trained).curves["error_relu"]
    assert np.isfinite(curve).all(axis=0).tolist() == [True, True, False]


def test_six_times_would_be_recognised():
    six = {"cnn": {"tanh_over_relu": [5.9, 6.1, 6.0], "sigmoid_over_relu": [5.9, 6.1, 6.0]}}
    assert judge_claim(module.CLAIMS[0], {}, six)["verdict"] == "reproduced"


def test_the_network_has_four_layers_with_weights_and_its_own_rate():
    for activation, rate in module.RATES["cnn"].items():
        model = module.build_model(module.Config(activation=activation))
        assert len([layer for layer in model.layers if layer.weights]) == 4
        assert abs(float(model.optimizer.learning_rate) - rate) < 1e-6
