"""The quick look at many values takes only what keeps the facts of the column, and takes what is usual."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from dbstate.catalog import Column, Table
from dbstate.values import Setting
from dbstate.values.column import family_of
from dbstate.values.facts import offence, quick_look
from dbstate.values.families.text import TextFamily

VALUES: tuple[object, ...] = (
    None, "", "a", "abc", "abcdef", "a\0b", "ABC-12", "\ud800", 0, 1, -1, 5, 100, 10**9, True, False, 0.5,
    5.0, -0.1, math.inf, math.nan, Decimal(5), Decimal("5.25"), Decimal("5.255"), Decimal("99.99"),
    Decimal(100), Decimal("-99.99"), Decimal("NaN"), Decimal("Infinity"), Decimal("1e3"),
    datetime(2026, 1, 2, tzinfo=UTC), b"abc", ["a"], {"a": 1},
)  # fmt: skip
NOW = Setting(seed=0, now=datetime(2026, 1, 2, tzinfo=UTC))


def column(kind: str, **facts: Any) -> Column:
    return Column("c", "c", kind, kind, **{"null": False} | facts)


COLUMNS: tuple[tuple[Column, list[Any]], ...] = (
    (column("text"), ["a", "abc", "é"]),
    (column("text", max_length=3, min_length=2), ["ab", "abc"]),
    (column("text", patterns=(r"^[A-Z]{3}-\d+$", r"2$")), ["ABC-12", "XYZ-2"]),
    (column("text", patterns=("(",)), []),
    (column("text", choices=("a", "", "abc")), ["a", "abc", "a"]),
    (column("integer"), [0, 10**9]),
    (column("integer", least=0, greatest=100), [0, 1, 100]),
    (column("integer", least=Decimal("0.5")), [1, 5]),
    (column("integer", choices=(1, 5)), [5, 1, 1]),
    (column("float", least=0, greatest=10), [0.5, 5.0]),
    (column("float"), [0.5]),
    (column("decimal", max_digits=4, decimal_places=2), [Decimal("5.25"), Decimal("-99.99"), Decimal(5)]),
    (column("decimal", least=Decimal(5), greatest=Decimal(6)), [Decimal(5), Decimal("5.255")]),
    (column("boolean"), [True, False]),
    (column("datetime"), [datetime(2026, 1, 2, tzinfo=UTC)]),
    (column("datetime", least=datetime(2026, 1, 2, tzinfo=UTC)), []),
    (column("array", choices=("a",)), []),
    (column("bytes"), []),
)


@pytest.mark.parametrize("known", COLUMNS, ids=lambda known: f"{known[0].kind} {known[1]}")
def test_what_it_takes_keeps_the_facts(known: tuple[Column, list[Any]]) -> None:
    about, usual = known
    look = quick_look(about)
    taken = [value for value in VALUES if look((value,))]
    assert [value for value in taken if offence(about, value)] == []
    assert not any(value is None or value == "" or value != value for value in taken if about.kind != "float")
    for value in VALUES:
        assert look((*usual, value)) == (bool(usual) and value in taken and type(value) is type(usual[0]))
    assert not usual or look(usual)


def test_texts_have_the_usual_form_of_unicode() -> None:
    table = Table("t", "a.T", (column("text", max_length=3),), ())
    family = family_of(table, table.columns[0], NOW, unique=False, disjoint=False)
    assert isinstance(family, TextFamily)
    assert family.settled_all(["abc", "e\u0301"]) == ["abc", "\u00e9"]
    assert family.settled_all(["abc", "\u05d0\u05d1"]) == ["abc", "\u05d0\u05d1"]
    assert family.settled_all(["abc", "abcd", 12]) == ["abc", "abc", "12"]
