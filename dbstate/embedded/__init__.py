"""A real PostgreSQL without installing one: the binaries of a wheel, a lifecycle of our own.

``DATABASES = {"default": embedded.database(BASE_DIR)}`` is all that a project writes. Nothing is started
until the first connection, and the server stops by itself when the last process that used it has gone,
however it went.

Importing this package imports neither Django nor a driver.
"""

from __future__ import annotations

from dbstate.embedded.places import DATABASE, EmbeddedError, Place, database, place_of
from dbstate.embedded.server import Status, ensure_running, query, status, stop

__all__ = [
    "DATABASE",
    "EmbeddedError",
    "Place",
    "Status",
    "database",
    "ensure_running",
    "place_of",
    "query",
    "status",
    "stop",
]
