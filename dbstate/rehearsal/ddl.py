"""PostgreSQL statements read into effects: those that Django's schema editor writes, and people's like them.

What is not understood becomes ``Writes``: anything may have changed, and nothing later is certain.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import pairwise

from dbstate.rehearsal.effects import (
    AddColumn,
    ChangeType,
    CreateIndex,
    CreateTable,
    DropColumn,
    DropConstraint,
    DropIndex,
    DropNotNull,
    DropTable,
    Effect,
    FillNulls,
    RenameColumn,
    RenameIndex,
    RenameTable,
    RequireCheck,
    RequireExclusion,
    RequireNotNull,
    RequireReference,
    RequireUnique,
    ValidateConstraint,
    Writes,
)
from dbstate.rehearsal.tokens import Reader, Token, names_in, plain_name, split_list, statements_of, tokens_of

_COLUMN_STOPS = (
    "CONSTRAINT",
    "NOT",
    "NULL",
    "CHECK",
    "DEFAULT",
    "GENERATED",
    "UNIQUE",
    "PRIMARY",
    "REFERENCES",
    "COLLATE",
    "DEFERRABLE",
    "INITIALLY",
    "STORAGE",
    "COMPRESSION",
)
_SERIALS = frozenset({"SERIAL", "BIGSERIAL", "SMALLSERIAL", "SERIAL4", "SERIAL8", "SERIAL2"})


def effects_of(sql: str) -> tuple[Effect, ...]:
    """What the statements of this text do, in order."""
    found: list[Effect] = []
    for statement in statements_of(sql):
        found += _read(statement)
    return tuple(found)


def _read(sql: str) -> list[Effect]:
    reader = Reader(sql)
    kind = next((kind for kind in _READERS if reader.take(*kind)), None)
    if kind is None:
        return [Writes(what=_shortened(sql))]
    try:
        return list(_READERS[kind](reader))
    except ValueError:  # a form of the statement that is not known here
        return [Writes(what=_shortened(sql))]


def _shortened(sql: str) -> str:
    text = " ".join(sql.split())
    return text if len(text) <= 200 else f"{text[:197]}..."


def _nothing(reader: Reader) -> Iterator[Effect]:
    """Statements that touch no row and no table's shape."""
    yield from ()


# tables -------------------------------------------------------------------------------------------------


def _create_table(reader: Reader) -> Iterator[Effect]:
    unless = reader.take("IF", "NOT", "EXISTS")
    name = reader.table()
    if reader.peek() == "(":
        yield CreateTable(name, reader.bracketed(), unless)
        return
    # CREATE TABLE … AS, PARTITION OF: a new table with rows that are not followed.
    yield CreateTable(name, "", unless)
    yield Writes((name,), "CREATE TABLE … AS")


def _drop_tables(reader: Reader) -> Iterator[Effect]:
    unless = reader.take("IF", "EXISTS")
    names = [reader.table()]
    while reader.take(","):
        names.append(reader.table())
    cascade = reader.take("CASCADE")
    for name in names:
        yield DropTable(name, cascade, unless)


def _alter_table(reader: Reader) -> Iterator[Effect]:
    reader.take("IF", "EXISTS")
    reader.take("ONLY")
    table = reader.table()
    reader.take("*")
    for action in split_list(reader.rest()):
        yield from _action(table, action)


def _action(table: str, sql: str) -> Iterator[Effect]:
    reader = Reader(sql)
    kind = next((kind for kind in _ACTIONS if reader.take(*kind)), None)
    if kind is None:
        raise ValueError(f"{sql!r} is not known")
    yield from _ACTIONS[kind](table, reader)


def _add_column(table: str, reader: Reader) -> Iterator[Effect]:
    unless = reader.take("IF", "NOT", "EXISTS")
    column = reader.name()
    sql_type = reader.until(*_COLUMN_STOPS)
    parts = _ColumnParts(reader)
    filled = parts.filled or sql_type.upper() in _SERIALS
    made = parts.expression
    yield AddColumn(table, column, sql_type, parts.default, parts.not_null, filled, unless, made)
    for primary in parts.uniques:
        yield RequireUnique(table, "", (_quote(column),), primary=primary)
    for name, expression in parts.checks:
        yield RequireCheck(table, name, expression)
    for name, target, target_columns in parts.references:
        yield RequireReference(table, name, (column,), target, target_columns)


