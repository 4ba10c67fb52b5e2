"""Several reproductions at once: the same records, progress of each, and nothing left running after an interrupt."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from reproductions import init_examples, loss_examples, workers
from reproductions.runner import SettingError, name_of

MODULES = [loss_examples, init_examples]


class Recorder:
    """Stands in for the progress bar."""

    def __init__(self, modules):
        self.expected = {name_of(module): module.EXPECTED_SECONDS for module in modules}
        self.shares = {}

    def of(self, name):
        return lambda label, share: self.shares.setdefault(name, []).append(share)


def test_workers_write_the_records_that_one_process_writes(tmp_path):
    modules = [loss_examples, init_examples]
    recorder = Recorder(modules)
    outcomes = workers.run_all(modules, tmp_path, None, {}, recorder, jobs=2)
    assert [outcome.path.name for outcome in outcomes] == ["loss_examples.json", "init_examples.json"]
    alone = workers.run_all(modules[1:], tmp_path / "alone", None, {}, recorder, jobs=1)[0]
    assert outcomes[1].record["claims"] == alone.record["claims"]
    assert all(recorder.shares[name][-1] == 1.0 for name in recorder.expected)


def test_the_error_of_a_worker_reaches_the_caller(tmp_path):
    with pytest.raises(SettingError, match="has no settings"):
        workers.run_all(MODULES, tmp_path, None, {"epochs": "3"}, Recorder(MODULES), 2)


def test_reproductions_that_time_something_run_alone(tmp_path, monkeypatch):
    shared = []
    monkeypatch.setattr(workers, "_in_workers", lambda names, *_: shared.extend(names) or {})
    monkeypatch.setattr(workers, "run", lambda module, *_: name_of(module))
    monkeypatch.setattr(init_examples, "TIMES", True, raising=False)
    modules = [init_examples, loss_examples]
    assert workers.run_all(modules, tmp_path, None, {}, Recorder(modules), 2) == ["init_examples", "loss_examples"]
    assert shared == ["loss_examples"]


@pytest.mark.skipif(os.name != "posix", reason="signals and process groups are POSIX's")
def test_an_interrupt_leaves_no_worker_behind(tmp_path):
    # A shell that starts the tests in the background makes every process below it ignore interrupts.
    heed = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)"
    start = f"{heed}; from reproductions.cli import main; main()"
    command = [sys.executable, "-c", start, "run", "digits_ann", "loss_examples", "--jobs", "2"]
    running = subprocess.Popen(
        [*command, "--results", str(tmp_path)],
        start_new_session=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        cwd=Path(workers.__file__).parents[1],
    )  # fmt: skip
    for line in running.stderr:
        if line.startswith("digits_ann:"):
            break
    os.kill(running.pid, signal.SIGINT)
    _, error = running.communicate(timeout=60)
    assert running.returncode == 130 and "run the same command again" in error
    for _ in range(50):
        try:
            os.killpg(running.pid, 0)
        except ProcessLookupError:
            break
        time.sleep(0.1)
    else:
        pytest.fail("a worker still runs")
