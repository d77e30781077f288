"""Foreign keys, one-to-ones, many-to-many and generic keys."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.apps.registry import Apps
from django.contrib.contenttypes.fields import GenericForeignKey, GenericRelation
from django.contrib.contenttypes.models import ContentType
from django.db import models
from django.db.models import Q
from django.test.utils import isolate_apps, override_settings

from dbstate.catalog import Catalog, ForeignKey, GenericKey, Table
from dbstate.introspection import read_catalog


@pytest.fixture
def apps() -> Iterator[Apps]:
    with isolate_apps("django.contrib.messages") as registry:
        yield registry


class Here:
    """Options of the models here: they belong to an app of the isolated registry."""

    app_label = "messages"


def _key(table: Table, name: str) -> ForeignKey:
    return next(key for key in table.foreign_keys if key.name == name)


def _read(apps: Apps) -> Catalog:
    catalog = read_catalog(apps)
    assert [table.notes for table in catalog if table.notes] == []
    return catalog


class TreeKey(models.ForeignKey):
    pass


def test_facts_of_foreign_keys(apps: Apps) -> None:
    class Shop(models.Model):
        code = models.CharField(max_length=7, unique=True, db_column="Shop Code")

        class Meta(Here):
            pass

    class Order(models.Model):
        plain = models.ForeignKey(Shop, models.CASCADE, related_name="+")
        by_code = models.ForeignKey(
            Shop, models.PROTECT, to_field="code", null=True, blank=True, related_name="+"
        )
        loose = models.ForeignKey(Shop, models.DO_NOTHING, db_constraint=False, related_name="+")
        some = models.ForeignKey(
            Shop, models.SET(1), limit_choices_to={"code": "x"}, related_name="+", db_column="Some One"
        )
        called = models.ForeignKey(Shop, models.CASCADE, limit_choices_to=lambda: Q(), related_name="+")
        empty = models.ForeignKey(Shop, models.CASCADE, limit_choices_to=Q(), related_name="+")
        tree = TreeKey("self", models.CASCADE)

        class Meta(Here):
            pass

    table = _read(apps).by_label["messages.order"]
    plain = _key(table, "plain")
    assert plain == ForeignKey("plain", ("plain_id",), "messages_shop", ("id",), on_delete="CASCADE")
    by_code = _key(table, "by_code")
    assert (by_code.target_columns, by_code.null, by_code.blank) == (("Shop Code",), True, True)
    column = table.column("by_code_id")
    assert (column.kind, column.sql_type, column.max_length) == ("text", "varchar(7)", 7)
    assert not _key(table, "loose").enforced
    some = _key(table, "some")
    assert (some.columns, some.limited, some.on_delete) == (("Some One",), True, "SET")
    assert _key(table, "called").limited
    assert not _key(table, "empty").limited
    assert _key(table, "tree").target == "messages_order"


def test_types_go_through_chains_of_keys(apps: Apps) -> None:
    class Root(models.Model):
        code = models.CharField(max_length=7, primary_key=True)

        class Meta(Here):
            pass

    class Middle(models.Model):
        root = models.OneToOneField(Root, models.CASCADE, primary_key=True)

        class Meta(Here):
            pass

    class Leaf(models.Model):
        middle = models.ForeignKey(Middle, models.CASCADE)

        class Meta(Here):
            pass

    catalog = _read(apps)
    column = catalog.by_label["messages.leaf"].column("middle_id")
    assert (column.kind, column.sql_type) == ("text", "varchar(7)")
    middle = catalog.by_label["messages.middle"]
    assert middle.primary_key == ("root_id",)
    assert _key(middle, "root").unique
    assert not _key(middle, "root").parent_link
    assert _key(catalog.by_label["messages.leaf"], "middle").target_columns == ("root_id",)


def test_cycles_and_proxies(apps: Apps) -> None:
    class Egg(models.Model):
        hen = models.ForeignKey("Hen", models.CASCADE)

        class Meta(Here):
            pass

    class Hen(models.Model):
        egg = models.ForeignKey("Egg", models.CASCADE)

        class Meta(Here):
            pass

    class ProxyHen(Hen):
        class Meta(Here):
            proxy = True

    class Farmer(models.Model):
        hen = models.ForeignKey(ProxyHen, models.CASCADE)

        class Meta(Here):
            pass

    catalog = _read(apps)
    assert list(catalog.by_label) == ["messages.egg", "messages.farmer", "messages.hen"]
    assert catalog["messages_egg"].column("hen_id").sql_type == "bigint"
    assert _key(catalog["messages_farmer"], "hen").target == "messages_hen"


def test_inheritance_over_tables(apps: Apps) -> None:
    class Place(models.Model):
        name = models.CharField(max_length=9)

        class Meta(Here):
            pass

    class Bar(Place):
        seats = models.IntegerField()

        class Meta(Here):
            pass

    class Club(Bar):
        own = models.OneToOneField(Bar, models.CASCADE, parent_link=True, primary_key=True)
        rival = models.OneToOneField(Place, models.CASCADE, null=True, related_name="+")

        class Meta(Here):
            pass

    catalog = _read(apps)
    bar, club = catalog["messages_bar"], catalog["messages_club"]
    assert [column.name for column in bar.columns] == ["place_ptr_id", "seats"]
    assert [(link.columns, link.target, link.unique) for link in bar.parent_links] == [
        (("place_ptr_id",), "messages_place", True)
    ]
    assert [link.target_columns for link in club.parent_links] == [("place_ptr_id",)]
    assert not _key(club, "rival").parent_link
    assert "django.db.models.base.Model" in bar.ancestors


def test_the_parent_link_below_an_abstract_class_that_inherits(apps: Apps) -> None:
    class Place(models.Model):
        class Meta(Here):
            pass

    class Described(Place):
        text = models.TextField()

        class Meta(Here):
            abstract = True

    class Bar(Described, Place):
        class Meta(Here):
            pass

    assert [link.target for link in _read(apps)["messages_bar"].parent_links] == ["messages_place"]


def test_many_to_many(apps: Apps) -> None:
    class Tag(models.Model):
        like = models.ManyToManyField("self")
        above = models.ManyToManyField("self", symmetrical=False, related_name="below", db_table="tag above")

        class Meta(Here):
            pass

    class Post(models.Model):
        tags = models.ManyToManyField(Tag)
        rated = models.ManyToManyField(Tag, through="Rating", related_name="+")

        class Meta(Here):
            pass

    class Rating(models.Model):
        post = models.ForeignKey(Post, models.CASCADE)
        tag = models.ForeignKey(Tag, models.CASCADE)
        stars = models.IntegerField()

        class Meta(Here):
            pass

    catalog = _read(apps)
    through = catalog["messages_post_tags"]
    assert through.auto_created
    assert [key.target for key in through.foreign_keys] == ["messages_post", "messages_tag"]
    assert ("post_id", "tag_id") in [unique.columns for unique in through.uniques]
    assert catalog["messages_tag_like"].symmetrical
    assert not catalog["tag above"].symmetrical
    assert not catalog["messages_rating"].auto_created
    assert not through.symmetrical


def test_generic_keys(apps: Apps) -> None:
    class Base(models.Model):
        kind = models.ForeignKey(ContentType, models.CASCADE, null=True)
        key = models.CharField(max_length=40, db_column="The Key")
        subject = GenericForeignKey("kind", "key", for_concrete_model=False)

        class Meta(Here):
            pass

    class Child(Base):
        notes = GenericRelation(Base, content_type_field="kind", object_id_field="key")

        class Meta(Here):
            pass

    catalog = _read(apps)
    base = catalog["messages_base"]
    assert base.generic_keys == (
        GenericKey("subject", "kind_id", "The Key", null=True, for_concrete_model=False),
    )
    assert [column.name for column in base.columns] == ["id", "kind_id", "The Key"]
    assert catalog["messages_child"].generic_keys == ()


def test_keys_to_swapped_models_go_to_what_took_their_place(apps: Apps) -> None:
    with override_settings(TEST_PERSON_MODEL="messages.Mine"):

        class Person(models.Model):
            class Meta(Here):
                swappable = "TEST_PERSON_MODEL"

        class Mine(models.Model):
            key = models.CharField(max_length=4, primary_key=True)

            class Meta(Here):
                pass

        class Letter(models.Model):
            to = models.ForeignKey(Person, models.CASCADE)

            class Meta(Here):
                pass

        catalog = _read(apps)
    assert "messages.person" not in catalog.by_label
    key = _key(catalog["messages_letter"], "to")
    assert (key.target, key.target_columns) == ("messages_mine", ("key",))


def test_key_to_a_model_that_is_not_there_is_noted(apps: Apps) -> None:
    class Lost(models.Model):
        where = models.ForeignKey("nowhere.Land", models.CASCADE)

        class Meta(Here):
            pass

    table = read_catalog(apps)["messages_lost"]
    assert table.foreign_keys == ()
    assert "nowhere.Land" in table.notes[0]
    assert table.column("where_id").trouble != ""


def test_foreign_object_over_two_columns(apps: Apps) -> None:
    class Cell(models.Model):
        x = models.IntegerField()
        y = models.IntegerField()
        pk = models.CompositePrimaryKey("x", "y")

        class Meta(Here):
            pass

    class Piece(models.Model):
        col = models.IntegerField(db_column="Col")
        row = models.IntegerField(null=True)
        cell = models.ForeignObject(Cell, models.CASCADE, from_fields=["col", "row"], to_fields=["x", "y"])

        class Meta(Here):
            pass

    (key,) = _read(apps)["messages_piece"].foreign_keys
    assert (key.columns, key.target_columns, key.enforced, key.null) == (
        ("Col", "row"),
        ("x", "y"),
        False,
        True,
    )
