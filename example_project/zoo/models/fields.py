"""Every built-in field, choices and validators of every kind, defaults of the database."""

from __future__ import annotations

import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from django.core import validators
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F
from django.db.models.functions import Lower, Now

PAPERS = Path(__file__).resolve().parent.parent / "papers"


def papers_folder() -> str:
    """The folder whose files a FilePathField may name."""
    return str(PAPERS)


class PortraitField(models.ImageField):
    """An ImageField that can be declared where Pillow is not installed."""

    def _check_image_library_installed(self) -> list[Any]:
        return []


class UpperCaseField(models.CharField):
    """Text that is stored in upper case, as third-party field classes do."""

    def get_prep_value(self, value: Any) -> Any:
        prepared = super().get_prep_value(value)
        return prepared if prepared is None else str(prepared).upper()


class EveryField(models.Model):
    """All built-in fields, required."""

    big_integer = models.BigIntegerField()
    binary = models.BinaryField(max_length=64)
    boolean = models.BooleanField()
    char = models.CharField(max_length=40)
    date = models.DateField()
    date_time = models.DateTimeField()
    decimal = models.DecimalField(max_digits=7, decimal_places=2)
    duration = models.DurationField()
    email = models.EmailField()
    file = models.FileField(upload_to="zoo/")
    file_path = models.FilePathField(path=papers_folder, match=r".*\.txt$", recursive=True)
    float = models.FloatField()
    image = PortraitField(upload_to="zoo/portraits/")
    integer = models.IntegerField()
    ip = models.GenericIPAddressField()
    ipv4 = models.GenericIPAddressField(protocol="IPv4")
    ipv6 = models.GenericIPAddressField(protocol="IPv6")
    json = models.JSONField()
    positive_big_integer = models.PositiveBigIntegerField()
    positive_integer = models.PositiveIntegerField()
    positive_small_integer = models.PositiveSmallIntegerField()
    slug = models.SlugField()
    unicode_slug = models.SlugField(allow_unicode=True)
    small_integer = models.SmallIntegerField()
    text = models.TextField()
    time = models.TimeField()
    upper = UpperCaseField(max_length=12)
    url = models.URLField()
    uuid = models.UUIDField()
    created = models.DateTimeField(auto_now_add=True)
    updated = models.DateTimeField(auto_now=True)


class EveryFieldOptional(models.Model):
    """All built-in fields, each of which may be left out."""

    big_integer = models.BigIntegerField(null=True, blank=True)
    binary = models.BinaryField(null=True, blank=True)
    boolean = models.BooleanField(null=True, blank=True)
    char = models.CharField(max_length=40, blank=True)
    char_unlimited = models.TextField(max_length=300, null=True, blank=True)
    date = models.DateField(null=True, blank=True)
    date_time = models.DateTimeField(null=True, blank=True)
    decimal = models.DecimalField(max_digits=30, decimal_places=15, null=True, blank=True)
    duration = models.DurationField(null=True, blank=True)
    email = models.EmailField(blank=True)
    file = models.FileField(upload_to="zoo/%Y/%m/", blank=True)
    file_path = models.FilePathField(
        path=papers_folder, allow_files=False, allow_folders=True, null=True, blank=True
    )
    float = models.FloatField(null=True, blank=True)
    image = PortraitField(upload_to="zoo/", null=True, blank=True)
    integer = models.IntegerField(null=True, blank=True)
    ip = models.GenericIPAddressField(unpack_ipv4=True, null=True, blank=True)
    json = models.JSONField(null=True, blank=True)
    json_list = models.JSONField(default=list, blank=True)
    positive_big_integer = models.PositiveBigIntegerField(null=True, blank=True)
    positive_integer = models.PositiveIntegerField(null=True, blank=True)
    positive_small_integer = models.PositiveSmallIntegerField(null=True, blank=True)
    slug = models.SlugField(blank=True)
    small_integer = models.SmallIntegerField(null=True, blank=True)
    text = models.TextField(blank=True)
    time = models.TimeField(null=True, blank=True)
    url = models.URLField(blank=True)
    uuid = models.UUIDField(null=True, blank=True)


def season_choices() -> list[tuple[str, str]]:
    """Choices that are known only when they are asked for."""
    return [(name, name.title()) for name in ("spring", "summer", "autumn", "winter")]


