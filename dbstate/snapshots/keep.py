"""Keeping the rows of a moment beside the tables, in a schema of their own.

The kept copies depend on nothing that a migration may drop: columns of types, domains and collations that
are not built in are kept as text.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from django.db.backends.base.base import BaseDatabaseWrapper

from dbstate.backends.naming import quoted
from dbstate.snapshots.layout import SCHEMA, LaidColumn, LaidTable, read_layout

__all__ = ["SCHEMA", "KeptTable", "Snapshot", "drop_snapshots", "take"]


_SAME = f"""
    CREATE OR REPLACE FUNCTION {SCHEMA}.same(one text, other text, kind text) RETURNS boolean
    LANGUAGE plpgsql AS $$
    DECLARE answer boolean;
    BEGIN
        IF one IS NOT DISTINCT FROM other THEN RETURN true; END IF;
        IF one IS NULL OR other IS NULL THEN RETURN false; END IF;
        EXECUTE format('SELECT $1::%1$s = $2::%1$s', kind) INTO answer USING one, other;
        RETURN answer;
    EXCEPTION WHEN data_exception THEN RETURN false;
    END $$
"""
"""Whether two texts are one value of a type; a text that is no such value is the same as itself alone."""

_CONVERTS = f"""
    CREATE FUNCTION {SCHEMA}.converts(value text, old text, new text, wanted text) RETURNS boolean
    LANGUAGE plpgsql AS $$
    DECLARE made text;
    BEGIN
        EXECUTE format('SELECT (($1::%s)::%s)::text', old, new) INTO made USING value;
        RETURN made IS NOT DISTINCT FROM wanted;
    EXCEPTION WHEN OTHERS THEN RETURN false;
    END $$
"""
"""Whether a value, cast from one type to another, is what was found; all values as text."""

_SOME = f"""
    CREATE FUNCTION {SCHEMA}.keep_some(text[], text, int) RETURNS text[] LANGUAGE plpgsql AS $$
    BEGIN
        RETURN CASE WHEN cardinality($1) < $3 THEN $1 || $2 ELSE $1 END;
    END $$;
    CREATE AGGREGATE {SCHEMA}.some(text, int) (sfunc = {SCHEMA}.keep_some, stype = text[], initcond = '{{}}')
"""
"""The first few values, in the memory of these few: samples come with the counts, in one reading."""


@dataclass(frozen=True, slots=True)
class KeptTable:
    """The rows of one table at one moment."""

    was: LaidTable
    sql: str
    """The kept rows; a column is named c and its number."""
    rows: int


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The rows of many tables at one moment."""

    moment: str
    tables: tuple[KeptTable, ...]
    others: frozenset[int] = frozenset()
    """Object ids of tables that were there and whose rows were not kept."""
    since: str = ""
    """A transaction id: rows that were written later have a younger one."""

    def of(self, oid: int) -> KeptTable | None:
        return next((table for table in self.tables if table.was.oid == oid), None)


def take(
    connection: BaseDatabaseWrapper,
    moment: str,
    *,
    only: Collection[int] | None = None,
    named: Collection[str] | None = None,
    without: Collection[str] = (),
) -> Snapshot:
    """Keep the rows of all tables, or of those with these object ids or names; ``without`` are names.

    Writes to the schema ``dbstate_before``: for databases that are ours. Raises django.db.Error.
    """
    tables = read_layout(connection, without=tuple(without))
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regnamespace(%s) IS NULL", [SCHEMA])
        if cursor.fetchone()[0]:
            for statement in (f"CREATE SCHEMA {SCHEMA}", _SAME, _CONVERTS, _SOME):
                cursor.execute(statement)
    wanted = [
        table
        for table in tables
        if (only is None or table.oid in only) and (named is None or table.name in named)
    ]
    kept = tuple(_kept(connection, table, moment) for table in wanted)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_current_xact_id()::xid::text")
        (since,) = cursor.fetchone()
    others = frozenset(table.oid for table in tables) - {table.oid for table in wanted}
    return Snapshot(moment, kept, others, since)


def drop_snapshots(connection: BaseDatabaseWrapper) -> None:
    """Remove all that ``take`` wrote."""
    with connection.cursor() as cursor:
        cursor.execute(f"DROP SCHEMA IF EXISTS {SCHEMA} CASCADE")


def kept_name(column: LaidColumn) -> str:
    """The name of the column in the kept rows."""
    return f"c{column.number}"


def _kept(connection: BaseDatabaseWrapper, table: LaidTable, moment: str) -> KeptTable:
    sql = f'{SCHEMA}."{moment}_{table.oid}"'
    columns = ", ".join(f"{_stored(column)} AS {kept_name(column)}" for column in table.columns)
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE UNLOGGED TABLE {sql} AS SELECT {columns} FROM {table.sql}")
        rows = cursor.rowcount
    return KeptTable(table, sql, rows)


def _stored(column: LaidColumn) -> str:
    name = quoted(column.name)
    if column.family == "other":
        return f'{name}::text COLLATE "default"'
    return f'{name} COLLATE "default"' if column.family == "text" else name
