"""Values for columns that conditions tie together: found by a seeded search, accepted by a judge."""

from __future__ import annotations

from dbstate.values.solving.fitting import MISSING
from dbstate.values.solving.grouping import Group, groups
from dbstate.values.solving.search import BUDGET, Judge, Pool, Problem, Unsolvable, solve

__all__ = ["BUDGET", "MISSING", "Group", "Judge", "Pool", "Problem", "Unsolvable", "groups", "solve"]
