"""One question about rows and its answer, fit for JSON."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Asked:
    """A thing that stands against an operation: rows that break it, or an object in its way."""

    code: str
    """See ``codes``."""
    message: str
    migration: str = ""
    operation: int | None = None
    operation_text: str = ""
    table: str = ""
    column: str = ""
    """For several columns, their names with commas."""
    rows: int | None = None
    """Exactly how many; None where rows are not the matter."""
    groups: int | None = None
    """For duplicates: how many keys occur more than once."""
    keys: tuple[str, ...] = ()
    """Primary keys of some of the rows."""
    values: tuple[str, ...] = ()
    """What stands in these rows; shown only on request."""
    sql: str = ""
    """The query for the rows."""
    certain: bool = True
    """False where something before it may have changed the rows: only a rehearsal can tell."""
