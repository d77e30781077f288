"""Documents mended by what a schema's checker says against them."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from dbstate.catalog import Column, Kind, Table
from dbstate.errors import DbstateError
from dbstate.values import Setting, column_values
from dbstate.values.families.documents import mended_document

SETTING = Setting(seed=1, now=datetime(2025, 6, 1, tzinfo=UTC))


def offence(value: Any) -> str:
    """What a schema's checker says of a seating plan, in its usual words."""
    for key in ("name", "zones", "size"):
        if not isinstance(value, dict):
            return f"{value!r} is not of type 'object'"
        if key not in value:
            return f"{key!r} is a required property"
    if not isinstance(value["zones"], list):
        return f"{value['zones']!r} is not of type 'array'"
    if not value["zones"]:
        return "[] should be non-empty"
    for zone in value["zones"]:
        if not isinstance(zone, dict):
            return f"{zone!r} is not of type 'object'"
        if zone.get("shape") not in ("round", "square"):
            said = "'shape' is a required property"
            return f"{zone['shape']!r} is not one of ['round', 'square']" if "shape" in zone else said
    if not isinstance(value["size"], dict):
        return f"{value['size']!r} is not of type 'object'"
    if "width" not in value["size"]:
        return "'width' is a required property"
    width = value["size"]["width"]
    return (
        ""
        if isinstance(width, int) and not isinstance(width, bool)
        else f"{width!r} is not of type 'integer'"
    )


@pytest.mark.parametrize("kind", ["json", "text"])
def test_what_a_schema_wants_is_found(kind: Kind) -> None:
    def accept(value: Any) -> Any:
        try:
            document = json.loads(value) if kind == "text" else value
        except ValueError as error:
            raise DbstateError(f"not a valid JSON file: {error}") from error
        if said := offence(document):
            raise DbstateError(f"cannot take it: {said}")
        return value

    one = Column("plan", "plan", kind, "", judged=True)
    source = column_values(Table("t", "shop.Hall", (one,), ("id",)), one, SETTING, accept=accept)
    for row in range(3):
        made: Any = source.realistic(row)
        assert offence(json.loads(made) if kind == "text" else made) == ""


@pytest.mark.parametrize(
    ("refused", "reason", "mended"),
    [
        (
            {},
            "2 validation errors for Config\nname\n  Field required [type=missing]\nat.x\n"
            "  Input should be a valid integer [type=int_type]",
            {"name": "text", "at": {"x": 1}},
        ),
        (
            {"a": 1},
            "1 validation error\na\n  Input should be 'on' or 'off' [type=literal_error]",
            {"a": "on"},
        ),
        ({"a": [True]}, "cannot: True is not of type 'string'", {"a": ["text"]}),
        ([{"b": "x"}], "'x' is not one of ['y', 'z']", [{"b": "y"}]),
    ],
)
def test_mended_document(refused: object, reason: str, mended: object) -> None:
    before = json.dumps(refused)
    assert mended in [*mended_document(refused, reason)]
    assert json.dumps(refused) == before
