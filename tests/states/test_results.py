"""What states return: rows by name, and values that JSON can hold."""

from __future__ import annotations

import json
import uuid
from datetime import date
from decimal import Decimal
from enum import IntEnum
from typing import Any

import pytest
from django.db import models

from dbstate.states.results import BadResult, plain, result_of
from example_project.shop.models import Order, OrderLine, Plan


class Level(IntEnum):
    HIGH = 3


class Color(models.TextChoices):
    RED = "r", "Red"


def saved(model: Any, pk: Any) -> Any:
    return model.from_db("default", [model._meta.pk.attname], [pk])


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, None),
        (True, True),
        (Level.HIGH, 3),
        (Color.RED, "r"),
        (Decimal("1.50"), "1.50"),
        (uuid.UUID(int=1), "00000000-0000-0000-0000-000000000001"),
        (date(2026, 1, 31), "2026-01-31"),
        ((1, "a"), [1, "a"]),
        ({1: {"x": b"\x00\xff"}}, {"1": {"x": "AP8="}}),
        (float("nan"), "nan"),
    ],
)
def test_values_are_plain(value: object, expected: object) -> None:
    found = plain(value)
    assert found == expected
    assert type(found) is type(expected)
    json.dumps(found, allow_nan=False)


def test_nothing_returned_is_all_that_was_made_in_order() -> None:
    made = [saved(OrderLine, 5), saved(Plan, 2), saved(OrderLine, 6)]
    entered = result_of("x", None, made)
    assert list(entered.rows.items()) == [
        ("order_line", made[0]),
        ("plan", made[1]),
        ("order_line_2", made[2]),
    ]
    assert dict(entered.values) == {"order_line": 5, "plan": 2, "order_line_2": 6}


def test_a_row_alone_has_its_models_name() -> None:
    order = saved(Order, 7)
    entered = result_of("x", order, [saved(Plan, 1)])
    assert (entered.row, dict(entered.values)) == (order, {"order": 7})


def test_a_dict_gives_names() -> None:
    order, lines = saved(Order, 7), [saved(OrderLine, 1), saved(OrderLine, 2)]
    inner = result_of("inner", saved(Plan, 9), [])
    entered = result_of("x", {"it": order, "lines": lines, "plan": inner, "password": "secret"}, [])
    assert dict(entered.rows) == {"it": order, "lines": tuple(lines), "plan": inner.row}
    assert dict(entered.values) == {"it": 7, "lines": [1, 2], "plan": 9, "password": "secret"}
    with pytest.raises(LookupError, match="its rows are 'it', 'lines', 'plan'; use"):
        _ = entered.row


def test_rows_are_found_at_any_depth() -> None:
    order, plan = saved(Order, 7), saved(Plan, uuid.UUID(int=1))
    inner = result_of("inner", {"plan": plan, "order": order, "more": 3}, [])
    entered = result_of(
        "x", {"a": {"b": order, 1: [{"c": plan}, 5, [order]]}, "inner": inner, "no": [], "set": {plan}}, []
    )
    key = "00000000-0000-0000-0000-000000000001"
    assert entered.values == {
        "a": {"b": 7, "1": [{"c": key}, 5, [7]]},
        "inner": {"plan": key, "order": 7, "more": 3},
        "no": [],
        "set": [key],
    }
    json.dumps(entered.values)
    assert dict(entered.rows) == {
        "a": {"b": order, "1": ({"c": plan}, (order,))},
        "inner": inner.rows,
        "set": (plan,),
    }
    with pytest.raises(LookupError, match="its rows are 'a', 'inner'"):
        _ = entered.row


@pytest.mark.parametrize(
    ("returned", "message"),
    [
        (7, "it returned an int; return a row, a dict of rows by name, or nothing"),
        ({1: None}, "it returned a dict with the key 1; use names"),
        (Plan(), "its 'plan' is a Plan that is not in the database; create it"),
        ({"x": [{"p": Plan(pk=1)}]}, "its 'p' is a Plan that is not in the database; create it"),
        ({"p": Plan(pk=1)}, "its 'p' is a Plan that is not in the database; create it"),
    ],
)
def test_what_is_no_result_is_told(returned: object, message: str) -> None:
    with pytest.raises(BadResult) as caught:
        result_of("x", returned, [])
    assert str(caught.value) == message
