"""Rules of a table that stand in a PostgreSQL database, whatever the models say."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from decimal import Decimal
from types import MappingProxyType
from typing import Any

from dbstate.backends.live import Limits, LiveColumn, LiveRules, with_rules
from dbstate.backends.naming import quoted
from dbstate.backends.protocol import Connection
from dbstate.catalog.tables import Check, Exclusion, Kind, Table, Unique

# A domain leads to the type below it, an array to its elements; a length stands on the domain right
# above its type. Key columns of a foreign key have the rules of the columns that they refer to.
# Later servers' columns are read through JSON, where older ones have none.
RULES = r"""
WITH RECURSIVE relation AS (SELECT to_regclass(%s)::oid AS id),
columns AS (
    SELECT attnum, attname, attnotnull, atttypid, atttypmod, EXISTS (
        SELECT FROM pg_constraint JOIN pg_attribute AS target
            ON target.attrelid = confrelid AND target.attnum = confkey[array_position(conkey, own.attnum)]
        WHERE contype = 'f' AND conrelid = own.attrelid AND own.attnum = ANY (conkey)
            AND target.atttypid = own.atttypid
    ) AS follows
    FROM pg_attribute AS own JOIN relation ON attrelid = id
    WHERE attnum > 0 AND NOT attisdropped
),
types AS (
    SELECT attnum, 0 AS depth, false AS inside, atttypid AS typid, atttypmod AS modifier FROM columns
    UNION ALL
    SELECT attnum, depth + 1, inside OR typtype <> 'd',
        CASE typtype WHEN 'd' THEN typbasetype ELSE typelem END,
        CASE typtype WHEN 'd' THEN typtypmod ELSE modifier END
    FROM types JOIN pg_type ON pg_type.oid = typid
    WHERE typtype = 'd' OR (typcategory = 'A' AND typelem <> 0)
)
SELECT json_build_object(
    'columns', (SELECT json_agg(json_build_object(
        'number', attnum, 'name', attname, 'required', attnotnull, 'follows', follows
    ) ORDER BY attnum) FROM columns),
    'types', (SELECT json_agg(json_build_object(
        'column', attnum, 'inside', inside, 'name', typname, 'kind', typtype, 'required', typnotnull,
        'modifier', modifier, 'written', format_type(typid, modifier),
        'built_in', typnamespace = 'pg_catalog'::regnamespace,
        'labels', (SELECT json_agg(enumlabel ORDER BY enumsortorder) FROM pg_enum WHERE enumtypid = typid),
        'checks', (
            SELECT json_agg(
                json_build_object('name', conname, 'sql', pg_get_expr(conbin, 0)) ORDER BY conname
            )
            FROM pg_constraint WHERE contypid = typid AND contype = 'c'
        )
    ) ORDER BY attnum, depth) FROM types JOIN pg_type ON pg_type.oid = typid),
    'checks', (SELECT json_agg(json_build_object(
        'name', conname, 'sql', pg_get_expr(conbin, conrelid), 'columns', conkey
    ) ORDER BY conname) FROM pg_constraint AS own JOIN relation ON conrelid = id
        WHERE contype = 'c' AND coalesce(to_jsonb(own) ->> 'conenforced', 'true')::bool),
    'indexes', (SELECT json_agg(json_build_object(
        'name', relname, 'primary', indisprimary, 'unique', indisunique, 'method', amname,
        'nulls_distinct', NOT coalesce(to_jsonb(own) ->> 'indnullsnotdistinct', 'false')::bool,
        'deferrable', coalesce(condeferrable, false),
        'keys', (
            SELECT json_agg(
                json_build_object('column', indkey[at], 'sql', pg_get_indexdef(indexrelid, at + 1, false))
                ORDER BY at
            )
            FROM generate_series(0, indnkeyatts - 1) AS at
        ),
        'included', (SELECT json_agg(indkey[at]) FROM generate_series(indnkeyatts, indnatts - 1) AS at),
        'reads', (
            SELECT json_agg(DISTINCT found[1]::int)
            FROM regexp_matches(indexprs::text, ':varattno (-?\d+)', 'g') AS found
        ),
        'condition', pg_get_expr(indpred, indrelid),
        'condition_reads', (
            SELECT json_agg(DISTINCT found[1]::int)
            FROM regexp_matches(indpred::text, ':varattno (-?\d+)', 'g') AS found
        ),
        'operators', (
            SELECT json_agg(oprname ORDER BY at) FROM unnest(conexclop) WITH ORDINALITY AS used(id, at)
            JOIN pg_operator ON pg_operator.oid = used.id
        )
    ) ORDER BY indisprimary DESC, indexrelid)
        FROM pg_index AS own JOIN relation ON indrelid = id
        JOIN pg_class ON pg_class.oid = indexrelid JOIN pg_am ON pg_am.oid = relam
        LEFT JOIN pg_constraint ON conindid = indexrelid AND contype IN ('p', 'u', 'x')
        WHERE indislive AND indisready)
)::text
"""

KINDS: Mapping[str, Kind] = MappingProxyType(
    {
        "bool": "boolean",
        "int2": "integer",
        "int4": "integer",
        "int8": "integer",
        "numeric": "decimal",
        "float4": "float",
        "float8": "float",
        "text": "text",
        "varchar": "text",
        "bpchar": "text",
        "date": "date",
        "timestamp": "datetime",
        "timestamptz": "datetime",
        "time": "time",
        "timetz": "time",
        "interval": "duration",
        "uuid": "uuid",
        "bytea": "bytes",
        "json": "json",
        "jsonb": "json",
        "inet": "ip",
        "cidr": "ip",
        "tsvector": "search",
    }
)
"""What a column of an unknown field class holds, by its built-in type."""

BITS = MappingProxyType({"int2": 16, "int4": 32, "int8": 64})

TOKEN = re.compile(
    r"""(?P<apart>[Ee]'(?:[^'\\]|\\.|'')*'|'(?:[^']|'')*'|"(?:[^"]|"")*")|(?P<word>\w+)|.""", re.DOTALL
)

