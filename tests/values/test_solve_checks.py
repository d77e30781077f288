"""CHECKs as real projects have them, solved against a real PostgreSQL."""

from __future__ import annotations

import datetime as dt
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from typing import Any

import psycopg
import pytest
from django.db import connections
from psycopg.types.json import Jsonb
from psycopg.types.range import Range

from dbstate.catalog import Column
from dbstate.values.solving import MISSING, Problem, Unsolvable, solve
from dbstate.values.solving.literals import kind_of

WORDS = (
    "Ada Lovelace",
    "Zürich",
    "東京タワー",
    "Olá Mundo",
    "hello world",
    "Ωmega three",
    "Москва",
    "green Tea",
)


def natural(sql_type: str, row: int) -> object:
    """A value as the values room would give it: right in type, blind to conditions."""
    kind = kind_of(sql_type)
    if kind == "array":
        element = sql_type.split("[")[0]
        return [natural(element, row + at) for at in range(row % 3 + 1)]
    makers: dict[str, Callable[[], object]] = {
        "integer": lambda: (row * 7919) % 1000 + 1,
        "decimal": lambda: Decimal((row * 7919) % 100000) / 100,
        "float": lambda: float((row * 7919) % 1000) + 0.5,
        "text": lambda: f"{WORDS[row % len(WORDS)]} {row}",
        "boolean": lambda: row % 2 == 0,
        "date": lambda: dt.date(2020, 1, 1) + dt.timedelta(days=(row * 37) % 2000),
        "datetime": lambda: (
            dt.datetime(2020, 1, 1, 9, 30, tzinfo=dt.UTC if "tz" in sql_type else None)
            + dt.timedelta(hours=(row * 997) % 30000)
        ),
        "time": lambda: dt.time(row % 24, (row * 7) % 60),
        "duration": lambda: dt.timedelta(hours=row % 100),
        "uuid": lambda: uuid.UUID(int=row * 2**64 + 4),
        "json": lambda: {"note": WORDS[row % len(WORDS)], "count": row},
        "ip": lambda: f"198.51.100.{row % 250 + 1}",
    }
    if kind == "range":
        inner = {
            "int4range": "integer",
            "daterange": "date",
            "numrange": "decimal",
            "tstzrange": "timestamptz",
        }
        low = natural(inner[sql_type], row)
        step: Any = dt.timedelta(days=3) if sql_type in ("daterange", "tstzrange") else 5
        return Range(low, low + step, "[)")
    return makers[kind]()


def column(name: str, sql_type: str) -> Column:
    kind: Any = kind_of(sql_type)
    length = int(sql_type.split("(")[1].rstrip(")")) if sql_type.startswith("varchar(") else None
    decimals = (
        [int(part) for part in sql_type.split("(")[1].rstrip(")").split(",")]
        if sql_type[:7] == "numeric"
        else None
    )
    element = None
    if kind == "array":
        element = column("element", sql_type.split("[")[0])
    if kind == "range":
        element = column("element", {"int4range": "int", "daterange": "date", "numrange": "numeric(8,2)",
                                     "tstzrange": "timestamptz"}[sql_type])  # fmt: skip
    return Column(
        name, name, kind, sql_type, max_length=length, element=element,
        least=-(2**31) if sql_type == "int" else None, greatest=2**31 - 1 if sql_type == "int" else None,
        max_digits=decimals[0] if decimals else None, decimal_places=decimals[1] if decimals else None,
    )  # fmt: skip


def problem(columns: str, *expressions: str, edge_names: tuple[str, ...] = (), edges: Any = None) -> Problem:
    """``a int, b text?``: a question mark says that the column may be NULL."""
    parts = [part.strip().rsplit(" ", 1) for part in columns.split(";")]
    types = {name: sql_type.rstrip("?") for name, sql_type in parts}
    return Problem(
        table="shop.Thing",
        columns=tuple(column(name, sql_type) for name, sql_type in types.items()),
        expressions=expressions,
        natural=lambda name, row: natural(types[name], row),
        edges=edges or (lambda name, edge, row: MISSING),
        nullable=frozenset(name for name, sql_type in parts if sql_type.endswith("?")),
        seed=7,
        edge_names=edge_names,
    )


@pytest.fixture
def connection(db: None) -> psycopg.Connection[Any]:
    django = connections["default"]
    if django.vendor != "postgresql":
        pytest.skip("no PostgreSQL to judge the tuples")
    django.ensure_connection()
    connection: psycopg.Connection[Any] = django.connection
    return connection


