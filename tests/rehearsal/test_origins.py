"""Where the rows of a rehearsal come from: a template, a dump, a clone, or nowhere."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import textwrap
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from django.db import connections

from dbstate.backends.postgresql_copies import PREFIX
from tests.rehearsal.projects import Project
from tests.rehearsal.test_rehearse import orders
from tests.scratch import execute, fetch, opened, run_on_server, scratch_database

FIELD = 'AddField("order", "extra", models.IntegerField(null=True)),'


def copies() -> list[str]:
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT datname FROM pg_database WHERE datname LIKE %s", [f"{PREFIX}%"])
        return [name for (name,) in cursor.fetchall()]


def test_made_rows_are_rows_of_the_models_of_before(project: Project) -> None:
    project.migration(
        "0001_initial",
        """
        CreateModel("Order", [
            ("id", models.BigAutoField(primary_key=True)),
            ("code", models.CharField(max_length=10)),
            ("gone", models.IntegerField(null=True)),
        ]),
        """,
    )
    project.migration("0002_gone", 'RemoveField("order", "gone"),')
    project.migration("0003_code", 'AlterField("order", "code", models.CharField(max_length=5)),')
    project.migrate("0001")
    evidence = project.rehearse("0002_gone", origin="generated", halfway=False)
    assert evidence.copy.how == "generated"
    assert evidence.copy.rows_made >= 7
    assert evidence.applied
    (change,) = evidence.applied.tables
    assert change.rows_before == evidence.copy.rows_made
    assert [(one.column, one.held > 0) for one in change.dropped] == [("gone", True)]


@pytest.mark.slow
def test_made_rows_have_null_wherever_the_column_may_be_null(project: Project) -> None:
    orders(project).migration("0002_more", 'AddField("order", "seen", models.DateField(null=True)),')
    project.migration("0003_seen", 'AlterField("order", "seen", models.DateField()),')
    failure = project.rehearse("0003_seen", origin="generated", parents=(("shop", "0002_more"),)).failure
    assert failure
    assert (failure.sqlstate, failure.column) == ("23502", "seen")


@pytest.mark.slow
def test_made_rows_find_schemas_that_no_migration_makes(project: Project) -> None:
    project.sql("CREATE SCHEMA aside")
    project.migration(
        "0001_initial",
        """
        CreateModel("Order", [("id", models.BigAutoField(primary_key=True))],
            options={"db_table": '"aside"."orders"'}),
        """,
    )
    project.migration("0002_seen", 'AddField("order", "seen", models.DateField(null=True)),')
    project.migrate("0001")
    evidence = project.rehearse("0002_seen", origin="generated")
    assert evidence.failure is None
    assert evidence.copy.rows_made


def test_made_rows_expose_what_is_too_long(project: Project) -> None:
    orders(project).migration("0002_code", 'AlterField("order", "code", models.CharField(max_length=5)),')
    failure = project.rehearse("0002_code", origin="generated").failure
    assert failure
    assert failure.sqlstate == "22001"


def test_a_clone_is_migrated_where_it_is(project: Project) -> None:
    orders(project).migration("0002_extra", FIELD)
    project.source.close()
    with scratch_database(template=project.entry["NAME"]) as clone:
        url = f"postgresql://postgres@/{clone['NAME']}?host={clone['HOST']}&port={clone['PORT']}"
        with opened(clone) as somebody:
            execute(somebody, "SELECT 1")
            evidence = project.rehearse("0002_extra", on=url)
            assert fetch(somebody, "SELECT 1") == 1
        assert (evidence.copy.how, evidence.copy.database) == ("on", clone["NAME"])
        assert evidence.failure is None


@pytest.mark.slow
def test_parents_that_are_not_applied_come_first(project: Project) -> None:
    orders(project).migration("0002_extra", FIELD)
    project.migration("0003_more", 'AddField("order", "more", models.IntegerField(null=True)),')
    evidence = project.rehearse("0003_more", parents=(("shop", "0002_extra"),))
    assert [run.phase for run in evidence.runs] == ["parents", "apply", "reverse", "reapply"]
    assert evidence.applied
    assert [one.name for one in evidence.applied.schema] == ["more"]


def test_a_dump_serves_where_others_are_connected(project: Project) -> None:
    orders(project).migration("0002_extra", FIELD)
    with opened(project.entry) as somebody:
        execute(somebody, "SELECT 1")
        evidence = project.rehearse("0002_extra")
        assert fetch(somebody, "SELECT 1") == 1
    assert evidence.copy.how == "dump"
    assert evidence.failure is None


PARENT = """
    import json, sys
    import django
    from django.conf import settings
    told = json.loads(sys.argv[1])
    settings.configure(DATABASES={"default": told["entry"]})
    django.setup()
    from django.db import connection
    from dbstate.rehearsal.orders import Request
    from dbstate.rehearsal.rehearse import rehearse
    rehearse(connection, Request(targets=(("shop", "0002_slow"),), settings_module="small_settings",
        path=tuple(told["path"]), environment=told["environment"]), note=lambda text: print(text, flush=True))
