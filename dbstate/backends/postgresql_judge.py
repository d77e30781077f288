"""A temporary twin of a PostgreSQL table, in which rows are tried."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import count
from typing import Any

from django.db.utils import DatabaseError

from dbstate.backends.discarding import discarded
from dbstate.backends.naming import listed, quoted
from dbstate.backends.postgresql_keys import next_keys
from dbstate.backends.protocol import Connection, JudgeUnavailable, Row, TableMissing, Unencodable, Verdict
from dbstate.catalog.tables import Table

Encode = Callable[[Any], str | None]
"""A prepared value as the text that its type reads; None for NULL."""

_numbers = count(1)

COLUMNS = """
    SELECT attname, format_type(atttypid, atttypmod), attgenerated <> '', attidentity <> '',
        coalesce(pg_get_expr(adbin, adrelid), '')
    FROM pg_attribute LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
    WHERE attrelid = %s AND attnum > 0 AND NOT attisdropped ORDER BY attnum
"""

CONSTRAINTS = """
    SELECT conname, regexp_replace(pg_get_constraintdef(oid), ' DEFERRABLE( INITIALLY DEFERRED)?$', '')
    FROM pg_constraint WHERE conrelid = %s AND contype IN ('p', 'u', 'x') ORDER BY oid
"""

INDEXES = """
    SELECT relname, indisunique, quote_ident(relname), pg_get_indexdef(indexrelid)
    FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid
    WHERE indrelid = %s AND indislive
        AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid AND contype IN ('p', 'u', 'x'))
    ORDER BY indexrelid
"""

RELATION = """
    SELECT pg_class.oid, format('%%I.%%I', nspname, relname), relkind = 'p', relispartition
    FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
    WHERE pg_class.oid = to_regclass(%s)
"""

# What the partitions take, and what the table takes itself where it is a partition.
PARTITIONS = """
    SELECT relid = %s, pg_get_partition_constraintdef(relid)
    FROM (
        SELECT relid::oid FROM pg_partition_tree(%s::oid::regclass) WHERE isleaf
        UNION SELECT %s::oid
    ) AS members(relid)
    WHERE EXISTS (SELECT 1 FROM pg_class WHERE oid = relid AND (relkind = 'p' OR relispartition))
    ORDER BY relid
"""

COMPARES_ROWS = """
    SELECT EXISTS (SELECT FROM pg_index WHERE indrelid = to_regclass(%s) AND (indisunique OR indisexclusion))
"""

# Rows of the real table may break a rule that was added NOT VALID, or one that is put off:
# then they go in one by one, and those that break a rule stay out.
COPY_EXISTING = """
DO $dbstate$
DECLARE
    existing record;
BEGIN
    INSERT INTO {twin} ({columns}) SELECT {columns} FROM {real} ORDER BY {order} LIMIT {limit};
EXCEPTION WHEN integrity_constraint_violation THEN
    FOR existing IN SELECT {columns} FROM {real} ORDER BY {order} LIMIT {limit} LOOP
        BEGIN
            INSERT INTO {twin} ({columns}) VALUES ({values});
        EXCEPTION WHEN integrity_constraint_violation THEN NULL;
        END;
    END LOOP;
END $dbstate$
"""

# Texts become typed values by the types' own input functions, as in COPY: a cast would cut
# what is too long. The errors of a block undo only that block.
TRY = """
CREATE TYPE {name}_row AS ({types});
CREATE FUNCTION {name}(lines text[], task text)
RETURNS TABLE (number int, state text, rule text, field text, message text, detail text, place text)
LANGUAGE plpgsql AS $dbstate$
DECLARE
    typed {name}_row;
BEGIN
    number := -1;
    FOREACH message IN ARRAY lines LOOP
        number := number + 1; state := NULL; rule := NULL; field := NULL; detail := NULL; place := NULL;
        BEGIN
            typed := message::{name}_row;
            IF task <> 'read' THEN
                {insert} RETURNING ctid::text INTO place;
            END IF;
            IF task <> 'keep' THEN
                RAISE EXCEPTION USING ERRCODE = 'DBST0';
            END IF;
            message := NULL;
            RETURN NEXT;
        EXCEPTION
            WHEN SQLSTATE 'DBST0' THEN NULL;
            WHEN OTHERS THEN
                GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, rule = CONSTRAINT_NAME,
                    field = COLUMN_NAME, message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL;
                place := NULL;
                RETURN NEXT;
        END;
    END LOOP;
