"""Comparing kept rows with those of now: by key, column by column, inside the database."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper

from dbstate.backends.naming import quoted
from dbstate.snapshots.changes import ColumnChange, DroppedColumn, Sample, TableChange
from dbstate.snapshots.keep import SCHEMA, KeptTable, Snapshot, kept_name
from dbstate.snapshots.layout import LaidColumn, LaidTable, read_layout
from dbstate.snapshots.pairing import Pair, Pairing, match_tables, pair_columns, types_between

_FIELDS = 7
"""What is counted of each column."""
_WIDEST = 200
"""Columns that are counted in one statement: a row of PostgreSQL holds 1,664 values."""


@dataclass(frozen=True, slots=True)
class Changes:
    """What differs."""

    tables: tuple[TableChange, ...]
    new_tables: tuple[tuple[str, int], ...]
    moved: frozenset[int]
    """Object ids that tables have now whose columns hold something else."""
    layout: tuple[LaidTable, ...]
    """All tables as they are now."""


@dataclass(frozen=True, slots=True)
class _Table:
    """A table of before and the same one now."""

    before: KeptTable
    after: LaidTable
    columns: tuple[Pair, ...]
    dropped: tuple[LaidColumn, ...]

    @property
    def key(self) -> tuple[Pair, ...]:
        """The pairs of the key's columns; empty where it is gone, or there was none."""
        pairs = {pair.before.number: pair for pair in self.columns}
        key = self.before.was.key
        return tuple(pairs[number] for number in key) if set(key) <= pairs.keys() else ()

    @property
    def joined(self) -> str:
        """FROM both, by key; ``m`` is NULL where a side has no such row."""
        on = " AND ".join(pair.equal for pair in self.key)
        return (
            f"(SELECT *, true AS dbstate_m FROM {self.before.sql}) b "
            f"FULL JOIN (SELECT *, true AS dbstate_m FROM {self.after.sql}) a ON {on}"
        )

    def shown_key(self, side: str) -> str:
        """SQL text of the key."""
        parts = [
            f"b.{kept_name(pair.before)}::text" if side == "b" else f"a.{quoted(pair.after.name)}::text"
            for pair in self.key
        ]
        return parts[0] if len(parts) == 1 else f"concat_ws(', ', {', '.join(parts)})"


def compare(
    connection: BaseDatabaseWrapper,
    before: Snapshot,
    *,
    pairing: Pairing,
    samples: int,
    between: Snapshot | None = None,
    through: Sequence[LaidTable] = (),
    without: Sequence[str] = (),
) -> Changes:
    """What differs between the kept rows and those of now. Tables whose rows were written anew are read
    twice, once for that and once beside the kept rows; others once.

    ``between`` are rows kept at a moment in between: says of changed values whether they stand there since.
    ``through`` are the tables of that moment: text that was of another type there is compared as its value.
    """
    now = read_layout(connection, without=without)
    found = match_tables(before.tables, now, pairing)
    changes, moved = [], set()
    for kept in before.tables:
        after = found.get(kept.was.oid)
        if after is None:
            changes.append(_gone(kept))
            continue
        pairs, dropped = pair_columns(kept.was, after, pairing)
        types = types_between(kept.was, after, through)
        pairs = tuple(replace(pair, through=types.get(pair.before.number, "")) for pair in pairs)
        table = _Table(kept, after, pairs, dropped)
        change = _Comparing(connection, table, samples, between, before.since).change()
        if change is not None:
            changes.append(change)
            if change.columns:
                moved.add(after.oid)
    known = {table.oid for table in found.values()} | before.others
    new = tuple((table.name, _count(connection, table.sql)) for table in now if table.oid not in known)
    return Changes(tuple(changes), new, frozenset(moved), now)


