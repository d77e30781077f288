"""Which rows a table holds: its primary keys, as far as the same migration makes the same ones twice."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from django.db.backends.base.base import BaseDatabaseWrapper

from dbstate.guard.facts import Excess
from dbstate.guard.occupancy import Stored, quote_name, stored_tables

LIMIT = 200_000
"""Rows that are compared, over all tables; where there are more, none are read."""

Keys = Counter[tuple[str, ...]]
"""How many rows have this key; one empty key for all rows of a table that has none but random ones."""


def count_rows(connection: BaseDatabaseWrapper, table: Stored) -> int:
    """How many rows of the table count; LIMIT + 1 for any more."""
    with connection.cursor() as cursor:
        limited = f"SELECT 1 FROM {table.sql} WHERE {table.condition} LIMIT {LIMIT + 1}"
        cursor.execute(f"SELECT count(*) FROM ({limited}) AS limited")
        return int(cursor.fetchone()[0])


def rows_beyond(
    real: BaseDatabaseWrapper, tables: Sequence[Stored], scratch: BaseDatabaseWrapper
) -> tuple[Excess, ...]:
    """Rows of the real database's tables that are not among those of the scratch one."""
    columns = _COLUMNS[real.vendor](real, tables)
    there = {table.shown: table for table in stored_tables(scratch)}
    found = []
    for table in tables:
        names = columns.get(table.shown, ())
        held = read_keys(real, table, names)
        made = read_keys(scratch, there[table.shown], names) if table.shown in there else Keys()
        if beyond := (held - made).total():
            found.append(Excess(table.shown, beyond, held.total()))
    return tuple(found)


def read_keys(connection: BaseDatabaseWrapper, table: Stored, columns: Sequence[str]) -> Keys:
    """The keys of the table's rows that count; columns are SQL."""
    chosen = ", ".join(f"CAST({column} AS text)" for column in columns) or "''"
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {chosen} FROM {table.sql} WHERE {table.condition}")
        return Counter(tuple(row) for row in cursor.fetchall())


def _postgresql_columns(
    connection: BaseDatabaseWrapper, tables: Sequence[Stored]
) -> dict[str, tuple[str, ...]]:
    """A uuid is random: two runs of a migration make as many, and others."""
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT stored.sql, array_agg(quote_ident(attname) ORDER BY attnum)
                 FROM pg_index JOIN pg_class c ON c.oid = indrelid JOIN pg_namespace n ON n.oid = relnamespace
                 JOIN pg_attribute ON attrelid = indrelid AND attnum = ANY (indkey)
                 JOIN unnest(%s::text[]) AS stored(sql) ON sql = format('ONLY %%I.%%I', nspname, relname)
                WHERE indisprimary AND atttypid <> 'uuid'::regtype
                GROUP BY 1""",
            [[table.sql for table in tables]],
        )
        found = {sql: tuple(names) for sql, names in cursor.fetchall()}
    return {table.shown: found.get(table.sql, ()) for table in tables}


def _sqlite_columns(connection: BaseDatabaseWrapper, tables: Sequence[Stored]) -> dict[str, tuple[str, ...]]:
    """Django keeps a uuid as char(32)."""
    found = {}
    with connection.cursor() as cursor:
        for table in tables:
            cursor.execute(
                "SELECT name, type FROM pragma_table_info(%s) WHERE pk > 0 ORDER BY pk", [table.shown]
            )
            found[table.shown] = tuple(quote_name(name) for name, kind in cursor if kind != "char(32)")
    return found


_COLUMNS = {"postgresql": _postgresql_columns, "sqlite": _sqlite_columns}
