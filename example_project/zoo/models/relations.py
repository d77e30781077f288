"""Relations of every kind: self, cycles, targets other than keys, limits, many-to-many, generic."""

from __future__ import annotations

import datetime

from django.conf import settings
from django.contrib.contenttypes.fields import GenericForeignKey, GenericRelation
from django.contrib.contenttypes.models import ContentType
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q


class Node(models.Model):
    """A tree by an optional parent."""

    parent = models.ForeignKey("self", on_delete=models.CASCADE, null=True, blank=True, related_name="nodes")
    name = models.CharField(max_length=40)


class Ring(models.Model):
    """A required reference to its own table: the first row can only name itself."""

    following = models.ForeignKey("self", on_delete=models.CASCADE, related_name="preceding")
    name = models.CharField(max_length=40)


class Spouse(models.Model):
    name = models.CharField(max_length=40)
    married_to = models.OneToOneField("self", on_delete=models.SET_NULL, null=True, blank=True)


class Club(models.Model):
    """Half of a cycle that an optional edge breaks."""

    name = models.CharField(max_length=40)
    president = models.ForeignKey(
        "Member", on_delete=models.SET_NULL, null=True, blank=True, related_name="presides"
    )


class Member(models.Model):
    club = models.ForeignKey(Club, on_delete=models.CASCADE, related_name="members")
    name = models.CharField(max_length=40)


class Chicken(models.Model):
    """Half of a cycle of required edges: only deferred constraints let it begin."""

    laid_as = models.ForeignKey("Egg", on_delete=models.CASCADE, related_name="became")
    name = models.CharField(max_length=40)


class Egg(models.Model):
    laid_by = models.ForeignKey(Chicken, on_delete=models.CASCADE, related_name="eggs")
    weight = models.PositiveSmallIntegerField()


class Pump(models.Model):
    """A cycle whose edge may be null in the database, but not to full_clean()."""

    name = models.CharField(max_length=40)
    main_valve = models.ForeignKey("Valve", on_delete=models.CASCADE, null=True, related_name="+")


class Valve(models.Model):
    pump = models.ForeignKey("Pipe", on_delete=models.CASCADE, null=True, related_name="valves")
    name = models.CharField(max_length=40)


class Pipe(models.Model):
    pump = models.ForeignKey(Pump, on_delete=models.CASCADE, related_name="pipes")
    length = models.PositiveIntegerField()


class Country(models.Model):
    code = models.CharField(max_length=2, unique=True)
    name = models.CharField(max_length=60)


class City(models.Model):
    """A foreign key to a unique column that is not the key, in a column named otherwise."""

    country = models.ForeignKey(
        Country, to_field="code", db_column="country_code", on_delete=models.PROTECT, related_name="cities"
    )
    name = models.CharField(max_length=60)
    twin = models.ForeignKey("self", on_delete=models.SET_NULL, null=True, blank=True)

    class Meta:
        unique_together = [("country", "name")]


def open_gates() -> Q:
    """A limit that is known only when it is asked for."""
    return Q(is_open=True, opened_on__lte=datetime.date(2100, 1, 1))


class Gate(models.Model):
    class Kind(models.TextChoices):
        NORTH = "n"
        SOUTH = "s"
        SERVICE = "x"

    kind = models.CharField(max_length=1, choices=Kind)
    is_open = models.BooleanField(default=False)
    opened_on = models.DateField()


class Ticket(models.Model):
    """Foreign keys that may name only some of the rows."""

    by_boolean = models.ForeignKey(
        Gate, on_delete=models.CASCADE, limit_choices_to={"is_open": True}, related_name="+"
    )
    by_choice = models.ForeignKey(
        Gate, on_delete=models.CASCADE, limit_choices_to=~Q(kind="x"), related_name="+", null=True, blank=True
    )
    by_call = models.ForeignKey(Gate, on_delete=models.CASCADE, limit_choices_to=open_gates, related_name="+")
    by_relation = models.ForeignKey(
        City, on_delete=models.CASCADE, limit_choices_to={"country__name__isnull": False}, related_name="+"
    )


def founding_club() -> None:
    """What SET() puts in place of a deleted club."""


