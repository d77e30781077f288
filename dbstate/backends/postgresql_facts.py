"""What stands in a PostgreSQL database under a few names: read before DDL is judged. Reads only."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from dbstate.backends.naming import quoted
from dbstate.backends.protocol import Connection

COLUMNS = """
    SELECT wanted.name, cls.relkind, att.attname, format_type(att.atttypid, att.atttypmod), att.attnotnull,
        coalesce(att.attnum = ANY(pk.conkey), false), array_position(pk.conkey, att.attnum)
    FROM unnest(%s::text[], %s::text[]) AS wanted(name, quoted)
    JOIN pg_class AS cls ON cls.oid = to_regclass(wanted.quoted)
    LEFT JOIN pg_attribute AS att ON att.attrelid = cls.oid AND att.attnum > 0 AND NOT att.attisdropped
    LEFT JOIN pg_constraint AS pk ON pk.conrelid = cls.oid AND pk.contype = 'p'
    ORDER BY wanted.name, att.attnum
"""

INDEXES = """
    SELECT wanted.name, idx.relname, i.indisvalid, i.indisunique, i.indisprimary,
        ARRAY(SELECT pg_get_indexdef(i.indexrelid, n, true) FROM generate_series(1, i.indnkeyatts) AS n),
        coalesce(pg_get_expr(i.indpred, i.indrelid), ''),
        ARRAY(SELECT DISTINCT att.attname::text FROM pg_depend AS dep
              JOIN pg_attribute AS att ON att.attrelid = dep.refobjid AND att.attnum = dep.refobjsubid
              WHERE dep.classid = 'pg_class'::regclass AND dep.objid = i.indexrelid
                AND dep.refclassid = 'pg_class'::regclass AND dep.refobjid = i.indrelid
                AND dep.refobjsubid > 0
              UNION
              SELECT att.attname::text FROM pg_attribute AS att
              WHERE att.attrelid = i.indrelid AND att.attnum = ANY(i.indkey)),
        coalesce(to_jsonb(i) ->> 'indnullsnotdistinct', 'false')::bool
    FROM unnest(%s::text[], %s::text[]) AS wanted(name, quoted)
    JOIN pg_index AS i ON i.indrelid = to_regclass(wanted.quoted)
    JOIN pg_class AS idx ON idx.oid = i.indexrelid
    ORDER BY wanted.name, idx.relname
"""

CONSTRAINTS = """
    SELECT wanted.name, con.conname, con.contype, con.convalidated, pg_get_constraintdef(con.oid, true)
    FROM unnest(%s::text[], %s::text[]) AS wanted(name, quoted)
    JOIN pg_constraint AS con ON con.conrelid = to_regclass(wanted.quoted)
    ORDER BY wanted.name, con.conname
"""

DEPENDENTS = """
    SELECT DISTINCT wanted.name, att.attname, view.relkind, view.oid::regclass::text
    FROM unnest(%s::text[], %s::text[]) AS wanted(name, quoted)
    JOIN pg_depend AS dep ON dep.refobjid = to_regclass(wanted.quoted)
        AND dep.refclassid = 'pg_class'::regclass AND dep.classid = 'pg_rewrite'::regclass
    JOIN pg_rewrite AS rule ON rule.oid = dep.objid
    JOIN pg_class AS view ON view.oid = rule.ev_class AND view.oid <> dep.refobjid
    LEFT JOIN pg_attribute AS att ON att.attrelid = dep.refobjid AND att.attnum = dep.refobjsubid
        AND dep.refobjsubid > 0
    ORDER BY 1, 4, 2
"""

REFERENCED = """
    SELECT wanted.name, con.conrelid::regclass::text, con.conname
    FROM unnest(%s::text[], %s::text[]) AS wanted(name, quoted)
    JOIN pg_constraint AS con ON con.confrelid = to_regclass(wanted.quoted) AND con.contype = 'f'
        AND con.conrelid <> con.confrelid AND con.conparentid = 0
    ORDER BY 1, 2, 3
"""

RELATIONS = """
    SELECT wanted.name, cls.relkind, coalesce(i.indisvalid, true), coalesce(i.indrelid::regclass::text, '')
    FROM unnest(%s::text[], %s::text[]) AS wanted(name, quoted)
    JOIN pg_class AS cls ON cls.oid = to_regclass(wanted.quoted)
    LEFT JOIN pg_index AS i ON i.indexrelid = cls.oid
