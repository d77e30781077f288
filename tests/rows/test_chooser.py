"""Which rows a row's foreign keys name."""

from __future__ import annotations

from collections import Counter

import pytest

from dbstate.rows import Exhausted
from tests.catalog.describing import catalog, column, key, table, unique
from tests.rows.assembling import Project


def shop_project(**order_facts: object) -> Project:
    shop = table("shop")
    customer = table("customer", key("shop", "shop"))
    product = table("product", key("shop", "shop"))
    order = table("order", key("customer", "customer"), key("product", "product"), **order_facts)
    project = Project(catalog(shop, customer, product, order))
    project.make("shop", 4)
    project.make("customer", 12)
    project.make("product", 12)
    return project


def shops(project: Project, name: str) -> dict[object, object]:
    return {line["id"]: line["shop_id"] for line in project.lines(name)}


def test_paths_to_one_ancestor_agree():
    project = shop_project()
    orders = project.make("order", 40)
    customers, products = shops(project, "customer"), shops(project, "product")
    assert all(customers[o["customer_id"]] == products[o["product_id"]] for o in orders)
    assert len({customers[o["customer_id"]] for o in orders}) > 1


def test_paths_agree_in_counted_pairs_as_long_as_there_are_such():
    project = shop_project(uniques=(unique("customer_id", "product_id"),))
    customers, products = shops(project, "customer"), shops(project, "product")
    agreeing = sum(a == b for a in customers.values() for b in products.values())
    orders = project.make("order", agreeing)
    assert len({(o["customer_id"], o["product_id"]) for o in orders}) == agreeing
    assert all(customers[o["customer_id"]] == products[o["product_id"]] for o in orders)


def test_where_no_paths_agree_the_agreement_is_named():
    project = shop_project()
    for position in range(12):
        project.stocks["customer"].links["shop"][position] = 0
        project.stocks["product"].links["shop"][position] = 1
    assembler = project.assembler("order", 1)
    line = assembler.draft(0).values["order"]
    assert None not in (line["customer_id"], line["product_id"])
    assert {str(a.left) for a in assembler.choosers["order"].unmet} == {"customer.shop"}


def test_two_keys_to_one_table_differ():
    project = Project(catalog(table("user"), table("message", key("sender", "user"), key("reader", "user"))))
    project.make("user", 3)
    assert all(m["sender_id"] != m["reader_id"] for m in project.make("message", 50))


def test_one_parent_has_none_and_one_has_many():
    project = Project(catalog(table("author"), table("book", key("author", "author"))))
    project.make("author", 10)
    children = Counter(line["author_id"] for line in project.make("book", 30))
    assert 10 not in children
    assert max(children.values()) >= 5


def test_unique_pairs_are_all_used_then_exhausted():
    member = table(
        "member",
        key("user", "user"),
        columns=(column("role", "text", max_length=9, choices=("a", "b")),),
        uniques=(unique("user_id", "role"),),
    )
    project = Project(catalog(table("user"), member))
    project.make("user", 3)
    assembler = project.assembler("member", 7)
    lines = [assembler.draft(index).values["member"] for index in range(6)]
    assert len({(line["user_id"], line["role"]) for line in lines}) == 6
    with pytest.raises(Exhausted, match=r"\(user_id, role\) of app.Member"):
        assembler.draft(6)


def test_combinations_of_rows_that_are_there_are_not_made_again():
    seat = table("seat", key("user", "user"), uniques=(unique("user_id"),))
    project = Project(catalog(table("user"), seat))
    project.make("user", 3)
    assembler = project.assembler("seat", 2)
    assembler.choosers["seat"].use(("user_id",), (2,))
    assert {assembler.draft(index).values["seat"]["user_id"] for index in range(2)} == {1, 3}


def test_an_optional_unique_key_is_empty_where_all_parents_have_a_row():
    seat = table("seat", key("user", "user", null=True, blank=True), uniques=(unique("user_id"),))
    project = Project(catalog(table("user"), seat))
    project.make("user", 2)
    users = [line["user_id"] for line in project.make("seat", 20)]
    assert sorted(user for user in users if user) == [1, 2]


