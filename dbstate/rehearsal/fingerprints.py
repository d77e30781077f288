"""Keys told apart by 64-bit hashes that leave the server in one value: no sort and no second scan there.

Equal keys have equal hashes, so where no hash comes twice, no key does. Where one does, the keys themselves
must be asked. Measured on 720,000 texts: 0.4 s with all other counts of the scan, against 1.9 s for a GROUP
BY alone.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from django.db import DatabaseError
from django.db.backends.base.base import BaseDatabaseWrapper

from dbstate.backends.naming import quoted
from dbstate.rehearsal.reading import savepoint

MOST = 4_000_000
"""Rows of a table up to which hashes are fetched: 8 bytes each, some four times that for a moment."""

_BYTES_A_ROW = 32
"""No row takes less, with its place in the page: for tables that were never counted."""

_ROWS = f"""
    SELECT coalesce(sum(CASE WHEN reltuples > 0 THEN reltuples
                             ELSE pg_relation_size(oid) / {_BYTES_A_ROW} END), 0)
    FROM pg_class WHERE oid = to_regclass(%s) OR oid IN (SELECT relid FROM pg_partition_tree(to_regclass(%s)))
"""


def are_few(connection: BaseDatabaseWrapper, table: str) -> bool:
    """Whether the table's rows, as the server estimates them, are few enough for this."""
    try:
        with savepoint(connection), connection.cursor() as cursor:
            cursor.execute(_ROWS, [quoted(table)] * 2)
            (rows,) = cursor.fetchone()
    except DatabaseError:
        return False
    return bool(rows <= MOST)


def hashes_of(keys: Sequence[str], condition: str) -> str:
    """SQL of an aggregate: the hashes of the keys of all rows that meet the condition, one after the other.

    The types' own hashes, so that what is equal has one. The server raises where a type has none.
    """
    hashed = f"hash_record_extended(ROW({', '.join(keys)}), 0)"
    return f"string_agg(int8send({hashed}), ''::bytea) FILTER (WHERE {condition})"


def has_twins(hashes: bytes | memoryview | None) -> bool:
    """Whether any hash comes twice in what ``hashes_of`` gave; None for no row."""
    if hashes is None:
        return False
    ordered = np.sort(np.frombuffer(hashes, dtype=np.int64))
    return bool((ordered[1:] == ordered[:-1]).any())


__all__ = ["are_few", "has_twins", "hashes_of"]