class Deletions(models.Model):
    """Every on_delete, and references that the database does not check."""

    cascade = models.ForeignKey(Club, on_delete=models.CASCADE, related_name="+")
    protect = models.ForeignKey(Club, on_delete=models.PROTECT, related_name="+")
    restrict = models.ForeignKey(Club, on_delete=models.RESTRICT, related_name="+")
    set_null = models.ForeignKey(Club, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    set_default = models.ForeignKey(
        Club, on_delete=models.SET_DEFAULT, default=None, null=True, blank=True, related_name="+"
    )
    set_call = models.ForeignKey(
        Club, on_delete=models.SET(founding_club), null=True, blank=True, related_name="+"
    )
    nothing = models.ForeignKey(Club, on_delete=models.DO_NOTHING, related_name="+")
    unchecked = models.ForeignKey(Club, on_delete=models.DO_NOTHING, db_constraint=False, related_name="+")
    unindexed = models.ForeignKey(Club, on_delete=models.CASCADE, db_index=False, related_name="+")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")


class Tag(models.Model):
    name = models.CharField(max_length=30, unique=True)
    similar = models.ManyToManyField("self", blank=True)
    broader = models.ManyToManyField("self", symmetrical=False, related_name="narrower", blank=True)


class Exhibit(models.Model):
    """Many-to-many of every kind."""

    title = models.CharField(max_length=60)
    tags = models.ManyToManyField(Tag, blank=True, related_name="exhibits")
    required_tags = models.ManyToManyField(
        Tag, related_name="required_by", db_table="zoo_exhibit required tags"
    )
    visitors = models.ManyToManyField(Member, through="Visit", through_fields=("exhibit", "member"))


class Visit(models.Model):
    """A through table with required extras and a second path to its target."""

    exhibit = models.ForeignKey(Exhibit, on_delete=models.CASCADE)
    member = models.ForeignKey(Member, on_delete=models.CASCADE, related_name="visits")
    invited_by = models.ForeignKey(Member, on_delete=models.CASCADE, related_name="invited_visits")
    started_at = models.DateTimeField()
    stars = models.PositiveSmallIntegerField(validators=[MinValueValidator(1), MaxValueValidator(5)])

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["exhibit", "member"], name="zoo_visit_once"),
            models.CheckConstraint(condition=Q(stars__range=(1, 5)), name="zoo_visit_stars"),
        ]


class Friendship(models.Model):
    """A through table from a table to itself, which no row may have with itself."""

    one = models.ForeignKey("Pen", on_delete=models.CASCADE, related_name="friends_of_one")
    other = models.ForeignKey("Pen", on_delete=models.CASCADE, related_name="friends_of_other")
    since = models.DateField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["one", "other"], name="zoo_friendship_once"),
            models.CheckConstraint(condition=~Q(one=models.F("other")), name="zoo_friendship_not_with_self"),
        ]


class Pen(models.Model):
    name = models.CharField(max_length=30)
    friends = models.ManyToManyField("self", through=Friendship, symmetrical=False)


class Site(models.Model):
    """The ancestor to which two paths of Feeding lead."""

    name = models.CharField(max_length=60)


class Keeper(models.Model):
    site = models.ForeignKey(Site, on_delete=models.CASCADE)
    name = models.CharField(max_length=60)


class Enclosure(models.Model):
    site = models.ForeignKey(Site, on_delete=models.CASCADE)
    name = models.CharField(max_length=60)


class Feeding(models.Model):
    """feeding.keeper.site = feeding.enclosure.site."""

    keeper = models.ForeignKey(Keeper, on_delete=models.CASCADE)
    enclosure = models.ForeignKey(Enclosure, on_delete=models.CASCADE)
    at = models.DateTimeField()


class Note(models.Model):
    """A generic key to any row whose key is a number."""

    content_type = models.ForeignKey(ContentType, on_delete=models.CASCADE)
    object_id = models.PositiveBigIntegerField()
    subject = GenericForeignKey("content_type", "object_id")
    text = models.TextField()


class Label(models.Model):
    """A generic key to rows whose key is text or a UUID, named otherwise, once per kind."""

    kind = models.CharField(max_length=8, choices=[("name", "name"), ("colour", "colour")])
    target_type = models.ForeignKey(
        ContentType,
        on_delete=models.CASCADE,
        limit_choices_to={"app_label": "zoo", "model__in": ["uuidkeyed", "textkeyed", "leaflet"]},
    )
    target_key = models.CharField(max_length=64, db_index=True)
    target = GenericForeignKey("target_type", "target_key", for_concrete_model=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["kind", "target_type", "target_key"], name="zoo_label_once"),
        ]


class OptionalNote(models.Model):
    content_type = models.ForeignKey(ContentType, on_delete=models.CASCADE, null=True, blank=True)
    object_id = models.PositiveBigIntegerField(null=True, blank=True)
    subject = GenericForeignKey()


class Leaflet(models.Model):
    title = models.CharField(max_length=40)
    notes = GenericRelation(Note)


class Question(models.Model):
    text = models.CharField(max_length=80)


class Answer(models.Model):
    """Rows that have an order among those of one question."""

    question = models.ForeignKey(Question, on_delete=models.CASCADE)
    text = models.CharField(max_length=80)

    class Meta:
        order_with_respect_to = "question"
