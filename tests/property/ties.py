"""More of what a random model can be made of: rules over several fields, and odd ones over a single one."""

from __future__ import annotations

import datetime
import uuid
from decimal import Decimal
from typing import Any, TypeAlias

from django.contrib.postgres import fields as pg
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.core import validators
from django.core.exceptions import ValidationError
from django.db import models
from django.db.backends.postgresql.psycopg_any import NumericRange
from django.db.models import Case, Deferrable, F, Func, Q, Value, When
from django.db.models.functions import Concat, Length, Lower, Upper
from django.db.models.lookups import Exact, GreaterThan, LessThanOrEqual

from tests.property.traits import COLOURS, Part, Row, Trait, day, letters, moment

Fields: TypeAlias = "dict[str, models.Field[Any, Any]]"


def check_total(prefix: str, trait: Trait) -> Part:
    """One number is the sum, the product or the difference of two others."""
    net, tax, total = (f"{word}_{prefix}" for word in ("net", "tax", "total"))
    make = (
        lambda: models.IntegerField(validators=[validators.MinValueValidator(0)]),
        lambda: models.DecimalField(max_digits=9, decimal_places=2),
        models.PositiveIntegerField,
    )[trait.variant % 3]
    last = make()
    last.null = last.blank = trait.optional
    right = (F(net) + F(tax), F(net) - F(tax), F(net) * 2)[trait.variant // 3 % 3]
    condition = Q(**{total: right})
    if trait.optional:
        condition |= Q(**{f"{total}__isnull": True})
    check = models.CheckConstraint(condition=condition, name=f"{prefix}_total")
    result = (lambda n: n, lambda n: n, lambda n: 2 * n)[trait.variant // 3 % 3]
    return Part(
        {net: make(), tax: make(), total: last},
        lambda n: {net: n, tax: 0, total: result(n)},
        (check,),
    )


def check_chain(prefix: str, trait: Trait) -> Part:
    """Three in order, each rule a constraint of its own, the first within a range."""
    low, middle, high = (f"{word}_{prefix}" for word in ("low", "middle", "high"))
    made: Fields = {name: models.SmallIntegerField() for name in (low, middle, high)}
    checks = (
        models.CheckConstraint(condition=Q(**{f"{low}__lte": F(middle)}), name=f"{prefix}_one"),
        models.CheckConstraint(condition=Q(**{f"{middle}__lt": F(high)}), name=f"{prefix}_two"),
        models.CheckConstraint(
            condition=Q(**{f"{low}__gte": -5}) & Q(**{f"{high}__lte": (100, 1000)[trait.variant % 2]}),
            name=f"{prefix}_three",
        ),
    )
    return Part(made, lambda n: {low: n, middle: n, high: n + 1}, checks)


def check_one_of_three(prefix: str, trait: Trait) -> Part:
    """Exactly one, at least one, or at most one of three is there."""
    names = [f"{word}_{prefix}" for word in ("phone", "mobile", "fax")]
    made: Fields = {
        names[0]: models.CharField(max_length=20, null=True, blank=True),
        names[1]: models.IntegerField(null=True, blank=True),
        names[2]: models.DateField(null=True, blank=True),
    }
    there = [Q(**{f"{name}__isnull": False}) for name in names]
    exactly = Q()
    for one in names:
        exactly |= Q(**{f"{name}__isnull": name != one for name in names})
    at_most = exactly | Q(**{f"{name}__isnull": True for name in names})
    condition = (exactly, there[0] | there[1] | there[2], at_most, there[0] ^ there[1])[trait.variant % 4]
    check = models.CheckConstraint(condition=condition, name=f"{prefix}_three")

    def row(n: int) -> Row:
        return {names[0]: f"x{n}", names[1]: None, names[2]: None}

    return Part(made, row, (check,))


def check_case(prefix: str, trait: Trait) -> Part:
    """A limit that depends on a choice."""
    kind, limit = f"plan_{prefix}", f"seats_{prefix}"
    made: Fields = {
        kind: models.CharField(max_length=6, choices=[("free", "Free"), ("pro", "Pro"), ("team", "Team")]),
        limit: models.PositiveIntegerField(null=trait.optional, blank=trait.optional),
    }
    greatest = Case(When(**{kind: "free"}, then=Value(1)), When(**{kind: "pro"}, then=5), default=Value(500))
    condition = (
        Q(LessThanOrEqual(F(limit), greatest)),
        Q(**{kind: "free", f"{limit}__lte": 1}) | (~Q(**{kind: "free"}) & Q(**{f"{limit}__gt": 1})),
        ~Q(**{kind: "free", f"{limit}__gt": 1}),
    )[trait.variant % 3]
    check = models.CheckConstraint(condition=condition, name=f"{prefix}_case")
    return Part(made, lambda n: {kind: "free", limit: 1}, (check,))


def check_text(prefix: str, trait: Trait) -> Part:
    """A text under a function."""
    name = f"sign_{prefix}"
    condition, sample = (
        (Q(Exact(Upper(name), F(name))), lambda n: letters(n).upper()),
        (Q(Exact(Length(name), 5)), lambda n: letters(n).ljust(5, "-")),
        (Q(**{f"{name}__contains": "@"}), lambda n: f"{letters(n)}@"),
        (Q(**{f"{name}__endswith": ".txt"}), lambda n: f"{letters(n)}.txt"),
        (Q(Exact(Lower(name), F(name))) & Q(GreaterThan(Length(name), 2)), lambda n: f"{letters(n)}aa"),
        (~Q(**{f"{name}__in": ["", "none", "n/a"]}), letters),
    )[trait.variant % 6]
    check = models.CheckConstraint(condition=condition, name=f"{prefix}_text")
    made = models.CharField(max_length=18, unique=trait.unique, blank=trait.optional)
    return Part({name: made}, lambda n: {name: sample(n)}, (check,))


def check_moments(prefix: str, trait: Trait) -> Part:
    """Dates with fixed limits, and in an order that auto_now has a part in."""
    created, updated = f"created_at_{prefix}", f"updated_at_{prefix}"
    auto = trait.variant % 2 == 0
    made: Fields = {
        created: models.DateTimeField(auto_now_add=auto),
        updated: models.DateTimeField(auto_now=auto),
    }
    checks = [models.CheckConstraint(condition=Q(**{f"{created}__lte": F(updated)}), name=f"{prefix}_moment")]
    if trait.optional:
        born = f"born_on_{prefix}"
        made[born] = models.DateField()
        limits = (datetime.date(1900, 1, 1), datetime.date(2100, 1, 1))
        checks.append(
            models.CheckConstraint(condition=Q(**{f"{born}__range": limits}), name=f"{prefix}_born")
        )

    def row(n: int) -> Row:
        more = {f"born_on_{prefix}": day(n)} if trait.optional else {}
        return {created: moment(n), updated: moment(n + 1), **more}

    return Part(made, row, tuple(checks))


def check_decimal(prefix: str, trait: Trait) -> Part:
    """A share between zero and one; a discount below its price."""
    price, discount = f"price_{prefix}", f"discount_{prefix}"
    made: Fields = {
        price: models.DecimalField(max_digits=8, decimal_places=2),
        discount: models.DecimalField(max_digits=8, decimal_places=2, default=0),
    }
    checks = (
        models.CheckConstraint(condition=Q(**{f"{price}__gt": 0}), name=f"{prefix}_price"),
        models.CheckConstraint(
            condition=Q(**{f"{discount}__gte": 0, f"{discount}__lt": F(price)}), name=f"{prefix}_discount"
        ),
    )
    return Part(made, lambda n: {price: Decimal(n + 1), discount: Decimal(0)}, checks)


def check_unequal(prefix: str, trait: Trait) -> Part:
    """Two that differ; with a unique over both of them."""
    home, away = f"home_{prefix}", f"away_{prefix}"
    made: Fields = {name: models.CharField(max_length=12) for name in (home, away)}
    check = models.CheckConstraint(condition=~Q(**{home: F(away)}), name=f"{prefix}_unequal")
    unique = models.UniqueConstraint(fields=[home, away], name=f"{prefix}_uq")
    return Part(made, lambda n: {home: letters(n), away: letters(n + 1)}, (check, unique))


def unique_of_three(prefix: str, trait: Trait) -> Part:
    """A unique over few-valued columns and one of many values, or of a date."""
    kind, flag, many = f"kind_{prefix}", f"flag_{prefix}", f"lot_{prefix}"
    last: models.Field[Any, Any] = (models.IntegerField, models.DateField, models.UUIDField)[
        trait.variant % 3
    ]()
    made: Fields = {
        kind: models.CharField(max_length=6, choices=COLOURS),
        flag: models.BooleanField(),
        many: last,
    }
    sample = (lambda n: n, day, lambda n: uuid.UUID(int=n + 1))[trait.variant % 3]
    unique = models.UniqueConstraint(fields=[kind, flag, many], name=f"{prefix}_uq3")
    return Part(made, lambda n: {kind: "red", flag: True, many: sample(n)}, (unique,))


def unique_few(prefix: str, trait: Trait) -> Part:
    """Two columns of few values: six combinations, twelve with a third."""
    kind, flag, more = f"kind_{prefix}", f"flag_{prefix}", f"more_{prefix}"
    made: Fields = {
        kind: models.CharField(max_length=6, choices=COLOURS),
        flag: models.BooleanField(),
    }
    fields = [kind, flag]
    if trait.variant % 2:
        made[more] = models.SmallIntegerField(choices=[(1, "one"), (2, "two")])
        fields.append(more)
    unique = models.UniqueConstraint(fields=fields, name=f"{prefix}_uqfew")

    def row(n: int) -> Row:
        return {kind: COLOURS[n % 3][0], flag: n % 2 == 0} | ({more: 1} if trait.variant % 2 else {})

    return Part(made, row, (unique,), room=12 if trait.variant % 2 else 6)


def unique_folded(prefix: str, trait: Trait) -> Part:
    """Uniques of expressions: case folded, joined, under a condition."""
    first, second, flag = (f"{word}_{prefix}" for word in ("nick", "realm", "gone"))
    made: Fields = {
        first: models.CharField(max_length=(10, 30)[trait.variant % 2]),
        second: models.CharField(max_length=10, blank=True),
        flag: models.BooleanField(default=False),
    }
    expressions, condition = (
        ((Lower(first),), Q(**{flag: False})),
        ((Concat(F(first), Value("/"), F(second)),), None),
        ((Upper(first), Lower(second)), None),
    )[trait.variant % 3]
    unique = models.UniqueConstraint(*expressions, condition=condition, name=f"{prefix}_uqf")
    return Part(made, lambda n: {first: letters(n), second: "", flag: False}, (unique,))


def unique_for(prefix: str, trait: Trait) -> Part:
    """A choice or a number once a day, month or year."""
    value, published = f"value_{prefix}", f"published_{prefix}"
    part = ("unique_for_date", "unique_for_month", "unique_for_year")[trait.variant % 3]
    made: Fields = {
        value: (
            models.CharField(max_length=6, choices=COLOURS, **{part: published}),
            models.IntegerField(**{part: published}),
            models.SlugField(max_length=8, **{part: published}),
        )[trait.variant // 3 % 3],
        published: (models.DateField, models.DateTimeField)[trait.variant % 2](),
    }
    sample = (lambda n: COLOURS[n % 3][0], lambda n: n, letters)[trait.variant // 3 % 3]
    when = (day, moment)[trait.variant % 2]
    return Part(made, lambda n: {value: sample(n), published: when(n)})


def exclusion_of_two(prefix: str, trait: Trait) -> Part:
    """Two expressions under one exclusion; an integer range under a condition."""
    seats, floors = f"seats_{prefix}", f"floors_{prefix}"
    made: Fields = {seats: pg.IntegerRangeField(), floors: pg.IntegerRangeField()}
    expressions = [(seats, RangeOperators.OVERLAPS), (floors, RangeOperators.OVERLAPS)]
    condition = None
    if trait.variant % 2:
        expressions = expressions[:1]
        made[seats].null = made[seats].blank = True
        condition = Q(**{f"{seats}__isnull": False})
    rule = ExclusionConstraint(name=f"{prefix}_ex2", expressions=expressions, condition=condition)

    def row(n: int) -> Row:
        return {seats: NumericRange(10 * n, 10 * n + 5), floors: NumericRange(n, n + 3)}

    return Part(made, row, (rule,))


def exclusion_of_equals(prefix: str, trait: Trait) -> Part:
    """What a unique would say, said by an exclusion."""
    name = f"slot_{prefix}"
    made: models.Field[Any, Any] = pg.IntegerRangeField()
    operator = (RangeOperators.EQUAL, RangeOperators.ADJACENT_TO)[trait.variant % 2]
    rule = ExclusionConstraint(name=f"{prefix}_exeq", expressions=[(name, operator)])
    return Part({name: made}, lambda n: {name: NumericRange(10 * n, 10 * n + 4)}, (rule,))


def generated_unique(prefix: str, trait: Trait) -> Part:
    """A generated column that is unique, or under a CHECK."""
    name, folded = f"label_{prefix}", f"folded_{prefix}"
    if trait.variant % 2:
        made: Fields = {
            name: models.CharField(max_length=20),
            folded: models.GeneratedField(
                expression=Lower(name), output_field=models.CharField(max_length=40), db_persist=True
            ),
        }
        unique = models.UniqueConstraint(fields=[folded], name=f"{prefix}_uqg")
        return Part(made, lambda n: {name: letters(n)}, (unique,))
    made = {
        name: models.IntegerField(),
        folded: models.GeneratedField(
            expression=F(name) - 10, output_field=models.BigIntegerField(), db_persist=True
        ),
    }
    check = models.CheckConstraint(condition=Q(**{f"{folded}__gte": 0}), name=f"{prefix}_ckg")
    return Part(made, lambda n: {name: 10 + n}, (check,))


def null_but_asked(prefix: str, trait: Trait) -> Part:
    """NULL for the database, required for a form; and the other way round."""
    first, second = f"nullable_{prefix}", f"blankable_{prefix}"
    made: Fields = {
        first: (models.IntegerField, models.DateField, models.TextField)[trait.variant % 3](null=True),
        second: models.CharField(max_length=9, blank=True, null=False, unique=False),
    }
    sample = (lambda n: n, day, lambda n: f"t{n}")[trait.variant % 3]
    return Part(made, lambda n: {first: sample(n), second: ""})


def odd_columns(prefix: str, trait: Trait) -> Part:
    """Columns with odd names, under a unique and a CHECK."""
    odd = ("select", "Order", "größe", "two words", "it's", "a.b", "x" * 50)[trait.variant % 7]
    first, second = f"first_{prefix}", f"second_{prefix}"
    made: Fields = {
        first: models.IntegerField(db_column=f"{odd} {prefix}" if trait.variant % 2 else f"{odd}{prefix}"),
        second: models.CharField(max_length=8, db_column=f"{prefix}{odd}"[:60]),
    }
    rules = (
        models.CheckConstraint(condition=Q(**{f"{first}__gte": 1}), name=f"{prefix}_odd"),
        models.UniqueConstraint(fields=[first, second], name=f"{prefix}_uqodd"),
    )
    return Part(made, lambda n: {first: n + 1, second: "x"}, rules)


def clean_sum(prefix: str, trait: Trait) -> Part:
    """clean() wants one number to be worked out of two others."""
    net, tax, gross = (f"{word}_{prefix}" for word in ("netto", "fee", "brutto"))
    made: Fields = {name: models.PositiveSmallIntegerField() for name in (net, tax, gross)}

    def clean(row: models.Model) -> None:
        one, other, both = (getattr(row, name) for name in (net, tax, gross))
        if None not in (one, other, both) and both < max(one, other):
            raise ValidationError({gross: "Less than a part of it."})

    return Part(made, lambda n: {net: n, tax: 1, gross: n + 1}, clean=clean)


def clean_some(prefix: str, trait: Trait) -> Part:
    """clean() wants one of several; and none of them with a flag."""
    names = [f"{word}_{prefix}" for word in ("street", "box", "map_url")]
    flag = f"is_virtual_{prefix}"
    made: Fields = {name: models.CharField(max_length=30, blank=True) for name in names}
    made[flag] = models.BooleanField(default=False)

    def clean(row: models.Model) -> None:
        given = [name for name in names if getattr(row, name)]
        if getattr(row, flag) and given:
            raise ValidationError({given[0]: "A virtual place has no address."})
        if not getattr(row, flag) and not given:
            raise ValidationError("Say where it is.")

    return Part(made, lambda n: {names[0]: "x", names[1]: "", names[2]: "", flag: False}, clean=clean)


def clean_alone(prefix: str, trait: Trait) -> Part:
    """clean() looks at the other rows: one default, or a name in any case."""
    name, flag = f"alias_{prefix}", f"is_default_{prefix}"
    made: Fields = {name: models.CharField(max_length=20), flag: models.BooleanField(default=False)}

    def clean(row: Any) -> None:
        model = row._meta.get_field(name).model
        others = model._base_manager.exclude(pk=row.pk)
        if trait.variant % 2 and getattr(row, flag) and others.filter(**{flag: True}).exists():
            raise ValidationError({flag: "There is a default already."})
        if not trait.variant % 2 and others.filter(**{f"{name}__iexact": getattr(row, name)}).exists():
            raise ValidationError({name: "The name is taken."})

    return Part(made, lambda n: {name: letters(n), flag: n == 0}, clean=clean)


def validated_pair(prefix: str, trait: Trait) -> Part:
    """A validator and a CHECK on one column; a validator and a unique on another."""
    name, code = f"year_{prefix}", f"ticket_{prefix}"
    made: Fields = {
        name: models.PositiveSmallIntegerField(
            validators=[validators.MinValueValidator(1900), validators.MaxValueValidator(2100)]
        ),
        code: models.CharField(
            max_length=9, unique=True, validators=[validators.RegexValidator(r"^[A-Z][0-9]{3,8}$")]
        ),
    }
    check = models.CheckConstraint(condition=Q(**{f"{name}__gt": 1999}), name=f"{prefix}_year")
    return Part(made, lambda n: {name: 2000 + n, code: f"A{n:04}"}, (check,))


def unique_in_range(prefix: str, trait: Trait) -> Part:
    """A unique number, or a unique text, of which a CHECK leaves few."""
    name = f"bay_{prefix}"
    if trait.variant % 3 == 2:
        values = ["north", "south", "east", "west"]
        check = models.CheckConstraint(condition=Q(**{f"{name}__in": values}), name=f"{prefix}_bay")
        text = models.CharField(max_length=9, unique=True)
        return Part({name: text}, lambda n: {name: values[n]}, (check,), room=4, why="four texts")
    low, high = ((1, 9), (-3, 2))[trait.variant % 3]
    condition = Q(**{f"{name}__gte": low}) & Q(**{f"{name}__lt": high + 1})
    check = models.CheckConstraint(condition=condition, name=f"{prefix}_bay")
    made = models.SmallIntegerField(unique=True)
    return Part({name: made}, lambda n: {name: low + n}, (check,), room=high - low + 1, why="few numbers")


def check_sums(prefix: str, trait: Trait) -> Part:
    """Arithmetic that leaves the type with the greatest numbers, or divides by zero."""
    one, other = f"width_{prefix}", f"height_{prefix}"
    make = (models.IntegerField, models.SmallIntegerField, models.BigIntegerField)[trait.variant % 3]
    made: Fields = {one: make(), other: make()}
    condition = (
        Q(LessThanOrEqual(F(one) + F(other), 100)),
        Q(LessThanOrEqual(F(one) * F(other), 1000)),
        Q(GreaterThan(F(one) / F(other), 1)),
        Q(GreaterThan(F(one) - F(other), 0)),
    )[trait.variant // 3 % 4]
    check = models.CheckConstraint(condition=condition, name=f"{prefix}_sums")
    return Part(made, lambda n: {one: 3 + n, other: 1}, (check,))


def generated_wide(prefix: str, trait: Trait) -> Part:
    """A generated column that the greatest numbers leave; one of text."""
    one, other, made_of = f"size_{prefix}", f"count_{prefix}", f"whole_{prefix}"
    if trait.variant % 2:
        text: Fields = {
            one: models.CharField(max_length=30),
            other: models.CharField(max_length=30, blank=True),
            made_of: models.GeneratedField(
                expression=Concat(F(one), Value(" "), F(other)),
                output_field=models.CharField(max_length=(40, 70)[trait.variant % 4 // 2]),
                db_persist=True,
            ),
        }
        return Part(text, lambda n: {one: f"a{n}", other: ""})
    made: Fields = {
        one: models.IntegerField(),
        other: models.IntegerField(null=trait.optional, blank=trait.optional),
        made_of: models.GeneratedField(
            expression=F(one) * F(other), output_field=models.IntegerField(null=True), db_persist=True
        ),
    }
    return Part(made, lambda n: {one: n, other: 2})


def check_times(prefix: str, trait: Trait) -> Part:
    """Times of a day, a length, and an end within so many days."""
    opens, closes = f"opens_{prefix}", f"closes_{prefix}"
    make, value, condition = (
        (
            models.TimeField,
            lambda n: datetime.time(n % 23, 0),
            Q(**{f"{opens}__lt": F(closes)}),
        ),
        (models.DurationField, lambda n: datetime.timedelta(hours=n + 1), Q(**{f"{opens}__lt": F(closes)})),
        (
            models.DateField,
            day,
            Q(**{f"{closes}__gt": F(opens)})
            & Q(**{f"{closes}__lte": F(opens) + datetime.timedelta(days=30)}),
        ),
        (
            models.DateTimeField,
            moment,
            Q(**{f"{closes}__gte": F(opens)}) & Q(**{f"{opens}__year__gte": 1990}),
        ),
    )[trait.variant % 4]
    check = models.CheckConstraint(condition=condition, name=f"{prefix}_times")
    return Part({opens: make(), closes: make()}, lambda n: {opens: value(n), closes: value(n + 1)}, (check,))


def check_document(prefix: str, trait: Trait) -> Part:
    """JSON with keys, values and types."""
    name = f"settings_{prefix}"
    condition, value = (
        (Q(**{f"{name}__has_keys": ["kind", "size"]}), {"kind": 1, "size": 2}),
        (Q(**{f"{name}__kind": "book"}), {"kind": "book"}),
        (Q(**{f"{name}__size__gt": 3}), {"size": 4}),
        (Q(**{f"{name}__has_any_keys": ["a", "b"]}), {"a": 1}),
    )[trait.variant % 4]
    check = models.CheckConstraint(condition=condition, name=f"{prefix}_document")
    return Part({name: models.JSONField()}, lambda n: {name: value}, (check,))


def check_array(prefix: str, trait: Trait) -> Part:
    """Arrays with a length, and with some of some items."""
    name = f"labels_{prefix}"
    condition = (
        Q(**{f"{name}__len__gte": 2}),
        Q(**{f"{name}__contains": ["a"]}),
        Q(**{f"{name}__overlap": ["a", "b"]}),
        Q(**{f"{name}__contained_by": ["a", "b", "c"]}),
    )[trait.variant % 4]
    check = models.CheckConstraint(condition=condition, name=f"{prefix}_array")
    made = pg.ArrayField(models.CharField(max_length=6), size=(None, 4)[trait.variant // 4 % 2])
    return Part({name: made}, lambda n: {name: ["a", "b"]}, (check,))


def check_span(prefix: str, trait: Trait) -> Part:
    """Ranges that are not empty, begin above zero, hold a number, are bounded."""
    name = f"ages_{prefix}"
    condition = (
        Q(**{f"{name}__isempty": False}),
        Q(**{f"{name}__startswith__gte": 0}),
        Q(**{f"{name}__contains": 7}),
        Q(**{f"{name}__lower_inf": False, f"{name}__upper_inf": False}),
    )[trait.variant % 4]
    check = models.CheckConstraint(condition=condition, name=f"{prefix}_span")
    return Part({name: pg.IntegerRangeField()}, lambda n: {name: NumericRange(n, n + 9)}, (check,))


def exclusion_of_moments(prefix: str, trait: Trait) -> Part:
    """Bookings from one moment to another, or from one number to another."""
    start, end = f"begins_{prefix}", f"finishes_{prefix}"
    make, function, value = (
        (models.DateTimeField, "tstzrange", moment),
        (models.IntegerField, "int4range", lambda n: n),
        (models.DateTimeField, "tstzrange", moment),
    )[trait.variant % 3]
    made: Fields = {start: make(), end: make()}
    rule = ExclusionConstraint(
        name=f"{prefix}_exm",
        expressions=[(Func(F(start), F(end), function=function), RangeOperators.OVERLAPS)],
        deferrable=Deferrable.DEFERRED if trait.optional else None,
    )
    check = models.CheckConstraint(condition=Q(**{f"{end}__gt": F(start)}), name=f"{prefix}_exmck")
    return Part(made, lambda n: {start: value(10 * n), end: value(10 * n + 5)}, (rule, check))


def validated_text(prefix: str, trait: Trait) -> Part:
    """Texts that Django's own validators judge."""
    name = f"entry_{prefix}"
    made, sample = (
        (models.CharField(max_length=20, validators=[validators.validate_slug]), letters),
        (
            models.CharField(max_length=20, validators=[validators.int_list_validator()]),
            lambda n: f"{n},{n + 1}",
        ),
        (models.CharField(max_length=60, validators=[validators.EmailValidator()]), lambda n: f"u{n}@x.org"),
        (
            models.CharField(max_length=60, validators=[validators.URLValidator(schemes=["ftp"])]),
            lambda n: f"ftp://x.org/{n}",
        ),
        (models.FileField(validators=[validators.FileExtensionValidator(["pdf"])]), lambda n: f"{n}.pdf"),
        (
            models.TextField(
                validators=[validators.MinLengthValidator(20), validators.RegexValidator(r"^\S+( \S+)+$")]
            ),
            lambda n: f"{letters(n)} " * 10 + "z",
        ),
        (
            models.CharField(max_length=45, validators=[validators.validate_ipv46_address]),
            lambda n: f"10.0.0.{n}",
        ),
    )[trait.variant % 7]
    return Part({name: made}, lambda n: {name: sample(n)})


WIDER = {
    "check_sums": check_sums,
    "generated_wide": generated_wide,
    "check_times": check_times,
    "check_document": check_document,
    "check_array": check_array,
    "check_span": check_span,
    "exclusion_of_moments": exclusion_of_moments,
    "validated_text": validated_text,
    "check_total": check_total,
    "check_chain": check_chain,
    "check_one_of_three": check_one_of_three,
    "check_case": check_case,
    "check_text": check_text,
    "check_moments": check_moments,
    "check_decimal": check_decimal,
    "check_unequal": check_unequal,
    "unique_of_three": unique_of_three,
    "unique_folded": unique_folded,
    "unique_for": unique_for,
    "generated_unique": generated_unique,
    "null_but_asked": null_but_asked,
    "odd_columns": odd_columns,
    "clean_sum": clean_sum,
    "clean_some": clean_some,
    "clean_alone": clean_alone,
    "validated_pair": validated_pair,
    "exclusion_of_two": exclusion_of_two,
    "exclusion_of_equals": exclusion_of_equals,
}
"""Rules that leave room for as many rows as are wanted."""

FEW = {"unique_few": unique_few, "unique_in_range": unique_in_range}
"""Rules that leave room for a few rows."""
