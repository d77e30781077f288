"""Looks at a database: reads, and never writes."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from django.apps import apps
from django.core import mail
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper

from dbstate.backends import backend_for
from dbstate.embedded import place_of
from dbstate.guard.facts import Facts, Identity
from dbstate.guard.marks import parse_comment, read_row, read_sqlite_marks
from dbstate.guard.occupancy import look_for_rows


def read_facts(connection: BaseDatabaseWrapper, *, occupancy: bool = False) -> Facts:
    """What there is to know about the database; ``occupancy`` also looks whether tables hold rows."""
    settings = connection.settings_dict
    facts = Facts(
        alias=connection.alias,
        vendor=connection.vendor,
        name=str(settings["NAME"] or ""),
        host=str(settings["HOST"] or ""),
        port=str(settings["PORT"] or ""),
        test_database=_is_test_database(connection),
    )
    reader = READERS.get(connection.vendor)
    if reader is None:
        return facts
    facts = reader(connection, facts)
    return replace(facts, occupancy=look_for_rows(connection)) if occupancy else facts


def _is_test_database(connection: BaseDatabaseWrapper) -> bool:
    """Whether Django's test creation put this database under the alias, in this process.

    A name that begins with ``test_`` proves nothing. What proves it: a test environment is set
    up, and the alias now names another database than the settings did at start-up, namely the
    one that Django computes for its tests (or a parallel worker's clone of it).
    """
    # setup_test_environment() makes the outbox, teardown_test_environment() removes it.
    if not hasattr(mail, "outbox") or not apps.is_installed("dbstate"):
        return False
    configured: Mapping[str, str] = apps.get_app_config("dbstate").configured_names  # type: ignore[attr-defined]
    name = str(connection.settings_dict["NAME"] or "")
    if name in configured.values():
        return False
    return any(_is_clone(name, test) for test in _test_names(configured))


def _test_names(configured: Mapping[str, str]) -> Iterator[str]:
    """Names of all aliases' test databases: an alias may mirror another one."""
    for alias, name in configured.items():
        given = connections.settings.get(alias, {}).get("TEST", {}).get("NAME")
        if given or name:
            yield str(given or f"test_{name}")


def _is_clone(name: str, test: str) -> bool:
    """Whether ``name`` is ``test``, or it with a parallel worker's suffix (before a file's ending)."""
    return any(
        re.fullmatch(rf"{re.escape(root)}(_(gw)?\d+)?{re.escape(ending)}", name)
        for root, ending in (os.path.splitext(test), (test, ""))
    )


def _read_postgresql(connection: BaseDatabaseWrapper, facts: Facts) -> Facts:
    server = backend_for(connection).describe(connection)
    local = server.host.startswith("/")  # the folder of a socket
    oid, comment, may_ask = read_row(
        connection,
        """SELECT oid::text, coalesce(shobj_description(oid, 'pg_database'), ''),
                  has_function_privilege('pg_control_system()', 'EXECUTE')
             FROM pg_database WHERE datname = current_database()""",
    )
    identity = None
    if may_ask:
        (cluster,) = read_row(connection, "SELECT system_identifier::text FROM pg_control_system()")
        identity = Identity(cluster, oid, server.database)
    return replace(
        facts,
        name=server.database,
        host="" if local else server.host,
        port="" if local else server.port,
        standby=server.is_standby,
        read_only=server.read_only,
        embedded=local and _is_embedded(connection),
        identity=identity,
        marks=tuple(parse_comment(comment)),
    )


def _is_embedded(connection: BaseDatabaseWrapper) -> bool:
    """Whether the server at the other end has its files where the project's embedded one keeps them."""
    if connection.settings_dict["ENGINE"] != "dbstate.embedded":
        return False
    (folder,) = read_row(connection, "SELECT current_setting('data_directory', true)")
    home = place_of(connection.settings_dict["DBSTATE_PROJECT"]).server
    return bool(folder) and Path(folder).resolve().is_relative_to(home.resolve())


def _read_sqlite(connection: BaseDatabaseWrapper, facts: Facts) -> Facts:
    path = _sqlite_path(connection)
    (query_only,) = read_row(connection, "PRAGMA query_only")
    configured = facts.name
    opened_read_only = "mode=ro" in configured or "immutable=1" in configured
    return replace(
        facts,
        name=path or configured,
        read_only=bool(query_only) or (bool(path) and (opened_read_only or not os.access(path, os.W_OK))),
        in_memory=not path,
        identity=_sqlite_identity(path) if path else None,
        marks=tuple(read_sqlite_marks(connection)),
    )


def _sqlite_path(connection: BaseDatabaseWrapper) -> str:
    """The file that is open, as SQLite itself says; empty in memory."""
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA database_list")
        path = next(str(file) for _, schema, file in cursor.fetchall() if schema == "main")
    return os.path.realpath(path) if path else ""


def _sqlite_identity(path: str) -> Identity:
    return Identity("file", str(os.stat(path).st_ino), path)


READERS = {"postgresql": _read_postgresql, "sqlite": _read_sqlite}
