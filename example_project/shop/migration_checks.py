"""What the shop's migrations are meant to do; ``validate_migration`` asks for it."""

from dbstate.rehearsal import ISO4217, Matches, RowDelta

CHECKS = {
    "0042_order_currency": [
        Matches("order.currency", "order.user.preferred_currency"),
        ISO4217("order.currency"),
        RowDelta("order", 0),
    ],
}
