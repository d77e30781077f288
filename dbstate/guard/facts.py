"""What the guard knows of a database, as plain data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Mark = Literal["disposable", "claimed"]
"""``disposable``: a person said so. ``claimed``: seeding found nobody's rows, and may come back."""


@dataclass(frozen=True, slots=True)
class Identity:
    """One database, told apart from its copies: server and object id, or path and inode."""

    server: str
    key: str
    name: str


@dataclass(frozen=True, slots=True)
class Occupancy:
    """Which tables hold rows that no migration run makes by itself: the first few, not all."""

    occupied: tuple[str, ...] = ()
    unreadable: tuple[str, ...] = ()
    """Tables that this role cannot look into, or only in part (row security)."""


@dataclass(frozen=True, slots=True)
class Excess:
    """A table with rows that the rehearsed migrations did not make there."""

    table: str
    rows: int
    """How many of its rows are not among the made ones; never 0."""
    held: int
    """How many it holds."""


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """What comparing the rows with those of freshly made migrations found.

    Neither ``failure`` nor ``excess``: the database holds no rows but those that its migrations make.
    """

    failure: str = ""
    """Why the rows could not be compared."""
    excess: tuple[Excess, ...] = ()


@dataclass(frozen=True, slots=True)
class Facts:
    """What the guard looked at; plain data, so that a verdict can be had without a database."""

    alias: str
    vendor: str
    name: str
    host: str = ""
    port: str = ""
    standby: bool = False
    read_only: bool = False
    test_database: bool = False
    in_memory: bool = False
    embedded: bool = False
    identity: Identity | None = None
    marks: tuple[tuple[Mark, Identity], ...] = ()
    """Marks found in the database, those given to another one included."""
    occupancy: Occupancy | None = None
    """None where nobody looked, since the purpose does not ask for it."""
    rehearsal: Rehearsal | None = None
    """None where nobody rehearsed: it takes seconds, and is for seeding where nothing else permits it."""

    @property
    def place(self) -> str:
        """``host/name``, or the name alone for a local socket or a file."""
        return f"{self.host}/{self.name}" if self.host else self.name
