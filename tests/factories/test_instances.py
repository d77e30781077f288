"""The constructor that gives fields by position makes what ``Model(**row)`` makes."""

from __future__ import annotations

from typing import Any

import pytest
from django.apps import apps as installed
from django.db import models
from django.db.models.signals import post_init
from django.test.utils import isolate_apps

from dbstate.factories import factory_for
from dbstate.factories.blueprint import made_row
from dbstate.factories.instances import PLANS, Constructor
from example_project.shop.models import Order, User

MODELS = [
    model
    for label in ("auth", "shop", "zoo", "zoo_postgres")
    for model in installed.get_app_config(label).get_models()
    if model._meta.managed and not model._meta.swapped
]


def state(instance: models.Model) -> dict[str, Any]:
    own = {name: value for name, value in instance.__dict__.items() if name != "_state"}
    return own | {"cached": instance._state.fields_cache, "adding": instance._state.adding}


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.label)
def test_it_makes_what_the_model_makes(model: type[models.Model]) -> None:
    blueprint = factory_for(model)._meta.blueprint
    row = made_row(blueprint, dict.fromkeys(blueprint.chain, 3), "")
    for field in model._meta.concrete_fields:
        if field.has_default() and callable(field.default):
            row.setdefault(field.attname, field.get_default())
    assert str(state(Constructor(model)(row))) == str(state(model(**row)))


def test_rows_that_are_named_are_named() -> None:
    user = User(id=5, username="a")
    made = Constructor(Order)({"user": user, "city": "Oslo"})
    assert isinstance(made, Order)
    assert (made.user, made.user_id, made.city, made.id) == (user, 5, "Oslo", None)
    assert made.currency == Order(user=user).currency


@isolate_apps("django.contrib.messages")
def test_names_are_kept_where_they_tell() -> None:
    called: list[tuple[tuple[Any, ...], dict[str, Any]]] = []

    class Base(models.Model):
        name = models.CharField(max_length=9)
        number = models.IntegerField(default=lambda: len(called))
        owner = models.ForeignKey("self", models.CASCADE, null=True)

        class Meta:
            app_label = "messages"

        @property
        def shout(self) -> str:
            return self.name.upper()

        @shout.setter
        def shout(self, value: str) -> None:
            self.name = value.lower()

    class Own(Base):
        class Meta:
            app_label = "messages"

        def __init__(self, *args: Any, **kwargs: Any) -> None:
            called.append((args, kwargs))
            super().__init__(*args, **kwargs)

    assert Constructor(Own)({"name": "a"}).name == "a"
    assert called == [((), {"name": "a"})]
    assert (made := Constructor(Base)({"name": "b"})).number == 1
    assert made.owner is None
    assert Constructor(Base)({"shout": "C"}).name == "c"
    with pytest.raises(TypeError, match="unexpected keyword arguments: 'nmae'"):
        Constructor(Base)({"nmae": "d"})
    with pytest.raises(ValueError, match='must be a "Base" instance'):
        Constructor(Base)({"owner": User()})

    seen: list[Any] = []

    def look(instance: Any, **kwargs: Any) -> None:
        seen.append(instance.owner)

    post_init.connect(look, sender=Base)
    try:
        owner = Constructor(Base)({"name": "e"})
        Constructor(Base)({"name": "f", "owner": owner})
    finally:
        post_init.disconnect(look, sender=Base)
    assert seen == [None, owner]


def test_what_it_keeps_is_bounded() -> None:
    constructor = Constructor(User)
    names = [field.attname for field in User._meta.concrete_fields]
    for number in range(PLANS * 2):
        row = {name: None for place, name in enumerate(names) if number >> place & 1}
        assert str(constructor(row).__dict__.keys()) == str(User(**row).__dict__.keys())
    assert len(constructor._plans) <= PLANS
