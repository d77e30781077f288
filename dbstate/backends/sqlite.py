"""SQLite through Django's driver."""

from __future__ import annotations

import os
import re
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from itertools import islice
from typing import Any

from django.db import transaction
from django.db.utils import DatabaseError, IntegrityError, NotSupportedError, OperationalError

from dbstate.backends import sqlite_judge, sqlite_rules
from dbstate.backends.disk import free_bytes_of_file
from dbstate.backends.naming import folded, in_query, listed, quoted
from dbstate.backends.protocol import (
    Connection,
    Judge,
    LoadRefused,
    Row,
    Server,
    TableMissing,
    Unreachable,
    Unsupported,
    Verdict,
)
from dbstate.catalog.tables import Catalog, Table

GREATEST = 2**63 - 1
"""Every integer column of SQLite holds 64 bits, whatever its declared type."""

FAILED = re.compile(r"(?P<rule>[A-Z ]+) constraint failed(?:: (?P<what>.*))?\Z", re.DOTALL)

STATES = {
    "UNIQUE": "23505",
    "PRIMARY KEY": "23505",
    "NOT NULL": "23502",
    "CHECK": "23514",
    "FOREIGN KEY": "23503",
}
"""SQLSTATE by the first words of SQLite's message."""

DRIVER_STATES: tuple[tuple[type[BaseException], str], ...] = (
    (OverflowError, "22003"),
    (UnicodeEncodeError, "22021"),
    (sqlite3.DataError, "22001"),
    (sqlite3.ProgrammingError, "42846"),
    (sqlite3.InterfaceError, "42846"),
)

NUMBER_TYPES = re.compile(r"int|bool|serial", re.IGNORECASE)


