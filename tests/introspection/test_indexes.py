"""Indexes as the models have them."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.postgres.indexes import GinIndex
from django.db import connections, models
from django.db.models import F, Index, Q
from django.db.models.functions import Lower
from django.test.utils import isolate_apps

from dbstate.catalog import Index as IndexFacts
from dbstate.introspection.models import read_table


def read(fields: dict[str, Any], *indexes: Any) -> tuple[IndexFacts, ...]:
    if connections["default"].vendor != "postgresql":
        pytest.skip("indexes for LIKE are PostgreSQL's")
    with isolate_apps("tests"):
        meta = type("Meta", (), {"app_label": "tests", "indexes": list(indexes)})
        model = type("Thing", (models.Model,), {**fields, "Meta": meta, "__module__": __name__})
        return read_table(model, connections["default"]).indexes


def test_of_fields() -> None:
    found = read(
        {
            "a": models.IntegerField(db_index=True),
            "b": models.IntegerField(unique=True),
            "c": models.CharField(max_length=9, unique=True),
            "d": models.SlugField(),
            "e": models.TextField(db_index=True),
            "f": models.CharField(max_length=9, db_index=True, db_collation="C"),
            "g": models.CharField(max_length=9),
        }
    )
    assert found == (
        IndexFacts("", ("a",)),
        IndexFacts("", ("c",), opclasses=("varchar_pattern_ops",)),
        IndexFacts("", ("d",)),
        IndexFacts("", ("d",), opclasses=("varchar_pattern_ops",)),
        IndexFacts("", ("e",)),
        IndexFacts("", ("e",), opclasses=("text_pattern_ops",)),
        IndexFacts("", ("f",)),
    )


def test_of_meta() -> None:
    found = read(
        {"a": models.IntegerField(), "b": models.TextField(db_column="bee"), "c": models.JSONField()},
        Index(fields=["b", "-a"], name="one", include=["c"], condition=Q(a__gt=0)),
        Index(Lower("b"), F("a").desc(nulls_last=True), name="two"),
        Index(F("a").asc(nulls_first=True), name="three"),
        GinIndex(fields=["c"], name="four"),
    )
    one, two, three, four = found
    assert (one.columns, one.orders, one.include) == (("bee", "a"), ("", "DESC"), ("c",))
    assert (one.condition, one.condition_columns) == ('"a" > 0', ("a",))
    assert (two.columns, two.expressions) == (("bee", "a"), ('LOWER("bee")', '"a"'))
    assert two.orders == ("", "DESC NULLS LAST")
    assert (three.columns, three.expressions, three.orders) == (("a",), (), ("NULLS FIRST",))
    assert (four.method, four.columns) == ("gin", ("c",))


def test_of_an_unknown_class() -> None:
    class Own(Index):
        suffix = "own"

    (found,) = read({"a": models.IntegerField()}, Own(fields=["a"], name="one"))
    assert found.method == ""


def test_one_that_stands_twice_in_a_history_is_one() -> None:
    twice = [Index(fields=["a"], name="one"), Index(fields=["a"], name="one")]
    assert [one.name for one in read({"a": models.IntegerField()}, *twice)] == ["one"]
