"""A row before it is written, and what its foreign keys may name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from dbstate.values import MISSING, ColumnValues


@dataclass(frozen=True, slots=True)
class Reference:
    """Columns of a table that name another row, and the rows that they may name."""

    table: str
    name: str
    columns: tuple[str, ...]
    target: str
    target_columns: tuple[str, ...]
    null: bool
    blank: bool
    options: Sequence[tuple[object, ...]]
    """Values of ``columns``, one tuple for each row that may be named."""
    positions: Sequence[int | None]
    """The same rows' positions in the target's stock."""
    own: bool = False
    """Refers to the same table: rows of the run may be named, which ``options`` has not."""
    pending: bool = False
    """Left NULL now (or naming the row itself), chosen once the target has rows."""
    how: str = ""
    """For a key on a cycle: ``nulled``, or ``deferred`` where it holds keys that rows will have."""
    promised: Sequence[tuple[object, ...]] = ()
    """By row index, what rows of other tables count on: they are written, and name this row by it."""
    since: int = 0
    """Of the own table's rows only those from this position in its stock on may be named."""

    @property
    def optional(self) -> bool:
        return self.null and self.blank


class Option(NamedTuple):
    """A row that a reference names: what its columns hold, and where the row stands in stock."""

    values: tuple[object, ...]
    position: int | None


@dataclass(slots=True)
class Draft:
    """One row before it is written: a line for each table of its chain."""

    index: int
    edge: str
    values: dict[str, dict[str, object]] = field(default_factory=dict)
    links: dict[str, dict[str, int | None]] = field(default_factory=dict)
    """Positions of the parents, by table and reference."""
    positions: dict[str, int] = field(default_factory=dict)
    """Where the row stands in each table's stock."""
    covered: set[str] = field(default_factory=set)


class Exhausted(Exception):
    """The table can hold no further row; the message says why."""


def value_of(source: ColumnValues, number: int, draft: Draft, salt: int = 0) -> object:
    """The value of this column in this row; notes the edge case that it covers."""
    try:
        if draft.edge:
            value = source.edge(draft.edge, number, salt)
            if value is not MISSING:
                draft.covered.add(draft.edge)
                return value
        return source.realistic(number, salt)
    except IndexError as exhausted:
        raise Exhausted(f"{source} has no more values") from exhausted
