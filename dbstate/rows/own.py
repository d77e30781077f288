"""Where the values of one table's own columns come from."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from math import prod

from dbstate.catalog import Column, Table
from dbstate.rows.ahead import Ahead
from dbstate.rows.choice import spread
from dbstate.rows.counting import SCANNED
from dbstate.rows.draft import Draft, Exhausted, Reference, value_of
from dbstate.rows.periods import periods
from dbstate.rows.uniques import Uniqueness, referring_columns, uniqueness
from dbstate.values import MISSING, ColumnValues, NoValue, empties

Sources = Callable[[str, str, bool, bool], ColumnValues]
"""Gets table, column, whether all values differ, whether each row has a slot of its own."""


class OwnColumns:
    """The columns of a table that name no other row."""

    def __init__(
        self,
        table: Table,
        references: Sequence[Reference],
        fixed: Mapping[tuple[str, str], object],
        sources: Sources,
    ) -> None:
        self.table = table
        self.unique: Uniqueness = uniqueness(table)
        self.notes: dict[str, str] = {}
        """What was left empty, by field."""
        taken = referring_columns(table) | {name for r in references for name in r.columns}
        self.sources: dict[str, ColumnValues] = {}
        for column in table.columns:
            if column.generated or column.auto or column.name in taken or (table.name, column.name) in fixed:
                continue
            wide, apart = column.name in self.unique.wide, column.name in self.unique.disjoint
            self.sources[column.name] = sources(table.name, column.name, wide, apart)
        self.digits = {
            name: sources(table.name, name, True, False)
            for key in self.unique.narrow
            for name in key
            if name in self.sources
        }
        """Columns that uniques count through: value n is their n-th."""
        self.own_keys = tuple(key for key in self.unique.narrow if self.digits.keys() >= set(key))
        """Unique keys that are counted through and name no other row."""
        self.ahead = Ahead(self.sources)
        self.periods = tuple(period for period in periods(table) if period.column in self.sources)

    def values(self, number: int, draft: Draft, without: Collection[str] = ()) -> dict[str, object]:
        """The draft's values by column; ``number`` is the row's number in this table.

        Columns of ``without`` may be left out.
        """
        values = {} if draft.edge else self.ahead.take(number)
        if len(values) == len(self.sources) and not self.periods:
            return values
        for name, source in self.sources.items():
            if name in values or name in without:
                continue
            try:
                values[name] = value_of(source, number, draft)
            except (Exhausted, NoValue) as none:
                values[name] = self._empty(self.table.column(name), none)
        for period in self.periods:
            if period.column in without:
                continue
            latest = self.sources[period.column].realistic(0)
            values[period.column] = period.moved(values[period.column], number, latest)
        return values

    def counted(self, number: int) -> Iterator[dict[str, object]]:
        """The values of each of ``own_keys`` in the row of this number, as seeding counts in an empty table.

        Past the last one of them is empty where it may be, else they begin anew. Raises Exhausted and
        NoValue when a column has none.
        """
        for key in self.own_keys:
            sizes = [SCANNED if (room := self.digits[name].capacity) is None else room for name in key]
            empty = [name for name in key if self._differs_empty(name)]
            if empty and number >= prod(sizes):
                yield dict.fromkeys(empty[:1])
                continue
            places = spread(number % max(prod(sizes), 1), sizes)
            if places is None:
                raise Exhausted(f"({', '.join(key)}) of {self.table.label} has no value")
            yield {
                name: value_of(self.digits[name], place, Draft(0, ""))
                for name, place in zip(key, places, strict=True)
            }

    def _differs_empty(self, name: str) -> bool:
        """Whether rows may be told apart by nothing in this column: NULLs differ in unique keys."""
        keys = (unique for unique in self.table.uniques if name in unique.columns)
        return self.table.column(name).null and all(unique.nulls_distinct for unique in keys)

    def _empty(self, column: Column, none: Exhausted | NoValue) -> object:
        """Nothing, where the column may be empty and no value can be made for it; the error elsewhere."""
        unique = column.name in self.unique.wide
        empty = next(iter(empties(self.table, column, unique=unique)), MISSING)
        if empty is MISSING and column.null and not unique and isinstance(none, NoValue):
            empty = None
        if empty is MISSING:
            raise none
        self.notes.setdefault(column.field, f"{column.field} is left empty: {none}")
        return empty
