"""A scratch database beside another one: made, dropped whatever happens, and swept after a crash.

On PostgreSQL its name carries a number, and a session that holds the advisory lock of this number
shows that its maker is alive: locks end with the session, however that ends. ``pg_locks`` shows those
of all databases, so makers need not meet in one. On SQLite it is a file in a folder of its own, which is
nobody's after an hour.
"""

from __future__ import annotations

import os
import secrets
import shutil
import stat
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from django.db import OperationalError
from django.db.backends.base.base import BaseDatabaseWrapper

PREFIX = "dbstate_rehearsal_"
LOCKS = 0x64627268
"""The class of the advisory locks; a scratch database's number is the other half."""

_STALE = 3600  # seconds after which a folder is nobody's: a rehearsal takes two minutes at most

Entry = dict[str, Any]
"""An entry of ``settings.DATABASES``."""


@contextmanager
def scratch_beside(connection: BaseDatabaseWrapper) -> Iterator[Entry]:
    """The settings of a new empty database on the same server.

    Raises django.db.Error, or OSError for a file, where none can be made or dropped.
    """
    _sweep_folders(Path(tempfile.gettempdir()))
    with _MAKERS[connection.vendor](connection) as entry:
        yield entry


@contextmanager
def opened(connection: BaseDatabaseWrapper, entry: Entry) -> Iterator[BaseDatabaseWrapper]:
    """A connection of the same kind to the database of ``entry``, closed afterwards."""
    # The alias stays: receivers of connection_created look it up (django.contrib.postgres). Without a pool,
    # since Django shares one among all connections of an alias, whatever database they name.
    beside = connection.copy()
    options = {key: value for key, value in entry["OPTIONS"].items() if key != "pool"}
    beside.settings_dict = {**entry, "OPTIONS": options}
    try:
        yield beside
    finally:
        beside.close()


@contextmanager
def _make_on_postgresql(connection: BaseDatabaseWrapper) -> Iterator[Entry]:
    number = secrets.randbits(31)
    name = f"{PREFIX}{number:08x}"
    with opened(connection, connection.settings_dict) as keeper:
        with keeper.cursor() as cursor:
            _sweep_server(cursor)
            cursor.execute("SELECT pg_advisory_lock(%s, %s)", [LOCKS, number])
        try:
            with keeper.cursor() as cursor:
                cursor.execute(f'CREATE DATABASE "{name}"')
            scratch = {**keeper.settings_dict, "NAME": name}
            _add_extensions(keeper, scratch)
            yield scratch
        finally:
            if not keeper.is_usable():  # the server ends sessions that idle for too long
                keeper.close()
            with keeper.cursor() as cursor:
                _drop(cursor, name)


def _drop(cursor: Any, name: str) -> None:
    try:
        # The server's own cleaning gives way to this, while FORCE wants the right to end its process.
        cursor.execute(f'DROP DATABASE IF EXISTS "{name}"')
    except OperationalError:  # somebody is connected to it
        cursor.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def _add_extensions(keeper: BaseDatabaseWrapper, scratch: Entry) -> None:
    """Those that the real database has: often an administrator made them, and no migration does."""
    with opened(keeper, scratch) as made, keeper.cursor() as cursor, made.cursor() as there:
        cursor.execute(
            "SELECT quote_ident(extname) FROM pg_extension WHERE extname <> 'plpgsql' ORDER BY oid"
        )
        for (extension,) in cursor.fetchall():
            there.execute(f"CREATE EXTENSION IF NOT EXISTS {extension} CASCADE")


def _sweep_server(cursor: Any) -> None:
    """Drop what makers left that are no longer alive, as far as this role may."""
    cursor.execute(
        f"""SELECT datname FROM pg_database
             WHERE datname ~ '^{PREFIX}[0-9a-f]{{8}}$' AND pg_has_role(datdba, 'USAGE')"""
    )
    for (name,) in cursor.fetchall():
        # A maker takes the lock before it makes the database: no lock, no maker.
        cursor.execute(
            "SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND classid = %s AND objid = %s",
            [LOCKS, int(name.removeprefix(PREFIX), 16)],
        )
        if cursor.fetchone() is None:
            _drop(cursor, name)


@contextmanager
def _make_on_sqlite(connection: BaseDatabaseWrapper) -> Iterator[Entry]:
    with tempfile.TemporaryDirectory(prefix=PREFIX) as folder:
        yield {**connection.settings_dict, "NAME": str(Path(folder) / "scratch.sqlite3")}


def _sweep_folders(parent: Path) -> None:
    """Remove what killed rehearsals left; the scratch files of migrations too."""
    for folder in parent.glob(f"{PREFIX}*"):
        with suppress(FileNotFoundError):  # somebody else sweeps as well
            found = folder.lstat()
            own = stat.S_ISDIR(found.st_mode) and found.st_uid == os.getuid()
            if own and time.time() - found.st_mtime > _STALE:
                shutil.rmtree(folder)


_MAKERS = {"postgresql": _make_on_postgresql, "sqlite": _make_on_sqlite}
