"""Hypothesis strategies over models."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, find, given, settings
from hypothesis import strategies as st

from dbstate.factories import IntegrityRefused, UnknownField, factory_for
from dbstate.factories.strategies import strategy_for
from example_project.shop.models import Order, OrderLine, Product, Subscription, User

QUICK = settings(
    max_examples=15,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@QUICK
@given(product=strategy_for(Product))
def test_built_instances_are_valid(product):
    product.clean_fields()


@pytest.mark.django_db
@QUICK
@given(line=strategy_for(OrderLine, save=True), quantity=st.integers(1, 9))
def test_each_example_finds_the_database_as_the_first_did(line, quantity):
    assert OrderLine.objects.count() == User.objects.count() == 1
    OrderLine.objects.get(pk=line.pk).full_clean()


@pytest.mark.django_db
@QUICK
@given(order=strategy_for(Order, save=True, total_cents=st.integers(0, 5), user__first_name="Ada"))
def test_overrides_are_values_or_strategies(order):
    assert 0 <= order.total_cents <= 5
    assert order.user.first_name == "Ada"


def test_it_shrinks_to_the_first_row():
    smallest = find(strategy_for(Product), lambda product: len(product.name) > 3, settings=QUICK)
    again = find(strategy_for(Product), lambda product: len(product.name) > 3, settings=QUICK)
    first = factory_for(Product).build(__sequence=0)
    assert smallest.name == again.name == first.name
    assert smallest.sku == first.sku


@pytest.mark.django_db
def test_given_values_that_are_refused_are_told():
    @QUICK
    @given(order=strategy_for(Order, save=True, total_cents=-1))
    def run(order):
        raise AssertionError("there is no such order")

    with pytest.raises(IntegrityRefused, match="total_cents = -1"):
        run()
    with pytest.raises(UnknownField, match="did you mean status"):
        strategy_for(Subscription, statos="active")