MATCHES = re.compile(r"\(?\(?VALUE\)?(?:::text)? ~ '(?P<pattern>(?:[^']|'')*)'::text\)?")
COMPARES = re.compile(r"\(?VALUE (?P<sign>>=|<=) '?(?P<number>-?\d+)'?(?:::[a-z ]+)?\)?")


def with_live_rules(connection: Connection, table: Table) -> Table:
    """See Backend.with_live_rules."""
    with connection.cursor() as cursor:
        cursor.execute(RULES, [quoted(table.name)])
        (text,) = cursor.fetchone()
    return with_rules(table, read(json.loads(text)))


def read(found: Mapping[str, Any]) -> LiveRules:
    """What the query found, in the words of the catalog."""
    names = {column["number"]: column["name"] for column in found["columns"] or ()}
    types: dict[int, list[Mapping[str, Any]]] = {number: [] for number in names}
    for one in found["types"] or ():
        types[one["column"]].append(one)
    indexes = found["indexes"] or ()
    checks = [Check(one["name"], one["sql"], _named(one["columns"], names)) for one in found["checks"] or ()]
    notes: list[str] = []
    columns = [_column(one, types[one["number"]], notes) for one in found["columns"] or ()]
    for column in found["columns"] or ():
        if not column["follows"]:
            checks += _domain_checks(column["name"], types[column["number"]])
    return LiveRules(
        columns=tuple(columns),
        checks=tuple(checks),
        uniques=tuple(_unique(one, names) for one in indexes if one["unique"] and not one["operators"]),
        exclusions=tuple(_exclusion(one, names) for one in indexes if one["operators"]),
        indexed=frozenset(
            name for one in indexes if one["method"] == "btree" for name in _stored(one, names)
        ),
        notes=tuple(notes),
    )


# columns ------------------------------------------------------------------------------------------------


def _column(column: Mapping[str, Any], types: list[Mapping[str, Any]], notes: list[str]) -> LiveColumn:
    own = [one for one in types if not one["inside"]]
    inside = [one for one in types if one["inside"]]
    limits = _limits(own[-1])
    if inside:
        limits = replace(limits, kind="array")
    if column["follows"]:
        limits = replace(limits, labels=())
    return LiveColumn(
        name=column["name"],
        null=not (column["required"] or any(one["required"] for one in own)),
        limits=limits,
        element=_element(column["name"], inside, notes) if inside else None,
    )


