"""What a caller gives for relations: rows, keys of rows, rows that are not written yet."""

from __future__ import annotations

import pytest
from django.apps import apps
from django.contrib.contenttypes.models import ContentType
from django.db import DatabaseError, IntegrityError, connection
from django.db.migrations.state import ProjectState

from dbstate.factories import (
    BadOverride,
    IntegrityRefused,
    ModelFactory,
    SharedSubFactory,
    UnknownField,
    UnknownModel,
    factory_for,
    new_test,
)
from example_project.shop.models import Order, OrderLine, Plan, Subscription, User
from example_project.zoo.models.relations import Note


@pytest.fixture(autouse=True)
def _anew():
    new_test()


@pytest.mark.django_db
def test_a_key_is_as_good_as_its_row():
    order = factory_for(Order).create()
    line = factory_for(OrderLine).create(order_id=order.pk)
    assert line.order == order
    subscription = factory_for(Subscription).create(user_id=order.user_id)
    assert subscription.user == order.user
    assert User.objects.count() == 1


@pytest.mark.django_db
@pytest.mark.parametrize("bulk", [False, True])
def test_a_key_that_names_nothing_is_refused(bulk):
    told = r"shop.Order with user_id = 987654 \(given\).*no shop.User with id"
    with pytest.raises(IntegrityRefused, match=told):
        factory_for(Order).create_batch(2, bulk=bulk, user_id=987654)
    with pytest.raises(IntegrityRefused, match="987654"):
        factory_for(OrderLine).create(order__user_id=987654)
    assert Order.objects.count() == 0


@pytest.mark.django_db
def test_a_key_of_a_wrong_type_and_a_row_of_another_model_are_refused_by_name():
    with pytest.raises(BadOverride, match=r"user_id of shop.Order to 'abc'"):
        factory_for(Order).create(user_id="abc")
    order = factory_for(Order).build()
    with pytest.raises(
        BadOverride, match=r"cannot set user of shop.Order to .*it is a shop.Order; give a shop.User"
    ):
        factory_for(Order).build(user=order)
    historical = ProjectState.from_apps(apps).apps
    user = historical.get_model("shop", "User")()
    with pytest.raises(BadOverride, match=r"another shop.User than"):
        factory_for(Order).build(user=user)


@pytest.mark.django_db
def test_rows_that_were_built_are_written_with_what_names_them():
    order = factory_for(Order).build()
    line = factory_for(OrderLine).create(order=order)
    assert Order.objects.get() == order == line.order
    assert User.objects.get() == order.user
    user = factory_for(User).build()
    assert factory_for(Subscription).create(shared=user).user == user
    lines = factory_for(OrderLine).create_batch(3, bulk=True, order=(other := factory_for(Order).build()))
    assert {one.order_id for one in lines} == {other.pk}
    assert User.objects.count() == 3


@pytest.mark.django_db
def test_rows_that_were_built_are_as_they_were_when_what_names_them_is_refused():
    order = factory_for(Order).build()
    with pytest.raises(IntegrityError):
        factory_for(OrderLine).create(order=order, quantity=-1)
    assert (order.pk, order.user.pk, order._state.adding, order.user._state.adding) == (
        None,
        None,
        True,
        True,
    )
    assert factory_for(OrderLine).create(order=order).order_id == order.pk


@pytest.mark.django_db
def test_no_row_where_one_is_needed():
    for bulk in (False, True):
        with pytest.raises(IntegrityRefused, match="order"):
            factory_for(OrderLine).create_batch(2, bulk=bulk, order=None)


def test_shared_takes_rows_only():
    plan = factory_for(Plan).build()
    assert factory_for(Subscription).build(shared=plan).plan is plan
    for wrong in ("plan", 7, [plan, 7]):
        with pytest.raises(BadOverride, match="shared takes"):
            factory_for(Subscription).build(shared=wrong)


@pytest.mark.django_db
def test_a_built_row_is_not_looked_up():
    with (
        pytest.raises(AssertionError, match="executed"),
        connection.execute_wrapper(_refuse),
    ):
        factory_for(Order).create(user_id=1)
    with connection.execute_wrapper(_refuse):
        assert factory_for(Order).build(user_id=1).user_id == 1


