"""What SQLite alone has."""

from __future__ import annotations

import datetime as dt
import sqlite3
import uuid
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.db import IntegrityError, models, transaction

from dbstate.backends import JudgeUnavailable, LoadRefused, TableMissing, Unreachable, backend_for
from tests.backends.conftest import Database, table

ODD = 'Öd d%s ""t'
ODD_NAME = ODD.replace('""', '"')


def test_odd_names(sqlite: Database) -> None:
    sqlite.run(
        f'CREATE TABLE "{ODD}" ("{ODD} id" integer PRIMARY KEY AUTOINCREMENT, "{ODD} v" varchar(3), '
        f'"{ODD} n" int CONSTRAINT "{ODD} c" CHECK ("{ODD} n" > 0))'
    )
    sqlite.run(f'CREATE UNIQUE INDEX "{ODD} u" ON "{ODD}" (lower("{ODD} v"))')
    key, text, number = (f"{ODD_NAME} {end}" for end in ("id", "v", "n"))
    odd = table(ODD_NAME, f"{key},{text},{number}", key=key, auto=key)
    backend, connection = sqlite.backend, sqlite.connection
    assert backend.load(connection, odd, [key, text, number], [[4, "a", 1]]) == 1
    assert backend.update(connection, odd, [key], [text, number], [[4, "A%s", 6]]) == 1
    assert sqlite.run(f'SELECT "{ODD} id", "{ODD} v" FROM "{ODD}"') == [(4, "A%s")]
    assert backend.occupancy(connection, [odd], at_most=5) == {ODD_NAME: 1}
    assert backend.next_keys(connection, [odd]) == {ODD_NAME: {key: 5}}
    assert backend.may_insert(connection, odd) == ""
    for only in (None, [text, number]):
        with backend.judge(connection, odd, columns=only) as judge:
            verdicts = judge.try_rows([text, number], [["a%S", 1], ["b", 0], ["c", 1]])
        assert [one and one.constraint for one in verdicts] == [f"{ODD_NAME} u", f"{ODD_NAME} c", None]


def test_judge_with_functions_of_django_and_without_foreign_keys(sqlite: Database) -> None:
    sqlite.run("CREATE TABLE parent (id integer PRIMARY KEY)")
    sqlite.run(
        "CREATE TABLE child (id integer PRIMARY KEY, parent_id int NOT NULL REFERENCES parent (id), "
        "v text CHECK (v REGEXP '^a+$'), g int GENERATED ALWAYS AS (parent_id * 2) VIRTUAL UNIQUE)"
    )
    child = table("child", "id,parent_id,v")
    with sqlite.backend.judge(sqlite.connection, child) as judge:
        rows = [[1, 99, "aa"], [2, 98, "b"], [3, 99, "a"], ["x", 97, "a"]]
        verdicts = judge.try_rows(["id", "parent_id", "v"], rows, keep=True)
    assert [one and one.reason for one in verdicts] == [None, "check", "unique", "format"]


def test_judge_of_some_columns_leaves_out_the_rules_of_others(sqlite: Database) -> None:
    sqlite.run(
        "CREATE TABLE thing (id integer NOT NULL PRIMARY KEY, [a] int NOT NULL, `b` int NOT NULL, "
        "c text NOT NULL DEFAULT 'x, (y' CHECK (c <> ')'), length int, -- a comment, with \"b\"\n"
        "CONSTRAINT pair CHECK (a < b), CONSTRAINT odd CHECK (b < length), "
        "CONSTRAINT long CHECK (length(b) < 3), UNIQUE (a, c), UNIQUE (a, b))"
    )
    thing = table("thing", "id,a,b,c,length")
    with sqlite.backend.judge(sqlite.connection, thing, columns=["a", "b"]) as judge:
        rows = [[1, 2], [2, 1], [1, 2], [1, 1000], [None, 1]]
        verdicts = judge.try_rows(["a", "b"], rows, keep=True)
    assert [one and (one.constraint or one.reason) for one in verdicts] == [
        None,
        "pair",
        "unique",
        "long",
        "not null",
    ]
    with pytest.raises(JudgeUnavailable, match="no column nothing"):
        sqlite.backend.judge(sqlite.connection, thing, columns=["nothing"]).__enter__()
    with pytest.raises(TableMissing):
        sqlite.backend.judge(sqlite.connection, table("nowhere", "id")).__enter__()


def test_judge_of_some_columns_knows_whose_columns_a_foreign_key_names(sqlite: Database) -> None:
    sqlite.run(
        "CREATE TABLE thing (id integer PRIMARY KEY, a int REFERENCES other (id), b int REFERENCES other, "
        "c int, "
        "CONSTRAINT one CHECK ((a IS NULL) <> (b IS NULL)), FOREIGN KEY (a, c) REFERENCES other (id, c))"
    )
    thing = table("thing", "id,a,b,c")
    with sqlite.backend.judge(sqlite.connection, thing, columns=["a", "b"]) as judge:
        verdicts = judge.try_rows(["a", "b"], [[1, None], [None, None], [None, 5]])
    assert [one and one.constraint for one in verdicts] == [None, "one", None]


