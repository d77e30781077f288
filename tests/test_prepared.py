"""Values that fields hand on as they are: those that a field would hand on unchanged, and no others."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

import pytest
from django.apps import apps as installed
from django.db import connection, models
from django.test.utils import isolate_apps

from dbstate.factories import factory_for
from dbstate.prepared import plain_type, saved_column, saves_by_itself

MODELS = [
    model
    for label in ("auth", "shop", "zoo", "zoo_postgres")
    for model in installed.get_app_config(label).get_models()
    if model._meta.managed and not model._meta.swapped
]


@pytest.mark.django_db
@pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.label)
def test_a_column_holds_what_the_field_hands_on_row_by_row(model: type[models.Model]) -> None:
    rows = factory_for(model).build_batch(12)
    for field in model._meta.local_concrete_fields:
        now = getattr(field, "auto_now", False) or getattr(field, "auto_now_add", False)
        if now or field.generated or not saves_by_itself(field):
            continue
        singly: list[Any] = [field.get_db_prep_save(field.pre_save(row, True), connection) for row in rows]
        assert [*map(str, saved_column(field, rows, connection))] == [*map(str, singly)]


class Cents(models.IntegerField):
    def get_prep_value(self, value: Any) -> Any:
        return None if value is None else value * 100


class Trimmed(models.CharField):
    def to_python(self, value: Any) -> Any:
        return value.strip()


class Counted(models.SlugField):
    def pre_save(self, model_instance: models.Model, add: bool) -> Any:
        return f"{model_instance.pk}"


class CentsKey(models.ForeignKey):
    """Of another method than that which saves it; who knows."""

    def get_prep_value(self, value: Any) -> Any:
        return None if value is None else value * 100


@isolate_apps("django.contrib.messages")
def test_who_prepares_values_itself_is_asked() -> None:
    class Owner(models.Model):
        id = Cents(primary_key=True)

        class Meta:
            app_label = "messages"

    class Thing(models.Model):
        cents = Cents()
        trimmed = Trimmed(max_length=9)
        slug = Counted()
        at = models.DateTimeField()
        made = models.DateTimeField(auto_now_add=True)
        number = models.IntegerField()
        key = models.UUIDField()
        owner = models.ForeignKey(Owner, models.CASCADE)
        other = CentsKey("self", models.CASCADE)
        itself = models.ForeignKey("self", models.CASCADE, related_name="+")

        class Meta:
            app_label = "messages"

    field = {one.name: one for one in Thing._meta.fields}
    assert {name: plain_type(one) for name, one in field.items()} == {
        "id": int,
        "cents": None,
        "trimmed": None,
        "slug": str,
        "at": dt.datetime,
        "made": dt.datetime,
        "number": int,
        "key": uuid.UUID,
        "owner": None,
        "other": None,
        "itself": int,
    }
    assert [name for name, one in field.items() if not saves_by_itself(one)] == ["slug"]
    thing = Thing(cents=3, owner_id=4, number="7", made=None, trimmed=" a ", other_id=2)
    assert [
        saved_column(field[name], [thing], connection) for name in ("cents", "owner", "trimmed", "other")
    ] == [
        [300],
        [400],
        ["a"],
        [2],
    ]
    assert [int(one) for one in saved_column(field["number"], [thing], connection)] == [7]
    assert saved_column(field["made"], [thing], connection)[0] is thing.made is not None
    thing.at = dt.datetime(2026, 1, 2)  # no zone: the field adds the project's
    with pytest.warns(RuntimeWarning, match="naive datetime"):
        assert saved_column(field["at"], [thing], connection)[0].tzinfo is not None
