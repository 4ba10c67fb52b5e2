"""The benchmark's two sides train the same thing, and its arithmetic is right; no speed is asserted."""

import json

import pytest

from benchmarks import runner
from benchmarks.workloads import WORKLOADS, mnist_script
from reproductions.registry import UnknownName


def test_both_sides_train_the_same_network():
    workload = WORKLOADS["digits"]
    config = workload.reproduction.VARIANTS[workload.variant]
    data = workload.reproduction.load_data(config)
    history = mnist_script(data)
    runs = workload.reproduction.train(config, data, range(3))
    assert history.model.count_params() == runs.model.count_params()
    assert len(history.epoch) == runs.curves["loss"].shape[1] == config.epochs
    assert abs(history.history["val_accuracy"][-1] - runs.curves["val_accuracy"][:, -1].mean()) < 0.05


def test_ratios_are_a_seed_and_other_results_are_kept(tmp_path, monkeypatch):
    seconds = {"model_fit": iter([30.0, 33.0]), "trainer": iter([0.5, 0.3])}
    monkeypatch.setattr(runner, "_child", lambda name, side: next(seconds[side]))
    (tmp_path / "bench.json").write_text(json.dumps({"benchmarks": {"old": {"ratio": 1}}}))
    found = runner.bench(["digits"], 2, tmp_path)
    row = found["benchmarks"]["digits"]
    assert row["ratio"] == pytest.approx((60 + 110) / 2) and row["ratio_range"] == pytest.approx([60, 110])
    assert row["met"] is True and "old" in json.loads((tmp_path / "bench.json").read_text())["benchmarks"]
    with pytest.raises(UnknownName):
        runner.bench(["nothing"], 1, tmp_path)
