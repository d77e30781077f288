"""Copies of a database: how they are made, what is never done to the source, what is cleared."""

from __future__ import annotations

import os
import secrets
import signal
import subprocess
import sys
import textwrap
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper

from dbstate.backends import postgresql_copies
from dbstate.backends.postgresql_copies import (
    PREFIX,
    CannotCopy,
    copy_of,
    empty_beside,
    given_copy,
    opened,
)
from dbstate.embedded.binaries import find_binaries
from tests.scratch import execute, fetch, run_on_server, scratch_database
from tests.scratch import opened as opened_entry

PROGRAMS = (find_binaries().program("pg_dump").parent,)


@pytest.fixture
def source(django_db_setup: None, django_db_blocker: Any) -> Iterator[BaseDatabaseWrapper]:
    """A database with three rows; nobody is connected to it."""
    with django_db_blocker.unblock(), scratch_database() as entry, opened_entry(entry) as connection:
        execute(connection, "CREATE TABLE plan (id serial PRIMARY KEY, name text)")
        execute(connection, "INSERT INTO plan (name) VALUES ('a'), ('b'), ('c')")
        connection.close()
        yield connection


def copies() -> list[str]:
    """Copies that are on the server."""
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT datname FROM pg_database WHERE datname LIKE %s", [f"{PREFIX}%"])
        return [name for (name,) in cursor.fetchall()]


def rows(like: BaseDatabaseWrapper, entry: dict[str, Any]) -> int:
    with opened(like, entry) as connection:
        return int(fetch(connection, "SELECT count(*) FROM plan"))


def test_a_template_is_used_where_nobody_else_is_connected(source: BaseDatabaseWrapper) -> None:
    with copy_of(source) as copied:
        assert copied.how == "template"
        assert copied.name in copies()
        assert rows(source, copied.entry) == 3
        assert copied.notes == ()
    assert copied.name not in copies()
    assert source.connection is None


def test_a_session_of_somebody_else_is_left_alone(source: BaseDatabaseWrapper) -> None:
    with opened(source, source.settings_dict) as somebody:
        execute(somebody, "SELECT 1")
        with copy_of(source, programs=PROGRAMS) as copied:
            assert copied.how == "dump"
            assert rows(source, copied.entry) == 3
            assert "1 other session is connected" in copied.notes[0]
        assert fetch(somebody, "SELECT 1") == 1
    assert copied.name not in copies()


def test_without_a_dump_program_it_says_what_to_do(
    source: BaseDatabaseWrapper, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "")
    with opened(source, source.settings_dict) as somebody:
        execute(somebody, "SELECT 1")
        with pytest.raises(CannotCopy, match=r"1 other session .* install a pg_dump of version"):
            copy_of(source).__enter__()


@pytest.fixture
def next_name(monkeypatch: pytest.MonkeyPatch) -> str:
    """The name that the next copy will have: others of other tests may be there."""
    number = secrets.randbits(31)
    monkeypatch.setattr(postgresql_copies.secrets, "randbits", lambda bits: number)
    return f"{PREFIX}{number:08x}"


def test_a_dump_that_fails_says_why(source: BaseDatabaseWrapper, next_name: str) -> None:
    execute(source, "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT count(*)::int FROM plan'")
    # The restore sets no search path: such a CHECK cannot be restored by a dump.
    execute(source, "ALTER TABLE plan ADD CHECK (f() >= 0)")
    with pytest.raises(CannotCopy, match=r'relation "plan" does not exist'):
        copy_of(source, programs=PROGRAMS, dump=True).__enter__()
    assert next_name not in copies()


def test_a_copy_is_dropped_although_somebody_is_in_it(source: BaseDatabaseWrapper) -> None:
    with copy_of(source) as copied:
        left = opened(source, copied.entry)
        execute(left.__enter__(), "SELECT 1")
    assert copied.name not in copies()


def test_an_empty_one_has_the_extensions_of_the_source(source: BaseDatabaseWrapper) -> None:
    execute(source, "CREATE EXTENSION vector")
    with empty_beside(source) as copied, opened(source, copied.entry) as connection:
        assert fetch(connection, "SELECT count(*) FROM pg_extension WHERE extname = 'vector'") == 1
        assert fetch(connection, "SELECT to_regclass('plan')") is None


@pytest.mark.parametrize("way", ["template", "dump", "empty"])
def test_settings_of_the_database_come_along(source: BaseDatabaseWrapper, way: str) -> None:
    name = source.settings_dict["NAME"]
    execute(source, "CREATE SCHEMA app")
    for setting in ('search_path = app, "$user", public', "application_name = '50% o''clock'"):
        execute(source, f'ALTER DATABASE "{name}" SET {setting}')
    source.close()
    making = (
        empty_beside(source) if way == "empty" else copy_of(source, programs=PROGRAMS, dump=way == "dump")
    )
    with making as copied, opened(source, copied.entry) as connection:
        assert fetch(connection, "SHOW search_path") == 'app, "$user", public'
        assert fetch(connection, "SHOW application_name") == "50% o'clock"


