"""The verdict on CNNs for series and tables from its record; data and errors by hand; a fault that changes it."""

from dataclasses import replace

import numpy as np
import pytest
from judged import verdicts_of
from scipy.integrate import solve_ivp

import layers
from reproductions import series_networks as module
from reproductions.verdicts import judge_claim


def test_verdict_of_the_record():
    assert verdicts_of("series_networks") == {"conv-not-for-timeseries": "not reproduced"}


def test_networks_have_one_size():
    counts = module.examine()["parameters"]
    assert counts["seasons_conv"] == (5 + 1) * 9 + (5 * 9 + 1) * 9 + 16 * 9 + 1
    assert counts["seasons_lstm"] == 4 * 11 * (1 + 11 + 1) + 12
    assert counts["seasons_dense"] == 25 * 23 + 24
    assert module.examine()["sizes_within_5_percent"]


@pytest.mark.parametrize("task", ["seasons", "chaos"])
def test_a_forecast_looks_six_steps_ahead_and_tests_on_later_values(task):
    config = module.VARIANTS[f"{task}_conv"]
    data = module.load_data(config)
    np.testing.assert_array_equal(data.x_test[module.AHEAD, -1], data.y_test[0])
    np.testing.assert_array_equal(data.x_train[1, :-1], data.x_train[0, 1:])
    series = {"seasons": module.seasons, "chaos": module.mackey_glass}[task](4000 + 1000 + 60)
    past = series[:4029]
    np.testing.assert_allclose(data.y_train[-1], (past[-1] - past.mean()) / past.std(), rtol=1e-5)
    np.testing.assert_allclose(data.x_test[0, 0], (series[4031] - past.mean()) / past.std(), rtol=1e-5)


def test_mackey_glass_before_the_delay_has_passed_is_what_scipy_integrates():
    """For t < 17 the delayed value is 1.2 throughout, and the equation an ordinary one."""
    push = 0.2 * 1.2 / (1 + 1.2**10)
    solved = solve_ivp(lambda t, x: push - 0.1 * x, (0, 17), [1.2], rtol=1e-9).y[0, -1]
    x = 1.2
    for _ in range(170):
        x += 0.1 * (push - 0.1 * x)
    assert x == pytest.approx(solved, abs=2e-3)
    values = module.mackey_glass(2000)
    assert 0.2 < values.min() < 0.5 and 1.2 < values.max() < 1.4  # the attractor's known range


def test_tables_are_scaled_by_what_is_not_for_testing():
    for task in ("cancer", "diabetes"):
        data = module.load_data(module.VARIANTS[f"{task}_conv"])
        np.testing.assert_allclose(data.x_train.mean(axis=0), 0, atol=1e-5)
        np.testing.assert_allclose(data.x_train.std(axis=0), 1, atol=1e-4)
        assert abs(data.x_test.mean(axis=0)).max() > 0.01


class Constant:
    """Trained networks that all predict the same."""

    curves = {"loss": np.zeros((2, 1))}

    def __init__(self, value):
        self.value = value

    def predict(self, x):
        return np.full((2, len(x), 1), self.value)


def test_errors_of_constant_answers():
    config = module.VARIANTS["diabetes_dense"]
    data = module.load_data(config)
    errors = module.measure(config, data, Constant(data.y_test.mean())).metrics["test_error"]
    assert errors == pytest.approx([1, 1], abs=1e-5)
    config = module.VARIANTS["cancer_dense"]
    data = module.load_data(config)
    assert module.measure(config, data, Constant(1.0)).metrics["test_error"] == pytest.approx(
        [1 - data.y_test.mean()] * 2
    )


def test_a_rule_needs_every_task():
    def measured(gap):
        spread = 0.01 * np.arange(20)
        names = {name: 0.3 if name.endswith("conv") else 0.2 for name in module.VARIANTS}
        names["chaos_lstm"] += gap
        noise = {name: np.roll(spread, place) for place, name in enumerate(names)}
        return {name: {"test_error": (value + 0.1 * noise[name]).tolist()} for name, value in names.items()}

    facts = {"sizes_within_5_percent": True}
    assert judge_claim(module.CLAIMS[0], facts, measured(0.0))["verdict"] == "reproduced"
    assert judge_claim(module.CLAIMS[0], facts, measured(0.3))["verdict"] == "not reproduced"


def test_a_recurrence_that_forgets_is_noticed(monkeypatch):
    """An LSTM that sees the last value alone has another golden trace."""
    config = replace(module.VARIANTS["seasons_lstm"], examples=100)
    data = module.load_data(config)
    right = module.trace(config, data)

    class Forgetful(layers.LSTM):
        def call(self, sequences, initial_state=None, mask=None, training=False):
            return super().call(sequences[:, -1:], initial_state=initial_state, mask=mask, training=training)

    monkeypatch.setattr(layers, "LSTM", Forgetful)
    assert module.trace(config, data) != pytest.approx(right, abs=1e-4)
