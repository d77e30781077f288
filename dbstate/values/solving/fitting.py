"""What of a candidate fits a column: its type, lengths, range, choices and emptiness."""

from __future__ import annotations

import datetime as dt
import ipaddress
import math
import uuid
from collections.abc import Callable
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any, Final

from dbstate.catalog import Column
from dbstate.values.solving.evaluation import as_text
from dbstate.values.solving.literals import Span, as_span, read_literal


class _Missing:
    """The one value that is none, since None is NULL."""

    def __repr__(self) -> str:
        return "MISSING"


MISSING: Final = _Missing()
_LONGEST = 2000
_FIRST, _LAST = 2, 9998
"""Years in which a moment stays within the calendar in every time zone."""


def fit(column: Column, value: object, sample: object, *, nullable: bool) -> object:
    """The value as this column holds it, or MISSING when it cannot stand there.

    ``sample`` is any usual value of the column: it tells the class of ranges and whether moments
    carry a time zone.
    """
    if value is None:
        return None if nullable else MISSING
    caster = _FITTERS.get(column.kind)
    try:
        fitted = caster(column, value, sample) if caster is not None else _same_type(value, sample)
    except (TypeError, ValueError, ArithmeticError, AttributeError, KeyError):
        return MISSING
    if fitted is MISSING or (
        column.kind not in ("boolean", "integer") and _is_empty(fitted) and not column.blank
    ):
        return MISSING
    options = column.choices or column.samples
    if options and column.kind != "array" and fitted not in options:
        return MISSING
    return fitted if _within(column, fitted) else MISSING


def _is_empty(value: object) -> bool:
    return isinstance(value, str | list | dict | tuple | bytes) and not value


def _within(column: Column, value: Any) -> bool:
    """Whether the value is in the column's range; limits of another type count as none."""
    if value != value:
        return False
    for limit, sign in ((column.least, 1), (column.greatest, -1)):
        if limit is None or isinstance(value, str | bytes | list | dict):
            continue
        try:
            if (value < limit) if sign > 0 else (value > limit):
                return False
        except TypeError:
            continue
    return True


def _same_type(value: object, sample: object) -> object:
    return value if type(value) is type(sample) else MISSING


def _boolean(column: Column, value: Any, sample: object) -> object:
    if isinstance(value, bool):
        return value
    return bool(value) if isinstance(value, int) and value in (0, 1) else MISSING


def _integer(column: Column, value: Any, sample: object) -> object:
    if isinstance(value, bool):
        return int(value)
    number = Decimal(str(value))
    if not number.is_finite() or number != number.to_integral_value() or abs(number) >= 2**63:
        return MISSING
    return int(number)


def _decimal(column: Column, value: Any, sample: object) -> object:
    number = Decimal(int(value) if isinstance(value, bool) else str(value))
    if not number.is_finite():
        return MISSING
    if column.decimal_places is not None:
        try:
            number = number.quantize(Decimal(1).scaleb(-column.decimal_places), rounding=ROUND_HALF_UP)
        except InvalidOperation:
            return MISSING
        if column.max_digits is not None and abs(number) >= Decimal(10) ** (
            column.max_digits - column.decimal_places
        ):
            return MISSING
    return number


def _float(column: Column, value: Any, sample: object) -> object:
    number = float(value)
    return number if math.isfinite(number) else MISSING


def _text(column: Column, value: Any, sample: object) -> object:
    text = as_text(value)
    if (
        text is None
        or isinstance(value, bool | bytes)
        or "\0" in text
        or len(text) > (column.max_length or _LONGEST)
    ):
        return MISSING
    return MISSING if len(text) < (column.min_length or 0) else text


def _date(column: Column, value: Any, sample: object) -> object:
    if isinstance(value, str):
        value = read_literal("date", value)
    if isinstance(value, dt.datetime):
        value = value.date()
    return value if isinstance(value, dt.date) and _FIRST <= value.year <= _LAST else MISSING


