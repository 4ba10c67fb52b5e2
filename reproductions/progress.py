"""Progress of long commands, on standard error: a bar on a terminal, one line a step elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import ModuleType, TracebackType
from typing import Any

from reproductions.runner import name_of


class Reporter:
    """Shows what is running, how far it is, and how long the whole should take.

    Args:
        modules: the reproductions that will run.
        jobs: how many run at a time.
        checking: a check trains only a few seeds.
    """

    def __init__(self, modules: list[ModuleType], jobs: int = 1, checking: bool = False):
        self.expected = {name_of(module): getattr(module, "EXPECTED_SECONDS", 10.0) for module in modules}
        self.terminal = sys.stderr.isatty()
        self.jobs = jobs
        self.checking = checking
        self._shares = dict.fromkeys(self.expected, 0.0)
        self._bar: Any = None
        self._shown = ""

    def __enter__(self) -> Reporter:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

        seconds = sum(self.expected.values())
        if not self.checking:
            print(
                f"{', '.join(self.expected)}: about {_duration(seconds / self.jobs)} on two CPU cores",
                file=sys.stderr,
                flush=True,
            )
        if self.terminal:
            columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn(), TimeRemainingColumn())
            self._bar = Progress(*columns, console=Console(stderr=True), transient=True)
            self._bar.start()
            self._task = self._bar.add_task("starting", total=seconds)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.stop()

    def of(self, name: str) -> Callable[[str, float], None]:
        """The progress function of one reproduction."""

        def report(label: str, share: float) -> None:
            text = f"{name}: {label}"
            self._shares[name] = share
            if self._bar is not None:
                done = sum(self._shares[other] * seconds for other, seconds in self.expected.items())
                self._bar.update(self._task, description=text, completed=done)
            elif text != self._shown:
                self._shown = text
                print(text, file=sys.stderr, flush=True)

        return report


def _duration(seconds: float) -> str:
    return f"{seconds:.0f} seconds" if seconds < 90 else f"{seconds / 60:.0f} minutes"
