"""The shop's app, with what its amounts are derived from."""

from __future__ import annotations

from django.apps import AppConfig
from django.db.models import F, Sum

from dbstate import derive


class ShopConfig(AppConfig):
    """Registers the derived amounts, in the order in which they follow from each other."""

    name = "example_project.shop"
    label = "shop"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        derive("shop.Order.total_cents", Sum(F("lines__quantity") * F("lines__unit_price_cents")))
        derive("shop.Payment.amount_cents", F("order__total_cents"))
        derive("shop.Payment.currency", F("order__currency"))
        derive("shop.Refund.amount_cents", F("payment__amount_cents") * F("percent") / 100)
