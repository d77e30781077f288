"""A database described from itself."""

from __future__ import annotations

from typing import Any

import pytest
from django.apps import apps
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from dbstate.backends import Unsupported
from dbstate.catalog import Catalog, Column, DomainCheck, Sequence, Table, View
from dbstate.catalog.diff import diff, drift
from dbstate.introspection import read_catalog
from tests.backends.conftest import Database


def described(database: Database, **options: Any) -> Catalog:
    return database.backend.live_catalog(database.connection, **options)


def of(database: Database, definition: str, *more: str) -> Table:
    """The table ``thing`` after it was made so."""
    database.run(f"CREATE TABLE thing ({definition})")
    for statement in more:
        database.run(statement)
    return described(database)["thing"]


def version(database: Database) -> int:
    return int(database.column_of("SHOW server_version_num")[0])


# models and database --------------------------------------------------------------------------------------


def test_a_migrated_project_is_described_alike_by_its_models_and_its_database(postgres: Database) -> None:
    told = [str(one) for one in diff(read_catalog(apps), described(postgres))]
    assert sorted(one.partition(" (")[0] for one in told) == [
        "check zoo_pg_raw_dates of zoo_postgres_databaseknows",
        "check zoo_pg_raw_weight of zoo_postgres_databaseknows",
        "index zoo_postgres_everycollation_by_code_point_048f90c8_like of zoo_postgres_everycollation",
        "table django_migrations was added",
        "zoo_postgres_article.computed",
    ]


def test_what_the_database_has_besides_is_no_drift_unless_it_refuses_rows(postgres: Database) -> None:
    models = read_catalog(apps)
    known = set(drift(models, described(postgres)))
    assert {one.name for one in known} == {"zoo_pg_raw_dates", "zoo_pg_raw_weight"}
    postgres.run(
        "ALTER TABLE shop_order ADD COLUMN a int, ADD COLUMN b int NOT NULL, "
        "ADD COLUMN c int NOT NULL DEFAULT 1; "
        "CREATE INDEX more ON shop_order (city); CREATE TABLE other (id int)"
    )
    assert [str(one) for one in drift(models, described(postgres)) if one not in known] == [
        "shop_order.b (integer NOT NULL) was added"
    ]


BROKEN = {
    "ALTER TABLE shop_order ALTER city DROP NOT NULL": (
        "shop_order.city: NOT NULL in models, NULL in database"
    ),
    "ALTER TABLE shop_order ALTER city TYPE varchar(81)": (
        "shop_order.city: type character varying(80) in models, type character varying(81) in database"
    ),
    "ALTER TABLE shop_order ALTER status TYPE text": (
        "shop_order.status: type character varying(10) in models, type text in database"
    ),
    "ALTER TABLE shop_order DROP COLUMN city": (
        "shop_order.city (character varying(80) NOT NULL) is in models, not in database"
    ),
    "ALTER TABLE shop_order ALTER id DROP IDENTITY": (
        "shop_order.id: numbering a sequence in models, numbering none in database"
    ),
    "ALTER TABLE shop_order DROP CONSTRAINT shop_order_total_not_negative": (
        'check shop_order_total_not_negative of shop_order ("total_cents" >= 0) is in models, not in database'
    ),
    "ALTER TABLE shop_order DROP CONSTRAINT shop_order_total_not_negative, "
    "ADD CONSTRAINT shop_order_total_not_negative CHECK (total_cents > 0)": (
        "check shop_order_total_not_negative of shop_order: "
        'expression "total_cents" >= 0 in models, expression (total_cents > 0) in database'
    ),
    "DROP INDEX shop_order_user_placed": (
        "index shop_order_user_placed of shop_order (user_id, placed_at) is in models, not in database"
    ),
    "ALTER TABLE shop_user DROP CONSTRAINT shop_user_username_key CASCADE": (
        "unique shop_user_username_key of shop_user (username) is in models, not in database"
    ),
}


