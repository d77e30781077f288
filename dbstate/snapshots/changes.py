"""What differs between the rows of two moments, as frozen facts."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Sample:
    """One row: its key as text, and a value before and after (None for NULL, or where there is none)."""

    key: str
    before: str | None = None
    after: str | None = None


@dataclass(frozen=True, slots=True)
class ColumnChange:
    """A column that was there before and after, and does not hold the same."""

    column: str
    column_after: str
    type_before: str
    type_after: str
    rows: int
    """Rows on both sides whose value differs; where the type changed, whose value does not come back."""
    nulled: int
    """Of these, those that became NULL."""
    filled: int
    """Of these, those that were NULL."""
    samples: tuple[Sample, ...]
    kept: int = 0
    """After the reverse: of these, those that still hold what stood there at the moment between."""
    rewritten: int = 0
    """Where the type changed: of these, those that are not what a cast makes of the value before."""
    rewritten_samples: tuple[Sample, ...] = ()
    lossy: int = 0
    """Where the type changed: of these, those that a cast back does not make the value before."""

    @property
    def is_retyped(self) -> bool:
        return self.type_before != self.type_after


@dataclass(frozen=True, slots=True)
class DroppedColumn:
    """A column that is gone."""

    column: str
    type: str
    held: int
    """Rows that held something other than NULL."""
    samples: tuple[Sample, ...]


@dataclass(frozen=True, slots=True)
class TableChange:
    """A table whose rows are not the same before and after."""

    table: str
    table_after: str | None
    """Its name now; None when it is gone."""
    rows_before: int
    rows_after: int
    lost: int
    """Rows whose key is no longer there."""
    gained: int
    lost_keys: tuple[str, ...]
    gained_keys: tuple[str, ...]
    columns: tuple[ColumnChange, ...] = ()
    dropped: tuple[DroppedColumn, ...] = ()
    keyed: bool = True
    """False where no key tells the rows apart: ``lost`` and ``gained`` count rows as a whole, and
    ``columns`` is empty."""
