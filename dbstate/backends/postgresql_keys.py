"""Key numbers on PostgreSQL: which are taken, which come next, how far a type reaches."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import TypeVar

from django.db import transaction
from django.db.utils import ProgrammingError

from dbstate.backends.discarding import discarded
from dbstate.backends.naming import quoted
from dbstate.backends.protocol import Connection, NotPermitted, TableMissing
from dbstate.catalog.tables import Table

NAMED = 5
"""Sequences that a message names."""
TABLES_A_QUERY = 200
"""Tables asked about in one statement: planning time grows faster than their number."""

OIDS = """
    SELECT wanted.name, to_regclass(wanted.quoted)::oid
    FROM unnest(%s::text[], %s::text[]) AS wanted(name, quoted)
"""

# Owned sequences depend on the column (serial: 'a', identity: 'i'); a sequence that is only
# named in a default is what that default depends on ('n').
SEQUENCES = """
    WITH served(relation, attribute, sequence) AS (
        SELECT refobjid, refobjsubid, objid FROM pg_depend
        WHERE classid = 'pg_class'::regclass AND refclassid = 'pg_class'::regclass
            AND refobjid = ANY(%s) AND refobjsubid > 0 AND deptype IN ('a', 'i')
        UNION
        SELECT adrelid, adnum, refobjid FROM pg_attrdef JOIN pg_depend
            ON classid = 'pg_attrdef'::regclass AND objid = pg_attrdef.oid
                AND refclassid = 'pg_class'::regclass
        WHERE adrelid = ANY(%s)
    )
    SELECT relation, attname, seqrelid::regclass::text, seqincrement, seqmax, seqstart,
        has_sequence_privilege(seqrelid, 'SELECT'),
        CASE WHEN has_sequence_privilege(seqrelid, 'SELECT, USAGE') THEN pg_sequence_last_value(seqrelid) END
    FROM served
    JOIN pg_sequence ON seqrelid = sequence
    JOIN pg_attribute ON attrelid = relation AND attnum = attribute AND NOT attisdropped
    JOIN pg_type ON pg_type.oid = atttypid
    WHERE (CASE WHEN typtype = 'd' THEN typbasetype ELSE pg_type.oid END)
        = ANY('{int2,int4,int8,numeric}'::regtype[])
    ORDER BY relation, attribute, seqrelid
"""

TYPE_LIMIT = """
    SELECT CASE WHEN typtype = 'd' THEN typbasetype ELSE pg_type.oid END::regtype::text,
        CASE WHEN typtype = 'd' THEN typtypmod ELSE atttypmod END
    FROM pg_attribute JOIN pg_type ON pg_type.oid = atttypid
    WHERE attrelid = to_regclass(%s) AND attname = %s AND NOT attisdropped
