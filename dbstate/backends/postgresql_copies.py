"""Copies of a PostgreSQL database: made beside it, dropped whatever happens, and swept after a crash.

A copy's name carries a number, and a session that holds the advisory lock of this number shows that its
maker is alive: locks end with the session, however that ends. The source is read and nothing else, and no
session of anybody is ended there.
"""

from __future__ import annotations

import json
import os
import re
import secrets
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from importlib import import_module
from itertools import islice
from pathlib import Path
from typing import IO, Any, Literal
from urllib.parse import parse_qsl, unquote, urlsplit

from django.db import Error, OperationalError

from dbstate.backends.disk import free_bytes_of_server
from dbstate.backends.naming import in_query, quoted
from dbstate.backends.protocol import Connection
from dbstate.errors import DbstateError

PREFIX = "dbstate_copy_"
LOCKS = 0x64626370
"""The class of the advisory locks; a copy's number is the other half."""

LARGE = 128 << 20
"""Bytes above which files are copied instead of being written through the log: measured, that is faster
from a few hundred megabytes on, and costs two checkpoints."""

SPARE = 64 << 20
"""Bytes that must be left beside twice the database: the copy, and the rows of before in it."""

_MAINTENANCE = ("postgres", "template1")

PATIENCE = 0.5
"""Seconds to wait for sessions that are just ending: a client that has closed is seen a little longer."""

_HEAD = 40
"""Lines of a dump among which its settings stand; no rows come so early."""

Entry = dict[str, Any]
"""An entry of ``settings.DATABASES``."""

Note = Callable[[str], object]


