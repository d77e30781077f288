"""Uniques and CHECKs of every kind, and models that refuse or change what is saved."""

from __future__ import annotations

import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Length, Lower, Trim
from django.db.models.lookups import GreaterThanOrEqual


class EveryUnique(models.Model):
    """Uniques of every kind that is portable."""

    single = models.CharField(max_length=20, unique=True)
    number = models.SmallIntegerField(unique=True, null=True, blank=True)
    first = models.CharField(max_length=10)
    second = models.IntegerField()
    third = models.DateField(null=True, blank=True)
    email = models.EmailField()
    is_active = models.BooleanField(default=True)
    nickname = models.CharField(max_length=20, blank=True)
    headline = models.CharField(max_length=20, unique_for_date="published")
    slug = models.SlugField(unique_for_month="published", unique_for_year="changed")
    published = models.DateField()
    changed = models.DateTimeField()

    class Meta:
        unique_together = [("first", "second")]
        constraints = [
            models.UniqueConstraint(fields=["second", "third"], name="zoo_everyunique_second_third"),
            models.UniqueConstraint(Lower("email"), name="zoo_everyunique_email_any_case"),
            models.UniqueConstraint(
                fields=["first"], condition=Q(is_active=True), name="zoo_everyunique_first_if_active"
            ),
            models.UniqueConstraint(
                fields=["nickname"], condition=~Q(nickname=""), name="zoo_everyunique_nickname_if_any"
            ),
            models.UniqueConstraint(
                Lower(Trim("single")), F("second").desc(), name="zoo_everyunique_expressions"
            ),
        ]


class OneOfEachFlag(models.Model):
    """Room for two rows."""

    flag = models.BooleanField(unique=True)
    name = models.CharField(max_length=20)


class OneDefault(models.Model):
    """At most one row may be the default."""

    name = models.CharField(max_length=20)
    is_default = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["is_default"], condition=Q(is_default=True), name="zoo_onedefault_only_one"
            ),
        ]


class OneChoicePerParent(models.Model):
    """Room for three rows under each parent."""

    parent = models.ForeignKey("zoo.Club", on_delete=models.CASCADE)
    kind = models.CharField(max_length=6, choices=[("gold", "gold"), ("silver", "silver"), ("tin", "tin")])

    class Meta:
        unique_together = [("parent", "kind")]


class EveryCheck(models.Model):
    """CHECKs of every kind that is portable."""

    percent = models.IntegerField()
    least = models.DecimalField(max_digits=8, decimal_places=2)
    greatest = models.DecimalField(max_digits=8, decimal_places=2)
    start = models.DateTimeField()
    end = models.DateTimeField(null=True, blank=True)
    club = models.ForeignKey("zoo.Club", on_delete=models.CASCADE, null=True, blank=True)
    member = models.ForeignKey("zoo.Member", on_delete=models.CASCADE, null=True, blank=True)
    plate = models.CharField(max_length=12)
    colour = models.CharField(max_length=10)
    prefix = models.CharField(max_length=20)
    padded = models.CharField(max_length=20)
    payload = models.JSONField()
    latitude = models.FloatField(null=True, blank=True)
    longitude = models.FloatField(null=True, blank=True)
    status = models.CharField(max_length=8, choices=[("open", "open"), ("closed", "closed")])
    closed_on = models.DateField(null=True, blank=True)
    shares_a = models.PositiveSmallIntegerField()
    shares_b = models.PositiveSmallIntegerField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(percent__gte=0, percent__lte=100), name="zoo_check_range"),
            models.CheckConstraint(condition=Q(least__lt=F("greatest")), name="zoo_check_two_columns"),
            models.CheckConstraint(
                condition=Q(end__isnull=True) | Q(end__gt=F("start")), name="zoo_check_end_after_start"
            ),
            models.CheckConstraint(
                condition=Q(club__isnull=True, member__isnull=False)
                | Q(club__isnull=False, member__isnull=True),
                name="zoo_check_exactly_one_key",
            ),
            models.CheckConstraint(
                condition=Q(plate__regex=r"^[A-Z]{2}-[0-9]{3,4}$"), name="zoo_check_regex"
            ),
            models.CheckConstraint(condition=Q(colour__in=["red", "green", "blue"]), name="zoo_check_list"),
            models.CheckConstraint(condition=Q(prefix__startswith="zoo_"), name="zoo_check_prefix"),
            models.CheckConstraint(
                condition=GreaterThanOrEqual(Length("padded"), 8), name="zoo_check_length"
            ),
            models.CheckConstraint(condition=Q(payload__has_key="kind"), name="zoo_check_json_key"),
            models.CheckConstraint(
                condition=Q(latitude__isnull=True, longitude__isnull=True)
                | Q(
                    latitude__isnull=False,
                    longitude__isnull=False,
                    latitude__range=(-90, 90),
                    longitude__range=(-180, 180),
                ),
                name="zoo_check_both_or_neither",
            ),
            models.CheckConstraint(
                condition=Q(status="open", closed_on__isnull=True)
                | Q(status="closed", closed_on__isnull=False),
                name="zoo_check_status_and_date",
            ),
            models.CheckConstraint(
                condition=Q(shares_a__lte=100 - F("shares_b")), name="zoo_check_shares_in_all"
            ),
        ]


