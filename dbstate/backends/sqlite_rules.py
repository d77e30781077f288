"""Rules of a table that stand in a SQLite database, whatever the models say."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from dbstate.backends.live import LiveColumn, LiveRules, with_rules
from dbstate.backends.naming import folded, quoted
from dbstate.backends.protocol import Connection
from dbstate.backends.sqlite_definition import mentions, name, split, tokens
from dbstate.catalog.tables import Check, Table, Unique

DEFINITIONS = """
    SELECT type, name, sql FROM sqlite_master
    WHERE tbl_name = %s COLLATE NOCASE AND type IN ('table', 'index') AND sql IS NOT NULL
    ORDER BY type DESC, rowid
"""


def with_live_rules(connection: Connection, table: Table) -> Table:
    """See Backend.with_live_rules: columns that may not be null, named CHECKs, unique indexes.

    Not the keys that stand in CREATE TABLE without a name, nor CHECKs without one: those are Django's.
    """
    with connection.cursor() as cursor:
        cursor.execute(DEFINITIONS, [table.name])
        definitions = cursor.fetchall()
        cursor.execute(f"PRAGMA table_xinfo({quoted(table.name)})")
        present = [(column, bool(required)) for _, column, _, required, *_ in cursor.fetchall()]
    names = [column for column, _ in present]
    own = {folded(column.name): column.name for column in table.columns}
    live = LiveRules(
        columns=tuple(
            LiveColumn(own.get(folded(column), column), null=not required) for column, required in present
        ),
        checks=tuple(
            check for kind, _, sql in definitions if kind == "table" for check in _checks(sql, names)
        ),
        uniques=tuple(
            _unique(index, sql, names)
            for kind, index, sql in definitions
            if kind == "index" and _words(sql)[:2] == ["create", "unique"]
        ),
    )
    return with_rules(table, _in_own_names(live, own))


def _checks(sql: str, names: Sequence[str]) -> Iterator[Check]:
    """Named CHECKs of a CREATE TABLE, outside of columns' own definitions."""
    for part in split(sql)[1]:
        found = [(kind, text) for kind, text in tokens(part.sql) if kind != "space"]
        words = [text.upper() for _, text in found]
        if words[:1] == ["CONSTRAINT"] and words[2:4] == ["CHECK", "("]:
            _, inside, _ = split(part.sql)
            expression = ", ".join(one.sql for one in inside)
            yield Check(_real(found[1][1]), expression, _read(expression, names))


def _unique(index: str, sql: str, names: Sequence[str]) -> Unique:
    _, keys, rest = split(sql)
    condition = rest.strip().removeprefix("WHERE").removeprefix("where").strip() or None
    plain = all(_is_plain(key.sql) for key in keys)
    columns = [column for key in keys for column in _read(key.sql, names)]
    return Unique(
        name=index,
        columns=tuple(dict.fromkeys(columns)),
        expressions=() if plain else tuple(key.sql for key in keys),
        condition=condition,
        condition_columns=_read(condition, names) if condition else (),
    )


def _is_plain(key: str) -> bool:
    """Whether a key is a column, with a direction or not."""
    found = [(kind, text) for kind, text in tokens(key) if kind != "space"]
    return found[0][0] in ("quoted", "word") and all(text.upper() in ("ASC", "DESC") for _, text in found[1:])


def _read(sql: str, names: Iterable[str]) -> tuple[str, ...]:
    return tuple(column for column in names if mentions(sql, frozenset({folded(column)})))


def _real(token: str) -> str:
    """A name as it was written, without its quotes."""
    mark = token[0]
    if mark == "[":
        return token[1:-1]
    return token[1:-1].replace(mark * 2, mark) if mark in '"`' else token


def _words(sql: str) -> list[str]:
    return [name(text) for kind, text in tokens(sql) if kind in ("word", "quoted")]


def _in_own_names(live: LiveRules, own: dict[str, str]) -> LiveRules:
    """The rules with the described columns' letters, of which SQLite minds no case."""

    def named(columns: Iterable[str]) -> tuple[str, ...]:
        return tuple(own.get(folded(column), column) for column in columns)

    return replace(
        live,
        checks=tuple(replace(check, columns=named(check.columns)) for check in live.checks),
        uniques=tuple(
            replace(
                unique,
                columns=named(unique.columns),
                condition_columns=named(unique.condition_columns),
            )
            for unique in live.uniques
        ),
    )
