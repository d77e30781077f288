"""Entering states on a real database: what is made, where, and what is left when it fails."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.migrations.loader import MigrationLoader

from dbstate import enter, state
from dbstate.states import BadParameters, NoTransaction, StateCycle, StateFailed, UnknownState, declared
from example_project.shop.models import Order, OrderLine, Payment, Plan, Refund, Subscription, User
from example_project.zoo.models.inheritance import LongHaired, Mammal

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 6, 1, tzinfo=UTC)


def failing(name: str) -> StateFailed:
    """The error of entering it; the caller's transaction goes on, with what it had."""
    before = Plan.objects.count()
    with pytest.raises(StateFailed) as caught:
        enter(name)
    assert Plan.objects.count() == before
    assert caught.value.name == name
    assert caught.value.place == declared()[name].place
    return caught.value


# -- what is made -------------------------------------------------------------------------------------


def test_a_declared_state() -> None:
    entered = enter("user with an active pro subscription exists", now=NOW)
    found = Subscription.objects.get()
    assert entered.row == found
    assert dict(entered.values) == {"subscription": found.pk}
    assert (found.plan.slug, found.status) == ("pro", "active")
    assert found.period_start == NOW - timedelta(days=15)


def test_parameters() -> None:
    user = enter("user exists", email="anna@example.org").row
    assert user.email == "anna@example.org"
    assert enter("user with an active pro subscription exists", user_id=user.pk).row.user == user
    assert enter("paid order exists", lines=3).values["lines"] == list(
        OrderLine.objects.order_by("pk").values_list("pk", flat=True)
    )


def test_states_build_on_states() -> None:
    rows = enter("half of a paid order was refunded").rows
    assert list(rows) == ["order", "lines", "payment", "refund"]
    assert Refund.objects.get().payment == rows["payment"] == Payment.objects.get()


def test_nothing_returned_is_all_that_was_made() -> None:
    @state("made")
    def made(f: Any) -> None:
        f.state("plan exists")
        f["shop.User"].create_batch(2)
        f["shop.Plan"].build()
        f["shop.Plan"](name="Own")

    assert dict(enter("made").values) == {
        "plan": Plan.objects.exclude(name="Own").get().pk,
        "user": User.objects.order_by("pk")[0].pk,
        "user_2": User.objects.order_by("pk")[1].pk,
        "plan_2": Plan.objects.get(name="Own").pk,
    }


@pytest.mark.parametrize(
    ("given", "moment"),
    [
        (date(2026, 1, 31), datetime(2026, 1, 31, tzinfo=UTC)),
        (datetime(2026, 1, 31, 12), datetime(2026, 1, 31, 12, tzinfo=UTC)),
        (NOW, NOW),
        ("2026-01-31", datetime(2026, 1, 31, tzinfo=UTC)),
        ("2026-01-31T12:00:00+02:00", datetime(2026, 1, 31, 10, tzinfo=UTC)),
    ],
)
def test_now_is_given_and_heeded(given: Any, moment: datetime) -> None:
    seen = []

    @state("dated")
    def dated(f: Any, now: datetime) -> None:
        seen.append(now)
        f["shop.Order"].create_batch(5)

    enter("dated", now=given)
    assert seen == [moment]
    assert max(Order.objects.values_list("placed_at", flat=True)) <= moment
    enter("dated")
    assert seen[1] > datetime(2026, 10, 1, tzinfo=UTC)


@pytest.mark.parametrize("given", ["yesterday", "", 7, True, "0001-01-01T00:00:00+02:00"])
def test_what_is_no_date_is_told(given: Any) -> None:
    with pytest.raises(BadParameters) as caught:
        enter("order exists", now=given)
    assert str(caught.value) == (
        f"cannot enter 'order exists': now is {given!r}, which is no date; give a date, a datetime, or text "
        'such as "2026-01-31"'
    )


@pytest.mark.parametrize("name", [None, 7, ["order exists"], Order])
def test_what_is_no_name_is_told(name: Any) -> None:
    with pytest.raises(BadParameters) as caught:
        enter(name)
    assert str(caught.value) == (
        f'cannot enter {name!r}: the name of a state is a text; write enter("order exists")'
    )


def test_an_alias_that_is_not_there_is_told() -> None:
    with pytest.raises(BadParameters, match=r"settings.DATABASES has no 'defualt'; did you mean 'default'\?"):
        enter("order exists", using="defualt")