END $dbstate$
"""

OWN_NAME = re.compile(r"dbstate_twin_\d+(?:_(?:i|partition_)\d+)?")
OWN_INDEX = re.compile(r"dbstate_twin_\d+_i\d+")

NEXTVAL = re.compile(r"nextval\(E?'(?:[^']|'')*'::regclass\)")


@dataclass(frozen=True, slots=True)
class TwinColumn:
    """A column as the database has it."""

    name: str
    sql_type: str
    generated: bool
    identity: bool
    default: str


@dataclass(frozen=True, slots=True)
class Rule:
    """A key, an exclusion or an index, as SQL that can be said of the twin."""

    name: str
    start: str
    """With ``{own}`` for its name in the twin and ``{path}`` for the twin."""
    rest: str
    compares_rows: bool

    def sql(self, own: str, path: str) -> str:
        return self.start.format(own=own, path=path) + self.rest


@dataclass(frozen=True, slots=True)
class Twin:
    """The temporary table that stands for a real one."""

    table: Table
    name: str
    """Unquoted; unlike any other in the session."""
    columns: tuple[TwinColumn, ...]
    rules: Mapping[str, str]
    """Real names by the twin's own, of what must be named apart: names of indexes and constraints
    that have one are taken once in a schema, and several twins may be open."""
    compares_rows: bool
    """Whether a rule (a unique, an exclusion) reads more than one row."""

    @property
    def path(self) -> str:
        return f"pg_temp.{self.name}"

    def in_real_names(self, text: str) -> str:
        """A name or message of the server with the real table's names in place of the twin's."""
        return OWN_NAME.sub(lambda match: self._real_name(match[0]), text)

    def _real_name(self, name: str) -> str:
        return self.rules.get(name, self.table.name)


@contextmanager
def judge(
    connection: Connection, table: Table, encode: Encode, *, columns: Sequence[str] | None, existing: int
) -> Iterator[PostgreSQLJudge]:
    """See Backend.judge."""
    with discarded(connection):
        try:
            twin = make_twin(connection, table, columns)
            sees_all = copy_existing(connection, twin, limit=existing)
        except DatabaseError as error:
            raise JudgeUnavailable(table.name, str(error).strip().partition("\n")[0]) from error
        yield PostgreSQLJudge(connection, twin, encode, sees_all=sees_all)


class PostgreSQLJudge:
    """See Judge."""

    def __init__(self, connection: Connection, twin: Twin, encode: Encode, *, sees_all: bool) -> None:
        self._connection, self._twin, self._encode = connection, twin, encode
        self._functions: dict[tuple[str, ...], str] = {}
        self._places: list[str | None] = []
        self.sees_all = sees_all

    def try_rows(
        self, columns: Sequence[str], rows: Sequence[Row], *, keep: bool = False
    ) -> list[Verdict | None]:
        """See Judge.try_rows."""
        verdicts: list[Verdict | None] = [None] * len(rows)
        texts: dict[int, list[str | None]] = {}
        for number, row in enumerate(rows):
            try:
                texts[number] = [self._encode(value) for value in row]
            except Unencodable as error:
                verdicts[number] = replace(error.verdict, column=self._culprit(columns, row))
        places, refused = self._ask(columns, texts, "keep" if keep else "try")
        if keep:
            self._places += [places.get(number) for number in range(len(rows))]
        for number, verdict in self._placed(columns, texts, refused).items():
            verdicts[number] = verdict
        return verdicts

    def forget(self, numbers: Iterable[int]) -> None:
        """See Judge.forget."""
        places = []
        for number in numbers:
            place, self._places[number] = self._places[number], None
            if place is not None:
                places.append(place)
        if places:
            with self._connection.cursor() as cursor:
                cursor.execute(f"DELETE FROM {self._twin.path} WHERE ctid = ANY(%s::tid[])", [places])

    def clear(self) -> None:
        """See Judge.clear."""
        self.forget(range(len(self._places)))
        self._places.clear()

    def _culprit(self, columns: Sequence[str], row: Row) -> str:
        """The first column whose value has no text."""
        for column, value in zip(columns, row, strict=True):
            try:
                self._encode(value)
            except Unencodable:
                return column
        return ""

    def _placed(
        self, columns: Sequence[str], texts: dict[int, list[str | None]], refused: dict[int, Verdict]
    ) -> dict[int, Verdict]:
        """The verdicts with a column also where the server names none: each value that could be
        the one is read alone, and the first that brings the same error is it."""
        unplaced = {
            number
            for number, verdict in refused.items()
            if not verdict.column and not verdict.constraint and verdict.sqlstate.startswith("22")
        }
        for at, column in enumerate(columns if unplaced else ()):
            alone: dict[int, list[str | None]] = {number: [texts[number][at]] for number in sorted(unplaced)}
            for number, answer in self._ask([column], alone, "read")[1].items():
                if (answer.sqlstate, answer.message) == (refused[number].sqlstate, refused[number].message):
                    refused[number] = replace(refused[number], column=column)
                    unplaced.discard(number)
        return refused

    def _ask(
        self, columns: Sequence[str], texts: dict[int, list[str | None]], task: str
    ) -> tuple[dict[int, str], dict[int, Verdict]]:
        """Places of kept rows, and verdicts of refused ones, by number."""
        if not texts:
            return {}, {}
        numbers, real = list(texts), self._twin.in_real_names
        with self._connection.cursor() as cursor:
            sql = f"SELECT * FROM {self._function(tuple(columns))}(%s::text[], %s)"
            cursor.execute(sql, [[_record(line) for line in texts.values()], task])
            answers = cursor.fetchall()
        places = {numbers[at]: place for at, state, *_, place in answers if state is None}
        refused = {
            numbers[at]: Verdict(
                state,
                real(rule or _index(message)),
                field,
                real(message),
                real(detail),
                self._twin.table.name,
            )
            for at, state, rule, field, message, detail, _ in answers
            if state is not None
        }
        return places, refused

    def _function(self, columns: tuple[str, ...]) -> str:
        """The name of the function that tries rows of these columns."""
        if columns not in self._functions:
            name = f"pg_temp.{self._twin.name}_{len(self._functions)}"
            with self._connection.cursor() as cursor:
                cursor.execute(_function_sql(self._twin, columns, name))
            self._functions[columns] = name
        return self._functions[columns]


def make_twin(connection: Connection, table: Table, columns: Sequence[str] | None) -> Twin:
    """Create the twin: all that the table's own rules say, without foreign keys and triggers."""
    with connection.cursor() as cursor:
        cursor.execute(RELATION, [quoted(table.name)])
        relation = cursor.fetchone()
        if relation is None:
            raise TableMissing([table.name])
        oid, path, partitioned, is_partition = relation
        cursor.execute(COLUMNS, [oid])
        found = tuple(TwinColumn(*row) for row in cursor.fetchall())
        rules = list(_read_rules(cursor, table, oid, f"{'ONLY ' if partitioned else ''}{path}"))
        members = []
        if partitioned or is_partition:
            cursor.execute(PARTITIONS, [oid, oid, oid])
            members = cursor.fetchall()
        name = f"dbstate_twin_{next(_numbers)}"
        real_names = {f"{name}_i{at}": rule.name for at, rule in enumerate(rules)}
        twin = Twin(table, name, found, real_names, any(rule.compares_rows for rule in rules))
        statements = [
            f"CREATE TEMPORARY TABLE {twin.path} (LIKE {quoted(table.name)} INCLUDING DEFAULTS "
            "INCLUDING CONSTRAINTS INCLUDING GENERATED INCLUDING STORAGE INCLUDING COMPRESSION)",
            *_number_sql(connection, twin),
            *(rule.sql(own, twin.path) for own, rule in zip(real_names, rules, strict=True)),
            *_partition_sql(twin, members),
            *_narrowing_sql(twin, columns),
        ]
        cursor.execute(";\n".join(statements))
    return twin if columns is None else _narrowed(connection, twin)


