"""Situations of the shop that tests, seeding and migrations share."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from dbstate import state


@state("user with an active pro subscription exists")
def active_pro(f: Any, *, user_id: int | None = None, now: datetime) -> Any:
    """Half of a month of the plan "pro" is over; the user is a new one unless ``user_id`` says which."""
    user = {} if user_id is None else {"user_id": user_id}
    return f["shop.Subscription"](
        **user,
        plan__slug="pro",
        status="active",
        period_start=now - timedelta(days=15),
        period_end=now + timedelta(days=15),
    )


@state("paid order exists")
def paid_order(f: Any, *, lines: int = 2) -> dict[str, Any]:
    """An order whose payment was captured."""
    order = f["shop.Order"].create(status="placed", shipped_at=None)
    bought = f["shop.OrderLine"].create_batch(lines, order=order)
    order.total_cents = sum(line.quantity * line.unit_price_cents for line in bought)
    order.save()
    payment = f["shop.Payment"].create(
        order=order, amount_cents=order.total_cents, currency=order.currency, status="captured"
    )
    return {"order": order, "lines": bought, "payment": payment}


@state("half of a paid order was refunded")
def refunded(f: Any) -> dict[str, Any]:
    """Half of what was paid was given back."""
    paid = f.state("paid order exists").rows
    amount = paid["payment"].amount_cents // 2
    refund = f["shop.Refund"].create(payment=paid["payment"], percent=50, amount_cents=amount)
    return {**paid, "refund": refund}
