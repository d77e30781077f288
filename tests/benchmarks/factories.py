"""Print what factories cost, as ratios: ``python -m tests.benchmarks.factories [rows] [rounds]``.

Building the ten fields of a product, and an order with its user, against a hand-written factory_boy
factory with Faker, and against the model's own constructor with ready values. Row numbers start anew in each
test, so most rows are made of values that the process knows ("again"). Writing
order lines with all that they need, against the hand-written factory's ``create_batch`` and
model_bakery's bulk way, in a database of its own. The ways take turns, and the best time of each counts;
only ratios last from machine to machine. Needs model_bakery besides the extra ``dev``.
"""

from __future__ import annotations

import itertools
import os
import sys
from collections.abc import Iterator
from datetime import UTC
from typing import Any

import django

from tests.benchmarks.seeding import ALIAS, best, database, empty, show, timed

HAND = "factory_boy with Faker, by hand"
BARE = "Model(**kwargs), ready values"


def by_hand() -> Any:
    """The factories that a team writes: products, orders with their users, order lines with their chain."""
    import factory

    from example_project.shop import models

    class Person(factory.django.DjangoModelFactory):
        username = factory.Sequence(lambda number: f"person{number}")
        first_name = factory.Faker("first_name")
        last_name = factory.Faker("last_name")
        email = factory.Sequence(lambda number: f"person{number}@example.org")

        class Meta:
            model = models.User
            database = ALIAS

    class Product(factory.django.DjangoModelFactory):
        sku = factory.Sequence(lambda number: f"ABC-{number:06}")
        name = factory.Faker("catch_phrase")
        slug = factory.Sequence(lambda number: f"product-{number}")
        description = factory.Faker("paragraph")
        price_cents = factory.Faker("pyint", min_value=1, max_value=100_000)
        currency = factory.Faker("currency_code")
        stock = factory.Faker("pyint", min_value=0, max_value=1_000)
        is_available = factory.Faker("pybool")
        created_at = factory.Faker("date_time_this_decade", tzinfo=UTC)
        updated_at = factory.Faker("date_time_this_year", tzinfo=UTC)

        class Meta:
            model = models.Product
            database = ALIAS

    class Order(factory.django.DjangoModelFactory):
        user = factory.SubFactory(Person)
        status = factory.Faker("random_element", elements=["placed", "packed"])
        currency = factory.Faker("currency_code")
        recipient_name = factory.Faker("name")
        street = factory.Faker("street_address")
        city = factory.Faker("city")
        postal_code = factory.Faker("postcode")
        country = factory.Faker("country_code")
        placed_at = factory.Faker("date_time_this_year", tzinfo=UTC)

        class Meta:
            model = models.Order
            database = ALIAS

    class Line(factory.django.DjangoModelFactory):
        order = factory.SubFactory(Order)
        product = factory.SubFactory(Product)
        quantity = factory.Faker("pyint", min_value=1, max_value=9)
        unit_price_cents = factory.Faker("pyint", min_value=1, max_value=100_000)

        class Meta:
            model = models.OrderLine
            database = ALIAS

    return Product, Order, Line


def building(
    model: Any, hand: Any, chain: tuple[Any, ...], rows: int, rounds: int
) -> Iterator[tuple[str, ...]]:
    """Lines of the table of building times of a model, whose factory builds rows of the chain's models."""
    from dbstate.factories import factory_for, new_test

    ours = factory_for(model)
    unseen = itertools.count(rows, rows)

    def first() -> float:
        start = next(unseen)
        for one in chain:
            factory_for(one).reset_sequence(start)
        return timed(lambda: [ours.build() for _ in range(rows)])

    def single() -> float:
        new_test()
        return timed(lambda: [ours.build() for _ in range(rows)])

    def batch() -> float:
        new_test()
        return timed(lambda: ours.build_batch(rows))

    kept = [_values(one) for one in ours.build_batch(rows)]
    ways = {
        HAND: lambda: timed(lambda: [hand.build() for _ in range(rows)]),
        BARE: lambda: timed(lambda: [_bare(model, *values) for values in kept]),
        "dbstate build(), values not made yet": first,
        "dbstate build(), again": single,
        "dbstate build_batch(), again": batch,
    }
    seconds = best(ways, rounds)
    for name, taken in seconds.items():
        faster, slower = seconds[HAND] / taken, taken / seconds[BARE]
        yield name, f"{taken / rows * 1e6:,.0f} µs", f"{faster:.1f} x", f"{slower:.1f} x"


