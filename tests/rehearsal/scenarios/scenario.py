"""One migration on the rows of a small shop, and what is to be said of it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from tests.rehearsal.projects import Project, small_project
from tests.scratch import execute, opened, scratch_database

BASE = """
migrations.CreateModel("Customer", fields=[
    ("id", models.BigAutoField(primary_key=True)),
    ("name", models.CharField(max_length=50)),
    ("email", models.CharField(max_length=100, null=True)),
    ("nick", models.CharField(max_length=30, default="", blank=True)),
    ("age", models.IntegerField(null=True)),
    ("points", models.BigIntegerField(default=0)),
    ("balance", models.DecimalField(max_digits=12, decimal_places=4, default=0)),
    ("bio", models.TextField(default="", blank=True)),
    ("status", models.CharField(max_length=10, default="new",
        choices=[("new", "new"), ("old", "old"), ("gone", "gone")])),
    ("code", models.TextField(null=True)),
    ("boss_id", models.BigIntegerField(null=True)),
    ("born", models.DateTimeField(null=True)),
    ("data", models.JSONField(default=dict)),
]),
migrations.CreateModel("Order", fields=[
    ("id", models.BigAutoField(primary_key=True)),
    ("customer", models.ForeignKey("shop.Customer", models.CASCADE)),
    ("total", models.IntegerField(default=0)),
    ("note", models.TextField(default="", blank=True)),
    ("starts", models.DateField(null=True)),
    ("ends", models.DateField(null=True)),
]),
migrations.CreateModel("Tag", fields=[
    ("id", models.BigAutoField(primary_key=True)),
    ("label", models.CharField(max_length=20, unique=True)),
]),
"""

ROWS = (
    """INSERT INTO shop_customer
         (name, email, nick, age, points, balance, bio, status, code, boss_id, born, data)
       VALUES ('Ann', 'ann@example.com', 'an', 30, 10, 1.5, 'short', 'new', '1', NULL, '2000-01-01', '{}'),
              ('Bob', 'bob@example.com', 'bo', 40, 20, 2.25, 'short', 'old', '2', 1, '2001-01-01', '{}'),
              ('Cid', 'cid@example.com', 'ci', 50, 30, 3, 'short', 'new', '3', 1, '2002-01-01', '{}'),
              ('Dan', 'dan@example.com', 'da', 60, 40, 4, 'short', 'old', '4', 2, '2003-01-01', '{}')""",
    """INSERT INTO shop_order (customer_id, total, note, starts, ends)
       VALUES (1, 5, 'first', '2024-01-01', '2024-01-05'), (2, 6, 'second', '2024-02-01', '2024-02-05'),
              (2, 7, '', '2024-03-01', '2024-03-05')""",
    "INSERT INTO shop_tag (label) VALUES ('red'), ('blue')",
)


@dataclass(frozen=True)
class Scenario:
    """``rows`` is SQL that is run on top of ``ROWS``, before the migration ``0002_change``."""

    name: str
    operations: str
    verdict: str
    rows: tuple[str, ...] = ()
    found: tuple[tuple[str, str, int | None], ...] = ()
    """(code, ``table.column`` without ``shop_``, rows) of the errors; all of them."""
    head: str = ""
    checks: dict[str, Any] | None = None
    atomic: bool = True
    arguments: tuple[str, ...] = ()
    more: tuple[tuple[str, str], ...] = ()
    """Further migrations: name, operations."""
    modules: tuple[tuple[str, str], ...] = ()
    """Further modules of the app: name, text."""


@dataclass(frozen=True)
class Result:
    code: int
    told: dict[str, Any]
    said: str
    errors: tuple[tuple[str, str, int | None], ...] = field(default=())


@contextmanager
def base_project(folder: Path) -> Iterator[Project]:
    """The shop with its rows, as a template for scenarios."""
    with small_project(folder) as made:
        project = made.with_apps("django.contrib.postgres", "dbstate")
        project.migration("0001_initial", BASE)
        project.migrate()
        project.sql(*ROWS)
        yield project


def fingerprint(project: Project) -> list[Any]:
    """All rows, columns, indexes, constraints and sequences of the database."""
    with opened(project.entry) as connection, connection.cursor() as cursor:
        found = []
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1")
        for (table,) in cursor.fetchall():
            cursor.execute(f'SELECT xmin, ctid, t::text FROM "{table}" t ORDER BY ctid')
            found.append((table, cursor.fetchall()))
        for sql in (
            "SELECT attrelid::regclass::text, attname, atttypid, atttypmod, attnotnull FROM pg_attribute"
            " JOIN pg_class c ON c.oid = attrelid WHERE relnamespace = 'public'::regnamespace ORDER BY 1, 2",
            "SELECT conname, pg_get_constraintdef(oid), convalidated FROM pg_constraint"
            " WHERE connamespace = 'public'::regnamespace ORDER BY 1",
            "SELECT sequencename, last_value FROM pg_sequences ORDER BY 1",
            "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public' ORDER BY 1",
        ):
            cursor.execute(sql)
            found.append(cursor.fetchall())
    return found


def run_scenario(base: Project, scenario: Scenario, folder: Path) -> Result:
    """Validate on a database of its own; fails when that has changed in any way."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("shop", "small_settings.py"):
        subprocess.run(["cp", "-r", str(base.folder / name), str(folder)], check=True)
    with scratch_database(template=base.entry["NAME"]) as entry, opened(entry) as source:
        project = replace(base, folder=folder, entry=entry, source=source)
        project.migration("0002_change", scenario.operations, head=scenario.head, atomic=scenario.atomic)
        for name, operations in scenario.more:
            project.migration(name, operations, head=scenario.head)
        for name, text in scenario.modules:
            (folder / "shop" / f"{name}.py").write_text(textwrap.dedent(text))
        execute(source, *scenario.rows)
        before = fingerprint(project)
        arguments = list(scenario.arguments or ("shop", "0002"))
        if scenario.checks is not None:
            (folder / "checks.json").write_text(json.dumps(scenario.checks))
            arguments += ["--checks", "checks.json"]
        source.close()
        done = subprocess.run(
            [sys.executable, "-m", "django", "validate_migration", *arguments, "--format", "json"],
            cwd=folder,
            env={**os.environ, **project.environment, "PYTHONPATH": os.pathsep.join(project.path)},
            capture_output=True,
            text=True,
        )
        assert fingerprint(project) == before, "the source has changed"
    told = json.loads(done.stdout) if done.stdout.startswith("{") else {}
    errors = tuple(
        (one["code"], f"{one['table'].removeprefix('shop_')}.{one['column']}".rstrip("."), one["rows"])
        for one in told.get("findings", ())
        if one["severity"] == "error"
    )
    return Result(done.returncode, told, done.stderr, errors)


def complaints(scenario: Scenario, result: Result) -> list[str]:
    """How the result differs from what is to be said."""
    found = []
    expected = 2 if scenario.verdict == "none" else 0 if scenario.verdict == "safe" else 1
    if result.code != expected:
        found.append(f"exit {result.code}, not {expected}: {result.said[-800:]}")
    if scenario.verdict != "none" and result.told.get("verdict") != scenario.verdict:
        found.append(f"verdict {result.told.get('verdict')}, not {scenario.verdict}")
    if scenario.found and set(scenario.found) != set(result.errors):
        found.append(f"found {sorted(result.errors, key=str)}, not {sorted(scenario.found, key=str)}")
    return found
