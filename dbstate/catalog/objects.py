"""What a database holds besides columns and rules: indexes, triggers, views, sequences, types, functions.

All of it is read from a live database only; a catalog from models knows indexes, and of the rest nothing.
Definitions are the database's own words.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Index:
    """An index that makes nothing unique."""

    name: str
    columns: tuple[str, ...]
    """Columns of the key, those that its expressions read too; of ``include`` and ``condition`` not."""
    expressions: tuple[str, ...] = ()
    """SQL of the key's parts when they are not all plain columns."""
    condition: str | None = None
    condition_columns: tuple[str, ...] = ()
    include: tuple[str, ...] = ()
    method: str = "btree"
    """Access method, lower case; empty when a model does not tell."""
    opclasses: tuple[str, ...] = ()
    """Operator classes that are not the type's default, a part each; empty where all are."""
    orders: tuple[str, ...] = ()
    """``DESC``, ``NULLS FIRST`` … a part each; empty where all are as usual."""
    valid: bool = True
    """False for what a failed CREATE INDEX CONCURRENTLY left."""
    definition: str = ""
    """The statement that makes it; empty when models describe it."""


@dataclass(frozen=True, slots=True)
class Trigger:
    """A trigger that somebody made (not those by which foreign keys are kept)."""

    name: str
    definition: str
    function: str
    """The function's name with its argument types."""
    columns: tuple[str, ...] = ()
    """Columns whose update fires it; empty for any."""
    enabled: str = "origin"
    """``origin`` (as usual), ``disabled``, ``replica`` or ``always``."""


@dataclass(frozen=True, slots=True)
class Policy:
    """A row-level security policy, or a rewrite rule of a table."""

    name: str
    definition: str


@dataclass(frozen=True, slots=True)
class View:
    """A view, and what it reads."""

    name: str
    definition: str
    columns: tuple[str, ...] = ()
    materialized: bool = False
    reads: tuple[tuple[str, str], ...] = ()
    """(table or view, column) pairs; an empty column where only rows are counted or the whole row is read."""
    indexes: tuple[Index, ...] = ()
    """Of a materialized view, the unique ones too."""
    triggers: tuple[Trigger, ...] = ()


@dataclass(frozen=True, slots=True)
class Sequence:
    """A sequence; its position is no part of it."""

    name: str
    sql_type: str = "bigint"
    start: int = 1
    increment: int = 1
    least: int = 1
    greatest: int = 2**63 - 1
    cycle: bool = False
    owner: tuple[str, str] | None = None
    """(table, column) with which it goes when they are dropped."""
    identity: bool = False
    """Whether it belongs to an identity column."""


@dataclass(frozen=True, slots=True)
class DomainCheck:
    """A CHECK of a domain, in which VALUE stands for the value."""

    name: str
    expression: str
    validated: bool = True


@dataclass(frozen=True, slots=True)
class UserType:
    """A type that is not built in."""

    name: str
    kind: Literal["enum", "domain", "composite", "range"]
    labels: tuple[str, ...] = ()
    """Of an enum, in order."""
    base: str = ""
    """What a domain or a range is made of, with its length."""
    null: bool = True
    default: str | None = None
    checks: tuple[DomainCheck, ...] = ()
    attributes: tuple[tuple[str, str], ...] = ()
    """(name, type) pairs of a composite."""


@dataclass(frozen=True, slots=True)
class Function:
    """A function, procedure or aggregate."""

    name: str
    """With the argument types: ``touch(integer)``."""
    definition: str


@dataclass(frozen=True, slots=True)
class DatabaseObject:
    """Anything else that a migration may make: by what it is, in the database's words."""

    what: Literal["collation", "statistics", "publication", "event trigger", "foreign server"]
    name: str
    definition: str
    table: str = ""


@dataclass(frozen=True, slots=True)
class Dependent:
    """What hangs on a column and is no constraint, index or default of its table.

    PostgreSQL refuses to drop the column without CASCADE, and to give it another type, while it is there.
    """

    table: str
    column: str
    """Empty when it hangs on the table as a whole."""
    kind: Literal["view", "rule", "policy", "trigger", "generated column", "function", "publication", "other"]
    name: str
    """Of the view, the policy …"""
    description: str
    """In the database's words: ``view paid_orders``, ``policy own on table shop_order``."""
