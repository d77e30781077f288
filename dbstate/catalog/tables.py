"""The frozen description of tables, columns, relations and constraints.

The same types come out of Django models (``dbstate.introspection``) and out of a live
database. Everything is plain data: names are strings, sets are tuples, expressions are
SQL text; nothing here knows Django or a driver.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType
from typing import Any, Literal

from dbstate.catalog.objects import (
    DatabaseObject,
    Dependent,
    Function,
    Index,
    Policy,
    Sequence,
    Trigger,
    UserType,
    View,
)

Kind = Literal[
    "boolean",
    "integer",
    "decimal",
    "float",
    "text",
    "date",
    "datetime",
    "time",
    "duration",
    "uuid",
    "bytes",
    "json",
    "ip",
    "file",
    "array",
    "range",
    "hstore",
    "search",
    "composite",
    "unknown",
]
"""Families of values. ``search`` is tsvector; ``unknown`` has no known ancestor or SQL type."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column: what may stand in it.

    Lengths are in characters, ``least`` and ``greatest`` are inclusive and already take in
    the SQL type's own range; None means "no limit known". ``choices`` are the stored values.
    Limits of a range stand on it and on its ``element``; a limited bound may not be infinite.
    A foreign key's column has the type's limits of the column that it refers to.
    """

    name: str
    """Name in the database."""
    field: str
    """Field name in the model; equal to ``name`` for a live catalog."""
    kind: Kind
    sql_type: str
    """As the database writes it, for example ``varchar(20)``."""
    null: bool = False
    """Whether NULL may stand there and is read as None."""
    blank: bool = False
    """Whether full_clean() admits an empty value; ``null`` for a live catalog."""
    format: str = ""
    """Finer than kind, by field class: email, url, slug, ipv4, ipv6, image, path, password, ci
    (case-insensitive), xid …; empty when nothing is known."""
    max_length: int | None = None
    min_length: int | None = None
    least: object | None = None
    greatest: object | None = None
    max_digits: int | None = None
    decimal_places: int | None = None
    choices: tuple[object, ...] = ()
    samples: tuple[object, ...] = ()
    """Values known to be right (files that exist, labels of an enum, a fixed dimension): when
    there are any, values are drawn from these."""
    patterns: tuple[str, ...] = ()
    """Regular expressions (``re.search``) that text must match, from validators."""
    extensions: tuple[str, ...] = ()
    """Allowed file extensions, lower case, without dot."""
    element: Column | None = None
    """What an array or a range holds."""
    size: int | None = None
    """Fixed or greatest number of elements of an array."""
    judged: bool = False
    """Whether validators or a field class of its own may refuse a value of the right type: the
    judge handed in must be asked."""
    auto: bool = False
    """Filled by a sequence or identity."""
    auto_now: bool = False
    generated: str | None = None
    """Expression of a GENERATED column; such a column is never written."""
    has_default: bool = False
    default: object | None = None
    """The model's default where it is a plain value or a callable that was called once;
    see ``has_default``."""
    db_default: str | None = None
    """SQL expression of the database's own default."""
    editable: bool = True
    indexed: bool = False
    """Whether a btree index holds it (its entry must stay under 2,704 bytes)."""
    ancestors: tuple[str, ...] = ()
    """Dotted names of the field's class and its ancestors, nearest first."""
    label: str = ""
    """verbose_name, for meanings and messages."""
    help: str = ""
    collation: str = ""
    """Collation asked for by the model; it may compare without regard to case."""
    trouble: str = ""
    """What could not be read of the column (choices that raise …), and why; else empty."""
    hints: tuple[object, ...] = ()
    """Texts and numbers that stand in the code of validators which only calling can tell."""
    hint_patterns: tuple[str, ...] = ()
    """Regular expressions that this code uses."""
    hint_words: tuple[str, ...] = ()
    """Names of these validators, lower case: ``validate_cron``."""
    keys: tuple[str, ...] = ()
    """Keys that an object must have, and no others."""
    null_as_text: bool = False
    """Whether NULL may stand there too, and is read as text; then ``null`` is False."""
    identity: Literal["", "always", "by default"] = ""
    """GENERATED … AS IDENTITY."""
    sequence: str = ""
    """The sequence that fills it, where a live database says so."""
    stored: bool = True
    """Of a generated column, whether its value is kept in the row."""
    null_validated: bool = True
    """False while a NOT NULL is declared NOT VALID: rows with NULL may still be there."""
    domain: str = ""
    """The domain or enum that is its type, else empty."""
    comment: str = ""


