"""PostgreSQL through psycopg 3."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import date, datetime
from decimal import Decimal
from itertools import islice
from typing import Any, cast
from uuid import UUID

import psycopg
from django.db import transaction
from django.db.utils import DatabaseError, NotSupportedError, OperationalError
from psycopg.adapt import PyFormat, Transformer

from dbstate.backends import (
    postgresql_catalog,
    postgresql_judge,
    postgresql_keys,
    postgresql_rules,
    postgresql_wording,
)
from dbstate.backends.discarding import discarded
from dbstate.backends.disk import free_bytes_of_server
from dbstate.backends.naming import in_query, listed, quoted
from dbstate.backends.protocol import (
    Connection,
    Judge,
    LoadRefused,
    Row,
    Server,
    Unencodable,
    Unreachable,
    Unsupported,
    Verdict,
)
from dbstate.catalog.tables import Catalog, Table
from dbstate.values.facts import is_utf8

OLDEST = 140000
"""The first server version that is served, as ``server_version_num``."""

SERVER = """
    SELECT current_setting('server_version_num')::int, current_setting('server_version'), current_database(),
        current_user, current_setting('server_encoding'), pg_is_in_recovery(),
        current_setting('transaction_read_only')::bool, has_database_privilege(current_database(), 'TEMP'),
        current_setting('max_locks_per_transaction')::int
            * (current_setting('max_connections')::int + current_setting('max_prepared_transactions')::int)
"""

RELATIONS = """
    SELECT wanted.name, pg_class.oid IS NOT NULL, has_table_privilege(pg_class.oid, 'SELECT')
    FROM unnest(%s::text[], %s::text[]) AS wanted(name, quoted)
    LEFT JOIN pg_class ON pg_class.oid = to_regclass(wanted.quoted)
"""

INSERTABLE = """
    SELECT relkind, has_schema_privilege(relnamespace, 'USAGE'), has_table_privilege(oid, 'INSERT'),
        row_security_active(oid), current_setting('transaction_read_only')::bool, current_user,
        (SELECT s.oid::regclass::text FROM pg_depend JOIN pg_class AS s ON s.oid = objid
         WHERE refclassid = 'pg_class'::regclass AND refobjid = pg_class.oid AND deptype IN ('a', 'i')
         AND classid = 'pg_class'::regclass
         AND CASE s.relkind WHEN 'S' THEN NOT has_sequence_privilege(s.oid, 'UPDATE') END LIMIT 1)
    FROM pg_class WHERE oid = to_regclass(%s)
"""

BASE_TYPES = """
    SELECT attname, format_type(atttypid, -1) FROM pg_attribute
    WHERE attrelid = to_regclass(%s) AND attnum > 0 AND NOT attisdropped