def _limits(found: Mapping[str, Any]) -> Limits:
    """What the type admits, by its name and its modifier."""
    if found["labels"]:
        return Limits("text", labels=tuple(found["labels"]), sql_type=found["written"])
    if not found["built_in"]:
        return Limits(sql_type=found["written"])
    name, modifier = found["name"], found["modifier"] - 4  # of which 4 are the header's
    limits = Limits(KINDS.get(name, "unknown"), sql_type=found["written"])
    if name in BITS:
        greatest = 2 ** (BITS[name] - 1) - 1
        return replace(limits, least=-greatest - 1, greatest=greatest)
    if name in ("varchar", "bpchar") and modifier > 0:
        return replace(limits, max_length=modifier)
    if name == "numeric" and modifier > 0:
        # The scale has 11 bits and a sign.
        digits, places = modifier >> 16 & 0xFFFF, (modifier & 0x7FF ^ 1024) - 1024
        least, greatest = (Decimal((sign, (9,) * digits, -places)) for sign in (1, 0))
        return replace(limits, max_digits=digits, decimal_places=places, least=least, greatest=greatest)
    return limits


def _element(column: str, types: list[Mapping[str, Any]], notes: list[str]) -> Limits:
    """What elements admit; CHECKs of their domain as far as they are plain."""
    limits = _limits(types[-1])
    for domain in types:
        for check in domain["checks"] or ():
            narrower = _narrower(limits, check["sql"])
            if narrower is None:
                notes.append(
                    f"elements of {column} must meet {check['name']} of domain {domain['name']}, "
                    f"which is left to the database: {check['sql']}"
                )
            limits = narrower or limits
    return limits


def _narrower(limits: Limits, sql: str) -> Limits | None:
    """The limits with what a domain's CHECK says; None where that is not understood."""
    if found := MATCHES.fullmatch(sql):
        pattern = found["pattern"].replace("''", "'")
        try:
            re.compile(pattern)
        except re.error:
            return None
        return replace(limits, patterns=(*limits.patterns, pattern))
    if not (found := COMPARES.fullmatch(sql)):
        return None
    number = int(found["number"])
    if found["sign"] == ">=":
        return replace(limits, least=number if limits.least is None else max(limits.least, number))
    return replace(limits, greatest=number if limits.greatest is None else min(limits.greatest, number))


def _domain_checks(column: str, types: Iterable[Mapping[str, Any]]) -> list[Check]:
    """CHECKs of the column's domains, as conditions on the column; those of two columns may share a name."""
    return [
        Check(check["name"], of_column(check["sql"], column), (column,))
        for domain in types
        if not domain["inside"]
        for check in domain["checks"] or ()
    ]


def of_column(sql: str, column: str) -> str:
    """A domain's condition with the column in place of VALUE, which texts and names may hold too."""
    return TOKEN.sub(lambda found: quoted(column) if found["word"] == "VALUE" else found[0], sql)


# rules --------------------------------------------------------------------------------------------------


def _unique(index: Mapping[str, Any], names: Mapping[int, str]) -> Unique:
    plain = all(key["column"] for key in index["keys"])
    return Unique(
        name=index["name"],
        columns=_key_columns(index, names),
        expressions=() if plain else tuple(key["sql"] for key in index["keys"]),
        condition=index["condition"],
        condition_columns=_named(index["condition_reads"], names),
        nulls_distinct=index["nulls_distinct"],
        deferrable=index["deferrable"],
        primary=index["primary"],
    )


def _exclusion(index: Mapping[str, Any], names: Mapping[int, str]) -> Exclusion:
    sql = [key["sql"] for key in index["keys"]]
    columns = (*_key_columns(index, names), *_named(index["condition_reads"], names))
    return Exclusion(
        name=index["name"],
        expressions=tuple(zip(sql, index["operators"], strict=True)),
        columns=tuple(dict.fromkeys(columns)),
        condition=index["condition"],
        deferrable=index["deferrable"],
        index_type=index["method"],
    )


def _key_columns(index: Mapping[str, Any], names: Mapping[int, str]) -> tuple[str, ...]:
    """Columns that the key reads, in its order; those of expressions where the first of these stands."""
    found: list[str] = []
    for key in index["keys"]:
        found += [names[key["column"]]] if key["column"] else _named(index["reads"], names)
    return tuple(dict.fromkeys(found))


def _stored(index: Mapping[str, Any], names: Mapping[int, str]) -> tuple[str, ...]:
    return (*_key_columns(index, names), *_named(index["included"], names))


def _named(numbers: Iterable[int] | None, names: Mapping[int, str]) -> tuple[str, ...]:
    """Names by column numbers: 0 stands for the whole row, less than that for system columns."""
    numbers = tuple(numbers or ())
    if 0 in numbers:
        return tuple(names.values())
    return tuple(names[number] for number in numbers if number in names)