@dataclass(frozen=True, slots=True)
class Unique:
    """Columns whose combination occurs once."""

    name: str
    columns: tuple[str, ...]
    """Columns that the key reads, those inside expressions too; of the ``condition`` not."""
    expressions: tuple[str, ...] = ()
    """SQL of the key's expressions when they are not plain columns."""
    condition: str | None = None
    condition_columns: tuple[str, ...] = ()
    nulls_distinct: bool = True
    deferrable: bool = False
    primary: bool = False
    enforced: bool = True
    """False for what only full_clean() sees, such as unique_for_date."""
    date_part: Literal["date", "month", "year"] | None = None
    """For unique_for_*: the last of ``columns`` counts by this part only."""
    include: tuple[str, ...] = ()
    """Columns that the index keeps beside the key."""
    opclasses: tuple[str, ...] = ()
    """Operator classes that are not the type's default, a part of the key each; empty where all are."""
    method: str = "btree"
    valid: bool = True
    """False for what a failed CREATE UNIQUE INDEX CONCURRENTLY left."""
    constraint: bool | None = None
    """Whether it is a constraint or an index alone; None when models describe it."""
    initially_deferred: bool = False
    definition: str = ""
    """The statement that makes its index; empty when models describe it."""


@dataclass(frozen=True, slots=True)
class Check:
    """A condition on the columns of one row, as SQL."""

    name: str
    expression: str
    columns: tuple[str, ...]
    validated: bool = True
    """False while it is NOT VALID: rows that break it may still be there."""
    enforced: bool = True
    """False for NOT ENFORCED: nobody checks it."""


@dataclass(frozen=True, slots=True)
class Exclusion:
    """No two rows for which all operators hold."""

    name: str
    expressions: tuple[tuple[str, str], ...]
    """(SQL expression, operator) pairs."""
    columns: tuple[str, ...]
    """Columns that the expressions read; those of the ``condition`` too."""
    condition: str | None = None
    deferrable: bool = False
    index_type: str = "gist"
    """Access method, lower case."""
    initially_deferred: bool = False
    definition: str = ""
    """The constraint in the database's words; empty when models describe it."""


@dataclass(frozen=True, slots=True)
class ForeignKey:
    """Columns that name a row of another table (or of the same)."""

    name: str
    """Field name in the model."""
    columns: tuple[str, ...]
    target: str
    """Name of the table referred to."""
    target_columns: tuple[str, ...]
    null: bool = False
    blank: bool = False
    unique: bool = False
    """One-to-one."""
    enforced: bool = True
    """False for db_constraint=False; in a database for NOT ENFORCED, and while its triggers are disabled."""
    deferrable: bool = True
    parent_link: bool = False
    """Multi-table inheritance: the row's own row in the parent's table."""
    limited: bool = False
    """limit_choices_to: only some rows of the target may be named."""
    on_delete: str = ""
    """Django's action by its name; empty for a live catalog."""
    constraint: str = ""
    """Name of the constraint; empty when models describe the key."""
    validated: bool = True
    """False while it is NOT VALID: orphans may still be there."""
    initially_deferred: bool = True
    delete_action: str = "no action"
    """What the database itself does when the row referred to goes: ``cascade``, ``set null`` …"""
    update_action: str = "no action"
    match: str = "simple"


@dataclass(frozen=True, slots=True)
class GenericKey:
    """A content type and an object id that together name a row of any table."""

    name: str
    type_column: str
    object_column: str
    null: bool = False
    for_concrete_model: bool = True


