"""A reported fact, apart from how it is shown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Severity = Literal["note", "warning", "error"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One fact: a stable code, how bad, where, what, what to do, and what shows it."""

    code: str
    severity: Severity
    where: str
    """``app.Model``, ``app.Model.field`` or a table's name."""
    message: str
    hint: str = ""
    evidence: tuple[str, ...] = ()
    phase: str = ""
    """When it was found, where that has phases: ``pre``, ``apply``, ``post``, ``reverse`` …."""
    operation: str = ""
    """What was being done: a migration's operation."""
    table: str = ""
    column: str = ""
    rows: int | None = None
    """Exactly how many rows; None where rows are not the matter or nobody can tell."""
    keys: tuple[str, ...] = ()
    """Primary keys of some of them."""
    sql: str = ""
    """The query that shows them."""
    file: str = ""
    """Path of the source that it is about, and in ``line`` the line; 0 for none."""
    line: int = 0
