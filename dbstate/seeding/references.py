"""Which rows the foreign and generic keys of a table may name, taken from the stocks."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from dbstate.catalog import Catalog, ForeignKey, GenericKey, Table
from dbstate.errors import DbstateError
from dbstate.rows import Reference
from dbstate.rows.stock import Stock, Stocks
from dbstate.seeding.plan import Plan, Unit
from dbstate.seeding.records import CONTENT_TYPE, Records

EXISTING = 1_000
"""Rows that were there before, offered as parents of new rows."""
GENERIC = 20
"""Rows offered of each table to generic keys that may name one twice."""
POLYMORPHIC = "polymorphic.models.PolymorphicModel"

_TEXT_LIKE = ("text", "unknown")


class ParentMissing(DbstateError):
    """A table needs a row of another one that has none."""

    def __init__(self, label: str, key: str, target: str, reason: str) -> None:
        super().__init__(
            f"{label}.{key} needs a row of {target}, which has none" + (f" ({reason})" if reason else "")
        )
        self.label, self.key, self.target = label, key, target


@dataclass(slots=True)
class References:
    """Builds the references of a table at the moment its rows are made."""

    catalog: Catalog
    records: Records
    stocks: Stocks
    plan: Plan
    predicted: Callable[[Unit, ForeignKey], list[tuple[object, ...]]]
    """Keys that the rows of a unit that is not loaded yet will have."""
    promised: Mapping[tuple[str, str], Sequence[tuple[object, ...]]]
    """By table and foreign key, what its rows shall hold, since other rows count on it."""
    why_empty: Mapping[str, str]
    """Tables that could not be filled, with the reason."""

    def of(self, table: Table, *, second_pass: bool = False) -> tuple[Reference, ...]:
        """All references of the table; ParentMissing when a required one has nothing to name."""
        return tuple(self._all(table, second_pass))

    def own_type(self, chain: tuple[str, ...], leaf: Table) -> dict[tuple[str, str], object]:
        """Columns that hold the content type of the row's own model.

        A key to the content types that belongs to no generic key, in the root of a family of
        models: parents find their rows' classes by it (polymorphic models, page trees).
        """
        found: dict[tuple[str, str], object] = {}
        for name in chain:
            table = self.catalog[name]
            family = len(chain) > 1 or POLYMORPHIC in table.ancestors or name in self.catalog.inherited
            typed = {generic.type_column for generic in table.generic_keys}
            for key in table.foreign_keys:
                is_type = self.catalog.tables.get(key.target)
                if (
                    family
                    and is_type
                    and is_type.label.lower() == CONTENT_TYPE
                    and key.columns[0] not in typed
                ):
                    found[name, key.columns[0]] = self.records.content_type(leaf.name)
        return found

    def _all(self, table: Table, second_pass: bool) -> Iterator[Reference]:
        generic_columns = {g.type_column for g in table.generic_keys}
        spared = self._spared(table)
        for key in table.foreign_keys:
            if not key.parent_link and key.columns[0] not in generic_columns:
                yield self._foreign(table, key, second_pass)
        for generic in table.generic_keys:
            if generic.name in spared:
                yield self._left_empty(table, generic)
            else:
                yield self._generic(table, generic)

    def _foreign(self, table: Table, key: ForeignKey, second_pass: bool) -> Reference:
        own = key.target == table.name
        how = self._broken(table, key)
        stock = self.stocks.get(key.target)
        options: list[tuple[object, ...]] = []
        positions: list[int | None] = []
        # Which rows of its own table a limited key may name is known once they are there.
        pending = own and key.limited
        if stock is None and how == "nulled":
            pending = True
        elif stock is None and how == "deferred":
            options = self.predicted(self._unit(key.target), key)
            positions = [None] * len(options)
        elif stock is not None and (not own or (second_pass and key.limited)):
            options, positions = self._options(table, key, stock)
        pending = pending or (second_pass and bool(how))
        if not (options or own or pending or key.null):
            raise self._missing(table, key, stock)
        return Reference(
            table=table.name,
            name=key.name,
            columns=key.columns,
            target=key.target,
            target_columns=key.target_columns,
            null=key.null,
            blank=key.blank,
            options=options,
            positions=positions,
            own=own,
            pending=pending,
            how=how,
            promised=self.promised.get((table.name, key.name), ()),
        )

    def _missing(self, table: Table, key: ForeignKey, stock: Stock | None) -> ParentMissing:
        target = self.catalog.tables.get(key.target)
        reason = self.why_empty.get(key.target, "")
        reason = reason or ("limit_choices_to admits none of them" if key.limited and stock else "")
        return ParentMissing(table.label, key.name, target.label if target else key.target, reason)

    def _broken(self, table: Table, key: ForeignKey) -> str:
        for broken in self.plan.breaks:
            if (broken.table, broken.key) == (table.name, key.name):
                return broken.how
        return ""

    def _unit(self, name: str) -> Unit:
        return next(unit for unit in self.plan.units if unit.table == name)

    def _options(
        self, table: Table, key: ForeignKey, stock: Stock
    ) -> tuple[list[tuple[object, ...]], list[int | None]]:
        positions: list[int | None] = []
        options: list[tuple[object, ...]] = []
        for position in self._admitted(table, key, stock):
            options.append(stock.values(position, key.target_columns))
            positions.append(position)
        return options, positions

    def _admitted(self, table: Table, key: ForeignKey, stock: Stock) -> list[int]:
        if not key.limited:
            return self._positions(stock, key, None)
        allowed = self.records.allowed_keys(table.name, key.name, key.target_columns)
        found = self._positions(stock, key, allowed)
        if found:
            return found
        columns = self.catalog[key.target].primary_key
        made = range(stock.made_from, len(stock))
        # Backwards: the first rows are the realistic ones.
        rows = [stock.values(p, columns) for p in reversed(made) if stock.alive[p]]
        if rows and self.records.have_admitted(table.name, key.name, rows):
            allowed = self.records.allowed_keys(table.name, key.name, key.target_columns)
            return self._positions(stock, key, allowed)
        return []

    def _positions(self, stock: Stock, key: ForeignKey, allowed: frozenset[object] | None) -> list[int]:
        positions = stock.positions()
        if allowed is None:
            return positions

        def fits(position: int) -> bool:
            return stock.values(position, key.target_columns) in allowed

        return [p for p in positions if fits(p)] or [
            p for p in range(len(stock)) if stock.alive[p] and fits(p)
        ]

    def _spared(self, table: Table) -> set[str]:
        """Names of generic keys that name nothing, since another with the same type column does.

        A type has one kind of key: of an object id for numbers and one for UUIDs one is set.
        """
        sharing: dict[str, list[GenericKey]] = {}
        for generic in table.generic_keys:
            sharing.setdefault(generic.type_column, []).append(generic)
        spared: set[str] = set()
        for generics in sharing.values():
            if len(generics) > 1:
                chosen = max(generics, key=lambda one: len(self._generic_options(table, one)))
                others = (one for one in generics if one is not chosen)
                spared.update(one.name for one in others if table.column(one.object_column).null)
        return spared

    @staticmethod
    def _left_empty(table: Table, key: GenericKey) -> Reference:
        return Reference(
            table=table.name,
            name=key.name,
            columns=(key.object_column,),
            target="",
            target_columns=(),
            null=True,
            blank=True,
            options=(),
            positions=(),
        )

    def _generic(self, table: Table, key: GenericKey) -> Reference:
        options = self._generic_options(table, key)
        if not options and not key.null:
            raise ParentMissing(table.label, key.name, "any model", "no row that its object id can name")
        object_column = table.column(key.object_column)
        type_column = table.column(key.type_column)
        return Reference(
            table=table.name,
            name=key.name,
            columns=(key.type_column, key.object_column),
            target="",
            target_columns=(),
            null=type_column.null and object_column.null,
            blank=type_column.blank and object_column.blank,
            options=options,
            positions=[None] * len(options),
        )

    def _generic_options(self, table: Table, key: GenericKey) -> list[tuple[object, ...]]:
        """(content type, object id) pairs, the tables taking turns; library tables as a last resort.

        Under a unique key each pair serves one row, so that those of libraries follow the others.
        """
        once = any({key.type_column, key.object_column} <= set(unique.columns) for unique in table.uniques)
        pairs: list[tuple[object, ...]] = []
        for library in (False, True):
            columns = []
            # By name: tables filled by an earlier run stand elsewhere in the stocks.
            for name, stock in sorted(self.stocks.items()):
                target = self.catalog[name]
                if bool(target.library_filled) != library or target.auto_created or not target.managed:
                    continue
                columns.append(self._generic_rows(table, key, target, stock, EXISTING if once else GENERIC))
            # Only now is each table's content type there, one of which may be all that is admitted.
            allowed = self._allowed_types(table, key)
            if allowed is not None:
                columns = [[row for row in found if row[:1] in allowed] for found in columns]
            longest = max(map(len, columns), default=0)
            pairs += [column[turn] for turn in range(longest) for column in columns if turn < len(column)]
            if pairs and not once:
                break
        return pairs

    def _generic_rows(
        self, table: Table, key: GenericKey, target: Table, stock: Stock, most: int
    ) -> list[tuple[object, ...]]:
        object_column = table.column(key.object_column)
        if len(target.primary_key) != 1 or target.name == table.name:
            return []
        kind = target.column(target.primary_key[0]).kind
        if kind != object_column.kind and object_column.kind not in _TEXT_LIKE:
            return []
        content_type = self.records.content_type(target.name)
        rows: list[tuple[object, ...]] = []
        for position in stock.positions()[:most]:
            (value,) = stock.values(position, target.primary_key)
            value = str(value) if object_column.kind in _TEXT_LIKE else value
            if _fits(value, object_column.max_length, object_column.greatest):
                rows.append((content_type, value))
        return rows

    def _allowed_types(self, table: Table, key: GenericKey) -> frozenset[object] | None:
        for foreign in table.foreign_keys:
            if foreign.columns == (key.type_column,) and foreign.limited:
                return self.records.allowed_keys(table.name, foreign.name, foreign.target_columns)
        return None


def _fits(value: object, max_length: int | None, greatest: object) -> bool:
    if isinstance(value, str):
        return max_length is None or len(value) <= max_length
    if isinstance(value, int) and isinstance(greatest, int):
        return value <= greatest
    return True
