"""The commands, and what they share."""

from dbstate.management.base import DbstateCommand, Findings
from dbstate.management.labels import LabelError, Selection, select
from dbstate.management.options import Options, UsageError, nearest

__all__ = [
    "DbstateCommand",
    "Findings",
    "LabelError",
    "Options",
    "Selection",
    "UsageError",
    "nearest",
    "select",
]