class _ColumnParts:
    """What stands behind the type of a new column."""

    def __init__(self, reader: Reader) -> None:
        self.default = self.expression = ""
        self.not_null = self.filled = False
        self.uniques: list[bool] = []
        self.checks: list[tuple[str, str]] = []
        self.references: list[tuple[str, str, tuple[str, ...]]] = []
        name = ""
        while not reader.done:
            if reader.take("CONSTRAINT"):
                name = reader.name()
                continue
            self._one(reader, name)
            name = ""

    def _one(self, reader: Reader, name: str) -> None:
        if reader.take("NOT", "NULL"):
            self.not_null = True
        elif reader.take("DEFAULT"):
            self.default = _default(reader)
        elif reader.take("GENERATED"):
            self.filled = True
            if reader.take("ALWAYS", "AS") and reader.peek() == "(":
                self.expression = reader.bracketed()
            reader.until("NOT", "NULL", "CHECK", "UNIQUE", "PRIMARY", "REFERENCES", "CONSTRAINT")
        elif reader.take("UNIQUE"):
            self.uniques.append(False)
        elif reader.take("PRIMARY", "KEY"):
            self.uniques.append(True)
        elif reader.take("CHECK"):
            self.checks.append((name, reader.bracketed()))
        elif reader.take("REFERENCES"):
            target = reader.table()
            columns = _names(reader.bracketed()) if reader.peek() == "(" else ()
            self.references.append((name, target, columns))
            reader.until("NOT", "NULL", "CHECK", "UNIQUE", "PRIMARY", "REFERENCES", "CONSTRAINT", "DEFAULT")
        elif reader.take("COLLATE"):
            reader.name()
        elif not (reader.take("NULL") or reader.take("DEFERRABLE") or reader.take("INITIALLY")):
            reader.next()


def _default(reader: Reader) -> str:
    """A default ends at the next part of the column; NOT and NULL may belong to neither side."""
    if reader.peek() == "NULL":
        reader.next()
        return "NULL"
    return reader.until(
        "NOT", "NULL", "CONSTRAINT", "CHECK", "GENERATED", "UNIQUE", "PRIMARY", "REFERENCES", "COLLATE"
    )


def _add_constraint(table: str, reader: Reader) -> Iterator[Effect]:
    yield from _constraint(table, reader.name(), reader)


def _add_unnamed(table: str, reader: Reader) -> Iterator[Effect]:
    reader.at -= 1  # the word that told the kind
    yield from _constraint(table, "", reader)


def _constraint(table: str, name: str, reader: Reader) -> Iterator[Effect]:
    if reader.take("CHECK"):
        expression = reader.bracketed()
        yield RequireCheck(table, name, expression, _valid(reader.rest()))
    elif reader.take("FOREIGN", "KEY"):
        columns = _names(reader.bracketed())
        reader.expect("REFERENCES")
        target = reader.table()
        target_columns = _names(reader.bracketed()) if reader.peek() == "(" else ()
        yield RequireReference(table, name, columns, target, target_columns, _valid(reader.rest()))
    elif reader.take("EXCLUDE"):
        yield _exclusion(table, name, reader)
    elif reader.take("NOT", "NULL"):
        yield RequireNotNull(table, reader.name())
    else:
        yield from _key(table, name, reader)


def _key(table: str, name: str, reader: Reader) -> Iterator[Effect]:
    primary = reader.take("PRIMARY", "KEY")
    if not primary:
        reader.expect("UNIQUE")
    if reader.take("USING", "INDEX"):  # the index is there and has seen the rows
        return
    nulls_distinct = not reader.take("NULLS", "NOT", "DISTINCT")
    reader.take("NULLS", "DISTINCT")
    keys = tuple(map(_quote, _names(reader.bracketed())))
    yield RequireUnique(table, name, keys, nulls_distinct=nulls_distinct, primary=primary)


def _exclusion(table: str, name: str, reader: Reader) -> RequireExclusion:
    if reader.take("USING"):
        reader.name()
    elements = []
    for part in split_list(reader.bracketed()):
        inner = Reader(part)
        expression = inner.until("WITH")
        inner.expect("WITH")
        elements.append((_without_class(expression), inner.rest()))
    condition = ""
    reader.until("WHERE")
    if reader.take("WHERE"):
        condition = reader.bracketed()
    return RequireExclusion(table, name, tuple(elements), condition)


def _valid(rest: str) -> bool:
    words = [token.word for token in tokens_of(rest)]
    return ("NOT", "VALID") not in pairwise(words) and "ENFORCED" not in words


def _drop_column(table: str, reader: Reader) -> Iterator[Effect]:
    unless = reader.take("IF", "EXISTS")
    column = reader.name()
    yield DropColumn(table, column, reader.take("CASCADE"), unless)


