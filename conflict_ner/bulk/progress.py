"""What the terminal shows of a bulk run: a bar, or a line a minute where the output is redirected."""

from __future__ import annotations

import time
from types import TracebackType
from typing import Self

from rich.progress import BarColumn, Progress, TextColumn

from conflict_ner.console import err

LINE_SECONDS = 60.0
_SHOWN_SECONDS = 0.5


class Bar:
    """A bar over the input, with rate and time left.

    Args:
        done: how many rows earlier runs have done.
    """

    def __init__(self, done: int) -> None:
        self.rows = 0
        self._done = done
        self._first: tuple[float, float] | None = None
        self._shown = self._told = time.monotonic()
        columns = (BarColumn(), TextColumn("{task.description}"))
        self._bar = Progress(*columns, console=err, transient=True, disable=not err.is_terminal)
        self._task = self._bar.add_task("loading the model", total=None)

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, _: TracebackType | None) -> None:
        self._bar.stop()

    def step(self, rows: int, fraction: float | None, started: float | None) -> None:
        """Count rows that are done.

        Args:
            rows: how many.
            fraction: how much of the input has been read, 0 to 1; None where it is not known.
            started: when the model was open (of `time.monotonic`); None before that.
        """
        self.rows += rows
        now = time.monotonic()
        if self._first is None:  # the model's loading is no part of the rate, nor is what was passed over
            self._first = (started or now, fraction or 0.0)
        if now - self._shown < _SHOWN_SECONDS:
            return
        self._shown = now
        text = self.text(fraction)
        self._bar.update(self._task, description=text, completed=fraction or 0.0, total=1.0 if fraction else None)
        if self._bar.disable and now - self._told > LINE_SECONDS:
            self._told = now
            err.print(text, markup=False, soft_wrap=True)

    def text(self, fraction: float | None) -> str:
        """Return how many rows are done, how fast, and how long the others take."""
        begun, before = self._first or (time.monotonic(), 0.0)
        elapsed = max(time.monotonic() - begun, 1e-6)
        told = f"{self._done + self.rows:,} rows, {self.rows / elapsed:,.1f} a second"
        if fraction is not None and fraction > before:
            told += f", {fraction:.0%}, {_duration(elapsed * (1 - fraction) / (fraction - before))} left"
        return told


def _duration(seconds: float) -> str:
    minutes, second = divmod(int(seconds), 60)
    hours, minute = divmod(minutes, 60)
    return f"{hours}:{minute:02d}:{second:02d}"
