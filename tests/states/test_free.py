"""Phrases that are states without code: exactly these."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.apps import apps
from django.apps.registry import Apps
from django.db import models
from django.test.utils import isolate_apps

from dbstate.introspection import NamedChoice, NamedField, NamedModel, read_names
from dbstate.states import AmbiguousState, Free
from dbstate.states.free import find_free, phrases

STATUS = NamedField(
    "status",
    ("shipping status", "status"),
    (NamedChoice("s", ("Shipped", "s")), NamedChoice("p", ("past due", "p")), NamedChoice(3, ("S", "3"))),
)
ORDER = NamedModel("shop.Order", ("order", "Order", "shop.Order"), (STATUS,))
LINE = NamedModel("shop.OrderLine", ("order line", "OrderLine", "shop.OrderLine"), ())
OLD = NamedModel("old.Order", ("order", "Order", "old.Order"), ())


@pytest.mark.parametrize(
    ("phrase", "meaning"),
    [
        ("order exists", Free("shop.Order")),
        ("Order exists", Free("shop.Order")),
        ("shop.Order exists", Free("shop.Order")),
        ("order line exists", Free("shop.OrderLine")),
        ("OrderLine does not exist", Free("shop.OrderLine", absent=True)),
        ("order with shipped status exists", Free("shop.Order", field="status", value="s")),
        ("shop.Order with past due shipping status exists", Free("shop.Order", field="status", value="p")),
        ("order with 3 status exists", Free("shop.Order", field="status", value=3)),
        ("order  exists", None),
        ("an order exists", None),
        ("orders exist", None),
        ("order exists now", None),
        ("order with lost status exists", None),
        ("order with shipped state exists", None),
        ("order line with shipped status exists", None),
        ("order with shipped status does not exist", None),
        ("order with status exists", None),
        ("exists", None),
    ],
)
def test_meanings(phrase: str, meaning: Free | None) -> None:
    assert find_free(phrase, [ORDER, LINE]) == meaning


@pytest.mark.parametrize(
    ("phrase", "candidates"),
    [
        ("order exists", ("shop.Order exists", "old.Order exists")),
        ("order does not exist", ("shop.Order does not exist", "old.Order does not exist")),
        (
            "order with s status exists",
            ("shop.Order with Shipped status exists", "shop.Order with 3 status exists"),
        ),
    ],
)
def test_ambiguity_is_refused_with_what_is_unambiguous(phrase: str, candidates: tuple[str, ...]) -> None:
    known = [ORDER, OLD]
    with pytest.raises(AmbiguousState) as caught:
        find_free(phrase, known)
    assert caught.value.candidates == candidates
    for one in candidates:
        assert repr(one) in str(caught.value)
        assert find_free(one, known) is not None


def meanings(phrase: str, known: tuple[NamedModel, ...]) -> list[Free]:
    """What it means; of an ambiguous one, what each candidate does."""
    try:
        found = [find_free(phrase, known)]
    except AmbiguousState as error:
        found = [find_free(one, known) for one in error.candidates]
    return [free for free in found if free is not None]


def test_phrases_of_all_models_mean_what_they_say() -> None:
    """Each phrase that is offered as the nearest means one thing, or says which ones it can mean."""
    named = read_names(apps)
    by_label = {model.label: model for model in named}
    count = 0
    for phrase in phrases(named):
        meant = meanings(phrase, named)
        assert len({(free.label, free.field, repr(free.value)) for free in meant}) == len(meant) > 0, phrase
        if len(meant) == 1:
            assert phrase.startswith(by_label[meant[0].label].names[0])
            count += 1
    assert count > 100


@pytest.fixture
def registry() -> Iterator[Apps]:
    with isolate_apps("example_project.shop") as found:
        yield found


def test_a_proxy_takes_no_name_of_another_model(registry: Apps) -> None:
    class Base(models.Model):
        class Meta:
            app_label = "shop"
            verbose_name = "thing"

    class Named(Base):
        class Meta:
            app_label = "shop"
            verbose_name = "thing"
            proxy = True

    assert [(one.label, one.names) for one in read_names(registry)] == [
        ("shop.Base", ("thing", "Base", "shop.Base")),
        ("shop.Named", ("Named", "shop.Named")),
    ]


def test_names_are_those_of_the_code_in_any_language() -> None:
    order = next(model for model in read_names(apps) if model.label == "shop.Order")
    assert order.names == ("order", "Order", "shop.Order")
    (status,) = order.fields
    assert (status.field, status.names) == ("status", ("status",))
    assert status.choices[0] == NamedChoice("placed", ("Placed", "placed"))
