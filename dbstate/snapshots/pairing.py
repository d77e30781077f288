"""Finding tables and columns of before again, and how a value of before is told from one of now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from dbstate.backends.naming import literal, quoted
from dbstate.snapshots.keep import SCHEMA, KeptTable, kept_name
from dbstate.snapshots.layout import SPELLINGS, LaidColumn, LaidTable

Pairing = Literal["identity", "name"]
"""How a table or column of before is found again. By identity, which survives renaming, else by name; or the
other way round, where what was dropped is said to be back."""


@dataclass(frozen=True, slots=True)
class Pair:
    """A column of before and the same one now."""

    before: LaidColumn
    after: LaidColumn
    through: str = ""
    """Internal name of the type that the values went through."""
    altered: bool = False
    """Whether it is the very column of before, of another type now: not one that took its name."""

    def _sides(self) -> tuple[str, str]:
        """SQL of both values in a form that can be compared."""
        before, after = f"b.{kept_name(self.before)}", f"a.{quoted(self.after.name)}"
        families = {self.before.family, self.after.family}
        if self.before.base == self.after.base and families <= {"number", "moment", "same"}:
            return before, after
        if families == {"number"}:
            return f"{before}::numeric", f"{after}::numeric"
        if families == {"moment"}:
            return f"{before}::timestamptz", f"{after}::timestamptz"
        return f'{before}::text COLLATE "C"', f'{after}::text COLLATE "C"'

    @property
    def differs(self) -> str:
        kind = SPELLINGS.get(self.through)
        if kind and self.before.family == "text":
            return f"(NOT {self._same_value(kind)})"
        before, after = self._sides()
        return f"({before} IS DISTINCT FROM {after})"

    @property
    def rewritten(self) -> str:
        """SQL: whether the value of now is not what a cast makes of the one before."""
        if not self.altered:
            return "false"
        before = f"b.{kept_name(self.before)}"
        return f"({before} IS NOT NULL AND {self.differs} AND NOT {self._converts(back=False)})"

    @property
    def lossy(self) -> str:
        """SQL: whether a cast back does not make the value before of the one of now."""
        if self.before.type == self.after.type:
            return "false"
        if not self.altered:
            return self.differs
        return f"({self.differs} AND NOT {self._converts(back=True)})"

    def _converts(self, *, back: bool) -> str:
        sides = (
            (f"b.{kept_name(self.before)}::text", self.before.type),
            (f"a.{quoted(self.after.name)}::text", self.after.type),
        )
        (value, old), (found, new) = reversed(sides) if back else sides
        return f"{SCHEMA}.converts({value}, {literal(old)}, {literal(new)}, {found})"

    def _same_value(self, kind: str) -> str:
        """SQL: whether text of before and value of now are one, however each is written."""
        before, after = f"b.{kept_name(self.before)}::text", f"a.{quoted(self.after.name)}::text"
        same = f"{SCHEMA}.same({before}, {after}, '{kind}')"
        if kind != "numeric":
            return same
        # Leading zeros and spaces are no other spelling of a number: the text was a code.
        return f"({same} AND ({before} = {after} OR {before} !~ '^\\s|^[+-]?0[0-9]|\\s$') IS NOT FALSE)"

    @property
    def equal(self) -> str:
        before, after = self._sides()
        return f"{before} = {after}"


def match_tables(
    kept: Sequence[KeptTable], now: Sequence[LaidTable], pairing: Pairing
) -> Mapping[int, LaidTable]:
    """By object id of before, the table of now."""
    by_oid = {table.oid: table for table in now}
    by_name = {table.name: table for table in now}
    ways: list[dict[int, LaidTable]] = [
        {table.was.oid: by_oid[table.was.oid] for table in kept if table.was.oid in by_oid},
        {table.was.oid: by_name[table.was.name] for table in kept if table.was.name in by_name},
    ]
    if pairing == "name":
        ways.reverse()
    found: dict[int, LaidTable] = {}
    for way in ways:
        taken = {table.oid for table in found.values()}
        found |= {oid: table for oid, table in way.items() if oid not in found and table.oid not in taken}
    return found


def pair_columns(
    was: LaidTable, now: LaidTable, pairing: Pairing
) -> tuple[tuple[Pair, ...], tuple[LaidColumn, ...]]:
    """Pairs of columns, and the columns that are gone."""
    same = was.oid == now.oid
    by_number = {
        column.number: other for column in was.columns if same and (other := now.numbered(column.number))
    }
    by_name = {column.number: other for column in was.columns if (other := now.named(column.name))}
    ways = [by_number, by_name] if pairing == "identity" else [by_name, by_number]
    found: dict[int, LaidColumn] = {}
    for way in ways:
        taken = {column.number for column in found.values()}
        found |= {
            number: column
            for number, column in way.items()
            if number not in found and column.number not in taken
        }
    pairs = tuple(
        Pair(column, other, altered=same and other.number == column.number and other.type != column.type)
        for column in was.columns
        if (other := found.get(column.number))
    )
    return pairs, tuple(column for column in was.columns if column.number not in found)


def types_between(was: LaidTable, now: LaidTable, through: Sequence[LaidTable]) -> Mapping[int, str]:
    """By number of a column of before, the type that its values went through: in between, else now."""
    between = next((table for table in through if table.oid == was.oid), None)
    passed = between or (now if now.oid == was.oid and not through else None)
    return {column.number: column.base for column in passed.columns} if passed else {}
