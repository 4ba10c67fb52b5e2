"""What a measurement ran on: versions, processor, devices, precision, commit."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from importlib import metadata
from pathlib import Path
from typing import Any

PACKAGES = ("tensorflow", "keras", "numpy", "scikit-learn", "scipy", "pandas", "tensorflow-datasets")


def versions() -> dict[str, str]:
    """Versions of Python and of the packages that numbers depend on."""
    return {"python": platform.python_version(), **{name: metadata.version(name) for name in PACKAGES}}


def cpu_model() -> str:
    """The processor's name as the system gives it."""
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()


def cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def machine() -> dict[str, Any]:
    """What a benchmark ran on."""
    return {"cpu": cpu_model(), "cores": cores(), "versions": versions(), "commit": commit()}


def platform_key() -> dict[str, str]:
    """What a golden trace depends on besides the code; the sums of a convolution are split among threads."""
    import tensorflow as tf

    threads = tf.config.threading.get_intra_op_parallelism_threads() or os.environ.get("TF_NUM_INTRAOP_THREADS", "0")
    found = versions()
    return {name: found[name] for name in ("tensorflow", "keras", "numpy")} | {
        "cpu": cpu_model(),
        "machine": platform.machine(),
        "system": platform.system(),
        "threads": str(int(threads) or cores()),
    }


def describe() -> dict[str, Any]:
    """Everything about this process that a record keeps."""
    import keras
    import tensorflow as tf

    from recipes.training.determinism import determinism_enabled

    return {
        "versions": versions(),
        "platform": platform.platform(),
        "cpu": cpu_model(),
        "cores": cores(),
        "devices": [device.name for device in tf.config.list_logical_devices()],
        "strategy": "one device",
        "precision": keras.config.dtype_policy().name,
        "op_determinism": determinism_enabled(),
        "peak_memory_mib": peak_memory_mib(),
    }


def peak_memory_mib() -> int | None:
    """Largest resident size of this process so far, None where the system does not tell."""
    try:
        import resource
    except ImportError:
        return None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak // (1024 * 1024) if platform.system() == "Darwin" else peak // 1024


def commit() -> str:
    """The checkout's commit, with `+changes` where tracked files differ from it; `unknown` outside a checkout."""

    def git(*arguments: str) -> str:
        done = subprocess.run(
            ["git", *arguments], cwd=Path(__file__).parent, capture_output=True, text=True, check=True, timeout=10
        )
        return done.stdout.strip()

    try:
        dirty = git("status", "--porcelain", "--untracked-files=no", "--", ":(top)", ":(top,exclude)results")
        return git("rev-parse", "HEAD") + ("+changes" if dirty else "")
    except (OSError, subprocess.SubprocessError):
        return "unknown"


def quiet_tensorflow() -> None:
    """Load TensorFlow without the notices that its C++ parts print before any log level applies."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    sys.stderr.flush()
    kept = os.dup(2)
    with Path(os.devnull).open("wb") as nowhere:
        os.dup2(nowhere.fileno(), 2)
        try:
            import tensorflow as tf

            tf.config.list_logical_devices()
        finally:
            os.dup2(kept, 2)
            os.close(kept)
