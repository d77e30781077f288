"""The zoo's tables in Django's admin, to look at seeded rows."""

from __future__ import annotations

from django.apps import apps
from django.contrib import admin

for model in apps.get_app_config("zoo").get_models():
    if not model._meta.is_composite_pk and model._meta.managed and not model._meta.swapped:
        admin.site.register(model)
