"""``python -m dbstate.embedded``."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dbstate import embedded
from dbstate.embedded.__main__ import main, project_at

ROOT = Path(__file__).parents[2]


def test_path(place: embedded.Place, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--project", str(place.project), "path"]) == 0
    assert capsys.readouterr().out == f"{place.folder}\n"


def test_status_and_stop(
    place: embedded.Place, use: Callable[..., Any], capsys: pytest.CaptureFixture[str]
) -> None:
    project = ["--project", str(place.project)]
    assert main([*project, "status"]) == 0
    assert "server     not running" in capsys.readouterr().out
    server = use(place).ready().server
    assert main([*project, "status"]) == 0
    out = capsys.readouterr().out
    assert f"process {server}, in use, stops by itself" in out
    assert "databases  dbstate, postgres" in out
    assert main([*project, "stop"]) == 0
    assert main([*project, "stop"]) == 0
    assert capsys.readouterr().out == "stopped\nnot running\n"


def test_psql(place: embedded.Place) -> None:
    # In a process of its own, as this one would keep the server until the end of all tests.
    command = [sys.executable, "-m", "dbstate.embedded", "--project", str(place.project), "psql", "-XAtc"]
    done = subprocess.run([*command, "SELECT current_database()"], cwd=ROOT, capture_output=True, text=True)
    assert done.stdout == "dbstate\n", done.stderr
    assert subprocess.run([*command, "SELECT nonsense"], cwd=ROOT, capture_output=True).returncode == 1


def test_what_is_not_for_psql_is_refused(place: embedded.Place) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["--project", str(place.project), "status", "-c", "SELECT 1"])


def test_an_error_is_said(
    place: embedded.Place, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("dbstate.embedded.binaries.PACKAGE", "no_such_wheel")
    assert main(["--project", str(place.project), "psql"]) == 2
    assert capsys.readouterr().err.startswith("cannot start the embedded PostgreSQL")


def test_the_project_is_found_upwards(tmp_path: Path) -> None:
    (tmp_path / "manage.py").touch()
    (tmp_path / "a/b").mkdir(parents=True)
    assert project_at(tmp_path / "a/b") == tmp_path
    assert project_at(Path("/")) == Path("/")


def test_help_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--help"])
    out = capsys.readouterr().out
    assert all(name in out for name in ("status", "stop", "psql", "path"))
