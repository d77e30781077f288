"""Whether a value keeps the facts that a column states: lengths, ranges, digits, choices, patterns."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from functools import lru_cache
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


def quick_look(column: Column) -> Callable[[object], bool]:
    """A test that is True for usual values that keep all the column's facts; False: ask ``offence``.

    What it takes is a plain value of Python, not empty where that counts, whose repr() cannot fail.
    """
    plain = PLAIN.get(column.kind)
    if column.choices and column.kind != "array":
        known = {
            one for one in column.choices if one and type(one) in (str, int) and not offence(column, one)
        }
        return lambda value: type(value) is plain and value in known
    if column.kind == "text":
        return _text_look(column)
    if column.least is None and column.greatest is None:
        return lambda value: type(value) is plain
    least = -math.inf if column.least is None else column.least
    greatest = math.inf if column.greatest is None else column.greatest
    if (
        column.kind in ("integer", "float")
        and isinstance(least, int | float)
        and isinstance(greatest, int | float)
    ):
        return lambda value: type(value) is plain and least <= value <= greatest  # type: ignore[operator]  # numbers
    return _never


def _text_look(column: Column) -> Callable[[object], bool]:
    least, most = max(column.min_length or 0, 1), column.max_length or LONGEST
    patterns = [expression(pattern) for pattern in column.patterns]
    if None in patterns:
        return _never
    searches = [one.search for one in patterns if one is not None]

    def look(value: object) -> bool:
        if type(value) is not str or not least <= len(value) <= most or "\0" in value:
            return False
        return not searches or all(search(value) for search in searches)

    return look


def _never(value: object) -> bool:
    return False


PLAIN: Mapping[str, type] = {
    "boolean": bool,
    "text": str,
    "integer": int,
    "float": float,
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
