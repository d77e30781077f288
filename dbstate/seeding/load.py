"""Write the rows of one model; where the database refuses some, ask it which and mend these.

The rows are written as they are. Only when the database refuses them is a twin of the table
filled row by row (law 3): the twin says which rows are refused and by what, other values are
tried for these alone, and what is accepted is written.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from itertools import islice

from django.db import transaction

from dbstate.backends import Backend, Connection, Judge, LoadRefused, Row, Verdict
from dbstate.binding import Binding
from dbstate.catalog import Catalog, Check, Column, Exclusion, Table, Unique
from dbstate.errors import DbstateError
from dbstate.rows import Assembler, Draft, value_of
from dbstate.seeding.hearsay import is_named, values_said
from dbstate.values import EDGES, MISSING
from dbstate.values.solving import Group, Pool, Problem, Unsolvable, groups, solve

ROUNDS = 6
SALTS = 12
POOL = 48
CANDIDATES = 16
"""Parents that a CHECK over foreign keys is solved with."""


class Unfillable(DbstateError):
    """No row of a model could be written."""

    def __init__(self, label: str, reason: str) -> None:
        super().__init__(reason)
        self.label, self.reason = label, reason


class RulesLearned(DbstateError):
    """The database has rules that the models do not tell: rows are to be made with these in mind."""

    def __init__(self, label: str) -> None:
        super().__init__(
            f"cannot write rows of {label} as they are: its tables have rules beyond the models'"
        )


@dataclass(frozen=True, slots=True)
class _TableItself:
    """A judge that writes to the real table, row by row; whoever uses it rolls back."""

    backend: Backend
    connection: Connection
    table: Table
    sees_all: bool = True

    def try_rows(
        self, columns: Sequence[str], rows: Sequence[Row], *, keep: bool = False
    ) -> list[Verdict | None]:
        """See Judge; accepted rows always stay."""
        return [self._try(columns, row) for row in rows]

    def _try(self, columns: Sequence[str], row: Row) -> Verdict | None:
        try:
            self.backend.load(self.connection, self.table, columns, [row])
        except LoadRefused as refused:
            return refused.verdict
        return None

    def forget(self, numbers: Iterable[int]) -> None:
        """Nothing is taken out before the end."""

    def clear(self) -> None:
        """Nothing is taken out before the end."""


@dataclass(slots=True)
class Loader:
    """Writes blocks of drafts of one unit."""

    catalog: Catalog
    binding: Binding
    backend: Backend
    connection: Connection
    assembler: Assembler
    seed: int
    label: str
    learn: Callable[[], bool]
    """Reads the rules that the database itself has; whether there were new ones."""
    place: Callable[[list[Draft]], None]
    """Writes what depends on which rows there are: the numbers of a tree."""
    pools: dict[tuple[str, tuple[str, ...]], Pool] = field(default_factory=dict)
    left_out: list[str] = field(default_factory=list)
    """Why rows were left out, one line each."""

    def load(self, drafts: list[Draft]) -> list[Draft]:
        """Write these rows; the ones that were written come back. Unfillable when none could be."""
        for _ in range(ROUNDS):
            self.assembler.settle(drafts)
            self.place(drafts)
            try:
                self._write(drafts)
                return drafts
            except LoadRefused as refused:
                if self.learn():
                    raise RulesLearned(self.label) from refused
                drafts = self._mend(drafts, refused)
        raise Unfillable(self.label, f"the database refuses its rows after {ROUNDS} rounds of mending")

    def line(self, table: Table, draft: Draft) -> list[object]:
        """The draft's line of a table, encoded, in the order of ``written``."""
        values = draft.values[table.name]
        return [self.binding.encode(table.name, name, values[name]) for name in self.written(table)]

    @staticmethod
    def written(table: Table) -> tuple[str, ...]:
        """Columns that are written: all but generated ones."""
        return tuple(column.name for column in table.columns if not column.generated)

    def _write(self, drafts: Sequence[Draft]) -> None:
        with transaction.atomic(using=self.connection.alias):
            for name in self.assembler.chain:
                table = self.catalog[name]
                # All lines are there before the first is sent: fields may ask the database for their values.
                lines = [self.line(table, draft) for draft in drafts]
                self.backend.load(self.connection, table, self.written(table), lines)

    def _mend(self, drafts: list[Draft], refused: LoadRefused) -> list[Draft]:
        """Drafts that the twins of all tables accept, mended where need be.

        A twin has no triggers: where it has nothing to say, the table itself is asked.
        """
        kept, changed = self._asked(drafts, lambda table: self.backend.judge(self.connection, table))
        if not changed:
            with transaction.atomic(using=self.connection.alias):
                kept, changed = self._asked(drafts, self._in_place)
                transaction.set_rollback(True, using=self.connection.alias)
        if not changed:
            raise Unfillable(self.label, _refusal(refused.verdict))
        return kept

    def _in_place(self, table: Table) -> AbstractContextManager[Judge]:
        return nullcontext(_TableItself(self.backend, self.connection, table))

    def _asked(
        self, drafts: list[Draft], judge_of: Callable[[Table], AbstractContextManager[Judge]]
    ) -> tuple[list[Draft], bool]:
        """The drafts that the judges of all tables accept, and whether that changed anything."""
        reasons: list[str] = []
        changed = False
        for name in self.assembler.chain:
            table = self.catalog[name]
            with judge_of(table) as judge:
                kept, touched = self._judge(table, drafts, judge, reasons)
            there = {draft.index for draft in kept}
            for draft in drafts:
                if draft.index not in there:
                    self.assembler.leave_out(draft)
            changed = changed or touched or len(kept) < len(drafts)
            drafts = kept
        if not drafts:
            raise Unfillable(self.label, reasons[0])
        self.left_out += reasons
        return drafts, changed

    def _judge(
        self, table: Table, drafts: list[Draft], judge: Judge, reasons: list[str]
    ) -> tuple[list[Draft], bool]:
        columns = self.written(table)
        kept, touched = [], False
        verdicts = judge.try_rows(columns, [self.line(table, d) for d in drafts], keep=True)
        for draft, verdict in zip(drafts, verdicts, strict=True):
            if verdict is None:
                kept.append(draft)
            elif self._repair(table, draft, verdict, judge):
                kept.append(draft)
                touched = True
            else:
                reasons.append(f"{draft.edge or 'realistic'} row: {_refusal(verdict)}")
        return kept, touched

    def _repair(self, table: Table, draft: Draft, verdict: Verdict, judge: Judge) -> bool:
        """Try other values for a refused row until the twin accepts it."""
        chooser = self.assembler.choosers[table.name]
        before = dict(draft.values[table.name]), dict(draft.links[table.name])
        chooser.forget(draft)
        accepted = self._search(table, draft, verdict, judge)
        if not accepted:
            draft.values[table.name], draft.links[table.name] = before
        chooser.remember(draft)
        self.assembler.restock(draft, table.name)
        return accepted

    def _search(self, table: Table, draft: Draft, verdict: Verdict, judge: Judge) -> bool:
        """Go from rule to rule: values that meet the one that speaks, until none does."""
        columns = self.written(table)
        seen = {(verdict.constraint, verdict.column)}
        for _ in range(len(table.checks) + len(table.uniques) + 4):
            further: tuple[Verdict, dict[str, object], dict[str, int | None]] | None = None
            for changes, links in self._alternatives(table, draft, verdict):
                old = dict(draft.values[table.name])
                draft.values[table.name].update(changes)
                (answer,) = judge.try_rows(columns, [self.line(table, draft)], keep=True)
                if answer is None:
                    draft.links[table.name].update(links)
                    return True
                draft.values[table.name] = old
                if further is None and (answer.constraint, answer.column) not in seen:
                    further = answer, changes, links
            if further is None:
                return False
            # A rule speaks that did not before: the last one is met, go on from there.
            verdict, changes, links = further
            seen.add((verdict.constraint, verdict.column))
            draft.values[table.name].update(changes)
            draft.links[table.name].update(links)
        return False

    # other values ------------------------------------------------------------------------------------

    def _alternatives(
        self, table: Table, draft: Draft, verdict: Verdict
    ) -> Iterator[tuple[dict[str, object], dict[str, int | None]]]:
        """Changes to try, likeliest first: (values, parents' positions)."""
        named = self._named(table, verdict)
        if verdict.reason == "check" or not named:
            yield from self._solved(table, draft, verdict, named)
        yield from self._said(table, draft, verdict, named)
        yield from self._redrawn(table, draft, named)
        yield from self._other_parents(table, draft, named)
        yield from self._conditions(table, draft, verdict)

    def _named(self, table: Table, verdict: Verdict) -> tuple[str, ...]:
        """Columns that the broken rule reads; empty when it is not known."""
        rules: tuple[Unique | Check | Exclusion, ...] = (*table.uniques, *table.checks, *table.exclusions)
        broken = [rule for rule in rules if verdict.constraint and rule.name == verdict.constraint]
        found = [column for rule in broken for column in rule.columns]
        return tuple(dict.fromkeys(found)) or ((verdict.column,) if verdict.column else ())

    def _said(
        self, table: Table, draft: Draft, verdict: Verdict, named: tuple[str, ...]
    ) -> Iterator[tuple[dict[str, object], dict[str, int | None]]]:
        """What a trigger's own words name, in the columns first whose values it complains of."""
        line = draft.values[table.name]
        columns = [] if named else [*self.assembler.tables[table.name].sources]
        for name in sorted(columns, key=lambda name: not is_named(verdict.message, line[name])):
            for value in values_said(verdict.message, table.column(name), line[name]):
                yield {name: value}, {}

    def _redrawn(
        self, table: Table, draft: Draft, named: tuple[str, ...]
    ) -> Iterator[tuple[dict[str, object], dict[str, int | None]]]:
        sources = self.assembler.tables[table.name].sources
        number = self.assembler.first[table.name] + draft.index
        plain = Draft(draft.index, "")
        standing = self._standing(table, named)
        columns = [name for name in (named or sources) if name in sources and name not in standing]
        yield {name: value_of(sources[name], number, plain) for name in columns}, {}
        for salt in range(1, SALTS):
            yield {name: value_of(sources[name], number, plain, salt) for name in columns}, {}
        for name in columns:
            if table.column(name).null and table.column(name).blank:
                yield {name: None}, {}

    def _other_parents(
        self, table: Table, draft: Draft, named: tuple[str, ...]
    ) -> Iterator[tuple[dict[str, object], dict[str, int | None]]]:
        chooser, standing = self.assembler.choosers[table.name], self._standing(table, named)
        for reference in chooser.references.values():
            if not named or (set(reference.columns) & set(named)) - standing:
                for values, position in chooser.alternatives(reference, draft, most=40 if named else 8):
                    yield values, {reference.name: position}

    def _conditions(
        self, table: Table, draft: Draft, verdict: Verdict
    ) -> Iterator[tuple[dict[str, object], dict[str, int | None]]]:
        """Values that take the row out of a unique key's condition."""
        for unique in table.uniques:
            if unique.name == verdict.constraint:
                for name in unique.condition_columns:
                    for value in narrow_values(table, name, draft):
                        yield {name: value}, {}

    def _solved(
        self, table: Table, draft: Draft, verdict: Verdict, named: tuple[str, ...]
    ) -> Iterator[tuple[dict[str, object], dict[str, int | None]]]:
        """Tuples that meet the CHECKs of the columns named (law 3: solved once, drawn from)."""
        for group in groups(table):
            asked = any(check.name == verdict.constraint for check in group.checks)
            if not asked and named and not set(group.columns) & set(named):
                continue
            if self._standing(table, group.columns):
                continue  # the row's own key is not ours to choose: its parents are
            pool = self._pool(table, group)
            edge = pool.edges.get(draft.edge)
            start = draft.index % max(1, len(pool.accepted))
            turned = (*pool.accepted[start:], *pool.accepted[:start])
            for values in (*([edge] if edge else ()), *turned):
                changes = dict(zip(pool.columns, values, strict=True))
                yield changes, self._links(table, changes)

    def _standing(self, table: Table, columns: Collection[str]) -> set[str]:
        """Those of a rule's columns that hold the row's own key, by which this row or others name it."""
        own = [r for r in self.assembler.choosers[table.name].references.values() if r.own]
        keys = {name for link in table.parent_links for name in link.columns}
        if any(name in r.columns for r in own for name in columns):
            keys.update(name for r in own for name in r.target_columns)
        keys |= {column.name for column in table.columns if column.auto}
        return keys.intersection(columns)

    def _links(self, table: Table, changes: dict[str, object]) -> dict[str, int | None]:
        """Positions of the parents that solved values name."""
        links: dict[str, int | None] = {}
        chooser = self.assembler.choosers[table.name]
        for reference in chooser.references.values():
            if set(reference.columns) <= changes.keys():
                values = tuple(changes[name] for name in reference.columns)
                links[reference.name] = chooser.options.position_of(reference, values)
        return links

    def _pool(self, table: Table, group: Group) -> Pool:
        key = (table.name, group.columns)
        if key not in self.pools:
            self.pools[key] = self._solve(table, group)
        return self.pools[key]

    def _solve(self, table: Table, group: Group) -> Pool:
        """Tuples that the group's CHECKs accept; Unfillable when there are none."""
        columns = group.columns
        part = self.assembler.tables[table.name]
        with self.backend.judge(self.connection, table, columns=columns, existing=0) as judge:

            def verdicts(candidates: Sequence[tuple[object, ...]]) -> list[str | None]:
                rows = [
                    [self.binding.encode(table.name, n, v) for n, v in zip(columns, row, strict=True)]
                    for row in candidates
                ]
                answers = judge.try_rows(columns, rows)
                return [None if a is None else a.constraint or a.column or a.message for a in answers]

            candidates = _Candidates(self.assembler, table)
            problem = Problem(
                table=table.label,
                columns=tuple(candidates.column(name) for name in columns),
                expressions=tuple(check.expression for check in group.checks),
                natural=candidates.natural,
                edges=candidates.edge,
                nullable=frozenset(n for n in columns if table.column(n).null and table.column(n).blank),
                seed=self.seed,
                edge_names=EDGES,
                missing=MISSING,
            )
            distinct = tuple(n for n in columns if n in part.unique.wide)
            try:
                return solve(problem, verdicts, wanted=POOL, distinct=distinct)
            except Unsolvable as unsolvable:
                raise Unfillable(self.label, str(unsolvable)) from unsolvable


