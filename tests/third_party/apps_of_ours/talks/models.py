"""Models whose manager answers only inside of a scope."""

from __future__ import annotations

from django.db import models
from django_scopes import ScopedManager


class Event(models.Model):
    name = models.CharField(max_length=80)


class Talk(models.Model):
    event = models.ForeignKey(Event, on_delete=models.CASCADE)
    title = models.CharField(max_length=80)
    number = models.PositiveIntegerField(default=1, editable=False)

    objects = ScopedManager(event="event")

    def save(self, *args, **kwargs):
        self.number = Talk.objects.filter(event=self.event).count() + 1
        super().save(*args, **kwargs)

    def clean(self):
        Talk.objects.filter(title=self.title).exists()
