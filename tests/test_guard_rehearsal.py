"""Rows that migrations made do not count: shown by a project whose migrations make some."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connections

from dbstate.guard.scratch import PREFIX, scratch_beside
from tests.scratch import execute, fetch, opened, run_on_server, scratch_database, sqlite_entry

SETTINGS = """\
import os
SECRET_KEY = "x"
INSTALLED_APPS = ["notes", "dbstate"]
MEDIA_ROOT = {media!r}
DATABASES = {{"default": {entry!r}, "other": {other!r}}}
"""
APP = """\
from django.apps import AppConfig
from django.db.models.signals import post_migrate

def welcome(using, apps, **kwargs):
    from notes.models import Note
    Note.objects.using(using).get_or_create(text="from a handler")

class NotesConfig(AppConfig):
    name = "notes"
    default_auto_field = "django.db.models.BigAutoField"
    def ready(self):
        post_migrate.connect(welcome, sender=self)
"""
MODELS = """\
import uuid
from django.db import models

class Note(models.Model):
    text = models.CharField(max_length=50)

class Key(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
"""
FIRST = """\
import uuid
from django.db import migrations, models

class Migration(migrations.Migration):
    operations = [
        migrations.CreateModel("Note", [
            ("id", models.BigAutoField(primary_key=True)), ("text", models.CharField(max_length=50))]),
        migrations.CreateModel("Key", [
            ("id", models.UUIDField(primary_key=True, default=uuid.uuid4))]),
    ]
"""
SECOND = """\
import os, time
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.mail import send_mail
from django.db import connections, migrations

def fill(apps, schema_editor):
    print("said by a migration")
    apps.get_model("notes", "Note").objects.create(text="from a migration")
    apps.get_model("notes", "Key").objects.create()
    {more}

class Migration(migrations.Migration):
    dependencies = [("notes", "0001_initial")]
    operations = [migrations.RunPython(fill)]
"""


class Project:
    """A project in a folder of its own, used as a person does: by commands."""

    def __init__(self, folder: Path, entry: dict[str, Any], other: dict[str, Any]) -> None:
        self.folder, self.entry, self.other = folder, entry, other
        app = folder / "notes"
        (app / "migrations").mkdir(parents=True)
        self.media = folder / "media"
        for name, text in {
            "__init__.py": "",
            "apps.py": APP,
            "models.py": MODELS,
            "migrations/__init__.py": "",
            "migrations/0001_initial.py": FIRST,
        }.items():
            (app / name).write_text(text)
        (folder / "rehearsed_settings.py").write_text(
            SETTINGS.format(entry=entry, other=other, media=str(self.media))
        )
        self.write_second()

    def write_second(self, more: str = "pass") -> None:
        (self.folder / "notes/migrations/0002_rows.py").write_text(SECOND.format(more=more))

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        path = os.pathsep.join([str(self.folder), *filter(None, sys.path)])
        environment = {
            **os.environ,
            "PYTHONPATH": path,
            "PYTHONDONTWRITEBYTECODE": "1",
            "DJANGO_SETTINGS_MODULE": "rehearsed_settings",
        }
        return subprocess.Popen(
            [sys.executable, *arguments],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *arguments: str) -> str:
        started = self.start(*arguments)
        out, err = started.communicate(timeout=60)
        assert started.returncode == 0, out + err
        self.stderr = err
        return out

    def migrate(self) -> None:
        self.run("-m", "django", "migrate", "-v0")

    def judge(self) -> tuple[bool, str]:
        """Whether it may be seeded, and what was found of its rows."""
        shown = json.loads(self.run("-m", "django", "dbstate_guard", "--format", "json"))
        told = [one["message"] for one in shown["reasons"] if one["code"] == "migrations"]
        return shown["allowed"], told[0] if told else ""

    def rehearse(self, first: str = "pass", *, tables: str = "", timeout: float = 60) -> str:
        """Why a rehearsal failed that ran after these statements."""
        lines = [
            "import django; django.setup()",
            "from django.db import connection",
            "from dbstate.guard import rehearsing",
            f"rehearsing.stored_tables = lambda connection: {tables}" if tables else "",
            first,
            f"print(rehearsing.rehearse(connection, note=lambda text: None, timeout={timeout}).failure)",
        ]
        return self.run("-c", "\n".join(lines)).strip()

    def connect_as(self, role: str) -> None:
        path = self.folder / "rehearsed_settings.py"
        options = f'DATABASES["default"]["OPTIONS"] = {{"options": "-c role={role}"}}'
        path.write_text(f"{path.read_text()}{options}\n")

    def execute(self, *statements: str) -> None:
        with opened(self.entry) as connection:
            execute(connection, *statements)

    def fetch(self, sql: str) -> Any:
        with opened(self.entry) as connection:
            return fetch(connection, sql)


@pytest.fixture(scope="module")
def migrated(django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The name of a database on which the migrations ran, and nothing else happened."""
    with django_db_blocker.unblock(), scratch_database() as entry:
        Project(tmp_path_factory.mktemp("migrated"), entry, entry).migrate()
        yield entry["NAME"]


@pytest.fixture
def project(migrated: str, django_db_blocker: Any, tmp_path: Path) -> Iterator[Project]:
    """A project whose database is freshly migrated."""
    with django_db_blocker.unblock(), scratch_database(template=migrated) as entry:
        yield Project(tmp_path, entry, {**entry, "NAME": migrated})


@pytest.fixture(params=["postgresql", "sqlite"])
def portable(request: pytest.FixtureRequest, django_db_blocker: Any, tmp_path: Path) -> Iterator[Project]:
    """The same on each vendor."""
    if request.param == "postgresql":
        yield request.getfixturevalue("project")
        return
    with django_db_blocker.unblock():
        entry, other = (sqlite_entry(str(tmp_path / name)) for name in ("a", "b"))
        project = Project(tmp_path, entry, other)
        project.migrate()
        yield project


def leftovers() -> set[str]:
    with connections["default"]._nodb_cursor() as cursor:
        cursor.execute("SELECT datname FROM pg_database WHERE datname ~ %s", [f"^{PREFIX}"])
        return {name for (name,) in cursor.fetchall()}


def wait_for(what: Callable[[], Any], *, seconds: float = 20) -> Any:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if found := what():
            return found
        time.sleep(0.05)
    raise AssertionError("it did not happen")


def test_rows_of_migrations_are_allowed_and_one_more_is_refused(portable: Project) -> None:
    assert portable.judge() == (True, "holds only rows that its migrations make")
    assert "applying them to a scratch database" in portable.stderr
    assert "said by a migration" not in portable.stderr

    portable.execute("UPDATE notes_note SET text = 'edited'", "DELETE FROM notes_note WHERE id = 2")
    assert portable.judge()[0], "no row is beyond those of migrations"

    portable.execute("INSERT INTO notes_note (id, text) VALUES (7, 'mine')")
    allowed, found = portable.judge()
    assert not allowed
    assert found == "holds rows that its migrations do not make (notes_note: 1 of 2)"


@pytest.mark.slow
def test_random_keys_are_counted(portable: Project) -> None:
    portable.execute("INSERT INTO notes_key VALUES ('6a8c2f0e5f9b4d0fa7a1d3c4b5e6f708')")
    assert portable.judge() == (False, "holds rows that its migrations do not make (notes_key: 1 of 2)")


def test_a_table_that_no_migration_makes_counts(project: Project) -> None:
    project.execute("CREATE TABLE by_hand AS SELECT 1 AS id")
    assert "by_hand: 1 of 1" in project.judge()[1]


def test_sessions_need_no_rehearsal(project: Project) -> None:
    project.execute("CREATE TABLE django_session AS SELECT 1 AS id")
    assert project.judge() == (False, "holds rows that its migrations do not make (django_session: 1 of 1)")
    assert project.stderr == ""


def test_pending_migrations_are_named(project: Project) -> None:
    project.execute("DELETE FROM django_migrations WHERE name = '0002_rows'")
    allowed, found = project.judge()
    assert not allowed
    assert "not applied yet: notes.0002_rows; run python manage.py migrate first" in found
    assert project.stderr == ""


@pytest.mark.parametrize("alias", ["default", "other"])
def test_migrations_reach_no_database_of_the_project(project: Project, alias: str) -> None:
    project.write_second(f'connections["{alias}"].cursor().execute("CREATE TABLE stray ()")')
    allowed, found = project.judge()
    assert allowed == (alias == "default")
    if alias == "other":
        assert "applying them elsewhere failed" in found
        assert "DATABASES" in found
    for entry in (project.entry, project.other):
        with opened(entry) as connection:
            assert fetch(connection, "SELECT to_regclass('stray')") is None


def test_a_connection_by_a_migrations_own_settings_is_refused(project: Project) -> None:
    """A copy of the settings made before they were redirected leads back to the project's database."""
    path = project.folder / "rehearsed_settings.py"
    path.write_text(path.read_text() + 'import copy\nKEPT = copy.deepcopy(DATABASES["default"])\n')
    project.write_second(
        "from django.conf import settings; back = connections['default'].copy(); "
        "back.settings_dict['NAME'] = settings.KEPT['NAME']; back.cursor().execute('CREATE TABLE stray ()')"
    )
    assert "a connection led to" in project.judge()[1]
    assert project.fetch("SELECT to_regclass('stray')") is None


@pytest.mark.slow
def test_mail_and_files_go_nowhere(project: Project) -> None:
    project.write_second(
        'send_mail("a", "b", "a@x.example", ["b@x.example"]); default_storage.save("x", ContentFile(b"x"))'
    )
    assert project.judge()[0]
    assert not project.media.exists()


def test_what_cannot_be_rehearsed_is_refused(project: Project) -> None:
    project.write_second('raise ValueError("no shop to fill")')
    assert project.judge() == (
        False,
        "cannot be compared with what its migrations make "
        "(applying them elsewhere failed: ValueError: no shop to fill)",
    )


@pytest.mark.slow
def test_a_rehearsal_that_takes_too_long_is_ended(project: Project) -> None:
    project.write_second("time.sleep(60)")
    before = time.monotonic()
    assert project.rehearse(timeout=2) == "its migrations took more than 2 seconds"
    assert time.monotonic() - before < 30


def test_a_role_that_makes_no_databases_is_refused(project: Project) -> None:
    role = f"{project.entry['NAME']}_plain"
    run_on_server(f'CREATE ROLE "{role}"')
    try:
        project.execute(f'GRANT SELECT ON ALL TABLES IN SCHEMA public TO "{role}"')
        project.connect_as(role)
        allowed, found = project.judge()
        assert not allowed
        assert "no scratch database: permission denied" in found
    finally:
        project.execute(f'DROP OWNED BY "{role}"')
        run_on_server(f'DROP ROLE "{role}"')


@pytest.mark.slow
def test_a_killed_rehearsal_takes_its_child_along_and_is_swept_by_the_next(project: Project) -> None:
    project.write_second("time.sleep(600)")
    before = leftovers()
    killed = project.start("-m", "django", "dbstate_guard")
    (name,) = wait_for(lambda: leftovers() - before)
    sessions = f"SELECT count(*) FROM pg_stat_activity WHERE datname = '{name}' AND query LIKE '%notes_%'"
    wait_for(lambda: project.fetch(sessions))
    killed.kill()
    killed.communicate()
    wait_for(lambda: project.fetch(sessions) == 0)
    project.write_second()
    assert project.judge()[0]
    assert name not in leftovers()


def test_sweeping_spares_those_whose_makers_live(project: Project) -> None:
    run_on_server(f'CREATE DATABASE "{PREFIX}7fffffff"')
    with opened(project.entry) as connection, scratch_beside(connection) as first:
        assert first["NAME"].startswith(PREFIX)
        assert f"{PREFIX}7fffffff" not in leftovers()
        with scratch_beside(connection) as second:
            assert {first["NAME"], second["NAME"]} <= leftovers()
        assert first["NAME"] in leftovers()
        assert second["NAME"] not in leftovers()


def test_folders_of_killed_rehearsals_are_swept(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    old, young, other = (tmp_path / name for name in (f"{PREFIX}old", f"{PREFIX}young", "old"))
    for folder in (old, young, other):
        folder.mkdir()
        if folder is not young:
            os.utime(folder, (0, 0))
    with opened(project.entry) as connection, scratch_beside(connection):
        assert [folder.exists() for folder in (old, young, other)] == [False, True, True]


def test_many_rows_are_not_read(project: Project) -> None:
    assert project.rehearse("rehearsing.LIMIT = 2") == "it holds more than 2 rows"


def test_another_connection_than_that_of_the_alias_is_refused(project: Project) -> None:
    elsewhere = "connection = connection.copy(); connection.settings_dict['NAME'] = 'elsewhere'"
    assert project.rehearse(elsewhere, tables="[]") == "no alias of the settings names it"


def test_an_error_inside_drops_the_scratch_database(project: Project) -> None:
    with opened(project.entry) as connection:
        with pytest.raises(KeyboardInterrupt), scratch_beside(connection) as made:
            raise KeyboardInterrupt
        assert made["NAME"] not in leftovers()


def seed(project: Project) -> tuple[int, str]:
    """Exit code and standard error of a seeding run."""
    started = project.start("-m", "django", "dbstate_seed", "--rows", "3", "--profile", "realistic")
    _, err = started.communicate(timeout=60)
    return started.returncode, err


def test_seeding_claims_the_database_so_that_the_next_one_looks_at_nothing(project: Project) -> None:
    code, told = seed(project)
    assert (code, "scratch database" in told) == (0, True), told
    assert project.fetch("SELECT count(*) FROM notes_note") >= 3
    code, told = seed(project)
    assert (code, "scratch database" in told) == (0, False), told


def test_seeding_by_another_than_the_owner_says_what_a_later_run_needs(project: Project) -> None:
    role = f"{project.entry['NAME']}_maker"
    run_on_server(f'CREATE ROLE "{role}" CREATEDB')
    try:
        project.execute(
            f'GRANT ALL ON ALL TABLES IN SCHEMA public TO "{role}"',
            f'GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO "{role}"',
        )
        project.connect_as(role)
        code, told = seed(project)
        assert code == 0, told
        assert "this role does not own it" in told
        assert "a later run will need python manage.py dbstate_guard --mark --database default" in told
    finally:
        project.execute(f'DROP OWNED BY "{role}"')
        run_on_server(f'DROP ROLE "{role}"')
