"""The values of one column: candidates in order, the first that keeps the facts and pleases the judge."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice

from dbstate.catalog import Column, Table
from dbstate.errors import DbstateError
from dbstate.values.draw import Draw
from dbstate.values.facts import offence
from dbstate.values.families import FAMILIES, EnumeratedFamily, Family
from dbstate.values.families.base import Task
from dbstate.values.key import group_key
from dbstate.values.known import KNOWN
from dbstate.values.meanings import choose
from dbstate.values.setting import EDGES, MISSING, NoValue, Setting

Judge = Callable[[object], object]
"""Cleans a value; refuses it by raising a DbstateError."""

BOUND = 400
"""Most candidates that are tried for one value."""
EDGE_BOUND = 24
"""Most candidates that are tried for one edge value."""
EMPTY_ONE_IN = 6
"""How often an optional column is left empty."""


class ColumnValues:
    """One column's values: pure functions of the setting, the table's label, the field, row and salt."""

    __slots__ = ("_accept", "_column", "_empties", "_family", "_key", "_setting", "_table", "_unique",
                 "capacity", "meaning")  # fmt: skip

    def __init__(self, family: Family, *, accept: Judge | None, empties: tuple[object, ...]) -> None:
        task = family.task
        self._family = family
        self._table = task.table
        self._column = task.column
        self._setting = task.setting
        self._unique = task.unique
        self._accept = accept if task.column.judged else None
        self._empties = empties
        self._key = group_key(task.setting.seed, task.table.label, task.column.field)
        self.capacity = family.capacity
        """How many rows can differ in a unique column; None: practically any number."""
        self.meaning = family.meaning
        """What the column is about."""

    def realistic(self, row: int, salt: int = 0) -> object:
        """The row's value; another for another salt.

        None or empty only where the column admits it. Raises IndexError when a unique column has no
        value left for the row, NoValue when every candidate is refused.
        """
        draw = self._draw(row, salt)
        if self._may_be_empty() and draw.chance(EMPTY_ONE_IN):
            found = self._first(iter(self._empties), BOUND)
            if found is not MISSING:
                return found
        refusals: list[tuple[object, str]] = []
        found = self._first(self._family.candidates(draw), BOUND, refusals)
        if found is not MISSING:
            return found
        example, refusal = refusals[-1] if refusals else (None, "there was none to try")
        raise NoValue(
            f"{self._table.label}.{self._column.field}", tried=len(refusals), example=example, refusal=refusal
        )

    def edge(self, name: str, row: int, salt: int = 0) -> object:
        """The row's value for an edge case (see EDGES); MISSING when the column has no such edge."""
        if name not in EDGES:
            raise KeyError(f"{name!r} is no edge case; they are {', '.join(EDGES)}")
        if name == "null" and self._empties:
            return self._first(iter(self._empties), EDGE_BOUND)
        found = self._first(self._family.edge(name, self._draw(row, salt)), EDGE_BOUND)
        if found is MISSING and name == "max" and self._empties:
            # Every optional is set in this row, if only to a usual value.
            candidates = (one for one in self._family.candidates(self._draw(row, salt)) if one is not None)
            found = self._first(candidates, BOUND)
        return found

    def _draw(self, row: int, salt: int) -> Draw:
        return Draw(self._setting, self._table, self._column, row, salt, key=self._key, unique=self._unique)

    def _may_be_empty(self) -> bool:
        if self._family.agrees or not self._empties or self._unique:
            return False
        return self._empties[0] is None or self._empties[0] == ""

    def _first(
        self, candidates: Iterator[object], bound: int, refusals: list[tuple[object, str]] | None = None
    ) -> object:
        for candidate in islice(candidates, bound):
            reason = offence(self._column, candidate)
            if not reason:
                try:
                    cleaned = candidate if self._accept is None else self._accept(candidate)
                except DbstateError as error:
                    reason = str(error)
                else:
                    if self._admits(cleaned):
                        return cleaned
                    reason = "it is empty when cleaned"
            if refusals is not None:
                refusals.append((candidate, reason))
        return MISSING

    def _admits(self, value: object) -> bool:
        """Whether the value is not empty, or may be: a search vector and an unknown type may stay null."""
        if self._column.blank or self._column.kind == "search":
            return True
        if value is None:
            return self._column.kind == "unknown"
        return not (isinstance(value, str | bytes | list | tuple | dict) and not value)


def column_values(
    table: Table,
    column: Column,
    setting: Setting,
    *,
    unique: bool = False,
    disjoint: bool = False,
    accept: Judge | None = None,
) -> ColumnValues:
    """The values of a column.

    ``unique``: no two rows have the same. ``disjoint``: no two rows' ranges or periods overlap.
    ``accept``: the judge; asked only where ``column.judged``.
    """
    family = family_of(table, column, setting, unique=unique, disjoint=disjoint)
    return ColumnValues(family, accept=accept, empties=empties(table, column, unique=unique))


def family_of(table: Table, column: Column, setting: Setting, *, unique: bool, disjoint: bool) -> Family:
    """The family that makes the column's values."""

    def part(element: Column) -> Family:
        return family_of(table, element, setting, unique=unique, disjoint=False)

    task = Task(table, column, setting, unique, disjoint, choose(KNOWN, table, column), part)
    listed = column.samples or column.choices
    if listed and column.kind not in ("array", "boolean"):
        return EnumeratedFamily(task)
    return FAMILIES[column.kind](task)


def empties(table: Table, column: Column, *, unique: bool) -> tuple[object, ...]:
    """The empty values that the column takes: None, or '' and the like; () where none.

    A unique column takes None alone, and only where nulls differ.
    """
    if not column.blank or column.generated:
        return ()
    if column.null:
        together = any(column.name in key.columns and not key.nulls_distinct for key in table.uniques)
        return () if unique and together else (None,)
    if unique:
        return ()
    made = {"text": "", "file": "", "search": "", "json": {}, "array": [], "hstore": {}}.get(
        column.kind, MISSING
    )
    return () if made is MISSING else (made,)
