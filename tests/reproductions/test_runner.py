"""Running, resuming after a kill, adding seeds, custom settings, unavailable data."""

import json
import os
import signal
import subprocess
import sys
import textwrap
import time
from dataclasses import replace
from pathlib import Path

import pytest

from recipes import datasets
from reproductions import ledger
from reproductions.claims import Within
from reproductions.runner import SettingError, run, worse_claims

HERE = Path(__file__).parent


def test_record_holds_everything(fake, tmp_path):
    outcome = run(fake, tmp_path)
    record = json.loads((tmp_path / "fake.json").read_text())
    assert record == json.loads(json.dumps(outcome.record))
    assert record["variants"]["a"]["seeds"] == list(range(20))
    assert len(record["variants"]["a"]["metrics"]["score"]) == 20
    assert {name: claim["verdict"] for name, claim in record["claims"].items()} == dict.fromkeys(
        record["claims"], "reproduced"
    )
    level = record["claims"]["fake-level"]["checks"][0]
    assert level["low"] < level["measured"] < level["high"] and 0 <= level["percentile"] <= 100
    assert len(record["variants"]["a"]["curves"]["loss"]["epoch"]) == ledger.CURVE_POINTS
    assert len(record["datasets"]["digits"]["sha256"]) == 64 and record["datasets"]["digits"]["source"] == "embedded"
    assert {"versions", "cpu", "cores", "devices", "strategy", "precision", "op_determinism"} <= set(
        record["environment"]
    )
    assert record["golden"]["losses"][:2] == [0.9, 0.45]
    assert record["commit"] and record["wall_seconds"] >= 0
    assert not (tmp_path / ".partial" / "fake").exists()


def test_seeds_are_added_until_the_verdict_is_clear(fake, tmp_path, monkeypatch):
    # With 20 seeds the interval of the mean straddles the edge; more seeds shrink it.
    monkeypatch.setattr(
        fake, "CLAIMS", (replace(fake.CLAIMS[2], checks=(Within("a", "score", 0.8985, 0.95),)), fake.CLAIMS[3])
    )
    record = run(fake, tmp_path).record
    seeds = len(record["variants"]["a"]["seeds"])
    assert seeds in (40, 80) and record["variants"]["a"]["seeds"] == list(range(seeds))
    assert len(record["variants"]["b"]["seeds"]) == 20, "only the undecided variant gets more"
    monkeypatch.setattr(fake, "MAX_SEEDS", 20)
    assert len(run(fake, tmp_path / "other").record["variants"]["a"]["seeds"]) == 20


def test_custom_settings_never_touch_the_ledger(fake, tmp_path):
    run(fake, tmp_path)
    before = (tmp_path / "fake.json").read_bytes()
    outcome = run(fake, tmp_path, settings={"level": "0.5", "units": "4,5", "scale": "false"})
    assert outcome.path.parent == tmp_path / "custom"
    config = outcome.record["variants"]["a"]["config"]
    assert (config["level"], list(config["units"]), config["scale"]) == (0.5, [4, 5], False)
    assert run(fake, tmp_path, seeds=5).path.parent == tmp_path / "custom"
    assert run(fake, tmp_path, seeds=25).path == tmp_path / "fake.json"
    assert before != b"" and len(json.loads((tmp_path / "fake.json").read_text())["variants"]["a"]["seeds"]) == 25


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"lvel": "1"}, r"fake has no setting 'lvel'; it has level \(float\), units .*scale \(bool\)"),
        ({"level": "high"}, "Setting level takes a number. Received: 'high'"),
        ({"scale": "maybe"}, "Setting scale takes true or false"),
        ({"units": "3;4"}, "Setting units takes whole numbers like 11,11"),
    ],
)
def test_bad_settings_are_named(fake, tmp_path, settings, message):
    with pytest.raises(SettingError, match=message):
        run(fake, tmp_path, settings=settings)


def test_a_size_is_a_named_set_of_settings(fake, tmp_path):
    outcome = run(fake, tmp_path, size="paper", settings={"scale": "false"})
    assert outcome.path.parent == tmp_path / "custom"
    config = outcome.record["variants"]["b"]["config"]
    assert (config["level"], list(config["units"]), config["scale"]) == (0.8, [64, 64], False)
    with pytest.raises(SettingError, match="fake has no size 'huge'; it has paper"):
        run(fake, tmp_path, size="huge")


