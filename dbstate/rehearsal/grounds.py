"""What a verdict rests on, and how a finding is worded from it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from dbstate.catalog.diff import Difference
from dbstate.findings import Finding, Severity
from dbstate.rehearsal.answering import Answers
from dbstate.rehearsal.asked import Asked
from dbstate.rehearsal.codes import CODES
from dbstate.rehearsal.evidence import Comparison, Evidence, SequenceBehind, Unvalidated
from dbstate.rehearsal.own import Expected
from dbstate.snapshots import Sample, TableChange

Rows = Literal["live", "snapshot", "generated", "queries"]
"""What the verdict rests on; ``queries``: nothing was rehearsed."""

OF_DJANGO = frozenset({"django_migrations", "django_content_type", "auth_permission", "django_site"})
"""Tables that migrate itself fills."""
NO_VERDICT = frozenset({"timeout", "outside", "setup"})
"""Kinds of failure that say nothing of the migration."""


@dataclass(frozen=True, slots=True)
class Soundness:
    """A database after a migration."""

    unvalidated: tuple[Unvalidated, ...] = ()
    drift: tuple[Difference, ...] = ()
    sequences: tuple[SequenceBehind, ...] = ()


@dataclass(frozen=True, slots=True)
class Facts:
    """All that a verdict is made of."""

    migrations: tuple[str, ...]
    source: Answers
    """What was asked of the source."""
    expected: Expected
    evidence: Evidence | None = None
    copy: tuple[Asked, ...] = ()
    """What was asked of the copy after the migration: choices, own checks."""
    rows: Rows = "queries"
    opaque: bool = False
    """Whether Python or SQL of the project runs in the migrations."""
    filled: frozenset[str] = frozenset()
    """``table.column`` of columns whose NULLs the operations themselves declare to fill."""
    cast: frozenset[str] = frozenset()
    """The same of columns whose type the operations change by a plain cast."""
    irreversible: tuple[str, ...] = ()
    """Operations that say themselves that they cannot be undone, in words."""
    show_values: bool = False
    migrated: Soundness | None = None
    """The database itself, after the real migrate."""
    backwards: bool = False
    """Whether the evidence is of a migrated database: reversed first, then applied again."""


def from_asked(asked: Asked, severity: Severity, phase: str) -> Finding:
    return finding_of(
        asked.code,
        severity,
        phase,
        asked.message,
        table=asked.table,
        column=asked.column,
        rows=asked.rows,
        keys=asked.keys,
        sql=asked.sql,
        operation=operation_text(asked.migration, asked.operation, asked.operation_text),
        evidence=asked.values,
    )


def operation_text(migration: str, index: int | None, text: str) -> str:
    if not migration:
        return ""
    if index is None:
        return f"{migration}: {text}" if text else migration
    return f"{migration}[{index}]: {text}"


def finding_of(
    code: str,
    severity: Severity,
    phase: str,
    message: str,
    *,
    table: str = "",
    column: str = "",
    rows: int | None = None,
    keys: tuple[str, ...] = (),
    sql: str = "",
    operation: str = "",
    where: str = "",
    evidence: tuple[str, ...] = (),
) -> Finding:
    plain = column if column and "," not in column else ""
    place = where or (f"{table}.{plain}" if plain else table) or operation
    return Finding(
        code,
        severity,
        place,
        message,
        CODES[code].fix,
        evidence,
        phase,
        operation,
        table,
        column,
        rows,
        keys,
        sql,
    )


def by_table(comparison: Comparison) -> dict[str, TableChange]:
    return {change.table: change for change in comparison.tables}


def shown_values(facts: Facts, samples: Iterable[Sample]) -> tuple[str, ...]:
    """``key: before -> after``, where values may be shown."""
    if not facts.show_values:
        return ()
    return tuple(f"{one.key}: {_text(one.before)} -> {_text(one.after)}" for one in samples)


def _text(value: str | None) -> str:
    return "NULL" if value is None else repr(value)


def counted(number: int) -> str:
    return "1 row" if number == 1 else f"{number} rows"
