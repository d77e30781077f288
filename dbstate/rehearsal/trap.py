"""Making a migration fail half-way, as a lost connection or an impatient person would."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from django.db.backends.base.base import BaseDatabaseWrapper

PATIENCE_MS = 500
"""How long an index that is made concurrently may wait for a lock that it does not get."""

_TABLES = r"""
    SELECT format('%I.%I', nspname, relname) FROM pg_class
    JOIN pg_namespace ON pg_namespace.oid = relnamespace
    WHERE relkind IN ('r', 'p') AND relpersistence <> 't' AND nspname NOT LIKE 'pg\_%'
        AND nspname <> 'information_schema'
"""


class Stopped(Exception):
    """A migration was made to fail half-way."""


@dataclass(frozen=True, slots=True)
class Stop:
    """Where to fail."""

    operation: int
    inside: bool = False
    """While the operation waits for others (an index that is made concurrently); else before it."""


@contextmanager
def interrupted(connection: BaseDatabaseWrapper) -> Iterator[None]:
    """Let what waits for other transactions inside of the block be cancelled while it waits.

    A second session writes to all tables, as it were, and does not end. Raises Stopped at the end of the
    block if nothing waited.
    """
    other = connection.copy()
    try:
        other.set_autocommit(False)
        with other.cursor() as cursor, connection.cursor() as own:
            cursor.execute(_TABLES)
            tables = ", ".join(name for (name,) in cursor.fetchall())
            cursor.execute(f"LOCK TABLE {tables} IN ROW EXCLUSIVE MODE")
            own.execute(f"SET statement_timeout = {PATIENCE_MS}")
        yield
        raise Stopped("made to fail after the operation, which waited for nobody")
    finally:
        other.close()
        if connection.connection is not None and not connection.connection.closed:
            with connection.cursor() as own:
                own.execute("RESET statement_timeout")