def judge_of(
    connection: psycopg.Connection[Any], task: Problem
) -> Callable[[Sequence[tuple[object, ...]]], list[str | None]]:
    """A judge: a temporary table with the conditions, each candidate in its own savepoint."""
    fields = ", ".join(
        f'"{c.name}" {c.sql_type}{"" if c.name in task.nullable else " NOT NULL"}' for c in task.columns
    )
    checks = "".join(f", CONSTRAINT c{at} CHECK ({text})" for at, text in enumerate(task.expressions))
    connection.execute("DROP TABLE IF EXISTS twin")
    connection.execute(f"CREATE TEMP TABLE twin ({fields}{checks})".encode())
    statement = f"INSERT INTO twin VALUES ({', '.join(['%s'] * len(task.columns))})".encode()

    def judge(candidates: Sequence[tuple[object, ...]]) -> list[str | None]:
        verdicts: list[str | None] = []
        with connection.transaction():
            for candidate in candidates:
                values = [
                    Jsonb(v) if c.kind == "json" else v for c, v in zip(task.columns, candidate, strict=True)
                ]
                try:
                    with connection.transaction():
                        connection.execute(statement, values)
                    verdicts.append(None)
                except psycopg.Error as error:
                    verdicts.append(error.diag.constraint_name or error.sqlstate or "?")
        return verdicts

    return judge


EAN = ("code ~ '^[0-9]{13}$' AND (" + " + ".join(
    f"substr(code, {at}, 1)::int * {1 if at % 2 else 3}" for at in range(1, 13)
) + " + substr(code, 13, 1)::int) % 10 = 0")  # fmt: skip

