"""Kept rows against those of later: every way in which rows, columns and tables move."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.db.backends.base.base import BaseDatabaseWrapper

from dbstate.snapshots import (
    Changes,
    ColumnChange,
    DroppedColumn,
    Sample,
    TableChange,
    compare,
    drop_snapshots,
    take,
)
from tests.scratch import execute, opened, scratch_database


@pytest.fixture
def database(django_db_setup: None, django_db_blocker: Any) -> Iterator[BaseDatabaseWrapper]:
    with django_db_blocker.unblock(), scratch_database() as entry, opened(entry) as connection:
        execute(
            connection,
            "CREATE TYPE mood AS ENUM ('sad', 'glad')",
            "CREATE DOMAIN code AS text CHECK (value <> '')",
            """CREATE TABLE person (id serial PRIMARY KEY, name varchar(20), age int, size int, mood mood,
               code code, data json, tags text[], born timestamptz, price numeric(8,4),
               double int GENERATED ALWAYS AS (age * 2) STORED)""",
            """INSERT INTO person (name, age, mood, code, data, tags, born, price) VALUES
               ('Ann', 30, 'sad', 'x', '{"a": 1}', '{p,q}', '2020-02-03 04:05:06+00', 1.2345),
               ('Bob', NULL, NULL, NULL, NULL, NULL, NULL, NULL),
               ('Eve', 50, 'glad', 'y', '[]', '{}', '2021-01-01', 7)""",
        )
        yield connection


def after(connection: BaseDatabaseWrapper, *statements: str, pairing: Any = "identity") -> Changes:
    """What the statements change."""
    drop_snapshots(connection)
    before = take(connection, "start")
    execute(connection, *statements)
    return compare(connection, before, pairing=pairing, samples=5)


def one_table(changes: Changes) -> TableChange:
    (change,) = changes.tables
    return change


def one_column(changes: Changes) -> ColumnChange:
    (column,) = one_table(changes).columns
    return column


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT 1",
        "UPDATE person SET name = name",
        "VACUUM FULL person",
        "ALTER TABLE person RENAME TO people",
        "ALTER TABLE person RENAME name TO called",
        "ALTER TABLE person ADD extra int NOT NULL DEFAULT 5",
        "ALTER TABLE person ALTER size TYPE bigint",
        "ALTER TABLE person ALTER size TYPE numeric(10, 2)",
        "ALTER TABLE person ALTER name TYPE text",
        "ALTER TABLE person ALTER id TYPE bigint",
        "ALTER TABLE person ALTER id TYPE text",
        "ALTER TABLE person ALTER mood TYPE text",
        "ALTER TABLE person ALTER code TYPE text",
        "ALTER TABLE person ALTER born TYPE timestamp",
        "ALTER TYPE mood ADD VALUE 'bored'",
    ],
)
def test_these_change_nothing(database: BaseDatabaseWrapper, statement: str) -> None:
    changes = after(database, statement)
    assert changes.tables == changes.new_tables == ()


def test_what_the_rows_were_stored_with_may_be_dropped(database: BaseDatabaseWrapper) -> None:
    changes = after(database, "ALTER TABLE person DROP mood, DROP code", "DROP TYPE mood", "DROP DOMAIN code")
    assert one_table(changes).dropped == (
        DroppedColumn("mood", "mood", 2, (Sample("1", "sad"), Sample("3", "glad"))),
        DroppedColumn("code", "code", 2, (Sample("1", "x"), Sample("3", "y"))),
    )


def test_rows_lost_and_gained_are_told_by_key(database: BaseDatabaseWrapper) -> None:
    change = one_table(
        after(database, "DELETE FROM person WHERE id = 2", "INSERT INTO person (name) VALUES ('x'), ('y')")
    )
    assert (change.rows_before, change.rows_after) == (3, 4)
    assert (change.lost, change.lost_keys) == (1, ("2",))
    assert (change.gained, change.gained_keys) == (2, ("4", "5"))
    assert change.columns == ()


def test_values_are_counted_with_those_that_came_and_went(database: BaseDatabaseWrapper) -> None:
    column = one_column(
        after(
            database,
            "ALTER TABLE person RENAME name TO called",
            "UPDATE person SET called = CASE id WHEN 1 THEN NULL WHEN 2 THEN 'Rob' ELSE called END",
        )
    )
    assert column == ColumnChange(
        column="name",
        column_after="called",
        type_before="character varying(20)",
        type_after="character varying(20)",
        rows=2,
        nulled=1,
        filled=0,
        samples=(Sample("1", "Ann", None), Sample("2", "Bob", "Rob")),
    )


@pytest.mark.parametrize(
    ("statement", "rows"),
    [
        ("ALTER TABLE person ALTER price TYPE numeric(8, 2)", 1),
        ("ALTER TABLE person ALTER name TYPE varchar(2) USING name::varchar(2)", 3),
        ("ALTER TABLE person ALTER born TYPE date", 1),
        ("ALTER TABLE person ALTER price TYPE int", 1),
    ],
)
def test_a_type_that_holds_less_is_seen(database: BaseDatabaseWrapper, statement: str, rows: int) -> None:
    assert one_column(after(database, statement)).rows == rows


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE person SET mood = 'glad' WHERE id = 1",
        "UPDATE person SET data = '{\"a\":1}' WHERE id = 1",
        "UPDATE person SET tags = '{q,p}' WHERE id = 1",
        "UPDATE person SET code = 'X' WHERE id = 1",
        "UPDATE person SET born = born + interval '1 microsecond' WHERE id = 1",
    ],
)
def test_a_change_of_every_kind_of_value_is_seen(database: BaseDatabaseWrapper, statement: str) -> None:
    assert one_column(after(database, statement)).rows == 1


def test_a_label_of_an_enum_that_is_renamed_is_seen(database: BaseDatabaseWrapper) -> None:
    column = one_column(after(database, "ALTER TYPE mood RENAME VALUE 'sad' TO 'blue'"))
    assert (column.column, column.rows) == ("mood", 1)


def test_of_rows_that_nobody_wrote_a_dropped_column_is_told(database: BaseDatabaseWrapper) -> None:
    execute(database, "CREATE TABLE plain (id int PRIMARY KEY, v int)", "INSERT INTO plain VALUES (1, 1)")
    change = one_table(after(database, "ALTER TABLE plain DROP v"))
    assert [(one.column, one.held) for one in change.dropped] == [("v", 1)]
    execute(database, "DELETE FROM plain")
    execute(database, "INSERT INTO plain VALUES (2), (3)")
    change = one_table(after(database, "DELETE FROM plain WHERE id = 2", "INSERT INTO plain VALUES (4)"))
    assert (change.lost_keys, change.gained_keys) == (("2",), ("4",))


def test_a_column_that_came_back_with_a_default_is_not_the_same(database: BaseDatabaseWrapper) -> None:
    execute(database, "CREATE TABLE plain (id int PRIMARY KEY, v int)", "INSERT INTO plain VALUES (1, 1)")
    column = one_column(after(database, "ALTER TABLE plain DROP v", "ALTER TABLE plain ADD v int DEFAULT 5"))
    assert column.samples == (Sample("1", "1", "5"),)


def test_a_column_that_replaced_another_is_taken_for_it(database: BaseDatabaseWrapper) -> None:
    changes = after(
        database,
        "ALTER TABLE person ADD new_name text",
        "UPDATE person SET new_name = name",
        "ALTER TABLE person DROP name",
        "ALTER TABLE person RENAME new_name TO name",
    )
    assert changes.tables == ()


def test_a_table_that_is_gone_is_lost_as_a_whole(database: BaseDatabaseWrapper) -> None:
    change = one_table(after(database, "DROP TABLE person", "CREATE TABLE other (id int)"))
    assert (change.table_after, change.lost, change.rows_after) == (None, 3, 0)


def test_a_table_that_came_back_empty_has_lost_its_rows(database: BaseDatabaseWrapper) -> None:
    changes = after(
        database,
        "DROP TABLE person",
        "CREATE TABLE person (id serial PRIMARY KEY, name varchar(20))",
        pairing="name",
    )
    change = one_table(changes)
    assert (change.table_after, change.lost, change.rows_after) == ("person", 3, 0)
    assert len(change.dropped) == 9


def test_a_table_that_took_the_name_of_another_is_new(database: BaseDatabaseWrapper) -> None:
    changes = after(
        database,
        "ALTER TABLE person RENAME TO old_person",
        "CREATE TABLE person AS SELECT id, name FROM old_person LIMIT 1",
    )
    assert changes.tables == ()
    assert changes.new_tables == (("person", 1),)


def test_rows_without_a_key_are_compared_as_a_whole(database: BaseDatabaseWrapper) -> None:
    execute(database, "CREATE TABLE log (line text, at json)")
    execute(database, "INSERT INTO log VALUES ('a', '1'), ('a', '1'), ('b', NULL)")
    change = one_table(after(database, "UPDATE log SET line = 'c' WHERE line = 'b'"))
    assert (change.keyed, change.lost, change.gained, change.rows_before, change.rows_after) == (
        (False, 1, 1, 3, 3)
    )
    assert one_table(after(database, "DELETE FROM log WHERE ctid = (SELECT min(ctid) FROM log)")).lost == 1


def test_a_key_of_several_columns_and_one_that_is_gone(database: BaseDatabaseWrapper) -> None:
    execute(database, "CREATE TABLE pair (a int, b text, c int, PRIMARY KEY (a, b))")
    execute(database, "INSERT INTO pair VALUES (1, 'x', 10), (1, 'y', 20), (2, 'x', 30)")
    column = one_column(after(database, "UPDATE pair SET c = 0 WHERE a = 1"))
    assert column.samples == (Sample("1, x", "10", "0"), Sample("1, y", "20", "0"))
    assert not one_table(after(database, "ALTER TABLE pair DROP a")).keyed


def test_partitions_and_other_schemas_are_compared(database: BaseDatabaseWrapper) -> None:
    execute(
        database,
        "CREATE SCHEMA far",
        "CREATE TABLE far.part (id int PRIMARY KEY, v int) PARTITION BY RANGE (id)",
        "CREATE TABLE far.part_1 PARTITION OF far.part FOR VALUES FROM (0) TO (10)",
        "INSERT INTO far.part VALUES (1, 1), (2, 2)",
    )
    change = one_table(after(database, "UPDATE far.part SET v = 3"))
    assert (change.table, change.columns[0].rows) == ("far.part", 2)


def test_values_that_stay_since_a_moment_between_are_told(database: BaseDatabaseWrapper) -> None:
    before = take(database, "start")
    execute(database, "UPDATE person SET age = 1, name = name || '!'")
    between = take(database, "between")
    execute(database, "UPDATE person SET age = 2 WHERE id = 2", "UPDATE person SET name = left(name, 3)")
    changes = compare(database, before, pairing="name", samples=5, between=between)
    kept = {column.column: (column.rows, column.kept) for column in one_table(changes).columns}
    assert kept == {"age": (3, 2), "double": (3, 2)}


def test_odd_names_and_no_columns(database: BaseDatabaseWrapper) -> None:
    execute(
        database,
        'CREATE TABLE "Odd ""one%" ("a b" int PRIMARY KEY, "ü%s" text)',
        """INSERT INTO "Odd ""one%" VALUES (1, 'x')""",
        "CREATE TABLE nothing ()",
    )
    column = one_column(after(database, 'UPDATE "Odd ""one%" SET "ü%s" = NULL'))
    assert (column.column, column.nulled) == ("ü%s", 1)


def test_a_collation_that_is_dropped_is_no_matter(database: BaseDatabaseWrapper) -> None:
    execute(
        database,
        """CREATE COLLATION same FROM "C" """,
        "CREATE TABLE word (id int PRIMARY KEY, w text COLLATE same)",
        "INSERT INTO word VALUES (1, 'a')",
    )
    changes = after(
        database,
        "UPDATE word SET w = 'A'",
        "ALTER TABLE word ALTER w TYPE text",
        "DROP COLLATION same",
    )
    assert one_column(changes).rows == 1


@pytest.mark.parametrize(
    ("kind", "texts", "changed"),
    [
        ("jsonb", ['{"b":1, "a":2}', "[1,2]"], 0),
        ("uuid", ["A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11"], 0),
        ("boolean", ["yes", "t"], 0),
        ("numeric", ["1.50", "2"], 0),
        ("numeric", ["1.50", "01"], 1),
        ("numeric(4,1)", ["1.25", " 3", "4"], 2),
        ("double precision", ["1.5", "2e3"], 0),
        ("integer", ["7", "+8", "09"], 2),
        ("date", ["2024-1-5", "2024-01-05 12:00"], 1),
        ("inet", ["10.0.0.1", "10.0.0.1/32"], 0),
    ],
)
def test_text_that_was_of_another_type_is_compared_by_its_value(
    database: BaseDatabaseWrapper, kind: str, texts: list[str], changed: int
) -> None:
    execute(database, "CREATE TABLE t (id int PRIMARY KEY, v text)")
    for number, text in enumerate(texts):
        execute(database, f"INSERT INTO t VALUES ({number}, '{text}')")
    before = take(database, "start")
    execute(database, f"ALTER TABLE t ALTER v TYPE {kind} USING v::{kind}")
    there = compare(database, before, pairing="identity", samples=5)
    execute(database, "ALTER TABLE t ALTER v TYPE text")
    back = compare(database, before, pairing="name", samples=5, through=there.layout)
    for changes in (there, back):
        assert sum(column.rows for table in changes.tables for column in table.columns) == changed


@pytest.mark.parametrize(
    ("statements", "rewritten", "lossy"),
    [
        (["ALTER TABLE person ALTER age TYPE text"], 0, 0),
        (["ALTER TABLE person ALTER price TYPE numeric(8,1)"], 0, 1),
        (["ALTER TABLE person ALTER name TYPE char(2) USING name::char(2)"], 0, 3),
        (["UPDATE person SET age = 31 WHERE id = 1", "ALTER TABLE person ALTER age TYPE text"], 1, 1),
        (["UPDATE person SET age = 1 WHERE id = 2", "ALTER TABLE person ALTER age TYPE text"], 0, 1),
        (["UPDATE person SET name = '7'", "ALTER TABLE person ALTER name TYPE int USING name::int"], 3, 3),
    ],
)
def test_of_another_type_what_no_cast_explains_is_told(
    database: BaseDatabaseWrapper, statements: list[str], rewritten: int, lossy: int
) -> None:
    changes = after(database, "ALTER TABLE person DROP double", *statements)
    columns = [column for change in changes.tables for column in change.columns]
    assert [(one.rewritten, one.lossy) for one in columns] == ([(rewritten, lossy)] if columns else [])
    assert bool(columns) == bool(rewritten or lossy)
    assert [len(one.rewritten_samples) for one in columns] == ([rewritten] if columns else [])


def test_truths_that_become_numbers_are_the_same(database: BaseDatabaseWrapper) -> None:
    execute(database, "ALTER TABLE person ADD here bool DEFAULT true")
    column = one_column(
        after(database, "ALTER TABLE person ALTER here DROP DEFAULT, ALTER here TYPE int USING here::int")
    )
    assert (column.rows, column.rewritten, column.lossy) == (3, 0, 0)