@pytest.mark.parametrize("statement", BROKEN)
def test_drift(postgres: Database, statement: str) -> None:
    models = read_catalog(apps)
    known = set(drift(models, described(postgres)))
    postgres.run(statement)
    new = [one for one in drift(models, described(postgres)) if one not in known]
    assert [one.between("models", "database") for one in new] == [BROKEN[statement]]


def test_a_foreign_key_that_is_not_there(postgres: Database) -> None:
    (key,) = described(postgres)["shop_order"].foreign_keys
    postgres.run(f"ALTER TABLE shop_order DROP CONSTRAINT {key.constraint}")
    missing = [one for one in drift(read_catalog(apps), described(postgres)) if one.what == "foreign key"]
    assert [str(one) for one in missing] == [
        "foreign key user_id of shop_order (user_id to shop_user (id)) is gone"
    ]


def test_differently_written_expressions_are_settled_by_the_database(postgres: Database) -> None:
    same = postgres.backend.same_expression(postgres.connection)
    assert (
        same("shop_order", "", "num_nulls(city, NULL) = 1", "(num_nulls(city, NULL::character varying) = 1)")
        is False
    )
    assert same("shop_order", "", "city SIMILAR TO 'a%'", "((city)::text ~ similar_to_escape('a%'::text))")
    assert same("shop_order", "city", "'x'", "'x'::character varying")
    assert not same("shop_order", "city", "'x'", "'y'::character varying")
    assert same(
        "shop_order",
        "",
        "LOWER(city), (street || city)",
        "lower((city)::text), ((street)::text || (city)::text)",
    )
    assert not same("shop_order", "", "nowhere > 1", "(nowhere > 1)")
    assert postgres.column_of("SELECT count(*) FROM pg_class WHERE relname = 'dbstate_worded'") == [0]


# one kind of fact after the other --------------------------------------------------------------------------


def test_columns(postgres: Database) -> None:
    postgres.run("CREATE TYPE mood AS ENUM ('sad', 'glad'); CREATE DOMAIN code AS varchar(8) NOT NULL")
    thing = of(
        postgres,
        "a bigint GENERATED ALWAYS AS IDENTITY, b serial, c varchar(20) DEFAULT 'x' NOT NULL, "
        "d numeric(10, 2), e mood, f code, g varchar(5)[], h int GENERATED ALWAYS AS (b * 2) STORED, "
        "i text COLLATE \"C\", j int DEFAULT nextval('thing_b_seq')",
        "COMMENT ON COLUMN thing.d IS 'euros'",
    )
    a, b, c, d, e, f, g, h, i, j = thing.columns
    assert (a.identity, a.auto, a.sequence, a.null, a.sql_type) == (
        "always",
        True,
        "thing_a_seq",
        False,
        "bigint",
    )
    assert (b.identity, b.auto, b.sequence, b.db_default) == ("", True, "thing_b_seq", None)
    assert (c.db_default, c.null, c.max_length, c.kind) == ("'x'::character varying", False, 20, "text")
    assert (d.max_digits, d.decimal_places, d.null, d.comment) == (10, 2, True, "euros")
    assert (e.samples, e.domain, e.kind) == (("sad", "glad"), "mood", "text")
    assert (f.null, f.domain, f.max_length, f.sql_type) == (False, "code", 8, "code")
    assert g.element == Column("g", "g", "text", "character varying(5)", max_length=5)
    assert (h.generated, h.stored, h.db_default) == ("(b * 2)", True, None)
    assert (i.collation, i.sql_type) == ("C", "text")
    assert (j.auto, j.sequence, j.db_default) == (True, "thing_b_seq", "nextval('thing_b_seq'::regclass)")


