"""What kind of row stands at an index: a realistic one or an edge case."""

from __future__ import annotations

from typing import Literal

from dbstate.catalog import Column, Table
from dbstate.values import EDGES

Profile = Literal["mixed", "realistic", "boundary"]

REALISTIC_FIRST = 3
"""In the mixed profile so many realistic rows stand before the edge rows."""
MOST_CHOICES = 20
"""A table is made so long that each choice occurs once, up to this many."""


def edge_at(index: int, profile: Profile) -> str:
    """The edge case of row ``index`` (from 0) of a plan, or '' for a realistic row.

    A function of the index alone, so that a new column moves no other row: mixed has its edges at
    3 to 9, once; boundary cycles through them.
    """
    if profile == "boundary":
        return EDGES[index % len(EDGES)]
    if profile == "mixed" and 0 <= index - REALISTIC_FIRST < len(EDGES):
        return EDGES[index - REALISTIC_FIRST]
    return ""


def default_rows(tables: tuple[Table, ...], profile: Profile) -> int:
    """How many rows a table gets when nobody says: realistic ones, edges, each choice once."""
    least = REALISTIC_FIRST if profile == "realistic" else len(EDGES)
    if profile == "mixed":
        least += REALISTIC_FIRST
    return max([least, *(_choices(column) for table in tables for column in table.columns)])


def _choices(column: Column) -> int:
    return min(len(column.choices), MOST_CHOICES)