def test_comments_that_answer_comments_spread_over_the_posts():
    comment = table("comment", key("post", "post"), key("answers", "comment", null=True, blank=True))
    project = Project(catalog(table("post"), comment))
    project.make("post", 10)
    comments = {line["id"]: line for line in project.make("comment", 60)}
    answers = [one for one in comments.values() if one["answers_id"]]
    assert all(comments[one["answers_id"]]["post_id"] == one["post_id"] for one in answers)
    posts = Counter(one["post_id"] for one in comments.values())
    assert (len(answers) >= 15, len(posts) >= 7, max(posts.values()) <= 30) == (True, True, True), posts


def test_own_references_are_acyclic():
    project = Project(catalog(table("node", key("parent", "node", null=True, blank=True))))
    nodes = project.make("node", 40)
    assert nodes[0]["parent_id"] is None
    assert all(n["parent_id"] is None or n["parent_id"] < n["id"] for n in nodes)
    assert len({n["parent_id"] for n in nodes}) > 5


def test_the_first_row_names_itself_where_it_must_name_one_of_its_own():
    project = Project(catalog(table("node", key("parent", "node"))))
    nodes = project.make("node", 10)
    assert nodes[0]["parent_id"] == nodes[0]["id"]
    assert all(n["parent_id"] < n["id"] for n in nodes[1:])


def test_two_required_own_references_differ_by_naming_a_later_row():
    project = Project(catalog(table("node", key("left", "node"), key("right", "node"))))
    nodes = project.make("node", 10)
    known = {n["id"] for n in nodes}
    assert all(n["left_id"] != n["right_id"] and {n["left_id"], n["right_id"]} <= known for n in nodes)


def test_a_required_unique_own_reference_names_each_row_once():
    project = Project(catalog(table("node", key("next", "node"), uniques=(unique("next_id"),))))
    nodes = project.make("node", 10)
    assert sorted(n["next_id"] for n in nodes) == [n["id"] for n in nodes]


def test_nobody_names_a_row_that_was_left_out():
    project = Project(catalog(table("node", key("parent", "node"))))
    assembler = project.assembler("node", 10)
    drafts = [assembler.draft(index) for index in range(10)]
    assert sum(d.values["node"]["parent_id"] == 1 for d in drafts[1:]) > 2
    assembler.leave_out(drafts[0])
    assert assembler.settle(drafts[1:])
    assert all(d.values["node"]["parent_id"] in range(2, 11) for d in drafts[1:])
    assert assembler.draft(10).values["node"]["parent_id"] in range(2, 11)


def test_rows_name_a_row_by_the_key_that_it_has_now():
    project = Project(catalog(table("node", key("parent", "node"))))
    assembler = project.assembler("node", 4)
    drafts = [assembler.draft(index) for index in range(4)]
    drafts[0].values["node"]["id"] = 77
    assembler.restock(drafts[0], "node")
    assert not assembler.settle(drafts)
    assert {1, 77} & {d.values["node"]["parent_id"] for d in drafts} == {77}


def test_a_pending_key_is_empty_until_it_is_chosen():
    team = table("team", key("captain", "player", null=True))
    project = Project(catalog(table("player", key("team", "team")), team))
    project.stocks["player"] = project.stock("player")
    teams = project.make("team", 3, captain={"pending": True})
    assert [line["captain_id"] for line in teams] == [None] * 3
    project.make("player", 5)
    later = project.assembler("team", 3, captain={"pending": True}).choosers["team"]
    for draft in project.drafts["team"]:
        later.choose(draft, only=["captain"])
    assert {line["captain_id"] for line in project.lines("team")} <= {1, 2, 3, 4, 5}


def test_a_required_pending_key_names_the_row_itself_until_it_is_chosen():
    project = Project(catalog(table("node", key("root", "node"))))
    nodes = project.make("node", 3, root={"pending": True})
    assert [n["root_id"] for n in nodes] == [n["id"] for n in nodes]


def test_the_same_rows_come_again():
    assert shop_project().make("order", 20) == shop_project().make("order", 20)
