"""What factory_boy promises, and what the factories add to it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import factory
import pytest
from asgiref.sync import async_to_sync
from django.db import DataError, IntegrityError, connection, transaction
from django.db.models import Count
from django.test.utils import CaptureQueriesContext
from factory.django import DjangoModelFactory

from dbstate.factories import (
    BadOverride,
    CannotMake,
    DataRefused,
    IntegrityRefused,
    ModelFactory,
    NoInstances,
    UnknownField,
    UnknownModel,
    factory_for,
    new_test,
)
from dbstate.values import EDGES
from example_project.shop.models import Order, OrderLine, Payment, Plan, Product, Refund, Subscription, User
from example_project.zoo.models.relations import Chicken, Ring

NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _anew():
    new_test()


class PersonFactory(ModelFactory[User]):
    class Params:
        vip = factory.Trait(first_name="Vip", preferred_currency="CHF")

    username = factory.Sequence(lambda number: f"person{number}")
    nickname = factory.LazyAttribute(lambda made: made.first_name.lower())

    class Meta:
        model = User
        exclude = ("nickname",)
        skip_postgeneration_save = True

    @factory.post_generation
    def orders(self, create, extracted, **kwargs):
        if create and extracted:
            factory_for(Order).create_batch(extracted, user=self)


# factory_boy's own calls -------------------------------------------------------------------------------


def test_the_factory_is_one_of_factory_boys():
    found = factory_for("shop.Order")
    assert issubclass(found, DjangoModelFactory)
    assert found._meta.model is Order
    assert found is factory_for(Order)


def test_build_needs_no_database_and_makes_the_chain():
    line = factory_for(OrderLine).build()
    assert line.order.user.email
    assert line.order.user.pk is None
    assert line.product.sku != factory_for(OrderLine).build().product.sku


def test_a_stub_has_the_chain_too():
    line = factory_for(OrderLine).stub(order__user__email="a@example.org")
    assert line.order.user.email == "a@example.org"
    assert not isinstance(line, OrderLine)


@pytest.mark.django_db
def test_overrides_reach_through_relations():
    line = factory_for(OrderLine).create(quantity=7, order__user__email="a@example.org")
    assert (line.quantity, line.order.user.email) == (7, "a@example.org")
    assert User.objects.count() == Order.objects.count() == 1


@pytest.mark.django_db
def test_declarations_may_stand_in_overrides():
    line = factory_for(OrderLine).create(
        quantity=factory.Sequence(lambda number: number + 3),
        order__user__first_name=factory.Faker("first_name"),
    )
    assert line.quantity == 3
    assert line.order.user.first_name


@pytest.mark.django_db
def test_declared_fields_stand_and_the_rest_is_inferred():
    person = PersonFactory.create()
    assert person.username == "person0"
    assert person.email.endswith((".org", ".net", ".com"))
    assert PersonFactory.create(vip=True).preferred_currency == "CHF"
    assert PersonFactory.create(orders=2).orders.count() == 2
    with pytest.raises(UnknownField, match="did you mean email"):
        PersonFactory.create(emial="a@example.org")


@pytest.mark.django_db
def test_a_factory_stands_below_another_ones_subfactory():
    class Ordering(ModelFactory[Order]):
        class Meta:
            model = Order

        user = factory.SubFactory(PersonFactory, first_name="Ada")

    order = Ordering.create(user__last_name="Lovelace")
    assert (order.user.first_name, order.user.last_name) == ("Ada", "Lovelace")
    assert order.user.username == "person0"


@pytest.mark.django_db
def test_creating_may_be_overridden():
    class Registered(ModelFactory[User]):
        class Meta:
            model = User

        @classmethod
        def _create(cls, model_class, *args, **kwargs):
            return model_class.objects.create_user(**kwargs)

    user = Registered.create(password="secret-one")
    assert user.check_password("secret-one")


# values ------------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_a_given_value_moves_the_ones_that_are_tied_to_it():
    deleted = factory_for(User).create(deleted_at=NOON)
    assert deleted.is_active is False
    shipped = factory_for(Order).create(shipped_at=NOON - timedelta(days=9000))
    assert shipped.placed_at <= shipped.shipped_at
    started = factory_for(Subscription).create(period_start=NOON + timedelta(days=9000))
    assert started.period_end > started.period_start


@pytest.mark.django_db
def test_a_limited_key_names_a_row_that_is_admitted():
    refund = factory_for(Refund).create()
    assert refund.payment.status == Payment.Status.CAPTURED
    assert factory_for(Refund).build().payment.status == Payment.Status.CAPTURED


@pytest.mark.django_db
def test_conditional_uniques_are_kept():
    user = factory_for(User).create()
    for _ in range(8):
        factory_for(Subscription).create(user=user)
    assert user.subscriptions.filter(status="active").count() <= 1


@pytest.mark.django_db
@pytest.mark.parametrize("edge", EDGES)
def test_edge_rows(edge):
    product = factory_for(Product).create(edge=edge)
    product.full_clean()
    if edge == "max":
        assert len(product.name) == 120
    if edge == "min":
        assert product.price_cents == 1


def test_an_unknown_edge_is_named():
    with pytest.raises(BadOverride, match=r"edge cases are null, max"):
        factory_for(Product).build(edge="huge")


@pytest.mark.django_db
def test_numbers_go_on_past_the_rows_there_are():
    first = factory_for(User).create()
    new_test()
    second = factory_for(User).create()
    assert factory_for(User).build(__sequence=0).email == first.email != second.email


@pytest.mark.django_db
def test_numbers_follow_a_rollback():
    outer = factory_for(User).create()
    try:
        with transaction.atomic():
            inner = factory_for(User).create()
            raise RuntimeError
    except RuntimeError:
        pass
    again = factory_for(User).create()
    assert again.email == inner.email != outer.email


@pytest.mark.django_db
def test_numbers_pass_values_that_are_taken():
    taken = factory_for(User).build(__sequence=1)
    factory_for(User).create(email=taken.email)
    new_test()
    assert factory_for(User).create().email != taken.email


# sharing -----------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_a_given_parent_is_shared_by_the_chain():
    user = factory_for(User).create()
    refund = factory_for(Refund).create(shared=[user])
    assert refund.payment.order.user == user
    order = factory_for(Order).create()
    assert factory_for(Refund).create(shared={"shop.Order": order}).payment.order == order


def test_only_instances_can_be_shared():
    with pytest.raises(BadOverride, match="shared takes model instances"):
        factory_for(Refund).build(shared=[3])


# build, then save --------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_a_built_chain_is_saved_by_one_call():
    refund = factory_for(Refund).build()
    assert Refund.objects.count() == 0
    assert factory_for(Refund).save(refund) is refund
    refund.refresh_from_db()
    assert refund.payment.order.user.pk


@pytest.mark.django_db
@pytest.mark.parametrize("model", [Chicken, Ring])
def test_cycles_are_built_created_and_saved(model):
    created = factory_for(model).create()
    built = factory_for(model).save(factory_for(model).build())
    connection.check_constraints()
    for row in (created, built):
        model.objects.get(pk=row.pk).full_clean()
    # The sequence goes on above the keys that were planned.
    assert model.objects.create(**_plain(model, created)).pk not in (created.pk, built.pk)


def _plain(model, like):
    return {f.name: getattr(like, f.name) for f in model._meta.concrete_fields if not f.primary_key}


# many --------------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_bulk_inserts_the_whole_chain():
    asked = []
    factory_for(OrderLine).create_batch(5, bulk=True)
    for count in (5, 45):
        with CaptureQueriesContext(connection) as queries:
            lines = factory_for(OrderLine).create_batch(count, bulk=True, quantity=2)
        asked.append(len(queries))
    assert asked[1] <= asked[0]
    assert OrderLine.objects.filter(quantity=2).count() == 50
    assert Order.objects.count() == User.objects.count() == Product.objects.count() == 55
    for line in lines[:3]:
        OrderLine.objects.get(pk=line.pk).full_clean()
    assert factory_for(OrderLine).create().pk > lines[-1].pk
    assert len(factory_for(OrderLine).create_batch(5, bulk=True)) == 5


@pytest.mark.django_db
def test_bulk_shares_what_is_given():
    order = factory_for(Order).create()
    factory_for(OrderLine).create_batch(20, bulk=True, order=order)
    assert order.lines.count() == 20


@pytest.mark.django_db
def test_bulk_refusals_name_the_rule():
    with pytest.raises(IntegrityRefused, match="shop_product_price_in_range"):
        factory_for(Product).create_batch(3, bulk=True, price_cents=0)
    assert Product.objects.count() == 0


@pytest.mark.django_db
def test_children_and_many_to_many():
    order = factory_for(Order).create_with_relations(lines=3, lines__quantity=4, payments=1)
    assert [line.quantity for line in order.lines.all()] == [4, 4, 4]
    assert order.payments.count() == 1
    user = factory_for(User).create_with_relations(orders=2, groups=2, subscriptions=0)
    assert user.orders.count() == user.groups.count() == 2
    assert not user.subscriptions.exists()
    with pytest.raises(UnknownField, match="did you mean lines"):
        factory_for(Order).create_with_relations(liness=3)
    with pytest.raises(BadOverride, match="give a number"):
        factory_for(Order).create_with_relations(lines="three")


@pytest.mark.django_db(transaction=True)
def test_asynchronous_code():
    order = async_to_sync(factory_for(Order).acreate)(user__first_name="Ada")
    assert order.user.first_name == "Ada"
    assert len(async_to_sync(factory_for(Plan).acreate_batch)(2)) == 2
    assert Plan.objects.count() == 2


# refusals ----------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_an_override_that_the_database_refuses():
    with pytest.raises(IntegrityError) as caught:
        factory_for(Order).create(total_cents=-1)
    assert isinstance(caught.value, IntegrityRefused)
    for part in ("shop.Order", "total_cents = -1 (given)", "shop_order_total_not_negative"):
        assert part in str(caught.value)
    assert Order.objects.count() == User.objects.count() == 0  # all or nothing, and usable


@pytest.mark.django_db
def test_other_refusals():
    user = factory_for(User).create()
    with pytest.raises(IntegrityRefused, match=r"email = .* \(given\)"):
        factory_for(User).create(email=user.email)
    with pytest.raises(DataRefused, match="too long"):
        factory_for(Product).create(name="n" * 200)
    with pytest.raises(IntegrityRefused, match="null value in column"):
        factory_for(Product).create(name=None)


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("shop.Ordr", "did you mean shop.Order"),
        ("Order", "shop.Order"),
        ("nowhere.Nothing", "as app_label.Model"),
    ],
)
def test_an_unknown_model_is_told_the_nearest(name, told):
    with pytest.raises(UnknownModel, match=told):
        factory_for(name)


def test_models_without_instances():
    from django.contrib.auth.models import AbstractUser
    from django.contrib.auth.models import User as Swapped

    with pytest.raises(NoInstances, match="abstract"):
        factory_for(AbstractUser)
    with pytest.raises(NoInstances, match=r"swapped out for shop\.User"):
        factory_for(Swapped)
    with pytest.raises(NoInstances, match="swapped"):
        factory_for("auth.User")


def test_an_unknown_field_is_told_the_nearest():
    with pytest.raises(UnknownField, match="did you mean total_cents"):
        factory_for(Order).build(total_cent=3)
    with pytest.raises(UnknownField, match="did you mean email"):
        factory_for(Order).build(user__emial="x")
    with pytest.raises(BadOverride, match="names no row"):
        factory_for(Order).build(note__emial="x")


@pytest.mark.django_db
def test_a_table_that_is_full_says_so():
    from example_project.zoo.models.constraints import OneOfEachFlag

    factory_for(OneOfEachFlag).create_batch(2)
    with pytest.raises((CannotMake, IntegrityRefused), match="OneOfEachFlag"):
        factory_for(OneOfEachFlag).create()


# the law of row n --------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_row_n_of_a_factory_is_row_n_of_seeding():
    from django.apps import apps

    from dbstate.factories.setting import current
    from dbstate.seeding import Options, prepare

    labels = ("shop.user", "shop.product", "shop.plan", "shop.order", "shop.orderline")
    options = Options(now=current().now, labels=labels, rows=6, profile="realistic")
    prepare(apps, using="default", options=options).run()
    for model in (User, Product, Plan):
        names = [
            f.attname
            for f in model._meta.concrete_fields
            if not (
                f.primary_key or f.is_relation or getattr(f, "auto_now", 0) or getattr(f, "auto_now_add", 0)
            )
        ]
        for number, seeded in enumerate(model._base_manager.order_by("pk")):
            built = factory_for(model).build(__sequence=number)
            assert {n: getattr(built, n) for n in names} == {n: getattr(seeded, n) for n in names}
    assert Order.objects.aggregate(Count("pk"))["pk__count"] == 6


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("name", "value", "told"), [("stock", 2**40, "out of range"), ("name", "x" * 999, "too long")]
)
def test_a_value_past_its_column_is_named(name: str, value: object, told: str) -> None:
    with pytest.raises(DataError, match=rf"{name} = .* \(given\).*{told}.*give {name} another value"):
        factory_for(Product).create(**{name: value})


@pytest.mark.django_db
def test_a_sequence_starts_anew_where_it_is_told_to() -> None:
    class Numbered(ModelFactory[Plan]):
        class Meta:
            model = Plan

        slug = factory.Sequence(lambda number: f"plan-{number}")

    Numbered.reset_sequence(100)
    assert [plan.slug for plan in Numbered.create_batch(2)] == ["plan-100", "plan-101"]
    assert Numbered.build().slug == "plan-102"
    Numbered.reset_sequence()
    assert Numbered.create().slug == "plan-2"


@pytest.mark.django_db(transaction=True)
def test_a_batch_outside_of_a_transaction_counts_its_tables_once() -> None:
    def questions(size: int) -> int:
        with CaptureQueriesContext(connection) as queries:
            factory_for(Plan).create_batch(size)
        return sum("SELECT" in one["sql"] for one in queries)

    questions(1)  # whatever is asked once
    assert questions(6) == questions(2)
    Plan(
        **{field.attname: getattr(factory_for(Plan).build(), field.attname) for field in Plan._meta.fields}
    ).save()
    assert len({plan.slug for plan in factory_for(Plan).create_batch(3)}) == 3


@pytest.mark.django_db
def test_the_tables_of_a_chain_are_counted_in_one_query(django_assert_num_queries) -> None:
    factory_for(OrderLine).create()  # full_clean() has taken a row of each model
    with django_assert_num_queries(6):  # four rows in a savepoint
        factory_for(OrderLine).create()
    new_test()
    with CaptureQueriesContext(connection) as asked:
        factory_for(OrderLine).create()
    assert [q["sql"].count("count(*)") for q in asked if "count(*)" in q["sql"]] == [4]


@pytest.mark.django_db
def test_what_refused_rows_have_taught_is_gone_with_the_test() -> None:
    def third() -> str:
        with transaction.atomic():
            name = factory_for(User).create(__sequence=3).username
            transaction.set_rollback(True)
        return name

    alone = third()
    new_test()
    assert len({factory_for(User).create(__sequence=3).username for _ in range(3)}) == 3
    User.objects.all().delete()
    new_test()
    assert third() == alone


@pytest.mark.django_db(transaction=True)
def test_rows_are_created_in_a_thread_of_their_own() -> None:
    factory_for(User).build()
    with ThreadPoolExecutor(1) as pool:
        created = pool.submit(_created_in_a_thread).result()
    assert User.objects.get(pk=created).username


def _created_in_a_thread() -> int:
    try:
        return factory_for(User).create().pk
    finally:
        connection.close()


# one after the other -----------------------------------------------------------------------------------


@pytest.mark.django_db
@pytest.mark.parametrize("label", ["zoo.Membership", "zoo.EveryCheck", "shop.Order"])
def test_values_do_not_depend_on_the_tests_before(label):
    def rows():
        new_test()
        with transaction.atomic():
            made = factory_for(label).create_batch(3)
            told = [{n: v for n, v in one.__dict__.items() if n[0] != "_" and "id" not in n} for one in made]
            transaction.set_rollback(True)
        return told

    assert rows() == rows()


@pytest.mark.django_db
def test_checks_on_keys_hold_in_built_rows_and_in_those_with_relations():
    checks = factory_for("zoo.EveryCheck")
    checks.create()
    made = checks.create_with_relations()
    made.full_clean()
    built = checks.build()
    assert (built.club is None) != (built.member is None)
    checks.save(built).full_clean()


@pytest.mark.django_db
@pytest.mark.parametrize("number", [0, 1, 3])
def test_so_many_rows_name_the_row_as_were_said(number):
    club = factory_for("zoo.Club").create_with_relations(members=number)
    assert club.members.count() == number
    assert club.president is not None
