"""Work whose traces and locks are given up at its end."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import transaction

from dbstate.backends.protocol import Connection


@contextmanager
def discarded(connection: Connection) -> Iterator[None]:
    """A savepoint (a transaction, outside of any) that is always rolled back.

    Rolling back is what gives locks back before the caller's transaction ends: the server's
    lock table would not hold those of a thousand tables and their twins.
    """
    with transaction.atomic(using=connection.alias):
        yield
        transaction.set_rollback(True, using=connection.alias)
