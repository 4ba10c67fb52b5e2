"""Records are written whole, read with care, and the committed ones agree with the code."""

import json
import math
import os

import pytest

from reproductions import ledger, registry
from reproductions.claims import VERDICTS
from reproductions.runner import joined, variants_of
from reproductions.verdicts import judge_claim


def test_a_failed_write_leaves_the_old_record(tmp_path, monkeypatch):
    path = tmp_path / "record.json"
    ledger.write_json(path, {"a": 1})

    def full_disk(*_):
        raise OSError("No space left on device")

    monkeypatch.setattr(os, "fsync", full_disk)
    with pytest.raises(OSError, match="No space"):
        ledger.write_json(path, {"a": 2})
    assert json.loads(path.read_text()) == {"a": 1}
    assert [file.name for file in tmp_path.iterdir()] == ["record.json"]


def test_json_has_no_nan(tmp_path):
    import numpy as np

    ledger.write_json(tmp_path / "x.json", {"a": [math.nan, math.inf, np.float32(0.5), np.int64(3), True], "b": (1,)})
    assert (tmp_path / "x.json").read_text().count("null") == 2
    assert json.loads((tmp_path / "x.json").read_text()) == {"a": [None, None, 0.5, 3, True], "b": [1]}


@pytest.mark.parametrize("content", ["", '{"schema": 1, "repro', "[]", '{"schema": 99, "reproduction": "churn"}'])
def test_torn_and_foreign_records_are_refused_by_name(tmp_path, content):
    (tmp_path / "churn.json").write_text(content)
    with pytest.raises(ledger.LedgerError, match=r"churn\.json .*(restore it with git|delete it)"):
        ledger.read(tmp_path, "churn")
    assert ledger.read(tmp_path, "admission") is None


def test_unwritable_results_are_named(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(ledger.LedgerError, match=r"results folder .*file can't be written .*--results DIR"):
        ledger.require_writable(tmp_path / "file")


def records():
    found = {name: ledger.read(ledger.default_results(), name) for name in registry.REPRODUCTIONS}
    return {name: record for name, record in found.items() if record is not None}


NEVER_RUN = {"vgg16_transfer"}
"""VGG16's ImageNet weights could not be downloaded where the ledger was made; its claims are unavailable."""


def test_every_reproduction_has_a_committed_record():
    assert set(records()) == set(registry.REPRODUCTIONS) - NEVER_RUN


@pytest.mark.parametrize("name", [name for name in registry.REPRODUCTIONS if name not in NEVER_RUN])
def test_committed_verdicts_follow_from_the_committed_measurements(name):
    record = records()[name]
    module = registry.load(name)
    metrics = {variant: joined([values | {"curves": {}}])["metrics"] for variant, values in record["variants"].items()}
    assert set(record["claims"]) == {claim.id for claim in module.CLAIMS}
    for claim in module.CLAIMS:
        stored = record["claims"][claim.id]
        assert stored["verdict"] in VERDICTS
        assert judge_claim(claim, record["facts"], metrics)["verdict"] == stored["verdict"], claim.id
        assert stored["documented"] == claim.documented and stored["statement"] == claim.statement
    assert set(record["variants"]) == set(variants_of(module))
    for variant in record["variants"].values():
        assert len(variant["seeds"]) >= module.SEEDS
        assert all(len(values) == len(variant["seeds"]) for values in variant["metrics"].values())


@pytest.mark.parametrize("name", [name for name in registry.REPRODUCTIONS if name not in NEVER_RUN])
def test_committed_records_were_made_with_the_configurations_and_data_of_the_code(name):
    from dataclasses import asdict

    from recipes.datasets import dataset_sha256

    record = records()[name]
    module = registry.load(name)
    assert {variant: values["config"] for variant, values in record["variants"].items()} == json.loads(
        json.dumps({variant: asdict(config) for variant, config in variants_of(module).items()})
    )
    assert {one: values["sha256"] for one, values in record["datasets"].items()} == {
        one: dataset_sha256(one) for one in module.DATASETS
    }
    assert record["environment"]["peak_memory_mib"] < (3 if module.IN_DEFAULT_SET else 6) * 1024
