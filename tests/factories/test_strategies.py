"""Hypothesis strategies over models."""

from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError
from hypothesis import HealthCheck, find, given, settings
from hypothesis import strategies as st

from dbstate.factories import BadOverride, CannotMake, IntegrityRefused, UnknownField, factory_for
from dbstate.factories.blueprint import Blueprint
from dbstate.factories.offline import refusal
from dbstate.factories.setting import configured
from dbstate.factories.strategies import strategy_for
from example_project.shop.models import Order, OrderLine, Product, Subscription, User
from example_project.zoo.models.constraints import Booking, Membership

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


@pytest.mark.parametrize("model", [Booking, Membership, Order])
def test_built_instances_pass_clean(model):
    @settings(QUICK, max_examples=60)
    @given(made=strategy_for(model))
    def run(made):
        made.clean_fields(exclude=["user"])
        made.clean()
        seen.append(made)

    seen = []
    run()
    assert len({repr(made.__dict__) for made in seen}) > 20


def test_built_instances_shrink_to_the_first_row_that_is_valid():
    smallest = find(strategy_for(Membership), lambda one: True, settings=QUICK)
    rows = (factory_for(Membership).build(__sequence=number) for number in range(20))
    first = next(row for row in rows if not refusal(factory_for(Membership)._meta.blueprint, row))
    assert (smallest.level, smallest.fee_cents) == (first.level, first.fee_cents)


def test_the_same_draw_is_the_same_row_with_the_same_parents():
    wanted = lambda line: line.order.user.email.count(".") > 1  # noqa: E731 - as find() takes it
    emails = {find(strategy_for(OrderLine), wanted, settings=QUICK).order.user.email for _ in range(3)}
    assert len(emails) == 1

    @QUICK
    @given(one=strategy_for(OrderLine), other=strategy_for(OrderLine))
    def run(one, other):
        assert one.order.user.email != other.order.user.email

    run()


@pytest.fixture
def have_clean(monkeypatch):
    def change(model, clean):
        assert factory_for(model)._meta.blueprint  # what is known of the models is known without the change
        monkeypatch.setattr(model, "clean", clean)

    return change


def test_what_clean_asks_of_the_database_is_no_refusal(have_clean):
    """Nothing is asked: this test has no database."""

    def clean(self):
        try:
            self.name = "changed"
            Product.objects.filter(name=self.name).exists()
        except Exception:
            raise ValidationError("Cannot look it up.") from None

    have_clean(Product, clean)
    product = find(strategy_for(Product), lambda product: True, settings=QUICK)
    assert product.name == factory_for(Product).build(__sequence=0).name


def test_rows_that_are_built_beside_it_are_looked_at(have_clean):
    def clean(self):
        if not self.first_name.startswith(("A", "B", "C", "D", "E", "F", "G", "H", "I", "J", "K", "L")):
            raise ValidationError({"first_name": "Late in the alphabet."})

    have_clean(User, clean)

    @QUICK
    @given(order=strategy_for(Order))
    def run(order):
        order.user.clean()

    run()


def test_a_model_that_takes_no_row_is_told(have_clean):
    def clean(self):
        raise ValidationError("Never.")

    have_clean(Product, clean)

    @QUICK
    @given(line=strategy_for(OrderLine))
    def run(line): ...

    with pytest.raises(CannotMake) as caught:
        run()
    assert str(caught.value) == (
        "cannot make shop.OrderLine: of all rows tried none is accepted: its product: Never.; give it the "
        "values that it needs, or draw saved ones (save=True)"
    )


@pytest.mark.parametrize(
    ("model", "overrides", "message"),
    [
        (Order, {"currency": "euro"}, "cannot build shop.Order with currency = 'euro' (given): currency: "),
        (
            Booking,
            {"person": "Ada", "company": st.just("Ada Ltd.")},
            "cannot build zoo.Booking with person = 'Ada', company = 'Ada Ltd.' (given): Give either a "
            "person or a company.; give another value",
        ),
    ],
)
def test_overrides_that_clean_refuses_are_told(model, overrides, message):
    @QUICK
    @given(made=strategy_for(model, **overrides))
    def run(made): ...

    with pytest.raises(BadOverride) as caught:
        run()
    assert str(caught.value).startswith(message)


def test_the_models_are_read_before_the_first_example(monkeypatch):
    strategy = strategy_for(OrderLine)

    def read(*given):
        raise AssertionError("a blueprint is made while a row is drawn")

    monkeypatch.setattr(Blueprint, "__init__", read)
    assert find(strategy, lambda line: True, settings=QUICK).order.user

    with pytest.raises(AssertionError, match="while a row is drawn"), configured(seed=77):
        find(strategy, lambda line: True, settings=QUICK)


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