def copy_existing(connection: Connection, twin: Twin, *, limit: int) -> bool:
    """Put rows of the real table in; whether all are now there, as far as a rule compares rows."""
    written = [column.name for column in twin.columns if not column.generated]
    if not written or not twin.compares_rows:
        return True
    real = quoted(twin.table.name)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM (SELECT FROM {real} LIMIT {limit + 1}) AS counted")
        (present,) = cursor.fetchone()
        if present and limit:
            sql = COPY_EXISTING.format(
                twin=twin.path,
                real=real,
                columns=listed(written),
                values=", ".join(f"existing.{quoted(name)}" for name in written),
                order=listed(twin.table.primary_key) or "ctid",
                limit=limit,
            )
            cursor.execute(sql)
    return bool(present <= limit)


def _number_sql(connection: Connection, twin: Twin) -> Iterator[str]:
    """Numbers of the twin's own for what sequences fill: trying rows must not use up the real ones.

    Counted in settings of the transaction, because a sequence would stay locked to its end.
    """
    filled = [column for column in twin.columns if column.identity or NEXTVAL.search(column.default)]
    starts = next_keys(connection, [twin.table])[twin.table.name] if filled else {}
    for number, column in enumerate(filled):
        setting = f"dbstate.{twin.name}_{number}"
        following = f"set_config('{setting}', (current_setting('{setting}')::bigint + 1)::text, true)::bigint"
        default = following if column.identity else NEXTVAL.sub(following, column.default)
        yield f"SELECT set_config('{setting}', '{starts.get(column.name, 1) - 1}', true)"
        yield f"ALTER TABLE {twin.path} ALTER COLUMN {quoted(column.name)} SET DEFAULT {default}"


