"""The zoo's app."""

from __future__ import annotations

from django.apps import AppConfig


class ZooConfig(AppConfig):
    """Awkward models that every database of Django can hold."""

    name = "example_project.zoo"
    label = "zoo"
    default_auto_field = "django.db.models.BigAutoField"
