"""Declarations of derived values."""

from __future__ import annotations

import pytest
from django.db.models import F, Sum

from dbstate import derived


@pytest.fixture(autouse=True)
def _declarations(monkeypatch):
    monkeypatch.setattr(derived, "_DECLARED", {})


def test_the_same_declaration_may_come_again():
    derived.derive("shop.Order.total_cents", Sum("lines__unit_price_cents"))
    derived.derive("shop.Order.total_cents", Sum("lines__unit_price_cents"))
    assert [str(one) for one in derived.declared()] == ["shop.Order.total_cents"]


def test_another_one_for_the_same_column_is_refused():
    derived.derive("shop.Order.total_cents", Sum("lines__unit_price_cents"))
    with pytest.raises(derived.BadDerivation, match="declared already, by another expression"):
        derived.derive("shop.order.total_cents", F("pk"))


@pytest.mark.parametrize("target", ["total", "shop.Order", "a.b.c.d", "shop.Order."])
def test_a_target_has_three_parts(target):
    with pytest.raises(derived.BadDerivation, match=r"name app, model and field"):
        derived.derive(target, F("pk"))
