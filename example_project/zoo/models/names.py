"""Odd names of tables and columns.

Not here: a percent sign or a double quote in a name. Django's own queries fail on both (on
PostgreSQL, or everywhere), so no project can have them.
"""

from __future__ import annotations

from django.db import models


class Spaced(models.Model):
    name = models.CharField(max_length=30, db_column="full name")
    other = models.IntegerField(db_column=" padded ")

    class Meta:
        db_table = "zoo table with spaces"


class UpperCased(models.Model):
    name = models.CharField(max_length=30, db_column="NAME")
    mixed = models.ForeignKey(Spaced, on_delete=models.CASCADE, db_column="MixedCase_ID")

    class Meta:
        db_table = "ZOO_UPPER"


class Reserved(models.Model):
    order = models.IntegerField(db_column="order")
    select = models.CharField(max_length=30, db_column="select", unique=True)
    user = models.CharField(max_length=30)
    table = models.BooleanField()
    end = models.DateField(null=True, blank=True)

    class Meta:
        db_table = "group by"
        constraints = [
            models.UniqueConstraint(fields=["order", "user"], name="zoo unique order"),
            models.CheckConstraint(condition=models.Q(order__gte=0), name="zoo check order"),
        ]


class Foreign(models.Model):
    größe = models.PositiveIntegerField(db_column="größe")
    名前 = models.CharField(max_length=30, db_column="名前")

    class Meta:
        db_table = "zoo_动物园"


class Quoted(models.Model):
    clock = models.CharField(max_length=30, db_column="o'clock")
    dotted = models.IntegerField(db_column="a.b")
    slashed = models.IntegerField(db_column="back\\slash")
    bracket = models.IntegerField(db_column="[x]")

    class Meta:
        db_table = "zoo's quoted"


class LongNamed(models.Model):
    """Names at the 63 bytes that PostgreSQL keeps."""

    name_that_goes_on_and_on_until_it_is_as_long_as_it_can_possibly = models.IntegerField(unique=True)

    class Meta:
        db_table = "zoo_a_table_name_that_goes_on_and_on_until_there_is_no_room_lef"