class SQLite:
    """See Backend."""

    vendor = "sqlite"

    def describe(self, connection: Connection) -> Server:
        """See Backend.describe."""
        path = str(connection.settings_dict["NAME"])
        try:
            with connection.cursor() as cursor:
                cursor.execute("SELECT sqlite_version()")
                (version,) = cursor.fetchone()
                cursor.execute("PRAGMA encoding")
                (encoding,) = cursor.fetchone()
                cursor.execute("PRAGMA query_only")
                (query_only,) = cursor.fetchone()
                cursor.execute("PRAGMA database_list")
                file = next(file for _, schema, file in cursor.fetchall() if schema == "main")
        except NotSupportedError as error:
            raise Unsupported(f"cannot work on database '{connection.alias}': {error}") from error
        except (OperationalError, DatabaseError) as error:
            raise Unreachable(connection.alias, f"SQLite file {path}", str(error)) from None
        read_only = bool(query_only) or "mode=ro" in path or bool(file and not os.access(file, os.W_OK))
        return Server(
            vendor=self.vendor,
            version=version,
            database=file or path,
            encoding=encoding.replace("-", ""),
            read_only=read_only,
        )

    def classify(self, exception: BaseException) -> Verdict:
        """See Backend.classify."""
        return classify(exception)

    def may_insert(self, connection: Connection, table: Table) -> str:
        """See Backend.may_insert."""
        kind = _kinds(connection).get(folded(table.name))
        if kind is None:
            return "there is no such table"
        if kind != "table":
            return f"it is a {kind}"
        return "the database is read-only" if self.describe(connection).read_only else ""

    def with_live_rules(self, connection: Connection, table: Table) -> Table:
        """See Backend.with_live_rules."""
        return sqlite_rules.with_live_rules(connection, table)

    def live_catalog(self, connection: Connection, *, schemas: Sequence[str] | None = None) -> Catalog:
        """See Backend.live_catalog."""
        raise _no_live_catalog(connection)

    def same_expression(self, connection: Connection) -> Callable[[str, str, str, str], bool]:
        """See Backend.same_expression."""
        raise _no_live_catalog(connection)

    def occupancy(
        self, connection: Connection, tables: Iterable[Table], *, at_most: int
    ) -> dict[str, int | None]:
        """See Backend.occupancy."""
        kinds = _kinds(connection)
        counted: dict[str, int | None] = {}
        with connection.cursor() as cursor:
            for table in tables:
                counted[table.name] = None
                if folded(table.name) in kinds:
                    cursor.execute(
                        f"SELECT count(*) FROM (SELECT 1 FROM {quoted(table.name)} LIMIT {at_most:d})"
                    )
                    counted[table.name] = cursor.fetchone()[0]
        return counted

    def next_keys(self, connection: Connection, tables: Iterable[Table]) -> dict[str, dict[str, int]]:
        """See Backend.next_keys."""
        kinds = _kinds(connection)
        given = _autoincremented(connection) if "sqlite_sequence" in kinds else {}
        found: dict[str, dict[str, int]] = {}
        with connection.cursor() as cursor:
            for table in tables:
                if folded(table.name) not in kinds:
                    raise TableMissing([table.name])
                numbers = found[table.name] = {}
                for column in (one for one in table.columns if one.auto and one.kind == "integer"):
                    cursor.execute(
                        f"SELECT coalesce(max({quoted(column.name)}), 0) FROM {quoted(table.name)}"
                    )
                    numbers[column.name] = max(cursor.fetchone()[0], given.get(folded(table.name), 0), 0) + 1
        return found

    def advance_sequences(self, connection: Connection, tables: Iterable[Table]) -> None:
        """Nothing to do: SQLite goes on above the greatest key by itself."""

    def key_room(self, connection: Connection, table: Table, column: str) -> int | None:
        """See Backend.key_room."""
        with connection.cursor() as cursor:
            cursor.execute(f"PRAGMA table_xinfo({quoted(table.name)})")
            types = {folded(name): sql_type for _, name, sql_type, *_ in cursor.fetchall()}
        if folded(column) not in types:
            raise TableMissing([f"{table.name}.{column}"])
        return GREATEST if NUMBER_TYPES.search(types[folded(column)]) else None

    def free_bytes(self, connection: Connection) -> int | None:
        """See Backend.free_bytes."""
        return free_bytes_of_file(str(connection.settings_dict["NAME"]))

    def judge(
        self,
        connection: Connection,
        table: Table,
        *,
        columns: Sequence[str] | None = None,
        existing: int = 10_000,
    ) -> AbstractContextManager[Judge]:
        """See Backend.judge."""
        return sqlite_judge.judge(connection, table, classify, columns=columns, existing=existing)

    def load(
        self,
        connection: Connection,
        table: Table,
        columns: Sequence[str],
        rows: Iterable[Row],
        *,
        block: int = 2_000,
    ) -> int:
        """See Backend.load."""
        marks = ", ".join(["%s"] * len(columns))
        sql = f"INSERT INTO {in_query(quoted(table.name))} ({in_query(listed(columns))}) VALUES ({marks})"
        return _write(connection, table, sql, rows, block)

    def update(
        self,
        connection: Connection,
        table: Table,
        key_columns: Sequence[str],
        columns: Sequence[str],
        rows: Iterable[Row],
        *,
        block: int = 2_000,
    ) -> int:
        """See Backend.update."""
        assignments = ", ".join(f"{in_query(quoted(name))} = %s" for name in columns)
        keys = " AND ".join(f"{in_query(quoted(name))} = %s" for name in key_columns)
        sql = f"UPDATE {in_query(quoted(table.name))} SET {assignments} WHERE {keys}"
        count = len(key_columns)
        return _write(connection, table, sql, ([*row[count:], *row[:count]] for row in rows), block)

    def lock_runs(self, connection: Connection) -> bool:
        """See Backend.lock_runs: SQLite lets one write at a time, whoever it is."""
        return True

    def alone_migrating(self, connection: Connection) -> AbstractContextManager[None]:
        """See Backend.alone_migrating: SQLite has no lock beyond one transaction."""
        return nullcontext()

    def defer(self, connection: Connection) -> None:
        """See Backend.defer."""
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA defer_foreign_keys = ON")

    def check_constraints_now(self, connection: Connection) -> None:
        """See Backend.check_constraints_now."""
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA foreign_key_check")
            first = cursor.fetchone()
        if first is not None:
            table, rowid, parent, _ = first
            raise LoadRefused(
                table,
                Verdict(
                    "23503",
                    message=f"row {rowid} of {table} names a row of {parent} that is not there",
                    table=table,
                ),
            )


