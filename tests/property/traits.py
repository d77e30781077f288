"""What a random model can be made of: fields with their constraints, each with rows known to be right.

A trait is independent of every other of its model, so that a model can be filled exactly when each
of its traits and relations can. ``Part.sample(n)`` proves it: row n that satisfies all of the trait.
"""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.contrib.postgres import fields as pg
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.core import validators
from django.core.exceptions import ValidationError
from django.db import models
from django.db.backends.postgresql.psycopg_any import DateRange, DateTimeTZRange, NumericRange
from django.db.models import Deferrable, F, Func, Q
from django.db.models.functions import Length, Lower, Now
from django.db.models.lookups import GreaterThanOrEqual

Sample = Callable[[int], Any]
Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Trait:
    """One property of a model; ``variant`` chooses among the forms of its kind."""

    kind: str
    variant: int = 0
    optional: bool = False
    unique: bool = False


@dataclass(frozen=True, slots=True)
class Part:
    """What a trait adds to a model.

    ``room`` is how many rows can satisfy it (None: as many as wanted), ``why`` says so in words.
    """

    fields: dict[str, models.Field[Any, Any]]
    sample: Callable[[int], Row]
    constraints: tuple[models.BaseConstraint, ...] = ()
    unique_together: tuple[tuple[str, ...], ...] = ()
    clean: Callable[[models.Model], None] | None = None
    room: int | None = None
    why: str = ""


@dataclass(frozen=True, slots=True)
class Plain:
    """A single field: its class, arguments by variant, and a right value for row n."""

    words: tuple[str, ...]
    type: type[models.Field[Any, Any]]
    options: tuple[dict[str, Any], ...]
    sample: Sample
    may_be_unique: bool = True
    samples: dict[int, Sample] = field(default_factory=dict)
    """Where a variant needs other values."""


def moment(n: int) -> datetime.datetime:
    """Midnight of a day in 2024, aware where the project uses time zones."""
    naive = datetime.datetime(2024, 1, 1) + datetime.timedelta(days=n)
    return naive.replace(tzinfo=datetime.UTC) if settings.USE_TZ else naive


def day(n: int) -> datetime.date:
    """A day in 2024."""
    return datetime.date(2024, 1, 1) + datetime.timedelta(days=n)


