"""Compute a reproduction's data facts in a process of its own, beside the training.

The facts include the documents' cells run as printed, with `model.fit`: tens of seconds on one core that would otherwise
be spent waiting. A process of its own is also what a reader has who types those cells into a fresh notebook.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path
from types import ModuleType
from typing import Any

from reproductions import ledger

CHILD = (
    "import importlib, json, sys\n"
    "from reproductions import ledger\n"
    "from reproductions.facts import end_with_parent\n"
    "end_with_parent(int(sys.argv[2]))\n"
    "facts = importlib.import_module(sys.argv[1]).examine_data()\n"
    "sys.stdout.write('\\n' + json.dumps(ledger.finite(facts)))\n"
)


class Facts:
    """The facts of a reproduction: started at once, waited for when they are needed.

    Args:
        module: the reproduction.
        with_data: whether its datasets are here.
        partial: where finished data facts are kept for an interrupted run.
    """

    def __init__(self, module: ModuleType, with_data: bool, partial: ledger.Partial):
        self.module = module
        self.partial = partial
        self.wanted = with_data and hasattr(module, "examine_data")
        self.found = partial.load("facts") if self.wanted else None
        self.child: subprocess.Popen[str] | None = None
        # A module from elsewhere (a test's) can't be imported by name in another process.
        importable = Path(str(module.__file__)).parent == Path(__file__).parent
        if self.wanted and self.found is None and importable:
            self.child = subprocess.Popen(
                [sys.executable, "-c", CHILD, module.__name__, str(os.getpid())],
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )

    def wait(self) -> dict[str, Any]:
        """All facts, those that need no data included.

        Raises:
            RuntimeError: the process failed; the message is its last line.
        """
        facts = ledger.finite(self.module.examine()) if hasattr(self.module, "examine") else {}
        if not self.wanted:
            return facts
        if self.found is None:
            self.found = self._compute()
            self.partial.save("facts", self.found)
        return facts | self.found

    def stop(self) -> None:
        """End the process if it still runs."""
        if self.child is not None and self.child.poll() is None:
            self.child.kill()
            self.child.wait()

    def _compute(self) -> dict[str, Any]:
        if self.child is None:
            return ledger.finite(self.module.examine_data())
        out, error = self.child.communicate()
        if self.child.returncode:
            last = (error.strip().splitlines() or ["no message"])[-1]
            raise RuntimeError(f"The facts of {self.module.__name__} could not be computed: {last}")
        return json.loads(out.splitlines()[-1])


def end_with_parent(parent: int) -> None:
    """End this process soon after the one that started it, which may be killed without a chance to stop its child."""

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(0.5)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
