"""Dates that a unique key counts by a part of them: each row has its own day, month or year."""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal

from dbstate.catalog import Table, Unique
from dbstate.rows.uniques import narrow_size, referring_columns

EARLIEST = 1850
"""Dates are not moved to before this year: rows beyond are left to whoever judges them."""

Part = Literal["date", "month", "year"]


@dataclass(frozen=True, slots=True)
class Period:
    """How the rows of a table share the parts of a date column."""

    column: str
    part: Part
    each: int
    """Rows that follow one another and may share a part: their other columns differ by themselves."""

    def moved(self, value: object, row: int, latest: object) -> object:
        """The date in the row's own part, counted backwards from the one before ``latest``."""
        if not isinstance(value, date) or not isinstance(latest, date):
            return value
        steps = 1 + row // self.each
        if self.part == "date":
            day = _day(latest) - timedelta(days=steps)
        else:
            months = latest.year * 12 + latest.month - 1 - steps * (12 if self.part == "year" else 1)
            year, month = divmod(months, 12)
            month = value.month - 1 if self.part == "year" else month
            if year < EARLIEST:
                return value
            day = date(year, month + 1, min(value.day, monthrange(year, month + 1)[1]))
        return value if day.year < EARLIEST else value.replace(year=day.year, month=day.month, day=day.day)


def _day(moment: date) -> date:
    return moment.date() if isinstance(moment, datetime) else moment


def periods(table: Table) -> tuple[Period, ...]:
    """The date columns whose parts alone keep a key of the table unique."""
    return tuple(period for key in table.uniques if (period := _period(table, key)) is not None)


def _period(table: Table, key: Unique) -> Period | None:
    if key.date_part is None or len(key.columns) < 2:
        return None
    *others, name = key.columns
    referring = referring_columns(table)
    columns = [table.column(other) for other in others]
    if any(column.name not in referring and narrow_size(column) is None for column in columns):
        return None  # another column differs in every row
    listed = [len(column.choices or column.samples) for column in columns if column.name not in referring]
    return Period(name, key.date_part, max([1, *listed]))