CHECKS = {
    "positive": ("a int", "a > 0"),
    "narrow": ("a int", "a BETWEEN 100000 AND 100003"),
    "even": ("a int", "a % 2 = 0"),
    "multiple": ("a int", "mod(a, 25) = 0 AND a > 5000"),
    "power of two": ("a int", "a > 0 AND (a & (a - 1)) = 0"),
    "square": ("a int;b int", "b = a * a AND a < 1000"),
    "in": ("status text", "status IN ('draft', 'sent', 'paid')"),
    "any array": (
        "status varchar(10)",
        "((status)::text = ANY ((ARRAY['a'::character varying, 'b'::character varying])::text[]))",
    ),
    "xor null": ("a int?;b int?", "(a IS NULL) <> (b IS NULL)"),
    "num_nonnulls": ("a int?;b int?;c int?", "num_nonnulls(a, b, c) = 1"),
    "cast sum": (
        "a int?;b int?;c int?",
        "(a IS NOT NULL)::int + (b IS NOT NULL)::int + (c IS NOT NULL)::int = 2",
    ),
    "shipped": (
        "status text;shipped_at timestamptz?",
        "status IN ('new','shipped')",
        "(status = 'shipped') = (shipped_at IS NOT NULL)",
    ),
    "state machine": (
        "status text;paid_at date?;refunded_at date?",
        "CASE status WHEN 'new' THEN paid_at IS NULL AND refunded_at IS NULL"
        " WHEN 'paid' THEN paid_at IS NOT NULL AND refunded_at IS NULL"
        " WHEN 'refunded' THEN refunded_at >= paid_at AND paid_at IS NOT NULL ELSE false END",
    ),
    "sum 100": ("a int;b int;c int", "a + b + c = 100", "a >= 0 AND b >= 0 AND c >= 0"),
    "coalesced sum": (
        "a numeric(5,2)?;b numeric(5,2)?",
        "coalesce(a,0) + coalesce(b,0) = 100",
        "a >= 0",
        "b >= 0",
    ),
    "product": (
        "price numeric(8,2);quantity int;total numeric(10,2)",
        "total = price * quantity",
        "quantity > 0",
    ),
    "tax": (
        "net numeric(10,2);rate numeric(4,2);gross numeric(12,2)",
        "gross = round(net * (1 + rate / 100), 2)",
        "rate IN (0, 7, 19)",
    ),
    "discount": (
        "price numeric(8,2);sale numeric(8,2)?",
        "sale IS NULL OR (sale < price AND sale >= price * 0.5)",
    ),
    "between columns": ("low int;mid int;high int", "mid BETWEEN low AND high", "high - low <= 10"),
    "start end": ("s date;e date", "e > s"),
    "max interval": ("s timestamptz;e timestamptz", "e > s AND e - s <= interval '30 days'"),
    "hours": ("s timestamptz;e timestamptz", "extract(epoch from (e - s)) / 3600 BETWEEN 1 AND 8"),
    "same day": ("s timestamp;e timestamp", "s::date = e::date AND s < e"),
    "weekday": ("d date", "extract(isodow from d) < 6"),
    "first of month": ("d date", "date_trunc('month', d) = d"),
    "year": ("d date", "date_part('year', d) = 2024"),
    "month end": ("d date", "d = (date_trunc('month', d) + interval '1 month' - interval '1 day')::date"),
    "birth year": ("y int;d date", "y = extract(year from d) AND y BETWEEN 1900 AND 2100"),
    "adult": ("born date;joined date", "age(joined, born) >= interval '18 years'"),
    "hour": ("t time", "t >= '09:00' AND t < '17:00'"),
    "EAN": ("code varchar(13)", EAN),
    "Luhn-ish": (
        "code text",
        "code ~ '^[0-9]{4}$' AND substr(code,4,1)::int = (10 - (substr(code,1,1)::int * 3"
        " + substr(code,2,1)::int + substr(code,3,1)::int * 3) % 10) % 10",
    ),
    "currency": ("code varchar(3)", "code ~ '^[A-Z]{3}$'"),
    "semver": ("v text", r"v ~ '^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-[0-9A-Za-z.-]+)?$'"),
    "email": ("mail text", r"mail ~* '^[A-Z0-9._%+-]+@[A-Z0-9.-]+\.[A-Z]{2,}$'"),
    "phone": ("tel varchar(16)", r"tel ~ '^\+[1-9]\d{6,14}$'"),
    "hex colour": ("colour varchar(7)", "colour ~* '^#[a-f0-9]{6}$'"),
    "slug": ("slug varchar(50)", "slug ~ '^[a-z0-9]+(?:-[a-z0-9]+)*$'"),
    "POSIX class": ("code text", "code ~ '^[[:upper:]]{2}[[:digit:]]{4,6}$'"),
    "look ahead": ("pw text", r"pw ~ '^(?=.*[0-9])(?=.*[A-Z])[A-Za-z0-9]{8,}$'"),
    "similar": ("code text", "code SIMILAR TO '[A-Z]{2}-(red|blue)_%'"),
    "like": ("code text", "code LIKE 'INV-____-%'"),
    "not like": ("code text", "code NOT LIKE '% %' AND code NOT ILIKE '%a%'"),
    "not regex": ("code text", "code !~ '[^a-z]' AND length(code) = 7"),
    "escaped like": ("code text", r"code LIKE 'a\_b%'"),
    "iban": ("iban varchar(34)", "iban ~ '^DE[0-9]{20}$' AND char_length(iban) = 22"),
    "plate": ("plate text", "plate ~ '^[A-Z]{1,3}-[A-Z]{1,2} [1-9][0-9]{0,3}$' AND length(plate) <= 8"),
    "length equal": ("a text;b text", "length(a) = length(b)"),
    "octets": ("a text", "octet_length(a) <= 8 AND char_length(a) >= 3"),
    "lower": ("x text", "lower(x) = x"),
    "upper cast": ("x varchar(20)", "(upper((x)::text) = (x)::text) AND x COLLATE \"C\" <> ''"),
    "trimmed": ("x text", "btrim(x) = x AND x <> ''"),
    "no spaces": ("x text", "position(' ' in x) = 0"),
    "at sign": ("x text", "position('@' in x) > 1 AND split_part(x, '@', 2) = 'example.com'"),
    "prefix": ("x text", "starts_with(x, 'AB-')"),
    "left right": ("x text", "left(x, 2) = 'ZZ' AND right(x, 1) = '9'"),
    "substring": ("x text", "substring(x from 1 for 3) = 'abc' AND length(x) = 10"),
    "only digits": ("x text", "regexp_replace(x, '[^0-9]', '', 'g') = x AND x <> ''"),
    "reversed": ("a text;b text", "b = reverse(a)"),
    "code of parts": ("a text;n int;code text", "code = a || '-' || n"),
    "ascii only": ("x text", "x ~ '^[ -~]+$'"),
    "full name": ("first text;last text;whole text", "whole = first || ' ' || last", "length(first) < 30"),
    "json key": ("data jsonb", "data ? 'kind'"),
    "json keys": ("data jsonb", "data ?& array['a', 'b'] AND NOT data ? 'c'"),
    "json any key": ("data jsonb", "data ?| array['a', 'b']"),
    "json text": ("data jsonb", "data ->> 'kind' IN ('a', 'b')"),
    "json number": (
        "data jsonb",
        "(data -> 'size' ->> 'w')::int > 3 AND (data #>> '{size,h}')::numeric <= 10",
    ),
    "json type": ("data jsonb", "jsonb_typeof(data) = 'object' AND jsonb_typeof(data -> 'tags') = 'array'"),
    "json array": (
        "data jsonb",
        "jsonb_typeof(data -> 'items') = 'array' AND jsonb_array_length(data -> 'items') BETWEEN 2 AND 4",
    ),
    "json contains": ("data jsonb", """data @> '{"version": 2, "on": {"x": true}}'::jsonb"""),
    "json equal": ("data jsonb", """(data #> '{a,b}') = '"x"'::jsonb"""),
    "json path": ("data jsonb", "jsonb_path_exists(data, '$.price')"),
    "json path filter": ("data jsonb", "data @? '$.items[*] ? (@ > 2)'"),
    "json schema version": ("v int;data jsonb", "(data ->> 'v')::int = v AND v IN (1, 2)"),
    "array length": ("tags text[]", "array_length(tags, 1) BETWEEN 2 AND 5"),
    "array size": ("tags text[]", "cardinality(tags) = 3"),
    "array member": ("tags text[]", "'main' = ANY(tags)"),
    "array subset": ("tags text[]", "tags <@ ARRAY['a', 'b', 'c'] AND cardinality(tags) > 0"),
    "array holds": ("tags text[]", "tags @> ARRAY['a'] AND array_position(tags, 'z') IS NULL"),
    "array overlap": ("nums int[]", "nums && ARRAY[1, 2, 3]"),
    "array first": ("tags text[]", "tags[1] = 'root'"),
    "array count": ("n int;tags text[]", "n = cardinality(tags)"),
    "array of default": ("tags text[];main text", "main = ANY(tags)"),
    "range overlap": ("r int4range", "r && '[1,5)'::int4range"),
    "range bounds": ("r int4range", "NOT isempty(r) AND lower(r) >= 0 AND upper(r) <= 24"),
    "range holds": ("r daterange;d date", "r @> d"),
    "range open": ("r daterange", "upper_inf(r) AND lower(r) >= '2020-01-01'"),
    "range size": ("r int4range", "upper(r) - lower(r) = 7"),
    "latitude": (
        "lat numeric(9,6);lng numeric(9,6)",
        "lat BETWEEN -90 AND 90",
        "lng BETWEEN -180 AND 180",
        "lat <> 0 OR lng <> 0",
    ),
    "greatest": ("a int;b int", "greatest(a, b) < 10 AND least(a, b) > 3"),
    "different": ("a int;b int", "a <> b AND a < 3 AND b < 3 AND a > 0 AND b > 0"),
    "tuple": ("a int;b int", "(a, b) = (4, 5)"),
    "distinct from": ("a int?;b int?", "a IS DISTINCT FROM b"),
    "boolean": ("on_sale boolean;price int?", "NOT on_sale OR (price IS NOT NULL AND price < 10)"),
    "implication": ("active boolean;ended date?", "active = (ended IS NULL)"),
    "network": ("ip inet", "ip << inet '10.0.0.0/8'"),
    "nullif": ("a text?;b text?", "NULLIF(a, '') IS NOT NULL OR NULLIF(b, '') IS NOT NULL"),
    "duration": ("d interval", "d > '0'::interval AND d <= '1 day'::interval"),
    "uuid version": ("u uuid", "substring(u::text from 15 for 1) = '4'"),
    "zone": ("ts timestamptz", "(ts AT TIME ZONE 'UTC')::time >= '22:00'"),
    "rounded": ("a numeric(10,4)", "a = round(a, 1) AND a > 0"),
    "digits sum": ("a int", "a BETWEEN 100 AND 999 AND (a / 100 + (a / 10) % 10 + a % 10) = 5"),
    "unread function": ("x text", "md5(x) < '4'"),
    "factorial": ("a int", "factorial(a) = 120"),
    "polynomial": ("a int", "a * a - 5 * a + 6 = 0"),
}


