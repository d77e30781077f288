"""Options that commands share: their arguments, and what was asked for as one frozen record."""

from __future__ import annotations

import argparse
import difflib
import os
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any

from django.core.management.color import supports_color
from django.db import DEFAULT_DB_ALIAS, connections

from dbstate.conf import current_conf
from dbstate.errors import DbstateError

WIDTH = 100
"""Columns that a result keeps to where no terminal tells its own."""
NARROWEST, WIDEST = 60, 140
"""Columns that it keeps to on a terminal of any width."""
YEARS = (1000, 9000)
"""Years of the reference date: rows are made for some time before and after it."""


class UsageError(DbstateError):
    """An option or argument cannot be used as it was given."""

    def __init__(self, what: str, found: str, remedy: str) -> None:
        self.what, self.found, self.remedy = what, found, remedy
        super().__init__(f"cannot use {what}: {found}; {remedy}")


@dataclass(frozen=True, slots=True)
class Options:
    """What was asked for, checked; what a command does not share has its default."""

    database: str
    """An alias of settings.DATABASES."""
    interactive: bool
    """Whether a person may be asked (on a terminal)."""
    dry_run: bool
    seed: int
    """0 ≤ seed < 2**64."""
    now: datetime
    """The reference date, in UTC."""
    format: str
    output: Path | None
    """A file in a folder that exists; None for standard output."""
    verbosity: int
    color: bool
    """Whether the result may be coloured."""
    width: int
    """Columns that its tables keep to."""
    settings: str
    """The module given with ``--settings``; empty when the environment names it."""


@dataclass(frozen=True, slots=True)
class _Shared:
    flags: tuple[str, ...]
    arguments: Mapping[str, Any]


SHARED: Mapping[str, _Shared] = {
    "database": _Shared(
        ("--database",),
        {"default": DEFAULT_DB_ALIAS, "metavar": "ALIAS", "help": "Database to work on (default: default)."},
    ),
    "interactive": _Shared(
        ("--noinput", "--no-input"),
        {"action": "store_false", "dest": "interactive", "help": "Never ask anything."},
    ),
    "dry_run": _Shared(
        ("--dry-run",),
        {"action": "store_true", "help": "Show the plan and the guard's verdict; write nothing."},
    ),
    "seed": _Shared(
        ("--seed",),
        {"metavar": "N", "help": "Random seed: the same number gives the same rows (default: 0)."},
    ),
    "now": _Shared(
        ("--now",),
        {
            "metavar": "DATE",
            "help": "Reference date, ISO 8601 (default: today, 00:00 UTC).",
        },
    ),
    "format": _Shared(("--format",), {"default": "text", "help": "Form of the result (default: text)."}),
    "output": _Shared(
        ("--output",),
        {"metavar": "FILE", "help": "Write the result to this file, whole or not at all."},
    ),
}
"""Every shared option by its name in Options."""


def add_shared(parser: argparse.ArgumentParser, names: Iterable[str], *, formats: tuple[str, ...]) -> None:
    """Give the parser these options."""
    for name in names:
        shared = SHARED[name]
        extra: dict[str, Any] = {"choices": formats} if name == "format" else {}
        parser.add_argument(*shared.flags, **shared.arguments, **extra)


def read_options(given: Mapping[str, Any], *, formats: tuple[str, ...], on_terminal: bool) -> Options:
    """The record of what was given on a command line or to ``call_command``. Raises UsageError."""
    output = _read_output(given.get("output"))
    on_terminal = on_terminal and output is None
    return Options(
        database=_read_database(given.get("database")),
        interactive=bool(given.get("interactive", True)),
        dry_run=bool(given.get("dry_run", False)),
        seed=read_seed(given.get("seed")),
        now=read_now(given.get("now")),
        format=_read_format(given.get("format"), formats),
        output=output,
        verbosity=int(given.get("verbosity", 1)),
        color=_may_color(given, on_terminal=on_terminal),
        width=_read_width(on_terminal=on_terminal),
        settings=given.get("settings") or "",
    )


def nearest(name: str, known: Iterable[str]) -> str:
    """``did you mean 'x'?``, or the names that there are: the remedy for an unknown name."""
    names = sorted(known)
    near = difflib.get_close_matches(name.lower(), [other.lower() for other in names], n=1, cutoff=0.5)
    if near:
        found = next(other for other in names if other.lower() == near[0])
        return f"did you mean {found!r}?"
    return f"known are {', '.join(names)}" if names else "there are none"


def _read_database(given: str | None) -> str:
    alias = given or DEFAULT_DB_ALIAS
    if alias not in connections.settings:
        found = "settings.DATABASES has no such alias"
        raise UsageError(f"--database {alias}", found, nearest(alias, connections.settings))
    return alias


def read_seed(given: object) -> int:
    """A random seed, reduced to 64 bits; that of the settings when none is given. Raises UsageError."""
    if given is None:
        return current_conf().seed % 2**64
    try:
        return int(str(given)) % 2**64
    except ValueError:
        raise UsageError(f"--seed {given}", "it is no whole number", "give one, such as 42") from None


def read_now(given: object) -> datetime:
    """A moment in UTC: midnight of a date, or a date with time; the current UTC day when none is given.

    A time without offset is in UTC. Raises UsageError.
    """
    if given is None:
        return _midnight(datetime.now(UTC).date())
    moment = _read_moment(given)
    least, greatest = YEARS
    if not least <= moment.year <= greatest:
        found = f"its year is not between {least} and {greatest}"
        raise UsageError(f"--now {given}", found, "choose a date that leaves room for others around it")
    return moment


def _read_moment(given: object) -> datetime:
    if isinstance(given, datetime):
        return _in_utc(given)
    if isinstance(given, date):
        return _midnight(given)
    try:
        return _in_utc(datetime.fromisoformat(str(given)))
    except (ValueError, OverflowError):  # the latter: beyond year 1 or 9999 once in UTC
        raise UsageError(
            f"--now {given}", "it is no date", "write it as 2026-01-31 or 2026-01-31T12:00:00+00:00"
        ) from None


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def _in_utc(moment: datetime) -> datetime:
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def _read_format(given: str | None, formats: tuple[str, ...]) -> str:
    chosen = given or formats[0]
    if chosen not in formats:
        raise UsageError(f"--format {chosen}", "there is no such format here", nearest(chosen, formats))
    return chosen


def _read_output(given: str | os.PathLike[str] | None) -> Path | None:
    """Checked before anything is done: a result that cannot be kept is found out too late otherwise."""
    if not given:
        return None
    path = Path(given).absolute()
    if path.is_dir():
        raise UsageError(f"--output {given}", "it is a folder", "name a file")
    if not path.parent.is_dir():
        raise UsageError(f"--output {given}", f"there is no folder {path.parent}", "make it first")
    place = path if path.exists() and not path.is_file() else path.parent
    if not os.access(place, os.W_OK):
        raise UsageError(f"--output {given}", f"{place} cannot be written to", "choose another place")
    return path


def _may_color(given: Mapping[str, Any], *, on_terminal: bool) -> bool:
    if given.get("no_color") or given.get("force_color"):
        return not given.get("no_color")
    forbidden = os.environ.get("NO_COLOR") or os.environ.get("DJANGO_COLORS") == "nocolor"
    return on_terminal and not forbidden and supports_color()


def _read_width(*, on_terminal: bool) -> int:
    if not on_terminal:
        return WIDTH
    return min(max(shutil.get_terminal_size((WIDTH, 0)).columns, NARROWEST), WIDEST)
