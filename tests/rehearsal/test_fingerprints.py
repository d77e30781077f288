"""Unique keys, told in the scan that counts everything else."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.db.backends.base.base import BaseDatabaseWrapper

from dbstate.rehearsal import fingerprints
from dbstate.rehearsal.asking import ask_source
from dbstate.rehearsal.ddl import effects_of
from dbstate.rehearsal.statements import Emitted
from tests.scratch import execute, opened, scratch_database


@pytest.fixture(scope="module")
def source(django_db_setup: None, django_db_blocker: Any) -> Iterator[BaseDatabaseWrapper]:
    with django_db_blocker.unblock(), scratch_database() as entry, opened(entry) as connection:
        execute(
            connection,
            "CREATE TABLE p (id int PRIMARY KEY, a text, m numeric, f float8, n int)",
            """INSERT INTO p VALUES (1, 'x', 1.0, 0.0, 1), (2, 'X', 1.00, '-0.0', 2), (3, NULL, 3, 1, NULL),
               (4, NULL, 4, 2, NULL)""",
            "CREATE TABLE parts (id int, a text) PARTITION BY RANGE (id)",
            "CREATE TABLE parts1 PARTITION OF parts FOR VALUES FROM (0) TO (10)",
            "CREATE TABLE parts2 PARTITION OF parts FOR VALUES FROM (10) TO (20)",
            "INSERT INTO parts VALUES (1, 'one'), (11, 'one'), (12, 'two')",
        )
        yield connection


def ask(connection: BaseDatabaseWrapper, *operations: str) -> tuple[dict[str, int | None], list[str]]:
    """The rows by code, and the queries of the tables."""
    emitted = [
        Emitted("shop.0002", number, "", (sql,), effects_of(sql)) for number, sql in enumerate(operations)
    ]
    asked: list[str] = []

    def watch(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if 'FROM "p' in sql:
            asked.append(sql)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(watch):
        answers = ask_source(connection, emitted)
    assert answers.unanswered == ()
    return {one.code: one.rows for one in answers.asked}, asked


UNIQUE = "ALTER TABLE p ADD CONSTRAINT u UNIQUE {}"


@pytest.mark.parametrize("few", [True, False], ids=["hashed", "grouped"])
@pytest.mark.parametrize(
    ("sql", "rows"),
    [
        (UNIQUE.format("(a)"), None),
        (UNIQUE.format("NULLS NOT DISTINCT (a)"), 2),
        (UNIQUE.format("(m)"), 2),
        (UNIQUE.format("(f)"), 2),
        (UNIQUE.format("(m, a)"), None),
        (UNIQUE.format("(m, f)"), 2),
        (UNIQUE.format("(n)"), None),
        (UNIQUE.format("NULLS NOT DISTINCT (n)"), 2),
        ("CREATE UNIQUE INDEX u ON p (lower(a))", 2),
        ("CREATE UNIQUE INDEX u ON p (m) WHERE id > 1", None),
        ("CREATE UNIQUE INDEX u ON p (m) WHERE id < 3", 2),
        ("CREATE UNIQUE INDEX u ON parts (a)", 2),
    ],
)
def test_twins_are_found_by_the_types_own_sameness(
    source: BaseDatabaseWrapper, monkeypatch: pytest.MonkeyPatch, few: bool, sql: str, rows: int | None
) -> None:
    if not few:
        monkeypatch.setattr(fingerprints, "MOST", -1)
    found, _ = ask(source, sql)
    assert found == ({} if rows is None else {"duplicate-rows": rows})


def test_where_nothing_stands_against_it_the_table_is_read_once(source: BaseDatabaseWrapper) -> None:
    found, asked = ask(
        source,
        "ALTER TABLE p ALTER m SET NOT NULL",
        "ALTER TABLE p ADD CONSTRAINT c CHECK (id > 0)",
        UNIQUE.format("(id, a)"),
        "CREATE UNIQUE INDEX v ON p (n)",
    )
    assert (found, len(asked)) == ({}, 1)


def test_a_type_without_a_hash_is_grouped(source: BaseDatabaseWrapper) -> None:
    execute(
        source, "CREATE TABLE p_bits (b bit varying)", "INSERT INTO p_bits VALUES (B'1'), (B'10'), (B'1')"
    )
    found, asked = ask(source, "ALTER TABLE p_bits ADD CONSTRAINT u UNIQUE (b)")
    assert found == {"duplicate-rows": 2}
    assert len(asked) > 1
