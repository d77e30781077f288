"""What CHECKs of one column leave of its values."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from dbstate.catalog import Check, Column, Table
from dbstate.rows import narrowed


def column_after(*expressions: str, **facts: Any) -> Column:
    """The column ``x`` of a table with these CHECKs, narrowed."""
    facts = {"kind": "integer", "sql_type": "", **facts}
    column = Column("x", "x", **facts)
    other = Column("y", "y", "integer", "integer")
    checks = tuple(Check(f"c{n}", text, ("x",)) for n, text in enumerate(expressions))
    return narrowed(Table("t", "app.T", (column, other), ("y",), checks=checks)).column("x")


@pytest.mark.parametrize(
    ("expressions", "least", "greatest"),
    [
        (('"x" BETWEEN 5 AND 25',), 5, 25),
        (('"x" >= -3', '"x" < 3'), -3, 2),
        (('"x" > 0',), 1, 1000),
        (('NOT ("x" < 0 OR "x" > 9)',), 0, 9),
        (('("x" >= 1 OR "x" IS NULL)',), 1, 1000),
        (('"x" <> 7',), -1000, 1000),
        (('"x" % 2 = 0',), -1000, 1000),
        (('"x" > 0', '"x" < 0'), -1000, 1000),
        (('"x" <= 5000',), -1000, 1000),
    ],
)
def test_numbers_have_the_limits_of_their_checks(
    expressions: tuple[str, ...], least: int, greatest: int
) -> None:
    column = column_after(*expressions, least=-1000, greatest=1000)
    assert (column.least, column.greatest, column.samples) == (least, greatest, ())
    assert isinstance(column.least, int)


def test_numbers_that_are_listed_are_all_there_are() -> None:
    assert column_after('"x" IN (3, 14, 159)').samples == (3, 14, 159)


def test_decimals_keep_their_places() -> None:
    column = column_after('"x" > 0 AND "x" < 1.50', kind="decimal", max_digits=5, decimal_places=2)
    assert (column.least, column.greatest) == (Decimal("0.01"), Decimal("1.49"))


def test_choices_that_no_check_admits_go() -> None:
    assert column_after("\"x\" <> 'b'", kind="text", choices=("a", "b", "c")).choices == ("a", "c")


def test_texts_that_are_listed_are_all_there_are() -> None:
    column = column_after("\"x\" IN ('new', 'it''s', 'too long')", kind="text", max_length=5)
    assert column.samples == ("new", "it's")


def test_texts_have_the_shape_of_their_checks() -> None:
    column = column_after('"x"::text ~ \'^[A-Z]{2}-[0-9]+$\' AND LENGTH("x") >= 6', kind="text", max_length=9)
    assert (column.patterns, column.min_length, column.max_length) == ((r"^[A-Z]{2}-[0-9]+\Z",), 6, 9)


def test_a_pattern_that_cannot_be_made_here_is_left_to_the_search() -> None:
    column = column_after("\"x\"::text ~ '^[A-Z]{20}$'", kind="text", max_length=5)
    assert column.patterns == ()


def test_what_a_check_refuses_when_empty_is_not_blank() -> None:
    assert not column_after("NOT (\"x\" = '')", kind="text", blank=True).blank
    assert column_after("NOT (\"x\" = 'a')", kind="text", blank=True).blank


def test_a_check_of_two_columns_says_nothing_of_one() -> None:
    column = Column("x", "x", "integer", "integer", least=0, greatest=9)
    other = Column("y", "y", "integer", "integer", least=0, greatest=9)
    table = Table("t", "app.T", (column, other), ("y",), checks=(Check("c", '"x" < "y"', ("x", "y")),))
    assert narrowed(table) is table
