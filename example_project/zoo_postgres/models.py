"""Arrays, ranges, search vectors, exclusion, and rules that only the database knows.

Nothing here needs an extension or ICU: a server without contrib modules can hold all of it.
"""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import (
    ArrayField,
    BigIntegerRangeField,
    DateRangeField,
    DateTimeRangeField,
    DecimalRangeField,
    IntegerRangeField,
    RangeOperators,
)
from django.contrib.postgres.functions import RandomUUID
from django.contrib.postgres.indexes import BrinIndex, GinIndex, GistIndex, OpClass
from django.contrib.postgres.search import SearchVector, SearchVectorField
from django.contrib.postgres.validators import RangeMaxValueValidator, RangeMinValueValidator
from django.core.validators import MaxValueValidator, MinLengthValidator, MinValueValidator
from django.db import models
from django.db.models import Deferrable, F, Func, Q, Value
from django.db.models.functions import Upper


class EveryArray(models.Model):
    """Arrays of every kind."""

    integers = ArrayField(models.IntegerField())
    optional = ArrayField(models.CharField(max_length=10), null=True, blank=True)
    default_empty = ArrayField(models.DateField(), default=list, blank=True)
    of_choices = ArrayField(models.CharField(max_length=5, choices=[("red", "red"), ("green", "green")]))
    at_most_three = ArrayField(models.SmallIntegerField(validators=[MinValueValidator(1)]), size=3)
    nested = ArrayField(ArrayField(models.FloatField(), size=2), size=2)
    decimals = ArrayField(models.DecimalField(max_digits=6, decimal_places=2))
    uuids = ArrayField(models.UUIDField(), unique=True)
    words = ArrayField(models.CharField(max_length=12, validators=[MinLengthValidator(3)]))

    class Meta:
        indexes = [GinIndex(fields=["of_choices"], name="zoo_pg_array_gin")]
        constraints = [
            models.CheckConstraint(condition=Q(words__len__gte=2), name="zoo_pg_array_at_least_two_words"),
            models.CheckConstraint(
                condition=Q(integers__contained_by=[1, 2, 3, 5, 8, 13]), name="zoo_pg_array_fibonacci"
            ),
        ]


class EveryRange(models.Model):
    """Ranges of every kind."""

    integers = IntegerRangeField(validators=[RangeMinValueValidator(0), RangeMaxValueValidator(1000)])
    big_integers = BigIntegerRangeField(null=True, blank=True)
    decimals = DecimalRangeField(default_bounds="[]")
    dates = DateRangeField()
    datetimes = DateTimeRangeField(default_bounds="()", null=True, blank=True)

    class Meta:
        indexes = [GistIndex(fields=["dates"], name="zoo_pg_range_gist")]
        constraints = [
            models.CheckConstraint(
                condition=Q(dates__isempty=False, dates__lower_inf=False), name="zoo_pg_range_begins"
            ),
        ]


class Closure(models.Model):
    """Periods of which no two overlap."""

    period = DateRangeField()
    reason = models.CharField(max_length=60)

    class Meta:
        constraints = [
            ExclusionConstraint(
                name="zoo_pg_closure_no_overlap", expressions=[("period", RangeOperators.OVERLAPS)]
            ),
        ]


class RoomBooking(models.Model):
    """Two dates that make a range, which overlaps no other of the same room unless cancelled.

    A room's number is written as a range of one, so that btree_gist is not needed.
    """

    room = models.PositiveSmallIntegerField(validators=[MinValueValidator(1), MaxValueValidator(20)])
    arrives = models.DateField()
    leaves = models.DateField()
    is_cancelled = models.BooleanField(default=False)

    class Meta:
        constraints = [
            ExclusionConstraint(
                name="zoo_pg_roombooking_no_overlap",
                expressions=[
                    (Func(F("room"), F("room"), Value("[]"), function="int4range"), RangeOperators.OVERLAPS),
                    (Func(F("arrives"), F("leaves"), function="daterange"), RangeOperators.OVERLAPS),
                ],
                condition=Q(is_cancelled=False),
            ),
            models.CheckConstraint(
                condition=Q(leaves__gt=F("arrives")), name="zoo_pg_roombooking_leaves_after"
            ),
        ]


class Article(models.Model):
    """Search vectors: one that the project writes, one that the database computes."""

    title = models.CharField(max_length=80)
    body = models.TextField(blank=True)
    search = SearchVectorField(null=True, blank=True)
    computed = models.GeneratedField(
        expression=SearchVector("title", "body", config="english"),
        output_field=SearchVectorField(),
        db_persist=True,
    )
    shouted = models.GeneratedField(
        expression=Upper("title"), output_field=models.CharField(max_length=80), db_persist=True
    )

    class Meta:
        indexes = [
            GinIndex(fields=["search"], name="zoo_pg_article_search"),
            GinIndex(fields=["computed"], name="zoo_pg_article_computed"),
        ]


class EveryUnique(models.Model):
    """Uniques that only PostgreSQL has."""

    first = models.CharField(max_length=10)
    second = models.IntegerField(null=True, blank=True)
    position = models.PositiveIntegerField()
    code = models.CharField(max_length=10, db_collation="C")
    name = models.CharField(max_length=40)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["first", "second"], nulls_distinct=False, name="zoo_pg_unique_nulls_equal"
            ),
            models.UniqueConstraint(
                fields=["position"], deferrable=Deferrable.DEFERRED, name="zoo_pg_unique_deferred"
            ),
            models.UniqueConstraint(fields=["code"], include=["name"], name="zoo_pg_unique_covering"),
            models.UniqueConstraint(
                OpClass(Upper("name"), name="varchar_pattern_ops"), name="zoo_pg_unique_opclass"
            ),
        ]


class EveryCollation(models.Model):
    """Text that compares in other ways than by its bytes."""

    by_code_point = models.CharField(max_length=30, unique=True, db_collation="ucs_basic")
    bytewise = models.TextField(db_collation="C", db_comment="Compared by its bytes.")

    class Meta:
        indexes = [BrinIndex(fields=["bytewise"], name="zoo_pg_collation_brin")]


class EveryDocument(models.Model):
    """JSON that the database looks into."""

    payload = models.JSONField()
    settings = models.JSONField(default=dict)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(payload__has_keys=["kind", "version"]), name="zoo_pg_document_keys"
            ),
            models.CheckConstraint(condition=Q(payload__kind__in=["a", "b"]), name="zoo_pg_document_kind"),
            models.CheckConstraint(condition=Q(settings__contains={"v": 1}), name="zoo_pg_document_contains"),
        ]


class MoodField(models.CharField):
    """A column of an enum type that is made in the database."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("max_length", 63)
        super().__init__(*args, **kwargs)

    def db_type(self, connection: Any) -> str:
        return "zoo_postgres_mood"


class PlateField(models.CharField):
    """A column of a domain that is made in the database, with a CHECK of its own."""

    def db_type(self, connection: Any) -> str:
        return "zoo_postgres_plate"


class DatabaseKnows(models.Model):
    """Rules that stand in the database and nowhere in the model."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, db_default=RandomUUID(), editable=False)
    mood = MoodField()
    plate = PlateField(max_length=12)
    weight = models.IntegerField()
    opened_on = models.DateField()
    closed_on = models.DateField(null=True, blank=True)