def url_of(entry: dict[str, Any]) -> str:
    return f"postgresql://{entry['USER']}@/{entry['NAME']}?host={entry['HOST']}&port={entry['PORT']}"


def test_the_source_itself_is_refused_as_a_clone(source: BaseDatabaseWrapper) -> None:
    with pytest.raises(CannotCopy, match="it is the source itself"):
        given_copy(source, url_of(source.settings_dict)).__enter__()


def test_a_clone_is_used_as_it_is(source: BaseDatabaseWrapper) -> None:
    with scratch_database(template=source.settings_dict["NAME"]) as clone:
        with given_copy(source, url_of(clone)) as copied:
            assert (copied.how, copied.name) == ("on", clone["NAME"])
            assert rows(source, copied.entry) == 3
        with opened_entry(clone) as connection:
            assert fetch(connection, "SELECT count(*) FROM plan") == 3


@pytest.mark.parametrize(
    ("url", "found"),
    [
        ("mysql://me:secret@host/name", "mysql://host/name: that is no PostgreSQL address"),
        ("postgres://host:port/name", "Port could not be cast"),
        ("postgresql:///no_such_database_here?host=/nowhere", "connection"),
    ],
)
def test_a_bad_address_is_refused(source: BaseDatabaseWrapper, url: str, found: str) -> None:
    with pytest.raises(CannotCopy, match=found) as caught:
        given_copy(source, url).__enter__()
    assert "secret" not in str(caught.value)


def test_a_role_without_the_right_is_told_so(source: BaseDatabaseWrapper) -> None:
    role = f"dbstate_reader_{os.getpid()}"
    run_on_server(f"CREATE ROLE {role} LOGIN")
    try:
        poor = {**source.settings_dict, "USER": role}
        with opened(source, poor) as connection:
            execute(connection, "SELECT 1")
            with pytest.raises(CannotCopy, match=r"may not create it .*CREATEDB"):
                copy_of(connection).__enter__()
    finally:
        run_on_server(f"DROP ROLE {role}")


def test_too_little_disk_is_said_first(
    source: BaseDatabaseWrapper, next_name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgresql_copies, "free_bytes_of_server", lambda connection: 1 << 20)
    with pytest.raises(CannotCopy, match=r"MB are needed beside its \d+ MB, and 1 MB are free"):
        copy_of(source).__enter__()
    assert next_name not in copies()


def test_foreign_servers_are_cut_off(source: BaseDatabaseWrapper) -> None:
    execute(
        source,
        "CREATE FOREIGN DATA WRAPPER nothing",
        "CREATE SERVER elsewhere FOREIGN DATA WRAPPER nothing",
        "CREATE USER MAPPING FOR PUBLIC SERVER elsewhere",
    )
    with copy_of(source) as copied, opened(source, copied.entry) as connection:
        assert copied.notes == ("foreign server elsewhere was cut off in it",)
        assert fetch(connection, "SELECT count(*) FROM pg_user_mappings") == 0
    assert fetch(source, "SELECT count(*) FROM pg_user_mappings") == 1


def test_subscriptions_of_a_clone_are_switched_off(source: BaseDatabaseWrapper) -> None:
    with scratch_database() as clone, opened_entry(clone) as connection:
        execute(
            connection,
            "CREATE SUBSCRIPTION feed CONNECTION 'host=/nowhere' PUBLICATION p WITH (connect = false)",
            "ALTER SUBSCRIPTION feed ENABLE",
        )
        try:
            with given_copy(source, url_of(clone)) as copied:
                assert "subscription feed was disabled in it" in copied.notes
            assert not fetch(connection, "SELECT subenabled FROM pg_subscription WHERE subname = 'feed'")
        finally:
            execute(connection, "ALTER SUBSCRIPTION feed DISABLE")
            execute(connection, "ALTER SUBSCRIPTION feed SET (slot_name = NONE)", "DROP SUBSCRIPTION feed")


MAKER = """
    import json, os, signal, sys
    import django
    from django.conf import settings
    entry = json.loads(sys.argv[1])
    settings.configure(DATABASES={"default": entry})
    django.setup()
    from django.db import connection
    from dbstate.backends.postgresql_copies import copy_of
    with copy_of(connection) as copied:
        print(copied.name, flush=True)
        signal.pause()
"""


def test_what_a_killed_maker_left_is_cleared_by_the_next(source: BaseDatabaseWrapper) -> None:
    import json

    entry = {key: source.settings_dict[key] for key in ("ENGINE", "NAME", "USER", "PASSWORD", "HOST", "PORT")}
    maker = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(MAKER), json.dumps(entry)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
    )
    assert maker.stdout is not None
    name = maker.stdout.readline().strip()
    with copy_of(source):
        assert name in copies()  # its maker is alive
    maker.send_signal(signal.SIGKILL)
    maker.wait()
    assert name in copies()
    gone = threading.Event()
    for _ in range(50):  # the server notices the dead client in its own time
        with copy_of(source):
            pass
        if name not in copies():
            break
        gone.wait(0.1)
    assert name not in copies()