def classify(exception: BaseException, table: Table | None = None) -> Verdict:
    """What SQLite's error says; with the table, also the name of the unique rule that was broken."""
    message = str(exception).strip()
    failed = FAILED.match(message)
    if failed is None:
        return Verdict(_driver_state(exception), message=message, table=table.name if table else "")
    rule, what = failed["rule"].strip(), failed["what"] or ""
    owner, columns = _columns(what) if rule in ("UNIQUE", "PRIMARY KEY", "NOT NULL") else ("", ())
    named = re.fullmatch(r"index '(.*)'", what)
    unique = _unique_name(table, columns) if rule in ("UNIQUE", "PRIMARY KEY") else ""
    return Verdict(
        STATES.get(rule, "23000"),
        constraint=named[1] if named else what if rule == "CHECK" else unique,
        column=columns[0] if len(columns) == 1 else "",
        message=message,
        table=owner or (table.name if table else ""),
    )


def _columns(what: str) -> tuple[str, tuple[str, ...]]:
    """The table and the columns of ``table.column, table.column``."""
    pairs = [pair.rpartition(".") for pair in what.split(", ")]
    if not all(dot for _, dot, _ in pairs):
        return "", ()
    return pairs[0][0], tuple(column for *_, column in pairs)


def _unique_name(table: Table | None, columns: tuple[str, ...]) -> str:
    rules = table.uniques if table is not None else ()
    return next((rule.name for rule in rules if rule.columns == columns and not rule.expressions), "")


def _no_live_catalog(connection: Connection) -> Unsupported:
    return Unsupported(
        f"cannot describe database '{connection.alias}' from itself: its vendor is sqlite; "
        "dbstate does so for postgresql only"
    )


def _driver_state(exception: BaseException) -> str:
    causes = [exception, exception.__cause__]
    for kind, state in DRIVER_STATES:
        if any(isinstance(cause, kind) for cause in causes):
            return state
    if "datatype mismatch" in str(exception):
        return "22P02"
    return "22001" if "too big" in str(exception) else ""


def _write(connection: Connection, table: Table, sql: str, rows: Iterable[Row], block: int) -> int:
    """Run the statement for each row; how many rows it wrote."""
    written = 0
    with _refusing(connection, table), connection.cursor() as cursor:
        for chunk in _blocks(rows, block):
            try:
                with transaction.atomic(using=connection.alias):
                    cursor.executemany(sql, chunk)
                    written += cursor.rowcount
            except IntegrityError:
                # The block is gone again; one by one shows which row it was.
                for row in chunk:
                    _write_one(cursor, sql, row, table)
                raise
    return written


def _write_one(cursor: Any, sql: str, row: Row, table: Table) -> None:
    try:
        cursor.execute(sql, row)
    except IntegrityError as error:
        verdict = classify(error, table)
        raise LoadRefused(
            table.name,
            Verdict(
                verdict.sqlstate,
                verdict.constraint,
                verdict.column,
                verdict.message,
                detail=f"row {tuple(row)!r}",
                table=table.name,
            ),
        ) from error


@contextmanager
def _refusing(connection: Connection, table: Table) -> Iterator[None]:
    """A savepoint; what the database refuses in it becomes LoadRefused."""
    try:
        with transaction.atomic(using=connection.alias):
            yield
    except (DatabaseError, *sqlite_judge.REFUSALS) as error:
        raise LoadRefused(table.name, classify(error, table)) from error


def _kinds(connection: Connection) -> dict[str, str]:
    """Whether it is a table or a view, by folded name."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT name, type FROM sqlite_master WHERE type IN ('table', 'view')")
        return {folded(name): fact for name, fact in cursor.fetchall()}


def _autoincremented(connection: Connection) -> dict[str, int]:
    """The greatest key ever given, by folded table name."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT name, seq FROM sqlite_sequence")
        return {folded(name): fact for name, fact in cursor.fetchall()}


def _blocks(items: Iterable[Row], size: int) -> Iterator[list[Row]]:
    rest = iter(items)
    while block := list(islice(rest, size)):
        yield block