"""

MIGRATING = "hashtext('dbstate'), hashtext('migrate')"
"""The advisory lock of the run that migrates."""
PAUSE = 0.1
"""Seconds between two questions whether it is free."""

KINDS = {
    "v": "a view",
    "m": "a materialized view",
    "f": "a foreign table",
    "c": "a composite type",
    "S": "a sequence",
}

CONTEXT_COLUMN = re.compile(r'^COPY .*?, line \d+, column ((?:[^"\n])+?)(?:: |$)', re.MULTILINE)


class PostgreSQL:
    """See Backend."""

    vendor = "postgresql"

    def describe(self, connection: Connection) -> Server:
        """See Backend.describe."""
        address = _address(connection)
        try:
            with connection.cursor() as cursor:
                cursor.execute(SERVER)
                number, version, database, user, encoding, standby, read_only, temporary, locks = (
                    cursor.fetchone()
                )
        except NotSupportedError as error:
            raise Unsupported(f"cannot work on database '{connection.alias}': {error}") from error
        except OperationalError as error:
            raise Unreachable(connection.alias, address, _first_line(error)) from None
        if number < OLDEST:
            raise Unsupported(
                f"cannot work on database '{connection.alias}': it is PostgreSQL {version}; "
                "dbstate serves PostgreSQL 14 and later"
            )
        info = _driver(connection).info
        return Server(
            vendor=self.vendor,
            version=version,
            database=database,
            host=info.host,
            port=str(info.port),
            user=user,
            encoding=encoding,
            is_standby=standby,
            read_only=read_only,
            may_use_temporary_tables=temporary,
            lock_slots=locks,
        )

    def classify(self, exception: BaseException) -> Verdict:
        """See Backend.classify."""
        return classify(exception)

    def may_insert(self, connection: Connection, table: Table) -> str:
        """See Backend.may_insert."""
        with connection.cursor() as cursor:
            cursor.execute(INSERTABLE, [quoted(table.name)])
            found = cursor.fetchone()
        if found is None:
            return "there is no such table on the search path"
        kind, schema, insert, security, read_only, user, sequence = found
        reasons = (
            (kind not in "rp", f"it is {KINDS.get(kind, 'not a table')}"),
            (not schema, f"user {user} lacks USAGE on its schema"),
            (not insert, f"user {user} lacks INSERT on it"),
            (sequence, f"user {user} lacks UPDATE on its sequence {sequence}"),
            (security, f"row-level security applies to user {user}, and COPY does not work with it"),
            (read_only, "the transaction is read-only"),
        )
        return next((reason for applies, reason in reasons if applies), "")

    def with_live_rules(self, connection: Connection, table: Table) -> Table:
        """See Backend.with_live_rules."""
        return postgresql_rules.with_live_rules(connection, table)

    def live_catalog(self, connection: Connection, *, schemas: Sequence[str] | None = None) -> Catalog:
        """See Backend.live_catalog."""
        return postgresql_catalog.live_catalog(connection, schemas=schemas)

    def same_expression(self, connection: Connection) -> Callable[[str, str, str, str], bool]:
        """See Backend.same_expression."""
        return postgresql_wording.same_expression(connection)

    def occupancy(
        self, connection: Connection, tables: Iterable[Table], *, at_most: int
    ) -> dict[str, int | None]:
        """See Backend.occupancy."""
        names = [table.name for table in tables]
        with connection.cursor() as cursor:
            cursor.execute(RELATIONS, [names, [quoted(name) for name in names]])
            found = cursor.fetchall()
        counted: dict[str, int | None] = {name: None for name, exists, _ in found if not exists}
        readable = (name for name, exists, readable in found if exists and readable)
        for chunk in _blocks(readable, postgresql_keys.TABLES_A_QUERY):
            counted.update(_counts(connection, chunk, at_most))
        return counted

    def next_keys(self, connection: Connection, tables: Iterable[Table]) -> dict[str, dict[str, int]]:
        """See Backend.next_keys."""
        return postgresql_keys.next_keys(connection, tables)

    def advance_sequences(self, connection: Connection, tables: Iterable[Table]) -> None:
        """See Backend.advance_sequences."""
        postgresql_keys.advance_sequences(connection, tables)

    def key_room(self, connection: Connection, table: Table, column: str) -> int | None:
        """See Backend.key_room."""
        return postgresql_keys.key_room(connection, table, column)

    def free_bytes(self, connection: Connection) -> int | None:
        """See Backend.free_bytes."""
        return free_bytes_of_server(connection)

    def judge(
        self,
        connection: Connection,
        table: Table,
        *,
        columns: Sequence[str] | None = None,
        existing: int = 10_000,
    ) -> AbstractContextManager[Judge]:
        """See Backend.judge."""
        return postgresql_judge.judge(
            connection, table, encoder(connection), columns=columns, existing=existing
        )

    def load(
        self,
        connection: Connection,
        table: Table,
        columns: Sequence[str],
        rows: Iterable[Row],
        *,
        block: int = 2_000,
    ) -> int:
        """See Backend.load. The rows must not use the connection while they are made."""
        encode = encoder(connection)
        sql = f"COPY {quoted(table.name)} ({listed(columns)}) FROM STDIN"
        loaded = 0
        with (
            _refusing(connection, table.name, columns),
            connection.cursor() as cursor,
            _copy(cursor, sql) as copy,
        ):
            for chunk in _blocks(rows, block):
                copy.write(_lines(chunk, encode))
                loaded += len(chunk)
        return loaded

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
        encode = encoder(connection)
        sql = _update_sql(connection, table, key_columns, columns)
        changed = 0
        with _refusing(connection, table.name, columns), connection.cursor() as cursor:
            for chunk in _blocks(rows, block):
                texts = [[encode(value) for value in row] for row in chunk]
                cursor.execute(sql, [list(values) for values in zip(*texts, strict=True)])
                changed += cursor.rowcount
        return changed

    def lock_runs(self, connection: Connection) -> bool:
        """See Backend.lock_runs."""
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_xact_lock(hashtext('dbstate'), hashtext('run'))")
            return bool(cursor.fetchone()[0])

    @contextmanager
    def alone_migrating(self, connection: Connection) -> Iterator[None]:
        """See Backend.alone_migrating.

        Asks again and again: a statement that waits would hold a snapshot, and migrations that build an
        index concurrently wait for these. When migrating fails, the lock goes with the session.
        """
        with connection.cursor() as cursor:
            while not _first(cursor, f"SELECT pg_try_advisory_lock({MIGRATING})"):
                time.sleep(PAUSE)
        yield
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT pg_advisory_unlock({MIGRATING})")

    def defer(self, connection: Connection) -> None:
        """See Backend.defer."""
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL DEFERRED")

    def check_constraints_now(self, connection: Connection) -> None:
        """See Backend.check_constraints_now."""
        with _refusing(connection, "", ()), connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            cursor.execute("SET CONSTRAINTS ALL DEFERRED")


def classify(exception: BaseException) -> Verdict:
    """What psycopg's error says, or Django's around it; the column also from COPY's context."""
    error: BaseException | None = exception
    while error is not None and not isinstance(error, psycopg.Error):
        error = error.__cause__
    if error is None:
        return Verdict("", message=_first_line(exception))
    told = error.diag
    context = CONTEXT_COLUMN.search(told.context or "")
    return Verdict(
        sqlstate=told.sqlstate or error.sqlstate or "",
        constraint=told.constraint_name or "",
        column=told.column_name or (context[1] if context else ""),
        message=told.message_primary or _first_line(error),
        detail=told.message_detail or (told.context or "").partition("\n")[0],
        table=told.table_name or "",
    )