def _refuse(execute, sql, params, many, context):
    raise AssertionError(f"executed {sql}")


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("label", "given", "told"),
    [
        ("shop.Order", {"placed_at": {}}, r"placed_at of shop.Order to \{\}"),
        ("shop.Product", {"price_cents": "abc"}, r"price_cents of shop.Product to 'abc'"),
        ("shop.Product", {"name": "a\0b"}, r"name = 'a\\x00b' \(given\)"),
        ("zoo_postgres.EveryArray", {"integers": "abc"}, r"integers"),
        ("shop.OrderLine", {"quantity": -1}, r"quantity = -1 \(given\)"),
        ("shop.User", {"prefered_currency": "EUR"}, r"did you mean preferred_currency"),
        ("shop.User", {"edge_maxx": True}, r"did you mean edge_max"),
    ],
)
def test_a_value_that_cannot_be_is_named(label, given, told):
    with pytest.raises((BadOverride, DatabaseError, UnknownField), match=told):
        factory_for(label).create(**given)


@pytest.mark.django_db
def test_an_edge_row_further_up():
    order = factory_for(Order).create(user__edge="max")
    assert len(order.user.first_name) == 150
    with pytest.raises(BadOverride, match="edge case 'most'"):
        factory_for(Order).create(user__edge="most")


def test_a_factory_without_a_model_and_a_row_of_another_one():
    class Nameless(ModelFactory):
        pass

    with pytest.raises(BadOverride, match=r"Nameless.*names no model"):
        Nameless.build()
    with pytest.raises(UnknownModel, match=r"shop.User"):

        class Misspelt(ModelFactory):
            class Meta:
                model = "shop.Usr"

    with pytest.raises(BadOverride, match=r"as a shop.Order: it is no instance"):
        factory_for(Order).save(User())


def test_a_hook_may_be_a_plain_function():
    class Made(ModelFactory[User]):
        class Meta:
            model = User

        @staticmethod
        def _create(model, *args, **kwargs):
            return model(*args, **kwargs)

    assert Made.build().username


@pytest.mark.django_db
def test_a_collision_of_keys_is_the_callers():
    user = factory_for(User).create()
    with pytest.raises(IntegrityRefused, match=r"id = \d+ \(given\).*give id another value"):
        factory_for(User).create(pk=user.pk)


@pytest.mark.django_db
def test_rows_that_were_built_are_as_they_were_when_bulk_fails():
    user = factory_for(User).build()
    with pytest.raises(DatabaseError):
        factory_for(Order).create_batch(2, bulk=True, user=user, total_cents=-1)
    assert (user.pk, user._state.adding) == (None, True)
    factory_for(User).create()
    assert {order.user_id for order in factory_for(Order).create_batch(2, bulk=True, user=user)} == {user.pk}


@pytest.mark.django_db
def test_keys_are_as_good_as_rows_in_bulk_and_below_other_factories():
    order = factory_for(Order).create()
    made = factory_for(Subscription).create_batch(2, bulk=True, user_id=order.user_id, status="canceled")
    assert {one.user_id for one in made} == {order.user_id}

    class LineFactory(ModelFactory[OrderLine]):
        class Meta:
            model = OrderLine

        order = SharedSubFactory(factory_for(Order))

    with pytest.raises(IntegrityRefused, match="987654"):
        LineFactory.create(order__user_id=987654)
    assert len(LineFactory.create(order__edge="max").order.recipient_name) == 100
    assert len(LineFactory.create(order__edge_max=True).order.recipient_name) == 100


@pytest.mark.django_db
def test_shared_rows_that_were_built_are_written_with_relations():
    user = factory_for(User).build()
    assert factory_for(Order).create_with_relations(shared=user).user == User.objects.get(pk=user.pk)


@pytest.mark.django_db
@pytest.mark.parametrize("how", ["row", "key"])
def test_a_content_type_that_is_given_says_what_is_named(how):
    kind = ContentType.objects.get_for_model(Plan)
    given = {"content_type": kind} if how == "row" else {"content_type_id": kind.pk}
    for note in (factory_for(Note).create(**given), *factory_for(Note).create_batch(2, bulk=True, **given)):
        assert note.content_type == kind
        assert isinstance(Note.objects.get(pk=note.pk).subject, Plan)
