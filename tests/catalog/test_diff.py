"""What differs between two descriptions, in words."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from dbstate.catalog import (
    Catalog,
    Check,
    Column,
    DatabaseObject,
    Exclusion,
    ForeignKey,
    Function,
    Index,
    Policy,
    Sequence,
    Table,
    Trigger,
    Unique,
    UserType,
    View,
)
from dbstate.catalog.diff import Difference, diff, drift, new_drift


def column(name: str = "a", sql_type: str = "integer", **facts: Any) -> Column:
    return Column(name, name, "integer", sql_type, **facts)


def table(*columns: Column, name: str = "thing", key: tuple[str, ...] = (), **facts: Any) -> Table:
    return Table(name, name, columns or (column(),), key, **facts)


def live(*tables: Table, **facts: Any) -> Catalog:
    return Catalog.from_tables(tables, origin="live", **facts)


def told(before: Catalog, after: Catalog) -> list[str]:
    return [str(one) for one in diff(before, after)]


A, B = column("a"), column("b")

TABLES: dict[str, tuple[Table, Table]] = {
    "thing.a became NOT NULL": (table(column(null=True)), table()),
    "thing.a may be NULL now": (table(), table(column(null=True))),
    "thing.a became bigint, from integer": (table(), table(column(sql_type="bigint"))),
    "thing.a changed its default from none to 0": (table(), table(column(db_default="0"))),
    "thing.a changed its numbering from none to always": (
        table(),
        table(column(auto=True, identity="always")),
    ),
    "thing.a changed its collation from none to C": (table(), table(column(collation="C"))),
    "thing.a is not validated any more": (table(), table(column(null_validated=False))),
    "thing.b (integer NOT NULL) was added": (table(A), table(A, B)),
    "thing.b (integer NOT NULL) is gone": (table(A, B), table(A)),
    "the primary key of thing changed its columns from a to a, b": (
        table(A, B, key=("a",)),
        table(A, B, key=("a", "b")),
    ),
    "the primary key of thing (a) is gone": (table(key=("a",)), table()),
    "unique only of thing (a) was added": (table(), table(uniques=(Unique("only", ("a",)),))),
    "unique only of thing changed its condition from none to (a > 0)": (
        table(uniques=(Unique("only", ("a",)),)),
        table(uniques=(Unique("only", ("a",), condition="(a > 0)"),)),
    ),
    "unique only of thing changed its nulls from distinct to not distinct": (
        table(uniques=(Unique("only", ("a",)),)),
        table(uniques=(Unique("only", ("a",), nulls_distinct=False),)),
    ),
    "unique only of thing became invalid": (
        table(uniques=(Unique("only", ("a",)),)),
        table(uniques=(Unique("only", ("a",), valid=False),)),
    ),
    "unique one of thing is called other now": (
        table(uniques=(Unique("one", ("a",)),)),
        table(uniques=(Unique("other", ("a",)),)),
    ),
    "check above of thing (a > 0) is gone": (table(checks=(Check("above", "a > 0", ("a",)),)), table()),
    "check above of thing was validated": (
        table(checks=(Check("above", "a > 0", ("a",), validated=False),)),
        table(checks=(Check("above", "a > 0", ("a",)),)),
    ),
    "check above of thing is not enforced any more": (
        table(checks=(Check("above", "a > 0", ("a",)),)),
        table(checks=(Check("above", "a > 0", ("a",), enforced=False),)),
    ),
    "foreign key to_other of thing (a to other (id)) is gone": (
        table(foreign_keys=(ForeignKey("a", ("a",), "other", ("id",), constraint="to_other"),)),
        table(),
    ),
    "foreign key to_other of thing changed its ON DELETE from no action to cascade": (
        table(foreign_keys=(ForeignKey("a", ("a",), "other", ("id",), constraint="to_other"),)),
        table(
            foreign_keys=(
                ForeignKey("a", ("a",), "other", ("id",), constraint="to_other", delete_action="cascade"),
            )
        ),
    ),
    "index first of thing (a) was added": (table(), table(indexes=(Index("first", ("a",)),))),
    "index first of thing was defined anew: btree (a) WITH (fillfactor='70'), before: btree (a)": (
        table(indexes=(Index("first", ("a",), definition="CREATE INDEX first ON thing USING btree (a)"),)),
        table(
            indexes=(
                Index(
                    "first",
                    ("a",),
                    definition="CREATE INDEX first ON thing USING btree (a) WITH (fillfactor='70')",
                ),
            )
        ),
    ),
    "index first of thing changed its method from btree to hash": (
        table(indexes=(Index("first", ("a",)),)),
        table(indexes=(Index("first", ("a",), method="hash"),)),
    ),
    "trigger touched of thing (CREATE …) is gone": (
        table(triggers=(Trigger("touched", "CREATE …", "touch()"),)),
        table(),
    ),
    "trigger touched of thing changed its enabled from origin to disabled": (
        table(triggers=(Trigger("touched", "CREATE …", "touch()"),)),
        table(triggers=(Trigger("touched", "CREATE …", "touch()", enabled="disabled"),)),
    ),
    "policy own of thing (FOR ALL) is gone": (table(policies=(Policy("own", "FOR ALL"),)), table()),
    "table thing changed its privileges from staff=r/postgres to none": (
        table(privileges=("staff=r/postgres",)),
        table(),
    ),
    "table thing changed its comment from none to x": (table(), table(comment="x")),
}


@pytest.mark.parametrize("sentence", TABLES)
def test_of_tables(sentence: str) -> None:
    before, after = TABLES[sentence]
    assert told(live(before), live(after)) == [sentence]
    assert diff(live(before), live(before)) == diff(live(after), live(after)) == ()


OTHERS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "view seen is gone": ({"views": (View("seen", "SELECT 1"),)}, {}),
    "view seen was defined anew: SELECT 2, before: SELECT 1": (
        {"views": (View("seen", "SELECT 1"),)},
        {"views": (View("seen", "SELECT 2"),)},
    ),
    "sequence alone was added": ({}, {"sequences": (Sequence("alone"),)}),
    "sequence alone changed its increment from 1 to 2": (
        {"sequences": (Sequence("alone"),)},
        {"sequences": (Sequence("alone", increment=2),)},
    ),
    "type mood changed its labels from sad, glad to sad": (
        {"types": (UserType("mood", "enum", labels=("sad", "glad")),)},
        {"types": (UserType("mood", "enum", labels=("sad",)),)},
    ),
    "function touch() is gone": ({"functions": (Function("touch()", "x"),)}, {}),
    "extension citext was added": ({}, {"extensions": (("citext", "1.6"),)}),
    "collation german": ({"objects": (DatabaseObject("collation", "german", "i de"),)}, {}),
    "statistics both of thing": ({}, {"objects": (DatabaseObject("statistics", "both", "…", "thing"),)}),
    "schema besides was added": ({}, {"schemas": ("besides",)}),
}


@pytest.mark.parametrize("sentence", OTHERS)
def test_of_what_belongs_to_no_table(sentence: str) -> None:
    before, after = OTHERS[sentence]
    found = told(live(**before), live(**after))
    assert [one.partition(" (")[0] for one in found] == [sentence]


def test_tables() -> None:
    assert told(live(), live(table())) == ["table thing was added"]
    assert told(live(table()), live()) == ["table thing is gone"]


def test_order_of_columns_is_no_difference() -> None:
    assert diff(live(table(A, B)), live(table(B, A))) == ()


@pytest.mark.parametrize(
    ("one", "other"),
    [("thing_a_key", "thing_a_0a1b2c3d_uniq"), ("mine", "thing_a_key"), ("thing_a_0a1b2c3d_uniq", "mine")],
)
def test_names_that_nobody_chose_are_no_difference(one: str, other: str) -> None:
    before, after = (live(table(uniques=(Unique(name, ("a",)),))) for name in (one, other))
    assert diff(before, after) == ()


def test_a_sequence_goes_with_its_column() -> None:
    serial = column("b", auto=True, sequence="thing_b_seq")
    sequence = Sequence("thing_b_seq", owner=("thing", "b"))
    found = diff(live(table(A)), live(table(A, serial), sequences=(sequence,)))
    assert [str(one) for one in found] == ["thing.b (integer NOT NULL) was added"]


def test_serial_and_identity_number_alike() -> None:
    serial, identity = (table(column(auto=True, identity=one)) for one in ("", "by default"))
    assert diff(live(serial), live(identity)) == ()


def test_a_change_of_a_partitioned_table_is_told_once() -> None:
    def partitioned(*columns: Column) -> Catalog:
        whole = table(*columns, name="log", kind="partitioned")
        return live(whole, table(*columns, name="log_1", partition_of="log"))

    found = diff(partitioned(A), partitioned(A, B))
    assert [str(one) for one in found] == ["log.b (integer NOT NULL) was added"]


# models against a database ------------------------------------------------------------------------------


def models(*tables: Table) -> Catalog:
    return Catalog.from_tables(tables)


def test_what_only_one_side_can_know_is_compared_with_nothing() -> None:
    described = table(
        column(null=True, choices=(1, 2), has_default=True, label="A", help="x"),
        uniques=(Unique("soft", ("a",), enforced=False),),
        foreign_keys=(ForeignKey("a", ("a",), "other", ("id",), enforced=False),),
        has_clean=True,
    )
    found = table(
        column(null=True, comment="x", identity=""),
        triggers=(Trigger("touched", "…", "touch()"),),
        settings=("unlogged",),
        owner="me",
    )
    assert diff(models(described), live(found, views=(View("seen", "…"),))) == ()


def test_null_that_is_read_as_text_is_null() -> None:
    assert diff(models(table(column(null_as_text=True))), live(table(column(null=True)))) == ()


def test_definitions_are_told_only_when_nothing_else_says_it() -> None:
    before = Index("first", ("a",), definition="CREATE INDEX first ON thing USING btree (a)")
    after = replace(before, method="hash", definition="CREATE INDEX first ON thing USING hash (a)")
    found = diff(live(table(indexes=(before,))), live(table(indexes=(after,))))
    assert [one.fact for one in found] == ["method"]


def test_null_in_a_generated_column_is_not_the_models_to_say() -> None:
    described = table(A, column("b", generated='"a" + 1'))
    assert diff(models(described), live(table(A, column("b", generated="(a + 1)", null=True)))) == ()


def test_the_number_of_rows_that_django_makes_by_itself_may_be_wider() -> None:
    number, wider = column("id", auto=True), column("id", "bigint", auto=True)
    assert diff(models(table(number, auto_created=True)), live(table(wider))) == ()
    assert [one.fact for one in diff(models(table(number)), live(table(wider)))] == ["type"]


def test_a_schema_on_the_search_path_may_be_named() -> None:
    key = ForeignKey("a", ("a",), '"besides"."odd ""one"', ("a",))
    described = models(table(name='"besides"."odd ""one"', key=("a",), foreign_keys=(key,)))
    found = replace(key, target='odd "one', constraint="thing_a_fkey")
    assert diff(described, live(table(name='odd "one', key=("a",), foreign_keys=(found,)))) == ()
    other = live(table(column(null=True), name='odd "one', foreign_keys=(found,)))
    assert [one.table for one in drift(described, other)] == ['odd "one', 'odd "one']
    assert [one.change for one in drift(described, live(table(name="other")))] == ["removed"]


def test_long_names_are_cut() -> None:
    name = "a_name_of_a_check_that_somebody_chose_without_counting_its_letters"
    before, after = (table(checks=(Check(one, "a > 0", ("a",)),)) for one in (name, name[:63]))
    assert diff(models(before), live(after)) == ()


def test_of_indexes_models_do_not_know_all() -> None:
    described = table(indexes=(Index("first", ("a",), expressions=('UPPER("a")',), method=""),))
    found = Index("first", ("a",), expressions=("upper(a)",), method="gin", opclasses=("gin_trgm_ops",))
    assert diff(models(described), live(table(indexes=(found,)))) == ()
    for other in (replace(found, condition="(a > 0)"), replace(found, valid=False)):
        assert len(drift(models(described), live(table(indexes=(other,))))) == 1


def test_exclusions() -> None:
    described = Exclusion("apart", (('TSTZRANGE("a", "b", \'[)\')', "&&"),), ("a", "b"), '"a" > 0')
    found = Exclusion("apart", (("tstzrange(a, b, '[)'::text)", "&&"),), ("a", "b"), "(a > 0)")
    assert diff(models(table(exclusions=(described,))), live(table(exclusions=(found,)))) == ()
    for other in (replace(found, expressions=(("b", "&&"),)), replace(found, condition=None)):
        assert len(diff(models(table(exclusions=(described,))), live(table(exclusions=(other,))))) == 1


def test_unmanaged_tables_need_not_be_there() -> None:
    assert diff(models(table(managed=False)), live()) == ()
    assert [one.change for one in diff(models(table()), live())] == ["removed"]


def test_expressions_that_do_not_look_alike_are_asked_about() -> None:
    asked = []

    def same(*question: str) -> bool:
        asked.append(question)
        return len(asked) == 1

    before = models(table(checks=(Check("above", '"a" > 0', ("a",)),)))
    after = live(table(checks=(Check("above", "(strange(a) > 0)", ("a",)),)))
    assert diff(before, live(table(checks=(Check("above", "(a > 0)", ("a",)),))), same=same) == ()
    assert diff(before, after, same=same) == ()
    assert [one.fact for one in diff(before, after, same=same)] == ["expression"]
    assert asked == [("thing", "", '"a" > 0', "(strange(a) > 0)")] * 2


def test_positive_numbers_need_their_check() -> None:
    positive = column(ancestors=("django.db.models.fields.PositiveIntegerRelDbTypeMixin",))
    checked = table(checks=(Check("thing_a_check", "(a >= 0)", ("a",)),))
    assert diff(models(table(positive)), live(checked)) == ()
    (missing,) = drift(models(table(positive)), live(table()))
    assert (missing.what, missing.change) == ("check", "removed")


def test_drift_leaves_out_what_the_database_has_in_its_own_right() -> None:
    more = table(A, column("b", null=True), column("c"), column("d", db_default="0"), column("e", auto=True))
    other = table(name="other")
    found = drift(models(table(A)), live(replace(more, indexes=(Index("first", ("a",)),)), other))
    assert [str(one) for one in found] == ["thing.c (integer NOT NULL) was added"]
    unmanaged = table(column(null=True), managed=False)
    assert diff(models(unmanaged), live(table()))
    assert drift(models(unmanaged), live(table())) == ()
    assert drift(models(table()), live(table(column(db_default="0")))) == ()
    checked = table(checks=(Check("above", "a > 0", ("a",)),))
    assert [one.what for one in drift(models(table()), live(checked))] == ["check"]
    assert drift(models(table()), live(checked), besides=False) == ()
    assert drift(models(table()), live(table(column(collation="C")))) == ()
    (lost,) = drift(models(table(column(db_default="0"))), live(table()))
    assert lost.fact == "default"


def test_a_check_may_stand_for_not_null() -> None:
    present = Check("present", "(a IS NOT NULL)", ("a",))
    assert [one.what for one in drift(models(table()), live(table(column(null=True))))] == ["column"]
    found = drift(models(table()), live(table(column(null=True), checks=(present,))))
    assert [one.what for one in found] == ["check"]


def test_a_foreign_key_whose_triggers_are_disabled_is_drift() -> None:
    key = ForeignKey("a", ("a",), "other", ("id",))
    for enforced, facts in ((True, []), (False, ["enforced"])):
        found = replace(key, constraint="thing_a_fkey", enforced=enforced)
        told = drift(models(table(foreign_keys=(key,))), live(table(foreign_keys=(found,))))
        assert [one.fact for one in told] == facts


def test_a_constraint_that_a_change_added_is_meant_and_one_that_it_left_is_drift() -> None:
    unique = Unique("only", ("a",))
    plain, kept = table(), table(uniques=(unique,))
    (refusing,) = drift(models(plain), live(kept))
    added = new_drift((refusing,), (), diff(live(plain), live(kept)))
    left = new_drift((refusing,), (), diff(live(kept), live(kept)))
    assert (added, left) == ((), (refusing,))
    assert new_drift((refusing,), (refusing,), ()) == ()
    (column_added,) = drift(models(table(A)), live(table(A, B)))
    assert new_drift((column_added,), (), diff(live(table(A)), live(table(A, B)))) == (column_added,)


def test_as_a_disagreement() -> None:
    changed = Difference("changed", "column", "thing", "a", "null", "NULL", "NOT NULL")
    assert changed.between("the models", "the database") == (
        "thing.a: NULL in the models, NOT NULL in the database"
    )
    typed = Difference("changed", "column", "thing", "a", "default", "", "0")
    assert typed.between("the models", "the database") == (
        "thing.a: default none in the models, default 0 in the database"
    )
    gone = Difference("removed", "index", "thing", "first", before="a")
    assert gone.between("the models", "the database") == (
        "index first of thing (a) is in the models, not in the database"
    )