def test_historical_models() -> None:
    loader = MigrationLoader(connection)
    old = loader.project_state(loader.graph.leaf_nodes("shop")).apps
    entered = enter("user with an active pro subscription exists", apps=old)
    model = old.get_model("shop", "Subscription")
    assert type(entered.row) is model
    assert model is not Subscription
    assert entered.row.plan.slug == "pro"
    assert type(enter("order with shipped status exists", apps=old).row) is old.get_model("shop", "Order")


# -- phrases without code -----------------------------------------------------------------------------


def test_something_exists() -> None:
    assert enter("order with shipped status exists").row == Order.objects.get(status="shipped")
    assert enter("OrderLine exists").row == OrderLine.objects.get()


def test_something_does_not_exist() -> None:
    enter("order exists")
    entered = enter("order does not exist")
    assert (dict(entered.rows), dict(entered.values)) == ({}, {})
    assert not Order.objects.exists()
    assert User.objects.exists()


def test_only_some_do_not_exist() -> None:
    keep, gone = enter("plan exists").row, enter("plan exists").row
    enter("plan does not exist", pk=gone.pk)
    assert Plan.objects.get() == keep


def test_a_proxy_is_what_its_manager_shows() -> None:
    for fur in ("long", "short"):
        entered = enter("mammal exists", fur=fur)
    assert type(enter("long haired exists", fur="long").row) is LongHaired
    with pytest.raises(StateFailed) as caught:
        enter("LongHaired exists", fur="short")
    assert str(caught.value) == (
        "cannot enter 'LongHaired exists': the row it made is none of those that the manager of "
        "zoo.LongHaired shows; give the values that it asks for as parameters"
    )
    enter("zoo.LongHaired does not exist")
    assert Mammal.objects.get() == entered.row


def test_rows_that_others_hold_are_told_and_stay() -> None:
    enter("order exists")
    with pytest.raises(StateFailed) as caught:
        enter("user does not exist")
    assert str(caught.value) == (
        "cannot enter 'user does not exist': shop.User has 1 row, which cannot be removed: rows of "
        "shop.Order hold them; enter the states that these do not exist first"
    )
    assert User.objects.count() == 1


def test_a_field_that_is_not_there() -> None:
    with pytest.raises(BadParameters, match="did you mean 'status'"):
        enter("order does not exist", statuss="x")
    with pytest.raises(StateFailed, match=r"cannot set 'statuss' of shop.Order.*did you mean status"):
        enter("order exists", statuss="x")


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("payed order exists", "did you mean 'paid order exists'"),
        ("order with shiped status exists", "did you mean 'order with Shipped status exists'"),
        ("xyz", "declared are 'half of a paid order was refunded', "),
        ("xyz", "without code work <model> exists, <model> does not exist, <model> with"),
    ],
)
def test_unknown_states(name: str, hint: str) -> None:
    with pytest.raises(UnknownState) as caught:
        enter(name)
    assert str(caught.value).startswith(f"cannot enter {name!r}: there is no such state; ")
    assert hint in str(caught.value)


# -- what goes wrong ----------------------------------------------------------------------------------


def test_a_state_that_raises_is_undone_and_told() -> None:
    @state("raising")
    def raising(f: Any) -> None:
        f["shop.Plan"]()
        raise ValueError("no luck")

    error = failing("raising")
    line = declared()["raising"].line + 3
    assert str(error) == (
        f"cannot enter 'raising' ({error.place}): ValueError: no luck "
        f'(at line {line}: raise ValueError("no luck"))'
    )
    assert isinstance(error.__cause__, ValueError)


def test_what_the_database_refuses_is_told() -> None:
    @state("refused")
    def refused(f: Any) -> None:
        f["shop.Plan"](price_cents=-1)

    assert "price_cents" in str(failing("refused"))


def test_a_broken_transaction_is_told_with_what_broke_it() -> None:
    @state("swallowing")
    def swallowing(f: Any) -> None:
        f["shop.Plan"]()
        try:
            with connection.cursor() as cursor:
                cursor.execute("INSERT INTO shop_plan (id) VALUES (1)")
        except IntegrityError:
            pass

    error = failing("swallowing")
    assert "it left a broken transaction, broken by IntegrityError: null value in column" in str(error)
    assert isinstance(error.__cause__, IntegrityError)


