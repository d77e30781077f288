"""One wording for what models and databases say differently."""

from __future__ import annotations

import pytest

from dbstate.catalog.wording import alike, worded_type

TYPES = {
    "varchar(20)": "character varying(20)",
    "VARCHAR(20)[]": "character varying(20)[]",
    "integer[][]": "integer[]",
    "int[4]": "integer[]",
    "numeric(10, 2)": "numeric(10,2)",
    "timestamptz": "timestamp with time zone",
    "timestamp(3) with time zone": "timestamp(3) with time zone",
    "timestamp": "timestamp without time zone",
    "time": "time without time zone",
    "double precision": "double precision",
    "serial": "integer",
    "bool": "boolean",
    'varchar(5) COLLATE "C"': "character varying(5)",
    "bit varying(3)": "bit varying(3)",
    "geometry(POINT,4326)": "geometry(point,4326)",
    '"Odd"': '"Odd"',
    "mood": "mood",
}

SAME = {
    """ "a" IN ('x', 'y') """: "((a)::text = ANY ((ARRAY['x'::character varying, 'y'::text])::text[]))",
    """ NOT "a" IN (1, 2) """: "(a <> ALL (ARRAY[1, 2]))",
    '"a" BETWEEN 1 AND 3': "((a >= 1) AND (a <= 3))",
    '"b" = 1 AND "a" BETWEEN 1 AND 3': "((b = 1) AND (a >= 1) AND (a <= 3))",
    'NOT ("a" = 3)': "(a <> 3)",
    'NOT ("a" IS NULL)': "(a IS NOT NULL)",
    """ "a"::text LIKE E'x\\\\_%' """: r"((a)::text ~~ 'x\_%'::text)",
    """ NOT ("a" LIKE 'x') """: "((a)::text !~~ 'x'::text)",
    'LOWER(TRIM("a")), "b"': "lower(TRIM(BOTH FROM a)), b",
    """ ("d" ->> 'k') = 'v' """: "((d ->> 'k'::text) = 'v'::text)",
    """ ("t" AT TIME ZONE 'UTC') """: "timezone('UTC'::text, t)",
    '"a" > -1': "(a > '-1'::integer)",
    """ "a" + INTERVAL '1 day' """: "(a + '1 day'::interval)",
    "CASE WHEN a > 1 THEN 2 ELSE 3 END": "\nCASE\n    WHEN (a > 1) THEN 2\n    ELSE 3\nEND",
    '("a" = 1 AND ("b" OR "c"))': "((a = 1) AND (b OR c))",
}

DIFFERENT = {
    "a > 3": "a > 4",
    "b > 3": "b >= 3",
    "a = 1 AND b OR c": "a = 1 AND (b OR c)",
    "a LIKE 'x'": "a NOT LIKE 'x'",
    "a IN (1, 2)": "a IN (1, 2, 3)",
    "lower(a)": "upper(a)",
    "a IS NULL": "a IS NOT NULL",
    "a - b": "b - a",
    "TRIM(LEADING FROM a)": "TRIM(a)",
}


@pytest.mark.parametrize("sql_type", TYPES)
def test_types(sql_type: str) -> None:
    assert worded_type(sql_type) == TYPES[sql_type]
    assert worded_type(TYPES[sql_type]) == TYPES[sql_type]


@pytest.mark.parametrize("sql", SAME)
def test_the_same(sql: str) -> None:
    assert alike(sql, SAME[sql])


@pytest.mark.parametrize("sql", DIFFERENT)
def test_not_the_same(sql: str) -> None:
    assert not alike(sql, DIFFERENT[sql])


def test_nothing_is_alike_to_nothing_only() -> None:
    assert alike(None, None)
    assert not alike(None, "a > 1")


def test_what_no_parser_reads_is_compared_as_text() -> None:
    assert alike('"a" ??? @! 1', "(a ??? @! 1::integer)")
    assert not alike('"a" ??? @! 1', "(a ??? @! 2)")
