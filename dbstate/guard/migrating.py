"""The child process of a rehearsal: ``migrate`` in the project's settings, on a scratch database only.

Nothing that migrations do may reach the project's own databases: before Django is set up, the alias is
pointed at the scratch database, all others at none, and every connection that opens is asked where it
is. Mail, caches, stored files and Celery's messages go nowhere either.
"""

from __future__ import annotations

import os
import pickle
import sys
import threading
from collections.abc import Mapping
from typing import Any

import django
from django.conf import settings
from django.core.management import call_command
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created

from dbstate.guard.rehearsing import Order

_NOWHERE = {"ENGINE": "django.db.backends.dummy"}
_PLACES = {
    "postgresql": "SELECT current_database()",
    "sqlite": "SELECT file FROM pragma_database_list WHERE name = 'main'",
}


def main() -> None:
    order: Order = pickle.load(sys.stdin.buffer)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    sys.argv[:] = order.argv
    if tuple(settings.INSTALLED_APPS) != order.installed:
        sys.exit("INSTALLED_APPS come out otherwise in another process")
    redirect_databases(settings.DATABASES, order)
    redirect_rest(order)

    def stay(*, connection: BaseDatabaseWrapper, **_: object) -> None:
        require_scratch(connection, order)

    connection_created.connect(stay, weak=False)
    django.setup()
    call_command("migrate", database=order.alias, interactive=False, verbosity=0)


def _end_with_parent() -> None:
    """Standard input ends when the parent does, however it ends."""
    while os.read(0, 1):
        pass
    os._exit(1)


def redirect_databases(databases: dict[str, dict[str, Any]], order: Order) -> None:
    """Change the settings in place: other modules may hold the same objects."""
    for entry in databases.values():
        entry.clear()
        entry.update(_NOWHERE)
    databases[order.alias] = dict(order.entry)


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


def require_scratch(connection: BaseDatabaseWrapper, order: Order) -> None:
    """End the process when the connection is to anything but the scratch database.

    An error would not do: a migration may catch it, and go on with the connection.
    """
    wanted = str(order.entry["NAME"])
    with connection.cursor() as cursor:
        cursor.execute(_PLACES[connection.vendor])
        (found,) = cursor.fetchone()
    if os.path.realpath(found) != os.path.realpath(wanted):
        print(f"a connection led to {found}, not to {wanted}", file=sys.stderr, flush=True)
        os._exit(2)


if __name__ == "__main__":
    main()
