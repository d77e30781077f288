"""Plans are made of facts alone: no database is needed to test them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from dbstate.seeding.plan import Options, TooManyRows, UnknownLabel, chain_of, closure, plan
from tests.catalog.describing import catalog, column, key, table, unique

NOW = datetime(2026, 1, 1, tzinfo=UTC)
USER = table("user")
ORDER = table("order", key("user", "user"))
LINE = table("line", key("order", "order"))
TAG = table("tag")
SHOP = catalog(USER, ORDER, LINE, TAG)


def planned(described, occupancy=None, **options):
    held = dict.fromkeys(described.tables, 0) | (occupancy or {})
    return plan(described, held, Options(now=NOW, **options))


def rows(made):
    return {unit.table: unit.rows for unit in made.units}


def test_each_table_gets_realistic_rows_and_edges():
    assert rows(planned(SHOP)) == {"line": 10, "order": 10, "tag": 10, "user": 10}


def test_a_table_is_as_long_as_its_choices_up_to_twenty():
    described = catalog(
        table("few", columns=(column("c", "text", choices=tuple(range(15))),)),
        table("many", columns=(column("c", "text", choices=tuple(range(99))),)),
    )
    assert rows(planned(described)) == {"few": 15, "many": 20}


def test_what_was_asked_for_brings_what_it_needs_and_nothing_else():
    made = planned(SHOP, labels=("app.order",))
    assert set(rows(made)) == {"order", "user"}
    assert {unit.table: unit.reason for unit in made.units} == {
        "order": "",
        "user": "needed by what was asked for",
    }


def test_the_default_set_stands_beside_fewer_rows_and_is_not_made_twice():
    made = planned(SHOP, {"user": 4, "tag": 10})
    assert rows(made)["user"] == 10
    assert rows(made)["tag"] == 0
    assert next(unit for unit in made.units if unit.table == "user").first == {"user": 4}


def test_a_number_fills_up_to_it():
    made = planned(SHOP, {"user": 4}, rows=7, rows_by_label={"app.tag": 0, "app.order": 100})
    assert rows(made) == {"user": 3, "order": 100, "line": 7, "tag": 0}


def test_profiles():
    assert rows(planned(SHOP, profile="realistic"))["user"] == 3
    assert rows(planned(SHOP, profile="boundary"))["user"] == 7


def test_a_row_of_a_child_is_a_row_of_its_parent_too():
    child = table("child", key("user", "user", parent_link=True))
    described = catalog(USER, child)
    made = planned(described)
    assert chain_of(described, child) == ("user", "child")
    assert [(unit.table, unit.first) for unit in made.units] == [
        ("user", {"user": 0}),
        ("child", {"user": 10, "child": 0}),
    ]


def test_a_table_that_can_hold_few_rows_gets_these_and_it_is_said():
    flag = table("flag", columns=(column("on", "boolean"),), uniques=(unique("on"),))
    (unit,) = planned(catalog(flag)).units
    assert unit.rows == 2
    assert "can hold 2 rows" in unit.limit


def test_models_that_inherit_share_the_room_of_a_short_table():
    profile = table("profile", key("user", "user"), uniques=(unique("user_id"),))
    staff, guest = (table(name, key("profile", "profile", parent_link=True)) for name in ("staff", "guest"))
    made = rows(planned(catalog(USER, profile, staff, guest)))
    assert made["user"] == 10
    assert min(made["profile"], made["staff"], made["guest"]) >= 3
    assert made["profile"] + made["staff"] + made["guest"] == 10


def test_a_link_to_the_inherited_row_limits_nothing():
    """The row of the parent's table is made along with the child's."""
    child = table("child", key("user", "user", parent_link=True), uniques=(unique("user_id"),))
    made = rows(planned(catalog(USER, child), {"user": 4}, rows_by_label={"app.user": 0, "app.child": 8}))
    assert made["child"] == 8


def test_tables_of_others_are_skipped_with_the_reason():
    described = catalog(
        table("log", library_filled="the library writes it"), table("view", managed=False), table("gone")
    )
    made = planned(described, {"gone": None})
    assert {s.table: (s.reason.split(":")[0], s.failed) for s in made.skipped} == {
        "log": ("the library writes it", False),
        "view": ("unmanaged", False),
        "gone": ("the table is not in the database", True),
    }
    assert made.units == ()


def test_a_table_that_nobody_may_look_into_is_not_filled():
    made = plan(catalog(USER), {}, Options(now=NOW))
    assert [(s.table, s.failed) for s in made.skipped] == [("user", True)]
    assert "lacks SELECT" in made.skipped[0].reason


def test_a_table_that_stays_empty_for_want_of_room_is_not_filled():
    profile = table("profile", key("user", "user"), uniques=(unique("user_id"),))
    described = catalog(USER, profile)
    made = planned(described, rows_by_label={"app.user": 0})
    assert [(s.table, s.failed) for s in made.skipped] == [("profile", True)]
    assert "can hold 0 rows" in made.skipped[0].reason
    for wanted in ({"app.user": 0, "app.profile": 0}, {"app.user": 1}):
        assert planned(described, rows_by_label=wanted).skipped == ()


def test_more_rows_than_the_key_numbers_are_refused():
    with pytest.raises(TooManyRows, match=r"app\.User.*room for 5"):
        plan(catalog(USER), {"user": 0}, Options(now=NOW), key_room={"user": 5})


def test_an_unknown_label_names_the_nearest():
    with pytest.raises(UnknownLabel, match=r"app\.user\b"):
        planned(SHOP, rows_by_label={"app.usr": 3})


def test_closure_follows_keys_upwards():
    assert set(closure(SHOP, ["line"])) == {"line", "order", "user"}