def _read_rules(cursor: Any, table: Table, oid: int, path: str) -> Iterator[Rule]:
    """Keys, exclusions and indexes; ``path`` is the table as pg_get_indexdef names it."""
    cursor.execute(CONSTRAINTS, [oid])
    for name, definition in cursor.fetchall():
        yield Rule(name, "ALTER TABLE {path} ADD CONSTRAINT {own} ", definition, True)
    cursor.execute(INDEXES, [oid])
    for name, unique, quoted_name, definition in cursor.fetchall():
        start = f"CREATE {'UNIQUE ' if unique else ''}INDEX "
        head = f"{start}{quoted_name} ON {path}"
        if not definition.startswith(head):
            raise JudgeUnavailable(table.name, f"cannot read its index {name}: {definition}")
        yield Rule(name, start + "{own} ON {path}", definition.removeprefix(head), unique)


def _partition_sql(twin: Twin, members: list[tuple[bool, str | None]]) -> Iterator[str]:
    """Checks in place of routing: a row must find a partition."""
    own = [definition for is_own, definition in members if is_own and definition]
    leaves = [definition for is_own, definition in members if not is_own]
    conditions = own
    if members and not own and not leaves:
        conditions = ["false"]
    elif leaves and None not in leaves:  # None: a lone default partition takes everything
        conditions = [*own, " OR ".join(f"({leaf})" for leaf in leaves)]
    for number, condition in enumerate(conditions):
        yield f"ALTER TABLE {twin.path} ADD CONSTRAINT {twin.name}_partition_{number} CHECK ({condition})"


def _narrowing_sql(twin: Twin, columns: Sequence[str] | None) -> Iterator[str]:
    """Take away all columns but these and the generated ones that are made of these alone."""
    if columns is None:
        return
    unknown = set(columns) - {column.name for column in twin.columns}
    if unknown:
        raise JudgeUnavailable(twin.table.name, f"it has no column {', '.join(sorted(unknown))}")
    others = [column for column in twin.columns if column.name not in columns and not column.generated]
    if others:
        drops = ", ".join(f"DROP COLUMN {quoted(column.name)} CASCADE" for column in others)
        yield f"SET LOCAL client_min_messages = warning; ALTER TABLE {twin.path} {drops}"


def _narrowed(connection: Connection, twin: Twin) -> Twin:
    """The twin as it is after columns were taken away."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT * FROM {twin.path} WHERE false")
        left = {column.name for column in cursor.description}
        cursor.execute(COMPARES_ROWS, [twin.path])
        (compares_rows,) = cursor.fetchone()
    columns = tuple(column for column in twin.columns if column.name in left)
    return replace(twin, columns=columns, compares_rows=compares_rows)


def _function_sql(twin: Twin, columns: tuple[str, ...], name: str) -> str:
    known = {column.name: column.sql_type for column in twin.columns}
    fields = {column: f"c{at}" for at, column in enumerate(columns)}
    values = ", ".join(f"typed.{field}" for field in fields.values())
    insert = (
        f"INSERT INTO {twin.path} ({listed(columns)}) VALUES ({values})"
        if columns
        else f"INSERT INTO {twin.path} DEFAULT VALUES"
    )
    types = ", ".join(f"{field} {known[column]}" for column, field in fields.items())
    return TRY.format(name=name, types=types, insert=insert)


def _index(message: str) -> str:
    """The twin's index that a message names: what is too long for an index comes without a constraint."""
    found = OWN_INDEX.search(message)
    return found[0] if found else ""


def _record(texts: list[str | None]) -> str:
    """A row as the input of a composite type."""
    return "(" + ",".join(map(_field, texts)) + ")"


def _field(text: str | None) -> str:
    if text is None:
        return ""
    return '"' + text.replace("\\", "\\\\").replace('"', '""') + '"'
