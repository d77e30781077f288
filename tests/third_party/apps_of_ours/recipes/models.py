"""Texts in a table of translations, which save() reads."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.utils.text import slugify
from parler.models import TranslatableModel, TranslatedFields


class Recipe(TranslatableModel):
    minutes = models.PositiveSmallIntegerField()
    address = models.CharField(max_length=300, blank=True, editable=False)
    translations = TranslatedFields(title=models.CharField(max_length=80), text=models.TextField(blank=True))

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.address = slugify(self.title)
        super().save(*args, **kwargs)


class Step(models.Model):
    recipe = models.ForeignKey(Recipe, on_delete=models.CASCADE)
    name = models.CharField(max_length=80)
