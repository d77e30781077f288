from __future__ import annotations

from dbstate.rows.uniques import capacity, narrow_size, uniqueness
from tests.catalog.describing import column, key, table, unique


def test_a_wide_column_carries_a_key_alone():
    described = table(
        "review",
        key("user", "user"),
        columns=(column("slug", "text", max_length=50),),
        uniques=(unique("user_id", "slug"),),
    )
    found = uniqueness(described)
    assert found.wide == {"slug"}
    assert found.narrow == ()


def test_a_key_of_foreign_keys_and_choices_is_counted_through():
    described = table(
        "member",
        key("user", "user"),
        columns=(column("role", "text", max_length=9, choices=("a", "b")),),
        uniques=(unique("user_id", "role"),),
    )
    assert uniqueness(described).narrow == (("user_id", "role"),)
    assert capacity(described, lambda name: 5)[0] == 10


def test_a_column_that_is_unique_alone_serves_wider_keys_too():
    described = table(
        "page",
        key("site", "site"),
        columns=(column("path", "text", max_length=90), column("slug", "text", max_length=90)),
        uniques=(unique("path"), unique("path", "slug"), unique("site_id", "path")),
    )
    assert uniqueness(described).wide == {"path"}


def test_a_parent_link_differs_by_itself():
    described = table("child", key("base", "base", parent_link=True), uniques=(unique("base_id"),))
    assert uniqueness(described).narrow == ()
    assert capacity(described, lambda name: 3) is None


def test_a_unique_boolean_holds_two_rows():
    described = table("flag", columns=(column("on", "boolean"),), uniques=(unique("on"),))
    assert capacity(described, lambda name: None)[0] == 2


def test_nulls_make_room_unless_they_count():
    nullable = column("on", "boolean", null=True)
    assert capacity(table("flag", columns=(nullable,), uniques=(unique("on"),)), lambda name: None) is None
    strict = table("flag", columns=(nullable,), uniques=(unique("on", nulls_distinct=False),))
    assert capacity(strict, lambda name: None) is not None


def test_narrow_sizes():
    assert narrow_size(column("n", least=1, greatest=10)) == 10
    assert narrow_size(column("n", least=-(2**31), greatest=2**31 - 1)) is None
    assert narrow_size(column("c", "text", max_length=1)) == 26
