"""Snapshots: what is in the tables now, kept aside, and what differs later."""

from dbstate.snapshots.changes import ColumnChange, DroppedColumn, Sample, TableChange
from dbstate.snapshots.compare import Changes, compare
from dbstate.snapshots.keep import SCHEMA, KeptTable, Snapshot, drop_snapshots, take
from dbstate.snapshots.layout import LaidTable
from dbstate.snapshots.pairing import Pairing

__all__ = [
    "SCHEMA",
    "Changes",
    "ColumnChange",
    "DroppedColumn",
    "KeptTable",
    "LaidTable",
    "Pairing",
    "Sample",
    "Snapshot",
    "TableChange",
    "compare",
    "drop_snapshots",
    "take",
]
