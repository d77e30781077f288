"""Rows that the database accepts but full_clean() does not: find values that both accept.

A breadth-first search over single changes, guided by the complaints: a change that alters what is
complained about is a place to go on from. Each state of complaints is expanded once.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any

from dbstate.binding import CRASHED, UNPRINTABLE, Binding, Complaint
from dbstate.catalog import Catalog, Table
from dbstate.errors import DbstateError
from dbstate.rows import Assembler, Draft, Exhausted, value_of
from dbstate.seeding.hearsay import values_said, wants_json
from dbstate.seeding.load import narrow_values
from dbstate.seeding.records import Records
from dbstate.values.families.identifiers import PREFERRED
from dbstate.values.key import mix

CRASHES = 60
"""full_clean() calls after which code that has failed alike each time is not asked again."""
BUDGET = 300
"""full_clean() calls for one row; less after each row for which they were in vain."""
LEAST = 12
STATES = 12
HALVES = 32
"""Ways to leave half of the optional columns empty that are tried."""
PLATEAU = 8
"""Changes that leave the complaint as it was and are gone on from, once all else is tried."""


STEPS: Mapping[str, tuple[Any, ...]] = {
    "date": (timedelta(1), -timedelta(1), timedelta(30)),
    "datetime": (timedelta(0, 3600), -timedelta(0, 3600), timedelta(30)),
    "duration": (timedelta(0, 60), -timedelta(0, 60)),
    "integer": (1, -1),
    "decimal": (Decimal(1), Decimal(-1)),
    "float": (1.0, -1.0),
}
"""How far from another column's value a column's is tried, by kind."""
NEAR = 10
"""Pairs of columns of which that is tried."""
PURSE = 10_000
"""full_clean() calls for all rows of a run."""
PATTERNS = 3
"""Solutions of earlier rows that are tried again."""


def near(kind: str, value: Any) -> Iterator[object]:
    """A little more and a little less than a value of a column of this kind."""
    for step in STEPS.get(kind, ()):
        try:
            found = value + step
        except (TypeError, OverflowError):  # nothing, or the last day of all
            continue
        yield found


@dataclass(slots=True)
class Purse:
    """What a run may still spend on mending."""

    left: int = PURSE


@dataclass(frozen=True, slots=True)
class Change:
    """New values of one table's columns, and the parents' positions that go with them."""

    table: str
    values: dict[str, object]
    links: dict[str, int | None] = field(default_factory=dict)
    more: tuple[Change, ...] = ()
    """What changes with it, in other tables of the row."""


@dataclass(slots=True)
class Mender:
    """Finds changes that make full_clean() accept rows of one unit."""

    catalog: Catalog
    binding: Binding
    records: Records
    assembler: Assembler
    frozen: frozenset[tuple[str, str]]
    """Columns that may not change: keys that other rows name."""
    write: Callable[[str, str, str], None]
    """Gets table, column and name of a file that clean() may open: has it in the column's storage."""
    good: Draft | None = None
    """A row that was accepted: its pattern is tried."""
    budget: int = BUDGET
    spent: int = 0
    purse: Purse = field(default_factory=Purse)
    found: deque[list[Change]] = field(default_factory=lambda: deque(maxlen=PATTERNS))
    """What helped earlier rows, the newest first."""

    def complaints(self, draft: Draft, changes: Sequence[Change] = ()) -> tuple[Complaint, ...]:
        """What full_clean() says of the row with these changes."""
        values = {name: dict(line) for name, line in draft.values.items()}
        for change in changes:
            values[change.table].update(change.values)
        self.spent += 1
        self.purse.left -= 1
        instance = self.binding.instance(self.assembler.chain[-1], values)
        return self.binding.full_clean(instance)

    def search(self, draft: Draft, complaints: tuple[Complaint, ...]) -> list[Change] | None:
        """Changes that full_clean() accepts, or None."""
        if self.purse.left <= 0:
            return None
        found = self._searched(draft, complaints)
        if found is not None and found not in self.found:
            self.found.appendleft(found)
        return found

    def _searched(self, draft: Draft, complaints: tuple[Complaint, ...]) -> list[Change] | None:
        self.spent = 0
        states: deque[tuple[list[Change], tuple[Complaint, ...]]] = deque([([], complaints)])
        seen = {_signature(complaints)}
        tried = {_changed(draft, ())}
        plateau: list[tuple[list[Change], tuple[Complaint, ...]]] = []
        alike = all(one.code == CRASHED for one in complaints)
        unprintable = all(one.code == UNPRINTABLE for one in complaints)
        while (states or plateau) and self.spent < self.budget:
            changes, current = states.popleft() if states else plateau.pop(0)
            for change in self._moves(draft, current):
                if self.spent >= self.budget:
                    break
                trial = [*changes, change, *change.more]
                row = _changed(draft, trial)
                if row in tried:
                    continue
                tried.add(row)
                answer = self.complaints(draft, trial)
                alike = alike and answer == complaints
                if alike and self.spent >= CRASHES:
                    return None  # what fails whatever is changed is not about the values
                if all(one.code == UNPRINTABLE for one in answer) and (not answer or not unprintable):
                    return trial  # to print a row may take its key, which it has once it is there
                signature = _signature(answer)
                if signature in seen and len(plateau) < PLATEAU and answer == complaints:
                    # The same words may be said of something else: a second rule, behind the first.
                    plateau.append((trial, answer))
                if signature not in seen and len(seen) < STATES and len(answer) <= len(current) + 1:
                    seen.add(signature)
                    # Fewer complaints are nearer to the goal.
                    (states.appendleft if len(answer) < len(current) else states.append)((trial, answer))
        self.budget = max(self.budget // 4, LEAST)
        return None

    # moves -------------------------------------------------------------------------------------------

    def _moves(self, draft: Draft, complaints: Sequence[Complaint]) -> Iterator[Change]:
        tables = [self.catalog[name] for name in self.assembler.chain]
        blamed = {c.field for c in complaints if c.field} | _mentioned(tables, complaints)
        first: list[tuple[Table, str]] = []
        read: list[tuple[Table, str]] = []
        rest: list[tuple[Table, str]] = []
        reads = self.records.clean_reads(self.assembler.chain[-1])
        for table in tables:
            for name in self._changeable(table):
                field_name = table.column(name).field
                place = first if field_name in blamed else read if field_name in reads else rest
                place.append((table, name))
        yield from self._other_files(draft, tables, complaints)
        yield from self._as_before(tables, plain=True)
        yield from self._moves_of(draft, first)
        yield from self._said(draft, first, complaints)
        yield from self._numbers_together(draft, first)
        yield from self._near_others(draft, first, blamed | reads)
        yield from self._as_before(tables, plain=False)
        # What clean() reads first, so that the row keeps the rest of its own.
        yield from self._like_good(blamed | reads)
        yield from self._moves_of(draft, read)
        yield from self._presence(draft, read)
        yield from self._said(draft, read, complaints)
        yield from self._near_others(draft, read, blamed | reads)
        yield from self._like_good()
        yield from self._without_edge(draft)
        yield from self._moves_of(draft, rest, brief=True)

    def _as_before(self, tables: Sequence[Table], *, plain: bool) -> Iterator[Change]:
        """What helped an earlier row, but for columns that must differ.

        ``plain`` are changes to nothing, to yes or no or to a choice, which rows may well have in common.
        """
        by_name = {table.name: table for table in tables}
        for changes in self.found:
            kept: list[Change] = []
            for change in changes:
                table = by_name[change.table]
                keys = {column for unique in table.uniques for column in unique.columns}
                values = {n: v for n, v in change.values.items() if n not in keys}
                if values:
                    kept.append(Change(change.table, values, change.links))
            if kept and plain == all(_is_plain(by_name[c.table], c) for c in kept):
                yield replace(kept[0], more=tuple(kept[1:]))

    def _numbers_together(self, draft: Draft, places: Sequence[tuple[Table, str]]) -> Iterator[Change]:
        """Blamed numbers of one table: all 1, all the same, two of them the other way round."""
        by_table: dict[str, list[str]] = {}
        for table, name in places:
            if table.column(name).kind in ("integer", "decimal", "float") and name not in self._wide(table):
                by_table.setdefault(table.name, []).append(name)
        for table_name, names in by_table.items():
            line = draft.values[table_name]
            if len(names) < 2:
                continue
            yield Change(table_name, dict.fromkeys(names, 1))
            for name in names:
                yield Change(table_name, dict.fromkeys(names, line[name]))
            for one, other in pairwise(names):
                yield Change(table_name, {one: line[other], other: line[one]})

    def _near_others(
        self, draft: Draft, places: Sequence[tuple[Table, str]], fields: Collection[str]
    ) -> Iterator[Change]:
        """A little more or less than another column of the kind has: of these fields, or one that stands."""
        pairs = [
            (table, name, other.name)
            for table, name in places
            for other in table.columns
            if name not in self._wide(table) and other.name != name and other.kind == table.column(name).kind
        ]
        stand = [(t, n, o) for t, n, o in pairs if (t.name, o) in self.frozen]
        rest = [
            (t, n, o) for t, n, o in pairs if t.column(o).field in fields and (t.name, o) not in self.frozen
        ]
        for table, name, other in [*stand, *rest][:NEAR]:
            for value in near(table.column(name).kind, draft.values[table.name].get(other)):
                yield Change(table.name, {name: value})

    def _said(
        self, draft: Draft, places: Sequence[tuple[Table, str]], complaints: Sequence[Complaint]
    ) -> Iterator[Change]:
        """What complaints name that these columns could hold."""
        for table, name in places:
            column, current = table.column(name), draft.values[table.name].get(name)
            if name not in self._wide(table) and name in self.assembler.tables[table.name].sources:
                for complaint in complaints:
                    if complaint.code not in (CRASHED, UNPRINTABLE) or wants_json(complaint.message):
                        for value in values_said(complaint.message, column, current):
                            yield Change(table.name, {name: value})

    def _other_files(
        self, draft: Draft, tables: Sequence[Table], complaints: Sequence[Complaint]
    ) -> Iterator[Change]:
        """Files of the sorts that a complaint says are admitted, in all columns of files."""
        admitted = {extension for complaint in complaints for extension in complaint.extensions}
        for extension in sorted(admitted, key=lambda one: (PREFERRED.get(one, 9), one)):
            for table in tables:
                for column in table.columns:
                    name = draft.values[table.name].get(column.name)
                    if column.kind == "file" and name and column.name not in self._wide(table):
                        file = f"samples/sample.{extension}"
                        self.write(table.name, column.name, file)
                        yield Change(table.name, {column.name: file})

    def _presence(self, draft: Draft, places: Sequence[tuple[Table, str]]) -> Iterator[Change]:
        """Some of the optional columns that clean() reads empty, the others not: rules that say the same.

        Each turn is another half of them.
        """
        optional = [(t, n) for t, n in places if t.column(n).blank and n in self._sources(t)]
        optional = [(t, n) for t, n in optional if t.column(n).null or t.column(n).kind == "text"]
        for turn in range(HALVES if len(optional) > 1 else 0):
            values: dict[str, dict[str, object]] = {}
            for place, (table, name) in enumerate(optional):
                empty = None if table.column(name).null else ""
                value = draft.values[table.name].get(name)
                if mix(turn, place) % 2:
                    value = empty
                elif value in (None, ""):
                    number = self.assembler.first[table.name] + draft.index
                    plain = Draft(draft.index, "")
                    value = next(_drawn(self.assembler, table.name, name, number, plain, turn), empty)
                values.setdefault(table.name, {})[name] = value
            first, *rest = (Change(name, line) for name, line in values.items())
            yield replace(first, more=tuple(rest))

    def _sources(self, table: Table) -> Mapping[str, object]:
        return self.assembler.tables[table.name].sources

    def _changeable(self, table: Table) -> list[str]:
        names = [*self.assembler.tables[table.name].sources]
        names += [c for r in self.assembler.references[table.name] for c in r.columns[:1]]
        return [n for n in names if (table.name, n) not in self.frozen]

    def _moves_of(
        self, draft: Draft, places: Sequence[tuple[Table, str]], *, brief: bool = False
    ) -> Iterator[Change]:
        generators = [self._column_moves(draft, table, name, brief) for table, name in places]
        while generators:
            # Each column's best idea first, then each one's second best.
            for generator in list(generators):
                change = next(generator, None)
                if change is None:
                    generators.remove(generator)
                else:
                    yield change

    def _column_moves(self, draft: Draft, table: Table, name: str, brief: bool) -> Iterator[Change]:
        chooser = self.assembler.choosers[table.name]
        reference = chooser.by_column.get(name)
        if reference is not None:
            if reference.null and draft.values[table.name][name] is not None:
                yield Change(table.name, dict.fromkeys(reference.columns), {reference.name: None})
            for values, position in chooser.alternatives(reference, draft, most=3 if brief else 12):
                yield Change(table.name, values, {reference.name: position})
            return
        column = table.column(name)
        current = draft.values[table.name].get(name)
        for value in self._values(draft, table, name, brief):
            if value != current or type(value) is not type(current):
                yield Change(table.name, {column.name: value})

    def _values(self, draft: Draft, table: Table, name: str, brief: bool) -> Iterator[object]:
        column = table.column(name)
        current = draft.values[table.name].get(name)
        if column.null and column.blank and current is not None:
            yield None
        elif column.blank and column.kind == "text" and current != "":
            yield ""
        yield from narrow_values(table, name, draft)[:20]
        if column.has_default and column.default is not None and name not in self._wide(table):
            yield column.default
        number = self.assembler.first[table.name] + draft.index
        for salt in range(1 if brief else 6):
            yield from _drawn(self.assembler, table.name, name, number, draft, salt)
        if not brief:
            yield from self.assembler.tables[table.name].sources[name].others(number)

    def _wide(self, table: Table) -> frozenset[str]:
        return self.assembler.tables[table.name].unique.wide

    def _like_good(self, suspects: Collection[str] | None = None) -> Iterator[Change]:
        """The values of an accepted row in these fields (all where None) that need not differ.

        All tables of the chain in one change each.
        """
        if self.good is None:
            return
        for name in self.assembler.chain:
            table = self.catalog[name]
            keys = {column for unique in table.uniques for column in unique.columns}
            # Its parent in the same table may be this very row.
            keys |= {c for r in self.assembler.references[name] if r.target == name for c in r.columns}
            same = {
                column
                for column in self._changeable(table)
                if column not in keys and (suspects is None or table.column(column).field in suspects)
            }
            references = [r for r in self.assembler.references[name] if r.columns[0] in same]
            same |= {column for r in references for column in r.columns}
            line, links = self.good.values[name], self.good.links[name]
            if same:
                yield Change(
                    name, {n: line[n] for n in same}, {r.name: links.get(r.name) for r in references}
                )

    def _without_edge(self, draft: Draft) -> Iterator[Change]:
        """The row as a realistic one, and with every optional column empty."""
        for name in self.assembler.chain:
            sources = self.assembler.tables[name].sources
            number = self.assembler.first[name] + draft.index
            columns = [n for n in sources if (name, n) not in self.frozen]
            if draft.edge:
                plain = Draft(draft.index, "")
                yield Change(name, {n: value_of(sources[n], number, plain) for n in columns})
            table = self.catalog[name]
            empty = {n: None for n in columns if table.column(n).null and table.column(n).blank}
            if empty:
                yield Change(name, dict(empty))


def _mentioned(tables: Sequence[Table], complaints: Sequence[Complaint]) -> set[str]:
    """Fields that complaints about the row as a whole mention, by name or by what they are called."""
    told = " ".join(c.message for c in complaints if not c.field).lower()
    words = set(re.findall(r"[a-z_][a-z0-9_]{2,}", told))
    return {
        column.field
        for table in tables
        for column in table.columns
        if column.field.lower() in words or (len(column.label) > 3 and column.label.lower() in told)
    }


def _is_plain(table: Table, change: Change) -> bool:
    return all(
        value is None or value == "" or isinstance(value, bool) or value in table.column(name).choices
        for name, value in change.values.items()
    )


def _drawn(
    assembler: Assembler, table: str, name: str, number: int, draft: Draft, salt: int
) -> Iterator[object]:
    try:
        yield value_of(assembler.tables[table].sources[name], number, Draft(draft.index, ""), salt)
    except (Exhausted, DbstateError):
        # A column that has no further value has no further move; the row's complaint stays.
        return


def apply(draft: Draft, changes: Sequence[Change]) -> dict[str, set[str]]:
    """Write the changes into the draft; answers the columns that changed, by table."""
    touched: dict[str, set[str]] = {}
    for change in changes:
        draft.values[change.table].update(change.values)
        draft.links[change.table].update(change.links)
        touched.setdefault(change.table, set()).update(change.values)
    return touched


def _changed(draft: Draft, changes: Sequence[Change]) -> frozenset[tuple[str, str, str]]:
    """What the changes make of the row: by different ways to the same row it is asked about once."""
    made: dict[tuple[str, str], object] = {}
    for change in changes:
        made.update({(change.table, name): value for name, value in change.values.items()})
    return frozenset(
        (table, name, repr(value))
        for (table, name), value in made.items()
        if value is not draft.values[table].get(name) and repr(value) != repr(draft.values[table].get(name))
    )


def _signature(complaints: Sequence[Complaint]) -> frozenset[tuple[str | None, str]]:
    return frozenset((c.field, c.message) for c in complaints)
