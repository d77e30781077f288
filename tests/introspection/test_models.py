"""Which models have a table, and what is said of the whole table."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

import pytest
from django.apps import apps as installed
from django.apps.registry import Apps
from django.db import models
from django.db.migrations.state import ModelState, ProjectState
from django.db.models import Q
from django.test.utils import isolate_apps, override_settings
from django.utils import translation
from django.utils.translation import gettext_lazy

from dbstate.introspection import concrete_models, read_catalog
from tests.benchmarks.synthetic import synthetic_apps


@pytest.fixture
def apps() -> Iterator[Apps]:
    with isolate_apps("django.contrib.messages") as registry:
        yield registry


class Here:
    """Options of the models here: they belong to an app of the isolated registry."""

    app_label = "messages"


def test_which_models_have_a_table(apps: Apps) -> None:
    class Abstract(models.Model):
        class Meta(Here):
            abstract = True

    class Zebra(Abstract):
        class Meta(Here):
            pass

    class Striped(Zebra):
        class Meta(Here):
            proxy = True

    class Legacy(models.Model):
        class Meta(Here):
            managed = False
            db_table = 'old "legacy"'

    class ElsewhereOnly(models.Model):
        class Meta(Here):
            required_db_vendor = "oracle"

    catalog = read_catalog(apps)
    assert [table.label for table in catalog] == ["messages.Legacy", "messages.Zebra"]
    assert not catalog['old "legacy"'].managed


def test_of_two_models_on_one_table_the_managed_one_speaks(apps: Apps) -> None:
    class AView(models.Model):
        class Meta(Here):
            managed = False
            db_table = "messages_thing"

    class Thing(models.Model):
        name = models.CharField(max_length=5)

        class Meta(Here):
            pass

    (table,) = read_catalog(apps)
    assert (table.label, table.also) == ("messages.Thing", ("messages.AView",))


class NoThing:
    def allow_migrate(
        self, db: str, app_label: str, model_name: str | None = None, **hints: Any
    ) -> bool | None:
        return False if model_name == "thing" else None


def test_routers_and_include_leave_models_out(apps: Apps) -> None:
    class Thing(models.Model):
        class Meta(Here):
            pass

    class Other(models.Model):
        class Meta(Here):
            pass

    with override_settings(DATABASE_ROUTERS=[NoThing()]):
        assert [table.label for table in read_catalog(apps)] == ["messages.Other"]
    only = read_catalog(apps, include=lambda model: model is Thing)
    assert [table.label for table in only] == ["messages.Thing"]
    assert concrete_models(apps) == (Other, Thing)


class Careful:
    def clean(self) -> None: ...


def test_has_clean(apps: Apps) -> None:
    class Bare(models.Model):
        class Meta(Here):
            pass

    class Mixed(Careful, models.Model):
        class Meta(Here):
            pass

    class Own(models.Model):
        def validate_constraints(self, exclude: Any = None) -> None: ...

        class Meta(Here):
            pass

    catalog = read_catalog(apps)
    assert {table.label: table.has_clean for table in catalog} == {
        "messages.Bare": False,
        "messages.Mixed": True,
        "messages.Own": True,
    }
    assert f"{__name__}.Careful" in catalog.by_label["messages.mixed"].ancestors


def test_tables_that_libraries_fill() -> None:
    catalog = read_catalog(installed)
    filled = {table.label for table in catalog if table.library_filled}
    assert {"contenttypes.ContentType", "auth.Permission"} <= filled
    assert not {"auth.User", "auth.Group", "admin.LogEntry", "sites.Site"} & filled


def test_historical_models() -> None:
    state = ProjectState()
    key = ("id", models.BigAutoField(primary_key=True))
    state.add_model(ModelState("contenttypes", "ContentType", [key]))
    state.add_model(
        ModelState(
            "shop",
            "Shop",
            [key, ("name", models.CharField(max_length=9)), ("tags", models.ManyToManyField("shop.Tag"))],
            options={
                "constraints": [
                    models.CheckConstraint(condition=~Q(name=""), name="named"),
                    models.UniqueConstraint(fields=["name"], name="once"),
                ]
            },
        )
    )
    state.add_model(
        ModelState("shop", "Tag", [key, ("shop", models.ForeignKey("shop.Shop", models.CASCADE))])
    )
    catalog = read_catalog(state.apps)
    assert [table.name for table in catalog] == [
        "django_content_type" if "django_content_type" in catalog.tables else "contenttypes_contenttype",
        "shop_shop",
        "shop_shop_tags",
        "shop_tag",
    ]
    shop = catalog["shop_shop"]
    assert [check.expression for check in shop.checks] == ["NOT (\"name\" = '')"]
    assert "once" in [unique.name for unique in shop.uniques]
    assert catalog.by_label["contenttypes.contenttype"].library_filled
    assert catalog["shop_tag"].foreign_keys[0].target == "shop_shop"


def test_labels_do_not_depend_on_the_language(apps: Apps) -> None:
    class Thing(models.Model):
        when = models.DateField(gettext_lazy("Date"))

        class Meta(Here):
            pass

    with translation.override("de"):
        assert read_catalog(apps)["messages_thing"].column("when").label == "Date"


def test_a_catalog_is_equal_when_read_again() -> None:
    assert read_catalog(installed).tables == read_catalog(installed).tables


@pytest.mark.slow
def test_a_thousand_models_take_seconds() -> None:
    registry = synthetic_apps(1000)
    started = time.process_time()
    catalog = read_catalog(registry)
    assert len(catalog.tables) == 1000
    assert time.process_time() - started < 10


def test_reading_does_not_import_a_driver_of_its_own() -> None:
    code = "import sys, dbstate.introspection, dbstate.binding; sys.exit('psycopg' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