# counting -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Comparing:
    """One table."""

    connection: BaseDatabaseWrapper
    table: _Table
    samples: int
    between: Snapshot | None
    since: str

    def change(self) -> TableChange | None:
        """What differs; None when nothing does."""
        if self._is_untouched():
            change = self._unmoved()
        else:
            change = self._by_key() if self.table.key else self._as_a_whole()
        if change.lost or change.gained or change.columns or change.dropped:
            return change
        return None

    def _is_untouched(self) -> bool:
        """Whether every row is there as it was written before: a short look, which spares the comparison."""
        before, after = self.table.before, self.table.after
        # A column that came back under its name has the values of a default, in rows that nobody wrote.
        same = all(pair.before.number == pair.after.number for pair in self.table.columns)
        stored = all(column.base for column in (*before.was.columns, *after.columns))
        if before.was.oid != after.oid or not same or not stored:
            return False
        ((rows, younger),) = self._fetch(
            f"SELECT count(*), count(*) FILTER (WHERE age(xmin) < age('{self.since}'::xid)) FROM {after.sql}"
        )
        return bool(rows == before.rows and not younger)

    def _unmoved(self) -> TableChange:
        before = self.table.before
        return TableChange(
            table=before.was.name,
            table_after=self.table.after.name,
            rows_before=before.rows,
            rows_after=before.rows,
            lost=0,
            gained=0,
            lost_keys=(),
            gained_keys=(),
            dropped=tuple(self._dropped(column) for column in self.table.dropped),
            keyed=bool(self.table.key),
        )

    def _by_key(self) -> TableChange:
        table = self.table
        key = {pair.before.number for pair in table.key}
        pairs = [pair for pair in table.columns if pair.before.number not in key]
        counted = [self._counted(some) for some in _in_parts(pairs)]
        lost, gained, lost_keys, gained_keys, _ = counted[0]
        return TableChange(
            table=table.before.was.name,
            table_after=table.after.name,
            rows_before=table.before.rows,
            rows_after=table.before.rows - lost + gained,
            lost=lost,
            gained=gained,
            lost_keys=tuple(sample.key for sample in _samples(lost_keys)),
            gained_keys=tuple(sample.key for sample in _samples(gained_keys)),
            columns=tuple(column for *_, columns in counted for column in columns),
            dropped=tuple(self._dropped(column) for column in table.dropped),
        )

    def _counted(self, pairs: Sequence[Pair]) -> tuple[int, int, Any, Any, list[ColumnChange]]:
        """Rows lost, gained, samples of these, and the columns that differ: all in one reading."""
        both = "a.dbstate_m AND b.dbstate_m"
        wanted = [
            "count(*) FILTER (WHERE a.dbstate_m IS NULL)",
            "count(*) FILTER (WHERE b.dbstate_m IS NULL)",
            self._some(self.table.shown_key("b"), "a.dbstate_m IS NULL"),
            self._some(self.table.shown_key("a"), "b.dbstate_m IS NULL"),
        ]
        for pair in pairs:
            before, after = f"b.{kept_name(pair.before)}", f"a.{quoted(pair.after.name)}"
            differs = f"{both} AND {pair.differs}"
            shown = f"{self.table.shown_key('b')}, {before}::text, {after}::text"
            wanted += [
                f"count(*) FILTER (WHERE {differs})",
                f"count(*) FILTER (WHERE {differs} AND {after} IS NULL)",
                f"count(*) FILTER (WHERE {differs} AND {before} IS NULL)",
                self._some(shown, differs),
                f"count(*) FILTER (WHERE {both} AND {pair.rewritten})",
                self._some(shown, f"{both} AND {pair.rewritten}"),
                f"count(*) FILTER (WHERE {both} AND {pair.lossy})",
            ]
        # Of rows that are the same, which most are, everything is asked once and nothing is counted.
        moved = ["a.dbstate_m IS NULL", "b.dbstate_m IS NULL", *(pair.differs for pair in pairs)]
        (found,) = self._fetch(
            f"SELECT {', '.join(wanted)} FROM {self.table.joined} WHERE {' OR '.join(moved)}"
        )
        columns = [
            self._column(pair, *found[place : place + _FIELDS])
            for pair, place in zip(pairs, range(4, len(found), _FIELDS), strict=True)
            if found[place]
        ]
        return (*found[:4], columns)

    def _some(self, shown: str, condition: str) -> str:
        """SQL of a few of the rows for which the condition holds."""
        row = f"jsonb_build_array({shown})::text"
        return f"{SCHEMA}.some({row}, {self.samples}) FILTER (WHERE {condition})"

    def _column(
        self,
        pair: Pair,
        rows: int,
        nulled: int,
        filled: int,
        samples: Any,
        rewritten: int,
        rewritten_samples: Any,
        lossy: int,
    ) -> ColumnChange:
        return ColumnChange(
            column=pair.before.name,
            column_after=pair.after.name,
            type_before=pair.before.type,
            type_after=pair.after.type,
            rows=rows,
            nulled=nulled,
            filled=filled,
            samples=_samples(samples),
            kept=self._kept(pair),
            rewritten=rewritten,
            rewritten_samples=_samples(rewritten_samples),
            lossy=lossy,
        )

    def _kept(self, pair: Pair) -> int:
        """How many of the values that differ are those of the moment in between."""
        middle = self.between.of(self.table.before.was.oid) if self.between else None
        if middle is None or not (column := middle.was.numbered(pair.before.number)):
            return 0
        by_number = {known.number for known in middle.was.columns}
        if not by_number.issuperset(self.table.before.was.key):
            return 0
        on = " AND ".join(
            f"b.{kept_name(one.before)}::text = m.{kept_name(one.before)}::text" for one in self.table.key
        )
        same = Pair(column, pair.after).differs.replace("b.", "m.", 1)
        ((count,),) = self._fetch(
            f"SELECT count(*) FROM {self.table.joined} JOIN {middle.sql} m ON {on} "
            f"WHERE a.dbstate_m AND b.dbstate_m AND {pair.differs} AND NOT {same}"
        )
        return int(count)

    def _dropped(self, column: LaidColumn) -> DroppedColumn:
        name, kept = kept_name(column), self.table.before
        ((held,),) = self._fetch(f"SELECT count({name}) FROM {kept.sql}")
        return DroppedColumn(column.name, column.type, held, tuple(self._held_samples(column)))

    def _held_samples(self, column: LaidColumn) -> Iterator[Sample]:
        key = self.table.before.was.key
        if not key:
            return
        shown = ", ".join(f"c{number}::text" for number in key)
        order = ", ".join(f"c{number}" for number in key)
        name = kept_name(column)
        for row in self._fetch(
            f"SELECT concat_ws(', ', {shown}), {name}::text FROM {self.table.before.sql} "
            f"WHERE {name} IS NOT NULL ORDER BY {order} LIMIT {self.samples}"
        ):
            yield Sample(*row)

    def _as_a_whole(self) -> TableChange:
        """Rows that no key tells apart: how many there are more of on one side."""
        table = self.table
        before = ", ".join(f"b.{kept_name(pair.before)}::text" for pair in table.columns)
        after = ", ".join(f"a.{quoted(pair.after.name)}::text" for pair in table.columns)
        sides = f"SELECT {before} FROM {table.before.sql} b", f"SELECT {after} FROM {table.after.sql} a"
        ((lost,),) = self._fetch(f"SELECT count(*) FROM ({sides[0]} EXCEPT ALL {sides[1]}) x")
        ((gained,),) = self._fetch(f"SELECT count(*) FROM ({sides[1]} EXCEPT ALL {sides[0]}) x")
        return TableChange(
            table=table.before.was.name,
            table_after=table.after.name,
            rows_before=table.before.rows,
            rows_after=_count(self.connection, table.after.sql),
            lost=lost,
            gained=gained,
            lost_keys=(),
            gained_keys=(),
            dropped=tuple(self._dropped(column) for column in table.dropped),
            keyed=False,
        )

    def _fetch(self, sql: str) -> list[Any]:
        with self.connection.cursor() as cursor:
            cursor.execute(sql)
            rows: list[Any] = cursor.fetchall()
            return rows


def _in_parts(pairs: Sequence[Pair]) -> list[Sequence[Pair]]:
    """As many columns at a time as one statement holds; at least one part."""
    return [pairs[start : start + _WIDEST] for start in range(0, max(len(pairs), 1), _WIDEST)]


def _samples(rows: Sequence[str]) -> tuple[Sample, ...]:
    """Rows as the database wrote them down, by key."""
    found = [Sample(*json.loads(row)) for row in rows]
    return tuple(sorted(found, key=lambda sample: (len(sample.key), sample.key)))


def _gone(kept: KeptTable) -> TableChange:
    return TableChange(
        table=kept.was.name,
        table_after=None,
        rows_before=kept.rows,
        rows_after=0,
        lost=kept.rows,
        gained=0,
        lost_keys=(),
        gained_keys=(),
    )


def _count(connection: BaseDatabaseWrapper, sql: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM {sql}")
        return int(cursor.fetchone()[0])
