"""What ``limit_choices_to`` asks of the row that a key names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from django.db.models import Q


def wanted(limit: object) -> dict[str, Any]:
    """Overrides that make a row one of those admitted, as far as the lookups say which values are."""
    return dict(_pairs(limit))


def _pairs(limit: object) -> Iterator[tuple[str, Any]]:
    if isinstance(limit, Mapping):
        for lookup, value in limit.items():
            yield from _pair(str(lookup), value)
    elif isinstance(limit, Q) and not limit.negated:
        children = limit.children[:1] if limit.connector == Q.OR else limit.children
        for child in children:
            yield from _pair(str(child[0]), child[1]) if isinstance(child, tuple) else _pairs(child)


def _pair(lookup: str, value: Any) -> Iterator[tuple[str, Any]]:
    name, _, operator = lookup.rpartition("__")
    if operator in ("exact", "iexact") and name:
        yield name, value
    elif operator == "in" and name:
        first = next(iter(value), None)
        if first is not None:
            yield name, first
    elif operator == "isnull" and name:
        if value:
            yield name, None
    elif operator in _COMPARED and name:
        return  # the made value may do; who asks looks at the row that was made
    else:
        yield lookup, value


_COMPARED = frozenset(
    [
        "contains",
        "icontains",
        "gt",
        "gte",
        "lt",
        "lte",
        "startswith",
        "istartswith",
        "endswith",
        "iendswith",
        "range",
        "date",
        "year",
        "month",
        "day",
        "week_day",
        "regex",
        "iregex",
    ]
)
