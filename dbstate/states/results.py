"""What a state comes to: rows by name, and their keys as plain values."""

from __future__ import annotations

import base64
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from types import MappingProxyType
from typing import Any

from django.db.models import Model, QuerySet


@dataclass(frozen=True, slots=True)
class Entered:
    """A state that was entered."""

    name: str
    rows: Mapping[str, Any]
    """Model instances by name; tuples and mappings of them where the state returned such."""
    values: dict[str, Any]
    """Their primary keys by the same names, and whatever else the state returned, as JSON can hold it."""

    @property
    def row(self) -> Any:
        """The only row; LookupError when there is none, or more than one."""
        if len(self.rows) != 1:
            names = ", ".join(map(repr, self.rows)) or "none"
            raise LookupError(f"cannot tell the row of {self.name!r}: its rows are {names}; use .rows[name]")
        return next(iter(self.rows.values()))


class BadResult(Exception):
    """Something else than rows was returned; the message says what."""


def result_of(name: str, returned: object, made: Sequence[Model]) -> Entered:
    """The record of what a state function returned; ``made`` are the rows that it made. Raises BadResult."""
    if isinstance(returned, Entered):
        return Entered(name, returned.rows, returned.values)
    rows, values = _parted(_by_name(returned, made), "")
    return Entered(name, MappingProxyType(rows or {}), values)


def plain(value: Any) -> Any:
    """The value as JSON can hold it: what has no such form becomes text."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return str.__str__(value)  # a member of an enumeration of texts would print its name
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if isinstance(value, Mapping):
        return {str(key): plain(part) for key, part in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(part) for part in value]
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, bytes | bytearray | memoryview):
        return base64.b64encode(bytes(value)).decode()
    return str(value)


def _by_name(returned: object, made: Sequence[Model]) -> dict[str, object]:
    """What was returned, with a name for each part."""
    if returned is None:
        return _numbered(made)
    if isinstance(returned, Model):
        return _numbered([returned])
    if isinstance(returned, _MANY) and all(isinstance(part, Model) for part in returned):
        return _numbered(returned)
    if not isinstance(returned, Mapping):
        raise BadResult(f"it returned {_kind(returned)}; return a row, a dict of rows by name, or nothing")
    for key in returned:
        if not isinstance(key, str):
            raise BadResult(f"it returned a dict with the key {key!r}; use names")
    return dict(returned)


def _numbered(rows: Iterable[Model]) -> dict[str, object]:
    """``order``, ``order_2`` …, by the names of the rows' models."""
    named: dict[str, object] = {}
    counts: dict[str, int] = {}
    for row in rows:
        name = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", type(row).__name__).lower()
        counts[name] = counts.get(name, 0) + 1
        named[name if counts[name] == 1 else f"{name}_{counts[name]}"] = row
    return named


_MANY = (list, tuple, set, frozenset, QuerySet)


def _parted(part: object, name: str) -> tuple[Any, Any]:
    """The rows in a part of what was returned, as it nests them, and the whole part with their keys instead.

    The rows are None where there are none. Raises BadResult for a row that is not in the database.
    """
    if isinstance(part, Entered):
        alone = next(iter(part.rows)) if len(part.rows) == 1 else None
        return (part.rows or None, part.values) if alone is None else (part.row, part.values[alone])
    if isinstance(part, Model):
        if part._state.adding or part.pk is None:
            raise BadResult(f"its {name!r} is {_kind(part)} that is not in the database; create it")
        return part, plain(part.pk)
    if isinstance(part, Mapping):
        parts = {str(key): _parted(one, str(key)) for key, one in part.items()}
        rows = {key: found for key, (found, _) in parts.items() if found is not None}
        return rows or None, {key: value for key, (_, value) in parts.items()}
    if isinstance(part, _MANY):
        each = [_parted(one, name) for one in part]
        return tuple(found for found, _ in each if found is not None) or None, [value for _, value in each]
    return None, plain(part)


def _kind(value: object) -> str:
    name = type(value).__name__
    return f"{'an' if name[:1] in 'AEIOUaeiou' else 'a'} {name}"
