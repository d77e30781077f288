"""Rows that are made in blocks are those that are made one by one, in every table of the example project."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.apps import apps

from dbstate.factories.blueprint import blueprint_of
from dbstate.factories.described import described
from dbstate.rows import Draft, Exhausted
from dbstate.rows.own import OwnColumns
from dbstate.values import NoValue, forget_meaning, meaning

ROWS = 150
MODELS = [
    model
    for label in ("auth", "shop", "zoo", "zoo_postgres")
    for model in apps.get_app_config(label).get_models(include_auto_created=True)
    if model._meta.managed and not model._meta.swapped
]


def own_columns(model: type) -> OwnColumns:
    blueprint = blueprint_of(described(apps, "default"), model)
    own = blueprint.own_columns[blueprint.table.name]
    return OwnColumns(
        own.table,
        (),
        dict.fromkeys((own.table.name, c.name) for c in own.table.columns if c.name not in own.sources),
        blueprint.seen.source,
    )


def told(own: OwnColumns, number: int) -> object:
    try:
        return repr(sorted(own.values(number, Draft(0, "")).items()))
    except (Exhausted, NoValue) as none:
        return str(none)


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.label)
def test_blocks_are_rows_one_by_one(model):
    in_order, backwards = own_columns(model), own_columns(model)
    singly = {number: told(backwards, number) for number in reversed(range(ROWS))}
    assert {number: told(in_order, number) for number in range(ROWS)} == singly
    assert in_order.ahead.made or not any(source.in_blocks for source in in_order.sources.values())
    assert not backwards.ahead.made


def test_a_row_that_is_asked_for_again_is_made_again():
    own = own_columns(apps.get_model("shop.Product"))
    first = [told(own, number) for number in range(40)]
    assert [told(own, number) for number in (12, 13, 39, 0)] == [first[12], first[13], first[39], first[0]]
    values = own.values(12, Draft(0, ""))
    assert values is not own.values(12, Draft(0, ""))


def test_an_edge_row_comes_in_between():
    own = own_columns(apps.get_model("shop.Product"))
    usual = [told(own, number) for number in range(60)]
    mixed = own_columns(apps.get_model("shop.Product"))
    for number in range(60):
        assert len(mixed.values(number, Draft(0, "max"))["name"]) == 120
        assert told(mixed, number) == usual[number]


def test_what_fails_for_a_later_row_is_told_by_that_row():
    known = {number: f"k{number}" for number in range(20)}
    meaning("shop.Product.name", lambda draw: known[draw.row])
    try:
        own = own_columns(apps.get_model("shop.Product"))
        assert [own.values(number, Draft(0, ""))["name"] for number in range(20)] == [*known.values()]
        with pytest.raises(KeyError):
            own.values(20, Draft(0, ""))
    finally:
        forget_meaning("shop.Product.name")


def test_threads_may_ask_at_once():
    own = own_columns(apps.get_model("shop.Product"))
    usual = [told(own_columns(apps.get_model("shop.Product")), number) for number in range(3)]
    with ThreadPoolExecutor(8) as pool:
        rows = [*pool.map(lambda number: (number, told(own, number)), [*range(300)] * 2)]
    by_number: dict[int, set[object]] = {}
    for number, row in rows:
        by_number.setdefault(number, set()).add(row)
    assert all(len(found) == 1 for found in by_number.values())
    assert [by_number[number] for number in range(3)] == [{row} for row in usual]
