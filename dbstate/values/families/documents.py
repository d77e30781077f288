"""Documents mended by what a schema's checker says against them."""

from __future__ import annotations

import ast
import copy
import re
from collections.abc import Iterator
from typing import Any

LEAVES: tuple[Any, ...] = ("text", 1, ["text"], {"name": "text"}, True)
"""What is tried for a key of which nothing is known."""
MOST_KEYS = 20
TYPED: tuple[tuple[str, Any], ...] = (
    ("array|list|tuple|set", []),
    ("object|dict", {}),
    ("integer|int", 1),
    ("number|float|decimal", 1.5),
    ("bool", True),
    ("null|none", None),
    ("url", "https://example.org/"),
    ("datetime", "2020-01-01T12:00:00Z"),
    ("date", "2020-01-01"),
    ("uuid", "00000000-0000-4000-8000-000000000000"),
    ("str", "text"),
)
"""By words for a type: a value of it."""


def mended_document(refused: object, reason: str) -> Iterator[object]:
    """Documents to try instead of a refused one; what the reason tells exactly is the last."""
    place = _place(reason)
    yield from _with_missing(refused, reason, place)
    yield from _with_other_types(refused, reason, place)
    yield from _with_listed(refused, reason, place)
    yield from _by_path(refused, reason)


def _place(reason: str) -> list[str] | None:
    """The steps of ``On instance['rows'][0]:``; None where nothing of that kind is said."""
    told = re.search(r"On instance((?:\[[^\]\n]+\])*):", reason)
    return re.findall(r"\['?([^\]\n']+)'?\]", told[1]) if told else None


def _with_missing(refused: object, reason: str, place: list[str] | None) -> Iterator[object]:
    """The document with the key that is said to be missing, in its first part that lacks it."""
    required = re.findall(r"'([^'\n]{1,40})' is a required property", reason)
    quoted = [key for key in re.findall(r"'([A-Za-z_][\w-]*)'", reason) if len(key) <= 40]
    for key in dict.fromkeys(required or quoted[-4:]):
        count = sum(map(len, _dicts(refused)))
        for leaf in (*LEAVES, 1000 + count):  # one like no other: what is said of it next is known by it
            changed = copy.deepcopy(refused)
            for part in _dicts(changed if place is None else _at(changed, place)):
                if key not in part and len(part) < MOST_KEYS:
                    part[key] = copy.deepcopy(leaf)
                    yield changed
                    break


def _with_other_types(refused: object, reason: str, place: list[str] | None) -> Iterator[object]:
    """``1 is not of type 'array'``, ``[] is too short`` and the like: another such value in its place."""
    for said, name in re.findall(r"(\S.*?) is not of type '(\w+)'", reason):
        found, wrong = _literal(said)
        if found:
            yield _replaced(refused, wrong, _of_type(name), place)
    if re.search(r"\[\] (?:is too short|should be non-empty)", reason):
        yield from (_replaced(refused, [], [copy.deepcopy(leaf)], place) for leaf in LEAVES)


def _with_listed(refused: object, reason: str, place: list[str] | None) -> Iterator[object]:
    """``'a' is not one of ['b', 'c']``."""
    for said, listed in re.findall(r"(\S.*?) is not one of (\[[^\]\n]*\])", reason):
        (found, wrong), (known, options) = _literal(said), _literal(listed)
        if found and known and options:
            yield _replaced(refused, wrong, options[0], place)


def _by_path(refused: object, reason: str) -> Iterator[object]:
    """A line with the place (``rows.0.name``), then one that says what is wanted there."""
    changed = copy.deepcopy(refused) if isinstance(refused, dict) else {}
    told = False
    for place, said in re.findall(r"(?:^|\n)([\w-]+(?:\.[\w-]+)*)\n\s+([^\n]+)", reason):
        literal = re.search(r"should be '([^']+)'", said)
        wanted = literal[1] if literal else "text" if "required" in said else _of_type(said)
        told = _put(changed, place.split("."), wanted) or told
    if told:
        yield changed


def _dicts(document: object) -> Iterator[dict[str, Any]]:
    """All objects in a document, outer ones first."""
    if isinstance(document, dict):
        yield document
    parts = (
        document.values() if isinstance(document, dict) else document if isinstance(document, list) else ()
    )
    for part in [*parts]:
        yield from _dicts(part)


def _literal(said: str) -> tuple[bool, Any]:
    """Whether the text ends in a value as Python writes it, and the value."""
    for start in [0, *(match.end() for match in re.finditer(r"\s", said))]:
        try:
            return True, ast.literal_eval(said[start:])
        except (ValueError, SyntaxError, MemoryError, RecursionError):
            continue
    return False, None


def _of_type(words: str) -> Any:
    return copy.deepcopy(next((value for name, value in TYPED if re.search(name, words.lower())), "text"))


def _replaced(document: object, wrong: object, right: object, place: list[str] | None) -> object:
    """The document with another value at the place, or wherever the wrong one stands."""
    if place:
        changed = copy.deepcopy(document)
        _put(changed, place, copy.deepcopy(right))
        return changed
    if type(document) is type(wrong) and document == wrong:
        return copy.deepcopy(right)
    if isinstance(document, dict):
        return {key: _replaced(part, wrong, right, None) for key, part in document.items()}
    if isinstance(document, list):
        return [_replaced(part, wrong, right, None) for part in document]
    return document


def _at(document: Any, place: list[str]) -> Any:
    """What stands at a place; None where there is no such place."""
    for step in place:
        if isinstance(document, list) and step.isdigit() and int(step) < len(document):
            document = document[int(step)]
        elif isinstance(document, dict) and step in document:
            document = document[step]
        else:
            return None
    return document


def _put(document: Any, place: list[str], value: object) -> bool:
    """Set the value at a place; False where there is no such place."""
    for step in place[:-1]:
        if isinstance(document, list) and step.isdigit() and int(step) < len(document):
            document = document[int(step)]
        elif isinstance(document, dict):
            document = document.setdefault(step, {})
        else:
            return False
    last = place[-1]
    if isinstance(document, list) and last.isdigit() and int(last) < len(document):
        document[int(last)] = value
        return True
    if isinstance(document, dict):
        document[last] = value
    return isinstance(document, dict)
