"""Uniques, checks, exclusions and indexes of a model."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.apps.registry import Apps
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, RangeOperators
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import connections, models
from django.db.models import F, Q
from django.db.models.constraints import BaseConstraint
from django.db.models.functions import Lower
from django.test.utils import isolate_apps

from dbstate.catalog import Check, Table, Unique
from dbstate.introspection import read_catalog
from dbstate.introspection.constraints import implicit_name

Read = Callable[..., Table]


@pytest.fixture
def apps() -> Iterator[Apps]:
    with isolate_apps("django.contrib.messages") as registry:
        yield registry


@pytest.fixture
def read(apps: Apps) -> Read:
    """Make the model Thing of these fields and options, and read its table."""

    def make(*constraints: Any, options: dict[str, Any] | None = None, **fields: Any) -> Table:
        texts = {name: models.CharField(max_length=9) for name in ("a", "b", "c")}
        meta = {"app_label": "messages", "db_table": "thing", "constraints": constraints, **(options or {})}
        attributes = {"__module__": __name__, "Meta": type("Meta", (), meta), **texts, **fields}
        type("Thing", (models.Model,), attributes)
        return read_catalog(apps)["thing"]

    return make


def _unique(table: Table, name: str) -> Unique:
    return next(unique for unique in table.uniques if unique.name == name)


def test_keys_and_unique_fields(read: Read) -> None:
    table = read(d=models.IntegerField(unique=True), options={"unique_together": [("a", "b")]})
    assert table.primary_key == ("id",)
    primary, single, together = table.uniques
    assert primary == Unique("thing_pkey", ("id",), primary=True)
    assert single == Unique("thing_d_key", ("d",))
    assert together.columns == ("a", "b")
    assert together.name.startswith("thing_a_b_")
    assert together.name.endswith("_uniq")


def test_composite_primary_key(read: Read) -> None:
    table = read(pk=models.CompositePrimaryKey("a", "b"))
    assert table.primary_key == ("a", "b")
    assert [column.name for column in table.columns] == ["a", "b", "c"]
    assert table.uniques == (Unique("thing_pkey", ("a", "b"), primary=True),)


def test_unique_for_dates(read: Read) -> None:
    table = read(
        on=models.DateField(),
        slug=models.CharField(max_length=5, unique_for_date="on", unique_for_year="on"),
    )
    soft = [unique for unique in table.uniques if not unique.enforced]
    assert [(unique.columns, unique.date_part) for unique in soft] == [
        (("slug", "on"), "date"),
        (("slug", "on"), "year"),
    ]


@pytest.mark.parametrize(
    ("constraint", "facts"),
    [
        (models.UniqueConstraint(fields=["a", "b"], name="u"), {"columns": ("a", "b"), "expressions": ()}),
        (
            models.UniqueConstraint(fields=["a"], name="u", condition=Q(b="50%") & ~Q(c="o'clock")),
            {
                "condition": """("b" = '50%' AND NOT ("c" = 'o''clock'))""",
                "condition_columns": ("b", "c"),
                "columns": ("a",),
            },
        ),
        (
            models.UniqueConstraint(Lower("a").desc(), F("b"), name="u"),
            {"columns": ("a", "b"), "expressions": ('LOWER("a")', '"b"')},
        ),
        (
            models.UniqueConstraint(OpClass(Lower("a"), name="varchar_pattern_ops"), name="u"),
            {"columns": ("a",), "expressions": ('LOWER("a")',)},
        ),
        (models.UniqueConstraint(F("a").asc(), "b", name="u"), {"columns": ("a", "b"), "expressions": ()}),
        (models.UniqueConstraint(fields=["a"], name="u", nulls_distinct=False), {"nulls_distinct": False}),
        (
            models.UniqueConstraint(fields=["a"], name="u", deferrable=models.Deferrable.DEFERRED),
            {"deferrable": True, "nulls_distinct": True},
        ),
    ],
)
def test_unique_constraint(read: Read, constraint: Any, facts: dict[str, object]) -> None:
    unique = _unique(read(constraint), "u")
    assert {name: getattr(unique, name) for name in facts} == facts
    assert unique.enforced


@pytest.mark.parametrize(
    ("condition", "check"),
    [
        (Q(n__gte=3), Check("k", '"n" >= 3', ("n",))),
        (Q(a__lt=F("b")), Check("k", '"a" < ("b")', ("a", "b"))),
        (Q(pk__gt=0), Check("k", '"id" > 0', ("id",))),
        (Q(j__kind="x"), Check("k", """("j" -> 'kind') = '"x"'::jsonb""", ("j",))),
        (Q(owner__gt=1), Check("k", '"owner_id" > 1', ("owner_id",))),
        (Q(n=F("n") % 7), Check("k", '"n" = ("n" % 7)', ("n",))),
        (Q(on__gt=dt.date(2020, 1, 2)), Check("k", "\"on\" > '2020-01-02'::date", ("on",))),
        (Q(p__gt=1), Check("k", '"per % cent %s" > 1', ("per % cent %s",))),
        (Q(n__in=[F("m"), 4]), Check("k", '"n" IN ("m", 4)', ("n", "m"))),
    ],
)
def test_check(read: Read, condition: Any, check: Check) -> None:
    table = read(
        models.CheckConstraint(condition=condition, name="k"),
        n=models.IntegerField(),
        m=models.IntegerField(),
        j=models.JSONField(),
        on=models.DateField(),
        p=models.IntegerField(db_column="per % cent %s"),
        owner=models.ForeignKey("self", models.CASCADE),
    )
    assert table.notes == ()
    assert table.checks == (check,)


def test_check_in_the_dialect_of_sqlite(apps: Apps, read: Read) -> None:
    read(models.CheckConstraint(condition=Q(a="50%", p=1), name="k"), p=models.IntegerField(db_column="%"))
    entry = {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}
    connections.settings["other"] = connections.configure_settings({"default": {}, "other": entry})["other"]
    try:
        table = read_catalog(apps, using="other")["thing"]
    finally:
        del connections.settings["other"], connections["other"]
    assert table.checks == (Check("k", """("a" = '50%' AND "%" = 1)""", ("a", "%")),)


class Negative(models.IntegerField):
    def db_check(self, connection: Any) -> str:
        return '"neg" < 0 AND "neg" %% 2 = 0'

    def get_internal_type(self) -> str:
        return "Negative"

    def db_type(self, connection: Any) -> str:
        return "integer"


def test_checks_of_field_classes(read: Read) -> None:
    table = read(neg=Negative(), count=models.PositiveIntegerField())
    assert table.checks == (Check("thing_neg_check", '"neg" < 0 AND "neg" % 2 = 0', ("neg",)),)
    assert table.column("count").least == 0


def test_exclusion(read: Read) -> None:
    table = read(
        ExclusionConstraint(
            name="x",
            expressions=[("period", RangeOperators.OVERLAPS), (OpClass("a", name="text_ops"), "=")],
            condition=Q(b="on"),
            index_type="SPGIST",
        ),
        period=DateRangeField(),
    )
    (exclusion,) = table.exclusions
    assert exclusion.expressions == (('"period"', "&&"), ('"a"', "="))
    assert exclusion.columns == ("period", "a", "b")
    assert (exclusion.condition, exclusion.index_type) == ("\"b\" = 'on'", "spgist")
    assert table.notes == ()


class Strange(BaseConstraint):
    def constraint_sql(self, model: Any, schema_editor: Any) -> None:
        return None


class Unspeakable(models.Func):
    function = "X"

    def as_sql(self, *args: Any, **kwargs: Any) -> Any:
        raise NotImplementedError("not today")


def test_what_cannot_be_read_is_noted_and_the_rest_stays(read: Read) -> None:
    table = read(
        Strange(name="strange"),
        models.UniqueConstraint(Unspeakable("a"), name="bad"),
        models.CheckConstraint(condition=Q(n__gt=Unspeakable("b")), name="worse"),
        models.UniqueConstraint(fields=["c"], name="good"),
        n=models.IntegerField(),
    )
    assert [unique.name for unique in table.uniques] == ["thing_pkey", "good"]
    assert len(table.notes) == 3
    told = "\n".join(table.notes)
    for part in ("bad", "worse", "NotImplementedError: not today", "strange", "Strange"):
        assert part in told


def test_indexed_columns(read: Read) -> None:
    table = read(
        models.UniqueConstraint(fields=["a"], name="u", include=["b"]),
        options={
            "indexes": [
                models.Index(Lower("e"), name="e"),
                models.Index(fields=["-f"], name="f"),
                GinIndex(fields=["j"], name="j"),
            ]
        },
        e=models.TextField(),
        f=models.TextField(),
        g=models.TextField(db_index=True),
        h=models.TextField(),
        j=models.JSONField(),
    )
    assert {column.name for column in table.columns if column.indexed} == {"id", "a", "b", "e", "f", "g"}


@pytest.mark.parametrize(
    ("table", "column", "name"),
    [
        ("t", "c", "t_c_key"),
        ("t", "", "t_key"),
        ("t" * 70, "c", "t" * 57 + "_c_key"),
        ("t" * 40, "c" * 40, "t" * 29 + "_" + "c" * 29 + "_key"),
    ],
)
def test_implicit_names_fit(table: str, column: str, name: str) -> None:
    assert implicit_name(table, column, "key") == name
    assert len(name.encode()) <= 63
