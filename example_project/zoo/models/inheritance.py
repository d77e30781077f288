"""Abstract bases, several tables for one row, proxies, swapped and unmanaged models."""

from __future__ import annotations

from django.db import models


class Named(models.Model):
    """An abstract base with a unique and a constraint that each child names anew."""

    name = models.CharField(max_length=40)
    code = models.SlugField(max_length=20, unique=True)
    owner = models.ForeignKey(
        "zoo.Keeper", on_delete=models.CASCADE, null=True, blank=True, related_name="%(class)s_owned"
    )

    class Meta:
        abstract = True
        constraints = [
            models.CheckConstraint(condition=~models.Q(name=""), name="%(app_label)s_%(class)s_named"),
        ]


class Boat(Named):
    seats = models.PositiveSmallIntegerField()


class Cart(Named):
    wheels = models.PositiveSmallIntegerField(choices=[(2, "two"), (4, "four")])


class Animal(models.Model):
    """The first of three tables that hold one bat."""

    name = models.CharField(max_length=40)
    born_on = models.DateField()
    chip = models.CharField(max_length=15, unique=True)


class Mammal(Animal):
    fur = models.CharField(max_length=10, choices=[("short", "short"), ("long", "long"), ("none", "none")])
    mother = models.ForeignKey("self", on_delete=models.SET_NULL, null=True, blank=True)


class Bat(Mammal):
    wingspan_cm = models.PositiveSmallIntegerField()


class Fish(Animal):
    """A child whose link to the parent has its own name."""

    animal = models.OneToOneField(Animal, on_delete=models.CASCADE, parent_link=True, primary_key=True)
    is_freshwater = models.BooleanField()


class LandCraft(models.Model):
    land_id = models.BigAutoField(primary_key=True)
    wheels = models.PositiveSmallIntegerField()


class WaterCraft(models.Model):
    water_id = models.BigAutoField(primary_key=True)
    draught = models.FloatField()


class Amphibian(LandCraft, WaterCraft):
    """One row in three tables, by two parents."""

    speed = models.PositiveSmallIntegerField()


class TameMammalManager(models.Manager["Mammal"]):
    def get_queryset(self) -> models.QuerySet[Mammal]:
        return super().get_queryset().filter(fur="long")


class LongHaired(Mammal):
    """A proxy of a child."""

    objects = TameMammalManager()

    class Meta:
        proxy = True
        ordering = ["name"]


class Groomer(models.Model):
    """A foreign key to a proxy."""

    favourite = models.ForeignKey(LongHaired, on_delete=models.CASCADE)
    name = models.CharField(max_length=40)


class Mascot(models.Model):
    """A model that the setting ZOO_MASCOT_MODEL may replace."""

    name = models.CharField(max_length=40)

    class Meta:
        swappable = "ZOO_MASCOT_MODEL"


class RealMascot(models.Model):
    """What replaces the mascot."""

    name = models.CharField(max_length=40)
    costume = models.CharField(max_length=40)


class KeeperName(models.Model):
    """An unmanaged model over a view."""

    name = models.CharField(max_length=60)

    class Meta:
        managed = False
        db_table = "zoo_keeper_name"


class NowhereToBeFound(models.Model):
    """An unmanaged model whose table is not there."""

    name = models.CharField(max_length=60)

    class Meta:
        managed = False
        db_table = "zoo_nowhere"
