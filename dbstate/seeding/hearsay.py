"""What the words of a refusal say about values that would be taken."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal

from dbstate.catalog import Column
from dbstate.values.facts import offence

MOST = 12
"""Values that are taken from one refusal for one column."""
_MARKS = (
    ('"', '"'),
    ("'", "'"),
    ("`", "`"),
    ("\u201c", "\u201d"),
    ("\u2018", "\u2019"),
    ("\u00ab", "\u00bb"),
)
NOTHING = ("None", "null", "NULL", "True", "False", "nil")
"""What stands in quotes where something is missing."""
QUOTED = re.compile("|".join(f"{first}([^{last}\\n]{{1,200}}){last}" for first, last in _MARKS))
NUMBER = re.compile(r"(?<![\w.])-?\d{1,18}(?:\.\d{1,9})?(?![\w.]*\w)")


DOCUMENTS = ("[]", "{}", '[{"type": "text", "name": "name", "title": "title"}]', '{"name": "name"}', '"text"')
"""Texts to try where a message says that JSON is wanted."""


def values_said(message: str, column: Column, current: object) -> list[object]:
    """Other values that the message names and the column could hold: choices, quoted texts, numbers."""
    found: list[object] = []
    for value in _read(message, column):
        if value != current and value not in found and not offence(column, value):
            found.append(value)
    return found[:MOST]


def wants_json(message: str) -> bool:
    """Whether somebody tried to read JSON, whether a check says so or it crashed."""
    return re.search(r"json", message, re.IGNORECASE) is not None


def is_named(message: str, value: object) -> bool:
    """Whether the message names this very value."""
    return (
        isinstance(value, str | int | Decimal) and not isinstance(value, bool) and _has(message, str(value))
    )


def _read(message: str, column: Column) -> Iterator[object]:
    if column.choices:
        yield from (choice for choice in column.choices if _has(message, str(choice)))
    elif column.kind == "text":
        if wants_json(message) and not column.max_length:
            yield from DOCUMENTS
        yield from (text for found in QUOTED.findall(message) if (text := "".join(found)) not in NOTHING)
    elif column.kind in ("integer", "decimal"):
        cast = int if column.kind == "integer" else Decimal
        for number in NUMBER.findall(message):
            if column.kind == "decimal" or "." not in number:
                yield from (cast(number), cast(number) + 1, cast(number) - 1)


def _has(message: str, text: str) -> bool:
    """Whether the text stands in the message as a word."""
    return bool(text) and re.search(rf"(?<!\w){re.escape(text)}(?!\w)", message) is not None