Values = tuple[dict[str, Any], dict[str, Any]]
"""A row's own values, and by relation the model and the values of the row that it names."""


def _values(row: Any) -> Values:
    own: dict[str, Any] = {}
    named: dict[str, Any] = {}
    for field in row._meta.concrete_fields:
        if field.is_relation and field.is_cached(row):
            parent = getattr(row, field.name)
            named[field.name] = (type(parent), _values(parent))
        elif not field.primary_key:
            own[field.attname] = getattr(row, field.attname)
    return own, named


def _bare(model: Any, own: dict[str, Any], named: dict[str, Any]) -> Any:
    parents = {name: _bare(parent, *values) for name, (parent, values) in named.items()} if named else {}
    return model(**own, **parents)


def writing(rows: int, rounds: int) -> Iterator[tuple[str, ...]]:
    """Lines of the table of writing times."""
    from model_bakery import baker

    from dbstate.factories import factory_for, new_test
    from example_project.shop import models

    *_, hand = by_hand()
    bulk = "dbstate create_batch(bulk=True)"
    count = iter(range(10**9))
    unique: dict[str, Any] = {
        "order__user__email": lambda: f"person{next(count)}@example.org",
        "order__user__username": lambda: f"person{next(count)}",
        "order__total_cents": 5,
        "order__currency": "EUR",
        "order__country": "DE",
        "product__sku": lambda: f"ABC-{next(count):06}",
        "product__slug": lambda: f"product-{next(count)}",
        "product__price_cents": 5,
        "product__stock": 5,
        "unit_price_cents": 5,
    }

    def anew(act: Any) -> float:
        new_test()
        for model in (models.User, models.Product):
            empty(model)
        return timed(act)

    with database():
        ours = factory_for(models.OrderLine, using=ALIAS)
        ways = {
            bulk: lambda: anew(lambda: ours.create_batch(rows, bulk=True)),
            "dbstate create_batch()": lambda: anew(lambda: ours.create_batch(rows)),
            f"{HAND}, create_batch()": lambda: anew(lambda: hand.create_batch(rows)),
            "model_bakery, _bulk_create": lambda: anew(
                lambda: baker.make(
                    models.OrderLine, _quantity=rows, _bulk_create=True, _using=ALIAS, **unique
                )
            ),
        }
        ours.create()  # the models are read
        first = ways[bulk]()
        seconds = {f"{bulk}, first": first} | best(ways, rounds)
    for name, taken in seconds.items():
        yield name, f"{taken:.2f} s", f"{rows / taken:,.0f}", f"{taken / seconds[bulk]:.1f} x"


def main() -> None:
    """Print both tables."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "example_project.settings")
    django.setup()
    given = [int(number) for number in sys.argv[1:]]
    rows, rounds = (*given, *(1_000, 3)[len(given) :])
    from example_project.shop.models import Order, Product, User

    product, order, _ = by_hand()
    heads = ("each", "by hand", "of Model()")
    show((f"{rows:,} products", *heads), building(Product, product, (Product,), rows, rounds))
    show((f"{rows:,} orders, each of its user", *heads), building(Order, order, (Order, User), rows, rounds))
    show((f"{rows:,} order lines", "best", "rows/s", "of bulk"), writing(rows, rounds))


if __name__ == "__main__":
    main()
