"""What a run did: counts, edge cases, and what could not be done."""

from __future__ import annotations

from dataclasses import dataclass, field

from dbstate.findings import Finding
from dbstate.seeding.plan import Plan, Skipped


@dataclass(slots=True)
class TableResult:
    """What happened to one model's table."""

    label: str
    made: int = 0
    existing: int = 0
    edges: tuple[str, ...] = ()
    """Edge cases that at least one row covers."""
    notes: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Report:
    """All that a run did. ``findings`` has what a person must know, errors first."""

    plan: Plan
    tables: list[TableResult] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def rows(self) -> int:
        """Rows made, a row of a child model counted once."""
        return sum(result.made for result in self.tables)

    @property
    def failed(self) -> list[Skipped]:
        """Tables that should have got rows and did not."""
        return [skipped for skipped in self.skipped if skipped.failed]
