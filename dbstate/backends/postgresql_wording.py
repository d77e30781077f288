"""Whether an expression of a model is what a table has: PostgreSQL itself writes it down to see."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.db import transaction
from django.db.utils import DatabaseError

from dbstate.backends.discarding import discarded
from dbstate.backends.naming import quoted
from dbstate.backends.protocol import Connection

TWIN = "dbstate_worded"
NOT_NULL = " IS NOT NULL)"

WRITTEN_DEFAULT = """
    SELECT pg_get_expr(adbin, adrelid) FROM pg_attrdef
    JOIN pg_attribute ON attrelid = adrelid AND attnum = adnum
    WHERE adrelid = 'pg_temp.dbstate_worded'::regclass AND attname = %s
"""
WRITTEN_CHECK = """
    SELECT pg_get_expr(conbin, conrelid) FROM pg_constraint
    WHERE conrelid = 'pg_temp.dbstate_worded'::regclass AND contype = 'c'
"""


def same_expression(connection: Connection) -> Callable[[str, str, str, str], bool]:
    """A judge for ``dbstate.catalog.diff``: (table, column or empty, model's SQL, database's text).

    Makes and drops temporary tables: for a database that may be written to, as a copy may.
    """

    def same(table: str, column: str, sql: str, text: str) -> bool:
        with discarded(connection), connection.cursor() as cursor:
            cursor.execute(f"CREATE TEMPORARY TABLE {TWIN} (LIKE {quoted(table)})")
            written = _default(cursor, connection, column, sql) if column else None
            if written is None:
                written = _condition(cursor, connection, sql)
            return written is not None and _bare(written) == _bare(text)

    return same


def _default(cursor: Any, connection: Connection, column: str, sql: str) -> str | None:
    """As a default, in which a literal takes the column's type; None when it cannot be one."""
    with _tried(connection) as tried:
        cursor.execute(f"ALTER TABLE {TWIN} ALTER COLUMN {quoted(column)} SET DEFAULT {sql}")
    if not tried:
        return None
    cursor.execute(WRITTEN_DEFAULT, [column])
    return str(cursor.fetchone()[0])


def _condition(cursor: Any, connection: Connection, sql: str) -> str | None:
    """An expression of any type, or a list of them as a row; None when the table cannot have it."""
    with _tried(connection) as tried:
        cursor.execute(f"ALTER TABLE {TWIN} ADD CHECK (({sql}){NOT_NULL}")
    if not tried:
        return None
    cursor.execute(WRITTEN_CHECK)
    written = _bare(str(cursor.fetchone()[0]).removeprefix("(").removesuffix(NOT_NULL))
    return written.removeprefix("ROW(").removesuffix(")") if written.startswith("ROW(") else written


@contextmanager
def _tried(connection: Connection) -> Iterator[list[bool]]:
    """A savepoint; the list holds something at the end when nothing was refused."""
    done: list[bool] = []
    try:
        with transaction.atomic(using=connection.alias):
            yield done
        done.append(True)
    except DatabaseError:  # an expression that does not fit the table is simply another one
        pass


def _bare(text: str) -> str:
    """Without brackets around all of it, and with single spaces."""
    text = " ".join(text.split())
    while text.startswith("(") and text.endswith(")") and _closes_last(text):
        text = text[1:-1].strip()
    return text


def _closes_last(text: str) -> bool:
    """Whether the first bracket is closed by the last character; texts inside are stepped over."""
    depth, quote = 0, ""
    for at, character in enumerate(text):
        if quote:
            quote = "" if character == quote else quote
        elif character in "'\"":
            quote = character
        elif character in "()":
            depth += 1 if character == "(" else -1
            if depth == 0:
                return at == len(text) - 1
    return False