class CannotCopy(DbstateError):
    """No copy of the database can be had; the message says what was found and what to do."""

    def __init__(self, database: str, found: str, advice: str) -> None:
        self.database, self.found, self.advice = database, found, advice
        super().__init__(f"cannot copy database {database}: {found}; {advice}")


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
    tools = _programs(facts.version, programs) if reason else None
    if reason and tools is None:
        raise CannotCopy(facts.name, reason, _NO_DUMP.format(major=facts.version // 10000))
    with _keeper(source) as keeper, _own_name(keeper) as name:
        started = time.monotonic()
        entry = _entry(source, name)
        notes = []
        if not reason:
            source.close()
            if _by_template(keeper, facts, name):
                _copy_settings(keeper, facts.name, name)
                yield _neutral(source, Copied(entry, "template", _since(started), facts.bytes, facts.server))
                return
            reason = "somebody connected to it meanwhile"
        tools = tools or _programs(facts.version, programs)
        if tools is None:
            raise CannotCopy(facts.name, reason, _NO_DUMP.format(major=facts.version // 10000))
        notes.append(f"copied by pg_dump, not by TEMPLATE: {reason}")
        _by_dump(source, keeper, facts, entry, tools)
        _copy_settings(keeper, facts.name, name)
        copied = Copied(entry, "dump", _since(started), facts.bytes, facts.server, tuple(notes))
        yield _neutral(source, copied)


@contextmanager
def empty_beside(source: Connection) -> Iterator[Copied]:
    """An empty database on the same server, with the extensions of the source."""
    facts = _read_source(source)
    with _keeper(source) as keeper, _own_name(keeper) as name:
        started = time.monotonic()
        _create_empty(keeper, facts, source, name)
        _copy_settings(keeper, facts.name, name)
        entry = _entry(source, name)
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
            raise CannotCopy(shown, _first_line(error), "correct the address of --on") from error
        if _is_same(source, clone):
            raise CannotCopy(shown, "it is the source itself", "give --on the address of a clone")
        facts = _read_source(clone)
        if facts.standby:
            raise CannotCopy(shown, "it is a standby, which cannot be written to", "promote it first")
    note = "the given clone was migrated in place: it is not as it was"
    yield _neutral(source, Copied(entry, "on", 0.0, facts.bytes, facts.server, (note,)))


# opening ------------------------------------------------------------------------------------------------


@contextmanager
def opened(like: Connection, entry: Entry) -> Iterator[Connection]:
    """A connection of the same kind to the database of ``entry``, closed afterwards."""
    # The alias stays: receivers of connection_created look it up. Without a pool, since Django shares one
    # among all connections of an alias, whatever database they name.
    if entry["ENGINE"] == like.settings_dict["ENGINE"]:
        beside = like.copy()
    else:
        beside = _wrapper(entry)(dict(entry), like.alias)
    beside.settings_dict = _plain(entry)
    try:
        yield beside
    finally:
        beside.close()


def entry_of_url(source: Connection, url: str) -> Entry:
    """The settings of ``postgres://user:password@host:port/name?option=value``; CannotCopy if it is none."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise CannotCopy(url, str(error), _FORM) from error
    name = unquote(parts.path.lstrip("/"))
    if parts.scheme not in ("postgres", "postgresql") or not name:
        raise CannotCopy(re.sub(r"//[^@/]*@", "//", url), "that is no PostgreSQL address", _FORM)
    options = dict(parse_qsl(parts.query))
    host = options.pop("host", unquote(parts.hostname or ""))
    engine = source.settings_dict["ENGINE"]
    return {
        **_plain(source.settings_dict),
        # The embedded server's engine leads to that server alone.
        "ENGINE": "django.db.backends.postgresql" if "DBSTATE_PROJECT" in source.settings_dict else engine,
        "NAME": name,
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": host,
        "PORT": str(port or options.pop("port", "")),
        "OPTIONS": options,
    }


_FORM = "write postgres://user:password@host:port/name"
_NO_DUMP = (
    "have everybody disconnect, or install a pg_dump of version {major} or newer, or use --on with the "
    "address of a clone, or --source generated"
)


def _wrapper(entry: Entry) -> type[Connection]:
    found: type[Connection] = import_module(f"{entry['ENGINE']}.base").DatabaseWrapper
    return found


def _plain(entry: Entry) -> Entry:
    options = {key: value for key, value in entry["OPTIONS"].items() if key != "pool"}
    return {**entry, "OPTIONS": options}


def _entry(source: Connection, name: str) -> Entry:
    return {**_plain(source.settings_dict), "NAME": name, "CONN_MAX_AGE": 0}


@contextmanager
def _keeper(source: Connection) -> Iterator[Connection]:
    """A session of ours on the server, outside of the source: it would be in the way of a TEMPLATE."""
    errors = []
    for name in _MAINTENANCE:
        with opened(source, _entry(source, name)) as keeper:
            try:
                keeper.ensure_connection()
            except OperationalError as error:
                errors.append(_first_line(error))
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
        raise CannotCopy(name, _first_line(error), "see that it can be read") from error
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
        state = _sqlstate(error)
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


def _copy_settings(keeper: Connection, source: str, copy: str) -> None:
    """What ALTER DATABASE … SET and ALTER ROLE … IN DATABASE … SET say: no way of copying takes it along."""
    with keeper.cursor() as cursor:
        cursor.execute(
            """SELECT CASE WHEN setrole = 0 THEN '' ELSE quote_ident(pg_get_userbyid(setrole)) END, setting
               FROM pg_db_role_setting JOIN pg_database ON pg_database.oid = setdatabase,
                   unnest(setconfig) AS setting WHERE datname = %s""",
            [source],
        )
        for role, setting in cursor.fetchall():
            name, _, value = setting.partition("=")
            # A list is kept as it is written in SQL, anything else as it is.
            written = value if name in _LISTS and value else "'" + value.replace("'", "''") + "'"
            whose = f"ROLE {role} IN DATABASE {quoted(copy)}" if role else f"DATABASE {quoted(copy)}"
            cursor.execute(in_query(f"ALTER {whose} SET {name} TO {written}"), [])


_LISTS = ("search_path", "temp_tablespaces", "session_preload_libraries", "local_preload_libraries")


def _refused(facts: _Source, error: Error) -> CannotCopy:
    found = _first_line(error)
    if _sqlstate(error) == "42501":
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


# dumps --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Programs:
    dump: Path
    psql: Path


def _programs(version: int, folders: Sequence[Path]) -> _Programs | None:
    """A pg_dump at least as new as the server, and the psql beside it."""
    on_path = shutil.which("pg_dump")
    for folder in [*([Path(on_path).parent] if on_path else []), *folders]:
        dump, psql = folder / "pg_dump", folder / "psql"
        if dump.exists() and psql.exists() and _major(dump) >= version // 10000:
            return _Programs(dump, psql)
    return None


def _major(program: Path) -> int:
    said = subprocess.run([program, "--version"], capture_output=True, text=True).stdout
    found = re.search(r"\b(\d+)[.\w]*", said)
    return int(found[1]) if found else 0


def _by_dump(source: Connection, keeper: Connection, facts: _Source, entry: Entry, tools: _Programs) -> None:
    """Dump the source into the new database. Raises CannotCopy."""
    _create_empty(keeper, facts, source, str(entry["NAME"]))
    dump = [str(tools.dump), "--no-subscriptions", "--no-publications"]
    if not facts.superuser:
        dump += ["--no-owner", "--no-privileges"]
    if role := source.settings_dict["OPTIONS"].get("assume_role"):
        dump.append(f"--role={role}")
    restore = [str(tools.psql), "-Xq", "-v", "ON_ERROR_STOP=1"]
    environment = _environment(source)
    # Not as an argument, where a name with "=" in it would be read as an address.
    there = {**environment, "PGDATABASE": str(entry["NAME"])}
    with tempfile.TemporaryFile() as said, open(os.devnull, "wb") as nowhere:
        reading = subprocess.Popen(
            dump,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=said,
            env={**environment, "PGDATABASE": facts.name},
        )
        writing = subprocess.Popen(restore, stdin=subprocess.PIPE, stdout=nowhere, stderr=said, env=there)
        try:
            assert reading.stdout is not None
            assert writing.stdin is not None
            _pour(reading.stdout, writing.stdin)
            codes = reading.wait(), writing.wait()
        finally:
            for process in (reading, writing):
                process.kill()
                process.wait()
        said.seek(0)
        lines = [line for line in said.read().decode(errors="replace").splitlines() if line.strip()]
    if any(codes):
        found = next((line for line in lines if "ERROR" in line or "error" in line), "pg_dump failed")
        advice = "use --on with the address of a clone, or --source generated"
        raise CannotCopy(facts.name, found.strip(), advice)


def _pour(dump: IO[bytes], restore: IO[bytes]) -> None:
    """Hand the dump on, without the setting that an older server does not know."""
    try:
        for line in islice(dump, _HEAD):
            if not line.startswith(b"SET transaction_timeout"):
                restore.write(line)
        shutil.copyfileobj(dump, restore, 1 << 20)
        restore.close()
    except BrokenPipeError:
        return  # psql ended, and has said why


def _environment(source: Connection) -> dict[str, str]:
    """What libpq's programs need to reach the server; nothing of ours that leads elsewhere."""
    params = source.get_connection_params()
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    for key, name in _VARIABLES.items():
        if params.get(key):
            environment[name] = str(params[key])
    return environment


_VARIABLES = {
    "host": "PGHOST",
    "hostaddr": "PGHOSTADDR",
    "port": "PGPORT",
    "user": "PGUSER",
    "password": "PGPASSWORD",
    "passfile": "PGPASSFILE",
    "service": "PGSERVICE",
    "options": "PGOPTIONS",
    "sslmode": "PGSSLMODE",
    "sslrootcert": "PGSSLROOTCERT",
    "sslcert": "PGSSLCERT",
    "sslkey": "PGSSLKEY",
    "connect_timeout": "PGCONNECT_TIMEOUT",
}


# neutralising -------------------------------------------------------------------------------------------


def _neutral(like: Connection, copied: Copied) -> Copied:
    """The copy with nothing in it that reaches outside."""
    with opened(like, copied.entry) as copy, copy.cursor() as cursor:
        notes = [*_without_subscriptions(cursor), *_without_servers(cursor)]
    return replace(copied, notes=(*copied.notes, *notes))


def _without_subscriptions(cursor: Any) -> Iterator[str]:
    cursor.execute(
        """SELECT quote_ident(subname), subname FROM pg_subscription
           WHERE subenabled AND subdbid = (SELECT oid FROM pg_database WHERE datname = current_database())"""
    )
    for name, shown in cursor.fetchall():
        cursor.execute(f"ALTER SUBSCRIPTION {name} DISABLE")
        yield f"subscription {shown} was disabled in it"


def _without_servers(cursor: Any) -> Iterator[str]:
    """Foreign servers lose the users that may log in there: what is read or written through them fails."""
    cursor.execute(
        """SELECT quote_ident(srvname), srvname,
                  CASE WHEN umuser = 0 THEN 'PUBLIC' ELSE quote_ident(usename) END
           FROM pg_user_mappings ORDER BY 2, 3"""
    )
    for server, shown, user in cursor.fetchall():
        cursor.execute(f"DROP USER MAPPING FOR {user} SERVER {server}")
        yield f"foreign server {shown} was cut off in it"


# telling apart ------------------------------------------------------------------------------------------


def _is_same(source: Connection, clone: Connection) -> bool:
    """Whether both connections lead to one database: a lock taken here is seen there."""
    number = secrets.randbits(31)
    with source.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s, %s)", [LOCKS, number])
        try:
            with clone.cursor() as there:
                there.execute(
                    """SELECT count(*) FROM pg_locks
                       WHERE locktype = 'advisory' AND classid = %s AND objid = %s
                         AND database = (SELECT oid FROM pg_database WHERE datname = current_database())""",
                    [LOCKS, number],
                )
                return bool(there.fetchone()[0])
        finally:
            cursor.execute("SELECT pg_advisory_unlock(%s, %s)", [LOCKS, number])


def _since(started: float) -> float:
    return time.monotonic() - started


def _sqlstate(error: BaseException) -> str:
    return str(getattr(error.__cause__, "sqlstate", "") or getattr(error.__cause__, "pgcode", "") or "")


def _first_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
