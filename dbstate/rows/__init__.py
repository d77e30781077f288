"""Rows: which parents, which kind, which values, which combinations."""

from dbstate.rows.assemble import Assembler
from dbstate.rows.chooser import Chooser
from dbstate.rows.draft import Draft, Exhausted, Option, Reference, value_of
from dbstate.rows.kinds import Profile, default_rows, edge_at
from dbstate.rows.narrowing import narrowed
from dbstate.rows.paths import Agreement, Path, Paths
from dbstate.rows.stock import Stock, Stocks
from dbstate.rows.uniques import Uniqueness, capacity, uniqueness

__all__ = [
    "Agreement",
    "Assembler",
    "Chooser",
    "Draft",
    "Exhausted",
    "Option",
    "Path",
    "Paths",
    "Profile",
    "Reference",
    "Stock",
    "Stocks",
    "Uniqueness",
    "capacity",
    "default_rows",
    "edge_at",
    "narrowed",
    "uniqueness",
    "value_of",
]
