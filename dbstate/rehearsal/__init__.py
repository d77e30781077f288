"""Migrations validated for the rows that are there: asked, rehearsed on a copy, compared, judged."""

from dbstate.rehearsal.codes import CODES, Verdict
from dbstate.rehearsal.errors import Undecided
from dbstate.rehearsal.evidence import Evidence
from dbstate.rehearsal.orders import TIMEOUT
from dbstate.rehearsal.own import (
    ISO4217,
    Changes,
    ChecksError,
    Enter,
    Matches,
    Offenders,
    OwnChecks,
    RowDelta,
    read_checks,
)
from dbstate.rehearsal.route import Asked as MigrationAsked
from dbstate.rehearsal.route import Route, RouteError, find_route
from dbstate.rehearsal.validate import Validation, Wish, validate
from dbstate.rehearsal.verdict import Allowance, Judgement

__all__ = [
    "CODES",
    "ISO4217",
    "TIMEOUT",
    "Allowance",
    "Changes",
    "ChecksError",
    "Enter",
    "Evidence",
    "Judgement",
    "Matches",
    "MigrationAsked",
    "Offenders",
    "OwnChecks",
    "Route",
    "RouteError",
    "RowDelta",
    "Undecided",
    "Validation",
    "Verdict",
    "Wish",
    "find_route",
    "known_codes",
    "read_checks",
    "validate",
]


def known_codes() -> frozenset[str]:
    """Codes that a finding can have."""
    return frozenset(CODES)
