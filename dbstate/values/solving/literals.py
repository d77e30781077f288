"""Python values for what an SQL literal says."""

from __future__ import annotations

import datetime as dt
import json
import re
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from functools import lru_cache


@dataclass(frozen=True, slots=True)
class Span:
    """A range value; None is an open end. Stands for whatever class the rows use."""

    lower: object
    upper: object
    bounds: str = "[)"
    empty: bool = False


def as_span(value: object) -> Span | None:
    """The Span of any range-like object (attributes ``lower``, ``upper``) or of text; else None."""
    if isinstance(value, Span):
        return value
    if isinstance(value, str):
        return read_span(value, "")
    if not hasattr(value, "upper_inc") or not hasattr(value, "lower") or not hasattr(value, "upper"):
        return None
    if getattr(value, "isempty", False):
        return Span(None, None, "[)", True)
    return Span(value.lower, value.upper, str(getattr(value, "_bounds", None) or "[)"))


_SPAN = re.compile(r'^([\[(])\s*"?([^,"]*)"?\s*,\s*"?([^,"\])]*)"?\s*([\])])$')


def read_span(text: str, kind: str) -> Span | None:
    """The Span that ``[1,5)`` says, its ends read as ``kind`` (empty: guessed); None if it says none."""
    if text.strip().lower() == "empty":
        return Span(None, None, "[)", True)
    found = _SPAN.match(text.strip())
    if found is None:
        return None
    opening, low, high, closing = found.groups()
    return Span(_bound(low, kind), _bound(high, kind), opening + closing)


def _bound(text: str, kind: str) -> object:
    if not text:
        return None
    readers: list[Callable[[str], object]] = (
        [_READERS[kind]] if kind else [int, Decimal, read_date, read_datetime]
    )
    for reader in readers:
        try:
            return reader(text)
        except (ValueError, InvalidOperation):
            continue
    return text


_UNITS = {
    "microsecond": 1e-6, "millisecond": 1e-3, "second": 1, "sec": 1, "minute": 60, "min": 60, "hour": 3600,
    "hr": 3600, "day": 86400, "week": 604800, "month": 2592000, "mon": 2592000, "year": 31536000,
    "s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800, "y": 31536000,
}  # fmt: skip
_AMOUNT = re.compile(r"([+-]?\d+(?:\.\d+)?)\s*([a-z]+)", re.IGNORECASE)
_CLOCK = re.compile(r"([+-]?)(\d+):(\d\d)(?::(\d\d(?:\.\d+)?))?")


def read_interval(text: str) -> dt.timedelta:
    """``1 day 02:00`` as a duration; a month counts 30 days and a year 365. ValueError otherwise."""
    seconds, found = 0.0, False
    for amount, unit in _AMOUNT.findall(text):
        name = unit.lower()
        size = _UNITS.get(name) or _UNITS.get(name.rstrip("s"))
        if size is None:
            raise ValueError(f"cannot read interval {text!r}: unknown unit {unit!r}")
        seconds, found = seconds + float(amount) * size, True
    clock = _CLOCK.search(text)
    if clock:
        sign = -1 if clock[1] == "-" else 1
        seconds += sign * (int(clock[2]) * 3600 + int(clock[3]) * 60 + float(clock[4] or 0))
        found = True
    if not found:
        seconds = float(text)
    return dt.timedelta(seconds=seconds)


def read_date(text: str) -> dt.date:
    return dt.date.fromisoformat(text.strip()[:10])


def read_datetime(text: str) -> dt.datetime:
    text = text.strip()
    if re.search(r"[+-]\d\d$", text) and len(text) > 10:
        text += ":00"
    return dt.datetime.fromisoformat(text)


def read_boolean(text: str) -> bool:
    word = text.strip().lower()
    if word in ("t", "true", "yes", "y", "on", "1"):
        return True
    if word in ("f", "false", "no", "n", "off", "0"):
        return False
    raise ValueError(f"cannot read boolean {text!r}")


