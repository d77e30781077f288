"""Whether a plan fits: its rows on the disk, its locks in the server's table; the least that they take."""

from __future__ import annotations

from collections.abc import Iterable

from dbstate.catalog import Catalog, Table
from dbstate.errors import DbstateError
from dbstate.seeding.plan import Unit

ROW = 28
"""Bytes of a row's header and its place in a page."""
ENTRY = 16
"""Bytes of an index entry, the least there is."""
WIDTHS = {"boolean": 1, "date": 4, "datetime": 8, "float": 8, "integer": 4, "time": 8, "uuid": 16}
"""Bytes of a value; of other kinds one is the least."""


class TooLittleSpace(DbstateError):
    """The rows cannot fit on the disk. ``needed`` and ``free`` are bytes."""

    def __init__(self, rows: int, needed: int, free: int) -> None:
        super().__init__(
            f"cannot make {rows:,} rows: they take {_size(needed)} at the least, and the database's disk has "
            f"{_size(free)} left; ask for fewer rows, or make room"
        )
        self.needed, self.free = needed, free


class TooManyLocks(DbstateError):
    """One transaction over so many tables needs more locks than the server has room for."""

    def __init__(self, tables: int, needed: int, slots: int) -> None:
        super().__init__(
            f"cannot fill {tables:,} tables in one transaction: that takes about {needed:,} locks, and the "
            f"server has room for {slots:,}; raise max_locks_per_transaction, or seed one app after the other"
        )
        self.tables, self.needed, self.slots = tables, needed, slots


def check_space(catalog: Catalog, units: Iterable[Unit], free: int | None) -> None:
    """Nothing where ``free`` bytes may be enough or nobody knows them (None). Raises TooLittleSpace."""
    if free is None:
        return
    rows = needed = 0
    for unit in units:
        rows += unit.rows
        needed += unit.rows * sum(least_bytes(catalog[name]) for name in unit.chain)
    if needed > free:
        raise TooLittleSpace(rows, needed, free)


def check_locks(catalog: Catalog, units: Iterable[Unit], slots: int | None) -> None:
    """Nothing where the server has ``slots`` enough, or no limit (None). Raises TooManyLocks.

    A lock for each table that is written to or referred to, and for each of its indexes.
    """
    if slots is None:
        return
    names = {name for unit in units if unit.rows for name in unit.chain}
    names |= {key.target for name in names for key in catalog[name].foreign_keys}
    tables = [catalog[name] for name in names if name in catalog.tables]
    indexes = sum(sum(c.indexed for c in table.columns) + len(table.uniques) for table in tables)
    if len(tables) + indexes > slots:
        raise TooManyLocks(len(tables), len(tables) + indexes, slots)


def least_bytes(table: Table) -> int:
    """Bytes that a row of this table takes at the least, its indexes included."""
    values = sum(WIDTHS.get(column.kind, 1) for column in table.columns if not column.null)
    whole = [unique for unique in table.uniques if unique.enforced and unique.condition is None]
    return ROW + values + ENTRY * max(len(whole), 1)


def _size(size: int) -> str:
    amount = float(size)
    for unit in ("bytes", "kB", "MB", "GB", "TB"):
        if amount < 1000:
            return f"{amount:.3g} {unit}"
        amount /= 1000
    return f"{amount:,.0f} PB"
