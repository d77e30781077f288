"""The README is true: its commands run and print what it shows, its code works, and no command is missing."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.management import get_commands, load_command_class
from django.db import connections

from dbstate.conf import KEYS, find_problems
from dbstate.derived import _DECLARED
from dbstate.values import forget_meaning
from tests.seeding.seeding import copy_of, need_postgresql, query, seed, url_of, working_on

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
COMMANDS = sorted(name for name, app in get_commands().items() if app == "dbstate")
GAP = "…"


def blocks(language: str) -> list[str]:
    """The fenced blocks of one language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)


def sessions() -> Iterator[tuple[str, list[str]]]:
    """Each command of the README with the lines that it is shown to print."""
    for block in blocks("console"):
        for part in block.split("$ ")[1:]:
            command, _, shown = part.partition("\n")
            yield command, shown.splitlines()


@pytest.fixture(scope="module")
def db(django_db_setup: None) -> None:
    """The test database alone; by this name pytest-django knows that it is needed."""


@pytest.fixture
def database(db: None, django_db_blocker: Any) -> Iterator[str]:
    need_postgresql()
    with django_db_blocker.unblock():
        name = connections["default"].settings_dict["NAME"]
        connections["default"].close()
        with copy_of(name) as copy:
            yield copy


# -- commands -----------------------------------------------------------------------------------------


def test_the_commands_print_what_is_shown(database: str, tmp_path: Path) -> None:
    wrong = []
    for command, shown in sessions():
        if "dbshell" in command and not shutil.which("psql"):
            continue
        printed = run(command, database, tmp_path)
        missing = first_missing(shown, printed)
        if missing is not None:
            wrong.append(f"$ {command}\nis shown to print\n{missing}\nbut prints\n{printed}")
    assert not wrong, "\n\n".join(wrong)


def run(command: str, database: str, folder: Path) -> str:
    program, *arguments = shlex.split(command)
    assert program == "python"
    now = ["--now", "2026-06-01"] if "dbstate_seed" in arguments and "--now" not in arguments else []
    plain = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    done = subprocess.run(
        [sys.executable, *arguments, *now],
        cwd=ROOT,
        env={**plain, "DATABASE_URL": url_of(database), "PAGER": "cat", "NO_COLOR": "1"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
    )
    # That a migration is not safe is an answer.
    right = {0, 1} if "validate_migration" in arguments else {0}
    assert done.returncode in right, f"{command}\n{done.stdout}{done.stderr}"
    return done.stdout


def first_missing(shown: list[str], printed: str) -> str | None:
    """The first line shown that is not printed there; numbers may differ, ``…`` stands for any lines."""
    lines = [alike(line) for line in printed.splitlines()]
    place, anywhere = 0, False
    for line in shown:
        if line == GAP:
            anywhere = True
            continue
        rest = lines[place:] if anywhere else lines[place : place + 1]
        if alike(line) not in rest:
            return line
        place += rest.index(alike(line)) + 1
        anywhere = False
    return None if anywhere or not any(lines[place:]) else f"nothing after {shown[-1]!r}"


def alike(line: str) -> str:
    """The line without what differs from run to run: spaces, numbers, the width of a table's rule."""
    return re.sub(r"[\d.,]*\d", "0", re.sub(r"--+", "--", " ".join(line.split())))


def test_a_line_that_is_not_printed_is_found() -> None:
    assert first_missing(["a 1", GAP, "d"], "a 2\nb\nc\nd\n") is None
    assert first_missing(["a", "c"], "a\nb\nc\n") == "c"
    assert first_missing(["a"], "a\nb\n") == "nothing after 'a'"


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_and_option_has_help_and_is_in_the_readme(name: str) -> None:
    command = load_command_class("dbstate", name)
    assert command.help
    assert f"`{name}`" in README
    assert f"$ python manage.py {name}" in README
    actions = command.create_parser("manage.py", name)._actions
    assert [action.dest for action in actions if not action.help] == []
    own = {flag for action in actions for flag in action.option_strings if flag.startswith("--")}
    theirs = {
        "--help",
        "--version",
        "--settings",
        "--pythonpath",
        "--traceback",
        "--force-color",
        "--no-input",
    }
    known = {"--verbosity", "--skip-checks"} | theirs
    assert [flag for flag in sorted(own - known) if flag not in README] == []


# -- code ---------------------------------------------------------------------------------------------


def test_the_settings_are_all_there_and_read() -> None:
    (text,) = (block for block in blocks("python") if block.startswith("DBSTATE"))
    found: dict[str, Any] = {}
    exec(text, found)
    assert find_problems(found["DBSTATE"]) == ()
    assert found["DBSTATE"].keys() == {*KEYS}


def test_what_a_project_says_is_heeded(database: str, tmp_path: Path, settings: Any) -> None:
    settings.MEDIA_ROOT = tmp_path
    settings.DBSTATE = {"ALLOW": [database]}
    (text,) = (block for block in blocks("python") if "meaning(" in block)
    declared = dict(_DECLARED)
    _DECLARED.clear()
    try:
        exec(text, {})
        with working_on(database):
            assert seed("shop.Product", "shop.OrderLine").code == 0
            skus = [sku for (sku,) in query("SELECT sku FROM shop_product")]
            totals = query("SELECT total_cents FROM shop_order WHERE total_cents > 0")
    finally:
        _DECLARED.clear()
        _DECLARED.update(declared)
        for where in ("shop.Product.sku", "shelf|rack"):
            forget_meaning(where)
    assert len(skus) == 10
    assert all(re.fullmatch(r"ABC-\d{6}", sku) for sku in skus)
    assert totals
