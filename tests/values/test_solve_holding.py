"""CHECKs that are read once: which values may break them."""

from __future__ import annotations

import pytest

from dbstate.catalog import Check, Column, Table
from dbstate.values.solving import conditions_of, groups


def table(expression: str) -> Table:
    columns = (
        Column("a", "a", "integer", "integer", True, least=1, greatest=9),
        Column("b", "b", "integer", "integer", False, least=0),
        Column("c", "c", "text", "text", True),
    )
    reads = tuple(one.name for one in columns if f"{one.name} " in expression)
    return Table("t", "a.T", columns, (), checks=(Check("k", expression, reads),))


@pytest.mark.parametrize(
    ("expression", "sure"),
    [
        ("a >= 1", True),
        ("a >= 0 AND a <= 9", True),
        ("a >= 2", False),
        ("a > 1", False),
        ("a <= 8", False),
        ("b >= 0", True),
        ("b <= 5", False),
        ("a <= b ", False),
        ("a >= 5 OR b >= 0", True),
        ("a >= 5 OR b >= 1", False),
        ("NOT (a >= 1)", False),
        ("c >= '1'", False),
        ("a >= 1 AND c <> 'x'", False),
    ],
)
def test_what_bounds_prove_needs_no_look(expression: str, sure: bool) -> None:
    one = table(expression)
    (group,) = groups(one)
    conditions = conditions_of(one, group)
    assert [part.sure for part in conditions.parts] == [sure]
    assert bool(conditions.unsure(()).parts) is not sure
    assert not conditions.unsure(conditions.parts[0].reads).parts
