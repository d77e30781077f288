"""Whether a database holds only rows that its migrations make: by making them once more, elsewhere.

A scratch database on the same server is migrated in a child process (``migrating``), and each row of the
real one must have its like there: the same primary key, or, where keys are random, one of as many rows.
What the other columns hold is not compared, so the answer permits adding rows, and nothing that loses
one; for the same reason it does not make the database disposable, and pending migrations stay for a
person to apply. Until they are, there is nothing to compare with: they would make other rows.
"""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.db import Error, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations.exceptions import BadMigrationError, NodeNotFoundError
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.recorder import MigrationRecorder

from dbstate.guard.facts import Excess, Rehearsal
from dbstate.guard.keys import LIMIT, count_rows, rows_beyond
from dbstate.guard.occupancy import Stored, occupied_tables, stored_tables
from dbstate.guard.scratch import PREFIX, Entry, opened, scratch_beside

PEOPLES = ("django_session", "django_admin_log")
"""Tables whose rows people make: where they hold some, there is nothing to try out."""

TIMEOUT = 120.0
"""Seconds that the migrations may take."""

_NOTE = "looking whether its rows are those of its migrations: applying them to a scratch database"


class _Failed(Exception):
    """The rows cannot be compared; the text says why."""


@dataclass(frozen=True, slots=True)
class Order:
    """What the child process is told: which database to migrate, and what it must find there."""

    alias: str
    entry: Entry
    """Settings of the scratch database."""
    installed: tuple[str, ...]
    """INSTALLED_APPS here: settings that come out otherwise there would prove nothing."""
    argv: tuple[str, ...]
    """What settings may read from sys.argv here."""
    folder: str
    """Where files go that a migration stores."""


def rehearse(
    connection: BaseDatabaseWrapper,
    *,
    note: Callable[[str], object],
    timeout: float = TIMEOUT,
) -> Rehearsal:
    """Compare the rows of the database with those that its migrations make. Takes seconds.

    Never writes to the database; a rehearsal that cannot be had says why in ``failure``.
    """
    tables = list(occupied_tables(connection, stored_tables(connection)))
    try:
        if told := _of_people(connection, tables):
            return Rehearsal(excess=told)
        _require_comparable(connection, tables)
        note(_NOTE)
        return Rehearsal(excess=_try_out(connection, tables, timeout))
    except _Failed as error:
        return Rehearsal(failure=str(error))


def _try_out(connection: BaseDatabaseWrapper, tables: list[Stored], timeout: float) -> tuple[Excess, ...]:
    """Rows beyond those that the migrations make on a scratch database. Raises _Failed."""
    try:
        with scratch_beside(connection) as entry:
            _migrate(connection, entry, timeout)
            with opened(connection, entry) as scratch:
                return rows_beyond(connection, tables, scratch)
    except (Error, OSError) as error:
        raise _Failed(f"no scratch database: {' '.join(str(error).split())}") from error


def _of_people(connection: BaseDatabaseWrapper, tables: list[Stored]) -> tuple[Excess, ...]:
    counts = {table.shown: count_rows(connection, table) for table in tables if table.shown in PEOPLES}
    return tuple(Excess(name, count, count) for name, count in counts.items())


def _require_comparable(connection: BaseDatabaseWrapper, tables: list[Stored]) -> None:
    """Raise _Failed for what can be known before anything is made."""
    if not getattr(settings, "SETTINGS_MODULE", None):
        raise _Failed("the settings come from no module that another process could read")
    alias = connection.alias
    # Django reads applied migrations through the alias, whichever connection it is handed.
    if (
        alias not in connections.settings
        or connections[alias].settings_dict["NAME"] != connection.settings_dict["NAME"]
    ):
        raise _Failed("no alias of the settings names it")
    if not MigrationRecorder(connection).applied_migrations():
        raise _Failed("no migrations are applied to it")
    if pending := _pending(connection):
        more = f" and {len(pending) - 3} more" if len(pending) > 3 else ""
        raise _Failed(f"not applied yet: {', '.join(pending[:3])}{more}; run python manage.py migrate first")
    rows = 0
    for table in tables:
        rows += count_rows(connection, table)
        if rows > LIMIT:
            raise _Failed(f"it holds more than {LIMIT:,} rows")


def _pending(connection: BaseDatabaseWrapper) -> list[str]:
    try:
        executor = MigrationExecutor(connection)
        return [str(step) for step, _ in executor.migration_plan(executor.loader.graph.leaf_nodes())]
    except (NodeNotFoundError, BadMigrationError) as error:
        raise _Failed(f"they cannot be read: {error}") from error


def _migrate(connection: BaseDatabaseWrapper, entry: Entry, timeout: float) -> None:
    """Run ``migrate`` on the scratch database in another process. Raises _Failed."""
    with tempfile.TemporaryDirectory(prefix=PREFIX) as folder:
        order = Order(connection.alias, entry, tuple(settings.INSTALLED_APPS), tuple(sys.argv), folder)
        try:
            told = pickle.dumps(order)
        except (pickle.PicklingError, TypeError, AttributeError) as error:
            raise _Failed(f"its settings cannot be handed to another process: {error}") from error
        with (Path(folder) / "said").open("w+b") as said:
            code = _run(told, said.fileno(), timeout)
            said.seek(0)
            lines = said.read().decode(errors="replace").split("\n")
    if code is None:
        raise _Failed(f"its migrations took more than {timeout:.0f} seconds")
    if code:
        last = next((line.strip() for line in reversed(lines) if line.strip()), f"exit code {code}")
        raise _Failed(f"applying them elsewhere failed: {last[:300]}")


def _run(told: bytes, said: int, timeout: float) -> int | None:
    """The child's exit code; None when it took too long. It ends when this process ends."""
    path = os.pathsep.join(entry or os.getcwd() for entry in sys.path)
    environment = {
        **os.environ,
        "PYTHONPATH": path,
        "DJANGO_SETTINGS_MODULE": str(settings.SETTINGS_MODULE),
    }
    child = subprocess.Popen(
        # -P: the working directory is on the path only where it is on ours. -u: the last line is the error.
        [sys.executable, "-P", "-u", "-m", "dbstate.guard.migrating"],
        env=environment,
        stdin=subprocess.PIPE,
        stdout=said,
        stderr=said,
        start_new_session=True,
    )
    try:
        _tell(child, told)
        return child.wait(timeout)
    except subprocess.TimeoutExpired:
        return None
    finally:
        if child.poll() is None:
            os.killpg(child.pid, signal.SIGKILL)
            child.wait()
        _hang_up(child)


def _tell(child: subprocess.Popen[bytes], told: bytes) -> None:
    assert child.stdin is not None
    # A child that ended before it was told anything has said why.
    with suppress(BrokenPipeError):
        child.stdin.write(told)
        child.stdin.flush()


def _hang_up(child: subprocess.Popen[bytes]) -> None:
    assert child.stdin is not None
    # What it has not read is of no use to anybody.
    with suppress(BrokenPipeError):
        child.stdin.close()
