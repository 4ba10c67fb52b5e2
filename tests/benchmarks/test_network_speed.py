"""The sides of the network benchmark train the same networks, and its ratios are right; no speed is asserted."""

import keras
import pytest
from typer.testing import CliRunner

import layers
from benchmarks import network_speed
from benchmarks.network_cases import NETWORKS
from reproductions.cli import app
from reproductions.registry import UnknownName

DOCUMENTED = {"strided": 20_106, "lenet5": 61_706, "pooled": 17_578, "same": 269_706, "cat_dog": 1_625_281}
"""Parameters of the printed networks (document 003, Videos 42 to 48; document 000)."""


@pytest.mark.parametrize("name", NETWORKS)
def test_both_libraries_build_the_documented_network(name):
    ours, theirs = NETWORKS[name].build(layers), NETWORKS[name].build(keras.layers)
    assert ours.count_params() == theirs.count_params() == DOCUMENTED[name.removesuffix("_augmented")]
    assert [layer.output.shape for layer in ours.layers if layer.weights] == [
        layer.output.shape for layer in theirs.layers if layer.weights
    ]


def test_ratios_are_taken_repeat_by_repeat(tmp_path, monkeypatch):
    seconds = {"model_fit": iter([3.0, 4.0]), "trainer": iter([2.0, 2.0])}
    monkeypatch.setattr(
        network_speed, "_child", lambda name, side: {"seconds": next(seconds[side]), "peak_mib": 1024.0}
    )
    row = network_speed.measure(tmp_path, 2, ["lenet5"])["networks"]["lenet5"]
    assert row["ratio"] == pytest.approx(1.75) and row["ratio_range"] == pytest.approx([1.5, 2.0]) and row["met"]
    runs = {side: [{"seconds": 3.0, "peak_mib": 1.0}] for side in network_speed.SIDES}
    assert network_speed.summary(NETWORKS["lenet5"], runs)["met"] is False
    with pytest.raises(UnknownName, match="no network 'nothing'"):
        network_speed.measure(tmp_path, 1, ["nothing"])


def test_an_epoch_is_timed_on_every_side(monkeypatch):
    small = NETWORKS["strided"].__class__(**(vars(NETWORKS["strided"]) | {"images": 64}))
    monkeypatch.setitem(NETWORKS, "strided", small)
    monkeypatch.setattr(network_speed, "EPOCHS", 1)
    for side in network_speed.SIDES:
        assert network_speed.epoch("strided", side)["peak_mib"] > 100


def test_the_command_prints_the_table(tmp_path, monkeypatch):
    times = {"model_fit": 3.0, "trainer": 1.0}
    monkeypatch.setattr(network_speed, "_child", lambda name, side: {"seconds": times[side], "peak_mib": 1024.0})
    shown = CliRunner().invoke(app, ["bench", "networks", "--results", str(tmp_path)])
    assert shown.exit_code == 0 and "3.00 (3.00" in shown.output and "LeNet-5" in shown.output
