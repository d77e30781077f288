"""Identifiers as they stand in SQL text."""

from __future__ import annotations

from collections.abc import Iterable


def quoted(name: str) -> str:
    """A table's or column's name, quoted for PostgreSQL and SQLite.

    A name that comes quoted stays as it is, as Django has it: ``db_table = '"schema"."table"'``.
    """
    if len(name) > 1 and name.startswith('"') and name.endswith('"'):
        return name
    return '"' + name.replace('"', '""') + '"'


def listed(names: Iterable[str]) -> str:
    """Quoted names with commas between."""
    return ", ".join(map(quoted, names))


def in_query(sql: str) -> str:
    """SQL text for use beside ``%s`` placeholders: its own percent signs are doubled."""
    return sql.replace("%", "%%")


def folded(name: str) -> str:
    """A name as SQLite compares it: without regard to case, of ASCII letters only."""
    return name.encode().lower().decode()


def literal(text: str) -> str:
    """A text as SQL writes it."""
    return "'" + text.replace("'", "''") + "'"
