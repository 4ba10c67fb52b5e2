"""The command line as its users meet it: exit status, JSON on stdout alone, one-sentence errors, quick starts."""

import json
import os
import subprocess
import sys

import pytest

from reproductions import cli, ledger


def reproduce(*arguments, **environment):
    return subprocess.run(
        [sys.executable, "-m", "reproductions", *arguments],
        capture_output=True, text=True, env=os.environ | environment,
    )  # fmt: skip


def call(monkeypatch, capsys, *arguments):
    """Run a command in this process; returns status, stdout and stderr."""
    monkeypatch.setattr(sys, "argv", ["reproduce", *arguments])
    with pytest.raises(SystemExit) as stop:
        cli.main()
    captured = capsys.readouterr()
    return stop.value.code, captured.out, captured.err


@pytest.mark.parametrize(
    "arguments",
    [["list"], ["list", "--all"], ["show", "churn"], ["show", "churn-overfit-gap"], ["--help"], ["report"], ["data"]],
)
def test_quick_commands_do_not_load_tensorflow(arguments, tmp_path):
    code = (
        "import sys; sys.argv = ['reproduce', *sys.argv[1:]]\n"
        "from reproductions import cli\n"
        "try: cli.main()\n"
        "except SystemExit as stop: print('status', stop.code, 'tensorflow' in sys.modules, 'keras' in sys.modules)\n"
    )
    more = ["--results", str(tmp_path)] if arguments == ["report"] else []
    done = subprocess.run([sys.executable, "-c", code, *arguments, *more], capture_output=True, text=True)
    assert done.stdout.splitlines()[-1] == "status 0 False False", done.stderr


def test_list_json_is_one_document(monkeypatch, capsys):
    status, out, _ = call(monkeypatch, capsys, "list", "--all", "--json")
    rows = json.loads(out)
    assert status == 0
    assert sum(row["catalogued"] for row in rows) == 518
    assert all({"id", "area", "kind", "implemented", "verdict"} <= set(row) for row in rows)
    assert {row["verdict"] for row in rows if not row["implemented"]} == {None}


def test_run_prints_verdicts_and_writes_ledger_and_report(fake, tmp_path, monkeypatch, capsys):
    status, out, err = call(monkeypatch, capsys, "run", "fake", "--results", str(tmp_path))
    assert status == 0
    assert "fake-level" in out and "reproduced" in out and "report.md" in out
    assert "fake: a" in err and "fake: a" not in out
    assert "fake-better" in (tmp_path / "report.md").read_text()
    status, out, _ = call(monkeypatch, capsys, "run", "fake-level", "--results", str(tmp_path), "--json")
    assert status == 0 and json.loads(out)[0]["claims"]["fake-level"]["verdict"] == "reproduced"
    status, out, _ = call(monkeypatch, capsys, "check", "fake", "--results", str(tmp_path))
    assert status == 0 and "gates passed" in out
    status, out, _ = call(monkeypatch, capsys, "show", "fake", "--results", str(tmp_path))
    assert status == 0 and "What is measured, before noise." in out


def test_a_worse_claim_and_a_failed_gate_exit_with_one(fake, tmp_path, monkeypatch, capsys):
    call(monkeypatch, capsys, "run", "fake", "--results", str(tmp_path))
    monkeypatch.setattr(fake, "VARIANTS", {"a": fake.Config(level=0.5), "b": fake.Config(level=0.8)})
    status, out, _ = call(monkeypatch, capsys, "check", "fake", "--results", str(tmp_path))
    assert status == 1 and "FAIL too low" in out and "FAIL the mathematics has changed" in out
    status, out, _ = call(monkeypatch, capsys, "run", "fake", "--results", str(tmp_path))
    assert status == 1 and "fake-level got worse than its record says" in out


