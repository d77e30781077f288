"""Small Django projects in a folder, with a database of their own."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper

from dbstate.rehearsal.evidence import Evidence
from dbstate.rehearsal.orders import Request
from dbstate.rehearsal.rehearse import rehearse
from tests.scratch import execute, opened, scratch_database

SETTINGS = """
import json, os
SECRET_KEY = "not a secret"
INSTALLED_APPS = json.loads(os.environ["SMALL_APPS"])
DATABASES = json.loads(os.environ["SMALL_DATABASES"])
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
"""

HEAD = """
from django.db import connection, migrations, models
from django.db.migrations import *
import django.contrib.postgres.operations as postgres
"""


@dataclass(frozen=True)
class Project:
    """A project of one app, ``shop``; its migrations are Python texts of ``operations`` lists."""

    folder: Path
    entry: dict[str, Any]
    source: BaseDatabaseWrapper
    apps: tuple[str, ...] = ("shop",)

    @property
    def environment(self) -> Mapping[str, str]:
        import json

        return {
            "SMALL_APPS": json.dumps(self.apps),
            "SMALL_DATABASES": json.dumps({"default": self.entry}),
            "DJANGO_SETTINGS_MODULE": "small_settings",
        }

    def migration(self, name: str, operations: str, *, head: str = "", atomic: bool = True) -> None:
        """Write ``shop/migrations/<name>.py``, which depends on the one before it."""
        folder = self.folder / "shop" / "migrations"
        before = sorted(path.stem for path in folder.glob("0*.py"))
        needs = [("shop", before[-1])] if before else []
        body = textwrap.indent(textwrap.dedent(operations).strip(), "        ")
        (folder / f"{name}.py").write_text(
            f"{HEAD}\n{textwrap.dedent(head)}\n\nclass Migration(migrations.Migration):\n"
            f"    initial = {not before}\n    atomic = {atomic}\n    dependencies = {needs}\n"
            f"    operations = [\n{body}\n    ]\n"
        )

    def migrate(self, name: str = "") -> None:
        """Apply the project's migrations to its database, as a person would."""
        arguments = ["migrate", *(["shop", name] if name else []), "-v0"]
        done = subprocess.run(
            [sys.executable, "-m", "django", *arguments],
            cwd=self.folder,
            env={**os.environ, **self.environment, "PYTHONPATH": os.pathsep.join(self.path)},
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr

    @property
    def path(self) -> tuple[str, ...]:
        return (str(self.folder), str(Path(__file__).parents[2]))

    def sql(self, *statements: str) -> None:
        """Run SQL on its database, as what happened before the rehearsal."""
        with opened(self.entry) as connection:
            execute(connection, *statements)

    def request(self, *names: str, **given: Any) -> Request:
        return Request(
            targets=tuple(("shop", name) for name in names),
            settings_module="small_settings",
            path=self.path,
            environment=self.environment,
            **given,
        )

    def rehearse(self, *names: str, look: Any = lambda moment, copy: None, **given: Any) -> Evidence:
        return rehearse(self.source, self.request(*names, **given), look=look)

    def with_apps(self, *apps: str) -> Project:
        return replace(self, apps=(*apps, *self.apps))


@contextmanager
def small_project(folder: Path) -> Iterator[Project]:
    """A project without migrations yet, on a new empty database."""
    package = folder / "shop" / "migrations"
    package.mkdir(parents=True)
    for init in (folder / "shop", package):
        (init / "__init__.py").write_text("")
    (folder / "shop" / "models.py").write_text("")
    (folder / "small_settings.py").write_text(SETTINGS)
    with scratch_database() as entry, opened(entry) as source:
        yield Project(folder, entry, source)
