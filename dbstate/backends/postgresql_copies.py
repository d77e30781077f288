"""Copies of a PostgreSQL database: made beside it, dropped whatever happens, and swept after a crash.

A copy's name carries a number, and a session that holds the advisory lock of this number shows that its
maker is alive: locks end with the session, however that ends. The source is read and nothing else, and no
session of anybody is ended there.
"""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from django.db import Error, OperationalError

from dbstate.backends.disk import free_bytes_of_server
from dbstate.backends.naming import quoted
from dbstate.backends.postgresql_dumps import dump_into, programs_for
from dbstate.backends.postgresql_reaching import (
    LOCKS,
    CannotCopy,
    Entry,
    entry_beside,
    entry_of_url,
    first_line,
    is_same,
    opened,
    sqlstate,
)
from dbstate.backends.postgresql_surroundings import copy_settings, neutralise
from dbstate.backends.protocol import Connection

__all__ = ["PREFIX", "CannotCopy", "Copied", "Entry", "copy_of", "empty_beside", "given_copy", "opened"]


PREFIX = "dbstate_copy_"
LARGE = 128 << 20
"""Bytes above which files are copied instead of being written through the log: measured, that is faster
from a few hundred megabytes on, and costs two checkpoints."""

SPARE = 64 << 20
"""Bytes that must be left beside twice the database: the copy, and the rows of before in it."""

_MAINTENANCE = ("postgres", "template1")

PATIENCE = 0.5
"""Seconds to wait for sessions that are just ending: a client that has closed is seen a little longer."""


_NO_DUMP = (
    "have everybody disconnect, or install a pg_dump of version {major} or newer, or use --on with the "
    "address of a clone, or --source generated"
)


@dataclass(frozen=True, slots=True)
class Copied:
    """A database that is ours to change."""

    entry: Entry
    how: Literal["template", "dump", "on", "empty"]
    seconds: float
    bytes: int
    server: str
    notes: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        return str(self.entry["NAME"])


@dataclass(frozen=True, slots=True)
class _Source:
    """What is known of the database that is copied."""

    name: str
    bytes: int
    version: int
    """As ``server_version_num``."""
    server: str
    standby: bool
    superuser: bool
    free: int | None
    others: int
    """Sessions in it beside ours."""


# the ways -----------------------------------------------------------------------------------------------


