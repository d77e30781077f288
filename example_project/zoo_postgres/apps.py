"""The PostgreSQL zoo's app."""

from __future__ import annotations

from django.apps import AppConfig


class ZooPostgresConfig(AppConfig):
    """Awkward models that need PostgreSQL, but none of its extensions."""

    name = "example_project.zoo_postgres"
    label = "zoo_postgres"
    default_auto_field = "django.db.models.BigAutoField"
