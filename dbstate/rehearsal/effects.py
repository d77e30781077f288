"""What a statement does to a table and asks of its rows; names are as the database has them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class AddColumn:
    table: str
    column: str
    sql_type: str
    default: str = ""
    """SQL of the value that the rows get; empty for none."""
    not_null: bool = False
    filled: bool = False
    """Generated, identity or serial: the database makes a value for every row."""
    if_not_exists: bool = False
    expression: str = ""
    """Of a GENERATED column: computed for every row."""


@dataclass(frozen=True, slots=True)
class DropColumn:
    table: str
    column: str
    cascade: bool = False
    if_exists: bool = False
    restored: str = ""
    """SQL of the value that the operation's own reverse gives to all rows; empty where that is not known."""


@dataclass(frozen=True, slots=True)
class CreateTable:
    table: str
    body: str = ""
    if_not_exists: bool = False


@dataclass(frozen=True, slots=True)
class DropTable:
    table: str
    cascade: bool = False
    if_exists: bool = False


@dataclass(frozen=True, slots=True)
class RenameTable:
    table: str
    new: str


@dataclass(frozen=True, slots=True)
class RenameColumn:
    table: str
    column: str
    new: str


@dataclass(frozen=True, slots=True)
class RequireNotNull:
    table: str
    column: str


@dataclass(frozen=True, slots=True)
class DropNotNull:
    table: str
    column: str


@dataclass(frozen=True, slots=True)
class FillNulls:
    """``UPDATE table SET column = value WHERE column IS NULL``."""

    table: str
    column: str
    value: str


@dataclass(frozen=True, slots=True)
class ChangeType:
    table: str
    column: str
    sql_type: str
    using: str = ""
    """SQL of the conversion; empty for the assignment of the old value."""
    collation: str = ""


@dataclass(frozen=True, slots=True)
class RequireUnique:
    table: str
    name: str
    keys: tuple[str, ...]
    """SQL of columns or expressions."""
    condition: str = ""
    nulls_distinct: bool = True
    primary: bool = False
    index: bool = False
    """CREATE UNIQUE INDEX, not a constraint."""
    concurrently: bool = False
    if_not_exists: bool = False


@dataclass(frozen=True, slots=True)
class CreateIndex:
    table: str
    name: str
    keys: tuple[str, ...]
    condition: str = ""
    concurrently: bool = False
    if_not_exists: bool = False
    method: str = ""
    """Lower case; empty for btree."""


@dataclass(frozen=True, slots=True)
class DropIndex:
    name: str
    if_exists: bool = False
    concurrently: bool = False


@dataclass(frozen=True, slots=True)
class RenameIndex:
    name: str
    new: str


@dataclass(frozen=True, slots=True)
class RequireCheck:
    table: str
    name: str
    expression: str
    valid: bool = True
    """False for NOT VALID: rows that are there are not looked at."""


@dataclass(frozen=True, slots=True)
class RequireExclusion:
    table: str
    name: str
    elements: tuple[tuple[str, str], ...]
    """(SQL expression, operator) pairs."""
    condition: str = ""


@dataclass(frozen=True, slots=True)
class RequireReference:
    table: str
    name: str
    columns: tuple[str, ...]
    target: str
    target_columns: tuple[str, ...] = ()
    """Empty for the target's primary key."""
    valid: bool = True


@dataclass(frozen=True, slots=True)
class ValidateConstraint:
    table: str
    name: str


@dataclass(frozen=True, slots=True)
class DropConstraint:
    table: str
    name: str
    if_exists: bool = False


@dataclass(frozen=True, slots=True)
class NarrowChoices:
    """The model no longer admits some values; the database does not know of it."""

    table: str
    column: str
    removed: tuple[object, ...] = ()
    """Values that were choices and are none any more."""
    allowed: tuple[object, ...] = ()
    """For a column that had no choices before: all that it has now."""


@dataclass(frozen=True, slots=True)
class Writes:
    """Rows of these tables change in a way that is not followed; no table named means any."""

    tables: tuple[str, ...] = ()
    what: str = ""


Effect: TypeAlias = (
    AddColumn
    | DropColumn
    | CreateTable
    | DropTable
    | RenameTable
    | RenameColumn
    | RequireNotNull
    | DropNotNull
    | FillNulls
    | ChangeType
    | RequireUnique
    | CreateIndex
    | DropIndex
    | RenameIndex
    | RequireCheck
    | RequireExclusion
    | RequireReference
    | ValidateConstraint
    | DropConstraint
    | NarrowChoices
    | Writes
)
