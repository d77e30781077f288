"""What all tests share: a test database of this run alone."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings
from django.db import connections
from django.db.backends.base.base import NO_DB_ALIAS

RUN = 0x64627374
"""The class of the advisory locks by which a run shows that it is alive; its number is the other half."""


def pytest_configure(config: pytest.Config) -> None:
    """Modules are compiled once for the hundreds of processes that tests start, even where that is forbidden.

    Where it is, what is compiled goes beside pytest's cache, not beside the sources.
    """
    if os.environ.get("PYTHONDONTWRITEBYTECODE") and config.cache is not None:
        try:
            folder = config.cache.mkdir("bytecode")
        except OSError:  # somebody else's checkout: then each process compiles for itself
            return
        del os.environ["PYTHONDONTWRITEBYTECODE"]
        os.environ.setdefault("PYTHONPYCACHEPREFIX", str(folder))


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    django_db_modify_db_settings_parallel_suffix: None, django_db_keepdb: bool, django_db_blocker: Any
) -> Iterator[None]:
    """Let runs of the same project go on side by side, and remove what a killed one left.

    Each run's test database carries its number; a lock, which dies with the run, tells whether it is in use.
    """
    entry = settings.DATABASES["default"]
    if django_db_keepdb or connections["default"].vendor != "postgresql":
        yield
        return
    run = secrets.randbits(31)
    test = entry.setdefault("TEST", {})
    test["NAME"] = f"{test.get('NAME') or 'test_' + entry['NAME']}_run{run:08x}"
    alive = type(connections["default"])(
        {**connections["default"].settings_dict, "NAME": "postgres"}, NO_DB_ALIAS
    )
    with django_db_blocker.unblock(), alive.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s, %s)", [RUN, run])
        _drop_leftovers(cursor)
    yield
    alive.close()


def _drop_leftovers(cursor: Any) -> None:
    cursor.execute("SELECT datname FROM pg_database WHERE datname ~ '^test_.*_run[0-9a-f]{8}$'")
    for (name,) in cursor.fetchall():
        run = int(name[-8:], 16)
        cursor.execute("SELECT pg_try_advisory_lock(%s, %s)", [RUN, run])
        if cursor.fetchone()[0]:
            cursor.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
            cursor.execute("SELECT pg_advisory_unlock(%s, %s)", [RUN, run])
