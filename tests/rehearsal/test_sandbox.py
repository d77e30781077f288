"""What a rehearsed migration cannot reach."""

from __future__ import annotations

import json
from typing import Any

import pytest

from dbstate.rehearsal.evidence import Run
from tests.rehearsal.projects import Project
from tests.rehearsal.test_rehearse import orders
from tests.scratch import execute, fetch, opened, scratch_database

CODE = """
import os, socket, subprocess, threading
from django.conf import settings
from django.core import mail
from django.core.cache import cache
from django.db import connection, connections

def forwards(apps, editor):
    Order = apps.get_model("shop", "Order")
    {}
"""


def applied(project: Project, *lines: str, apps: Any = None, **given: Any) -> Run:
    """The run of a migration of this code."""
    orders(project).migration(
        "0002_code", "RunPython(forwards, RunPython.noop),", head=CODE.format("\n    ".join(lines))
    )
    run = project.rehearse("0002_code", **given).run("apply")
    assert run
    return run


def rows(project: Project) -> int:
    with opened(project.entry) as connection:
        return int(fetch(connection, "SELECT count(*) FROM shop_order"))


@pytest.mark.parametrize(
    "connect",
    [
        "connection.Database.connect(dbname=NAME, host=HOST, port=PORT, user=USER)",
        "connection.Database.Connection.connect(dbname=NAME, host=HOST, port=PORT, user=USER)",
        "connection.Database.connect(f'dbname={NAME} host={HOST} port={PORT} user={USER}')",
        "connection.Database.connect(f'postgresql://{USER}@/{NAME}?host={HOST}&port={PORT}')",
    ],
)
@pytest.mark.slow
def test_a_connection_past_django_leads_to_the_copy(project: Project, connect: str) -> None:
    entry = project.entry
    names = [f"{key} = {entry[key]!r}" for key in ("NAME", "HOST", "PORT", "USER")]
    run = applied(
        project, *names, f"with {connect} as raw:", "    raw.execute('DELETE FROM shop_order')", "raw.close()"
    )
    assert run.failure is None
    assert rows(project) == 3


@pytest.mark.slow
def test_a_connection_to_another_database_is_refused(project: Project) -> None:
    entry = project.entry
    with scratch_database() as other:
        run = applied(
            project,
            f"connection.Database.connect(dbname={other['NAME']!r}, host={entry['HOST']!r}, user='postgres')",
        )
    assert run.failure, run
    assert run.failure.kind == "outside", run.failure
    assert run.refused == (f"a connection to the database {other['NAME']}",)


def test_threads_write_to_the_copy_and_are_waited_for(project: Project) -> None:
    run = applied(
        project,
        "import time",
        "def write():",
        "    time.sleep(0.5)",
        "    connection.cursor().execute('CREATE TABLE of_thread ()')",
        "    connection.close()",
        "threading.Thread(target=write).start()",
    )
    assert run.failure is None
    with opened(project.entry) as connection:
        assert fetch(connection, "SELECT to_regclass('of_thread')") is None


@pytest.mark.parametrize(
    ("line", "refused"),
    [
        ("socket.create_connection(('127.0.0.1', 9))", "a network connection to 127.0.0.1"),
        ("subprocess.run(['touch', 'made'])", "the program touch"),
        ("os.system('touch made')", "a shell command"),
    ],
)
def test_the_network_and_programs_are_refused(project: Project, line: str, refused: str) -> None:
    run = applied(project, line)
    assert run.failure, run
    assert run.failure.kind == "outside", run.failure
    assert run.refused == (refused,)


@pytest.mark.slow
def test_what_was_refused_is_told_although_the_migration_went_on(project: Project) -> None:
    run = applied(
        project, "try:", "    socket.create_connection(('127.0.0.1', 9))", "except OSError:", "    pass"
    )
    assert run.failure is None
    assert run.refused == ("a network connection to 127.0.0.1",)


def test_mail_and_cache_stay_in_memory(project: Project) -> None:
    run = applied(
        project,
        "mail.send_mail('s', 'b', 'a@example.com', ['b@example.com'])",
        "assert len(mail.outbox) == 1",
        "cache.set('x', 1)",
    )
    assert run.failure is None


def test_another_database_can_be_read_and_not_written(project: Project) -> None:
    with scratch_database() as other, opened(other) as connection:
        execute(connection, "CREATE TABLE rates (id int)", "INSERT INTO rates VALUES (1)")
        databases = {"default": project.entry, "rates": other}
        settings = project.folder / "small_settings.py"
        settings.write_text(f"{settings.read_text()}\nDATABASES = {json.loads(json.dumps(databases))!r}\n")
        run = applied(
            project,
            "cursor = connections['rates'].cursor()",
            "cursor.execute('SELECT count(*) FROM rates')",
            "assert cursor.fetchone() == (1,)",
            "cursor.execute('DELETE FROM rates')",
        )
        assert run.failure, run
        assert (run.failure.kind, run.failure.sqlstate) == ("outside", "25006")
        assert fetch(connection, "SELECT count(*) FROM rates") == 1


@pytest.mark.slow
def test_an_alias_of_the_same_database_leads_to_the_copy(project: Project) -> None:
    databases = {"default": project.entry, "replica": project.entry}
    settings = project.folder / "small_settings.py"
    settings.write_text(f"{settings.read_text()}\nDATABASES = {databases!r}\n")
    run = applied(
        project,
        "cursor = connections['replica'].cursor()",
        "cursor.execute('SELECT current_database()')",
        "assert cursor.fetchone()[0].startswith('dbstate_copy_')",
    )
    assert run.failure is None


@pytest.mark.slow
def test_addresses_in_the_environment_lead_to_the_copy(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", f"postgres://me@host/{project.entry['NAME']}")
    monkeypatch.setenv("OTHER_URL", "postgres://me@host/other")
    run = applied(
        project,
        "assert os.environ['DATABASE_URL'].startswith('postgres://me@host/dbstate_copy_')",
        "assert 'OTHER_URL' not in os.environ",
    )
    assert run.failure is None