def test_judge_of_a_partial_unique(sqlite: Database) -> None:
    sqlite.run("CREATE TABLE thing (a int, b int)")
    sqlite.run("CREATE UNIQUE INDEX once ON thing (a) WHERE b > 0")
    with sqlite.backend.judge(sqlite.connection, table("thing", "a,b", key="")) as judge:
        verdicts = judge.try_rows(["a", "b"], [[1, 1], [1, 0], [1, 2]], keep=True)
        assert [bool(one) for one in verdicts] == [False, False, True]
    with sqlite.backend.judge(sqlite.connection, table("thing", "a,b", key=""), columns=["a"]) as judge:
        assert judge.try_rows(["a"], [[1], [1]], keep=True) == [None, None]


def test_existing_rows_arrive_in_the_judge_as_stored(sqlite: Database) -> None:
    sqlite.run("CREATE TABLE thing (d date UNIQUE, b bool, n decimal)")
    sqlite.run("INSERT INTO thing VALUES ('2020-01-01', 7, 1.5), ('not a date', 1, 'x')")
    with sqlite.backend.judge(sqlite.connection, table("thing", "d,b,n", key="")) as judge:
        assert judge.try_rows(["d"], [["2020-01-01"], ["not a date"], ["x"]])[2] is None
        assert all(judge.try_rows(["d"], [["2020-01-01"], ["not a date"]]))


FIELDS: list[tuple[models.Field[Any, Any], Any]] = [
    (models.JSONField(), {"a": [1, "é"]}),
    (models.BinaryField(), b"\x00\xff"),
    (models.DecimalField(max_digits=5, decimal_places=2), Decimal("1.50")),
    (models.UUIDField(), uuid.UUID(int=5)),
    (models.DateTimeField(), dt.datetime(2020, 1, 1, tzinfo=dt.UTC)),
    (models.BooleanField(), True),
    (models.DurationField(), dt.timedelta(days=3, seconds=4)),
]


@pytest.mark.parametrize(("field", "value"), FIELDS)
def test_what_fields_prepare_is_taken(sqlite: Database, field: models.Field[Any, Any], value: Any) -> None:
    field.set_attributes_from_name("v")
    sqlite.run(f"CREATE TABLE thing (v {field.db_type(sqlite.connection)} UNIQUE)")
    thing = table("thing", "v", key="")
    prepared = field.get_db_prep_save(value, sqlite.connection)
    with sqlite.backend.judge(sqlite.connection, thing) as judge:
        assert judge.try_rows(["v"], [[prepared], [prepared]], keep=True)[0] is None
    assert sqlite.backend.load(sqlite.connection, thing, ["v"], [[prepared]]) == 1
    with sqlite.backend.judge(sqlite.connection, thing) as judge:
        assert judge.try_rows(["v"], [[prepared]])[0] is not None


def test_a_refused_load_shows_the_row(sqlite: Database) -> None:
    sqlite.run("CREATE TABLE thing (n int CHECK (n < 2600))")
    thing = table("thing", "n", key="")
    with pytest.raises(LoadRefused) as caught:
        sqlite.backend.load(sqlite.connection, thing, ["n"], ([n] for n in range(3_000)))
    assert caught.value.verdict.detail == "row (2600,)"
    with pytest.raises(LoadRefused, match="range"):
        sqlite.backend.load(sqlite.connection, thing, ["n"], [[2**70]])
    with pytest.raises(LoadRefused, match="not supported"):
        sqlite.backend.load(sqlite.connection, thing, ["n"], [[object()]])
    assert sqlite.run("SELECT count(*) FROM thing") == [(0,)]


def test_a_read_only_and_an_unreachable_file(sqlite: Database, tmp_path: Path) -> None:
    sqlite.run("PRAGMA query_only = ON")
    assert sqlite.backend.describe(sqlite.connection).read_only
    sqlite.run("PRAGMA query_only = OFF")
    connection = sqlite.connection.copy("elsewhere")
    connection.settings_dict["NAME"] = tmp_path / "no" / "such.sqlite3"
    with pytest.raises(Unreachable, match="cannot reach database 'elsewhere'"):
        backend_for(connection).describe(connection)


def test_a_judge_writes_nothing_to_the_file(sqlite: Database) -> None:
    sqlite.run("CREATE TABLE thing (n int UNIQUE)")
    before = sqlite.run("SELECT name, sql FROM sqlite_master")
    with sqlite.backend.judge(sqlite.connection, table("thing", "n", key="")) as judge:
        judge.try_rows(["n"], [[1]], keep=True)
        assert sqlite.run("SELECT name, sql FROM sqlite_master") == before
        assert sqlite.run("SELECT count(*) FROM thing") == [(0,)]
    with pytest.raises(sqlite3.ProgrammingError, match="closed"):
        judge.try_rows(["n"], [[1]])


def test_classify_of_djangos_error(sqlite: Database) -> None:
    sqlite.run("CREATE TABLE thing (a int, b int, UNIQUE (a, b))")
    sqlite.run("INSERT INTO thing VALUES (1, 1)")
    with (
        pytest.raises(IntegrityError) as caught,
        transaction.atomic(using=sqlite.connection.alias),
    ):
        sqlite.run("INSERT INTO thing VALUES (1, 1)")
    verdict = sqlite.backend.classify(caught.value)
    assert (verdict.reason, verdict.table, verdict.column) == ("unique", "thing", "")