class EveryChoice(models.Model):
    """Choices of every kind."""

    class Diet(models.TextChoices):
        HERBIVORE = "h", "eats plants"
        CARNIVORE = "c", "eats meat"
        OMNIVORE = "o", "eats both"

    class Danger(models.IntegerChoices):
        NONE = 0
        SOME = 5
        MUCH = 10

        __empty__ = "unknown"

    flat = models.CharField(max_length=6, choices=[("red", "Red"), ("green", "Green"), ("blue", "Blue")])
    grouped = models.CharField(
        max_length=8,
        choices=[
            ("Air", [("eagle", "Eagle"), ("bat", "Bat")]),
            ("Water", [("whale", "Whale")]),
            ("other", "Other"),
        ],
    )
    called = models.CharField(max_length=8, choices=season_choices)
    mapping = models.SmallIntegerField(choices={1: "one", 2: "two", -1: "minus one"})
    enumerated = models.CharField(max_length=1, choices=Diet)
    enumerated_integer = models.IntegerField(choices=Danger, null=True, blank=True)
    optional = models.CharField(max_length=3, blank=True, choices=[("", "none"), ("yes", "yes")])
    yes_or_no = models.BooleanField(choices=[(True, "yes"), (False, "no")])
    only_yes = models.BooleanField(choices=[(True, "yes")])
    price = models.DecimalField(
        max_digits=4, decimal_places=2, choices=[(Decimal("1.50"), "cheap"), (Decimal("9.99"), "dear")]
    )
    opening = models.DateField(
        choices=[(datetime.date(2024, 2, 29), "leap day"), (datetime.date(2025, 5, 1), "May")]
    )


def validate_even(value: int) -> None:
    """Refuse odd numbers: a rule that only calling it can tell."""
    if value % 2:
        raise ValidationError("%(value)s is not even.", params={"value": value})


def greatest_weight() -> int:
    """A limit that is known only when it is asked for."""
    return 250


class EveryValidator(models.Model):
    """Validators of every kind."""

    regex = models.CharField(max_length=20, validators=[validators.RegexValidator(r"^[A-Z]{3}-[0-9]{4}\Z")])
    not_regex = models.CharField(
        max_length=20, validators=[validators.RegexValidator(r"[0-9]", inverse_match=True)]
    )
    two_regexes = models.CharField(
        max_length=12,
        validators=[validators.RegexValidator(r"^[a-z0-9]+\Z"), validators.RegexValidator(r"[0-9]")],
    )
    least_length = models.CharField(max_length=30, validators=[validators.MinLengthValidator(12)])
    text_length = models.TextField(
        validators=[validators.MinLengthValidator(20), validators.MaxLengthValidator(60)]
    )
    range = models.IntegerField(
        validators=[validators.MinValueValidator(10), validators.MaxValueValidator(20)]
    )
    called_limit = models.IntegerField(validators=[validators.MaxValueValidator(greatest_weight)])
    step = models.IntegerField(
        validators=[validators.StepValueValidator(7, offset=3), validators.MinValueValidator(0)]
    )
    even = models.SmallIntegerField(validators=[validate_even])
    decimal_range = models.DecimalField(
        max_digits=5,
        decimal_places=3,
        validators=[validators.MinValueValidator(Decimal("0.5")), validators.MaxValueValidator(Decimal(1))],
    )
    float_range = models.FloatField(
        validators=[validators.MinValueValidator(-90.0), validators.MaxValueValidator(90.0)]
    )
    after_opening = models.DateField(validators=[validators.MinValueValidator(datetime.date(2001, 1, 1))])
    integer_list = models.CharField(
        max_length=30, validators=[validators.validate_comma_separated_integer_list]
    )
    ipv4_text = models.CharField(max_length=15, validators=[validators.validate_ipv4_address])
    email_text = models.CharField(max_length=60, validators=[validators.validate_email])
    slug_text = models.CharField(max_length=20, validators=[validators.validate_unicode_slug])
    https_only = models.URLField(validators=[validators.URLValidator(schemes=["https"])])
    document = models.FileField(
        upload_to="zoo/documents/", validators=[validators.FileExtensionValidator(["pdf", "odt"])]
    )
    short_duration = models.DurationField(
        validators=[
            validators.MinValueValidator(datetime.timedelta(minutes=1)),
            validators.MaxValueValidator(datetime.timedelta(hours=8)),
        ]
    )


class DatabaseDefault(models.Model):
    """Values that the database makes when none is given."""

    name = models.CharField(max_length=30, db_default="unnamed")
    legs = models.SmallIntegerField(db_default=4)
    weight = models.DecimalField(max_digits=6, decimal_places=2, db_default=Decimal("1.25"))
    doubled = models.IntegerField(db_default=models.Value(2) * models.Value(21))
    seen_at = models.DateTimeField(db_default=Now())
    is_tame = models.BooleanField(db_default=False)
    both = models.CharField(max_length=10, default="python", db_default="database")


class Generated(models.Model):
    """Columns that the database computes from others of the row."""

    name = models.CharField(max_length=40)
    lower_name = models.GeneratedField(
        expression=Lower("name"), output_field=models.CharField(max_length=40), db_persist=True, unique=True
    )
    width = models.PositiveSmallIntegerField(validators=[validators.MaxValueValidator(1000)])
    height = models.PositiveSmallIntegerField(validators=[validators.MaxValueValidator(1000)])
    perimeter = models.GeneratedField(
        expression=(F("width") + F("height")) * 2, output_field=models.IntegerField(), db_persist=True
    )

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(perimeter__gte=4), name="zoo_generated_perimeter"),
        ]