def test_unavailable_data_keep_the_old_record(fake, tmp_path, monkeypatch):
    run(fake, tmp_path)
    before = (tmp_path / "fake.json").read_bytes()
    monkeypatch.setattr(fake, "DATASETS", ("graduate_admissions",))
    monkeypatch.delenv("REPRODUCTIONS_DATA", raising=False)
    monkeypatch.setenv("REPRODUCTIONS_CACHE", str(tmp_path / "cache"))
    outcome = run(fake, tmp_path)
    verdicts = {name: claim["verdict"] for name, claim in outcome.record["claims"].items()}
    assert verdicts == {
        "fake-fact": "reproduced", "fake-size": "unavailable", "fake-level": "unavailable", "fake-better": "unavailable",
    }  # fmt: skip
    assert "kaggle" in outcome.unavailable and outcome.path is None and not outcome.worse
    assert (tmp_path / "fake.json").read_bytes() == before


def test_a_wrong_file_is_an_error_not_unavailable(fake, tmp_path, monkeypatch):
    mirror = tmp_path / "graduate_admissions"
    mirror.mkdir()
    (mirror / "Admission_Predict_Ver1.1.csv").write_text("nothing of the kind")
    monkeypatch.setattr(fake, "DATASETS", ("graduate_admissions",))
    monkeypatch.setenv("REPRODUCTIONS_DATA", str(tmp_path))
    with pytest.raises(datasets.DatasetError, match="line 1: columns differ"):
        run(fake, tmp_path / "results")


def test_a_claim_that_got_worse_is_named(fake, tmp_path, monkeypatch):
    run(fake, tmp_path)
    monkeypatch.setattr(fake, "VARIANTS", {"a": fake.Config(level=0.5), "b": fake.Config(level=0.8)})
    assert run(fake, tmp_path).worse == ["fake-level", "fake-better"]

    def worse(old, new, *checks):
        named = [{"check": check, "verdict": verdict} for check, verdict in checks]
        return worse_claims({"claims": {"x": {"verdict": old}}}, {"claims": {"x": {"verdict": new, "checks": named}}})

    assert worse("erratum", "reproduced") == worse("reproduced", "unavailable") == []
    assert worse("exceeded", "inconclusive", ("within", "inconclusive")) == ["x"]
    # Times that scatter more than when the record was made are no fault of the code; a check of another kind is.
    assert worse("reproduced", "inconclusive", ("sampled", "inconclusive"), ("equals", "reproduced")) == []
    assert worse("reproduced", "inconclusive", ("sampled", "inconclusive"), ("better", "inconclusive")) == ["x"]
    assert worse("reproduced", "not reproduced", ("sampled", "not reproduced")) == ["x"]


DRIVER = """
    import sys, importlib
    sys.path.insert(0, sys.argv[1])
    import fake_reproduction as fake
    fake.__name__ = "reproductions.fake"
    from pathlib import Path
    from reproductions.runner import run
    run(fake, Path(sys.argv[2]))
"""


def drive(results, log, pause):
    environment = os.environ | {"FAKE_LOG": str(log), "FAKE_PAUSE": str(pause)}
    return subprocess.Popen([sys.executable, "-c", textwrap.dedent(DRIVER), str(HERE), str(results)], env=environment)


def test_sigkill_keeps_finished_variants_and_the_old_record(fake, tmp_path):
    run(fake, tmp_path)
    before = (tmp_path / "fake.json").read_bytes()
    log = tmp_path / "log"
    killed = drive(tmp_path, log, 1.0)
    while not (tmp_path / ".partial" / "fake" / "a-0-20.json").exists():
        assert killed.poll() is None
        time.sleep(0.02)
    killed.send_signal(signal.SIGKILL)
    killed.wait()
    assert (tmp_path / "fake.json").read_bytes() == before
    again = drive(tmp_path, log, 0)
    assert again.wait() == 0
    lines = log.read_text().splitlines()
    assert lines.count("train 0.9 0-19") == 1, "a finished variant was trained again"
    assert lines.count("examine_data") == 1
    assert lines.count("train 0.8 0-19") in (1, 2)
    record = ledger.read(tmp_path, "fake")
    assert record["claims"]["fake-better"]["verdict"] == "reproduced"
    assert not (tmp_path / ".partial" / "fake").exists()


def test_changed_code_or_settings_do_not_resume(fake, tmp_path):
    partial = ledger.Partial(tmp_path / "p", "one")
    partial.save("a", {"x": 1})
    assert ledger.Partial(tmp_path / "p", "one").load("a") == {"x": 1}
    assert ledger.Partial(tmp_path / "p", "two").load("a") is None


def test_two_runs_at_once_are_refused(fake, tmp_path):
    from filelock import FileLock

    (tmp_path / ".partial").mkdir()
    with (
        FileLock(tmp_path / ".partial" / "fake.lock"),
        pytest.raises(ledger.LedgerError, match="Another run of fake is writing"),
    ):
        run(fake, tmp_path)
