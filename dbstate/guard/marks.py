"""Where a mark lives, and how it is read and written.

On PostgreSQL it is a line in the comment on the database, and names the server and the database
that it was given to. ``CREATE DATABASE … TEMPLATE`` copies no comment, a plain ``pg_dump`` writes
none, and where one travels all the same (``pg_dump --create``, a rename, a restore elsewhere) it
names another server, object id or name, and is not believed. It leaves no table among the
project's own, outlives ``DROP SCHEMA``, and the owner needs no superuser for it (``ALTER DATABASE
… SET`` of a name of ours would need one).

On SQLite it is a table in the file, with the file's path and inode: a copy is another file, and a
file copied over a marked one brings its own content.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper

from dbstate.errors import DbstateError
from dbstate.guard.facts import Facts, Identity, Mark

SQLITE_TABLE = "dbstate_guard"

Marks = tuple[tuple[Mark, Identity], ...]

_COMMENT_LINE = re.compile(
    r'dbstate: (?P<kind>disposable|claimed) (?P<server>\d+)/(?P<oid>\d+)/(?P<name>".*")'
)


class MarkError(DbstateError):
    """A mark cannot be put on, or taken off, the database."""

    def __init__(self, action: str, place: str, found: str, remedy: str) -> None:
        self.place = place
        super().__init__(f"cannot {action} database {place!r}: {found}; {remedy}")


def parse_comment(comment: str) -> Iterator[tuple[Mark, Identity]]:
    """The marks in a comment on a PostgreSQL database."""
    for line in comment.split("\n"):
        if found := _COMMENT_LINE.fullmatch(line):
            kind: Mark = "disposable" if found["kind"] == "disposable" else "claimed"
            yield kind, Identity(found["server"], found["oid"], json.loads(found["name"]))


def _write_comment(connection: BaseDatabaseWrapper, facts: Facts, marks: Marks) -> None:
    """Replace our lines of the comment on the database, and keep everybody else's."""
    own, comment = read_row(
        connection,
        """SELECT pg_has_role(datdba, 'USAGE'), coalesce(shobj_description(oid, 'pg_database'), '')
             FROM pg_database WHERE datname = current_database()""",
    )
    if not own:
        remedy = "run it as the owner, or name it in DBSTATE['ALLOW']"
        raise MarkError("mark or unmark", facts.place, "this role does not own it", remedy)
    kept = [line for line in comment.split("\n") if comment and not _COMMENT_LINE.fullmatch(line)]
    lines = kept + [f"dbstate: {kind} {at.server}/{at.key}/{json.dumps(at.name)}" for kind, at in marks]
    with connection.cursor() as cursor:
        # COMMENT takes no parameters, hence words that the server quoted; NULL removes the comment.
        cursor.execute("SELECT quote_ident(%s), quote_literal(%s)", [facts.name, "\n".join(lines)])
        name, literal = cursor.fetchone()
        cursor.execute(f"COMMENT ON DATABASE {name} IS {literal if lines else 'NULL'}")


def _write_sqlite_table(connection: BaseDatabaseWrapper, facts: Facts, marks: Marks) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TABLE IF EXISTS {SQLITE_TABLE}")
        if marks:
            cursor.execute(f"CREATE TABLE {SQLITE_TABLE} (kind text PRIMARY KEY, inode text, path text)")
        for kind, at in marks:
            cursor.execute(f"INSERT INTO {SQLITE_TABLE} VALUES (%s, %s, %s)", [kind, at.key, at.name])


WRITERS = {"postgresql": _write_comment, "sqlite": _write_sqlite_table}


def read_sqlite_marks(connection: BaseDatabaseWrapper) -> Iterator[tuple[Mark, Identity]]:
    """The marks in an SQLite file."""
    with connection.cursor() as cursor:
        if SQLITE_TABLE not in connection.introspection.table_names(cursor):
            return
        cursor.execute(f"SELECT kind, inode, path FROM {SQLITE_TABLE}")
        rows = cursor.fetchall()
    for kind, inode, path in rows:
        yield kind, Identity("file", inode, path)


def read_row(connection: BaseDatabaseWrapper, sql: str) -> tuple[Any, ...]:
    """The only row of a query that always gives one."""
    with connection.cursor() as cursor:
        cursor.execute(sql)
        row = cursor.fetchone()
    assert row is not None, "a query of one row gave none"
    return tuple(row)
