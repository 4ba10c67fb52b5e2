"""A killed training goes on from its checkpoint and ends as if nothing had happened."""

import os
import signal
import subprocess
import sys
import textwrap
import time

import keras
import numpy as np
import pytest

from recipes.training import Trainer, checkpoint, loops

SCRIPT = """
    import sys, time
    import keras, numpy as np
    from recipes.training import Trainer, loops
    loops.SECONDS_BETWEEN_CHECKPOINTS = 0.0
    x = np.random.default_rng(0).normal(size=(64, 3)).astype("float32")

    def build():
        layers = [keras.layers.Dense(4, "relu"), keras.layers.Dropout(0.2), keras.layers.Dense(1)]
        model = keras.Sequential([keras.Input((3,)), *layers])
        model.compile("adam", "mse")
        return model

    def progress(share):
        print(share, flush=True)
        time.sleep(float(sys.argv[3]))

    runs = Trainer(build, stack=sys.argv[2] == "stacked", lanes=1).fit(
        x, x[:, :1], seeds=[0, 1], epochs=40, checkpoint=sys.argv[1], progress=progress)
    np.savez(sys.argv[1] + ".npz", loss=runs.curves["loss"], *runs.weights[1])
"""


def start(folder, mode, pause):
    environment = os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3"}
    return subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(SCRIPT), str(folder), mode, str(pause)],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=environment,
    )  # fmt: skip


@pytest.mark.parametrize("mode", ["stacked", "sequential"])
def test_sigkill_in_the_middle_loses_nothing(tmp_path, mode):
    straight = start(tmp_path / "straight", mode, 0)
    broken = start(tmp_path / "broken", mode, 0.05)
    for line in broken.stdout:
        if float(line) > 0.6:
            break
    broken.send_signal(signal.SIGKILL)
    broken.wait()
    resumed = start(tmp_path / "broken", mode, 0)
    shares = [float(line) for line in resumed.stdout]
    assert resumed.wait() == 0
    assert straight.communicate() and straight.returncode == 0
    assert shares[0] > 0.55, "the second call began anew"
    with np.load(f"{tmp_path}/straight.npz") as one, np.load(f"{tmp_path}/broken.npz") as other:
        assert one.files == other.files
        for name in one.files:
            np.testing.assert_allclose(one[name], other[name], rtol=1e-5, atol=1e-7)


def test_torn_and_foreign_checkpoints_are_ignored(tmp_path):
    path = tmp_path / "state.npz"
    checkpoint.save(path, [np.arange(3)], {"run": {"epochs": 5}, "epoch": 2})
    arrays, meta = checkpoint.load(path, {"epochs": 5})
    assert meta["epoch"] == 2 and arrays[0].tolist() == [0, 1, 2]
    assert checkpoint.load(path, {"epochs": 6}) is None
    whole = path.read_bytes()
    for length in (0, 10, len(whole) // 2, len(whole) - 1):
        path.write_bytes(whole[:length])
        assert checkpoint.load(path, {"epochs": 5}) is None
    assert checkpoint.load(tmp_path / "absent.npz", {}) is None


def test_a_failed_write_keeps_the_old_checkpoint(tmp_path, monkeypatch):
    path = tmp_path / "state.npz"
    checkpoint.save(path, [np.arange(3)], {"run": {}})

    def full_disk(*_):
        raise OSError("No space left on device")

    monkeypatch.setattr(os, "fsync", full_disk)
    with pytest.raises(OSError, match="No space"):
        checkpoint.save(path, [np.arange(9)], {"run": {}})
    assert [file.name for file in tmp_path.iterdir()] == ["state.npz"]
    assert checkpoint.load(path, {})[0][0].tolist() == [0, 1, 2]


def test_interrupt_stops_every_lane_and_keeps_the_state(tmp_path, monkeypatch):
    monkeypatch.setattr(loops, "SECONDS_BETWEEN_CHECKPOINTS", 0.0)
    x = np.random.default_rng(0).normal(size=(64, 3)).astype("float32")

    def build():
        model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
        model.compile("sgd", "mse")
        return model

    def interrupt(share):
        if share > 0.3:
            raise KeyboardInterrupt

    trainer = Trainer(build, lanes=2)
    started = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        trainer.fit(x, x[:, :1], seeds=range(4), epochs=50, checkpoint=tmp_path, progress=interrupt)
    assert time.monotonic() - started < 30
    assert list(tmp_path.glob("stack-*.npz"))
    shares = []
    resumed = trainer.fit(x, x[:, :1], seeds=range(4), epochs=50, checkpoint=tmp_path, progress=shares.append)
    straight = trainer.fit(x, x[:, :1], seeds=range(4), epochs=50)
    np.testing.assert_allclose(resumed.curves["loss"], straight.curves["loss"], rtol=1e-6)
