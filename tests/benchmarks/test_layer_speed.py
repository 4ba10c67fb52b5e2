"""The layer benchmark compares equal things and divides the right way; no speed is asserted."""

import dataclasses
import json

import keras
import numpy as np
import pytest

import layers
from benchmarks import layer_speed
from benchmarks.layer_cases import CASES, Case
from reproductions import cli, report, tables

LSTM = Case("LSTM", "tiny", (2, 3, 4), {"units": 3})
ROW = {
    "layer": "LSTM",
    "size": "tiny",
    "what": "step",
    "ours graph ms": 1.0,
    "keras graph ms": 2.0,
    "ours xla ms": 0.5,
    "keras xla ms": 4.0,
    "ratio graph": 0.5,
    "quartiles graph": [0.4, 0.6],
    "ratio xla": 0.125,
    "quartiles xla": [0.1, 0.2],
    "ratio best": 0.25,
    "torch ms": 1.0,
    "ratio torch": 0.5,
    "calls": 15,
}


def test_every_case_is_one_of_our_layers_and_has_a_name_of_its_own():
    assert len({case.name for case in CASES}) == len(CASES)
    assert {case.layer for case in CASES} <= set(layers.__all__)
    assert set(layer_speed.MEMORY_CASES) <= {case.name for case in CASES}


@pytest.mark.parametrize("case", [case for case in CASES if "large" not in case.size], ids=lambda case: case.name)
def test_every_case_can_be_built_on_both_sides(case):
    ours, theirs = case.build(layers), case.build(keras.layers)
    assert [weight.shape for weight in ours.weights] == [weight.shape for weight in theirs.weights]


def test_ratios_are_of_neighbouring_calls_and_below_one_means_faster():
    times = {"ours graph": [1.0, 3.0], "keras graph": [2.0, 4.0], "ours xla": [8.0, 8.0], "keras xla": [4.0, 4.0]}
    row = layer_speed.summary(times | {"torch": [1.0, 1.0]})
    assert row["ratio graph"] == pytest.approx((0.5 + 0.75) / 2) and row["ratio xla"] == 2
    assert row["ratio best"] == pytest.approx(2.0 / 3.0, abs=1e-3) and row["ratio torch"] == 2.0


def test_a_case_is_measured_in_both_modes_with_input_and_weight_gradients(monkeypatch):
    def once(sides, seconds):
        return {side: [1.0, 2.0] for side, function in sides.items() if function() is not None}

    monkeypatch.setattr(layer_speed, "interleaved", once)
    rows = layer_speed.measure_case(LSTM)
    assert [row["what"] for row in rows] == ["forward", "step"] and rows[1]["ratio graph"] == 1
    x = np.ones(LSTM.shape, "float32")
    steps = layer_speed.keras_sides(LSTM, LSTM.build(layers))
    assert [tuple(one.shape) for one in steps["step graph"](x)] == [(2, 3, 4), (4, 12), (3, 12), (12,)]


def test_sides_that_differ_are_refused():
    class Broken(layers.LSTM):
        def call(self, *args, **kwargs):
            return 2 * super().call(*args, **kwargs)

    class Package:
        LSTM = Broken

    case = dataclasses.replace(LSTM, layer="LSTM")
    object.__setattr__(case, "build", lambda package: LSTM.build(Package if package is layers else keras.layers))
    with pytest.raises(AssertionError):
        layer_speed.measure_case(case)


@pytest.mark.parametrize("name", ["SimpleRNN", "LSTM", "GRU", "MultiHeadAttention"])
def test_torch_has_the_same_weights(name):
    pytest.importorskip("torch", reason="PyTorch is not installed; `make test-backends` installs it")
    arguments = {"num_heads": 2, "key_dim": 4} if name == "MultiHeadAttention" else {"units": 5}
    peer = next(case.torch for case in CASES if case.layer == name)
    case = Case(name, "tiny", (2, 3, 8), arguments, peer, self_attention=name == "MultiHeadAttention")
    layer = case.build(layers)
    layer.set_weights([np.random.default_rng(n).standard_normal(w.shape) for n, w in enumerate(layer.weights)])
    x = np.random.default_rng(9).standard_normal(case.shape).astype("float32")
    other = layer_speed.torch_sides(case, layer, x)
    np.testing.assert_allclose(other["forward"]().numpy(), layer_speed.infer(layer, case, x), atol=1e-5)
    assert len(other["step"]()) == 5  # of the input, two kernels and two biases


def test_command_table_and_report_show_it(tmp_path, monkeypatch, capsys):
    found = {
        "rows": [ROW],
        "memory": [{"case": "LSTM tiny", "ours MiB": 10.0, "keras MiB": 20.0}],
        "torch": "2.13.0",
        "environment": {"cpu": "a processor", "cores": 2, "versions": {"tensorflow": "2.21", "keras": "3.15"}},
    }

    def measure(results):
        (results / "layer_bench.json").write_text(json.dumps(found))
        return found

    monkeypatch.setattr(layer_speed, "measure", measure)
    monkeypatch.setattr("sys.argv", ["reproduce", "bench", "layers", "--results", str(tmp_path), "--json"])
    with pytest.raises(SystemExit) as status:
        cli.main()
    assert status.value.code == 0 and json.loads(capsys.readouterr().out)["layers"]["rows"] == [ROW]
    assert tables.layer_cells(ROW)[4:] == ["0.50 (0.40 to 0.60)", "0.5", "4", "0.12 (0.10 to 0.20)", "1", "0.50"]
    text = report._layer_bench(tmp_path)
    assert "| LSTM tiny | training step | 1 | 2 |" in text and "| LSTM tiny | 10 MiB | 20 MiB | 0.50 |" in text
