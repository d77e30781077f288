"""A model with a history table and one with a history of its many-to-many."""

from __future__ import annotations

from django.db import models
from simple_history.models import HistoricalRecords


class Poll(models.Model):
    question = models.CharField(max_length=200)
    slug = models.SlugField(unique=True)
    opened = models.DateTimeField()
    history = HistoricalRecords()


class Choice(models.Model):
    poll = models.ForeignKey(Poll, on_delete=models.CASCADE)
    text = models.CharField(max_length=100)
    voters = models.ManyToManyField("auth.User", blank=True)
    history = HistoricalRecords(m2m_fields=[voters])