"""


@dataclass(frozen=True, slots=True)
class LiveColumn:
    name: str
    sql_type: str
    not_null: bool


@dataclass(frozen=True, slots=True)
class LiveIndex:
    name: str
    valid: bool
    unique: bool
    primary: bool
    keys: tuple[str, ...]
    """SQL of columns or expressions."""
    condition: str
    columns: tuple[str, ...]
    """All that it reads."""
    nulls_distinct: bool = True


@dataclass(frozen=True, slots=True)
class LiveConstraint:
    name: str
    kind: str
    """As pg_constraint has it: c, f, n, p, t, u, x."""
    valid: bool
    definition: str


@dataclass(frozen=True, slots=True)
class Dependent:
    """A view that reads a table; ``column`` is empty where it reads the whole row."""

    view: str
    column: str
    materialized: bool


@dataclass(frozen=True, slots=True)
class LiveTable:
    """A table or view as it stands."""

    name: str
    kind: str
    """As pg_class has it: r, p, v, m, f."""
    columns: Mapping[str, LiveColumn]
    primary_key: tuple[str, ...]
    indexes: tuple[LiveIndex, ...] = ()
    constraints: Mapping[str, LiveConstraint] = field(default_factory=lambda: MappingProxyType({}))
    dependents: tuple[Dependent, ...] = ()
    referenced: tuple[tuple[str, str], ...] = ()
    """(table, constraint) of other tables' foreign keys to it."""


@dataclass(frozen=True, slots=True)
class LiveRelation:
    """Whatever has the name: a table, an index, a sequence, a view."""

    kind: str
    valid: bool
    """False for an index that is not."""
    table: str
    """For an index, its table."""


@dataclass(frozen=True, slots=True)
class LiveFacts:
    tables: Mapping[str, LiveTable]
    relations: Mapping[str, LiveRelation]


def read_live_facts(connection: Connection, names: Collection[str]) -> LiveFacts:
    """What is there under these names of tables, indexes or sequences; absent ones are left out."""
    wanted = sorted(set(names))
    given = [wanted, [quoted(name) for name in wanted]]
    parts: dict[str, list[Any]] = {}
    with connection.cursor() as cursor:
        for sql in (COLUMNS, INDEXES, CONSTRAINTS, DEPENDENTS, REFERENCED, RELATIONS):
            cursor.execute(sql, given)
            parts[sql] = cursor.fetchall()
    names_there = dict.fromkeys(row[0] for row in parts[COLUMNS])
    relations = {row[0]: LiveRelation(_char(row[1]), row[2], row[3]) for row in parts[RELATIONS]}
    return LiveFacts(
        MappingProxyType({name: _table(name, parts) for name in names_there}), MappingProxyType(relations)
    )


def _table(name: str, parts: Mapping[str, list[Any]]) -> LiveTable:
    mine = {sql: [row[1:] for row in rows if row[0] == name] for sql, rows in parts.items()}
    columns = [row for row in mine[COLUMNS] if row[1] is not None]
    keys = sorted((row for row in columns if row[4]), key=lambda row: int(row[5]))
    return LiveTable(
        name=name,
        kind=_char(mine[COLUMNS][0][0]),
        columns=MappingProxyType({row[1]: LiveColumn(row[1], row[2], row[3]) for row in columns}),
        primary_key=tuple(row[1] for row in keys),
        indexes=tuple(_index(row) for row in mine[INDEXES]),
        constraints=MappingProxyType(
            {row[0]: LiveConstraint(row[0], _char(row[1]), row[2], row[3]) for row in mine[CONSTRAINTS]}
        ),
        dependents=tuple(Dependent(row[2], row[0] or "", _char(row[1]) == "m") for row in mine[DEPENDENTS]),
        referenced=tuple((row[0], row[1]) for row in mine[REFERENCED]),
    )


def _index(row: tuple[Any, ...]) -> LiveIndex:
    name, valid, unique, primary, keys, condition, columns, together = row
    return LiveIndex(name, valid, unique, primary, tuple(keys), condition, tuple(columns), not together)


def _char(value: object) -> str:
    """PostgreSQL's type "char", which the driver may hand over as bytes."""
    return value.decode() if isinstance(value, bytes) else str(value)
