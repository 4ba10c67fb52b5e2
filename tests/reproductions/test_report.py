"""Report, tables and figures come from the ledger alone and are redrawn only when it changes."""

import json

import matplotlib.pyplot as plt
import pandas as pd
import pytest

from reproductions import figures, ledger, report, tables
from reproductions.printed import run_cells
from reproductions.runner import run


def test_report_tables_and_figures(fake, tmp_path, monkeypatch):
    run(fake, tmp_path)
    written = [path.relative_to(tmp_path).as_posix() for path in report.write(tmp_path)]
    drawn = ["figures/fake-curves.png", "figures/fake-spread.png"]
    assert written == ["report.md", "tables/claims.csv", "tables/variants.csv", *drawn]
    text = (tmp_path / "report.md").read_text()
    assert (
        "**fake-level**" in text
        and "![Spread](figures/fake-spread.png)" in text
        and "4 claims judged: 4 reproduced" in text
    )
    claims = pd.read_csv(tmp_path / "tables" / "claims.csv")
    record = ledger.read(tmp_path, "fake")
    measured = record["claims"]["fake-level"]["checks"][0]["measured"]
    assert float(claims.set_index("claim").loc["fake-level", "measured"]) == pytest.approx(measured, rel=1e-12)
    for name in ("fake-curves", "fake-spread"):
        content = (tmp_path / "figures" / f"{name}.png").read_bytes()
        assert content.startswith(b"\x89PNG") and len(content) < 150_000

    monkeypatch.setattr(figures, "_curves", lambda *_: pytest.fail("drawn again"))
    monkeypatch.setattr(figures, "_spread", lambda *_: pytest.fail("drawn again"))
    report.write(tmp_path)
    record["variants"]["a"]["metrics"]["score"][0] += 0.001
    ledger.write_json(tmp_path / "fake.json", record)
    with pytest.raises(pytest.fail.Exception, match="drawn again"):
        report.write(tmp_path)


def test_figures_wait_for_missing_variants(fake, tmp_path):
    record = run(fake, tmp_path).record
    del record["variants"]["b"]
    assert figures.draw(fake.FIGURES[1], record, "x", tmp_path / "f.png") is False
    assert not (tmp_path / "f.png").exists()


def test_a_picture_is_painted_from_facts_and_from_variants_where_it_names_them(fake, tmp_path):
    record, painted = run(fake, tmp_path).record, []

    def paint(*shown):
        painted.append(shown)
        return plt.figure()

    for facts, variants, expected in (
        (("sum",), (), ({"sum": 4},)),
        (("sum",), ("b",), ({"sum": 4}, {"b": record["variants"]["b"]})),
        ((), ("a",), ({}, {"a": record["variants"]["a"]})),
    ):
        picture = figures.Picture("p", "P", "caption", facts, paint, variants)
        assert figures.draw(picture, record, f"{facts}{variants}", tmp_path / "p.png") and painted[-1] == expected
    for missing in (figures.Picture("p", "P", "", ("x",), paint), figures.Picture("p", "P", "", (), paint, ("x",))):
        assert figures.draw(missing, record, "y", tmp_path / "q.png") is False


def test_bench_figures_appear_in_the_report(fake, tmp_path):
    run(fake, tmp_path)
    row = {
        "title": "t", "model_fit_seconds_a_seed": 30.0, "trainer_seconds_a_seed": 0.3, "ratio": 100.0,
        "ratio_range": [90.0, 110.0], "bound": 50, "met": True,
    }  # fmt: skip
    (tmp_path / "bench.json").write_text(
        json.dumps({"benchmarks": {"churn": row}, "environment": {"cpu": "x", "cores": 2}})
    )
    report.write(tmp_path)
    assert "| churn | 30.00 s | 0.300 s | 100 (90 to 110) | 50, met |" in (tmp_path / "report.md").read_text()


def test_many_reproductions_end_with_a_table_of_counts(fake, tmp_path, capsys):
    outcome = run(fake, tmp_path)
    tables.print_outcomes([outcome] * 2, set(), tmp_path)
    assert "reproduction " not in capsys.readouterr().out
    tables.print_outcomes([outcome] * 5, set(), tmp_path)
    lines = capsys.readouterr().out.splitlines()
    assert [line.split() for line in lines if line.split() == ["fake", "4"]] == [["fake", "4"]] * 5
    assert any(line.startswith("20 claims in") and line.endswith("20 reproduced.") for line in lines)
    assert any(line.startswith("Ledger: 5 records in") for line in lines)


def test_printed_cells_run_like_a_notebook():
    outcomes = run_cells(
        {
            "define": "import warnings\nx = 2\nprint('dropped')\nwarnings.warn('old', UserWarning)",
            "fail": "y = x + missing",
            "go on": "z = x * 3",
        },
        namespace := {},
    )
    assert outcomes["define"].result == "runs" and "UserWarning" in outcomes["define"].warnings
    assert outcomes["fail"].result == "NameError: name 'missing' is not defined"
    assert outcomes["go on"].result == "runs" and namespace["z"] == 6