def _read_decimal(text: str) -> Decimal:
    try:
        return Decimal(text.strip())
    except InvalidOperation as error:
        raise ValueError(f"cannot read number {text!r}") from error


_READERS: dict[str, Callable[[str], object]] = {
    "integer": int,
    "decimal": _read_decimal,
    "float": float,
    "text": str,
    "date": read_date,
    "datetime": read_datetime,
    "time": dt.time.fromisoformat,
    "duration": read_interval,
    "boolean": read_boolean,
    "uuid": uuid.UUID,
    "json": json.loads,
    "ip": str,
}

_TYPES = (
    (r"(small|big)?int(eger)?[248]?$|(small|big)?serial$", "integer"),
    (r"(numeric|decimal)", "decimal"),
    (r"double|real|float", "float"),
    (r"timestamp", "datetime"),
    (r"date$", "date"),
    (r"time", "time"),
    (r"interval", "duration"),
    (r"bool", "boolean"),
    (r"uuid", "uuid"),
    (r"jsonb?$", "json"),
    (r"inet|cidr", "ip"),
    (r"(var)?char|text|citext|character|name$|bpchar", "text"),
)
_SPANS = {
    "int4range": "integer", "int8range": "integer", "numrange": "decimal", "daterange": "date",
    "tsrange": "datetime", "tstzrange": "datetime",
}  # fmt: skip


@lru_cache(maxsize=1024)
def kind_of(sql_type: str) -> str:
    """The family of an SQL type's name; ``array`` and ``range`` included, empty when not known."""
    name = sql_type.strip().lower()
    if name.endswith("]"):
        return "array"
    if name in _SPANS:
        return "range"
    return next((kind for pattern, kind in _TYPES if re.match(pattern, name)), "")


def read_literal(sql_type: str, text: str) -> object:
    """What ``'text'::sql_type`` is in Python; the text itself where the type is not known.

    ValueError when the text is none of that type.
    """
    kind = kind_of(sql_type)
    if kind == "array":
        return read_array(text, sql_type.strip().lower().split("[")[0])
    if kind == "range":
        return read_span(text, _SPANS[sql_type.strip().lower()]) or text
    reader = _READERS.get(kind)
    return text if reader is None else reader(text)


def read_array(text: str, element: str) -> list[object]:
    """A one-dimensional ``{a,"b c",3}``, its elements read as the type ``element``."""
    body = text.strip()
    if not (body.startswith("{") and body.endswith("}")):
        raise ValueError(f"cannot read array {text!r}: no braces")
    items = re.findall(r'"((?:[^"\\]|\\.)*)"|([^,{}"]+)', body[1:-1])
    words = [re.sub(r"\\(.)", r"\1", quoted) if quoted else plain.strip() for quoted, plain in items]
    return [None if word.lower() == "null" else read_literal(element, word) for word in words]


def read_like(text: str, sample: object) -> object:
    """Text read as the type of ``sample``; ValueError when it does not say one."""
    for types, reader in _LIKE:
        if isinstance(sample, types):
            return reader(text)
    span = as_span(sample)
    if span is not None:
        return read_span(text, "") or text
    raise ValueError(f"cannot read {text!r} as {type(sample).__name__}")


_LIKE: tuple[tuple[tuple[type, ...], Callable[[str], object]], ...] = (
    ((str,), str),
    ((bool,), read_boolean),
    ((int, Decimal), _read_decimal),
    ((float,), float),
    ((dt.datetime,), read_datetime),
    ((dt.date,), read_date),
    ((dt.time,), dt.time.fromisoformat),
    ((dt.timedelta,), read_interval),
    ((uuid.UUID,), uuid.UUID),
    ((dict, list), lambda text: json.loads(text) if text.strip()[:1] in '{["' and not _is_array(text)
        else read_array(text, "")),
)  # fmt: skip


def _is_array(text: str) -> bool:
    return text.strip().startswith("{") and ":" not in text
