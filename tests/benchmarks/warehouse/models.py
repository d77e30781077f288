"""The table as it is after the last migration."""

from __future__ import annotations

from django.db import models


class Parcel(models.Model):
    code = models.CharField(max_length=20)
    sender = models.CharField(max_length=40)
    weight = models.BigIntegerField()
    size = models.IntegerField()
    label = models.CharField(max_length=400)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["code"], name="warehouse_code"),
            models.CheckConstraint(condition=models.Q(weight__gte=0), name="warehouse_weight"),
        ]
