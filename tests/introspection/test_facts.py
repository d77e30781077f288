"""Validators as facts."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import pytest
from django.apps.registry import Apps
from django.contrib.postgres import fields as postgres
from django.contrib.postgres.validators import KeysValidator, RangeMaxValueValidator, RangeMinValueValidator
from django.core import validators as core
from django.core.exceptions import ValidationError
from django.db import models
from django.test.utils import isolate_apps

from dbstate.catalog import Column
from dbstate.introspection import read_catalog
from dbstate.introspection.facts import with_inline_flags

ReadColumn = Callable[[Any], Column]


@pytest.fixture
def apps() -> Iterator[Apps]:
    with isolate_apps("django.contrib.messages") as registry:
        yield registry


@pytest.fixture
def read_one(apps: Apps) -> ReadColumn:
    """Make a model with this one field, and read its column."""

    def make(field: Any) -> Column:
        meta = type("Meta", (), {"app_label": "messages", "db_table": "thing"})
        type("Thing", (models.Model,), {"__module__": __name__, "Meta": meta, "f": field})
        return read_catalog(apps)["thing"].column("f")

    return make


class Stricter(core.RegexValidator):
    regex = r"^[a-z]+$"

    def __call__(self, value: Any) -> None:
        super().__call__(value)
        if value == "no":
            raise ValidationError("no")


class Lowercase(core.RegexValidator):
    regex = r"^[a-z]+$"


class LongEnough(core.MinLengthValidator):
    def clean(self, x: Any) -> int:
        return len(x.strip())


def even(value: int) -> None:
    if value % 2:
        raise ValidationError("odd")


def char(*validators: Any, max_length: int = 20) -> Any:
    return models.CharField(max_length=max_length, validators=validators)


def integer(*validators: Any) -> Any:
    return models.IntegerField(validators=validators)


@pytest.mark.parametrize(
    ("field", "facts"),
    [
        (char(core.MaxLengthValidator(7)), {"max_length": 7}),
        (char(core.MaxLengthValidator(70)), {"max_length": 20}),
        (char(core.MinLengthValidator(3), core.MinLengthValidator(lambda: 5)), {"min_length": 5}),
        (integer(core.MinValueValidator(3), core.MaxValueValidator(lambda: 9)), {"least": 3, "greatest": 9}),
        (integer(core.MinValueValidator(0.5), core.MaxValueValidator(9.5)), {"least": 1, "greatest": 9}),
        (
            models.DecimalField(
                max_digits=4,
                decimal_places=2,
                validators=[core.MinValueValidator(0.015), core.MaxValueValidator(Decimal("1.019"))],
            ),
            {"least": Decimal("0.02"), "greatest": Decimal("1.01")},
        ),
        (
            models.DateField(validators=[core.MinValueValidator(dt.date(2020, 1, 1))]),
            {"least": dt.date(2020, 1, 1)},
        ),
        (models.FloatField(validators=[core.MaxValueValidator(1)]), {"greatest": 1}),
        (char(core.RegexValidator(r"^\d+$")), {"patterns": (r"^\d+$",)}),
        (char(core.RegexValidator(r"^a", flags=re.IGNORECASE | re.DOTALL)), {"patterns": ("(?is)^a",)}),
        (char(Lowercase()), {"patterns": (r"^[a-z]+$",)}),
        (char(core.validate_slug), {"format": "slug", "patterns": ()}),
        (char(core.URLValidator()), {"format": "url"}),
        (char(core.EmailValidator()), {"format": "email"}),
        (char(core.validate_ipv4_address), {"format": "ipv4"}),
        (
            models.FileField(validators=[core.FileExtensionValidator(["PDF", "txt"])]),
            {"extensions": ("pdf", "txt")},
        ),
        (
            models.ImageField(validators=[core.FileExtensionValidator(["bmp", "png"])]),
            {"extensions": ("png",), "format": "image"},
        ),
        (postgres.ArrayField(models.IntegerField(), size=3), {"size": 3}),
        (
            postgres.ArrayField(
                models.IntegerField(), validators=[postgres.array.ArrayMaxLengthValidator(2)]
            ),
            {"size": 2},
        ),
        (
            postgres.IntegerRangeField(validators=[RangeMinValueValidator(2), RangeMaxValueValidator(8)]),
            {"least": 2, "greatest": 8},
        ),
    ],
)
def test_understood(read_one: ReadColumn, field: Any, facts: dict[str, object]) -> None:
    column = read_one(field)
    assert {name: getattr(column, name) for name in facts} == facts
    assert column.judged is False
    assert column.trouble == ""


@pytest.mark.parametrize(
    "field",
    [
        char(core.RegexValidator("x", inverse_match=True)),
        char(Stricter()),
        char(LongEnough(3)),
        char(lambda value: None),
        char(core.URLValidator(schemes=["https"])),
        char(core.MinValueValidator("b")),
        integer(even),
        integer(core.StepValueValidator(5)),
        integer(core.RegexValidator(r"^[13579]+$")),
        models.DateField(validators=[core.MinValueValidator(dt.datetime(2020, 1, 1))]),
        postgres.HStoreField(validators=[KeysValidator(["a"])]),
    ],
)
def test_not_understood_is_judged(read_one: ReadColumn, field: Any) -> None:
    column = read_one(field)
    assert column.judged is True
    assert column.patterns == ()


def test_limits_of_a_range_are_limits_of_its_bounds(read_one: ReadColumn) -> None:
    element = read_one(postgres.IntegerRangeField(validators=[RangeMaxValueValidator(8)])).element
    assert element is not None
    assert (element.least, element.greatest) == (-(2**31), 8)


def test_raising_limit_is_trouble(read_one: ReadColumn) -> None:
    def raising() -> int:
        raise OSError("no settings")

    column = read_one(integer(core.MinValueValidator(raising)))
    assert column.judged
    assert column.trouble == "its validators cannot be read: OSError: no settings"


@pytest.mark.parametrize(
    ("regex", "pattern"),
    [
        (re.compile("a"), "a"),
        (re.compile("a", re.IGNORECASE), "(?i)a"),
        (re.compile("(?i)a"), "(?i)a"),
        (re.compile("(?i)a", re.MULTILINE), "(?mi)a"),
        (re.compile(b"a"), None),
    ],
)
def test_inline_flags(regex: Any, pattern: str | None) -> None:
    assert with_inline_flags(regex) == pattern
    if pattern is not None:
        assert re.compile(pattern).flags == regex.flags
