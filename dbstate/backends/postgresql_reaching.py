"""Reaching databases beside a connection's own, and what is said when no copy can be had."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from dbstate.backends.protocol import Connection
from dbstate.errors import DbstateError

LOCKS = 0x64626370
"""The class of the advisory locks of copies; a copy's number is the other half."""

Entry = dict[str, Any]
"""An entry of ``settings.DATABASES``."""


class CannotCopy(DbstateError):
    """No copy of the database can be had; the message says what was found and what to do."""

    def __init__(self, database: str, found: str, advice: str) -> None:
        self.database, self.found, self.advice = database, found, advice
        super().__init__(f"cannot copy database {database}: {found}; {advice}")


@contextmanager
def opened(like: Connection, entry: Entry) -> Iterator[Connection]:
    """A connection of the same kind to the database of ``entry``, closed afterwards."""
    # The alias stays: receivers of connection_created look it up. Without a pool, since Django shares one
    # among all connections of an alias, whatever database they name.
    if entry["ENGINE"] == like.settings_dict["ENGINE"]:
        beside = like.copy()
    else:
        beside = _wrapper(entry)(dict(entry), like.alias)
    beside.settings_dict = plain(entry)
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
        **plain(source.settings_dict),
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


def _wrapper(entry: Entry) -> type[Connection]:
    found: type[Connection] = import_module(f"{entry['ENGINE']}.base").DatabaseWrapper
    return found


def plain(entry: Entry) -> Entry:
    options = {key: value for key, value in entry["OPTIONS"].items() if key != "pool"}
    return {**entry, "OPTIONS": options}


def entry_beside(source: Connection, name: str) -> Entry:
    return {**plain(source.settings_dict), "NAME": name, "CONN_MAX_AGE": 0}


def is_same(source: Connection, clone: Connection) -> bool:
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


def sqlstate(error: BaseException) -> str:
    return str(getattr(error.__cause__, "sqlstate", "") or getattr(error.__cause__, "pgcode", "") or "")


def first_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