"""

INTEGER_LIMITS = {"smallint": 2**15 - 1, "integer": 2**31 - 1, "bigint": 2**63 - 1}

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Sequence:
    """A sequence that fills a column."""

    table: Table
    column: str
    name: str
    """Quoted as the search path needs it."""
    increment: int
    greatest: int
    start: int
    readable: bool
    last_value: int | None
    """None when it has given no number away, as far as the user may know."""

    @property
    def next_number(self) -> str:
        """SQL of the number that it gives next."""
        if self.readable:
            given = f"CASE WHEN is_called THEN last_value + {self.increment} ELSE last_value END"
            return f"(SELECT {given} FROM {self.name})"
        return str(self.start if self.last_value is None else self.last_value + self.increment)


def oids(connection: Connection, tables: Iterable[Table]) -> dict[str, int | None]:
    """Object ids by table name; None for a table that the search path does not find."""
    names = [table.name for table in tables]
    with connection.cursor() as cursor:
        cursor.execute(OIDS, [names, [quoted(name) for name in names]])
        return dict(cursor.fetchall())


def existing_oids(connection: Connection, tables: Iterable[Table]) -> dict[str, int]:
    """Object ids by table name; TableMissing names those that are not there."""
    found = oids(connection, tables)
    missing = [name for name, oid in found.items() if oid is None]
    if missing:
        raise TableMissing(missing)
    return {name: oid for name, oid in found.items() if oid is not None}


def sequences(connection: Connection, tables: Iterable[Table]) -> list[Sequence]:
    """The sequences that fill number columns of these tables."""
    by_name = {table.name: table for table in tables}
    by_oid = {oid: by_name[name] for name, oid in existing_oids(connection, by_name.values()).items()}
    with connection.cursor() as cursor:
        cursor.execute(SEQUENCES, [list(by_oid), list(by_oid)])
        return [Sequence(by_oid[oid], *facts) for oid, *facts in cursor.fetchall()]


def next_keys(connection: Connection, tables: Iterable[Table]) -> dict[str, dict[str, int]]:
    """See Backend.next_keys."""
    tables = list(tables)
    filled = [(one.table, one.column, _upward(one)) for one in sequences(connection, tables)]
    known = {(table.name, column) for table, column, _ in filled}
    plain = [
        (table, column.name, "1")
        for table in tables
        for column in table.columns
        if column.auto and column.kind == "integer" and (table.name, column.name) not in known
    ]
    found: dict[str, dict[str, int]] = {table.name: {} for table in tables}
    parts = (
        "SELECT {n}::int, greatest("
        f"(SELECT max({quoted(column)})::numeric + 1 FROM {quoted(table.name)}), {number}, 1)"
        for table, column, number in filled + plain
    )
    answers = _union(connection, parts)
    for (table, column, _), number in zip(filled + plain, answers, strict=True):
        found[table.name][column] = max(int(number), found[table.name].get(column, 1))
    return found


def advance_sequences(connection: Connection, tables: Iterable[Table]) -> None:
    """See Backend.advance_sequences."""
    rising = [one for one in sequences(connection, tables) if one.increment > 0]
    # A row on the very last number does not count: a sequence set there could give nothing more.
    parts = (
        f"SELECT {{n}}::int, max({quoted(one.column)})::bigint FROM {quoted(one.table.name)} "
        f"WHERE {quoted(one.column)} < {one.greatest} HAVING max({quoted(one.column)}) >= {one.next_number}"
        for one in rising
    )
    reached = list(_numbered(connection, parts))
    for chunk in _chunks(reached, TABLES_A_QUERY):
        _set_sequences(connection, [(rising[n], number) for n, number in chunk])


def key_room(connection: Connection, table: Table, column: str) -> int | None:
    """See Backend.key_room."""
    with connection.cursor() as cursor:
        cursor.execute(TYPE_LIMIT, [quoted(table.name), column])
        found = cursor.fetchone()
    if found is None:
        raise TableMissing([f"{table.name}.{column}"])
    name, modifier = found
    if name == "numeric" and modifier > 4:
        digits, places = (modifier - 4) >> 16, (modifier - 4) & 0x7FF
        return int(10 ** (digits - places)) - 1
    return INTEGER_LIMITS.get(name)


def _upward(sequence: Sequence) -> str:
    return sequence.next_number if sequence.increment > 0 else "1"


def _set_sequences(connection: Connection, reached: list[tuple[Sequence, int]]) -> None:
    values = ", ".join("(%s, %s::bigint)" for _ in reached)
    sql = f"SELECT setval(sequence::regclass, number) FROM (VALUES {values}) AS reached(sequence, number)"
    try:
        with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
            cursor.execute(sql, [fact for one, number in reached for fact in (one.name, number)])
    except ProgrammingError as error:
        names = ", ".join(one.name for one, _ in reached[:NAMED])
        names += f" and {len(reached) - NAMED} more" if len(reached) > NAMED else ""
        raise NotPermitted(
            f"cannot advance sequences {names}: {str(error).strip()}; "
            "grant UPDATE on them to the connection's user, or later inserts will meet keys that are taken"
        ) from error


def _union(connection: Connection, parts: Iterable[str]) -> list[int]:
    return [number for _, number in sorted(_numbered(connection, parts))]


def _numbered(connection: Connection, parts: Iterable[str]) -> list[tuple[int, int]]:
    """Rows (n, number) of many one-row queries, each with ``{n}`` for its place among them."""
    answers: list[tuple[int, int]] = []
    for chunk in _chunks(enumerate(parts), TABLES_A_QUERY):
        sql = " UNION ALL ".join(part.replace("{n}", str(n), 1) for n, part in chunk)
        with discarded(connection), connection.cursor() as cursor:
            cursor.execute(sql)
            answers += cursor.fetchall()
    return answers


def _chunks(items: Iterable[Item], size: int) -> Iterator[list[Item]]:
    rest = iter(items)
    while chunk := list(islice(rest, size)):
        yield chunk
