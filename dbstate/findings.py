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
