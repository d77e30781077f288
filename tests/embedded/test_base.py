"""Django on the embedded server, in a project of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from dbstate import embedded

ROOT = Path(__file__).parents[2]
SETTINGS = """
from pathlib import Path
from dbstate import embedded
SECRET_KEY = "x"
INSTALLED_APPS = ["django.contrib.contenttypes", "django.contrib.auth"]
DATABASES = {"default": embedded.database(Path(__file__).parent)}
"""


@pytest.fixture
def manage(new_place: embedded.Place) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Runs a Django command in the project, with no program on the path and misleading variables."""
    (new_place.project / "its_settings.py").write_text(SETTINGS)
    environment = {
        **os.environ,
        "PATH": "/nonexistent",
        "PYTHONPATH": f"{new_place.project}{os.pathsep}{ROOT}",
        "DJANGO_SETTINGS_MODULE": "its_settings",
        "PGPORT": "1",
        "PGHOST": "nowhere.invalid",
        "PGDATABASE": "nowhere",
    }

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "django", *arguments]
        return subprocess.run(
            command, env=environment, capture_output=True, text=True, stdin=subprocess.DEVNULL
        )

    return run


def test_commands_start_it_and_keep_their_rows(
    manage: Callable[..., subprocess.CompletedProcess[str]], new_place: embedded.Place
) -> None:
    assert manage("check").returncode == 0
    assert not new_place.folder.exists()

    migrated = manage("migrate", "-v", "0")
    assert migrated.returncode == 0, migrated.stderr
    shown = manage("dbshell", "--", "-Atc", "SELECT current_database(), count(*) > 0 FROM django_migrations")
    assert shown.stdout == "dbstate|t\n", shown.stderr


def test_django_makes_and_removes_test_databases(
    manage: Callable[..., subprocess.CompletedProcess[str]], new_place: embedded.Place
) -> None:
    (new_place.project / "its_tests.py").write_text(
        "from django.test import TestCase\nfrom django.contrib.auth.models import Group\n"
        "from django.db import connection\n\n\nclass Writes(TestCase):\n    def test_it(self):\n"
        "        Group.objects.create(name='g')\n"
        "        assert connection.settings_dict['NAME'] == 'test_dbstate'\n"
    )
    done = manage("test", "its_tests", "--noinput")
    assert done.returncode == 0, done.stderr
    assert "Ran 1 test" in done.stderr
    names = manage("dbshell", "--", "-Atc", "SELECT datname FROM pg_database ORDER BY datname").stdout.split()
    assert names == ["dbstate", "postgres", "template0", "template1"]