def test_a_constraint_that_waits_is_asked_before_the_end() -> None:
    @state("dangling")
    def dangling(f: Any) -> None:
        f["shop.Plan"]()
        user = f["shop.User"]()
        f["shop.Order"](user=user)
        User.objects.filter(pk=user.pk)._raw_delete("default")

    assert "what it wrote breaks a constraint" in str(failing("dangling"))


def test_a_constraint_may_be_broken_on_the_way() -> None:
    @state("inner")
    def inner(f: Any) -> Any:
        order = f["shop.Order"]()
        Order.objects.filter(pk=order.pk).update(user_id=10**6)
        return order

    @state("outer")
    def outer(f: Any) -> None:
        order = f.state("inner").row
        Order.objects.filter(pk=order.pk).update(user=f["shop.User"]())

    enter("outer")
    assert "what it wrote breaks a constraint" in str(failing("inner"))


def test_asking_leaves_no_trace_in_the_transaction() -> None:
    enter("order exists")
    Order.objects.update(user_id=10**6)  # constraints are still put off
    Order.objects.all()._raw_delete("default")


def test_a_circle_is_told_with_all_places() -> None:
    @state("hen")
    def hen(f: Any) -> None:
        f.state("egg")

    @state("egg")
    def egg(f: Any) -> None:
        f.state("hen")

    with pytest.raises(StateCycle) as caught:
        enter("hen")
    assert caught.value.path == ("hen", "egg", "hen")
    hens, eggs = declared()["hen"].place, declared()["egg"].place
    assert f"'hen' ({hens}) -> 'egg' ({eggs}) -> 'hen' ({hens})" in str(caught.value)


def test_an_inner_failure_names_both_and_may_be_caught() -> None:
    @state("weak")
    def weak(f: Any, *, strong: bool = False) -> None:
        f["shop.Plan"](slug="weak")
        raise ValueError("weak")

    @state("on it")
    def on_it(f: Any) -> None:
        f.state("weak")

    @state("beside it")
    def beside(f: Any) -> None:
        f["shop.Plan"](slug="own")
        with pytest.raises(StateFailed):
            f.state("weak")

    @state("misusing")
    def misusing(f: Any) -> None:
        f.state("weak", stron=True)

    told = str(failing("on it"))
    assert "cannot enter 'on it' (" in told
    assert "): cannot enter 'weak' (" in told
    raised, called = declared()["weak"].line + 3, declared()["on it"].line + 2
    assert told.endswith(
        f'ValueError: weak (at line {raised}: raise ValueError("weak")) (at line {called}: f.state("weak"))'
    )
    assert list(enter("beside it").rows) == ["plan"]
    assert list(Plan.objects.values_list("slug", flat=True)) == ["own"]
    assert "it takes no 'stron'; did you mean 'strong'?" in str(failing("misusing"))


def test_an_unknown_model_is_told() -> None:
    @state("unknown model")
    def unknown(f: Any) -> None:
        f["shop.Ordr"]()

    assert "did you mean shop.Order" in str(failing("unknown model"))


def test_a_callers_broken_transaction_is_not_the_states_fault() -> None:
    with transaction.atomic():
        with pytest.raises(IntegrityError), connection.cursor() as cursor:
            cursor.execute("INSERT INTO shop_plan (id) VALUES (1)")
        with pytest.raises(NoTransaction, match="is broken already, by what was done before"):
            enter("plan exists")
        transaction.set_rollback(True)
    enter("plan exists")


def test_a_callers_broken_constraint_is_not_the_states_fault() -> None:
    order = enter("order exists").row
    Order.objects.update(user_id=10**6)
    with pytest.raises(NoTransaction, match="rows that were written before break a constraint"):
        enter("plan exists")
    Order.objects.filter(pk=order.pk)._raw_delete("default")


# -- transactions -------------------------------------------------------------------------------------


def test_the_caller_owns_the_transaction() -> None:
    with transaction.atomic():
        enter("plan exists")
        transaction.set_rollback(True)
    assert not Plan.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_without_a_transaction_it_is_all_or_nothing() -> None:
    @state("half")
    def half(f: Any) -> None:
        f["shop.Plan"]()
        raise ValueError

    with pytest.raises(StateFailed):
        enter("half")
    assert not Plan.objects.exists()
    enter("plan exists")
    assert Plan.objects.count() == 1
    with pytest.raises(StateFailed, match="outside of a transaction they would be removed for good"):
        enter("plan does not exist")
    with transaction.atomic():
        enter("plan does not exist")
    assert not Plan.objects.exists()
