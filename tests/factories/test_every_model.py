"""Every model of the example project has a factory whose rows the database and full_clean() accept."""

from __future__ import annotations

import warnings

import pytest
from django.apps import apps
from django.db import connection

from dbstate.factories import UncleanRow, factory_for

MODELS = [
    model
    for label in ("shop", "zoo", "zoo_postgres")
    for model in apps.get_app_config(label).get_models(include_auto_created=True)
    if model._meta.managed and not model._meta.swapped
]


FEW = {"zoo.OneOfEachFlag"}
"""Models that can hold two rows."""


@pytest.mark.django_db
@pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.label)
def test_three_rows_are_created_and_clean(model):
    with warnings.catch_warnings():
        warnings.simplefilter("error", UncleanRow)
        count = 2 if model._meta.label in FEW else 3
        rows = factory_for(model).create_batch(count)
    connection.check_constraints()
    for row in rows:
        model._base_manager.get(pk=row.pk).full_clean()
    assert len({row.pk for row in rows}) == count


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.label)
def test_a_row_is_built_without_the_database(model):
    row = factory_for(model).build()
    assert isinstance(row, model)
    assert row._state.adding