def encoder(connection: Connection) -> Callable[[Any], str | None]:
    """A function from a prepared value to the text that its PostgreSQL type reads, None for NULL.

    Common types are written directly, all others by the adapters of the connection (Django's
    and the project's own among them). Raises Unencodable.
    """
    driver = _driver(connection)
    transformer = Transformer(driver)
    encoding = driver.info.encoding

    def encode(value: Any) -> str | None:
        direct = DIRECT.get(type(value))
        if direct is not None:
            return direct(value)
        try:
            written = transformer.get_dumper(value, PyFormat.TEXT).dump(value)
        except psycopg.DataError as error:
            raise Unencodable(value, Verdict("22021", message=_first_line(error))) from error
        except (psycopg.Error, ValueError, OverflowError, TypeError) as error:
            raise Unencodable(value, Verdict("42846", message=_first_line(error))) from error
        return None if written is None else bytes(written).decode(encoding)

    return encode


def _text(value: str) -> str:
    if "\x00" in value:
        raise Unencodable(value, Verdict("22021", message="text cannot hold the character NUL"))
    if not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError as error:
            raise Unencodable(value, Verdict("22021", message=str(error))) from error
    return value


def _none(value: None) -> None:
    return None


DIRECT: Mapping[type, Callable[[Any], str | None]] = {
    str: _text,
    int: str,
    type(None): _none,
    bool: lambda value: "t" if value else "f",
    float: repr,
    Decimal: str,
    datetime: lambda value: value.isoformat(" "),
    date: date.isoformat,
    UUID: str,
    bytes: lambda value: "\\x" + value.hex(),
    memoryview: lambda value: "\\x" + value.hex(),
}
"""Exact types only: a subclass may have an adapter of its own."""
UNESCAPED: Mapping[type, Callable[[Any], Any]] = {
    kind: DIRECT[kind] for kind in (int, bool, float, Decimal, datetime, date, UUID)
}


def _lines(rows: Sequence[Row], encode: Callable[[Any], str | None]) -> str:
    """The rows in COPY's text format."""
    columns = [_texts(column, encode) for column in zip(*rows, strict=True)]
    return "".join([f"{line}\n" for line in map("\t".join, zip(*columns, strict=True))])


