"""Real third-party projects, seeded with nothing configured and judged by Django and the packages."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import secrets
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from django.db import connections
from django.db.backends.base.base import NO_DB_ALIAS
from pytest_django import DjangoDbBlocker

HERE = Path(__file__).resolve().parent


def _module(name: str) -> Any:
    spec = importlib.util.spec_from_file_location(f"third_party_{name}", HERE / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


PROJECTS = _module("projects").PROJECTS
EXPLAINED = _module("explained").EXPLAINED
FILED = {
    "scopes": ("talks",),
    "oscar": (
        "address",
        "analytics",
        "basket",
        "catalogue",
        "customer",
        "offer",
        "order",
        "partner",
        "payment",
        "reviews",
        "shipping",
        "voucher",
        "wishlists",
    ),
    "wagtail": ("wagtailcore", "wagtaildocs", "wagtailimages", "wagtailredirects", "pages"),
    "translations": ("recipes",),
}
"""Apps whose factories are written to a file, by project."""
MYPY = ("--no-error-summary", "--ignore-missing-imports", "--follow-imports=silent", "--no-incremental")


@dataclass(frozen=True)
class Run:
    """One project with a database of its own; every command is a process."""

    name: str
    folder: Path
    database: dict[str, Any]

    def call(self, *arguments: str, codes: tuple[int, ...] = (0,)) -> str:
        """Standard output of ``python …`` in the project."""
        path = [str(HERE), str(self.folder), str(HERE.parent.parent)]
        environment = os.environ | {
            "DJANGO_SETTINGS_MODULE": "project_settings",
            "PYTHONPATH": os.pathsep.join(path),
            "PYTHONWARNINGS": "ignore",
            "THIRD_PARTY_DATABASE": json.dumps(self.database, default=str),
            "THIRD_PARTY_MEDIA": str(self.folder / "media"),
            "THIRD_PARTY_PROJECT": self.name,
        }
        done = subprocess.run(
            [sys.executable, *arguments],
            cwd=self.folder,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode in codes, f"{arguments}: exit {done.returncode}\n{done.stdout}\n{done.stderr}"
        assert "Traceback" not in done.stderr, done.stderr
        return done.stdout

    def django(self, *arguments: str, codes: tuple[int, ...] = (0,)) -> str:
        return self.call("-m", "django", *arguments, codes=codes)


@pytest.fixture(params=sorted(PROJECTS))
def run(
    request: pytest.FixtureRequest,
    tmp_path: Path,
    django_db_modify_db_settings: None,
    django_db_blocker: DjangoDbBlocker,
) -> Iterator[Run]:
    """A project, migrated, in a database that goes with the test."""
    name = request.param
    if missing := [needed for needed in PROJECTS[name].needs if not _installed(needed)]:
        pytest.skip(f"{name}: not installed: {', '.join(missing)}")
    if connections["default"].vendor != "postgresql":
        pytest.skip(f"{name}: the default database is not PostgreSQL")
    own = connections["default"].settings_dict
    database = {**own, "NAME": _database_name(name, own), "TEST": {}}
    server = type(connections["default"])({**own, "NAME": "postgres"}, NO_DB_ALIAS)
    with django_db_blocker.unblock():
        with server.cursor() as cursor:
            cursor.execute(f'CREATE DATABASE "{database["NAME"]}"')
        try:
            project = Run(name, tmp_path, database)
            _migrate(project)
            yield project
        finally:
            with server.cursor() as cursor:
                cursor.execute(f'DROP DATABASE "{database["NAME"]}" WITH (FORCE)')
            server.close()


def _installed(module: str) -> bool:
    try:
        return importlib.util.find_spec(module) is not None
    except ModuleNotFoundError:
        return False


def _database_name(project: str, settings: dict[str, Any]) -> str:
    # With the run's number the next run removes it, should this one be killed.
    number = re.search(r"_run[0-9a-f]{8}", settings["TEST"].get("NAME") or "")
    return f"test_third_{project}_{secrets.token_hex(2)}" + (number.group() if number else "")


def _migrate(run: Run) -> None:
    for folder in ("made_migrations", "media"):
        (run.folder / folder).mkdir()
    (run.folder / "made_migrations" / "__init__.py").touch()
    if own := PROJECTS[run.name].own:
        run.django("makemigrations", "-v0", *own)
    run.django("migrate", "-v0")
    run.call(str(HERE / "judging.py"), "mark", "before.json")


def test_seeds_every_table_with_rows_that_django_and_the_packages_accept(run: Run) -> None:
    refused = PROJECTS[run.name].refused
    run.django("dbstate_guard", "--mark")
    output = run.django("dbstate_seed", "--noinput", codes=(0, 1))

    verdict = json.loads(run.call(str(HERE / "judging.py"), "judge", "before.json"))
    assert [label for label in verdict["empty"] if f"  {label}: " not in output] == []
    assert [found for found in verdict["problems"] if found[0] not in refused] == []

    run.django("dbstate_seed", "--noinput", codes=(0, 1))
    again = json.loads(run.call(str(HERE / "judging.py"), "judge", "before.json"))
    assert again["rows"] == verdict["rows"]


@pytest.mark.slow
@pytest.mark.parametrize("run", sorted(EXPLAINED), indirect=True)
def test_every_migration_comes_back_with_rows_in_it_or_is_explained(run: Run) -> None:
    told = [json.loads(line) for line in run.call(str(HERE / "round_trips.py")).splitlines()]
    odd = {
        one["migration"]: one for one in told if one.keys() & {"failed", "irreversible", "schema", "changed"}
    }
    assert [one for name, one in odd.items() if name not in EXPLAINED[run.name]] == []
    assert EXPLAINED[run.name].keys() <= odd.keys()
    assert len(told) > 10


@pytest.mark.parametrize(("run", "apps"), list(FILED.items()), indirect=["run"])
def test_generated_factories_import_check_and_create_valid_rows(run: Run, apps: tuple[str, ...]) -> None:
    run.django("dbstate_factories", *apps, "--output", "made_factories.py")
    run.django("dbstate_factories", *apps, "--output", "made_factories.py", "--check")
    text = (run.folder / "made_factories.py").read_text()
    if _installed("mypy"):
        run.call("-m", "mypy", "--strict", *MYPY, "made_factories.py")

    found = json.loads(run.call(str(HERE / "using_factories.py"), "made_factories"))
    assert found["made"] == text.count("ModelFactory[") > 0
    assert [label for label in found["problems"] if label not in PROJECTS[run.name].refused] == []