def test_unavailable_data_exit_with_three_only_under_strict(fake, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(fake, "DATASETS", ("graduate_admissions",))
    monkeypatch.delenv("REPRODUCTIONS_DATA", raising=False)
    monkeypatch.setenv("REPRODUCTIONS_CACHE", str(tmp_path / "cache"))
    status, out, _ = call(monkeypatch, capsys, "run", "fake", "--results", str(tmp_path))
    assert status == 0 and "unavailable" in out and "kaggle.com" in out.replace("\n", "")
    assert call(monkeypatch, capsys, "run", "fake", "--strict", "--results", str(tmp_path))[0] == 3


def test_claims_whose_data_are_absent_say_so_before_any_run_and_in_the_report(tmp_path, monkeypatch, capsys):
    monkeypatch.delenv("REPRODUCTIONS_DATA", raising=False)
    monkeypatch.setenv("REPRODUCTIONS_CACHE", str(tmp_path / "cache"))
    asked = ("show", "transfer-finetuning-95", "--json", "--results", str(tmp_path))
    assert json.loads(call(monkeypatch, capsys, *asked)[1])["verdict"] == "unavailable"
    call(monkeypatch, capsys, "report", "--results", str(tmp_path))
    text = (tmp_path / "report.md").read_text()
    assert "## Unavailable" in text and "vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5" in text
    # With its file there the claim only waits for a run.
    for name in ("cats_vs_dogs/cats_vs_dogs_150.tar", "weights/vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5"):
        file = tmp_path / "cache" / name
        file.parent.mkdir(parents=True)
        file.touch()
    assert json.loads(call(monkeypatch, capsys, *asked)[1])["verdict"] is None


def test_interrupt_exits_with_130_and_says_how_to_go_on(fake, tmp_path, monkeypatch, capsys):
    def interrupted(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(fake, "train", interrupted)
    status, _, err = call(monkeypatch, capsys, "run", "fake", "--results", str(tmp_path))
    assert status == 130 and "run the same command again to go on" in err


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["run", "chrun"], "There is no claim or reproduction 'chrun'; did you mean churn"),
        (["show", "mnist-ann-acuracy"], "did you mean mnist-ann-accuracy"),
        (["run", "--sedes", "3"], "No such option"),
        (["frobnicate"], "No such command 'frobnicate'"),
        (["list", "--verdict", "maybe"], "There is no verdict 'maybe'; there are reproduced"),
        (["list", "--area", "nowhere"], "There is no area 'nowhere'"),
        (["run", "digits_ann", "--set", "epochs"], "--set takes KEY=VALUE. Received: 'epochs'"),
        (["run", "digits_ann", "--set", "epoch=3"], "digits_ann has no setting 'epoch'; it has units (int)"),
        (["data", "fetch", "mnits"], "There is no dataset 'mnits'"),
        (["data", "grab", "mnist"], "There is no action 'grab'; use list"),
        (["check", "digits_ann", "--results", "/nonexistent"], "There is no record /nonexistent/digits_ann.json"),
        (["bench", "nothing"], "There is no benchmark 'nothing'"),
    ],
)
def test_bad_input_is_one_sentence_and_exit_two(arguments, sentence, monkeypatch, capsys):
    status, out, err = call(monkeypatch, capsys, *arguments)
    assert status == 2 and out == ""
    assert sentence in err.replace("\n", " ")
    assert len(err.strip().splitlines()) == 1 and "Traceback" not in err


def test_unwritable_results_stop_before_training(fake, tmp_path, monkeypatch, capsys):
    (tmp_path / "file").write_text("")
    monkeypatch.setattr(fake, "train", lambda *_, **__: pytest.fail("trained"))
    status, _, err = call(monkeypatch, capsys, "run", "fake", "--results", str(tmp_path / "file"))
    assert status == 2 and "can't be written" in err


def test_debug_shows_the_traceback():
    done = reproduce("show", "nothing-at-all", "--debug")
    assert "Traceback" in done.stderr and done.returncode == 1


def test_narrow_terminals_keep_claim_ids_whole(tmp_path):
    done = reproduce("list", "--results", str(tmp_path), COLUMNS="60")
    assert "mnist-normalise-converges-faster" in done.stdout
    assert max(len(line) for line in done.stdout.splitlines()) <= 60


def test_data_says_where_everything_is(monkeypatch, capsys, tmp_path):
    monkeypatch.delenv("REPRODUCTIONS_DATA", raising=False)
    monkeypatch.setenv("REPRODUCTIONS_CACHE", str(tmp_path))
    status, out, _ = call(monkeypatch, capsys, "data", "--json")
    rows = {row["name"]: row for row in json.loads(out)}
    assert status == 0
    assert rows["digits"]["source"] == "embedded" and rows["mnist"]["source"] == "absent"
    status, _, err = call(monkeypatch, capsys, "data", "path", "graduate_admissions")
    assert status == 3 and "kaggle.com" in err


def test_default_results_are_those_of_the_checkout():
    assert ledger.default_results().name == "results"
