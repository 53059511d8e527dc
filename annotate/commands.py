"""What `up`, `down` and `doctor` say on the terminal."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext

import typer
from rich.markup import escape
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from annotate.connection import Connection
from annotate.doctor import Result, Status, check_key
from annotate.doctor import examine as run_checks
from annotate.server import Started, end, ending_with_caller, hold, start, stop
from annotate.settings import AnnotateSettings, rooted
from annotate.state import log_file, state_file
from conflict_ner.console import err, out
from conflict_ner.errors import EXIT_CODE

MARKS = {
    Status.OK: "[green]ok[/]",
    Status.WARNING: "[yellow]warning[/]",
    Status.FAILED: "[red]failed[/]",
}


def bring_up(settings: AnnotateSettings, detach: bool) -> None:
    """Start the server and say how to use it; without `detach`, stay until Ctrl-C and end it then."""
    started: Started | None = None
    with nullcontext() if detach else ending_with_caller():
        try:
            with _spinner() as tell:
                started = start(settings, tell)
            _say_how_to_use(settings, started)
            usable = _say_if_key_fails(started)
            if not detach and started.process is not None:
                out.print("Ctrl-C ends it.", style="dim")
                hold(started)
                out.print("Label Studio has ended; its data is kept.")
        except KeyboardInterrupt:
            if started is None:
                err.print("Stopped before it was ready; what was started has ended again.", style="yellow")
            if detach or started is None or started.process is None:
                raise
            end(started)
            out.print("Label Studio has ended; its data is kept.")
            return
    if not usable:
        raise typer.Exit(EXIT_CODE)


def take_down(settings: AnnotateSettings) -> None:
    """End the server and say so, or say that none runs."""
    ended = stop(settings)
    folder = rooted(settings.server.folder)
    if ended is None:
        out.print(f"No Label Studio of {folder} runs; nothing to end.", markup=False, soft_wrap=True)
        return
    out.print(f"Label Studio at {ended.url} has ended; its data is kept in {folder}.", markup=False, soft_wrap=True)


def examine(settings: AnnotateSettings) -> None:
    """Print each check as it ends; exit non-zero when one failed."""
    seen: list[Status] = []
    for result in run_checks(settings):
        seen.append(result.status)
        _say(result)
    failed, warned = seen.count(Status.FAILED), seen.count(Status.WARNING)
    if failed:
        out.print(f"\n{failed} failed, {warned} warned." if warned else f"\n{failed} failed.", style="red")
        raise typer.Exit(EXIT_CODE)
    out.print(f"\nAll in order{f', with {warned} to look at' if warned else ''}.", style="green")


def _say(result: Result) -> None:
    line = f"{MARKS[result.status]}{' ' * (9 - len(result.status.value))}[bold]{result.name:<15}[/]"
    out.print(line + escape(result.sentence), soft_wrap=True)
    if result.remedy and result.status is not Status.OK:
        out.print(f"{'':24}[dim]->[/] {escape(result.remedy)}", soft_wrap=True)


def _say_how_to_use(settings: AnnotateSettings, started: Started) -> None:
    state = started.state
    verb = "is ready at" if started.process is not None else "already runs at"
    out.print(f"Label Studio {state.version} {verb} [bold]{state.url}[/]", soft_wrap=True)
    # A terminal is for one pair of eyes; what is redirected ends in files and logs.
    secret = f"password {state.password}" if out.is_terminal else f"the password is in {state_file(state.folder)}"
    rows = [
        ("log in", f"{state.email}, {secret}"),
        ("data", f"{state.folder} ({state.database})"),
        ("log", str(log_file(state.folder))),
        ("token", f"in {state_file(state.folder)}; push, pull and doctor find it there"),
        ("process", f"{state.pid}; `python -m annotate down` ends it"),
    ]
    for name, value in rows:
        out.print(f"  [dim]{name:<8}[/] {escape(value)}", soft_wrap=True)
    if started.process is None:
        wanted = {"server.port": settings.server.port, "server.database": settings.server.database}
        actual = {"server.port": state.port, "server.database": state.database}
        for key in (key for key in wanted if wanted[key] != actual[key]):
            err.print(
                f"It runs with {key}={actual[key]}, not {wanted[key]}: end it with `down` first to change that.",
                style="yellow",
                soft_wrap=True,
            )


def _say_if_key_fails(started: Started) -> bool:
    """Print the remedy when the server refuses our token; tell whether it takes it."""
    state = started.state
    result = check_key(started.key, Connection(state.url, state.token, source=str(state_file(state.folder))))
    if result.status is not Status.FAILED:
        return True
    err.print(f"{result.sentence} The server runs, but push and pull cannot use it.", style="red", soft_wrap=True)
    err.print(f"  -> {result.remedy}", markup=False, soft_wrap=True)
    return False


@contextmanager
def _spinner() -> Iterator[Callable[[str], None]]:
    """Yield a function that says what is being waited for; in a terminal a spinner counts the seconds."""
    columns = (SpinnerColumn(), TextColumn("{task.description}", markup=False), TimeElapsedColumn())
    with Progress(*columns, console=err, transient=True, disable=not err.is_terminal) as progress:
        task = progress.add_task("Waiting for Label Studio", total=None)

        def tell(what: str) -> None:
            progress.update(task, description=what)
            if not err.is_terminal:
                err.print(f"{what} ...", markup=False, soft_wrap=True)

        yield tell
