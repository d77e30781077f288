"""Dates of which a unique key counts the day, the month or the year."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import pytest

from dbstate.catalog import Table
from dbstate.rows.periods import Period, periods
from tests.catalog.describing import column, key, table, unique

LATEST = date(2025, 3, 31)


def post(*others: Any, part: str = "year") -> Table:
    names = [other.name for other in others]
    return table(
        "post",
        columns=(*others, column("published", "date")),
        uniques=(unique(*names, "published", date_part=part),),
    )


@pytest.mark.parametrize(
    ("part", "first", "second"),
    [
        ("year", date(2024, 2, 29), date(2023, 2, 28)),
        ("month", date(2025, 2, 28), date(2025, 1, 29)),
        ("date", date(2025, 3, 30), date(2025, 3, 29)),
    ],
)
def test_each_row_has_its_own_part(part: Any, first: date, second: date) -> None:
    period = Period("published", part, 1)
    assert [period.moved(date(2020, 2, 29), row, LATEST) for row in (0, 1)] == [first, second]


@pytest.mark.parametrize("part", ["year", "month", "date"])
def test_no_two_rows_share_a_part(part: Any) -> None:
    moved = [
        Period("published", part, 1).moved(datetime(2020, 12, 31, 23), row, LATEST) for row in range(100)
    ]
    assert len({(one.year, one.month * (part != "year"), one.day * (part == "date")) for one in moved}) == 100
    assert all(one.hour == 23 for one in moved)


def test_rows_with_choices_of_their_own_share_a_part() -> None:
    (period,) = periods(post(column("status", "text", choices=("a", "b", "c"))))
    years = [period.moved(LATEST, row, LATEST).year for row in range(6)]
    assert years == [2024, 2024, 2024, 2023, 2023, 2023]


def test_a_column_that_differs_by_itself_leaves_the_dates_alone() -> None:
    assert periods(post(column("title", "text"))) == ()


def test_a_foreign_key_beside_the_date_does_not_differ() -> None:
    described = table(
        "post",
        key("author", "user"),
        columns=(column("published", "date"),),
        uniques=(unique("author_id", "published", date_part="month"),),
    )
    assert periods(described) == (Period("published", "month", 1),)


def test_nothing_is_moved_out_of_history() -> None:
    assert Period("published", "year", 1).moved(LATEST, 4000, LATEST) == LATEST
    assert Period("published", "year", 1).moved(None, 1, LATEST) is None
