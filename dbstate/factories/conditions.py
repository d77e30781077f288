"""Values that meet the CHECKs of a row, where the made ones do not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from dbstate.catalog import Column, Table
from dbstate.rows import Draft, value_of
from dbstate.rows.own import OwnColumns
from dbstate.rows.uniques import referring_columns
from dbstate.values import EDGES, MISSING
from dbstate.values.solving import Conditions, Group, Pool, Problem, Unsolvable, conditions_of, groups, solve

POOL = 48
"""Tuples of a group that rows draw from, as many as seeding has."""
KEPT_POOLS = 200
CHANGED = "a value that was given would change"


@dataclass(slots=True)
class Rules:
    """The CHECKs of one table, and the tuples of values that were found to meet them."""

    table: Table
    own: OwnColumns
    seed: int
    parts: tuple[tuple[Group, Conditions], ...] = ()
    unrelated: tuple[tuple[Group, Conditions], ...] = ()
    """The same without the CHECKs that read a key to another row, and those that made values cannot break."""
    referring: frozenset[str] = frozenset()
    _pools: dict[tuple[object, ...], Pool | None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.parts = tuple((group, conditions_of(self.table, group)) for group in groups(self.table))
        self.referring = referring_columns(self.table)
        apart = [(group, conditions.unsure(self.referring)) for group, conditions in self.parts]
        self.unrelated = tuple((group, conditions) for group, conditions in apart if conditions.parts)

    def broken(self, line: Mapping[str, Any], *, related: bool = True) -> Iterator[tuple[Group, str]]:
        """Groups whose CHECKs the line breaks, with the CHECK's name.

        Without ``related`` those that read a key to another row are left out, as it is not chosen yet.
        """
        for group, conditions in self.parts if related else self.unrelated:
            if name := conditions.broken(line):
                yield group, name

    def met(
        self, group: Group, line: Mapping[str, Any], fixed: Sequence[str], number: int, edge: str
    ) -> dict[str, object] | None:
        """Values for the group's columns that meet its CHECKs; None when none were found.

        ``fixed`` columns keep the line's values: they were given, or name another row.
        """
        held = {name: line.get(name) for name in group.columns if name in fixed or name in self.referring}
        if len(held) == len(group.columns):
            return None
        key = (group.columns, tuple((name, repr(value)) for name, value in held.items()))
        if key not in self._pools:
            if len(self._pools) >= KEPT_POOLS:
                self._pools.clear()
            self._pools[key] = self._solve(group, held)
        pool = self._pools[key]
        if pool is None:
            return None
        values = pool.edges.get(edge) or pool.accepted[number % len(pool.accepted)]
        return {
            name: value
            for name, value in zip(pool.columns, values, strict=True)
            if name not in held and line.get(name, MISSING) != value
        }

    def _solve(self, group: Group, held: Mapping[str, Any]) -> Pool | None:
        conditions = next(c for g, c in self.parts if g == group)
        columns = tuple(self._column(name, held) for name in group.columns)
        made = [column.name for column in columns if column.generated is None]

        def verdicts(candidates: Sequence[tuple[object, ...]]) -> list[str | None]:
            lines = [dict(zip(made, candidate, strict=True)) for candidate in candidates]
            return [
                CHANGED
                if any(line[name] != value for name, value in held.items())
                else conditions.broken(line) or None
                for line in lines
            ]

        problem = Problem(
            table=self.table.label,
            columns=columns,
            expressions=tuple(check.expression for check in group.checks),
            natural=lambda name, row: held[name] if name in held else self._natural(name, row),
            edges=lambda name, edge, row: MISSING if name in held else self._edge(name, edge, row),
            nullable=frozenset(c.name for c in columns if c.null and c.blank and held.get(c.name) is None),
            seed=self.seed,
            edge_names=EDGES,
            missing=MISSING,
        )
        distinct = tuple(name for name in made if name in self.own.unique.wide and name not in held)
        try:
            return solve(problem, verdicts, wanted=POOL, distinct=distinct)
        except Unsolvable:
            # The database is the judge: it refuses the row and names the rule.
            return None

    def _column(self, name: str, held: Mapping[str, Any]) -> Column:
        column = self.table.column(name)
        if name not in held:
            return column
        return replace(column, choices=(), samples=() if held[name] is None else (held[name],))

    def _natural(self, name: str, row: int) -> object:
        source = self.own.sources.get(name)
        return None if source is None else value_of(source, row, Draft(row, ""))

    def _edge(self, name: str, edge: str, row: int) -> object:
        source = self.own.sources.get(name)
        return MISSING if source is None else source.edge(edge, row)
