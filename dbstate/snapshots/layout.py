"""Which tables and columns a PostgreSQL database has now, by the identities that survive renaming."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from django.db.backends.base.base import BaseDatabaseWrapper

from dbstate.backends.naming import quoted

SCHEMA = "dbstate_before"
"""Where kept rows stand, in the same database: rows of two databases cannot be joined."""

Family = Literal["number", "text", "moment", "same", "other"]
"""Values of one family are compared across types; ``same``: with the very type only; ``other``: as text."""

_FAMILIES: Mapping[str, Family] = {
    **dict.fromkeys(("int2", "int4", "int8", "numeric", "float4", "float8", "oid"), "number"),
    **dict.fromkeys(("text", "varchar", "bpchar", "name"), "text"),
    **dict.fromkeys(("date", "timestamp", "timestamptz"), "moment"),
    **dict.fromkeys(("bool", "uuid", "bytea", "jsonb", "inet", "time", "timetz"), "same"),
}

SPELLINGS: Mapping[str, str] = {
    **dict.fromkeys(("jsonb", "json"), "jsonb"),
    **dict.fromkeys(("date", "timestamp", "timestamptz"), "timestamptz"),
    **dict.fromkeys(("numeric", "float4", "float8"), "numeric"),
    **{name: name for name in ("uuid", "bool", "inet", "cidr", "macaddr", "interval", "time", "timetz")},
}
"""Types that write a value in one way, whichever way the text was written that became the value; by the type
that tells whether two texts are the same value."""

_LAYOUT = r"""
    SELECT c.oid, n.nspname, c.relname, pg_table_is_visible(c.oid), c.relkind, a.attnum, a.attname,
        format_type(a.atttypid, a.atttypmod), CASE WHEN t.oid < 16384 AND a.attgenerated <> 'v'
            THEN t.typname ELSE '' END
    FROM pg_class c
    JOIN pg_namespace n ON n.oid = c.relnamespace
    LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    LEFT JOIN pg_type t ON t.oid = a.atttypid
    WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relpersistence <> 't'
        AND n.nspname NOT LIKE 'pg\_%' AND n.nspname NOT IN ('information_schema', 'dbstate_before')
        AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid
            AND d.deptype = 'e')
    ORDER BY n.nspname, c.relname, a.attnum
"""

_KEYS = """
    SELECT DISTINCT ON (i.indrelid) i.indrelid, i.indkey::int2[]
    FROM pg_index i
    WHERE i.indisunique AND i.indisvalid AND i.indpred IS NULL AND i.indexprs IS NULL
        AND i.indrelid = ANY (%s)
        AND NOT EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = i.indrelid
            AND a.attnum = ANY (i.indkey) AND NOT a.attnotnull)
    ORDER BY i.indrelid, i.indisprimary DESC, i.indnkeyatts, i.indexrelid
"""


@dataclass(frozen=True, slots=True)
class LaidColumn:
    """A column as it is now."""

    number: int
    """Stays the same when it is renamed or changes its type."""
    name: str
    type: str
    """As the database writes it."""
    base: str
    """Internal name of a type that every database has; empty for any other, and for a value that is not
    stored: what such a column shows can change while no row is written."""

    @property
    def family(self) -> Family:
        return _FAMILIES.get(self.base, "other")


@dataclass(frozen=True, slots=True)
class LaidTable:
    """A table as it is now."""

    oid: int
    """Stays the same when it is renamed."""
    name: str
    """The bare name where the search path finds it, else with its schema."""
    sql: str
    """To read from: the rows of inheriting tables are not its own, those of partitions are."""
    columns: tuple[LaidColumn, ...]
    key: tuple[int, ...]
    """Numbers of the columns that tell rows apart; empty where none do."""

    def numbered(self, number: int) -> LaidColumn | None:
        return next((column for column in self.columns if column.number == number), None)

    def named(self, name: str) -> LaidColumn | None:
        return next((column for column in self.columns if column.name == name), None)


def read_layout(connection: BaseDatabaseWrapper, *, without: Sequence[str] = ()) -> tuple[LaidTable, ...]:
    """Every table with rows of its own, those of extensions excepted; by schema and name."""
    found: dict[int, tuple[str, str, list[LaidColumn]]] = {}
    with connection.cursor() as cursor:
        cursor.execute(_LAYOUT)
        for oid, schema, name, visible, kind, number, column, kind_of, base in cursor.fetchall():
            shown = name if visible else f"{schema}.{name}"
            if shown in without:
                continue
            sql = f"{'' if kind == 'p' else 'ONLY '}{quoted(schema)}.{quoted(name)}"
            _, _, columns = found.setdefault(oid, (shown, sql, []))
            if number is not None:
                columns.append(LaidColumn(number, column, kind_of, base))
        cursor.execute(_KEYS, [list(found)])
        keys = dict(cursor.fetchall())
    return tuple(
        LaidTable(oid, name, sql, tuple(columns), tuple(keys.get(oid, ())))
        for oid, (name, sql, columns) in found.items()
    )
