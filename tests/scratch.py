"""Databases of a test's own, on the server that the settings name."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.utils import ConnectionHandler

_numbers = itertools.count(1)


@contextmanager
def scratch_database(*, template: str = "template0") -> Iterator[dict[str, Any]]:
    """The DATABASES entry of a new PostgreSQL database, which is dropped afterwards.

    Names the server by host and port, so that nothing but the mark under test speaks for it.
    """
    default = connections["default"]
    if default.vendor != "postgresql":
        pytest.skip(f"the settings name no PostgreSQL server but {default.vendor}")
    name = f"dbstate_scratch_{os.getpid()}_{next(_numbers)}"
    run_on_server(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
    params = default.get_connection_params()
    try:
        yield {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": name,
            "HOST": params.get("host", ""),
            "PORT": str(params.get("port", "")),
            "USER": params.get("user", ""),
            "PASSWORD": params.get("password", ""),
        }
    finally:
        run_on_server(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def run_on_server(sql: str) -> None:
    """Run SQL on the server's maintenance database, outside any transaction."""
    with connections["default"]._nodb_cursor() as cursor:
        cursor.execute(sql)


@contextmanager
def opened(entry: dict[str, Any], **changes: Any) -> Iterator[BaseDatabaseWrapper]:
    """A connection of its own to the database of this entry, closed afterwards."""
    connection = ConnectionHandler({"default": {**entry, **changes}})["default"]
    try:
        yield connection
    finally:
        connection.close()


def sqlite_entry(path: Path | str) -> dict[str, Any]:
    """The DATABASES entry of an SQLite file."""
    return {"ENGINE": "django.db.backends.sqlite3", "NAME": path}


def execute(connection: BaseDatabaseWrapper, *statements: str) -> None:
    """Run the statements, each by itself."""
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def fetch(connection: BaseDatabaseWrapper, sql: str) -> Any:
    """The first value of the first row."""
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchone()[0]
