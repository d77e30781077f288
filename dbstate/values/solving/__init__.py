"""Values for columns that conditions tie together: found by a seeded search, accepted by a judge."""

from __future__ import annotations

from dbstate.values.solving.fitting import MISSING
from dbstate.values.solving.grouping import Group, groups
from dbstate.values.solving.holding import Conditions, conditions_of
from dbstate.values.solving.search import BUDGET, Judge, Pool, Problem, Unsolvable, solve

__all__ = [
    "BUDGET",
    "MISSING",
    "Conditions",
    "Group",
    "Judge",
    "Pool",
    "Problem",
    "Unsolvable",
    "conditions_of",
    "groups",
    "solve",
]
