"""What a rehearsal is asked for, and what its child process is told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from dbstate.rehearsal.evidence import Moment

Key = tuple[str, str]
"""A migration: app label and name."""

Origin = Literal["live", "snapshot", "generated"]
"""Where the rows come from: the database as it is (by TEMPLATE where that can be), a dump of it, or made."""

Entry = dict[str, Any]
"""An entry of ``settings.DATABASES``."""

TIMEOUT = 600.0
"""Seconds that one phase may take."""


@dataclass(frozen=True, slots=True)
class Call:
    """A function to run in the child process, on the copy.

    ``function`` is ``package.module:name``; it is called with the connection, the project state of the moment
    and ``argument``, and returns JSON.
    """

    moment: Moment
    function: str
    argument: Any = None


@dataclass(frozen=True, slots=True)
class Request:
    """A rehearsal: which migrations, on what copy."""

    targets: tuple[Key, ...]
    """In the order of their application."""
    parents: tuple[Key, ...] = ()
    """Unapplied ones that they need, in order."""
    origin: Origin = "live"
    on: str = ""
    """Address of a clone to use instead of a copy."""
    backwards: bool = False
    """The targets are applied already: on the copy they are reversed, then applied again."""
    timeout: float = TIMEOUT
    samples: int = 5
    """Keys that are shown of each difference."""
    halfway: bool = True
    """Whether a non-atomic migration is made to fail half-way, too."""
    write_back: bool = True
    """Whether rows of new and changed models are written and read back."""
    calls: tuple[Call, ...] = ()
    states_of: tuple[Key, ...] = ()
    """Targets whose own checks name states to enter before the first of them."""
    seed: int = 0
    now: datetime | None = None
    """Reference date of generated rows; the current day when None."""
    rows: int | None = None
    """Generated rows of each table; the edge cases when None."""
    settings_module: str = ""
    """Of the project; this process's own when empty."""
    path: tuple[str, ...] = ()
    """Its ``sys.path``; this process's own when empty."""
    environment: Mapping[str, str] = field(default_factory=dict)
    """Variables beside this process's own."""


@dataclass(frozen=True, slots=True)
class Order:
    """What the child process is told before anything else."""

    alias: str
    entry: Entry
    """Settings of the copy."""
    source: Entry
    """Settings of the source: what leads there leads to the copy instead."""
    installed: tuple[str, ...] | None
    """INSTALLED_APPS here; None where the child's project is not this process's."""
    argv: tuple[str, ...]
    """What settings may read from sys.argv here."""
    folder: str
    """Where files go that a migration stores."""
    replies: int
    """The file descriptor that answers are written to, one JSON text a line."""
