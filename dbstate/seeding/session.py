"""What the steps of one run share."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from types import MappingProxyType

from dbstate.backends import Backend, Connection
from dbstate.binding import Binding, Complaint
from dbstate.catalog import Catalog, ForeignKey, Table
from dbstate.rows import Assembler, Draft, Exhausted, edge_at, narrowed, value_of
from dbstate.rows.paths import Agreement
from dbstate.rows.stock import Stock, Stocks
from dbstate.seeding.mend import Purse
from dbstate.seeding.plan import Plan, Unit
from dbstate.seeding.records import Records
from dbstate.seeding.references import EXISTING, References
from dbstate.seeding.report import Report, TableResult
from dbstate.seeding.samples import Samples
from dbstate.seeding.sources import values_of
from dbstate.values import ColumnValues, Setting

Progress = Callable[[str, int], None]
"""Called with a model's label and the number of its rows that were written."""


@dataclass(slots=True)
class Made:
    """A unit whose rows are in the database."""

    unit: Unit
    assembler: Assembler
    drafts: list[Draft]
    """The rows of the first block, of which full_clean() looks at some; all where keys are pending."""
    result: TableResult
    appended: int
    """Drafts put into the stocks: index of the next one."""
    left_out: list[str] = field(default_factory=list)
    refused: list[tuple[Complaint, ...]] = field(default_factory=list)
    """What full_clean() says of rows that stay, one entry a row."""


