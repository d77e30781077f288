"""Which values a field hands to the driver as they are, so that it need not be asked about each."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, time
from operator import attrgetter
from typing import Any
from uuid import UUID

from django.db.models import Field, ForeignKey, Model, fields

AS_THEY_ARE: Mapping[Callable[..., Any], type] = {
    fields.CharField.get_prep_value: str,
    fields.TextField.get_prep_value: str,
    fields.IntegerField.get_prep_value: int,
    fields.FloatField.get_prep_value: float,
    fields.BooleanField.get_prep_value: bool,
    fields.DateTimeField.get_prep_value: datetime,
    fields.DateField.get_prep_value: date,
    fields.TimeField.get_prep_value: time,
    fields.UUIDField.get_prep_value: UUID,
}
"""Types whose values come out of a field as they went in, by the method that prepares them."""
OWN = "django.db.models."


def plain_type(field: Field[Any, Any]) -> type | None:
    """The exact type of values that the field hands on as they are, dates with their zone; None: ask it."""
    kind = type(field)
    if not all(_is_own(kind, name) for name in ("get_db_prep_save", "get_db_prep_value", "to_python")):
        return None
    if isinstance(field, ForeignKey):
        return plain_type(field.target_field) if _is_own(kind, "get_prep_value") else None
    return AS_THEY_ARE.get(kind.get_prep_value)


def _is_own(kind: type, method: str) -> bool:
    return str(getattr(kind, method).__module__).startswith(OWN)


def saves_by_itself(field: Field[Any, Any]) -> bool:
    """Whether what the field saves depends on the instance alone, and nothing else of that is changed."""
    return _is_own(type(field), "pre_save")


def saved_column(field: Any, rows: Sequence[Model], connection: Any) -> list[Any]:
    """What each row's field hands to the driver when the row is inserted."""
    if getattr(field, "auto_now", False) or getattr(field, "auto_now_add", False):
        plain = None
    else:
        plain = plain_type(field)
    if plain is not None:
        values = [*map(attrgetter(field.attname), rows)]
        first = next((one for one in values if one is not None), None)
        as_they_are = {*map(type, values)} <= {plain, type(None)} and not (
            plain is datetime and any(one.tzinfo is None for one in values if one is not None)
        )
        # Some backends want another form, as SQLite does of dates.
        if as_they_are and isinstance(field.get_db_prep_save(first, connection), plain | None):
            return values
    return [field.get_db_prep_save(field.pre_save(row, True), connection) for row in rows]
