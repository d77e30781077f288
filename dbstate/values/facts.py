"""Whether a value keeps the facts that a column states: lengths, ranges, digits, choices, patterns."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Any
from uuid import UUID

from dbstate.catalog import Column, Table

INDEX_BYTES = 2600
"""What a btree entry may hold (2,704), less its header and room for numbers beside the text."""
INDEX_CHARACTERS = 600
"""What the longest indexed text is cut to."""
LONG_TEXT = 2000
"""The longest text of a column without a limit."""
LONGEST = 65_536
"""The longest text at all, whatever a column admits."""


def offence(column: Column, value: object) -> str:
    """What the value breaks of the column's facts, as half a sentence; empty when nothing."""
    if value is None:
        return "" if column.null else "it is null"
    if column.choices and column.kind != "array" and value not in column.choices:
        return "" if value == "" and column.blank else "it is none of the choices"
    test = TESTS.get(column.kind)
    return test(column, value) if test else ""


def text_offence(column: Column, value: object) -> str:
    """See ``offence``; for text and file names."""
    if not isinstance(value, str):
        return ""
    if "\0" in value:
        return "it holds a NUL"
    if not is_utf8(value):
        return "it holds half of a pair of surrogates"
    if column.max_length is not None and len(value) > column.max_length:
        return f"it is longer than {column.max_length}"
    if value == "":
        return "" if column.blank else "it is empty"
    if column.min_length is not None and len(value) < column.min_length:
        return f"it is shorter than {column.min_length}"
    for pattern in column.patterns:
        if (compiled := expression(pattern)) is not None and not compiled.search(value):
            return f"it does not match {pattern}"
    if column.extensions and column.kind == "file" and value.rpartition(".")[2] not in column.extensions:
        return f"its extension is none of {', '.join(column.extensions)}"
    return ""


def is_utf8(text: str) -> bool:
    """Whether the text can be written at all: no half of a pair of surrogates is in it."""
    if text.isascii():
        return True
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


@lru_cache(maxsize=1024)
def expression(pattern: str) -> re.Pattern[str] | None:
    """The compiled pattern; None where Python's dialect has no such pattern (a judge decides then)."""
    try:
        return re.compile(pattern)
    except re.error:
        return None


def number_offence(column: Column, value: object) -> str:
    """See ``offence``; for numbers, dates and durations."""
    try:
        if column.least is not None and value < column.least:  # type: ignore[operator]  # facts of any type
            return f"it is less than {column.least}"
        if column.greatest is not None and value > column.greatest:  # type: ignore[operator]  # facts of any type
            return f"it is greater than {column.greatest}"
    except TypeError:
        return ""  # A bound of another type (a date beside a date-time): the judge knows how it compares.
    return digits_offence(column, value) if isinstance(value, Decimal) else ""


def digits_offence(column: Column, value: Decimal) -> str:
    """See ``offence``; for decimals."""
    _, digits, exponent = value.as_tuple()
    places = -exponent if isinstance(exponent, int) and exponent < 0 else 0
    if column.decimal_places is not None and places > column.decimal_places:
        return f"it has more than {column.decimal_places} decimal places"
    room = column.max_digits
    if room is not None and len(digits) - places > room - (column.decimal_places or 0) and value != 0:
        return f"it has more than {room} digits"
    return ""


def size_offence(column: Column, value: object) -> str:
    """See ``offence``; for arrays, JSON and the like."""
    if isinstance(value, list | tuple | dict | str | bytes):
        if not value and not column.blank:
            return "it is empty"
        if column.kind == "array" and column.size is not None and len(value) > column.size:
            return f"it has more than {column.size} elements"
        if column.kind == "bytes" and column.max_length is not None and len(value) > column.max_length:
            return f"it is longer than {column.max_length}"
    return ""


TESTS: Mapping[str, Callable[[Column, object], str]] = {
    "text": text_offence,
    "file": text_offence,
    "integer": number_offence,
    "decimal": number_offence,
    "float": number_offence,
    "date": number_offence,
    "datetime": number_offence,
    "time": number_offence,
    "duration": number_offence,
    "array": size_offence,
    "json": size_offence,
    "hstore": size_offence,
    "bytes": size_offence,
}


Look = Callable[[Sequence[Any]], bool]
"""A test of several values at once."""


def quick_look(column: Column) -> Look:
    """A test that is True for usual values that all keep the column's facts; False: ask ``offence`` of each.

    What it takes are plain values of Python, not empty where that counts, whose repr() cannot fail. There
    must be one.
    """
    plain = PLAIN.get(column.kind)
    if plain is None:
        return _never
    keeps = _choices_look(column) if column.choices else LOOKS.get(column.kind, _bounds_look)(column)
    only = {plain}
    return lambda values: {*map(type, values)} == only and keeps(values)


def _choices_look(column: Column) -> Look:
    known = {one for one in column.choices if one and type(one) in (str, int) and not offence(column, one)}
    return known.issuperset


def _text_look(column: Column) -> Look:
    least, most = max(column.min_length or 0, 1), column.max_length or LONGEST
    patterns = [expression(pattern) for pattern in column.patterns]
    if None in patterns:
        return _never
    searches = [one.search for one in patterns if one is not None]

    def look(values: Sequence[str]) -> bool:
        whole = "".join(values)
        if (
            min(map(len, values)) < least
            or max(map(len, values)) > most
            or "\0" in whole
            or not is_utf8(whole)
        ):
            return False
        return all(all(map(search, values)) for search in searches)

    return look


def _bounds_look(column: Column) -> Look:
    least, greatest = column.least, column.greatest
    if least is None and greatest is None:
        return _always
    if column.kind not in NUMBERS or not all(_is_bound(one) for one in (least, greatest)):
        return _never
    low = -math.inf if least is None else least
    high = math.inf if greatest is None else greatest
    if column.kind == "float":  # of which some compare with nothing
        return lambda values: all(low <= value <= high for value in values)
    return lambda values: bool(low <= min(values) and max(values) <= high)


def _is_bound(value: object) -> bool:
    return value is None or (isinstance(value, int | float | Decimal) and math.isfinite(value))


def _decimal_look(column: Column) -> Look:
    within = _bounds_look(column)
    places = column.decimal_places
    over = None if column.max_digits is None else 10 ** (column.max_digits - (places or 0))

    def look(values: Sequence[Decimal]) -> bool:
        if not all(map(Decimal.is_finite, values)) or not within(values):
            return False
        if over is not None and not -over < min(values) <= max(values) < over:
            return False
        return places is None or all(value.as_tuple()[2] >= -places for value in values)  # type: ignore[operator]  # finite

    return look


def _always(values: Sequence[object]) -> bool:
    return True


def _never(values: Sequence[object]) -> bool:
    return False


NUMBERS = ("integer", "float", "decimal")
LOOKS: Mapping[str, Callable[[Column], Look]] = {"text": _text_look, "decimal": _decimal_look}
PLAIN: Mapping[str, type] = {
    "boolean": bool,
    "text": str,
    "integer": int,
    "float": float,
    "decimal": Decimal,
    "datetime": datetime,
    "date": date,
    "time": time,
    "duration": timedelta,
    "uuid": UUID,
}
"""Types of usual values, by kind of column."""


def index_share(table: Table, column: Column) -> int:
    """How many text columns share an index with this one, itself counted; 0 where none holds it."""
    texts = {one.name for one in table.columns if one.kind in ("text", "file", "bytes")}
    keys = [unique.columns for unique in table.uniques if unique.enforced] + [table.primary_key]
    shares = [len(texts & set(key)) for key in keys if column.name in key]
    return max([*shares, 1 if column.indexed else 0])
