"""What the command line says: results on stdout, progress and errors on stderr; exit codes."""

from __future__ import annotations

import io
import os
import shutil
import sys
from types import TracebackType

import typer

from napari_brats.core.errors import LabelError
from napari_brats.core.progress import Job, Progress, T

ALL_DONE = 0
SOME_FAILED = 1
INTERRUPTED = 130
"""128 + SIGINT. The fourth code, 2 for usage, is typer's own for a bad option or argument."""

_BAR_WIDTH = 24


def escape_what_cannot_be_shown() -> None:
    """Print what the terminal's encoding lacks (a path, say) as an escape, not as an error."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def say(text: str) -> None:
    """Print a result on stdout; silent once the reader of a pipe has gone.

    ``napari-brats segment ... | head -1`` must not end a run of hours after its second line.
    """
    try:
        typer.echo(text)
    except BrokenPipeError:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())  # also what is still buffered goes there
        os.close(nowhere)


def note(text: str) -> None:
    """Print a message on stderr."""
    typer.echo(text, err=True)


def usage_error(message: str, parameter: str) -> typer.BadParameter:
    """The exception that shows ``message`` with the usage line and exits with 2."""
    return typer.BadParameter(message, param_hint=parameter)


def require_convention(name: str | None, option: str) -> None:
    """A usage error about ``option`` if there is no label convention ``name``; None is none."""
    from napari_brats.core.labels import convention_by_name

    if name is not None:
        try:
            convention_by_name(name)
        except LabelError as error:
            raise usage_error(str(error), option) from error


class ProgressReport:
    """Progress of a run over several cases, on stderr: a bar on a terminal, else plain lines.

    Parameters
    ----------
    total
        Number of cases of the run.
    """

    def __init__(self, total: int) -> None:
        self._total = total
        self._number = 0
        self._case_id = ""
        self._last = ""
        self._bar = sys.stderr.isatty()

    def __enter__(self) -> ProgressReport:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._clear()

    def start_case(self, case_id: str) -> None:
        """The next case begins."""
        self._number += 1
        self._case_id = case_id
        self._last = ""

    def step(self, progress: Progress) -> None:
        """Show one step of the case at hand, or of the whole run if no case was started."""
        if self._number:
            where = f"[{self._number}/{self._total}] {self._case_id}: {progress.message}"
        else:
            where = f"[{progress.done}/{progress.total}] {progress.message}"
        if self._bar:
            done = progress.done / progress.total if progress.total else 0.0
            filled = round(min(1.0, done) * _BAR_WIDTH)
            bar = "#" * filled + "-" * (_BAR_WIDTH - filled)
            self._draw(f"|{bar}| {done:4.0%} {where}")
        elif progress.message != self._last:  # one line per stage, not per window
            note(where)
        self._last = progress.message

    def line(self, text: str) -> None:
        """A message on stderr that stays."""
        self._clear()
        note(text)

    def result(self, text: str) -> None:
        """A result on stdout."""
        self._clear()
        say(text)

    def follow(self, job: Job[T]) -> T:
        """Run a job to its end, showing its steps; the job is closed if this is interrupted."""
        try:
            while True:
                try:
                    self.step(next(job))
                except StopIteration as end:
                    result: T = end.value
                    return result
        finally:
            job.close()

    def _draw(self, text: str) -> None:
        columns = shutil.get_terminal_size().columns - 1
        typer.echo("\r" + text[:columns].ljust(columns), err=True, nl=False)

    def _clear(self) -> None:
        if self._bar:
            columns = shutil.get_terminal_size().columns - 1
            typer.echo("\r" + " " * columns + "\r", err=True, nl=False)
