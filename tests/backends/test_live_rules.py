"""What a database knows of a table besides its models."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from django.apps import apps

from dbstate.backends.postgresql_rules import of_column
from dbstate.catalog.tables import Check, Column, Exclusion, ForeignKey, GenericKey, Table, Unique
from dbstate.introspection import read_catalog
from tests.backends.conftest import Database, table
from tests.backends.test_postgresql import ODD, ODD_NAME


def column(name: str, kind: Any = "text", **facts: Any) -> Column:
    return Column(name, name, kind, "", **facts)


def described(*columns: Column, key: tuple[str, ...] = (), **rules: Any) -> Table:
    return Table("thing", "test.Thing", columns, key, **rules)


def live(database: Database, described: Table) -> Table:
    return database.backend.with_live_rules(database.connection, described)


def refusals(database: Database, found: Table, values: dict[str, Any]) -> list[str]:
    """Names of the rules that refuse rows of these values, one after the other."""
    with database.backend.judge(database.connection, found) as judge:
        verdicts = judge.try_rows(list(values), list(zip(*values.values(), strict=True)), keep=True)
    return [one.constraint if one else "" for one in verdicts]


def test_what_django_made_holds_nothing_new(database: Database) -> None:
    if database.vendor == "postgresql":
        own = [one for one in read_catalog(apps) if one.name != "zoo_postgres_databaseknows"]
        assert len(own) > 20
        assert [one for one in own if live(database, one) != one] == []
    assert live(database, table("nowhere", "id")) == table("nowhere", "id")


def test_rules_of_the_example_that_no_model_has(postgres: Database) -> None:
    known = read_catalog(apps)["zoo_postgres_databaseknows"]
    found = live(postgres, known)
    assert found.column("mood").samples == ("calm", "curious", "cross")
    names = ["zoo_pg_raw_dates", "zoo_pg_raw_weight", "zoo_postgres_plate_check"]
    assert [check.name for check in found.checks] == names
    assert replace(found, columns=known.columns, checks=()) == known
    assert live(postgres, found) == found


def test_labels_of_an_enum(postgres: Database) -> None:
    postgres.run("CREATE TYPE mood AS ENUM ('sad', 'it''s \"ok\"', 'glad'); CREATE DOMAIN feeling AS mood")
    postgres.run(
        "CREATE TABLE thing (a mood, b feeling, c mood[], d mood[][], e mood, f mood, g mood, h mood[])"
    )
    inner = column("d", "array", element=column("d"))
    found = live(
        postgres,
        described(
            column("a"),
            column("b", "unknown"),
            column("c", "array", element=column("c")),
            column("d", "array", element=inner),
            column("e", choices=("glad", "sad")),
            column("f", choices=("glad", "angry")),
            column("g", max_length=4),
            column("h", "unknown"),
        ),
    )
    labels = ("sad", 'it\'s "ok"', "glad")
    by_name = {one.name: one for one in found.columns}
    assert by_name["a"].samples == by_name["b"].samples == labels
    assert by_name["b"].kind == "text"
    assert by_name["c"].element == column("c", samples=labels)
    assert by_name["c"].samples == ()
    assert by_name["d"].element == replace(inner, element=column("d", samples=labels))
    assert by_name["e"] == column("e", null=False, choices=("glad", "sad"))
    assert by_name["f"].samples == ("glad",)
    assert by_name["g"].samples == ("sad", "glad")
    assert by_name["h"].kind == "array"
    assert by_name["h"].element is not None
    assert by_name["h"].element.samples == labels


def test_domains(postgres: Database) -> None:
    postgres.run(
        "CREATE DOMAIN code AS varchar(8) "
        "CONSTRAINT code_shape CHECK (VALUE ~ '^[A-Z]+ VALUE$' AND VALUE <> 'VALUE'); "
        "CREATE DOMAIN short_code AS code NOT NULL CONSTRAINT code_short CHECK (length(VALUE) < 9); "
        "CREATE DOMAIN half AS smallint CHECK (VALUE % 2 = 0); "
        "CREATE DOMAIN natural_number AS int CHECK (VALUE >= 0)"
    )
    postgres.run('CREATE TABLE thing ("Odd ""one" short_code, b code, c half, d natural_number)')
    odd = 'Odd "one'
    found = live(
        postgres,
        described(
            column(odd, null=True, blank=True, max_length=20),
            column("b", null=True),
            column("c", "integer", least=-(2**31), greatest=2**31 - 1, null=True),
            column("d", "integer", least=0, greatest=2**31 - 1, null=True),
        ),
    )
    assert found.columns == (
        column(odd, blank=True, max_length=8),
        column("b", null=True, max_length=8),
        column("c", "integer", least=-(2**15), greatest=2**15 - 1, null=True),
        column("d", "integer", least=0, greatest=2**31 - 1, null=True),
    )
    assert [(check.name, check.columns) for check in found.checks] == [
        ("code_short", (odd,)),
        ("code_shape", (odd,)),
        ("code_shape", ("b",)),
        ("half_check", ("c",)),
    ]
    for check in found.checks:
        assert postgres.run(
            f"SELECT count(*) FROM thing WHERE NOT ({check.expression})".replace("%", "%%"), []
        ) == [(0,)]
    rows = {odd: ["A VALUE", "a VALUE", "A VALUE"], "b": [None] * 3, "c": [2, 2, 3], "d": [0] * 3}
    assert refusals(postgres, found, rows) == ["", "code_shape", "half_check"]


def test_value_of_a_domain_is_replaced_where_it_stands_for_the_column() -> None:
    sql = """((VALUE <> 'VALUE'::text) AND (f("VALUE", VALUE) > E'\\'VALUE') AND ("x""VALUE" OR NOT_VALUE))"""
    assert of_column(sql, 'a"b').replace('"a""b"', "@") == (
        """((@ <> 'VALUE'::text) AND (f("VALUE", @) > E'\\'VALUE') AND ("x""VALUE" OR NOT_VALUE))"""
    )


def test_arrays_of_a_domain(postgres: Database) -> None:
    postgres.run(
        "CREATE DOMAIN code AS varchar(8) CONSTRAINT shape CHECK (VALUE ~ '^[A-Z]''+$'); "
        "CREATE DOMAIN small AS int CHECK (VALUE >= 3) CHECK (VALUE <= 9) "
        "CONSTRAINT odd CHECK (VALUE % 2 = 1); "
        "CREATE TABLE thing (a code[], b small[], c varchar(5)[])"
    )
    found = live(
        postgres,
        described(
            column("a", "array", element=column("a", max_length=20)),
            column("b", "array", element=column("b", "integer", least=-(2**31), greatest=2**31 - 1)),
            column("c", "array", element=column("c")),
        ),
    )
    assert [one.element for one in found.columns] == [
        column("a", max_length=8, patterns=("^[A-Z]'+$",)),
        column("b", "integer", least=3, greatest=9),
        column("c", max_length=5),
    ]
    assert found.notes == (
        "elements of b must meet odd of domain small, which is left to the database: ((VALUE % 2) = 1)",
    )


def test_types_that_are_narrower_than_the_model(postgres: Database) -> None:
    postgres.run(
        "CREATE TABLE thing (a varchar(5) NOT NULL, b numeric(6, 2), c numeric(10, 4), d smallint, "
        "e varchar(50), f numeric, g numeric(3, 0), user_id int NOT NULL, kind int NOT NULL, number text)"
    )
    wide = Decimal("99999999.99")
    found = live(
        postgres,
        described(
            column("a", null=True, blank=True, max_length=20),
            *(
                column(
                    name,
                    "decimal",
                    null=True,
                    max_digits=10,
                    decimal_places=places,
                    least=-wide,
                    greatest=wide,
                )
                for name, places in (("b", 4), ("c", 2))
            ),
            column("d", "integer", null=True, least=0, greatest=2**31 - 1),
            column("e", null=True, max_length=20),
            column("f", "decimal", null=True, max_digits=4, decimal_places=2),
            column("g", "integer", null=True, least=-5, greatest=2**31 - 1),
            column("user_id", "integer", null=True),
            column("kind", "integer", null=True),
            column("number", null=True),
            foreign_keys=(ForeignKey("user", ("user_id",), "user", ("id",), null=True, blank=True),),
            generic_keys=(GenericKey("any", "kind", "number", null=True),),
        ),
    )
    narrow, middle = Decimal("9999.99"), Decimal("999999.9999")
    assert found.columns[:7] == (
        column("a", blank=True, max_length=5),
        column("b", "decimal", null=True, max_digits=6, decimal_places=2, least=-narrow, greatest=narrow),
        column("c", "decimal", null=True, max_digits=8, decimal_places=2, least=-middle, greatest=middle),
        column("d", "integer", null=True, least=0, greatest=2**15 - 1),
        column("e", null=True, max_length=20),
        column("f", "decimal", null=True, max_digits=4, decimal_places=2),
        column("g", "integer", null=True, least=-5, greatest=999),
    )
    assert (found.foreign_keys[0].null, found.foreign_keys[0].blank) == (False, True)
    assert not found.generic_keys[0].null


def test_raw_checks(postgres: Database) -> None:
    postgres.run(
        f'CREATE TABLE thing (a int, "{ODD}" int, c int CHECK (c >= 0), d text, z int, '
        f'CONSTRAINT "{ODD} c" CHECK (a < "{ODD}" % 7), CONSTRAINT known CHECK (a <> 3), '
        "CONSTRAINT above CHECK (c > 0), CONSTRAINT there CHECK (d IS NOT NULL), "
        "CONSTRAINT beyond CHECK (z > a))"
    )
    postgres.run("ALTER TABLE thing ADD CONSTRAINT late CHECK (a < 100) NOT VALID")
    known = Check("known", "of the model", ("a",))
    found = live(
        postgres,
        described(
            column("a", "integer"),
            column(ODD_NAME, "integer", null=True),
            column("c", "integer", least=0),
            column("d", null=True),
            checks=(known,),
        ),
    )
    assert found.checks[0] == known
    assert {check.name: check.columns for check in found.checks[1:]} == {
        "above": ("c",),
        "late": ("a",),
        f"{ODD_NAME} c": ("a", ODD_NAME),
    }
    assert not found.column("d").null
    assert found.notes == ("beyond reads z, which is in the database alone",)
    assert refusals(
        postgres, found, {"a": [1, 6, 100], ODD_NAME: [9, 9, None], "c": [1] * 3, "d": ["x"] * 3}
    ) == ["", f"{ODD_NAME} c", "late"]


def test_a_check_that_is_not_enforced_is_no_rule(postgres: Database) -> None:
    postgres.run("CREATE TABLE thing (a int)")
    if int(postgres.backend.describe(postgres.connection).version.partition(".")[0]) < 18:
        pytest.skip("PostgreSQL before 18 enforces every CHECK")
    postgres.run("ALTER TABLE thing ADD CHECK (a > 1) NOT ENFORCED")
    assert live(postgres, described(column("a", "integer", least=-(2**31), greatest=2**31 - 1))).checks == ()


def test_raw_unique_indexes(postgres: Database) -> None:
    postgres.run(
        f'CREATE TABLE thing (id int PRIMARY KEY, "{ODD} a" text, b text, "when" date, e int, gone bool, '
        "CONSTRAINT late UNIQUE (e) DEFERRABLE)"
    )
    postgres.run(
        f'CREATE UNIQUE INDEX "{ODD} i" ON thing (e, lower("{ODD} a" || b) DESC) '
        'INCLUDE ("when") WHERE NOT gone; '
        "CREATE UNIQUE INDEX plain ON thing (b, id) WHERE b <> ':varattno 3'; CREATE INDEX no ON thing (gone)"
    )
    known = described(
        *(column("id", "integer"), column(f"{ODD_NAME} a"), column("b"), column("when", "date")),
        *(column("e", "integer"), column("gone", "boolean")),
        key=("id",),
        uniques=(Unique("thing_pkey", ("id",), primary=True),),
    )
    found = live(postgres, known)
    assert found.uniques == (
        *known.uniques,
        Unique("late", ("e",), deferrable=True),
        Unique(
            f"{ODD_NAME} i",
            ("e", f"{ODD_NAME} a", "b"),
            expressions=("e", f'lower(("{ODD}" || b))'.replace(f'"{ODD}"', f'"{ODD} a"')),
            condition="(NOT gone)",
            condition_columns=("gone",),
        ),
        Unique("plain", ("b", "id"), condition="(b <> ':varattno 3'::text)", condition_columns=("b",)),
    )
    assert all(one.indexed for one in found.columns)
    assert live(postgres, found) == found


def test_nulls_that_are_equal(postgres: Database) -> None:
    if int(postgres.backend.describe(postgres.connection).version.partition(".")[0]) < 15:
        pytest.skip("PostgreSQL before 15 has no NULLS NOT DISTINCT")
    postgres.run("CREATE TABLE thing (a int, b int, UNIQUE NULLS NOT DISTINCT (a, b))")
    found = live(postgres, described(column("a", "integer"), column("b", "integer")))
    assert found.uniques == (Unique("thing_a_b_key", ("a", "b"), nulls_distinct=False),)


def test_real_names(postgres: Database) -> None:
    long = "é" * 40
    postgres.run(
        "CREATE TABLE thing (id int CONSTRAINT old_pkey PRIMARY KEY, a int, b int, c int, "
        f'CONSTRAINT odd_pair UNIQUE (b, a), CONSTRAINT "{long}" CHECK (a > 1), '
        f"CONSTRAINT apart EXCLUDE USING gist (int4range(a, b) WITH &&))"
    )
    postgres.run(
        "CREATE UNIQUE INDEX twice ON thing (a, b); CREATE UNIQUE INDEX low ON thing (abs(a)) WHERE b > 0; "
        "CREATE UNIQUE INDEX one_c ON thing (c) WHERE a > 0; "
        "CREATE UNIQUE INDEX other_c ON thing (c) WHERE a < 0"
    )
    names = ("id", "a", "b", "c")
    known = described(
        *(column(name, "integer", least=-(2**31), greatest=2**31 - 1, indexed=True) for name in names),
        key=("id",),
        uniques=(
            Unique("thing_pkey", ("id",), primary=True),
            Unique("for_date", ("a", "b"), enforced=False),
            Unique("pair", ("a", "b")),
            Unique("low_a", ("a",), expressions=("ABS(a)",), condition="b > 0", condition_columns=("b",)),
            Unique("c_of_model", ("c",), condition="a > 0", condition_columns=("a",)),
            Unique("not_there", ("b",)),
        ),
        checks=(Check(long, "a > 1", ("a",)),),
        exclusions=(Exclusion("model", (("int4range(a, b)", "&&"),), ("a", "b")),),
    )
    found = live(postgres, known)
    real = ["old_pkey", "for_date", "odd_pair", "low", "c_of_model", "not_there", "one_c", "other_c"]
    assert [unique.name for unique in found.uniques] == real
    assert [replace(new, name=old.name) for old, new in zip(known.uniques, found.uniques, strict=False)] == [
        *known.uniques
    ]
    assert found.checks == (Check("é" * 31, "a > 1", ("a",)),)
    assert found.exclusions == (replace(known.exclusions[0], name="apart"),)
    assert live(postgres, replace(known, exclusions=())).exclusions == (
        Exclusion("apart", (("int4range(a, b)", "&&"),), ("a", "b")),
    )


def test_a_foreign_key_has_the_rules_of_what_it_refers_to(postgres: Database) -> None:
    postgres.run(
        "CREATE TYPE mood AS ENUM ('sad'); CREATE DOMAIN code AS text CHECK (VALUE <> ''); "
        "CREATE TABLE parent (code code PRIMARY KEY, mood mood UNIQUE); "
        "CREATE TABLE thing (a code REFERENCES parent, b mood REFERENCES parent (mood), c code)"
    )
    found = live(postgres, described(column("a"), column("b"), column("c")))
    assert [check.columns for check in found.checks] == [("c",)]
    assert found.column("b").samples == ()


def test_a_table_in_another_schema(postgres: Database) -> None:
    postgres.run('CREATE SCHEMA apart; CREATE TABLE apart.thing (a int CONSTRAINT "in" CHECK (a <> 5))')
    known = replace(described(column("a", "integer")), name='"apart"."thing"')
    assert [check.name for check in live(postgres, known).checks] == ["in"]


def test_raw_rules_of_sqlite(sqlite: Database) -> None:
    sqlite.run(
        f'CREATE TABLE thing (id integer PRIMARY KEY, "{ODD}" text NOT NULL, '
        "B int CHECK (B > 0), c int UNIQUE, "
        f'CONSTRAINT [odd rule] CHECK (b < 9 AND length("{ODD}") > 1 OR c IN (1, 2)), CHECK (c <> 77))'
    )
    sqlite.run(f'CREATE UNIQUE INDEX "{ODD} i" ON Thing (lower("{ODD}"), b DESC) WHERE c > 1')
    sqlite.run("CREATE UNIQUE INDEX plain ON thing (b ASC, c)")
    sqlite.run("CREATE INDEX no ON thing (b)")
    known = described(
        column("id", "integer"), column(ODD_NAME, null=True), column("b", null=True), column("c"), key=("id",)
    )
    found = live(sqlite, known)
    (check,) = found.checks
    assert (check.name, check.columns) == ("odd rule", (ODD_NAME, "b", "c"))
    assert check.expression == f'b < 9 AND length("{ODD}") > 1 OR c IN (1, 2)'
    assert found.uniques == (
        Unique(
            f"{ODD_NAME} i",
            (ODD_NAME, "b"),
            expressions=(f'lower("{ODD}")', "b DESC"),
            condition="c > 1",
            condition_columns=("c",),
        ),
        Unique("plain", ("b", "c")),
    )
    assert [one.null for one in found.columns] == [False, False, True, False]
    assert live(sqlite, found) == found