def test_keys_and_indexes(postgres: Database) -> None:
    thing = of(
        postgres,
        "a int, b int, c text, r int4range, PRIMARY KEY (a, b), "
        "CONSTRAINT together UNIQUE (b, a) INCLUDE (c) DEFERRABLE INITIALLY DEFERRED, "
        "CONSTRAINT apart EXCLUDE USING gist (r WITH &&) WHERE (a > 0)",
        "CREATE UNIQUE INDEX lowered ON thing (lower(c), a) WHERE b > 0",
        "CREATE INDEX first ON thing (b DESC, a) INCLUDE (c)",
        "CREATE INDEX words ON thing (c text_pattern_ops)",
        "CREATE INDEX upper ON thing USING hash (upper(c)) WHERE a IS NULL",
    )
    primary, lowered, together = thing.uniques
    assert thing.primary_key == primary.columns == ("a", "b")
    assert (primary.primary, primary.constraint) == (True, True)
    assert (lowered.columns, lowered.condition) == (("c", "a"), "(b > 0)")
    assert lowered.expressions == ("lower(c)", "a")
    assert (lowered.condition_columns, lowered.constraint) == (("b",), False)
    assert (together.columns, together.include) == (("b", "a"), ("c",))
    assert together.deferrable
    assert together.initially_deferred
    (apart,) = thing.exclusions
    assert (apart.name, apart.expressions, apart.condition) == ("apart", (("r", "&&"),), "(a > 0)")
    first, upper, words = thing.indexes
    assert (first.columns, first.orders, first.include) == (("b", "a"), ("DESC", ""), ("c",))
    assert (upper.columns, upper.expressions, upper.method) == (("c",), ("upper(c)",), "hash")
    assert (upper.condition, upper.condition_columns) == ("(a IS NULL)", ("a",))
    assert (words.opclasses, words.valid) == (("text_pattern_ops",), True)


def test_checks_and_foreign_keys(postgres: Database) -> None:
    thing = of(
        postgres,
        "id int PRIMARY KEY, a int CONSTRAINT above CHECK (a > 0), b int",
        "ALTER TABLE thing ADD CONSTRAINT later CHECK (b > a) NOT VALID",
        "ALTER TABLE thing ADD CONSTRAINT own FOREIGN KEY (a) REFERENCES thing ON DELETE CASCADE "
        "ON UPDATE SET NULL DEFERRABLE",
        "ALTER TABLE thing ADD CONSTRAINT loose FOREIGN KEY (b) REFERENCES thing MATCH FULL NOT VALID",
    )
    above, later = thing.checks
    assert (above.expression, above.columns, above.validated) == ("(a > 0)", ("a",), True)
    assert (later.columns, later.validated) == (("b", "a"), False)
    loose, own = thing.foreign_keys
    assert (own.columns, own.target, own.target_columns, own.null) == (("a",), "thing", ("id",), True)
    assert (own.delete_action, own.update_action, own.deferrable) == ("cascade", "set null", True)
    assert not own.initially_deferred
    assert (loose.validated, loose.match, loose.deferrable) == (False, "full", False)


def test_what_newer_servers_know(postgres: Database) -> None:
    if version(postgres) < 180000:
        pytest.skip("needs PostgreSQL 18")
    thing = of(
        postgres,
        "a int CONSTRAINT above CHECK (a > 0) NOT ENFORCED, b int, "
        "c int GENERATED ALWAYS AS (a + 1) VIRTUAL, UNIQUE NULLS NOT DISTINCT (b)",
        "ALTER TABLE thing ADD CONSTRAINT there NOT NULL b NOT VALID",
    )
    a, b, c = thing.columns
    assert not thing.checks[0].enforced
    assert (b.null, b.null_validated, a.null_validated) == (False, False, True)
    assert (c.generated, c.stored) == ("(a + 1)", False)
    assert not thing.uniques[0].nulls_distinct