def letters(n: int) -> str:
    """A short word that no other row has."""
    return chr(ord("a") + n % 26) * (n // 26 + 1)


def validate_even(value: int) -> None:
    """Refuse odd numbers."""
    if value % 2:
        raise ValidationError("odd")


COLOURS = [("red", "Red"), ("green", "Green"), ("blue", "Blue")]
GROUPED = [("Warm", [("red", "Red"), ("orange", "Orange")]), ("Cold", [("blue", "Blue")])]


def colours() -> list[tuple[str, str]]:
    """Choices that a call gives."""
    return COLOURS


PLAIN: dict[str, Plain] = {
    "integer": Plain(("count", "number", "score"), models.IntegerField, ({}, {"default": 7}), lambda n: n),
    "char": Plain(
        ("name", "first_name", "city", "country", "currency", "phone", "title", "iban", "colour"),
        models.CharField,
        (
            {"max_length": 40},
            {"max_length": 1},
            {"max_length": 3},
            {"max_length": 255, "default": "standard"},
            {"max_length": 4000},
        ),
        letters,
    ),
    "text": Plain(
        ("description", "notes", "address"), models.TextField, ({}, {"max_length": 50}), lambda n: f"text {n}"
    ),
    "boolean": Plain(
        ("is_active", "flag"), models.BooleanField, ({}, {"default": False}), lambda n: n % 2 == 0, False
    ),
    "date": Plain(("born_on", "expires_on", "date"), models.DateField, ({}, {"auto_now_add": True}), day),
    "datetime": Plain(
        ("created_at", "updated_at", "deleted_at"),
        models.DateTimeField,
        ({}, {"auto_now": True}, {"auto_now_add": True}),
        moment,
    ),
    "decimal": Plain(
        ("price", "amount", "latitude"),
        models.DecimalField,
        (
            {"max_digits": 8, "decimal_places": 2},
            {"max_digits": 3, "decimal_places": 3},
            {"max_digits": 20, "decimal_places": 0},
        ),
        lambda n: Decimal(n),
        samples={1: lambda n: Decimal(n) / 1000},
    ),
    "email": Plain(("email",), models.EmailField, ({}, {"max_length": 40}), lambda n: f"u{n}@example.com"),
    "slug": Plain(("slug",), models.SlugField, ({}, {"max_length": 5}, {"allow_unicode": True}), letters),
    "url": Plain(("website", "url"), models.URLField, ({},), lambda n: f"https://example.com/{n}"),
    "choice": Plain(
        ("status", "kind", "colour"),
        models.CharField,
        (
            {"max_length": 6, "choices": COLOURS},
            {"max_length": 6, "choices": GROUPED},
            {"max_length": 9, "choices": colours},
            {"max_length": 6, "choices": COLOURS, "default": "blue"},
        ),
        lambda n: "red",
        False,
    ),
    "choice_integer": Plain(
        ("priority", "level"),
        models.SmallIntegerField,
        ({"choices": [(1, "one"), (2, "two")]}, {"choices": {-1: "minus", 0: "zero"}}),
        lambda n: n % 2 + 1,
        False,
        samples={1: lambda n: -(n % 2)},
    ),
    "small": Plain(("age", "legs"), models.SmallIntegerField, ({},), lambda n: n),
    "big": Plain(("total", "size"), models.BigIntegerField, ({}, {"default": 0}), lambda n: n),
    "positive": Plain(("quantity", "stock"), models.PositiveIntegerField, ({},), lambda n: n),
    "positive_small": Plain(("position",), models.PositiveSmallIntegerField, ({},), lambda n: n),
    "positive_big": Plain(("bytes",), models.PositiveBigIntegerField, ({},), lambda n: n),
    "float": Plain(("weight", "longitude"), models.FloatField, ({},), float),
    "uuid": Plain(
        ("token",), models.UUIDField, ({}, {"default": uuid.uuid4}), lambda n: uuid.UUID(int=n + 1)
    ),
    "time": Plain(("opens_at",), models.TimeField, ({},), lambda n: datetime.time(n % 24, n // 24)),
    "duration": Plain(("duration",), models.DurationField, ({},), lambda n: datetime.timedelta(days=n)),
    "json": Plain(("payload", "settings"), models.JSONField, ({}, {"default": dict}), lambda n: {"n": n}),
    "ip": Plain(
        ("ip",),
        models.GenericIPAddressField,
        ({}, {"protocol": "IPv4"}, {"protocol": "IPv6"}),
        lambda n: f"192.0.2.{n}",
        samples={2: lambda n: f"2001:db8::{n + 1}"},
    ),
    "binary": Plain(("blob",), models.BinaryField, ({}, {"max_length": 8}), lambda n: bytes([n])),
    "file": Plain(("document",), models.FileField, ({"upload_to": "x/"},), lambda n: f"x/{n}.txt"),
    # Validators.
    "regex": Plain(
        ("sku", "code", "postal_code"),
        models.CharField,
        (
            {"max_length": 12, "validators": [validators.RegexValidator(r"^[A-Z]{3}-[0-9]{4}\Z")]},
            {"max_length": 30, "validators": [validators.RegexValidator(r"^\d{2}(\.\d{3}){2}/\d{4}-\d{2}$")]},
        ),
        lambda n: f"ABC-{n:04}",
        samples={1: lambda n: f"12.345.678/{n:04}-90"},
    ),
    "inverse_regex": Plain(
        ("nickname",),
        models.CharField,
        ({"max_length": 20, "validators": [validators.RegexValidator(r"[0-9 ]", inverse_match=True)]},),
        letters,
    ),
    "least_length": Plain(
        ("reference",),
        models.CharField,
        ({"max_length": 12, "validators": [validators.MinLengthValidator(10)]},),
        lambda n: letters(n).ljust(12, "x"),
    ),
    "validated_range": Plain(
        ("percent", "rating"),
        models.IntegerField,
        (
            {"validators": [validators.MinValueValidator(1), validators.MaxValueValidator(100)]},
            {"validators": [validators.MaxValueValidator(-5)]},
        ),
        lambda n: n + 1,
        samples={1: lambda n: -5 - n},
    ),
    "validated_decimal": Plain(
        ("rate",),
        models.DecimalField,
        (
            {
                "max_digits": 5,
                "decimal_places": 4,
                "validators": [validators.MinValueValidator(0), validators.MaxValueValidator(1)],
            },
        ),
        lambda n: Decimal(n) / 100,
    ),
    "step": Plain(
        ("minutes",),
        models.IntegerField,
        ({"validators": [validators.StepValueValidator(15)]}, {"validators": [validate_even]}),
        lambda n: 30 * n,
    ),
    # PostgreSQL alone.
    "array": Plain(
        ("tags", "scores"),
        pg.ArrayField,
        (
            {"base_field": models.IntegerField()},
            {"base_field": models.CharField(max_length=5, choices=COLOURS[:1]), "size": 3},
            {"base_field": pg.ArrayField(models.SmallIntegerField(), size=2)},
            {"base_field": models.CharField(max_length=9), "default": list},
        ),
        lambda n: [n],
        False,
        samples={1: lambda n: ["red"], 2: lambda n: [[n, n]], 3: lambda n: [letters(n)]},
    ),
    "range": Plain(
        ("span",),
        pg.IntegerRangeField,
        ({},),
        lambda n: NumericRange(n, n + 5),
    ),
    "date_range": Plain(("period",), pg.DateRangeField, ({},), lambda n: DateRange(day(n), day(n + 3))),
    "decimal_range": Plain(
        ("prices",),
        pg.DecimalRangeField,
        ({}, {"default_bounds": "[]"}),
        lambda n: NumericRange(Decimal(n), Decimal(n + 1)),
    ),
}

TEXTUAL = (models.CharField, models.TextField, models.FileField)


def plain_part(prefix: str, trait: Trait) -> Part:
    """A single field of this kind."""
    plain = PLAIN[trait.kind]
    variant = trait.variant % len(plain.options)
    options = dict(plain.options[variant])
    name = f"{plain.words[trait.variant % len(plain.words)]}_{prefix}"
    automatic = any(key.startswith("auto_now") for key in options)
    if trait.optional and not automatic:
        options["blank"] = True
        options["null"] = not issubclass(plain.type, TEXTUAL) or trait.variant % 2 == 1
    if trait.unique and plain.may_be_unique and not automatic:
        options.pop("default", None)
        options["unique"] = True
    sample = plain.samples.get(variant, plain.sample)
    leave_out = options.get("null", False)

    def row(n: int) -> Row:
        return {name: None if leave_out and n == 1 else sample(n)}

    return Part({name: plain.type(**options)}, row)


# ---------------------------------------------------------------------------- traits of several fields


def _pair(trait: Trait) -> tuple[Callable[[], models.Field[Any, Any]], Sample]:
    """A field of an ordered type, made twice by whoever ties two of them, and its values."""
    return (
        (models.IntegerField, lambda n: n),
        (models.DateField, day),
        (models.DateTimeField, moment),
        (lambda: models.DecimalField(max_digits=9, decimal_places=2), Decimal),
        (models.FloatField, float),
    )[trait.variant % 5]


def check_range(prefix: str, trait: Trait) -> Part:
    low, high = ((0, 100), (-20, -10), (10**6, 10**6 + 50), (5, 25))[trait.variant % 4]
    name = f"level_{prefix}"
    made = models.IntegerField(unique=trait.unique, null=trait.optional, blank=trait.optional)
    check = models.CheckConstraint(condition=Q(**{f"{name}__range": (low, high)}), name=f"{prefix}_range")
    return Part({name: made}, lambda n: {name: low + n}, (check,))


def check_order(prefix: str, trait: Trait) -> Part:
    made, value = _pair(trait)
    start, end = f"start_{prefix}", f"end_{prefix}"
    operator = ("lt", "lte")[trait.variant % 2]
    condition = Q(**{f"{start}__{operator}": F(end)})
    last = made()
    if trait.optional:
        last.null = last.blank = True
        condition |= Q(**{f"{end}__isnull": True})
    check = models.CheckConstraint(condition=condition, name=f"{prefix}_order")
    return Part({start: made(), end: last}, lambda n: {start: value(n), end: value(n + 1)}, (check,))


def _two_optional(prefix: str, trait: Trait) -> tuple[str, str, dict[str, models.Field[Any, Any]]]:
    one, other = f"person_{prefix}", f"company_{prefix}"
    made: dict[str, models.Field[Any, Any]] = {
        one: models.CharField(max_length=20, null=True, blank=True),
        other: models.IntegerField(null=True, blank=True),
    }
    return one, other, made


def check_xor(prefix: str, trait: Trait) -> Part:
    one, other, made = _two_optional(prefix, trait)
    condition = Q(**{f"{one}__isnull": True, f"{other}__isnull": False}) | Q(
        **{f"{one}__isnull": False, f"{other}__isnull": True}
    )
    check = models.CheckConstraint(condition=condition, name=f"{prefix}_xor")
    return Part(made, lambda n: {one: None, other: n} if n % 2 else {one: "x", other: None}, (check,))


def check_both_or_neither(prefix: str, trait: Trait) -> Part:
    one, other, made = _two_optional(prefix, trait)
    condition = Q(**{f"{one}__isnull": True, f"{other}__isnull": True}) | Q(
        **{f"{one}__isnull": False, f"{other}__isnull": False}
    )
    check = models.CheckConstraint(condition=condition, name=f"{prefix}_both")
    return Part(made, lambda n: {one: None, other: None} if n % 2 else {one: "x", other: n}, (check,))


def check_list(prefix: str, trait: Trait) -> Part:
    if trait.variant % 2:
        name, made = f"rank_{prefix}", models.IntegerField(null=trait.optional, blank=trait.optional)
        values: list[Any] = [3, 14, 159]
    else:
        name, made = f"state_{prefix}", models.CharField(max_length=9)
        values = ["new", "used", "it's"]
    check = models.CheckConstraint(condition=Q(**{f"{name}__in": values}), name=f"{prefix}_list")
    return Part({name: made}, lambda n: {name: values[n % 3]}, (check,))


def check_length(prefix: str, trait: Trait) -> Part:
    name = f"code_{prefix}"
    check = models.CheckConstraint(condition=GreaterThanOrEqual(Length(name), 6), name=f"{prefix}_length")
    made = models.CharField(max_length=10, unique=trait.unique)
    return Part({name: made}, lambda n: {name: letters(n).ljust(6, "-")}, (check,))


def check_pattern(prefix: str, trait: Trait) -> Part:
    name = f"plate_{prefix}"
    condition, sample = (
        (Q(**{f"{name}__regex": r"^[A-Z]{2}-[0-9]{2,4}$"}), lambda n: f"AB-{n:03}"),
        (Q(**{f"{name}__startswith": "zz_"}), lambda n: f"zz_{n}"),
        (~Q(**{name: ""}), letters),
    )[trait.variant % 3]
    check = models.CheckConstraint(condition=condition, name=f"{prefix}_pattern")
    made = models.CharField(max_length=16, unique=trait.unique)
    return Part({name: made}, lambda n: {name: sample(n)}, (check,))


def check_json(prefix: str, trait: Trait) -> Part:
    name = f"document_{prefix}"
    check = models.CheckConstraint(condition=Q(**{f"{name}__has_key": "kind"}), name=f"{prefix}_json")
    return Part({name: models.JSONField()}, lambda n: {name: {"kind": n}}, (check,))


def check_implies(prefix: str, trait: Trait) -> Part:
    status, closed = f"standing_{prefix}", f"closed_at_{prefix}"
    made: dict[str, models.Field[Any, Any]] = {
        status: models.CharField(max_length=6, choices=[("open", "open"), ("closed", "closed")]),
        closed: models.DateTimeField(null=True, blank=True),
    }
    condition = Q(**{status: "open", f"{closed}__isnull": True}) | Q(
        **{status: "closed", f"{closed}__isnull": False}
    )
    check = models.CheckConstraint(condition=condition, name=f"{prefix}_implies")

    def row(n: int) -> Row:
        return {status: "open", closed: None} if n % 2 else {status: "closed", closed: moment(n)}

    return Part(made, row, (check,))


def check_sum(prefix: str, trait: Trait) -> Part:
    one, other = f"used_{prefix}", f"free_{prefix}"
    made: dict[str, models.Field[Any, Any]] = {
        one: models.PositiveSmallIntegerField(),
        other: models.PositiveSmallIntegerField(),
    }
    limit = (100, 10, 0)[trait.variant % 3]
    check = models.CheckConstraint(condition=Q(**{f"{one}__lte": limit - F(other)}), name=f"{prefix}_sum")
    return Part(made, lambda n: {one: 0, other: 0}, (check,))


def _unique_fields(prefix: str) -> tuple[str, str, dict[str, models.Field[Any, Any]]]:
    first, second = f"name_{prefix}", f"number_{prefix}"
    made: dict[str, models.Field[Any, Any]] = {
        first: models.CharField(max_length=10),
        second: models.IntegerField(),
    }
    return first, second, made


def unique_together(prefix: str, trait: Trait) -> Part:
    first, second, made = _unique_fields(prefix)
    made[second].null = made[second].blank = trait.optional

    def row(n: int) -> Row:
        return {first: "same", second: n}

    if trait.variant % 2:
        return Part(made, row, unique_together=((first, second),))
    return Part(made, row, (models.UniqueConstraint(fields=[first, second], name=f"{prefix}_uq"),))


def unique_conditional(prefix: str, trait: Trait) -> Part:
    first, second, made = _unique_fields(prefix)
    flag = f"is_default_{prefix}"
    made[flag] = models.BooleanField(default=bool(trait.variant % 2))
    fields, condition = (
        ([first], Q(**{flag: True})),
        ([flag], Q(**{flag: True})),
        ([first, second], Q(**{f"{second}__gt": 10, flag: False})),
    )[trait.variant % 3]
    unique = models.UniqueConstraint(fields=fields, condition=condition, name=f"{prefix}_uqif")
    return Part(made, lambda n: {first: letters(n), second: n, flag: n == 0}, (unique,))


def unique_expression(prefix: str, trait: Trait) -> Part:
    first, second, made = _unique_fields(prefix)
    expressions = ((Lower(first),), (Lower(first), F(second)), (F(second).desc(), F(first)))[
        trait.variant % 3
    ]
    unique = models.UniqueConstraint(*expressions, name=f"{prefix}_uqex")
    return Part(made, lambda n: {first: letters(n), second: n}, (unique,))


def unique_nulls_equal(prefix: str, trait: Trait) -> Part:
    first, second, made = _unique_fields(prefix)
    made[second].null = made[second].blank = True
    fields = ([first, second], [second])[trait.variant % 2]
    unique = models.UniqueConstraint(fields=fields, nulls_distinct=False, name=f"{prefix}_uqnn")
    return Part(made, lambda n: {first: "x", second: n or None}, (unique,))


def unique_deferrable(prefix: str, trait: Trait) -> Part:
    first, second, made = _unique_fields(prefix)
    when = (Deferrable.DEFERRED, Deferrable.IMMEDIATE)[trait.variant % 2]
    unique = models.UniqueConstraint(fields=[first, second], deferrable=when, name=f"{prefix}_uqdf")
    return Part(made, lambda n: {first: "x", second: n}, (unique,))


def unique_for_date(prefix: str, trait: Trait) -> Part:
    title, published = f"title_{prefix}", f"published_{prefix}"
    part = ("unique_for_date", "unique_for_month", "unique_for_year")[trait.variant % 3]
    made: dict[str, models.Field[Any, Any]] = {
        title: models.CharField(max_length=30, **{part: published}),
        published: models.DateField(),
    }
    return Part(made, lambda n: {title: letters(n), published: day(n)})


def unique_and_choice(prefix: str, trait: Trait) -> Part:
    kind, number = f"kind_{prefix}", f"number_{prefix}"
    made: dict[str, models.Field[Any, Any]] = {
        kind: models.CharField(max_length=6, choices=COLOURS),
        number: models.PositiveSmallIntegerField(validators=[validators.MaxValueValidator(50)]),
    }
    unique = models.UniqueConstraint(fields=[kind, number], name=f"{prefix}_uqch")
    return Part(made, lambda n: {kind: "red", number: n}, (unique,))


def exclusion(prefix: str, trait: Trait) -> Part:
    if trait.variant % 3 == 0:
        name = f"period_{prefix}"
        made: dict[str, models.Field[Any, Any]] = {name: pg.DateRangeField()}
        constraint = ExclusionConstraint(name=f"{prefix}_ex", expressions=[(name, RangeOperators.OVERLAPS)])
        return Part(made, lambda n: {name: DateRange(day(10 * n), day(10 * n + 5))}, (constraint,))
    if trait.variant % 3 == 1:
        name, flag = f"span_{prefix}", f"is_cancelled_{prefix}"
        made = {name: pg.DateTimeRangeField(), flag: models.BooleanField(default=False)}
        constraint = ExclusionConstraint(
            name=f"{prefix}_ex", expressions=[(name, RangeOperators.OVERLAPS)], condition=Q(**{flag: False})
        )
        return Part(
            made,
            lambda n: {name: DateTimeTZRange(moment(9 * n), moment(9 * n + 5)), flag: False},
            (constraint,),
        )
    start, end = f"arrives_{prefix}", f"leaves_{prefix}"
    made = {start: models.DateField(), end: models.DateField()}
    constraint = ExclusionConstraint(
        name=f"{prefix}_ex",
        expressions=[(Func(F(start), F(end), function="daterange"), RangeOperators.OVERLAPS)],
    )
    check = models.CheckConstraint(condition=Q(**{f"{end}__gt": F(start)}), name=f"{prefix}_exck")
    return Part(made, lambda n: {start: day(10 * n), end: day(10 * n + 5)}, (constraint, check))


def clean_order(prefix: str, trait: Trait) -> Part:
    made, value = _pair(trait)
    start, end = f"starts_{prefix}", f"ends_{prefix}"

    def clean(row: models.Model) -> None:
        first, last = getattr(row, start), getattr(row, end)
        if first is not None and last is not None and last < first:
            raise ValidationError({end: "The end is before the start."})

    return Part({start: made(), end: made()}, lambda n: {start: value(n), end: value(n + 2)}, clean=clean)


def clean_xor(prefix: str, trait: Trait) -> Part:
    one, other = f"given_name_{prefix}", f"company_{prefix}"
    made: dict[str, models.Field[Any, Any]] = {
        one: models.CharField(max_length=20, blank=True),
        other: models.CharField(max_length=20, blank=True),
    }

    def clean(row: models.Model) -> None:
        if bool(getattr(row, one)) == bool(getattr(row, other)):
            raise ValidationError("Give either a name or a company.")

    return Part(made, lambda n: {one: "x", other: ""}, clean=clean)


def clean_implies(prefix: str, trait: Trait) -> Part:
    flag, reason = f"is_banned_{prefix}", f"reason_{prefix}"
    made: dict[str, models.Field[Any, Any]] = {
        flag: models.BooleanField(default=False),
        reason: models.TextField(blank=True),
    }

    def clean(row: models.Model) -> None:
        if getattr(row, flag) and not getattr(row, reason):
            raise ValidationError({reason: "Say why."})
        if not getattr(row, flag) and getattr(row, reason):
            raise ValidationError({reason: "There is nothing to explain."})

    return Part(
        made, lambda n: {flag: True, reason: "x"} if n % 2 else {flag: False, reason: ""}, clean=clean
    )


def generated(prefix: str, trait: Trait) -> Part:
    width, area = f"width_{prefix}", f"area_{prefix}"
    made: dict[str, models.Field[Any, Any]] = {
        width: models.PositiveSmallIntegerField(validators=[validators.MaxValueValidator(1000)]),
        area: models.GeneratedField(
            expression=F(width) * 2, output_field=models.IntegerField(unique=False), db_persist=True
        ),
    }
    return Part(made, lambda n: {width: n})


def database_default(prefix: str, trait: Trait) -> Part:
    number, seen = f"number_{prefix}", f"seen_at_{prefix}"
    made: dict[str, models.Field[Any, Any]] = {
        number: models.IntegerField(db_default=42),
        seen: models.DateTimeField(db_default=Now()),
    }
    return Part(made, lambda n: {number: n, seen: moment(n)})


# ---------------------------------------------------------------------------- little room, or none


def unique_boolean(prefix: str, trait: Trait) -> Part:
    name = f"is_main_{prefix}"
    made: dict[str, models.Field[Any, Any]] = {name: models.BooleanField(unique=True)}
    return Part(made, lambda n: {name: n == 0}, room=2, why="a boolean is unique")


def unique_choice(prefix: str, trait: Trait) -> Part:
    name, room = f"size_{prefix}", trait.variant % 3 + 1
    made: dict[str, models.Field[Any, Any]] = {
        name: models.CharField(max_length=6, choices=COLOURS[:room], unique=True)
    }
    return Part(made, lambda n: {name: COLOURS[n][0]}, room=room, why=f"one of {room} choices is unique")


def contradiction(prefix: str, trait: Trait) -> Part:
    """No row: two CHECKs, a CHECK against the type, or two validators contradict each other."""
    name = f"impossible_{prefix}"
    below = models.CheckConstraint(condition=Q(**{f"{name}__lt": 0}), name=f"{prefix}_below")
    above = models.CheckConstraint(condition=Q(**{f"{name}__gt": 0}), name=f"{prefix}_above")
    long = models.CheckConstraint(condition=GreaterThanOrEqual(Length(name), 9), name=f"{prefix}_long")
    limits = [validators.MinValueValidator(10), validators.MaxValueValidator(5)]
    made, constraints, why = (
        (models.IntegerField(), (below, above), "it must be both below and above zero"),
        (models.PositiveIntegerField(), (below,), "a positive number must be below zero"),
        (models.CharField(max_length=5), (long,), "five characters must be nine long"),
        (models.IntegerField(validators=limits), (), "it must be at least 10 and at most 5"),
    )[trait.variant % 4]
    return Part({name: made}, lambda n: {name: None}, constraints, room=0, why=f"{name}: {why}")


TIED: dict[str, Callable[[str, Trait], Part]] = {
    "check_range": check_range,
    "check_order": check_order,
    "check_xor": check_xor,
    "check_both_or_neither": check_both_or_neither,
    "check_list": check_list,
    "check_length": check_length,
    "check_pattern": check_pattern,
    "check_json": check_json,
    "check_implies": check_implies,
    "check_sum": check_sum,
    "unique_together": unique_together,
    "unique_conditional": unique_conditional,
    "unique_expression": unique_expression,
    "unique_for_date": unique_for_date,
    "unique_and_choice": unique_and_choice,
    "clean_order": clean_order,
    "clean_xor": clean_xor,
    "clean_implies": clean_implies,
    "generated": generated,
    "database_default": database_default,
    "unique_nulls_equal": unique_nulls_equal,
    "unique_deferrable": unique_deferrable,
    "exclusion": exclusion,
}

NARROW: dict[str, Callable[[str, Trait], Part]] = {
    "unique_boolean": unique_boolean,
    "unique_choice": unique_choice,
    "contradiction": contradiction,
}

ONLY_POSTGRESQL = frozenset(
    {
        "array",
        "range",
        "date_range",
        "decimal_range",
        "exclusion",
        "unique_nulls_equal",
        "unique_deferrable",
    }
)
