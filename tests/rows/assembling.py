"""Rows of described tables, assembled without a database."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from dbstate.catalog import Catalog, Column, ForeignKey, Table
from dbstate.rows import Agreement, Assembler, Draft, Paths, Reference, Stock, Stocks
from dbstate.values import MISSING


@dataclass
class Numbers:
    """Values of a column: the row's number, or one of a few values."""

    column: Column
    few: Sequence[object] = ()
    in_blocks = False

    @property
    def capacity(self) -> int | None:
        return len(self.few) or None

    def realistic(self, row: int, salt: int = 0) -> object:
        return self.few[row % len(self.few)] if self.few else f"{self.column.name}{row}"

    def edge(self, name: str, row: int, salt: int = 0) -> object:
        return None if name == "null" and self.column.null and self.column.blank else MISSING


@dataclass
class Project:
    """Tables whose rows are assembled one table after the other."""

    catalog: Catalog
    stocks: Stocks = field(default_factory=Stocks)
    drafts: dict[str, list[Draft]] = field(default_factory=dict)

    def stock(self, name: str) -> Stock:
        table = self.catalog[name]
        keys = [c.name for c in table.columns if c.auto or c.name in table.primary_key]
        return Stock(name, {k: [] for k in keys}, {k.name: [] for k in table.foreign_keys})

    def reference(self, table: Table, key: ForeignKey, **facts: object) -> Reference:
        own = key.target == table.name
        positions = [] if own else self.stocks[key.target].positions()
        options = [self.stocks[key.target].values(p, key.target_columns) for p in positions]
        names = (key.columns, key.target, key.target_columns, key.null, key.blank)
        return Reference(table.name, key.name, *names, options, positions, **{"own": own, **facts})

    def agreements(self, name: str) -> tuple[Agreement, ...]:
        return Paths(self.catalog, self.catalog.tables).agreements(name)

    def assembler(self, name: str, rows: int, **pending: Mapping[str, object]) -> Assembler:
        table = self.catalog[name]
        self.stocks.setdefault(name, self.stock(name))
        references = tuple(self.reference(table, k, **pending.get(k.name, {})) for k in table.foreign_keys)
        start = len(self.stocks[name]) + 1
        return Assembler(
            self.catalog,
            (name,),
            seed=7,
            profile="realistic",
            first={name: 0},
            keys={(name, c.name): lambda n: start + n for c in table.columns if c.auto},
            fixed={},
            sources=lambda t, c, wide, apart: Numbers(
                self.catalog[t].column(c), self.catalog[t].column(c).choices
            ),
            references={name: references},
            agreements={name: self.agreements(name)},
            stocks=self.stocks,
            rows=rows,
        )

    def make(self, name: str, rows: int, **pending: Mapping[str, object]) -> list[dict[str, object]]:
        """Lines of so many rows, settled, and put into stock."""
        assembler = self.assembler(name, rows, **pending)
        self.drafts[name] = [assembler.draft(index) for index in range(rows)]
        assembler.settle(self.drafts[name])
        return self.lines(name)

    def lines(self, name: str) -> list[dict[str, object]]:
        return [draft.values[name] for draft in self.drafts[name]]