def test_partitions(postgres: Database) -> None:
    postgres.run(
        "CREATE TABLE other (id int PRIMARY KEY); "
        "CREATE TABLE log (at date NOT NULL, other int REFERENCES other, PRIMARY KEY (at)) "
        "PARTITION BY RANGE (at); "
        "CREATE TABLE log_1 PARTITION OF log FOR VALUES FROM ('2025-01-01') TO ('2026-01-01'); "
        "CREATE TABLE child () INHERITS (other)"
    )
    before = described(postgres)
    assert (before["log"].kind, before["log"].partition_key) == ("partitioned", "RANGE (at)")
    assert before["log_1"].partition_of == "log"
    assert before["log_1"].partition_bound == "FOR VALUES FROM ('2025-01-01') TO ('2026-01-01')"
    assert [len(before[name].foreign_keys) for name in ("log", "log_1")] == [1, 0]
    assert before["child"].parents == ("other",)
    postgres.run("ALTER TABLE log ADD COLUMN note text; ALTER TABLE log_1 ALTER note SET DEFAULT 'x'")
    assert [str(one) for one in diff(before, described(postgres))] == [
        "log.note (text NULL) was added",
        "log_1.note (text NULL DEFAULT 'x'::text) was added",
    ]


def test_views_and_what_hangs_on_columns(postgres: Database) -> None:
    of(
        postgres,
        "id int PRIMARY KEY, a int, b int, c int GENERATED ALWAYS AS (b + 1) STORED",
        "CREATE VIEW seen AS SELECT a AS x FROM thing WHERE id > 0",
        "CREATE MATERIALIZED VIEW kept AS SELECT x FROM seen",
        "CREATE UNIQUE INDEX kept_x ON kept (x)",
        "CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN new; END'",
        "CREATE TRIGGER touched BEFORE UPDATE OF b ON thing FOR EACH ROW EXECUTE FUNCTION touch()",
        "ALTER TABLE thing DISABLE TRIGGER touched",
        "CREATE RULE nothing AS ON DELETE TO thing WHERE old.a = 3 DO INSTEAD NOTHING",
        "CREATE POLICY own ON thing FOR SELECT USING (b > 0)",
        "ALTER TABLE thing ENABLE ROW LEVEL SECURITY",
    )
    found = described(postgres)
    kept, seen = (one for one in found.views if one.name in ("kept", "seen"))
    assert (seen.columns, seen.reads, seen.materialized) == (("x",), (("thing", "a"), ("thing", "id")), False)
    assert (kept.reads, kept.materialized, kept.indexes[0].name) == ((("seen", "x"),), True, "kept_x")
    hanging = {(one.column, one.kind, one.name) for one in found.dependents if one.table == "thing"}
    assert {one for one in hanging if one[0]} == {
        ("a", "view", "seen"),
        ("id", "view", "seen"),
        ("b", "generated column", "c"),
        ("b", "trigger", "touched"),
        ("a", "rule", "nothing"),
        ("b", "policy", "own"),
    }
    thing = found["thing"]
    assert (thing.triggers[0].function, thing.triggers[0].columns) == ("touch()", ("b",))
    assert thing.triggers[0].enabled == "disabled"
    assert thing.policies[0].definition == "PERMISSIVE FOR SELECT TO public USING ((b > 0))"
    assert "row level security" in thing.settings
    assert any(one.name == "touch()" for one in found.functions)


def test_sequences_types_and_settings(postgres: Database) -> None:
    postgres.run(
        "CREATE SEQUENCE alone AS smallint INCREMENT 2 START 7 CYCLE; CREATE SCHEMA besides; "
        "CREATE DOMAIN even AS int DEFAULT 2 CONSTRAINT halves CHECK (VALUE % 2 = 0); "
        "CREATE TYPE pair AS (one int, other varchar(3)); "
        "CREATE TYPE span AS RANGE (subtype = float8); "
        'CREATE TABLE besides."Odd ""one" (id serial)'
    )
    thing = of(
        postgres, "id serial", "ALTER TABLE thing SET (fillfactor = 70)", "COMMENT ON TABLE thing IS 'x'"
    )
    found = described(postgres)
    sequences = {one.name: one for one in found.sequences}
    assert sequences["alone"] == Sequence("alone", "smallint", 7, 2, 1, 2**15 - 1, True)
    assert sequences["thing_id_seq"].owner == ("thing", "id")
    even, pair, span = (one for one in found.types if one.name in ("even", "pair", "span"))
    assert (even.base, even.default, even.checks) == (
        "integer",
        "2",
        (DomainCheck("halves", "((VALUE % 2) = 0)"),),
    )
    assert (pair.attributes, span.base) == (
        (("one", "integer"), ("other", "character varying(3)")),
        "double precision",
    )
    assert (thing.settings, thing.comment) == (("fillfactor=70",), "x")
    odd = '"besides"."Odd ""one"'
    assert found[odd].column("id").sequence == sequences['"besides"."Odd ""one_id_seq"'].name
    assert postgres.column_of(f"SELECT count(*) FROM {odd}") == [0]
    assert list(described(postgres, schemas=["besides"]).tables) == [odd]
    assert "besides" in found.schemas


