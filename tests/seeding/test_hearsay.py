"""What a refusal's words say about values that would be taken."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from dbstate.catalog import Column
from dbstate.seeding.hearsay import DOCUMENTS, is_named, values_said


@pytest.mark.parametrize(
    ("message", "facts", "current", "said"),
    [
        ('currency ILP is none of ["EUR", "USD"]', {"kind": "text"}, "ILP", ["EUR", "USD"]),
        ("wants \u201ca b\u201d, not 'c'", {"kind": "text"}, "c", ["a b"]),
        ("is not 'too long by far'", {"kind": "text", "max_length": 5}, "x", []),
        ("under the page at 'None'", {"kind": "text"}, "x", []),
        ("wants EUR, EURO or USD", {"kind": "text", "choices": ("USD", "EUR", "U")}, "x", ["USD", "EUR"]),
        ("at most 10, not 11", {"kind": "integer", "greatest": 10}, 11, [10, 9]),
        (
            "more than 2.50",
            {"kind": "decimal"},
            Decimal(1),
            [Decimal("2.50"), Decimal("3.50"), Decimal("1.50")],
        ),
        ("'2020-01-01'", {"kind": "date"}, None, []),
        ("Invalid JSON string. Expecting value", {"kind": "text"}, "[]", list(DOCUMENTS[1:])),
        ("JSONDecodeError: no", {"kind": "text", "max_length": 9}, "x", []),
    ],
)
def test_values_said(message: str, facts: Any, current: object, said: list[object]) -> None:
    assert values_said(message, Column("x", "x", sql_type="", **facts), current) == said


def test_is_named() -> None:
    assert is_named("no account in ILP.", "ILP")
    assert not is_named("no account in ILPX", "ILP")
    assert not is_named("True is refused", True)
