"""Whether the tables of a database hold rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice

from django.apps import apps
from django.db.backends.base.base import BaseDatabaseWrapper

from dbstate.guard.facts import Occupancy
from dbstate.guard.marks import SQLITE_TABLE

MIGRATE_FILLS: Mapping[str, str] = {
    "django_migrations": "FALSE",
    "django_content_type": "FALSE",
    "auth_permission": "FALSE",
    "django_site": "domain <> 'example.com'",
}
"""Tables that ``migrate`` fills by itself, with the SQL condition of rows that count all the same."""

_NAMED = 5  # tables with rows that are named; enough to recognise the database
_BATCH = 50  # tables asked about in one statement: each holds a lock until its end


@dataclass(frozen=True, slots=True)
class Stored:
    """A table as the database has it: shown name, name in SQL, and whether all of it can be seen.

    ``condition`` is the SQL condition of the rows that count.
    """

    shown: str
    sql: str
    readable: bool
    condition: str


def look_for_rows(connection: BaseDatabaseWrapper) -> Occupancy:
    """Every table of the database is looked at, other schemas' and other applications' too."""
    tables = stored_tables(connection)
    unreadable = tuple(table.shown for table in tables if not table.readable)
    if unreadable:
        return Occupancy(unreadable=unreadable[:_NAMED])
    found = islice(occupied_tables(connection, tables), _NAMED)
    return Occupancy(occupied=tuple(table.shown for table in found))


def stored_tables(connection: BaseDatabaseWrapper) -> list[Stored]:
    """Every table that stores rows in this database, dbstate's own mark excepted; sorted by name."""
    return _LISTS[connection.vendor](connection)


def occupied_tables(connection: BaseDatabaseWrapper, tables: list[Stored]) -> Iterator[Stored]:
    """Those of the tables that hold rows that count; asks as it is read."""
    for start in range(0, len(tables), _BATCH):
        yield from _occupied(connection, tables[start : start + _BATCH])


def _occupied(connection: BaseDatabaseWrapper, tables: list[Stored]) -> list[Stored]:
    selects = (
        f"SELECT {number}, EXISTS (SELECT 1 FROM {table.sql} WHERE {table.condition})"
        for number, table in enumerate(tables)
    )
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(selects))
        found = {number for number, occupied in cursor.fetchall() if occupied}
    return [table for number, table in enumerate(tables) if number in found]


def _list_postgresql(connection: BaseDatabaseWrapper) -> list[Stored]:
    """Tables that store rows here: no views, foreign tables, temporary ones, or parts of extensions."""
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT n.nspname, c.relname, format('ONLY %I.%I', n.nspname, c.relname),
                      has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, 'SELECT')
                      AND NOT row_security_active(c.oid)
                 FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
                WHERE c.relkind = 'r' AND c.relpersistence <> 't'
                  AND n.nspname <> 'information_schema' AND n.nspname NOT LIKE 'pg\\_%'
                  AND NOT EXISTS (SELECT 1 FROM pg_depend x WHERE x.classid = 'pg_class'::regclass
                                     AND x.objid = c.oid AND x.deptype = 'e')
                ORDER BY 1, 2"""
        )
        found = cursor.fetchall()
    return [
        Stored(name if schema == "public" else f"{schema}.{name}", sql, readable, _counted_rows(name))
        for schema, name, sql, readable in found
    ]


def _list_sqlite(connection: BaseDatabaseWrapper) -> list[Stored]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
        names = [name for (name,) in cursor.fetchall() if not name.startswith("sqlite_")]
    return [
        Stored(name, quote_name(name), True, _counted_rows(name)) for name in names if name != SQLITE_TABLE
    ]


def quote_name(name: str) -> str:
    """The name as SQL has it."""
    return '"' + name.replace('"', '""') + '"'


def _counted_rows(table: str) -> str:
    """The SQL condition of rows that speak against seeding; all, but in tables that migrate fills."""
    if table == "django_site" and not apps.is_installed("django.contrib.sites"):
        return "TRUE"
    return MIGRATE_FILLS.get(table, "TRUE")


_LISTS = {"postgresql": _list_postgresql, "sqlite": _list_sqlite}
