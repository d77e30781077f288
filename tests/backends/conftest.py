"""A database of each vendor, and the door to it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from django.db import connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from pytest_django import DjangoDbBlocker

from dbstate.backends import Backend, backend_for
from dbstate.catalog.tables import Column, Table, Unique

SQLITE = "dbstate_sqlite"


@dataclass(frozen=True)
class Database:
    """A connection inside a transaction that the test's end rolls back, and its backend."""

    connection: BaseDatabaseWrapper
    backend: Backend

    @property
    def vendor(self) -> str:
        return self.connection.vendor

    def run(self, sql: str, parameters: list[Any] | None = None) -> list[tuple[Any, ...]]:
        with self.connection.cursor() as cursor:
            cursor.execute(sql, parameters)
            return cursor.fetchall() if cursor.description else []

    def column_of(self, sql: str) -> list[Any]:
        return [row[0] for row in self.run(sql)]


def table(
    name: str, columns: str, *, key: str = "id", auto: str = "", uniques: tuple[Unique, ...] = ()
) -> Table:
    """A description: columns by name, comma between; enough for a backend, which asks the database."""
    return Table(
        name=name,
        label=f"test.{name}",
        columns=tuple(
            Column(
                name=one, field=one, kind="integer" if one == auto else "text", sql_type="", auto=one == auto
            )
            for one in columns.split(",")
        ),
        primary_key=tuple(filter(None, key.split(","))),
        uniques=uniques,
    )


@pytest.fixture
def postgres(db: None) -> Database:
    connection = connections["default"]
    if connection.vendor != "postgresql":
        pytest.skip(f"the project's database is {connection.vendor}")
    return Database(connection, backend_for(connection))


@pytest.fixture
def sqlite(tmp_path: Path, django_db_blocker: DjangoDbBlocker) -> Iterator[Database]:
    connections.databases[SQLITE] = {
        **connections.databases["default"],
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": tmp_path / "db.sqlite3",
        "OPTIONS": {},
    }
    with django_db_blocker.unblock():
        connection = connections[SQLITE]
        with transaction.atomic(using=SQLITE):
            yield Database(connection, backend_for(connection))
            transaction.set_rollback(True, using=SQLITE)
        connection.close()
    del connections[SQLITE], connections.databases[SQLITE]


@pytest.fixture(params=["postgres", "sqlite"])
def database(request: pytest.FixtureRequest) -> Database:
    found: Database = request.getfixturevalue(request.param)
    return found
