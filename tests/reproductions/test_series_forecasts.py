"""The verdict on the documented LSTM from its record; windows, scaling and simple forecasts by hand; planted faults."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from judged import verdicts_of

from reproductions import series_forecasts as module
from reproductions.verdicts import judge_claim

pytestmark = pytest.mark.data


@pytest.fixture(autouse=True)
def files(dataset_file):
    """Both series, or a skip."""
    return {name: dataset_file(name) for name in module.DATASETS}


def test_verdict_of_the_record():
    assert verdicts_of("series_forecasts") == {"rnn-forecast-beats-naive": "inconclusive"}


@pytest.mark.parametrize("name", ["passengers", "temperatures"])
def test_windows_end_before_their_target_and_tests_come_last(name, files):
    config = module.VARIANTS[name]
    data = module.load_data(config)
    table = pd.read_csv(files[module.DATASETS[name == "temperatures"]])
    values = table.iloc[:, 1].to_numpy()
    past = values[: -config.test]
    scaled = (values - past.min()) / (past.max() - past.min())
    np.testing.assert_allclose(data.x_train[0, :, 0], scaled[: config.timesteps], rtol=1e-5)
    np.testing.assert_allclose(data.y_train[0], scaled[config.timesteps], rtol=1e-5)
    np.testing.assert_allclose(data.y_test, scaled[-config.test :], rtol=1e-5)
    np.testing.assert_allclose(data.x_test[1:, -1, 0], data.y_test[:-1])
    assert len(data.y_train) == len(past) - config.timesteps
    assert data.y_train.min() >= 0 and data.y_train.max() == 1
    if name == "passengers":
        assert data.y_test.max() > 1.5, "the series outgrows what the network has seen"


def test_true_outputs_give_true_forecasts():
    for config in module.VARIANTS.values():
        data = module.load_data(config)
        forecasts = module.forecasts_of(config, data, data.y_test)
        np.testing.assert_allclose(forecasts, data.values[-config.test :], rtol=1e-5)


def test_simple_forecasts_by_hand():
    simple = module.simple_forecasts(np.array([1.0, 2, 4, 8, 16, 32]), test=2, season=3)
    assert simple["persistence"].tolist() == [8, 16] and simple["seasonal"].tolist() == [2, 4]
    assert simple["seasonal_change"].tolist() == [8 + 2 - 1, 16 + 4 - 2]
    errors = module.errors(simple["persistence"], np.array([16.0, 32]))
    assert errors["mae"] == 12 and errors["rmse"] == pytest.approx(np.sqrt((64 + 256) / 2))


class Fixed:
    """Trained networks with given outputs."""

    curves = {"loss": np.zeros((2, 1))}

    def __init__(self, outputs):
        self.outputs = outputs

    def predict(self, x):
        return np.stack([self.outputs, self.outputs])[..., None]


@pytest.mark.parametrize("name", list(module.VARIANTS))
def test_a_network_that_repeats_the_last_value_is_as_good_as_persistence(name):
    config = module.VARIANTS[name]
    data = module.load_data(config)
    outputs = np.full(config.test, -data.low / data.span) if config.growth else data.x_test[:, -1, 0]
    metrics = module.measure(config, data, Fixed(outputs)).metrics
    assert metrics["mae_over_persistence"] == pytest.approx([1, 1], abs=1e-4)
    assert metrics["rmse_over_persistence"] == pytest.approx([1, 1], abs=1e-4)
    facts = module.examine_data()[f"{config.series}_errors"]
    assert metrics["test_mae"][0] == pytest.approx(facts["persistence"]["mae"], abs=1e-2)
    ratio = facts["persistence"]["mae"] / facts["seasonal"]["mae"]
    assert metrics["mae_over_seasonal"][0] == pytest.approx(ratio, rel=1e-3)


def test_what_nothing_learned_gets_on_passengers():
    found = module.examine_data()["passengers_errors"]
    assert [round(error["mae"]) for error in found.values()] == [40, 37, 12]


def test_both_series_decide():
    def measured(temperatures, passengers):
        spread = 0.01 * np.arange(20) - 0.1
        return {
            "temperatures": {"mae_over_persistence": (temperatures + spread).tolist()},
            "passengers": {"mae_over_persistence": (passengers + spread).tolist()},
        }

    claim = module.CLAIMS[0]
    assert judge_claim(claim, {}, measured(0.8, 0.8))["verdict"] == "reproduced"
    assert judge_claim(claim, {}, measured(0.8, 1.2))["verdict"] == "not reproduced"
    assert judge_claim(claim, {}, measured(0.8, 1.0))["verdict"] == "inconclusive"


def test_the_network_is_the_documented_one():
    assert module.build_model(module.VARIANTS["passengers"]).count_params() == 4 * 50 * (1 + 50 + 1) + 51


def test_scaling_by_the_whole_series_is_noticed(monkeypatch):
    """Scaling that looks at the test part changes the golden trace."""
    config = module.VARIANTS["passengers"]
    right = module.trace(config, module.load_data(config))
    values = module.series_of(config)
    peeking = module.load_data(config)
    factor = peeking.span / (values.max() - values.min())
    wrong = replace(peeking, x_train=peeking.x_train * factor, y_train=peeking.y_train * factor)
    assert module.trace(config, wrong) != pytest.approx(right, rel=1e-3)
