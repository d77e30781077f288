"""What a rehearsed migration may reach: the copy, and nothing else.

It is set up in the child process before Django is. What leads to the source leads to the copy; other
databases can be read and not written; mail, caches, stored files and messages stay in memory; the network
and other programs are refused while migrations run. What was refused is remembered: a migration may catch
the error and go on.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote, urlsplit

from django.conf import settings
from django.db.backends.base.base import BaseDatabaseWrapper

from dbstate.rehearsal.orders import Entry, Order

refused: list[str] = []
"""What was refused so far, one sentence each."""

_NOWHERE = {"ENGINE": "django.db.backends.dummy"}
_ADDRESS = ("NAME", "HOST", "PORT")


class Refused(OSError):
    """Something that a rehearsal does not let a migration do."""


# databases ----------------------------------------------------------------------------------------------


def redirect_databases(databases: dict[str, dict[str, Any]], order: Order) -> None:
    """Change the settings in place: other modules may hold the same objects."""
    databases.setdefault(order.alias, {})
    for alias, entry in databases.items():
        redirected = dict(order.entry) if alias == order.alias else _redirected(entry, order)
        entry.clear()
        entry.update(redirected)


def _redirected(entry: Entry, order: Order) -> Entry:
    mirror = entry.get("TEST", {}).get("MIRROR")
    if mirror == order.alias or _leads_to_source(entry, order):
        return dict(order.entry)
    engine = str(entry.get("ENGINE", ""))
    if engine.endswith("sqlite3"):
        return _sqlite_to_read(entry)
    if "postgresql" in engine or "postgis" in engine or "DBSTATE_PROJECT" in entry:
        return _postgresql_to_read(entry)
    return dict(_NOWHERE)


def _leads_to_source(entry: Entry, order: Order) -> bool:
    return all(str(entry.get(part) or "") == str(order.source.get(part) or "") for part in _ADDRESS)


def _sqlite_to_read(entry: Entry) -> Entry:
    name = str(entry.get("NAME") or "")
    if not os.path.isfile(name):  # in memory, or not there yet: opening it would make it
        return {**entry, "NAME": "file::memory:", "OPTIONS": {"uri": True}}
    options = {**entry.get("OPTIONS", {}), "uri": True}
    return {**entry, "NAME": f"file:{quote(os.path.abspath(name))}?mode=ro", "OPTIONS": options}


def _postgresql_to_read(entry: Entry) -> Entry:
    options = {key: value for key, value in entry.get("OPTIONS", {}).items() if key != "pool"}
    said = str(options.get("options") or "")
    options["options"] = f"{said} -c default_transaction_read_only=on".strip()
    return {**entry, "OPTIONS": options}


def redirect_environment(environment: Any, order: Order) -> None:
    """Addresses in variables, which code may connect by, and the variables that libpq reads."""
    source, entry = str(order.source["NAME"]), order.entry
    for name, value in list(environment.items()):
        if not value.startswith(("postgres://", "postgresql://", "postgis://", "pgsql://")):
            continue
        parts = urlsplit(value)
        if parts.path.lstrip("/") == source:
            environment[name] = parts._replace(path=f"/{entry['NAME']}").geturl()
        else:
            del environment[name]
    if environment.get("PGDATABASE"):
        environment["PGDATABASE"] = str(entry["NAME"])


def redirect_rest(order: Order) -> None:
    """Whatever else a migration could write to."""
    memory = {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}
    files = {"BACKEND": "django.core.files.storage.FileSystemStorage"}
    changes: Mapping[str, Any] = {
        "EMAIL_BACKEND": "django.core.mail.backends.locmem.EmailBackend",
        "CACHES": dict.fromkeys(settings.CACHES, memory),
        "MEDIA_ROOT": order.folder,
        "STORAGES": {
            alias: entry if alias == "staticfiles" else files for alias, entry in settings.STORAGES.items()
        },
        "CELERY_BROKER_URL": "memory://",
    }
    for name, value in changes.items():
        setattr(settings, name, value)


def keep_connections_here(connection: BaseDatabaseWrapper, order: Order) -> None:
    """Let the driver itself lead to the copy: migrations may go past Django.

    A connection to the source goes to the copy, whoever opens it; one that leads elsewhere than the settings
    do now is closed and refused.
    """
    driver: Any = connection.Database  # type: ignore[attr-defined]  # of Django's PostgreSQL backend

    def led(connect: Callable[..., Any]) -> Callable[..., Any]:
        def connect_here(conninfo: str = "", *arguments: Any, **named: Any) -> Any:
            made = connect(*arguments, **_led(driver, order, conninfo, named))
            if not any(_is_at(made.info, entry) for entry in settings.DATABASES.values()):
                found = made.info.dbname
                made.close()
                refuse(f"a connection to the database {found}")
            return made

        return connect_here

    if hasattr(driver, "Connection"):  # psycopg 3, where the class connects
        driver.Connection.connect = led(driver.Connection.connect)
        driver.connect = driver.Connection.connect
    else:
        driver.connect = led(driver.connect)


def _led(driver: Any, order: Order, conninfo: str, named: dict[str, Any]) -> dict[str, Any]:
    """All parameters of the connection; those of the copy where they were the source's."""
    parse = driver.conninfo.conninfo_to_dict if hasattr(driver, "conninfo") else driver.extensions.parse_dsn
    asked = {**(parse(conninfo) if conninfo else {}), **named}
    if "database" in asked:
        asked["dbname"] = asked.pop("database")
    host = str(asked.get("host") or "")
    if str(asked.get("dbname")) != str(order.source["NAME"]) or host not in ("", order.source["HOST"] or ""):
        return asked
    for key, part in (("dbname", "NAME"), ("host", "HOST"), ("port", "PORT")):
        if order.entry.get(part):
            asked[key] = str(order.entry[part])
    return asked


def _is_at(info: Any, entry: Entry) -> bool:
    """Whether a connection is where the entry leads; one without a host leads to this machine."""
    host = str(entry.get("HOST") or "")
    local = not info.host or str(info.host).startswith("/")
    return bool((info.host == host if host else local) and info.dbname == entry.get("NAME"))


# the rest of the world ----------------------------------------------------------------------------------


_active = False


@contextmanager
def closed_world() -> Iterator[None]:
    """Refuse the network and other programs, in all threads, until the end of the block."""
    global _active
    _active = True
    try:
        yield
    finally:
        _active = False


def watch() -> None:
    """Install what ``closed_world`` switches on; an audit hook stays for the life of the process."""

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if _active and event in _EVENTS:
            what = _EVENTS[event](arguments)
            if what:
                refuse(what)

    sys.addaudithook(hook)


def refuse(what: str) -> None:
    """Remember it and raise Refused."""
    refused.append(what)
    raise Refused(f"{what} is refused in a rehearsal")


def _address(arguments: tuple[Any, ...]) -> str:
    address = arguments[1]
    # A socket of the file system is a local service; the database's own is the driver's, not Python's.
    return (
        f"a network connection to {address[0]}"
        if isinstance(address, tuple)
        else f"a connection to {address}"
    )


_EVENTS: Mapping[str, Any] = {
    "socket.connect": _address,
    "socket.sendto": _address,
    "subprocess.Popen": lambda arguments: f"the program {arguments[0]}",
    "os.system": lambda arguments: "a shell command",
    "os.exec": lambda arguments: f"the program {arguments[0]}",
    "os.posix_spawn": lambda arguments: f"the program {arguments[0]}",
}
