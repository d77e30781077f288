"""What every value may depend on besides its own column and row: the plan facts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Final, Literal

from dbstate.errors import DbstateError


class Missing(Enum):
    """The type of MISSING."""

    MISSING = "MISSING"

    def __repr__(self) -> str:
        return self.value

    def __bool__(self) -> bool:
        return False


MISSING: Final = Missing.MISSING
"""Stands for "no such value", where None would be a value."""

EDGES = ("null", "max", "min", "zero", "unicode", "past", "expired")
"""Names of the edge cases, in the order in which rows show them."""


@dataclass(frozen=True, slots=True)
class Setting:
    """The plan facts of the values."""

    seed: int
    """Random seed; any integer."""
    now: datetime
    """Reference date, aware, in UTC: nothing is created after it."""
    locales: tuple[str, ...] = ()
    """Only these (``de``, ``de_DE``); () stands for all frozen ones."""
    password: str = ""
    """Encoded password that logs in; empty for one that never does."""
    aware: bool = True
    """Whether date-times are aware (UTC) or naive: Django's USE_TZ."""


@dataclass(frozen=True, slots=True)
class RangeValue:
    """A range as a database holds it; None stands for an open end."""

    lower: object
    upper: object
    bounds: Literal["[)", "[]", "(]", "()"] = "[)"


class ValueRefused(DbstateError):
    """A judge does not take a value.

    ``crashed`` tells an exception of the judge's code from an honest refusal; ``reason`` is what it said.
    """

    def __init__(self, message: str, reason: str, *, crashed: bool) -> None:
        super().__init__(message)
        self.reason = reason
        self.crashed = crashed


class NoValue(DbstateError):
    """No value was found that a column takes; ``tried`` counts candidates, ``refusal`` is the last reason."""

    def __init__(self, where: str, *, tried: int, example: object, refusal: str) -> None:
        self.where = where
        self.tried = tried
        self.example = example
        self.refusal = refusal
        super().__init__(
            f"cannot make a value for {where}: {tried} candidates were refused, the last, {example!r}, "
            f"because {refusal}; name a function for it with dbstate.meaning({where!r}, …)"
        )
