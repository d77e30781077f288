"""Which foreign keys of a row must lead to the same ancestor.

``order.customer.shop`` and ``order.product.shop`` name one shop in any sane database, though no
constraint says so. Two paths through different tables to one ancestor agree when the last foreign
key on both has the same column name, or is required on both.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations

from dbstate.catalog import Catalog, Table

LONGEST = 3
"""Foreign keys followed from a row, its own included."""


@dataclass(frozen=True, slots=True)
class Path:
    """Foreign keys to follow, as (table, field name), and where they end."""

    steps: tuple[tuple[str, str], ...]
    tables: tuple[str, ...]
    """Tables passed, the ancestor last."""
    last_column: str
    last_required: bool

    @property
    def ancestor(self) -> str:
        return self.tables[-1]

    def __str__(self) -> str:
        return ".".join(name for _, name in self.steps)


@dataclass(frozen=True, slots=True)
class Agreement:
    """Two paths of one table's rows that end at the same row of ``ancestor``."""

    table: str
    left: Path
    right: Path

    @property
    def ancestor(self) -> str:
        return self.left.ancestor


class Paths:
    """The agreements of tables, found once per table."""

    def __init__(self, catalog: Catalog, names: Collection[str]) -> None:
        self._catalog = catalog
        self._names = frozenset(n for n in names if not catalog[n].library_filled)
        self._from = lru_cache(maxsize=None)(self._paths)

    def agreements(self, name: str) -> tuple[Agreement, ...]:
        """Pairs of paths of this table that agree, shortest first."""
        by_ancestor: dict[str, list[Path]] = {}
        for path in self._from(name, LONGEST):
            by_ancestor.setdefault(path.ancestor, []).append(path)
        found = [
            Agreement(name, left, right)
            for paths in by_ancestor.values()
            for left, right in combinations(paths, 2)
            if _agree(left, right)
        ]
        return tuple(
            sorted(found, key=lambda a: (len(a.left.steps) + len(a.right.steps), str(a.left), str(a.right)))
        )

    def _paths(self, name: str, longest: int) -> tuple[Path, ...]:
        table = self._catalog.tables.get(name)
        if table is None or longest == 0:
            return ()
        return tuple(self._steps(table, longest))

    def _steps(self, table: Table, longest: int) -> Iterator[Path]:
        for key in table.foreign_keys:
            if key.target not in self._names:
                continue
            step = ((table.name, key.name),)
            if not key.parent_link:
                yield Path(step, (key.target,), key.columns[0], not key.null)
            for further in self._from(key.target, longest - 1):
                tables = (key.target, *further.tables)
                if len({*tables, table.name}) < len(tables) + (key.target != table.name):
                    continue  # comes by a table twice
                yield Path(step + further.steps, tables, further.last_column, further.last_required)


def _agree(left: Path, right: Path) -> bool:
    if left.steps[0] == right.steps[0] or left.tables == right.tables:
        return False
    # Through one table they are two keys to it, which differ; by one last key they met before.
    met = left.tables[0] == right.tables[0] or left.steps[-1] == right.steps[-1]
    if met and len(left.steps) > 1 and len(right.steps) > 1:
        return False
    return left.last_column == right.last_column or (left.last_required and right.last_required)