@contextmanager
def copy_of(source: Connection, *, programs: Sequence[Path] = (), dump: bool = False) -> Iterator[Copied]:
    """A copy of the database on the same server, by TEMPLATE where nobody else is connected to the source.

    Our own connection is closed for that. ``programs`` are folders with a pg_dump and a psql, beside those on
    the path. ``dump`` asks for a dump in any case. Raises CannotCopy.
    """
    facts = _read_source(source, patience=PATIENCE)
    _require_room(facts)
    reason = "asked for" if dump else _why_no_template(source, facts)
    tools = programs_for(facts.version, programs) if reason else None
    if reason and tools is None:
        raise CannotCopy(facts.name, reason, _NO_DUMP.format(major=facts.version // 10000))
    with _keeper(source) as keeper, _own_name(keeper) as name:
        started = time.monotonic()
        entry = entry_beside(source, name)
        notes = []
        if not reason:
            source.close()
            if _by_template(keeper, facts, name):
                copy_settings(keeper, facts.name, name)
                yield _neutral(source, Copied(entry, "template", _since(started), facts.bytes, facts.server))
                return
            reason = "somebody connected to it meanwhile"
        tools = tools or programs_for(facts.version, programs)
        if tools is None:
            raise CannotCopy(facts.name, reason, _NO_DUMP.format(major=facts.version // 10000))
        notes.append(f"copied by pg_dump, not by TEMPLATE: {reason}")
        _create_empty(keeper, facts, source, name)
        dump_into(source, facts.name, entry, tools, as_is=facts.superuser)
        copy_settings(keeper, facts.name, name)
        copied = Copied(entry, "dump", _since(started), facts.bytes, facts.server, tuple(notes))
        yield _neutral(source, copied)


@contextmanager
def empty_beside(source: Connection) -> Iterator[Copied]:
    """An empty database on the same server, with the extensions of the source."""
    facts = _read_source(source)
    with _keeper(source) as keeper, _own_name(keeper) as name:
        started = time.monotonic()
        _create_empty(keeper, facts, source, name)
        copy_settings(keeper, facts.name, name)
        entry = entry_beside(source, name)
        _add_extensions(source, entry)
        yield Copied(entry, "empty", _since(started), 0, facts.server)


@contextmanager
def given_copy(source: Connection, url: str) -> Iterator[Copied]:
    """The clone or restored snapshot at this address, which is migrated where it is.

    Raises CannotCopy where it is the source itself, or cannot be written to.
    """
    entry = entry_of_url(source, url)
    shown = f"{entry['HOST'] or 'local'}/{entry['NAME']}"
    with opened(source, entry) as clone:
        try:
            clone.ensure_connection()
        except Error as error:
            raise CannotCopy(shown, first_line(error), "correct the address of --on") from error
        if is_same(source, clone):
            raise CannotCopy(shown, "it is the source itself", "give --on the address of a clone")
        facts = _read_source(clone)
        if facts.standby:
            raise CannotCopy(shown, "it is a standby, which cannot be written to", "promote it first")
    note = "the given clone was migrated in place: it is not as it was"
    yield _neutral(source, Copied(entry, "on", 0.0, facts.bytes, facts.server, (note,)))


def _neutral(like: Connection, copied: Copied) -> Copied:
    """The copy with nothing in it that reaches outside."""
    return replace(copied, notes=(*copied.notes, *neutralise(like, copied.entry)))


@contextmanager
def _keeper(source: Connection) -> Iterator[Connection]:
    """A session of ours on the server, outside of the source: it would be in the way of a TEMPLATE."""
    errors = []
    for name in _MAINTENANCE:
        with opened(source, entry_beside(source, name)) as keeper:
            try:
                keeper.ensure_connection()
            except OperationalError as error:
                errors.append(first_line(error))
                continue
            yield keeper
            return
    raise CannotCopy(
        str(source.settings_dict["NAME"]),
        f"no session beside it can be had ({errors[0]})",
        "let the role connect to the database postgres, or use --on with the address of a clone",
    )


# names --------------------------------------------------------------------------------------------------


@contextmanager
def _own_name(keeper: Connection) -> Iterator[str]:
    """The name of a database to make, which is dropped afterwards; what the dead left is dropped first."""
    number = secrets.randbits(31)
    name = f"{PREFIX}{number:08x}"
    with keeper.cursor() as cursor:
        _sweep(cursor)
        cursor.execute("SELECT pg_advisory_lock(%s, %s)", [LOCKS, number])
    try:
        yield name
    finally:
        if not keeper.is_usable():  # the server ends sessions that idle for too long
            keeper.close()
        with keeper.cursor() as cursor:
            _drop(cursor, name)


def _sweep(cursor: Any) -> None:
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


def _drop(cursor: Any, name: str) -> None:
    """Drop a copy of ours, with the sessions that a migration left in it."""
    cursor.execute(
        """SELECT pg_terminate_backend(pid) FROM pg_stat_activity
           WHERE datname = %s AND backend_type = 'client backend' AND usename = current_user""",
        [name],
    )
    try:
        # The server's own cleaning gives way to this, while FORCE wants the right to end its process.
        cursor.execute(f"DROP DATABASE IF EXISTS {quoted(name)}")
    except OperationalError:  # somebody is still connected to it
        cursor.execute(f"DROP DATABASE IF EXISTS {quoted(name)} WITH (FORCE)")


# the source ---------------------------------------------------------------------------------------------

_SOURCE = """
    SELECT current_database(), pg_database_size(current_database()),
        current_setting('server_version_num')::int, current_setting('server_version'), pg_is_in_recovery(),
        (SELECT rolsuper FROM pg_roles WHERE rolname = current_user),
        (SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()
            AND coalesce(backend_type, 'client backend') IN ('client backend', 'walsender'))
"""


def _read_source(source: Connection, *, patience: float = 0) -> _Source:
    """What is there; sessions of others get so many seconds to end by themselves."""
    deadline = time.monotonic() + patience
    try:
        with source.cursor() as cursor:
            cursor.execute(_SOURCE)
            name, size, number, version, standby, superuser, others = cursor.fetchone()
            while others and not source.in_atomic_block and time.monotonic() < deadline:
                time.sleep(0.05)
                cursor.execute(_SOURCE)
                *_, others = cursor.fetchone()
    except Error as error:
        name = str(source.settings_dict["NAME"])
        raise CannotCopy(name, first_line(error), "see that it can be read") from error
    free = None if source.in_atomic_block else free_bytes_of_server(source)
    return _Source(name, size, number, version, standby, superuser, free, others)


def _require_room(facts: _Source) -> None:
    wanted = 2 * facts.bytes + SPARE
    if facts.free is not None and facts.free < wanted:
        raise CannotCopy(
            facts.name,
            f"{wanted >> 20:,} MB are needed beside its {facts.bytes >> 20:,} MB, and "
            f"{facts.free >> 20:,} MB are free on the server's disk",
            "free some, or use --on with the address of a clone elsewhere, or --source generated",
        )


def _why_no_template(source: Connection, facts: _Source) -> str:
    """Why TEMPLATE is out of the question; empty when it can be tried."""
    if source.in_atomic_block:
        return "a transaction of this process is open, whose rows no copy has"
    if facts.others:
        return f"{facts.others} other {'session is' if facts.others == 1 else 'sessions are'} connected to it"
    return ""


# making -------------------------------------------------------------------------------------------------


def _by_template(keeper: Connection, facts: _Source, name: str) -> bool:
    """Whether it could be had; False when somebody else is connected to the source. Raises CannotCopy."""
    try:
        with keeper.cursor() as cursor:
            for statement in _template_statements(cursor, facts, name):
                if _tried(cursor, statement):
                    return True
            return True
    except Error as error:
        state = sqlstate(error)
        if state == "55006":
            return False
        raise _refused(facts, error) from error


def _template_statements(cursor: Any, facts: _Source, name: str) -> Iterator[str]:
    """From the fastest to what always works; a later one is for where the one before is not supported."""
    create = f"CREATE DATABASE {quoted(name)} TEMPLATE {quoted(facts.name)}"
    if facts.version < 150000 or facts.bytes < LARGE:
        yield create
        return
    if facts.version >= 180000:
        cursor.execute("SET file_copy_method = clone")
        yield f"{create} STRATEGY file_copy"
        cursor.execute("RESET file_copy_method")
    yield f"{create} STRATEGY file_copy"


def _tried(cursor: Any, statement: str) -> bool:
    """Whether it went; False where the file system cannot clone. Raises whatever else went wrong."""
    try:
        cursor.execute(statement)
    except Error as error:
        if "clone" in str(error):
            return False
        raise
    return True


def _create_empty(keeper: Connection, facts: _Source, source: Connection, name: str) -> None:
    """A database of the same encoding and collation."""
    with source.cursor() as cursor:
        cursor.execute(
            """SELECT pg_encoding_to_char(encoding), datcollate, datctype, to_jsonb(pg_database)
               FROM pg_database WHERE datname = current_database()"""
        )
        encoding, collate, ctype, more = cursor.fetchone()
    options = [f"TEMPLATE template0 ENCODING '{encoding}' LC_COLLATE '{collate}' LC_CTYPE '{ctype}'"]
    more = more if isinstance(more, dict) else json.loads(more)
    provider = {"i": "icu", "b": "builtin"}.get(str(more.get("datlocprovider")))
    locale = more.get("datlocale") or more.get("daticulocale")
    if provider and locale:
        options.append(f"LOCALE_PROVIDER {provider} {provider.upper()}_LOCALE '{locale}'")
    try:
        with keeper.cursor() as cursor:
            cursor.execute(f"CREATE DATABASE {quoted(name)} {' '.join(options)}")
    except Error as error:
        raise _refused(facts, error) from error


def _refused(facts: _Source, error: Error) -> CannotCopy:
    found = first_line(error)
    if sqlstate(error) == "42501":
        return CannotCopy(
            facts.name,
            f"the role may not create it ({found})",
            "give the role CREATEDB (and the source's ownership for TEMPLATE), or use --on with the address "
            "of a clone",
        )
    return CannotCopy(facts.name, found, "use --on with the address of a clone, or --source generated")


def _add_extensions(source: Connection, entry: Entry) -> None:
    """Those that the real database has: often an administrator made them, and no migration does."""
    with opened(source, entry) as made, source.cursor() as cursor, made.cursor() as there:
        cursor.execute(
            "SELECT quote_ident(extname) FROM pg_extension WHERE extname <> 'plpgsql' ORDER BY oid"
        )
        for (extension,) in cursor.fetchall():
            there.execute(f"CREATE EXTENSION IF NOT EXISTS {extension} CASCADE")


def _since(started: float) -> float:
    return time.monotonic() - started
