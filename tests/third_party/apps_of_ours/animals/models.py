"""Two hierarchies, one of three storeys."""

from __future__ import annotations

from django.db import models
from polymorphic.models import PolymorphicModel


class Animal(PolymorphicModel):
    name = models.CharField(max_length=30)
    owner = models.ForeignKey("auth.User", on_delete=models.CASCADE)


class Dog(Animal):
    friend = models.ForeignKey(Animal, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")


class Puppy(Dog):
    weeks = models.PositiveSmallIntegerField()


class Cat(Animal):
    lives = models.PositiveSmallIntegerField(choices=[(number, str(number)) for number in range(1, 10)])
    hates = models.ManyToManyField(Dog, blank=True)


class Work(PolymorphicModel):
    topic = models.CharField(max_length=30, unique=True)


class Painting(Work):
    artist = models.CharField(max_length=30)