"""


def test_a_killed_rehearsal_leaves_no_process_and_the_next_clears_its_copy(project: Project) -> None:
    orders(project).migration(
        "0002_slow",
        "RunPython(forwards, RunPython.noop),",
        head="""
        def forwards(apps, editor):
            editor.execute("SELECT pg_sleep(30)")
        """,
    )
    project.migration("0003_extra", FIELD)
    project.source.close()
    entry = {key: project.entry[key] for key in ("ENGINE", "NAME", "USER", "PASSWORD", "HOST", "PORT")}
    told = {"entry": entry, "path": project.path, "environment": dict(project.environment)}
    parent = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(PARENT), json.dumps(told)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
    )
    assert parent.stdout is not None
    for line in parent.stdout:
        if line.startswith("applying"):
            break
    assert wait_for(lambda: children_of(project) == 1 and sleeping())
    (left,) = sleeping()
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    assert wait_for(lambda: children_of(project) == 0)
    assert left in copies()
    evidence = project.rehearse("0003_extra", write_back=False)
    assert evidence.failure is None
    assert left not in copies()


def wait_for(condition: Any) -> bool:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.1)
    return False


def sleeping() -> list[str]:
    """Copies where the slow statement runs."""
    with connections["default"].cursor() as cursor:
        cursor.execute(
            "SELECT datname FROM pg_stat_activity WHERE datname LIKE %s AND query = 'SELECT pg_sleep(30)'",
            [f"{PREFIX}%"],
        )
        return [name for (name,) in cursor.fetchall()]


def children_of(project: Project) -> int:
    """Processes that rehearse this project."""
    found = 0
    for path in Path("/proc").glob("[0-9]*"):
        try:
            words = (path / "cmdline").read_bytes().split(b"\0")
            own = project.entry["NAME"].encode() in (path / "environ").read_bytes()
        except OSError:  # it ended meanwhile, or is somebody else's
            continue
        found += own and b"dbstate.rehearsal.child" in words
    return found


@pytest.mark.parametrize("origin", ["live", "snapshot", "generated"])
@pytest.mark.slow
def test_the_owner_of_the_database_need_not_be_a_superuser(project: Project, origin: str) -> None:
    role = f"dbstate_owner_{os.getpid()}_{origin}"
    run_on_server(f"CREATE ROLE {role} LOGIN CREATEDB")
    try:
        run_on_server(f'ALTER DATABASE "{project.entry["NAME"]}" OWNER TO {role}')
        entry = {**project.entry, "USER": role}
        with opened(entry) as source:
            owned = replace(project, entry=entry, source=source)
            orders(owned).migration("0002_extra", FIELD)
            evidence = owned.rehearse("0002_extra", origin=origin)
        assert evidence.failure is None
        assert evidence.copy.how == {"live": "template", "snapshot": "dump"}.get(origin, origin)
        assert [one.failure for one in evidence.written] == [""]
    finally:
        with opened(project.entry) as connection:
            execute(connection, f"REASSIGN OWNED BY {role} TO postgres")
        run_on_server(f"DROP ROLE {role}")
