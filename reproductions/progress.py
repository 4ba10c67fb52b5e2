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
        modules: the reproductions that will run, in order.
        checking: a check trains only a few seeds.
    """

    def __init__(self, modules: list[ModuleType], checking: bool = False):
        self.expected = {name_of(module): getattr(module, "EXPECTED_SECONDS", 10.0) for module in modules}
        self.terminal = sys.stderr.isatty()
        self.checking = checking
        self._bar: Any = None
        self._shown = ""

    def __enter__(self) -> Reporter:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

        seconds = sum(self.expected.values())
        if not self.checking:
            print(
                f"{', '.join(self.expected)}: about {_duration(seconds)} on two CPU cores", file=sys.stderr, flush=True
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
        order = list(self.expected)
        before = sum(self.expected[other] for other in order[: order.index(name)])

        def report(label: str, share: float) -> None:
            text = f"{name}: {label}"
            if self._bar is not None:
                self._bar.update(self._task, description=text, completed=before + share * self.expected[name])
            elif text != self._shown:
                self._shown = text
                print(text, file=sys.stderr, flush=True)

        return report


def _duration(seconds: float) -> str:
    return f"{seconds:.0f} seconds" if seconds < 90 else f"{seconds / 60:.0f} minutes"
