"""A twin of a SQLite table in a database of its own in memory, in which rows are tried."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from django.db.utils import DatabaseError

from dbstate.backends.naming import folded, listed, quoted
from dbstate.backends.protocol import Connection, JudgeUnavailable, Row, TableMissing, Verdict
from dbstate.backends.sqlite_definition import mentions, without_columns
from dbstate.catalog.tables import Table

DEFINITIONS = """
    SELECT type, sql FROM sqlite_master
    WHERE tbl_name = %s COLLATE NOCASE AND type IN ('table', 'index') AND sql IS NOT NULL
    ORDER BY type DESC, rowid
"""

REFUSALS = (sqlite3.Error, OverflowError, UnicodeEncodeError)
"""What the driver raises for a row: OverflowError for an integer of more than 64 bits."""

Classify = Callable[[BaseException, Table], Verdict]


@contextmanager
def judge(
    connection: Connection, table: Table, classify: Classify, *, columns: Sequence[str] | None, existing: int
) -> Iterator[SQLiteJudge]:
    """See Backend.judge."""
    twin = memory(connection)
    try:
        try:
            names = create(connection, twin, table, columns)
            rows = existing_rows(connection, table, names, limit=existing + 1)
        except (DatabaseError, sqlite3.Error) as error:
            raise JudgeUnavailable(table.name, str(error)) from error
        yield SQLiteJudge(twin, table, classify, names, rows[:existing], sees_all=len(rows) <= existing)
    finally:
        twin.close()


class SQLiteJudge:
    """See Judge."""

    def __init__(
        self,
        twin: sqlite3.Connection,
        table: Table,
        classify: Classify,
        names: Sequence[str],
        existing: Sequence[Row],
        *,
        sees_all: bool,
    ) -> None:
        self._twin, self._table, self._classify = twin, table, classify
        self._names, self._existing = names, existing
        self._kept: list[tuple[Sequence[str], Row] | None] = []
        self.sees_all = sees_all
        self._fill()

    def try_rows(
        self, columns: Sequence[str], rows: Sequence[Row], *, keep: bool = False
    ) -> list[Verdict | None]:
        """See Judge.try_rows."""
        sql = _insert(self._table, columns)
        verdicts = [self._try(sql, row, keep=keep) for row in rows]
        if keep:
            self._kept += [
                None if verdict else (columns, row) for verdict, row in zip(verdicts, rows, strict=True)
            ]
        return verdicts

    def forget(self, numbers: Iterable[int]) -> None:
        """See Judge.forget."""
        for number in numbers:
            self._kept[number] = None
        self._refill()

    def clear(self) -> None:
        """See Judge.clear."""
        self._kept.clear()
        self._refill()

    def _try(self, sql: str, row: Row, *, keep: bool) -> Verdict | None:
        self._twin.execute("SAVEPOINT candidate")
        try:
            self._twin.execute(sql, tuple(row))
        except REFUSALS as error:
            self._twin.execute("ROLLBACK TO candidate")
            return self._classify(error, self._table)
        else:
            if not keep:
                self._twin.execute("ROLLBACK TO candidate")
            return None
        finally:
            self._twin.execute("RELEASE candidate")

    def _refill(self) -> None:
        self._twin.execute(f"DELETE FROM {quoted(self._table.name)}")
        self._fill()

    def _fill(self) -> None:
        """Existing rows that break a rule among themselves stay out: they are no standard."""
        columns, sql = self._names, _insert(self._table, self._names)
        for row in self._existing if columns else ():
            self._try(sql, row, keep=True)
        for columns, row in filter(None, self._kept):
            self._try(_insert(self._table, columns), row, keep=True)


def memory(connection: Connection) -> sqlite3.Connection:
    """A database in memory with the functions that Django and the project register."""
    twin = connection.copy()
    twin.settings_dict["NAME"] = ":memory:"
    twin.connect()
    driver: sqlite3.Connection = twin.connection
    driver.execute("PRAGMA foreign_keys = OFF")
    return driver


def create(
    connection: Connection, twin: sqlite3.Connection, table: Table, columns: Sequence[str] | None
) -> list[str]:
    """Create the table and its indexes; the names of its columns that can be written."""
    with connection.cursor() as cursor:
        cursor.execute(DEFINITIONS, [table.name])
        definitions = cursor.fetchall()
    if not definitions:
        raise TableMissing([table.name])
    left_out = _left_out(connection, table, columns)
    for kind, sql in definitions:
        if kind == "table":
            twin.execute(without_columns(sql, left_out) if left_out else sql)
        elif not mentions(sql.partition("(")[2], left_out):
            twin.execute(sql)
    present = twin.execute(f"PRAGMA table_xinfo({quoted(table.name)})").fetchall()
    return [name for _, name, *_, hidden in present if not hidden]


def existing_rows(
    connection: Connection, table: Table, names: Sequence[str], *, limit: int
) -> list[tuple[Any, ...]]:
    """Rows as they are stored."""
    # A plain column would go through the converter of its declared type; "+" makes it an
    # expression, which has none, and leaves the value as it is.
    stored = ", ".join(f"+{quoted(name)}" for name in names) or "NULL"
    order = listed(table.primary_key) or "rowid"
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {stored} FROM {quoted(table.name)} ORDER BY {order} LIMIT {limit:d}")
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    return rows


def _left_out(connection: Connection, table: Table, columns: Sequence[str] | None) -> frozenset[str]:
    if columns is None:
        return frozenset()
    with connection.cursor() as cursor:
        cursor.execute(f"PRAGMA table_xinfo({quoted(table.name)})")
        present = {folded(name): bool(hidden) for _, name, *_, hidden in cursor.fetchall()}
    wanted = {folded(name) for name in columns}
    unknown = wanted - set(present)
    if unknown:
        raise JudgeUnavailable(table.name, f"it has no column {', '.join(sorted(unknown))}")
    return frozenset(name for name, generated in present.items() if name not in wanted and not generated)


def _insert(table: Table, columns: Sequence[str]) -> str:
    if not columns:
        return f"INSERT INTO {quoted(table.name)} DEFAULT VALUES"
    marks = ", ".join("?" * len(columns))
    return f"INSERT INTO {quoted(table.name)} ({listed(columns)}) VALUES ({marks})"