@dataclass(frozen=True, slots=True)
class _Candidates:
    """Values to begin with, for columns that a CHECK ties together."""

    assembler: Assembler
    table: Table

    def column(self, name: str) -> Column:
        """The column; one that names a row holds the key of one that it may name, nothing else."""
        column = self.table.column(name)
        parents = self._parents(name) if column.generated is None else []
        return replace(column, choices=(), samples=tuple(dict.fromkeys(parents))) if parents else column

    def _parents(self, name: str) -> list[object]:
        """Keys of some rows that the column may name; empty for columns that name none."""
        chooser = self.assembler.choosers[self.table.name]
        reference = chooser.by_column.get(name)
        if reference is None:
            return []
        at = reference.columns.index(name)
        options = chooser.options.every(reference, Draft(CANDIDATES, ""))
        return [option.values[at] for option in islice(options, CANDIDATES) if option.values[at] is not None]

    def natural(self, name: str, row: int) -> object:
        source = self.assembler.tables[self.table.name].sources.get(name)
        if source is not None:
            return value_of(source, self.assembler.first[self.table.name] + row, Draft(row, ""))
        parents = self._parents(name)
        if not parents or (self.table.column(name).null and row % 2):
            return None
        return parents[row % len(parents)]

    def edge(self, name: str, edge: str, row: int) -> object:
        source = self.assembler.tables[self.table.name].sources.get(name)
        if source is None:
            return MISSING
        return source.edge(edge, self.assembler.first[self.table.name] + row)


def narrow_values(table: Table, name: str, draft: Draft) -> list[object]:
    """The other values of a column that has only a few, NULL among them where it may be."""
    column = table.column(name)
    values: list[object] = list(column.choices)
    if column.kind == "boolean":
        values = [False, True]
    if column.null and column.blank:
        values.append(None)
    return [value for value in values if value != draft.values[table.name].get(name)]


def _refusal(verdict: Verdict) -> str:
    rule = f"{verdict.reason} {verdict.constraint}".strip()
    where = f" (column {verdict.column})" if verdict.column else ""
    return f"the database refuses: {rule}{where}: {verdict.message}"