def test_other_objects(postgres: Database) -> None:
    of(
        postgres,
        "a int, b int",
        "CREATE STATISTICS both_columns (dependencies) ON a, b FROM thing",
        'CREATE COLLATION plain FROM "C"',
        "CREATE PUBLICATION news FOR TABLE thing",
    )
    found = {(one.what, one.name, one.table) for one in described(postgres).objects}
    assert found >= {
        ("statistics", "both_columns", "thing"),
        ("collation", "plain", ""),
        ("publication", "news", ""),
    }


def test_foreign_keys_whose_triggers_are_disabled_are_not_enforced(postgres: Database) -> None:
    thing = of(postgres, "id int PRIMARY KEY, a int REFERENCES thing")
    assert thing.foreign_keys[0].enforced
    postgres.run("ALTER TABLE thing DISABLE TRIGGER ALL")
    assert not described(postgres)["thing"].foreign_keys[0].enforced


def test_leftovers_of_a_failed_concurrent_index_are_not_valid(postgres: Database) -> None:
    of(postgres, "a int", "CREATE UNIQUE INDEX left_over ON thing (a)", "CREATE INDEX too ON thing (a)")
    postgres.run("UPDATE pg_index SET indisvalid = false WHERE indrelid = 'thing'::regclass")
    thing = described(postgres)["thing"]
    assert (thing.uniques[0].valid, thing.indexes[0].valid) == (False, False)


def test_members_of_extensions_are_left_out(postgres: Database) -> None:
    functions = {one.name for one in described(postgres).functions}
    assert not any("plpgsql_call_handler" in name for name in functions)
    assert ("plpgsql", "1.0") in described(postgres).extensions


# how it is read -------------------------------------------------------------------------------------------


def test_the_number_of_queries_does_not_depend_on_the_number_of_tables(postgres: Database) -> None:
    with CaptureQueriesContext(postgres.connection) as few:
        described(postgres, schemas=["none_such"])
    with CaptureQueriesContext(postgres.connection) as many:
        described(postgres)
    assert len(few) == len(many) < 25


def test_nothing_is_written_and_no_right_to_the_tables_is_needed(postgres: Database) -> None:
    before = described(postgres)
    with transaction.atomic():
        postgres.run("CREATE ROLE dbstate_nobody; SET LOCAL ROLE dbstate_nobody")
        assert diff(before, described(postgres)) == ()
        transaction.set_rollback(True)


@pytest.mark.django_db(transaction=True)
def test_in_a_read_only_transaction() -> None:
    if connection.vendor != "postgresql":
        pytest.skip(f"the project's database is {connection.vendor}")
    from dbstate.backends import backend_for

    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION READ ONLY")
        assert "shop_order" in backend_for(connection).live_catalog(connection).tables


def test_sqlite_is_refused_by_name(sqlite: Database) -> None:
    for ask in (sqlite.backend.live_catalog, sqlite.backend.same_expression):
        with pytest.raises(Unsupported, match="its vendor is sqlite"):
            ask(sqlite.connection)


def test_views_are_no_tables(postgres: Database) -> None:
    found = described(postgres)
    assert "zoo_keeper_name" not in found.tables
    assert any(isinstance(one, View) and one.name == "zoo_keeper_name" for one in found.views)
