"""What cannot be done is refused with one clear message, and leaves the rows as they were."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest
from django.apps import apps
from django.db import connections

from dbstate.backends.postgresql import PostgreSQL
from dbstate.management.commands import dbstate_seed
from dbstate.management.pending import unmade_apps
from tests.seeding.seeding import (
    copy_of,
    dump,
    query,
    seed,
    seed_apart,
    seed_json,
    started,
    value,
    working_on,
)


@contextmanager
def unchanged() -> Iterator[None]:
    """The rows are the same before and after."""
    before = dump_of_all()
    yield
    assert dump_of_all() == before


def dump_of_all() -> dict[str, list[str]]:
    """The rows, also those that the role in use may not see."""
    role = value("SELECT current_setting('role')")
    query("RESET ROLE")
    rows = dump()
    query(f"SET LOCAL ROLE {role}")
    return rows


# -- requests that cannot be read ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (
            ["shopp"],
            "no installed application has the label 'shopp'; did you mean 'shop'?",
        ),
        (["shop.Ordr"], "application 'shop' has no model 'Ordr'; did you mean 'shop.Order'?"),
        (["example_project.shop"], "use its label 'shop'"),
        (["--rows", "-1"], "cannot use --rows -1: it is negative; ask for 0 rows or more"),
        (["--rows", "shop.User=-1"], "cannot use --rows shop.User=-1: it is negative"),
        (["--rows", "many"], "it is not a whole number; write --rows 100 or --rows app.Model=100"),
        (["--rows", "shop.Usr=1"], "did you mean 'shop.User'?"),
        (["--rows", "shop=1"], "it names no model; write --rows shop.Model=1"),
        (["--locale", "xx_YY"], "cannot use locale 'xx_YY'"),
        (["--database", "defualt"], "did you mean 'default'?"),
        (["contenttypes.ContentType"], "dbstate does not fill this table: Django makes one row per model"),
        (
            ["--rows", "sessions.Session=5"],
            "this table: sessions are made when people visit",
        ),
        (["zoo.KeeperName"], "dbstate does not fill this table: unmanaged"),
        (
            ["shop.Plan", "--rows", "zoo.Keeper=5"],
            "does not need this table; name zoo.Keeper too",
        ),
    ],
    ids=lambda case: " ".join(case) if isinstance(case, list) else "",
)
@pytest.mark.usefixtures("empty")
def test_a_request_that_cannot_be_read(arguments: list[str], said: str) -> None:
    with unchanged():
        outcome = seed(*arguments)
    assert (outcome.code, outcome.out) == (2, "")
    assert said in outcome.err


@pytest.mark.usefixtures("empty")
@pytest.mark.parametrize(
    ("request_", "said"),
    [
        (
            "zoo.SmallAutoKeyed=40000",
            "40,000 rows in zoo.SmallAutoKeyed: its key has room for 32,7",
        ),
        (
            "zoo.AutoKeyed=3000000000",
            "3,000,000,000 rows in zoo.AutoKeyed: its key has room for 2,1",
        ),
        ("shop.Plan=9223372036854775808", "cannot make 9,223,372,036,854,775,808 rows in shop.Plan: its key"),
    ],
)
def test_more_rows_than_the_key_has_numbers_for(request_: str, said: str) -> None:
    with unchanged():
        outcome = seed("--rows", request_)
    assert outcome.code == 2
    assert said in outcome.err
    assert "ask for fewer rows" in outcome.err


@pytest.mark.usefixtures("empty")
def test_more_rows_than_the_disk_has_room_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dbstate.backends.postgresql.free_bytes_of_server", lambda connection: 20_000_000)
    with unchanged():
        outcome = seed("shop.Plan", "--rows", "1000000")
    assert outcome.code == 2
    assert outcome.err.startswith("cannot make 1,000,000 rows: they take")
    assert "the database's disk has 20 MB left; ask for fewer rows, or make room" in outcome.err


# -- databases that cannot be used --------------------------------------------------------------------


def test_a_database_that_does_not_answer(migrated: str) -> None:
    outcome = seed_apart(database="dbstate_there_is_no_such_database")
    assert (outcome.code, outcome.out) == (2, "")
    assert "cannot reach database 'default'" in outcome.err
    assert "start the server, create the database, or correct DATABASES['default']" in outcome.err
    assert "Traceback" not in outcome.err


@pytest.mark.usefixtures("empty")
def test_a_standby(monkeypatch: pytest.MonkeyPatch) -> None:
    describe = PostgreSQL.describe
    monkeypatch.setattr(
        PostgreSQL, "describe", lambda self, connection: replace(describe(self, connection), is_standby=True)
    )
    with unchanged():
        outcome = seed()
    assert (outcome.code, outcome.out) == (3, "")
    assert "it is a standby of another server" in outcome.err


def unapply(name: str) -> None:
    """Let a migration count as pending; its changes are taken back by hand."""
    query("DROP VIEW zoo_keeper_name")
    query("DELETE FROM django_migrations WHERE app = 'zoo' AND name = %s", name)


@pytest.mark.usefixtures("empty")
def test_pending_migrations_are_applied_where_nothing_can_be_lost() -> None:
    unapply("0002_keeper_name_view")
    dry = seed("--dry-run")
    assert dry.code == 0
    assert dry.out.startswith("1 pending migration first; then, in the tables as they make them:\n")
    assert value("SELECT count(*) FROM django_migrations WHERE name = '0002_keeper_name_view'") == 0
    outcome = seed("zoo.Keeper")
    assert (outcome.code, outcome.err) == (0, "applying 1 pending migration first\n")
    assert value("SELECT count(*) FROM zoo_keeper_name") == 10


@pytest.mark.usefixtures("empty")
def test_a_pending_migration_that_fails_is_said() -> None:
    unapply("0002_keeper_name_view")
    query("CREATE VIEW zoo_keeper_name AS SELECT 1")
    outcome = seed("zoo.Keeper")
    assert outcome.code == 2
    assert "cannot apply the pending migrations of " in outcome.err
    assert 'relation "zoo_keeper_name" already exists; no row was written; python manage.py' in outcome.err
    assert value("SELECT count(*) FROM zoo_keeper") == 0


@pytest.mark.usefixtures("empty")
def test_a_table_whose_name_the_database_cuts_is_there(
    monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    settings.MIGRATION_MODULES = {"admin": None}
    query("ALTER TABLE django_admin_log RENAME TO django_admin_lo")
    assert unmade_apps("default") == ["admin"]
    monkeypatch.setattr(connections["default"].ops, "max_name_length", lambda: 15)
    assert unmade_apps("default") == []


@pytest.mark.usefixtures("empty")
def test_a_required_column_that_the_models_lack_is_named() -> None:
    query("ALTER TABLE zoo_site ADD COLUMN legacy text NOT NULL")
    outcome = seed("zoo.Site")
    assert outcome.code == 2
    assert "zoo.Site: realistic row: the database refuses: not null (column legacy)" in outcome.err


@pytest.mark.usefixtures("empty")
def test_tables_of_an_app_without_migrations_are_made_where_nothing_can_be_lost(
    monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    settings.MIGRATION_MODULES = {"admin": None}
    query("DROP TABLE django_admin_log")
    with monkeypatch.context() as patch:
        patch.setattr(dbstate_seed, "_disposable", lambda verdict: False)
        elsewhere = seed_json("admin", "zoo.Site", "--rows", "1")
    assert (elsewhere.code, elsewhere.failed) == (1, {"admin.LogEntry": "the table is not in the database"})
    assert "admin.LogEntry  10 rows" in seed("admin", "--dry-run").out
    outcome = seed("admin")
    assert (outcome.code, outcome.err) == (0, "making the tables of what has no migrations first: admin\n")
    assert value("SELECT count(*) FROM django_admin_log") == 10


@pytest.mark.usefixtures("empty")
def test_pending_migrations_are_refused_by_name_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    unapply("0002_keeper_name_view")
    monkeypatch.setattr(dbstate_seed, "_disposable", lambda verdict: False)
    with unchanged():
        outcome = seed("zoo.Keeper")
    assert outcome.code == 2
    assert "(zoo.0002_keeper_name_view); run: python manage.py migrate" in outcome.err


def test_an_unmarked_database_with_rows_of_people_is_refused(migrated: str, django_db_blocker: Any) -> None:
    with django_db_blocker.unblock():
        connections["default"].close()
        with copy_of(migrated) as name:
            with working_on(name):
                apps.get_model("shop.User").objects.create_user("ada", "ada@example.com", "secret")
            outcome = seed_apart(database=name)
            with working_on(name):
                assert value("SELECT count(*) FROM shop_user") == 1
                assert value("SELECT count(*) FROM zoo_site") == 0
    assert (outcome.code, outcome.out) == (3, "")
    assert "python manage.py dbstate_guard --mark" in outcome.err


# -- tables that cannot be filled ---------------------------------------------------------------------


def as_user_after(*statements: str) -> list[str]:
    """Work on as a user who may do everything but what the statements take away."""
    return [
        "CREATE ROLE {role}",
        "GRANT ALL ON ALL TABLES IN SCHEMA public TO {role}",
        "GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO {role}",
        "GRANT pg_read_all_settings TO {role}",
        *statements,
        "SET LOCAL ROLE {role}",
    ]


REFUSING = {
    "a CHECK that nothing meets": (
        ["ALTER TABLE shop_plan ADD CONSTRAINT impossible CHECK (price_cents < 0)"],
        "impossible",
    ),
    "a trigger that raises": (
        [
            "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS "
            "$$BEGIN RAISE EXCEPTION 'plans are made by the board'; END$$",
            "CREATE TRIGGER refuse BEFORE INSERT ON shop_plan FOR EACH ROW EXECUTE FUNCTION refuse()",
        ],
        "plans are made by the board",
    ),
    "a table that may not be read": (
        as_user_after("REVOKE SELECT ON shop_plan FROM {role}"),
        "lacks SELECT",
    ),
    "a sequence that may not be set": (
        as_user_after("REVOKE UPDATE ON SEQUENCE shop_plan_id_seq FROM {role}"),
        "lacks UPDATE on its sequence shop_plan_id_seq",
    ),
    "a missing permission": (
        as_user_after("REVOKE INSERT ON shop_plan FROM {role}"),
        "INSERT",
    ),
}


@pytest.mark.usefixtures("empty")
@pytest.mark.parametrize("how", REFUSING)
def test_a_table_that_cannot_be_filled_is_named_and_the_rest_is_filled(how: str) -> None:
    statements, said = REFUSING[how]
    for statement in statements:
        query(statement.format(role=f"dbstate_scratch_{os.getpid()}"))
    outcome = seed_json("shop")
    assert outcome.code == 1
    assert outcome.failed.keys() == {"shop.Plan", "shop.Subscription"}
    assert said in outcome.failed["shop.Plan"]
    assert "shop.Plan" in outcome.failed["shop.Subscription"]
    assert outcome.made["shop.Order"] == 10
    with unchanged():
        for asked in (["--strict", "shop.Subscription"], ["shop.Plan"], ["shop", "--rows", "shop.Plan=3"]):
            refused = seed(*asked)
            assert (refused.code, refused.out) == (2, "")
            assert said in refused.err


@pytest.mark.usefixtures("empty")
def test_a_table_left_empty_for_want_of_parents_is_named() -> None:
    none = ["--rows", "zoo.TextKeyed=0"]
    outcome = seed_json("zoo", *none)
    assert outcome.code == 1
    assert "can hold 0 rows" in outcome.failed["zoo.OneToOneKeyed"]
    assert outcome.made["zoo.Keeper"] == 10
    with unchanged():
        refused = seed("zoo.OneToOneKeyed", *none)
    assert (refused.code, refused.out) == (2, "")
    assert "cannot fill what was asked for: zoo.OneToOneKeyed can hold 0 rows" in refused.err


@pytest.mark.usefixtures("empty")
def test_a_derived_value_that_breaks_a_deferred_constraint_is_named() -> None:
    query(
        "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS "
        "$$BEGIN IF NEW.total_cents > 0 THEN RAISE EXCEPTION 'nothing is sold'; END IF; RETURN NEW; END$$"
    )
    query(
        "CREATE CONSTRAINT TRIGGER refuse AFTER UPDATE ON shop_order "
        "DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION refuse()"
    )
    with unchanged():
        outcome = seed("shop.OrderLine")
    assert (outcome.code, outcome.out) == (2, "")
    assert "cannot derive shop.Order.total_cents" in outcome.err
    assert "nothing is sold" in outcome.err


@pytest.mark.usefixtures("empty")
def test_a_rule_that_cannot_be_read_is_said() -> None:
    query("ALTER TABLE shop_plan ADD COLUMN internal integer")
    query("ALTER TABLE shop_plan ADD CONSTRAINT odd CHECK (internal IS NULL AND price_cents <> 1)")
    query("ALTER TABLE shop_plan ADD CONSTRAINT cheap CHECK (price_cents < 5000)")
    outcome = seed_json("shop.Plan")
    assert outcome.code == 0
    notes = outcome.result["tables"][0]["notes"]
    assert "odd reads internal, which is in the database alone" in notes


KEY = "SELECT conname FROM pg_constraint WHERE conrelid = %s::regclass AND contype = 'f'"


@pytest.mark.usefixtures("empty")
def test_a_required_cycle_that_cannot_be_deferred() -> None:
    for table in ("chicken", "egg"):
        (name,) = query(
            "SELECT conname FROM pg_constraint WHERE conrelid = %s::regclass AND contype = 'f'",
            f"zoo_{table}",
        )[0]
        query(f'ALTER TABLE zoo_{table} ALTER CONSTRAINT "{name}" NOT DEFERRABLE')
    outcome = seed_json("zoo")
    assert outcome.code == 1
    assert outcome.failed.keys() == {"zoo.Chicken", "zoo.Egg"}
    assert outcome.made["zoo.Keeper"] == 10


@pytest.mark.usefixtures("empty")
def test_a_table_that_can_hold_two_rows_gets_these_and_it_is_said() -> None:
    outcome = seed("zoo.OneOfEachFlag", "--rows", "zoo.OneOfEachFlag=50")
    assert outcome.code == 0
    assert (
        "zoo.OneOfEachFlag can hold 2 rows: zoo_oneofeachflag_flag_key (flag) has no more values"
        in outcome.out
    )
    assert query("SELECT flag FROM zoo_oneofeachflag ORDER BY 1") == [(False,), (True,)]


# -- runs that end early ------------------------------------------------------------------------------


def wait_for(condition: Callable[[], object], *, seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not come to that"
        time.sleep(0.02)


WRITERS = "SELECT count(*) FROM pg_locks WHERE relation = 'shop_user'::regclass AND pid <> pg_backend_pid()"


@pytest.mark.parametrize(
    ("sent", "code"), [(signal.SIGINT, 130), (signal.SIGKILL, -signal.SIGKILL)], ids=["Ctrl-C", "kill -9"]
)
def test_a_run_that_is_stopped_leaves_the_rows_as_they_were(sent: int, code: int, fresh: str) -> None:
    rows = dump()
    process = started("shop.User", "--rows", "40000", database=fresh)
    try:
        wait_for(lambda: process.poll() is not None or value(f"{WRITERS} AND mode = 'RowExclusiveLock'"))
        assert process.poll() is None
        process.send_signal(sent)
        out, err = process.communicate(timeout=60)
    finally:
        process.kill()
    assert (process.returncode, out) == (code, "")
    if sent == signal.SIGINT:
        assert err.strip() == "dbstate_seed: interrupted; nothing was written"
    wait_for(lambda: not value(WRITERS))
    assert dump() == rows
    assert seed("shop.User").code == 0
