"""Seeding: plan which rows are missing, make them."""

from dbstate.seeding.plan import Options, Plan, Skipped, TooManyRows, Unit, UnknownLabel, plan
from dbstate.seeding.prepare import Prepared, encoded_password, prepare
from dbstate.seeding.report import Report, TableResult
from dbstate.seeding.run import CannotFill
from dbstate.seeding.space import TooLittleSpace, TooManyLocks

__all__ = [
    "CannotFill",
    "Options",
    "Plan",
    "Prepared",
    "Report",
    "Skipped",
    "TableResult",
    "TooLittleSpace",
    "TooManyLocks",
    "TooManyRows",
    "Unit",
    "UnknownLabel",
    "encoded_password",
    "plan",
    "prepare",
]