def _datetime(column: Column, value: Any, sample: object) -> object:
    if isinstance(value, str):
        value = read_literal("timestamp", value)
    if isinstance(value, dt.date) and not isinstance(value, dt.datetime):
        value = dt.datetime.combine(value, dt.time())
    if not isinstance(value, dt.datetime) or not _FIRST <= value.year <= _LAST:
        return MISSING
    if isinstance(sample, dt.datetime):
        zoned = sample.tzinfo is not None
    else:
        zoned = "with time zone" in column.sql_type or "timestamptz" in column.sql_type
    if zoned and value.tzinfo is None:
        return value.replace(tzinfo=dt.UTC)
    return value if zoned else value.replace(tzinfo=None)


def _time(column: Column, value: Any, sample: object) -> object:
    if isinstance(value, str):
        value = dt.time.fromisoformat(value)
    if isinstance(value, dt.timedelta):
        value = (dt.datetime(2000, 1, 1) + value % dt.timedelta(days=1)).time()
    return (
        value.time() if isinstance(value, dt.datetime) else value if isinstance(value, dt.time) else MISSING
    )


def _duration(column: Column, value: Any, sample: object) -> object:
    if isinstance(value, str):
        value = read_literal("interval", value)
    return value if isinstance(value, dt.timedelta) else MISSING


def _uuid(column: Column, value: Any, sample: object) -> object:
    return value if isinstance(value, uuid.UUID) else uuid.UUID(str(value))


def _json(column: Column, value: Any, sample: object) -> object:
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    return value if isinstance(value, dict | list | str | int | float | bool) else MISSING


def _hstore(column: Column, value: Any, sample: object) -> object:
    if not isinstance(value, dict):
        return MISSING
    return {str(key): as_text(item) for key, item in value.items()}


def _array(column: Column, value: Any, sample: object) -> object:
    if not isinstance(value, list | tuple) or (column.size is not None and len(value) > column.size):
        return MISSING
    if column.element is None:
        return list(value)
    first = next(iter(sample), None) if isinstance(sample, list | tuple) else None
    items = [fit(column.element, item, first, nullable=False) for item in value]
    return MISSING if any(item is MISSING for item in items) else items


def _range(column: Column, value: Any, sample: object) -> object:
    span = as_span(value)
    if span is None:
        return MISSING
    low, high = span.lower, span.upper
    if not span.empty and low is not None and high is not None and low > high:  # type: ignore[operator]
        return MISSING
    if value.__class__ is sample.__class__ and not isinstance(value, str):
        return value
    return built_like(sample, _whole_ends(column, span))


def _whole_ends(column: Column, span: Span) -> Span:
    if column.element is None or span.empty:
        return span
    low, high = (
        None if end is None else fit(column.element, end, None, nullable=False)
        for end in (span.lower, span.upper)
    )
    if low is MISSING or high is MISSING:
        raise ValueError("an end does not fit the range")
    return Span(low, high, span.bounds)


def built_like(sample: object, span: Span) -> object:
    """The span in the class of ``sample``; as text where that is no range class."""
    if sample is None or isinstance(sample, str | Span) or as_span(sample) is None:
        if isinstance(sample, Span):
            return span
        ends = ",".join("" if end is None else str(end) for end in (span.lower, span.upper))
        return "empty" if span.empty else span.bounds[0] + ends + span.bounds[1]
    make: Any = type(sample)
    return make(empty=True) if span.empty else make(span.lower, span.upper, span.bounds)


def _ip(column: Column, value: Any, sample: object) -> object:
    text = str(value)
    if "/" in text:
        return text if ipaddress.ip_interface(text) else MISSING
    return text if ipaddress.ip_address(text) else MISSING


def _bytes(column: Column, value: Any, sample: object) -> object:
    if isinstance(value, str):
        value = value.encode()
    if not isinstance(value, bytes) or (column.max_length is not None and len(value) > column.max_length):
        return MISSING
    return value


_FITTERS: dict[str, Callable[[Column, Any, object], object]] = {
    "boolean": _boolean,
    "integer": _integer,
    "decimal": _decimal,
    "float": _float,
    "text": _text,
    "file": _text,
    "date": _date,
    "datetime": _datetime,
    "time": _time,
    "duration": _duration,
    "uuid": _uuid,
    "json": _json,
    "hstore": _hstore,
    "array": _array,
    "range": _range,
    "ip": _ip,
    "bytes": _bytes,
}
