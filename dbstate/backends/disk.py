"""How much room is left on the disk that a database writes to, where that is this machine's."""

from __future__ import annotations

import os
import shutil
from datetime import datetime

from django.db import DatabaseError, transaction

from dbstate.backends.protocol import Connection

_PLACE = """
    SELECT current_setting('data_directory'), found.modification, found.change
    FROM pg_stat_file('.') AS found, pg_database, pg_tablespace
    WHERE datname = current_database() AND pg_tablespace.oid = dattablespace AND spcname = 'pg_default'
"""


def free_bytes_of_server(connection: Connection) -> int | None:
    """Bytes left where a PostgreSQL server keeps its rows.

    None where its user may not ask, or the server is on another machine (or in a container): then a
    folder of the same path has other times.
    """
    try:
        with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
            cursor.execute(_PLACE)
            found = cursor.fetchone()
    except DatabaseError:
        return None
    if found is None:
        return None
    path, *times = found
    try:
        status = os.stat(path)
        if [int(status.st_mtime), int(status.st_ctime)] != [_seconds(time) for time in times]:
            return None
        return shutil.disk_usage(path).free
    except OSError:
        return None


def _seconds(moment: datetime) -> int:
    return int(moment.timestamp())


def free_bytes_of_file(path: str) -> int | None:
    """Bytes left beside a file; None for what is no file."""
    folder = os.path.dirname(os.path.abspath(path))
    return shutil.disk_usage(folder).free if os.path.isdir(folder) and os.path.isfile(path) else None
