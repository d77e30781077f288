"""What an unfinished migration leaves in the database, and the SQL that clears it."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from dbstate.backends.naming import quoted
from dbstate.catalog import Catalog
from dbstate.catalog.diff import Difference, diff
from dbstate.rehearsal.evidence import Leftover


def leftovers_of(before: Catalog, after: Catalog) -> tuple[Leftover, ...]:
    """What ``after`` has and ``before`` has not, or has otherwise; in an order in which it can be cleared."""
    found = [Leftover(str(one), _clearing(one, after)) for one in diff(before, after)]
    return tuple(sorted(found, key=lambda one: not one.sql.startswith("DROP INDEX")))


def _clearing(one: Difference, after: Catalog) -> str:
    """The SQL that undoes the difference; empty where that would take knowing what was there."""
    table = quoted(one.table) if one.table else ""
    if one.change == "added":
        if one.what == "unique" and not _is_constraint(one, after):
            return _ADDED["index"](table, one.name)
        make = _ADDED.get(one.what)
        return make(table, one.name) if make else ""
    if one.change == "changed" and one.what == "column" and one.fact == "null":
        verb = "DROP" if one.after == "NOT NULL" else "SET"
        return f"ALTER TABLE {table} ALTER COLUMN {quoted(one.name)} {verb} NOT NULL;"
    if one.change == "changed" and one.what == "column" and one.fact == "default":
        verb = f"SET DEFAULT {one.before}" if one.before else "DROP DEFAULT"
        return f"ALTER TABLE {table} ALTER COLUMN {quoted(one.name)} {verb};"
    return ""


def _is_constraint(unique: Difference, after: Catalog) -> bool:
    """Whether it is a constraint, not an index alone."""
    found = (one for one in after[unique.table].uniques if one.name == unique.name)
    return any(one.constraint for one in found)


def _constraint(table: str, name: str) -> str:
    return f"ALTER TABLE {table} DROP CONSTRAINT IF EXISTS {quoted(name)};"


_ADDED: Mapping[str, Callable[[str, str], str]] = {
    "table": lambda table, name: f"DROP TABLE IF EXISTS {quoted(name)};",
    "column": lambda table, name: f"ALTER TABLE {table} DROP COLUMN IF EXISTS {quoted(name)};",
    "index": lambda table, name: f"DROP INDEX CONCURRENTLY IF EXISTS {quoted(name)};",
    "unique": _constraint,
    "check": _constraint,
    "exclusion": _constraint,
    "foreign key": _constraint,
    "view": lambda table, name: f"DROP VIEW IF EXISTS {quoted(name)};",
    "sequence": lambda table, name: f"DROP SEQUENCE IF EXISTS {quoted(name)};",
    "extension": lambda table, name: f"DROP EXTENSION IF EXISTS {quoted(name)};",
    "trigger": lambda table, name: f"DROP TRIGGER IF EXISTS {quoted(name)} ON {table};",
}
