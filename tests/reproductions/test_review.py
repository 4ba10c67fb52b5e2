"""Cases a reviewer found: text with brackets, stale partials and figures, records that lack parts."""

import dataclasses
import io
import types
from pathlib import Path

import numpy as np
import pytest

from reproductions import cli, ledger, registry, report, runner, tables, verdicts
from reproductions.check import check_reproduction
from reproductions.claims import Equals, Measured, Within


def test_show_keeps_brackets_of_every_claim(monkeypatch):
    from rich.console import Console

    for name in [row["id"] for row in registry.pending()] + list(registry.claims()):
        out = io.StringIO()
        monkeypatch.setattr(tables, "console", lambda out=out: Console(file=out, width=4000, highlight=False))
        found = tables.details(name, ledger.default_results())
        tables.print_details(found)
        for part in ("statement", "documented", "setup", "remark"):
            assert found.get(part, "") in out.getvalue(), (name, part)


@pytest.mark.parametrize(
    "source", ["reproductions/networks.py", "reproductions/printed.py", "recipes/__init__.py", "layers/__init__.py"]
)
def test_changed_shared_code_makes_partial_results_stale(fake, source, monkeypatch):
    before = runner.fingerprint(fake, fake.VARIANTS, 20)
    read = Path.read_bytes
    monkeypatch.setattr(Path, "read_bytes", lambda self: read(self) + b"#" * self.as_posix().endswith(source))
    assert runner.fingerprint(fake, fake.VARIANTS, 20) != before


def test_custom_runs_of_other_seed_counts_are_kept_apart(fake, tmp_path):
    assert runner.run(fake, tmp_path, seeds=5).path != runner.run(fake, tmp_path, seeds=3).path


def test_numpy_facts_and_values_of_another_shape_are_judged(fake, tmp_path):
    numpy_fact = types.SimpleNamespace(**{**vars(fake), "examine": lambda: {"sum": np.int64(4)}})
    assert runner.run(numpy_fact, tmp_path).record["claims"]["fake-fact"]["verdict"] == "reproduced"
    for value in (None, 5):
        assert verdicts.judge(Equals("shape", [1, 2]), {"shape": value}, {}).verdict == "not reproduced"


def test_a_record_without_its_parts_is_refused_before_training(fake, tmp_path, monkeypatch, capsys):
    (tmp_path / "fake.json").write_text('{"schema": 1, "reproduction": "fake"}')
    with pytest.raises(ledger.LedgerError, match=r"fake\.json is no record of fake .* delete it"):
        ledger.read(tmp_path, "fake")
    monkeypatch.setattr(registry, "REPRODUCTIONS", ("fake", "other"))
    monkeypatch.setattr(fake, "train", lambda *_, **__: pytest.fail("trained"))
    (tmp_path / "fake.json").unlink()
    (tmp_path / "other.json").write_text("{torn")
    monkeypatch.setattr("sys.argv", ["reproduce", "run", "fake", "--results", str(tmp_path)])
    with pytest.raises(SystemExit) as stop:
        cli.main()
    assert stop.value.code == 2 and "other.json can't be read" in capsys.readouterr().err


def test_a_variant_newer_than_its_record_is_named(fake, tmp_path):
    record = runner.run(fake, tmp_path).record
    newer = dataclasses.replace(fake.CLAIMS[2], checks=(Within("c", "score", 0, 1),))
    module = types.SimpleNamespace(**{**vars(fake), "CLAIMS": (newer,)})
    with pytest.raises(ledger.LedgerError, match="record of fake has no c score; run `reproduce run fake`"):
        check_reproduction(module, record)


def test_a_perfect_score_fails_its_gate_instead_of_the_check(fake, tmp_path):
    def measure(config, data, seeds):
        score = [1.0 if seed >= 10_000 else 0.8 + seed / 1000 for seed in seeds]
        return Measured({"r2": score}, {"loss": [[1.0]] * len(seeds), "val_loss": [[1.0]] * len(seeds)})

    claim = dataclasses.replace(fake.CLAIMS[2], checks=(Within("a", "r2", 0, 1),))
    module = types.SimpleNamespace(**{**vars(fake), "CLAIMS": (claim,), "measure": measure})
    failures = check_reproduction(module, runner.run(module, tmp_path).record).failures
    assert [gate.name for gate in failures] == ["a log(1 - r2)"]


def test_a_figure_is_drawn_again_when_its_declaration_changes(fake, tmp_path):
    runner.run(fake, tmp_path)
    report.write(tmp_path)
    path = tmp_path / "figures" / "fake-spread.png"
    before = path.read_bytes()
    fake.FIGURES = (fake.FIGURES[0], dataclasses.replace(fake.FIGURES[1], title="Another title"))
    report.write(tmp_path)
    assert path.read_bytes() != before
