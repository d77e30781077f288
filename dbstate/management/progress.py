"""A progress bar on a terminal, nothing elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn


@contextmanager
def show_progress(total: int, *, color: bool, shown: bool) -> Iterator[Callable[[str, int], None]]:
    """A callable to tell (what, how many of it are done); ``total`` counts over everything.

    Written to standard error, and only when that is a terminal.
    """
    if not shown or not sys.stderr.isatty():
        yield lambda what, done: None
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    console = Console(file=sys.stderr, no_color=not color)
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("", total=total)
        counted: dict[str, int] = {}

        def tell(what: str, done: int) -> None:
            counted[what] = done
            progress.update(task, completed=sum(counted.values()), description=what)

        yield tell
