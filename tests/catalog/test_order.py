from __future__ import annotations

from dbstate.catalog.order import Break, order_tables
from tests.catalog.describing import catalog, key, table


def ordered(*tables):
    described = catalog(*tables)
    return order_tables(described, list(described.tables))


def flat(order):
    return [name for group in order.groups for name in group]


def test_parents_come_first_and_ties_go_by_label():
    order = ordered(
        table("line", key("order", "order")), table("order", key("user", "user")), table("user"), table("a")
    )
    assert flat(order) == ["a", "user", "order", "line"]
    assert order.breaks == ()


def test_a_table_may_refer_to_itself():
    assert flat(ordered(table("node", key("parent", "node", null=True)))) == ["node"]


def test_a_cycle_is_broken_at_its_nullable_key():
    order = ordered(
        table("club", key("president", "member", null=True)), table("member", key("club", "club"))
    )
    assert order.groups == (("club", "member"),)
    assert order.breaks == (Break("club", "president", "member", "nulled"),)


def test_a_cycle_of_required_deferrable_keys_is_deferred():
    order = ordered(table("egg", key("hen", "hen")), table("hen", key("egg", "egg")))
    assert [b.how for b in order.breaks] == ["deferred"]
    assert not order.stuck


def test_a_cycle_that_nothing_breaks_is_named_with_both_ends():
    order = ordered(
        table("egg", key("hen", "hen", deferrable=False)), table("hen", key("egg", "egg", deferrable=False))
    )
    assert set(order.stuck) == {"egg", "hen"}
    assert "app.Egg.hen" in order.stuck["egg"]
    assert "app.Hen.egg" in order.stuck["egg"]


def test_order_does_not_depend_on_the_order_of_description():
    tables = [table("c", key("b", "b")), table("b", key("a", "a")), table("a"), table("d", key("a", "a"))]
    assert ordered(*tables).groups == ordered(*reversed(tables)).groups


def test_a_deep_chain_does_not_recurse():
    tables = [table("t0"), *(table(f"t{i}", key("up", f"t{i - 1}")) for i in range(1, 3000))]
    order = ordered(*tables)
    assert len(order.groups) == 3000
