"""Seeding as a user does it, in this process or in one of its own; databases to do it in; what is in them."""

from __future__ import annotations

import hashlib
import io
import itertools
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from django.apps import apps
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connections

from dbstate.introspection import read_catalog
from tests.scratch import run_on_server

ROOT = Path(__file__).parents[2]
NOW = "2026-06-01"
_numbers = itertools.count(1)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run of the command came to."""

    code: int
    out: str
    err: str
    """Notes on standard error, and the message of the error that ended the run."""

    @property
    def result(self) -> dict[str, Any]:
        """The result of a run with ``--format json``."""
        found: dict[str, Any] = json.loads(self.out)
        return found

    @property
    def made(self) -> dict[str, int]:
        """Rows made by model, where there were any."""
        return {table["label"]: table["made"] for table in self.result["tables"] if table["made"]}

    @property
    def failed(self) -> dict[str, str]:
        """Why models were not filled."""
        return {s["label"]: s["reason"] for s in self.result["skipped"] if s["failed"]}


def seed(*arguments: str, now: str = NOW) -> Outcome:
    """Run ``dbstate_seed`` in this process, on the default connection."""
    out, err = io.StringIO(), io.StringIO()
    code = 0
    try:
        call_command("dbstate_seed", *arguments, "--now", now, "--no-color", stdout=out, stderr=err)
    except CommandError as error:
        code = error.returncode
        err.write(str(error))
    return Outcome(code, out.getvalue(), err.getvalue())


def seed_json(*arguments: str, now: str = NOW) -> Outcome:
    """The same with a result for programs."""
    return seed(*arguments, "--format", "json", now=now)


def started(*arguments: str, database: str, python: str = sys.executable, **environment: str) -> Any:
    """``manage.py dbstate_seed`` in a process of its own, on this database of the same server."""
    plain = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    return subprocess.Popen(
        [python, "manage.py", "dbstate_seed", "--now", NOW, "--noinput", *arguments],
        cwd=ROOT,
        env={**plain, "DATABASE_URL": url_of(database), **environment},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def seed_apart(*arguments: str, database: str, python: str = sys.executable, **environment: str) -> Outcome:
    """Run it there to its end."""
    process = started(*arguments, database=database, python=python, **environment)
    out, err = process.communicate(timeout=120)
    return Outcome(process.returncode, out, err)


def url_of(database: str) -> str:
    """The DATABASE_URL of a database of the test server."""
    params = connections["default"].get_connection_params()
    user, password = (quote(str(params.get(part) or ""), safe="") for part in ("user", "password"))
    host = quote(str(params.get("host") or ""), safe="")
    port = f":{params['port']}" if params.get("port") else ""
    return f"postgres://{user}{':' if password else ''}{password}@{host}{port}/{database}"


@contextmanager
def copy_of(template: str) -> Iterator[str]:
    """A copy of a database that nobody is connected to; dropped afterwards."""
    name = f"dbstate_scratch_{os.getpid()}_s{next(_numbers)}"
    run_on_server(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
    try:
        yield name
    finally:
        run_on_server(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


@contextmanager
def working_on(database: str) -> Iterator[None]:
    """Let the default connection lead to this database."""
    connection = connections["default"]
    assert not connection.in_atomic_block
    before = connection.settings_dict["NAME"]
    connection.close()
    connection.settings_dict["NAME"] = database
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict["NAME"] = before


def query(sql: str, *parameters: object) -> list[tuple[Any, ...]]:
    """All rows of a query on the default connection."""
    with connections["default"].cursor() as cursor:
        cursor.execute(sql, parameters or None)
        return list(cursor.fetchall()) if cursor.description else []


def value(sql: str, *parameters: object) -> Any:
    """The first value of the first row."""
    return query(sql, *parameters)[0][0]


_TABLES = """
    SELECT oid::regclass::text FROM pg_class
    WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace
    AND relname NOT IN ('django_migrations', 'django_content_type', 'auth_permission') ORDER BY 1
"""


def tables() -> list[str]:
    """All tables that are not Django's own, as PostgreSQL writes them in SQL."""
    return [name for (name,) in query(_TABLES)]


def dump() -> dict[str, list[str]]:
    """Every row of every table as text, in an order that the rows alone decide."""
    return {
        table: [row for (row,) in query(f'SELECT t::text FROM {table} AS t ORDER BY t::text COLLATE "C"')]
        for table in tables()
    }


_COMPARABLE = """
    SELECT format(CASE WHEN attname = ANY (%s)
        THEN '(SELECT app_label || model FROM django_content_type WHERE id = t.%%I)' ELSE '%%I' END, attname)
    FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped AND attgenerated = ''
    ORDER BY attnum
"""


def digests() -> dict[str, str]:
    """By table, a short digest of its rows, without what is not of seeding's making.

    In generic keys content types stand by name, since Django numbers them otherwise in each release; what
    the server generates (search vectors, upper case) is left out, and where the project lies on the disk.
    """
    types = {table.name: [key.type_column for key in table.generic_keys] for table in read_catalog(apps)}
    found = {}
    for table in tables():
        columns = ", ".join(name for (name,) in query(_COMPARABLE, types.get(table, []), table))
        rows = query(f"SELECT ROW({columns})::text FROM {table} AS t")
        text = "\n".join(sorted(row.replace(str(ROOT), "") for (row,) in rows))
        found[table] = hashlib.sha256(text.encode()).hexdigest()[:16]
    return found


def differences(one: Mapping[str, list[str]], other: Mapping[str, list[str]]) -> dict[str, Any]:
    """Where two dumps differ: by table, the rows that are in one of them alone."""
    return {
        table: sorted(set(one.get(table, ())) ^ set(other.get(table, ())))[:4]
        for table in {**one, **other}
        if one.get(table) != other.get(table)
    }


def need_postgresql() -> None:
    """These tests copy databases, and count on what only PostgreSQL has."""
    if connections["default"].vendor != "postgresql":
        pytest.skip("needs PostgreSQL: the example project runs on another database")
