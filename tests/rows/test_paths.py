from __future__ import annotations

import pytest

from dbstate.rows.paths import Paths
from tests.catalog.describing import catalog, key, table

SHOP = table("shop")


def agreements(name, *tables):
    described = catalog(SHOP, *tables)
    return [f"{a.left} = {a.right}" for a in Paths(described, list(described.tables)).agreements(name)]


def test_keys_of_the_same_name_lead_to_the_same_row():
    found = agreements(
        "order",
        table("customer", key("shop", "shop", null=True)),
        table("product", key("shop", "shop", null=True)),
        table("order", key("customer", "customer"), key("product", "product")),
    )
    assert found == ["customer.shop = product.shop"]


@pytest.mark.parametrize(("null", "count"), [(False, 1), (True, 0)])
def test_keys_of_other_names_agree_when_both_are_required(null, count):
    found = agreements(
        "order",
        table("customer", key("home", "shop")),
        table("product", key("seller", "shop", null=null)),
        table("order", key("customer", "customer"), key("product", "product")),
    )
    assert len(found) == count


def test_a_direct_key_agrees_with_a_longer_path():
    found = agreements(
        "order",
        table("customer", key("shop", "shop")),
        table("order", key("customer", "customer"), key("shop", "shop")),
    )
    assert found == ["customer.shop = shop"]


def test_two_keys_to_one_table_do_not_agree():
    found = agreements("order", table("order", key("shop", "shop"), key("other", "shop")))
    assert found == []


def test_what_converges_earlier_is_said_once():
    found = agreements(
        "order",
        table("country"),
        table("city", key("country", "country"), key("shop", "shop")),
        table("customer", key("city", "city")),
        table("store", key("city", "city")),
        table("order", key("customer", "customer"), key("store", "store")),
    )
    assert found == ["customer.city = store.city"]


def test_a_reply_belongs_to_its_parents_post():
    found = agreements("comment", table("comment", key("parent", "comment", null=True), key("shop", "shop")))
    assert found == ["parent.shop = shop"]


def test_paths_come_by_a_table_once():
    found = agreements(
        "row",
        table("club", key("president", "member", null=True)),
        table("member", key("club", "club")),
        table("row", key("club", "club"), key("other", "club")),
    )
    assert found == []