class LiveManager(models.Manager["SoftDeleted"]):
    """Rows that are not marked as deleted."""

    def get_queryset(self) -> models.QuerySet[SoftDeleted]:
        return super().get_queryset().filter(is_deleted=False)


class SoftDeleted(models.Model):
    """A default manager that hides rows."""

    name = models.CharField(max_length=20, unique=True)
    is_deleted = models.BooleanField(default=False)
    deleted_at = models.DateTimeField(null=True, blank=True)

    objects = LiveManager()
    all_rows: models.Manager[SoftDeleted] = models.Manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(is_deleted=False, deleted_at__isnull=True)
                | Q(is_deleted=True, deleted_at__isnull=False),
                name="zoo_softdeleted_date_if_deleted",
            ),
        ]


class SoftDeletedPart(models.Model):
    whole = models.ForeignKey(SoftDeleted, on_delete=models.CASCADE)
    name = models.CharField(max_length=20)
    archived = models.BooleanField(default=False)


class Booking(models.Model):
    """clean() ties two dates, and exactly one of two names; the database knows neither."""

    starts_on = models.DateField()
    ends_on = models.DateField()
    person = models.CharField(max_length=40, blank=True)
    company = models.CharField(max_length=40, blank=True)

    def clean(self) -> None:
        super().clean()
        if self.starts_on and self.ends_on and self.ends_on < self.starts_on:
            raise ValidationError({"ends_on": "The end is before the start."})
        if bool(self.person) == bool(self.company):
            raise ValidationError("Give either a person or a company.")


class Membership(models.Model):
    """clean() ties a choice, an amount and a date."""

    level = models.CharField(max_length=8, choices=[("free", "free"), ("paid", "paid")])
    fee_cents = models.PositiveIntegerField(default=0)
    paid_until = models.DateField(null=True, blank=True)

    def clean(self) -> None:
        super().clean()
        if self.level == "free" and (self.fee_cents or self.paid_until):
            raise ValidationError("A free membership has no fee and no end.")
        if self.level == "paid" and not (self.fee_cents and self.paid_until):
            raise ValidationError("A paid membership has a fee and an end.")
        if self.paid_until and self.paid_until < datetime.date(2000, 1, 1):
            raise ValidationError({"paid_until": "There were no memberships then."})


class Slugged(models.Model):
    """save() writes a column that no form shows."""

    title = models.CharField(max_length=40)
    slug = models.SlugField(max_length=50, unique=True, editable=False)

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self.slug:
            self.slug = "-".join(self.title.lower().split())[:50] or "untitled"
        super().save(*args, **kwargs)


class Unsavable(models.Model):
    """save() refuses to change a row that is there."""

    entry = models.TextField()
    at = models.DateTimeField(auto_now_add=True)

    def save(self, *args: Any, **kwargs: Any) -> None:
        if self.pk is not None:
            raise ValidationError("An entry of the log is never changed.")
        super().save(*args, **kwargs)
