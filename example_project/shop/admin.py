"""The shop's tables in Django's admin, to look at seeded rows."""

from __future__ import annotations

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin

from . import models

admin.site.register(models.User, UserAdmin)
admin.site.register(
    [
        models.Plan,
        models.Subscription,
        models.Product,
        models.Order,
        models.OrderLine,
        models.Payment,
        models.Refund,
    ]
)
