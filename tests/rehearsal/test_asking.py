"""Questions about later shapes of a table, asked of today's rows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import DatabaseError
from django.db.backends.base.base import BaseDatabaseWrapper

from dbstate.rehearsal.asked import Asked
from dbstate.rehearsal.asking import ask_source
from dbstate.rehearsal.ddl import effects_of
from dbstate.rehearsal.reading import read_only
from dbstate.rehearsal.statements import Emitted
from tests.scratch import execute, fetch, opened, scratch_database


@pytest.fixture(scope="module")
def source(django_db_setup: None, django_db_blocker: Any) -> Iterator[BaseDatabaseWrapper]:
    with django_db_blocker.unblock(), scratch_database() as entry, opened(entry) as connection:
        execute(
            connection,
            "CREATE TABLE p (id int PRIMARY KEY, a text, n bigint, m numeric(8, 3), other int)",
            """INSERT INTO p VALUES (1, 'x', 1, 1.5, 1), (2, 'x', 70000, 2.125, 1), (3, NULL, 3, 3, 9),
               (4, 'yyyy  ', NULL, NULL, NULL)""",
            "CREATE TABLE q (one int, two int, PRIMARY KEY (one, two))",
            "INSERT INTO q VALUES (1, 1), (1, 2), (2, 1)",
        )
        yield connection


def ask(connection: BaseDatabaseWrapper, *operations: str) -> dict[str, Asked]:
    """What each operation of SQL meets, by code."""
    emitted = [
        Emitted("shop.0002", number, "", (sql,), effects_of(sql)) for number, sql in enumerate(operations)
    ]
    answers = ask_source(connection, emitted)
    assert answers.unanswered == ()
    return {asked.code: asked for asked in answers.asked}


def rows(connection: BaseDatabaseWrapper, *operations: str) -> dict[str, tuple[int | None, tuple[str, ...]]]:
    return {code: (asked.rows, asked.keys) for code, asked in ask(connection, *operations).items()}


@pytest.mark.parametrize(
    ("operations", "found"),
    [
        (("ALTER TABLE p ALTER a SET NOT NULL",), {"null-rows": (1, ("3",))}),
        (("ALTER TABLE p RENAME a TO b", "ALTER TABLE p ALTER b SET NOT NULL"), {"null-rows": (1, ("3",))}),
        (("ALTER TABLE p RENAME TO r", "ALTER TABLE r ALTER a SET NOT NULL"), {"null-rows": (1, ("3",))}),
        (
            ("UPDATE p SET a = 'z' WHERE a IS NULL", "ALTER TABLE p ALTER a SET NOT NULL"),
            {"nulls-filled": (1, ("3",))},
        ),
        (
            ("UPDATE p SET a = 'x' WHERE a IS NULL", "ALTER TABLE p ADD CONSTRAINT u UNIQUE (a)"),
            {"nulls-filled": (1, ("3",)), "duplicate-rows": (3, ("1", "2", "3"))},
        ),
        (("ALTER TABLE p ADD CONSTRAINT u UNIQUE (a)",), {"duplicate-rows": (2, ("1", "2"))}),
        (("ALTER TABLE p ADD c int DEFAULT 1 UNIQUE",), {"duplicate-rows": (4, ("1", "2", "3", "4"))}),
        (("ALTER TABLE p ADD c uuid DEFAULT gen_random_uuid() UNIQUE",), {}),
        (("ALTER TABLE p ADD c int NOT NULL",), {"no-default": (4, ("1", "2", "3", "4"))}),
        (
            ("ALTER TABLE p ADD c int DEFAULT 3", "ALTER TABLE p ADD CHECK (c > n)"),
            {"check-broken": (2, ("2", "3"))},
        ),
        (("ALTER TABLE p ALTER n TYPE smallint",), {"out-of-range": (1, ("2",))}),
        (("ALTER TABLE p ALTER m TYPE numeric(8, 1)",), {"loses-digits": (1, ("2",))}),
        (
            ("ALTER TABLE p ALTER m TYPE numeric(2, 2)",),
            {"out-of-range": (3, ("1", "2", "3")), "loses-digits": None},
        ),
        (("ALTER TABLE p ALTER a TYPE varchar(4)",), {"truncates-text": (1, ("4",))}),
        (("ALTER TABLE p ALTER a TYPE varchar(3)",), {"value-too-long": (1, ("4",))}),
        (("ALTER TABLE p ALTER a TYPE varchar(3) USING a::varchar(3)",), {"truncates-text": (1, ("4",))}),
        (("ALTER TABLE p ALTER a TYPE int USING a::int",), {"not-castable": (3, ("1", "2", "4"))}),
        (
            ("ALTER TABLE p ADD CONSTRAINT f FOREIGN KEY (other) REFERENCES p (id)",),
            {"orphan-rows": (1, ("3",))},
        ),
        (("CREATE UNIQUE INDEX u ON q (one)",), {"duplicate-rows": (2, ("(1, 1)", "(1, 2)"))}),
        (("CREATE INDEX i ON p ((1 / (n - 3)))",), {"expression-fails": (1, ("3",))}),
        (("ALTER TABLE p DROP a",), {"values-dropped": (3, ("1", "2", "4"))}),
        (("CREATE TABLE p (id int)",), {"already-there": (None, ())}),
        (("ALTER TABLE p RENAME a TO n",), {"already-there": (None, ())}),
        (("ALTER TABLE p DROP CONSTRAINT nothing",), {"missing": (None, ())}),
    ],
    ids=lambda one: "; ".join(one) if isinstance(one, tuple) else "",
)
def test_rows_are_counted_exactly(
    source: BaseDatabaseWrapper, django_db_blocker: Any, operations: tuple[str, ...], found: dict[str, Any]
) -> None:
    with django_db_blocker.unblock():
        said = rows(source, *operations)
    assert said == {code: told for code, told in found.items() if told is not None}


def test_what_runs_before_makes_an_answer_uncertain(
    source: BaseDatabaseWrapper, django_db_blocker: Any
) -> None:
    with django_db_blocker.unblock():
        after_other = ask(source, "DELETE FROM q WHERE one = 1", "ALTER TABLE p ALTER a SET NOT NULL")
        after_own = ask(source, "UPDATE p SET a = 'z' WHERE id = 3", "ALTER TABLE p ALTER a SET NOT NULL")
    assert after_other["null-rows"].certain
    assert not after_own["null-rows"].certain


def test_the_query_that_is_shown_finds_the_rows(source: BaseDatabaseWrapper, django_db_blocker: Any) -> None:
    with django_db_blocker.unblock():
        asked = ask(source, "ALTER TABLE p RENAME a TO b", "ALTER TABLE p ALTER b SET NOT NULL")["null-rows"]
        assert fetch(source, asked.sql) == 3


def test_nothing_can_be_written_while_it_is_asked(
    source: BaseDatabaseWrapper, django_db_blocker: Any
) -> None:
    with django_db_blocker.unblock():
        with pytest.raises(DatabaseError, match="read-only"), read_only(source):
            execute(source, "DELETE FROM p")
        assert fetch(source, "SELECT count(*) FROM p") == 4