@dataclass(frozen=True, slots=True)
class Table:
    """One table and all that must hold in it."""

    name: str
    label: str
    """``app_label.Model``; the table's name where no model stands for it."""
    columns: tuple[Column, ...]
    primary_key: tuple[str, ...]
    uniques: tuple[Unique, ...] = ()
    checks: tuple[Check, ...] = ()
    exclusions: tuple[Exclusion, ...] = ()
    foreign_keys: tuple[ForeignKey, ...] = ()
    generic_keys: tuple[GenericKey, ...] = ()
    managed: bool = True
    auto_created: bool = False
    """Made by Django for a many-to-many field."""
    has_clean: bool = False
    """The model or a base of it overrides clean(), full_clean() or the like."""
    ancestors: tuple[str, ...] = ()
    """Dotted names of the model's class and its ancestors, nearest first."""
    library_filled: str = ""
    """Why rows are not dbstate's to make (Django or a library fills the table); else empty."""
    symmetrical: bool = False
    """A many-to-many of a table with itself whose rows come in pairs, a-b and b-a."""
    also: tuple[str, ...] = ()
    """Labels of further models of the same table (an unmanaged twin, say)."""
    notes: tuple[str, ...] = ()
    """What could not be read of the table (a constraint of an unknown class …), one sentence each."""
    indexes: tuple[Index, ...] = ()
    """Those that make nothing unique."""
    kind: Literal["table", "partitioned", "foreign"] = "table"
    partition_key: str = ""
    """How rows are spread over partitions: ``RANGE (created)``."""
    partition_of: str = ""
    partition_bound: str = ""
    """Which rows a partition takes: ``FOR VALUES FROM ('2025-01-01') TO ('2026-01-01')``."""
    parents: tuple[str, ...] = ()
    """Tables of which it inherits in PostgreSQL's sense."""
    triggers: tuple[Trigger, ...] = ()
    policies: tuple[Policy, ...] = ()
    rules: tuple[Policy, ...] = ()
    settings: tuple[str, ...] = ()
    """What else was set: ``unlogged``, ``row level security``, ``fillfactor=70`` …"""
    privileges: tuple[str, ...] = ()
    """What was granted, on columns too, as the database writes it; empty while nothing was."""
    owner: str = ""
    comment: str = ""

    def column(self, name: str) -> Column:
        """The column of this database name; KeyError when there is none."""
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(f"{self.label} has no column {name!r}")

    @property
    def parent_links(self) -> tuple[ForeignKey, ...]:
        """Foreign keys to the tables that this one inherits from."""
        return tuple(key for key in self.foreign_keys if key.parent_link)


@dataclass(frozen=True)
class Catalog:
    """All tables, by database name, in a stable order; of a live database the other objects too.

    A table on the search path has its plain name, any other ``"schema"."table"``.
    """

    tables: Mapping[str, Table] = field(default_factory=lambda: MappingProxyType({}))
    origin: Literal["models", "live"] = "models"
    """Who describes it: what the other cannot know is compared with nothing."""
    views: tuple[View, ...] = ()
    sequences: tuple[Sequence, ...] = ()
    types: tuple[UserType, ...] = ()
    functions: tuple[Function, ...] = ()
    extensions: tuple[tuple[str, str], ...] = ()
    """(name, version) pairs."""
    schemas: tuple[str, ...] = ()
    objects: tuple[DatabaseObject, ...] = ()
    dependents: tuple[Dependent, ...] = ()

    @classmethod
    def from_tables(cls, tables: tuple[Table, ...], **more: Any) -> Catalog:
        """A catalog of these tables and what else is given; ValueError when two have one name."""
        by_name = {table.name: table for table in tables}
        if len(by_name) != len(tables):
            names = [table.name for table in tables]
            twice = sorted({name for name in names if names.count(name) > 1})
            raise ValueError(f"cannot describe tables: {', '.join(twice)} described twice")
        return cls(MappingProxyType(by_name), **more)

    @cached_property
    def by_label(self) -> Mapping[str, Table]:
        """Tables by lower-case ``app_label.model``."""
        return MappingProxyType({table.label.lower(): table for table in self.tables.values()})

    @cached_property
    def referred_columns(self) -> Mapping[str, frozenset[str]]:
        """By table, the columns that foreign keys of any table refer to."""
        referred: dict[str, set[str]] = {}
        for table in self.tables.values():
            for key in table.foreign_keys:
                referred.setdefault(key.target, set()).update(key.target_columns)
        return MappingProxyType({name: frozenset(columns) for name, columns in referred.items()})

    @cached_property
    def inherited(self) -> frozenset[str]:
        """Tables that others inherit from."""
        return frozenset(link.target for table in self.tables.values() for link in table.parent_links)

    def __iter__(self) -> Iterator[Table]:
        return iter(self.tables.values())

    def __getitem__(self, name: str) -> Table:
        return self.tables[name]
