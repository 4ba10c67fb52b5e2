"""Verdicts of the compared optimizers, scores on known answers, and the optimizer that each variant gets."""

from types import SimpleNamespace

import keras
import numpy as np
import pytest
from judged import verdicts_of

from reproductions import optimizers_compared as module
from reproductions.networks import Split

NOT_REPRODUCED = {"optimizer-lr-schedule-speeds", "optimizer-adagrad-not-deep"}


def test_verdicts_of_the_record():
    assert verdicts_of("optimizers_compared") == {
        claim.id: "not reproduced" if claim.id in NOT_REPRODUCED else "reproduced" for claim in module.CLAIMS
    }


@pytest.mark.parametrize("name", module.VARIANTS)
def test_each_variant_gets_its_optimizer(name):
    config = module.VARIANTS[name]
    optimizer = module.new_optimizer(config, updates=785)
    rate = optimizer.get_config()["learning_rate"]
    assert type(optimizer).__name__ == config.optimizer
    if config.schedule:
        assert rate["class_name"] == "CosineDecay"
        assert rate["config"]["initial_learning_rate"] == config.learning_rate
        assert rate["config"]["decay_steps"] == 785
    else:
        assert rate == pytest.approx(config.learning_rate)
    if config.optimizer == "SGD":
        assert (optimizer.momentum, optimizer.nesterov) == (config.momentum, config.nesterov)


def test_rates_are_keras_defaults():
    for name in module.DEFAULTS:
        config = module.VARIANTS[name]
        assert float(getattr(keras.optimizers, config.optimizer)().learning_rate) == pytest.approx(config.learning_rate)


def test_schedule_lasts_for_the_whole_training():
    model = module.build_model(module.VARIANTS["sgd_schedule"], "mnist", rows=5000)
    assert model.optimizer.get_config()["learning_rate"]["config"]["decay_steps"] == 5 * 157
    assert model.count_params() == 101_770


def answers(outputs):
    return SimpleNamespace(predict=lambda x: np.asarray(outputs, float))


def test_scores_of_known_answers():
    y = np.array([0.0, 0, 0, 1])
    split = Split(y, y, y, y)
    right, constant = y[None, :, None], np.zeros((1, 4, 1))
    assert module.scores("churn", split, answers(right)) == pytest.approx([1.0])
    assert module.scores("churn", split, answers(constant)) == pytest.approx([0.0])
    assert module.scores("admission", split, answers(right)) == pytest.approx([1.0])
    assert module.scores("admission", split, answers(constant + y.mean())) == pytest.approx([0.0])
    assert module.scores("mnist", split, answers(np.eye(2)[None, [0, 0, 1, 0]])) == pytest.approx([-1.0])


def test_the_sequence_label_is_the_sign_of_the_first_number():
    data = module.sequences()
    assert data.x_train.shape == (2000, 10, 1)
    np.testing.assert_array_equal(data.y_train, data.x_train[:, 0, 0] > 0)
    assert abs(data.y_test.mean() - 0.5) < 0.05
