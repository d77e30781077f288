"""Transactions in which nothing is written, and errors that do not end them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import DatabaseError
from django.db.backends.base.base import BaseDatabaseWrapper


@contextmanager
def read_only(connection: BaseDatabaseWrapper, timeout: float = 0) -> Iterator[None]:
    """One snapshot in which nothing can be written by mistake; rolled back at the end.

    ``timeout`` is in seconds for each query, 0 for none.
    """
    connection.ensure_connection()
    before = connection.get_autocommit()
    connection.set_autocommit(False)
    try:
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            cursor.execute(f"SET LOCAL statement_timeout = {int(timeout * 1000):d}")
        yield
    finally:
        connection.rollback()
        connection.set_autocommit(before)


@contextmanager
def savepoint(connection: BaseDatabaseWrapper) -> Iterator[None]:
    """Keeps a transaction usable after a database error; the connection need not belong to an alias."""
    if connection.get_autocommit():
        yield
        return
    with connection.cursor() as cursor:
        cursor.execute("SAVEPOINT dbstate_ask")
        try:
            yield
        except DatabaseError:
            cursor.execute("ROLLBACK TO SAVEPOINT dbstate_ask")
            raise
        finally:
            cursor.execute("RELEASE SAVEPOINT dbstate_ask")
