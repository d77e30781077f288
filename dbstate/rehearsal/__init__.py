"""Migrations validated for the rows that are there: asked, rehearsed on a copy, compared, judged.

What a project's own checks are made of is here. The rest is imported from its modules: the child process,
which starts with each rehearsal, loads this package and a few of them.
"""

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

__all__ = [
    "ISO4217",
    "Changes",
    "ChecksError",
    "Enter",
    "Matches",
    "Offenders",
    "OwnChecks",
    "RowDelta",
    "read_checks",
]
