"""Projects of any size, made up: models with columns, keys, uniques and checks as real ones have them."""

from __future__ import annotations

from typing import Any

from django.apps.registry import Apps
from django.db import models
from django.db.models import F, Q

LABEL = "messages"
"""The models say that they belong to this app, which has none of its own."""
CYCLE_EVERY = 25
FAR = 40
"""A model refers to some of the so many before it, as apps refer to their neighbours."""


def synthetic_apps(count: int) -> Apps:
    """A registry of ``count`` models."""
    registry = Apps([f"django.contrib.{LABEL}"])
    # A registry that is ready goes through all its models for each that comes.
    registry.ready = False
    for number in range(count):
        _model(registry, number, count)
    registry.ready = True
    registry.clear_cache()
    return registry


def _model(registry: Apps, number: int, count: int) -> None:
    fields: dict[str, Any] = {
        "name": models.CharField(max_length=80),
        "code": models.CharField(max_length=30, unique=True),
        "amount": models.DecimalField(max_digits=9, decimal_places=2),
        "state": models.CharField(max_length=9, choices=[("new", "New"), ("paid", "Paid"), ("sent", "Sent")]),
        "starts": models.DateTimeField(),
        "ends": models.DateTimeField(null=True, blank=True),
        "note": models.TextField(blank=True),
    }
    for order, step in enumerate((1, 1 + number * 7 % FAR)):
        if number >= step:
            fields[f"parent_{order}"] = models.ForeignKey(
                f"{LABEL}.M{number - step}", models.CASCADE, related_name="+", null=order == 1
            )
    if number % CYCLE_EVERY == 0 and number + 1 < count:
        fields["favourite"] = models.ForeignKey(
            f"{LABEL}.M{number + 1}", models.SET_NULL, related_name="+", null=True, blank=True
        )
    constraints: list[models.BaseConstraint] = [
        models.CheckConstraint(
            condition=Q(ends__isnull=True) | Q(ends__gt=F("starts")), name=f"c_{number}_ends"
        ),
        models.CheckConstraint(condition=Q(amount__gte=0), name=f"c_{number}_amount"),
    ]
    if "parent_0" in fields:
        constraints.append(models.UniqueConstraint(fields=["parent_0", "name"], name=f"u_{number}"))
    meta = type("Meta", (), {"app_label": LABEL, "apps": registry, "constraints": constraints})
    type(f"M{number}", (models.Model,), {"__module__": __name__, "Meta": meta, **fields})
