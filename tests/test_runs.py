"""Runs of these tests side by side: what tests/conftest.py promises."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from django.db import connection

ROOT = Path(__file__).parents[1]
NAME = re.compile(r"^test_.*_run[0-9a-f]{8}$")
SETTINGS = """
from example_project.settings import *

# As little as can be migrated.
INSTALLED_APPS = ["django.contrib.contenttypes"]
AUTH_USER_MODEL = "auth.User"
"""
ANOTHER = """
import os, signal
import pytest

@pytest.mark.django_db
def test_killed():
    from django.db import connection
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_database()")
        print("\\nin", cursor.fetchone()[0], flush=True)
    os.kill(os.getpid(), signal.SIGKILL)
"""


def databases() -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT datname FROM pg_database")
        return {name for (name,) in cursor.fetchall()}


def run_another(folder: Path) -> str:
    """Run one test in a run of its own, which kills itself; the name of its database."""
    (folder / "test_killed.py").write_text(ANOTHER)
    (folder / "conftest.py").write_bytes((ROOT / "tests/conftest.py").read_bytes())
    (folder / "few_apps.py").write_text(SETTINGS)
    plain = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    plain["PYTHONPATH"] = os.pathsep.join(map(str, (folder, ROOT)))
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-s",
        "-p",
        "no:cacheprovider",
        "-p",
        "no:randomly",
        "--ds",
        "few_apps",
        "-n0",  # in this process, which kills itself
    ]
    command += ["-c", str(ROOT / "pyproject.toml"), "--confcutdir", str(folder)]
    done = subprocess.run(
        [*command, str(folder / "test_killed.py")], cwd=ROOT, env=plain, capture_output=True, text=True
    )
    assert done.returncode == -signal.SIGKILL, done.stdout + done.stderr
    found = re.search(r"^in (\S+)$", done.stdout, re.MULTILINE)
    assert found, done.stdout
    return found[1]


@pytest.mark.django_db
def test_a_run_has_its_own_database_and_clears_those_of_killed_runs(tmp_path: Path) -> None:
    if connection.vendor != "postgresql":
        pytest.skip("only PostgreSQL has a test database by name")
    ours = connection.settings_dict["NAME"]
    assert NAME.match(ours)

    first = run_another(tmp_path)
    assert first != ours
    assert {ours, first} <= databases()

    second = run_another(tmp_path)
    assert {ours, second} <= databases()
    assert first not in databases()
