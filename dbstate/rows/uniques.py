"""Which columns carry the uniqueness of a table's rows.

A unique key with a *wide* column (one with practically unlimited values) is met by making that
column a bijection of the row number. A key of *narrow* columns only (foreign keys, choices,
booleans) is met by counting through their combinations; the product of their sizes is what the
table can hold.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from math import prod

from dbstate.catalog import Column, Exclusion, Table, Unique

NARROW = 1000
"""A column with at most this many values is counted through rather than encoded."""

_PREFERENCE = ("text", "integer", "uuid", "datetime", "date", "decimal", "float")

_APART = ("range", "datetime", "date", "time", "decimal", "float", "integer", "text")


@dataclass(frozen=True, slots=True)
class Uniqueness:
    """How the uniques of a table are met."""

    wide: frozenset[str]
    """Columns that differ in every row."""
    narrow: tuple[tuple[str, ...], ...]
    """Sets of columns whose combinations are counted through."""
    disjoint: frozenset[str]
    """Columns under an exclusion constraint: each row has a slot of its own."""


def narrow_size(column: Column) -> int | None:
    """How many values a column has, when that is few; None when it is practically unlimited."""
    if column.samples or column.choices:
        return len(column.samples or column.choices)
    if column.kind == "boolean":
        return 2
    size: int | None = None
    if column.kind == "integer" and isinstance(column.least, int) and isinstance(column.greatest, int):
        size = column.greatest - column.least + 1
    elif column.kind == "decimal" and column.max_digits is not None:
        size = 10**column.max_digits
    elif column.kind == "text" and column.max_length is not None:
        size = 26**column.max_length
    return size if size is not None and size <= NARROW else None


def referring_columns(table: Table) -> frozenset[str]:
    """Columns of foreign and generic keys: their values come from other rows."""
    columns = {name for key in table.foreign_keys for name in key.columns}
    for generic in table.generic_keys:
        columns |= {generic.type_column, generic.object_column}
    return frozenset(columns)


def uniqueness(table: Table) -> Uniqueness:
    """Decide for each unique key which columns meet it."""
    referring = referring_columns(table)
    linked = _linked(table)
    keys = [key for key in table.uniques if key.columns and not linked & set(key.columns)]
    wide = {name for key in keys if len(key.columns) == 1 for name in _wide(table, key, referring)}
    narrow: list[tuple[str, ...]] = []
    for key in keys:
        if any(table.column(name).auto or name in wide for name in key.columns):
            continue
        candidates = _wide(table, key, referring)
        if candidates:
            wide.add(min(candidates, key=lambda name: _rank(table.column(name))))
        elif key.condition is None and not any(table.column(name).generated for name in key.columns):
            narrow.append(key.columns)
    disjoint = {name for exclusion in table.exclusions for name in _apart(table, exclusion, referring)}
    return Uniqueness(frozenset(wide), tuple(dict.fromkeys(narrow)), frozenset(disjoint))


def _apart(table: Table, exclusion: Exclusion, referring: frozenset[str]) -> tuple[str, ...]:
    """Columns of the one expression that is kept different in all rows: that is enough."""
    found: list[tuple[int, tuple[str, ...]]] = []
    for expression, _operator in exclusion.expressions:
        columns = [table.column(name) for name in exclusion.columns if name in expression]
        if columns and all(c.name not in referring and narrow_size(c) is None for c in columns):
            rank = max(_APART.index(c.kind) if c.kind in _APART else len(_APART) for c in columns)
            found.append((rank, tuple(c.name for c in columns)))
    return min(found, default=(0, ()))[1]


def place_in_period(table: Table, column: str) -> str:
    """``start`` or ``end`` for a column of an exclusion's expression over two columns; else empty.

    An expression such as ``daterange(arrives, leaves)`` names the start first.
    """
    for exclusion in table.exclusions:
        for expression, _operator in exclusion.expressions:
            at = {name: expression.find(f'"{name}"') for name in exclusion.columns}
            found = sorted((position, name) for name, position in at.items() if position >= 0)
            if len(found) == 2 and column in (name for _, name in found):
                return "start" if found[0][1] == column else "end"
    return ""


def _linked(table: Table) -> frozenset[str]:
    """Columns that name the row's own row in a parent table: they differ by themselves."""
    return frozenset(name for key in table.parent_links for name in key.columns)


def _wide(table: Table, key: Unique, referring: frozenset[str]) -> list[str]:
    columns = [table.column(name) for name in key.columns if name not in referring]
    wide = [c.name for c in columns if not c.generated and not c.auto and narrow_size(c) is None]
    # A date that counts by its day or month only is the last resort.
    return wide[:-1] if key.date_part and len(wide) > 1 else wide


def _rank(column: Column) -> tuple[int, str]:
    kinds = _PREFERENCE.index(column.kind) if column.kind in _PREFERENCE else len(_PREFERENCE)
    return kinds, column.name


def capacity(table: Table, parents: Callable[[str], int | None]) -> tuple[int, Unique] | None:
    """How many rows the table can hold and the key that says so; None when there is no such limit.

    ``parents`` gives the number of rows that a foreign key's column can name (None: not known).
    """
    return min(_capacities(table, parents), key=lambda found: found[0], default=None)


def _capacities(table: Table, parents: Callable[[str], int | None]) -> Iterator[tuple[int, Unique]]:
    referring = referring_columns(table)
    generic = {g.object_column for g in table.generic_keys} | {g.type_column for g in table.generic_keys}
    linked = _linked(table)
    for key in table.uniques:
        if key.condition is not None or not key.columns or key.expressions or key.date_part:
            continue
        if linked & set(key.columns):
            continue
        if any(table.column(n).auto or table.column(n).generated or n in generic for n in key.columns):
            continue
        if any(table.column(n).null for n in key.columns) and key.nulls_distinct:
            continue
        sizes = [parents(n) if n in referring else narrow_size(table.column(n)) for n in key.columns]
        if all(size is not None for size in sizes):
            yield prod(size for size in sizes if size is not None), key