@pytest.mark.parametrize("name", CHECKS)
def test_check_is_solved(name: str, connection: psycopg.Connection[Any]) -> None:
    columns, *expressions = CHECKS[name]
    task = problem(columns, *expressions)
    judge = judge_of(connection, task)
    pool = solve(task, judge, wanted=6)
    assert pool.accepted
    assert judge(pool.accepted) == [None] * len(pool.accepted)
    assert all(any(v is not None for v in candidate) or task.nullable for candidate in pool.accepted)


def measured(connection: psycopg.Connection[Any]) -> Iterator[tuple[str, float, int, int]]:
    """Seconds of our own, candidates asked and accepted for each of the CHECKs."""
    for name, (columns, *expressions) in CHECKS.items():
        task = problem(columns, *expressions)
        judge, away = judge_of(connection, task), [0.0]

        def timed(
            candidates: Sequence[tuple[object, ...]], judge: Any = judge, away: list[float] = away
        ) -> Any:
            begun = time.perf_counter()
            verdicts = judge(candidates)
            away[0] += time.perf_counter() - begun
            return verdicts

        begun = time.perf_counter()
        try:
            pool = solve(task, timed, wanted=6)
            yield name, time.perf_counter() - begun - away[0], pool.tried, len(pool.accepted)
        except Unsolvable as error:
            yield name, time.perf_counter() - begun - away[0], error.tried, 0
