"""The contracts of pyproject.toml: which part may know which."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
LINT = [sys.executable, "-c", "from importlinter.cli import lint_imports_command; lint_imports_command()"]


def lint(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*LINT, "--no-cache", *arguments], cwd=folder, capture_output=True, text=True)


def test_contracts_are_kept() -> None:
    done = lint(ROOT)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("module", "line", "contract"),
    [
        ("catalog/tables.py", "import django", "The floor knows neither Django nor a driver"),
        ("catalog/tables.py", "import dbstate.embedded", "Imports go down only"),
        ("embedded/base.py", "import psycopg", "Only the PostgreSQL backend imports the driver"),
        ("stranger.py", "", "Imports go down only"),
        ("seeding/plan.py", "import django.db", "Plans reach no connection"),
        ("seeding/plan.py", "import dbstate.seeding.records", "Plans reach no connection"),
        ("values/key.py", "import dbstate.values.column", "No cycles"),
    ],
)
def test_contracts_can_fail(tmp_path: Path, module: str, line: str, contract: str) -> None:
    copy = tmp_path / "dbstate"
    for source in (ROOT / "dbstate").rglob("*.py"):
        target = copy / source.relative_to(ROOT / "dbstate")
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(source.read_bytes())
    (tmp_path / "pyproject.toml").write_bytes((ROOT / "pyproject.toml").read_bytes())
    broken = copy / module
    broken.write_text(f"{broken.read_text() if broken.exists() else ''}\n{line}\n")

    done = lint(tmp_path)

    assert done.returncode == 1
    assert re.search(f"^{contract}.* BROKEN", done.stdout, re.MULTILINE), done.stdout
