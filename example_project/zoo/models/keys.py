"""Primary keys of every kind."""

from __future__ import annotations

import uuid

from django.core.validators import MinValueValidator, RegexValidator
from django.db import models


class AutoKeyed(models.Model):
    id = models.AutoField(primary_key=True)
    name = models.CharField(max_length=30)


class SmallAutoKeyed(models.Model):
    number = models.SmallAutoField(primary_key=True, db_column="no")
    name = models.CharField(max_length=30)


class OnlyKey(models.Model):
    """A table that has no column besides its key."""


class UuidKeyed(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(max_length=30)


class UuidKeyedPart(models.Model):
    whole = models.ForeignKey(UuidKeyed, on_delete=models.CASCADE)
    name = models.CharField(max_length=30)


class TextKeyed(models.Model):
    code = models.CharField(max_length=8, primary_key=True, validators=[RegexValidator(r"^[a-z][a-z0-9]+\Z")])
    name = models.CharField(max_length=30)


class TextKeyedPart(models.Model):
    whole = models.ForeignKey(TextKeyed, on_delete=models.CASCADE)
    part = models.SlugField(max_length=12)

    class Meta:
        unique_together = [("whole", "part")]


class IntegerKeyed(models.Model):
    """A number that people give, not the database."""

    number = models.PositiveIntegerField(primary_key=True, validators=[MinValueValidator(100)])
    name = models.CharField(max_length=30)


class DateKeyed(models.Model):
    day = models.DateField(primary_key=True)
    visitors = models.PositiveIntegerField()


class ChoiceKeyed(models.Model):
    """Room for as many rows as there are choices."""

    size = models.CharField(max_length=1, primary_key=True, choices=[("s", "S"), ("m", "M"), ("l", "L")])
    label = models.CharField(max_length=30)


class CompositeKeyed(models.Model):
    pk = models.CompositePrimaryKey("shelf", "number")
    shelf = models.SmallIntegerField()
    number = models.CharField(max_length=10)
    title = models.CharField(max_length=60)


class CompositeKeyedByParent(models.Model):
    pk = models.CompositePrimaryKey("keeper", "day")
    keeper = models.ForeignKey(UuidKeyed, on_delete=models.CASCADE)
    day = models.DateField()
    hours = models.PositiveSmallIntegerField()


class CompositeReader(models.Model):
    """Two plain columns that together name a row with a composite key."""

    shelf = models.SmallIntegerField()
    number = models.CharField(max_length=10)
    volume = models.ForeignObject(
        CompositeKeyed,
        on_delete=models.DO_NOTHING,
        from_fields=["shelf", "number"],
        to_fields=["shelf", "number"],
        related_name="readers",
    )
    name = models.CharField(max_length=30)


class OneToOneKeyed(models.Model):
    owner = models.OneToOneField(TextKeyed, on_delete=models.CASCADE, primary_key=True)
    biography = models.TextField()


class OneToOneKeyedAgain(models.Model):
    """A key that is a key that is a key."""

    owner = models.OneToOneField(OneToOneKeyed, on_delete=models.CASCADE, primary_key=True)
    footnote = models.TextField(blank=True)