@dataclass(slots=True)
class Session:
    """One run: what it works with, and what it knows so far of the rows there are."""

    plan: Plan
    catalog: Catalog
    binding: Binding
    backend: Backend
    connection: Connection
    setting: Setting
    present: frozenset[str]
    """Tables that are in the database."""
    progress: Progress
    report: Report
    records: Records
    stocks: Stocks = field(default_factory=Stocks)
    reasons: dict[str, str] = field(default_factory=dict)
    """Tables without rows, and why."""
    learned: set[str] = field(default_factory=set)
    """Tables whose rules in the database were read."""
    promised: dict[tuple[str, str], list[tuple[object, ...]]] = field(default_factory=dict)
    """By table and foreign key, what keys of later rows will hold that rows name already."""
    agreements: dict[str, list[Agreement]] = field(default_factory=dict)
    """Which paths agree, by table."""
    samples: Samples = field(init=False)
    purse: Purse = field(default_factory=Purse)
    """What may still be spent on rows that full_clean() refuses."""

    def __post_init__(self) -> None:
        self.samples = Samples(self.binding)
        for agreement in self.plan.agreements:
            self.agreements.setdefault(agreement.table, []).append(agreement)

    @property
    def alias(self) -> str:
        return self.connection.alias

    def references(self) -> References:
        """What foreign and generic keys may name now."""
        return References(
            self.catalog, self.records, self.stocks, self.plan, self._predicted, self.promised, self.reasons
        )

    def source(self, table: str, column: str, unique: bool, disjoint: bool) -> ColumnValues:
        """Where the values of a column come from; its validators are asked."""
        return values_of(
            self.catalog, self.binding, self.samples, self.setting, table, column, unique, disjoint
        )

    def automatic_keys(self, names: Iterable[str]) -> dict[tuple[str, str], Callable[[int], object]]:
        """For each automatic column of these tables: its value in the n-th row to be written next."""
        found = self.backend.next_keys(self.connection, [self.catalog[name] for name in names])
        return {
            (name, column): self._counting(name, column, first)
            for name, columns in found.items()
            for column, first in columns.items()
        }

    def _counting(self, table: str, column: str, first: int) -> Callable[[int], object]:
        if self.catalog[table].column(column).judged:
            # A field class of its own may number with objects, such as obscured ids; no validator of
            # it is asked, as the database is the one that numbers.
            return lambda index: self.binding.convert(table, column, first + index)
        return lambda index: first + index

    def _predicted(self, unit: Unit, key: ForeignKey) -> list[tuple[object, ...]]:
        """Keys that the rows of a later unit of the same group will have."""
        columns = [self._predict(unit, unit.table, name) for name in key.target_columns]
        return list(zip(*columns, strict=False))

    def _predict(self, unit: Unit, table: str, name: str) -> list[object]:
        """What a column will hold in the unit's rows, one after the other."""
        for link in self.catalog[table].parent_links:
            if name in link.columns:
                return self._predict(unit, link.target, link.target_columns[link.columns.index(name)])
        for key in self.catalog[table].foreign_keys:
            if name in key.columns and key.target != table:
                return self._promise(unit, table, key, key.columns.index(name))
        rows = range(min(unit.rows, EXISTING))
        counting = self.automatic_keys(unit.chain).get((table, name))
        if counting is not None:
            return [counting(index) for index in rows]
        source = self.source(table, name, True, False)
        found: list[object] = []
        for index in rows:
            draft = Draft(index, edge_at(index, self.plan.options.profile))
            try:
                found.append(value_of(source, unit.first[table] + index, draft))
            except Exhausted:
                break  # there will be no further rows
        return found

    def _promise(self, unit: Unit, table: str, key: ForeignKey, place: int) -> list[object]:
        """Rows that a key of later rows will name, each by one of them: they are kept to it."""
        kept = self.promised.get((table, key.name))
        if kept is None:
            self.promised[table, key.name] = []  # a key that leads back to itself promises nothing
            stock = self.stocks.get(key.target)
            later = [other for other in self.plan.units if other.table == key.target]
            if stock is not None:
                kept = [stock.values(position, key.target_columns) for position in stock.positions()]
            else:
                kept = self._predicted(later[0], key) if later else []
            taken = set(self.records.rows(table, key.columns, limit=EXISTING) if unit.existing else ())
            kept = [values for values in kept if values not in taken][: min(unit.rows, EXISTING)]
            self.promised[table, key.name] = kept
        return [values[place] for values in kept]

    def learn(self, names: Iterable[str]) -> bool:
        """Read the rules that the database has for these tables, once; whether there were new ones."""
        tables = dict(self.catalog.tables)
        for name in set(names) - self.learned:
            tables[name] = narrowed(self.backend.with_live_rules(self.connection, tables[name]))
        self.learned.update(names)
        changed = any(tables[name] != self.catalog[name] for name in names)
        if changed:
            self.catalog = Catalog(MappingProxyType(tables))
            self.records.catalog = self.catalog
        return changed

    # stocks ------------------------------------------------------------------------------------------

    def kept(self, table: Table) -> list[str]:
        """Columns of a table that others may refer to."""
        named = self.catalog.referred_columns.get(table.name, frozenset()) | {*table.primary_key}
        return [column.name for column in table.columns if column.name in named]

    def new_stock(self, name: str) -> Stock:
        """An empty stock with the columns and links of this table."""
        table = self.catalog[name]
        return Stock(
            name, {column: [] for column in self.kept(table)}, {key.name: [] for key in table.foreign_keys}
        )

    def stock_existing(self, name: str) -> None:
        """Put rows that are there into stock, with their parents where these are in stock too."""
        table = self.catalog[name]
        stock = self.stocks[name] = self.new_stock(name)
        columns = list(stock.columns)
        keys = [key for key in table.foreign_keys if key.target in self.stocks and key.target != name]
        wanted = columns + [key.columns[0] for key in keys]
        where = [self._index(key) for key in keys]
        for row in self.records.rows(name, wanted, limit=EXISTING):
            values, parents = row[: len(columns)], row[len(columns) :]
            links = {key.name: at.get(value) for key, at, value in zip(keys, where, parents, strict=True)}
            stock.append(dict(zip(columns, values, strict=True)), links)
        stock.made_from = len(stock)

    def _index(self, key: ForeignKey) -> dict[object, int]:
        values = self.stocks[key.target].columns.get(key.target_columns[0], [])
        return {value: position for position, value in enumerate(values)}

    def kill(self, draft: Draft) -> None:
        """A row that is not there (any more) is nobody's parent."""
        for name, position in draft.positions.items():
            self.stocks[name].kill(position)

    def keys_made(self, names: Iterable[str]) -> dict[str, list[object]]:
        """Primary keys of the rows that this run made, by table."""
        keys: dict[str, list[object]] = {}
        for name in names:
            stock = self.stocks[name]
            columns = self.catalog[name].primary_key
            made = (p for p in range(stock.made_from, len(stock)) if stock.alive[p])
            keys[name] = [stock.values(position, columns) for position in made]
        return keys

    def encoded(self, table: Table, draft: Draft, columns: Iterable[str]) -> list[object]:
        """The draft's values of these columns, as the driver takes them."""
        return [self.binding.encode(table.name, name, draft.values[table.name][name]) for name in columns]