def _texts(values: Sequence[Any], encode: Callable[[Any], str | None]) -> Iterable[str]:
    """The column in COPY's text format; where values of one type need no look at each, without it."""
    kinds = {*map(type, values)}
    if len(kinds) == 1:
        (kind,) = kinds
        if kind is str and _is_plain("".join(values)):
            return values
        if kind in UNESCAPED:
            return [*map(UNESCAPED[kind], values)]
    return [_escaped(encode(value)) for value in values]


def _is_plain(text: str) -> bool:
    """Whether the text is written as it is."""
    return not SPECIAL.search(text) and is_utf8(text)


SPECIAL = re.compile(r"[\\\n\t\r\0]")


def _escaped(text: str | None) -> str:
    if text is None:
        return "\\N"
    if "\\" in text:
        text = text.replace("\\", "\\\\")
    if "\n" in text or "\t" in text or "\r" in text:
        text = text.replace("\n", "\\n").replace("\t", "\\t").replace("\r", "\\r")
    return text


@contextmanager
def _refusing(connection: Connection, table: str, columns: Sequence[str]) -> Iterator[None]:
    """A savepoint; what the database refuses in it becomes LoadRefused."""
    try:
        with transaction.atomic(using=connection.alias):
            yield
    except Unencodable as error:
        raise LoadRefused(table, error.verdict) from error
    except (psycopg.Error, DatabaseError) as error:
        verdict = classify(error)
        raise LoadRefused(table or verdict.table, verdict) from error


def _copy(cursor: Any, sql: str) -> AbstractContextManager[psycopg.Copy]:
    """psycopg's COPY through Django's cursor."""
    return cast("AbstractContextManager[psycopg.Copy]", cursor.copy(sql))


def _update_sql(
    connection: Connection, table: Table, key_columns: Sequence[str], columns: Sequence[str]
) -> str:
    with connection.cursor() as cursor:
        cursor.execute(BASE_TYPES, [quoted(table.name)])
        # Without their lengths: the assignment refuses what is too long, a cast would cut it.
        types: dict[str, str] = dict(cursor.fetchall())
    names = [*key_columns, *columns]
    new = {name: f"new.c{at}::{types[name]}" for at, name in enumerate(names)}
    assignments = ", ".join(f"{quoted(name)} = {new[name]}" for name in columns)
    keys = " AND ".join(f"old.{quoted(name)} = {new[name]}" for name in key_columns)
    fields = ", ".join(f"c{at}" for at in range(len(names)))
    sql = in_query(
        f"UPDATE {quoted(table.name)} AS old SET {assignments} FROM unnest(@) AS new({fields}) WHERE {keys}"
    )
    return sql.replace("unnest(@)", f"unnest({', '.join(['%s::text[]'] * len(names))})", 1)


def _counts(connection: Connection, names: Sequence[str], at_most: int) -> list[tuple[str, int]]:
    """Names and counts of at most ``at_most`` rows, in one query."""
    sql = " UNION ALL ".join(
        f"SELECT {at}, (SELECT count(*) FROM (SELECT FROM {quoted(name)} LIMIT {at_most:d}) AS counted)"
        for at, name in enumerate(names)
    )
    with discarded(connection), connection.cursor() as cursor:
        cursor.execute(sql)
        return [(names[at], number) for at, number in cursor.fetchall()]


def _blocks(items: Iterable[Any], size: int) -> Iterator[list[Any]]:
    rest = iter(items)
    while block := list(islice(rest, size)):
        yield block


def _driver(connection: Connection) -> psycopg.Connection[Any]:
    """psycopg's connection under Django's, opened if need be."""
    connection.ensure_connection()
    driver = connection.connection
    if not isinstance(driver, psycopg.Connection):
        raise Unsupported(
            f"cannot work on database '{connection.alias}': Django runs on {type(driver).__module__}, not on "
            'psycopg 3; install the "postgres" extra: pip install "dbstate[postgres]"'
        )
    return driver


def _address(connection: Connection) -> str:
    settings = connection.settings_dict
    host, port = settings.get("HOST") or "local socket", settings.get("PORT") or "5432"
    return f"PostgreSQL at {host}:{port}, database {settings.get('NAME') or 'of the user'}"


def _first(cursor: Any, sql: str) -> Any:
    cursor.execute(sql)
    return cursor.fetchone()[0]


def _first_line(error: BaseException) -> str:
    return str(error).strip().partition("\n")[0]