def _drop_constraint(table: str, reader: Reader) -> Iterator[Effect]:
    unless = reader.take("IF", "EXISTS")
    yield DropConstraint(table, reader.name(), unless)


def _alter_column(table: str, reader: Reader) -> Iterator[Effect]:
    column = reader.name()
    if reader.take("SET", "NOT", "NULL"):
        yield RequireNotNull(table, column)
    elif reader.take("DROP", "NOT", "NULL"):
        yield DropNotNull(table, column)
    elif reader.take("TYPE") or reader.take("SET", "DATA", "TYPE"):
        sql_type = reader.until("COLLATE", "USING")
        collation = reader.name() if reader.take("COLLATE") else ""
        using = reader.rest() if reader.take("USING") else ""
        yield ChangeType(table, column, sql_type, using, collation)
    elif reader.peek() not in ("SET", "DROP", "ADD", "RESTART"):
        raise ValueError("an unknown change of a column")


def _rename(table: str, reader: Reader) -> Iterator[Effect]:
    if reader.take("TO"):
        yield RenameTable(table, reader.name())
    elif not reader.take("CONSTRAINT"):
        reader.take("COLUMN")
        column = reader.name()
        reader.expect("TO")
        yield RenameColumn(table, column, reader.name())


def _validate(table: str, reader: Reader) -> Iterator[Effect]:
    yield ValidateConstraint(table, reader.name())


def _no_action(table: str, reader: Reader) -> Iterator[Effect]:
    yield from ()


_Action = Callable[[str, Reader], Iterator[Effect]]
_ACTIONS: Mapping[tuple[str, ...], _Action] = {
    ("ADD", "CONSTRAINT"): _add_constraint,
    ("ADD", "CHECK"): _add_unnamed,
    ("ADD", "UNIQUE"): _add_unnamed,
    ("ADD", "PRIMARY"): _add_unnamed,
    ("ADD", "FOREIGN"): _add_unnamed,
    ("ADD", "EXCLUDE"): _add_unnamed,
    ("ADD", "COLUMN"): _add_column,
    ("ADD",): _add_column,
    ("DROP", "CONSTRAINT"): _drop_constraint,
    ("DROP", "COLUMN"): _drop_column,
    ("DROP",): _drop_column,
    ("ALTER", "CONSTRAINT"): _no_action,
    ("ALTER", "COLUMN"): _alter_column,
    ("ALTER",): _alter_column,
    ("RENAME",): _rename,
    ("VALIDATE", "CONSTRAINT"): _validate,
    ("SET", "SCHEMA"): lambda table, reader: iter([RenameTable(table, table)]),
    ("SET",): _no_action,
    ("RESET",): _no_action,
    ("OWNER",): _no_action,
    ("CLUSTER",): _no_action,
    ("REPLICA",): _no_action,
    ("ENABLE",): _no_action,
    ("DISABLE",): _no_action,
}


# indexes ------------------------------------------------------------------------------------------------


def _unique_index(reader: Reader) -> Iterator[Effect]:
    facts = _IndexFacts(reader)
    yield RequireUnique(
        facts.table,
        facts.name,
        facts.keys,
        facts.condition,
        facts.nulls_distinct,
        index=True,
        concurrently=facts.concurrently,
        if_not_exists=facts.if_not_exists,
    )


def _plain_index(reader: Reader) -> Iterator[Effect]:
    facts = _IndexFacts(reader)
    yield CreateIndex(
        facts.table,
        facts.name,
        facts.keys,
        facts.condition,
        facts.concurrently,
        facts.if_not_exists,
        facts.method,
    )


class _IndexFacts:
    """What CREATE INDEX says behind its first words."""

    def __init__(self, reader: Reader) -> None:
        self.concurrently = reader.take("CONCURRENTLY")
        self.if_not_exists = reader.take("IF", "NOT", "EXISTS")
        self.name = "" if reader.peek() == "ON" else reader.name()
        reader.expect("ON")
        reader.take("ONLY")
        self.table = reader.table()
        self.method = reader.name() if reader.take("USING") else ""
        self.keys = tuple(_without_class(part) for part in split_list(reader.bracketed()))
        rest = reader.until("WHERE")
        words = [token.word for token in tokens_of(rest)]
        self.nulls_distinct = "NULLS NOT DISTINCT" not in " ".join(words)
        self.condition = reader.rest() if reader.take("WHERE") else ""


