"""``dbstate_guard`` as a person or a script runs it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.scratch import execute, opened, scratch_database

Run = Callable[..., subprocess.CompletedProcess[str]]

LINE = "python manage.py dbstate_guard --mark --database default"
SETTINGS = """\
SECRET_KEY = "x"
INSTALLED_APPS = ["dbstate"]
DATABASES = {{"default": {entry!r}}}
"""


@pytest.fixture
def entry(django_db_blocker: Any) -> Iterator[dict[str, Any]]:
    with django_db_blocker.unblock(), scratch_database() as made:
        yield made


@pytest.fixture
def guard(entry: dict[str, Any], tmp_path: Path) -> Run:
    (tmp_path / "guarded_settings.py").write_text(SETTINGS.format(entry=entry))

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        path = os.pathsep.join([str(tmp_path), *filter(None, sys.path)])
        environment = {**os.environ, "PYTHONPATH": path, "DJANGO_SETTINGS_MODULE": "guarded_settings"}
        command = [sys.executable, "-m", "django", "dbstate_guard", *arguments]
        return subprocess.run(
            command, env=environment, capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=60
        )

    return run


def test_show_mark_check_unmark(guard: Run, entry: dict[str, Any]) -> None:
    with opened(entry) as connection:
        execute(connection, "CREATE TABLE shop_order AS SELECT 1 AS id")

    shown = guard()
    assert (shown.returncode, shown.stderr) == (0, "")
    assert "[ ] holds rows (shop_order)" in shown.stdout
    assert f"to permit it: {LINE}" in shown.stdout

    refused = guard("--check")
    assert refused.returncode == 3
    assert refused.stderr.splitlines()[-1].strip() == LINE

    marked = guard("--mark", "--format", "json")
    assert marked.returncode == 0
    document = json.loads(marked.stdout)
    assert (document["schema_version"], document["allowed"]) == (1, True)
    assert document["database"]["name"] == entry["NAME"]
    assert {reason["code"] for reason in document["reasons"] if reason["passed"]} >= {"marked", "standby"}

    assert guard("--check", "--purpose", "write").returncode == 0
    assert guard("--unmark").returncode == 0
    assert guard("--check", "--purpose", "write").returncode == 3
    assert "there was no mark" in guard("--unmark").stderr


def test_the_permitting_line_names_the_settings_it_needs(guard: Run) -> None:
    shown = guard("--purpose", "write", "--settings", "guarded_settings")
    assert "--mark --database default --settings guarded_settings\n" in shown.stdout


def test_an_unreachable_server_is_one_line_and_2(guard: Run, entry: dict[str, Any], tmp_path: Path) -> None:
    elsewhere = {**entry, "HOST": "127.0.0.1", "PORT": "1"}
    (tmp_path / "guarded_settings.py").write_text(SETTINGS.format(entry=elsewhere))
    done = guard("--mark")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("dbstate_guard: cannot reach database 'default' (127.0.0.1:1/")
    assert len(done.stderr.splitlines()) == 1
