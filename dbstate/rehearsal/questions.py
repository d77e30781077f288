"""What can be asked of the rows before an operation runs; each answered by ``answering``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from dbstate.rehearsal.relations import Relation


@dataclass(frozen=True, slots=True)
class Place:
    """Where a question comes from."""

    migration: str
    operation: int | None
    text: str


@dataclass(frozen=True, slots=True)
class About:
    """What every question has."""

    code: str
    place: Place
    relation: Relation
    column: str
    """One name, or several with commas."""
    certain: bool
    facts: tuple[tuple[str, str], ...] = ()
    """Words for the message: ``name``, ``type``, …."""


@dataclass(frozen=True, slots=True)
class Offenders:
    """Rows for which the predicate holds."""

    about: About
    predicate: str
    """SQL over the relation's columns."""


@dataclass(frozen=True, slots=True)
class Duplicates:
    """Rows that share a key with another one."""

    about: About
    keys: tuple[str, ...]
    condition: str
    nulls_distinct: bool


@dataclass(frozen=True, slots=True)
class Orphans:
    """Rows that name a row of the target which is not there."""

    about: About
    columns: tuple[str, ...]
    target: Relation
    target_columns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Conflicts:
    """Rows that exclude another one."""

    about: About
    elements: tuple[tuple[str, str], ...]
    condition: str


@dataclass(frozen=True, slots=True)
class Conversions:
    """Rows whose value a new type does not take."""

    about: About
    column: str
    expression: str
    """SQL of the new value over the relation's columns."""
    old_type: str
    new_type: str


Question: TypeAlias = Offenders | Duplicates | Orphans | Conflicts | Conversions