def _without_class(element: str) -> str:
    """The column or expression of an index element, without COLLATE, operator class and order."""
    reader = Reader(element)
    if reader.peek() == "(":
        start = reader.tokens[0].start
        reader.bracketed()
        return element[start : reader.tokens[reader.at - 1].end]
    first: Token = reader.next()
    end = first.end
    if reader.peek() == "(":  # a function call
        reader.bracketed()
        end = reader.tokens[reader.at - 1].end
    return element[first.start : end]


def _drop_index(reader: Reader) -> Iterator[Effect]:
    concurrently = reader.take("CONCURRENTLY")
    unless = reader.take("IF", "EXISTS")
    yield DropIndex(reader.name(), unless, concurrently)


def _rename_index(reader: Reader) -> Iterator[Effect]:
    reader.take("IF", "EXISTS")
    name = reader.name()
    if reader.take("RENAME", "TO"):
        yield RenameIndex(name, reader.name())


# rows ---------------------------------------------------------------------------------------------------


def _update(reader: Reader) -> Iterator[Effect]:
    reader.take("ONLY")
    table = reader.table()
    try:
        yield _filling(table, reader)
    except ValueError:
        yield Writes((table,), _shortened(reader.sql))


def _filling(table: str, reader: Reader) -> FillNulls:
    """``SET c = value WHERE c IS NULL`` with a value that reads no other row; ValueError for others."""
    reader.expect("SET")
    column = reader.name()
    reader.expect("=")
    value = reader.until("WHERE", ",", "FROM", "RETURNING")
    reader.expect("WHERE")
    if reader.name() != column:
        raise ValueError("another column is compared")
    reader.expect("IS", "NULL")
    if not reader.done or names_in(value) & {"select"}:
        raise ValueError("it does more")
    return FillNulls(table, column, value)


def _writes_one(reader: Reader) -> Iterator[Effect]:
    reader.take("ONLY")
    yield Writes((reader.table(),), _shortened(reader.sql))


def _truncate(reader: Reader) -> Iterator[Effect]:
    reader.take("TABLE")
    reader.take("ONLY")
    names = [reader.table()]
    while reader.take(","):
        names.append(reader.table())
    yield Writes(() if "CASCADE" in reader.rest().upper() else tuple(names), _shortened(reader.sql))


def _names(listed: str) -> tuple[str, ...]:
    names = tuple(plain_name(part) or "" for part in split_list(listed))
    if "" in names:
        raise ValueError(f"{listed!r} is no list of names")
    return names


def _quote(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


_READERS: Mapping[tuple[str, ...], Callable[[Reader], Iterator[Effect]]] = {
    ("ALTER", "TABLE"): _alter_table,
    ("CREATE", "TABLE"): _create_table,
    ("CREATE", "UNLOGGED", "TABLE"): _create_table,
    ("CREATE", "UNIQUE", "INDEX"): _unique_index,
    ("CREATE", "INDEX"): _plain_index,
    ("DROP", "TABLE"): _drop_tables,
    ("DROP", "INDEX"): _drop_index,
    ("ALTER", "INDEX"): _rename_index,
    ("UPDATE",): _update,
    ("INSERT", "INTO"): _writes_one,
    ("DELETE", "FROM"): _writes_one,
    ("TRUNCATE",): _truncate,
    ("SET",): _nothing,
    ("RESET",): _nothing,
    ("COMMENT",): _nothing,
    ("ANALYZE",): _nothing,
    ("VACUUM",): _nothing,
    ("REINDEX",): _nothing,
    ("GRANT",): _nothing,
    ("REVOKE",): _nothing,
    ("BEGIN",): _nothing,
    ("COMMIT",): _nothing,
    ("LOCK",): _nothing,
    ("CREATE", "EXTENSION"): _nothing,
    ("CREATE", "COLLATION"): _nothing,
    ("CREATE", "SEQUENCE"): _nothing,
    ("ALTER", "SEQUENCE"): _nothing,
    ("DROP", "SEQUENCE"): _nothing,
    ("CREATE", "VIEW"): _nothing,
    ("CREATE", "OR", "REPLACE", "VIEW"): _nothing,
    ("CREATE", "MATERIALIZED", "VIEW"): _nothing,
    ("DROP", "VIEW"): _nothing,
    ("DROP", "MATERIALIZED", "VIEW"): _nothing,
    ("CREATE", "SCHEMA"): _nothing,
    ("CREATE", "TYPE"): _nothing,
    ("CREATE", "FUNCTION"): _nothing,
    ("CREATE", "OR", "REPLACE", "FUNCTION"): _nothing,
}
