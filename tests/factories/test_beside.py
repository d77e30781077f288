"""Factories of ours beside those that a team has already, and declarations that reach through relations."""

from __future__ import annotations

from datetime import UTC, datetime

import factory
import pytest
from factory.django import DjangoModelFactory

from dbstate.factories import ModelFactory, factory_for, new_test
from example_project.shop.models import Order, OrderLine, User


@pytest.fixture(autouse=True)
def _anew():
    new_test()


class CustomerFactory(ModelFactory[User]):
    class Meta:
        model = User

    username = factory.Sequence(lambda number: f"customer{number}")


class PlainOrderFactory(DjangoModelFactory[Order]):
    """As a team has it that knew nothing of dbstate."""

    class Meta:
        model = Order
        skip_postgeneration_save = True

    user = factory.SubFactory(CustomerFactory)
    status = "placed"
    currency = "EUR"
    recipient_name = street = city = "x"
    country = "DE"
    placed_at = datetime(2026, 1, 1, tzinfo=UTC)


class PlainWithLineFactory(PlainOrderFactory):
    user = factory.SubFactory(factory_for(User), preferred_currency="CHF")
    line = factory.RelatedFactory(factory_for(OrderLine), factory_related_name="order")


@pytest.mark.django_db
def test_a_plain_factory_takes_ours_as_a_sub_factory():
    assert [PlainOrderFactory.create().user.username for _ in range(2)] == ["customer0", "customer1"]
    assert factory_for(User).create().username not in ("customer0", "customer1")
    assert PlainOrderFactory.create(user__first_name="Ada").user.first_name == "Ada"


def test_a_plain_factory_builds_and_stubs_ours():
    assert PlainOrderFactory.build().user.pk is None
    assert "@" in PlainOrderFactory.stub().user.email
    assert factory.DictFactory.build(a=factory.SubFactory(CustomerFactory))["a"].username.startswith(
        "customer"
    )


@pytest.mark.django_db
def test_a_plain_factory_takes_ours_as_a_related_factory():
    orders = PlainWithLineFactory.create_batch(3)
    assert [order.lines.count() for order in orders] == [1, 1, 1]
    assert {order.user.preferred_currency for order in orders} == {"CHF"}
    assert len({order.user_id for order in orders}) == 3


class SwissOrderFactory(ModelFactory[Order]):
    class Meta:
        model = Order

    class Params:
        swiss = factory.Trait(status="packed", user__preferred_currency="CHF")


@pytest.mark.django_db
@pytest.mark.parametrize("how", ["create", "build", "stub", "bulk"])
def test_a_trait_reaches_through_an_inferred_relation(how):
    def made(**words: bool) -> Order:
        if how == "bulk":
            return SwissOrderFactory.create_batch(2, bulk=True, **words)[0]
        return getattr(SwissOrderFactory, how)(**words)

    plain, swiss = made(), made(swiss=True)
    assert (swiss.status, swiss.user.preferred_currency) == ("packed", "CHF")
    assert plain.user.first_name
    assert swiss.user.first_name
    assert plain.user.preferred_currency == factory_for(User).build(__sequence=0).preferred_currency


@pytest.mark.django_db
def test_a_declaration_for_the_row_named_reads_the_row_that_names_it():
    order = factory_for(Order).create(user__first_name=factory.SelfAttribute("..city"))
    assert order.user.first_name == order.city


@pytest.mark.django_db
def test_declarations_for_children():
    order = factory_for(Order).create_with_relations(
        lines=2,
        lines__quantity=factory.Sequence(lambda number: 3),
        lines__product__name=factory.LazyAttribute(lambda product: product.slug),
    )
    lines = order.lines.select_related("product")
    assert [(line.quantity, line.product.name == line.product.slug) for line in lines] == [(3, True)] * 2
