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

from django.db.models import Model


@dataclass(frozen=True, slots=True)
class Entered:
    """A state that was entered."""

    name: str
    rows: Mapping[str, Any]
    """Model instances by name; a tuple of them where the state returned several under one name."""
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
    rows: dict[str, Any] = {}
    values: dict[str, Any] = {}
    for key, part in _by_name(returned, made).items():
        found = _rows_of(key, part)
        if found is not None:
            rows[key] = found
            values[key] = _keys(found)
        else:
            values[key] = plain(part)
    return Entered(name, MappingProxyType(rows), values)


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
    if isinstance(returned, list | tuple) and all(isinstance(part, Model) for part in returned):
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


def _rows_of(key: str, part: object) -> Any:
    """The row or rows that stand under a name; None when it is something else."""
    if isinstance(part, Entered):
        return part.row
    if isinstance(part, Model):
        return _saved(key, part)
    if isinstance(part, list | tuple) and part and all(isinstance(one, Model) for one in part):
        return tuple(_saved(key, one) for one in part)
    return None


def _saved(key: str, row: Model) -> Model:
    if row._state.adding or row.pk is None:
        raise BadResult(f"its {key!r} is {_kind(row)} that is not in the database; create it")
    return row


def _keys(found: Any) -> Any:
    return [plain(row.pk) for row in found] if isinstance(found, tuple) else plain(found.pk)


def _kind(value: object) -> str:
    name = type(value).__name__
    return f"{'an' if name[:1] in 'AEIOUaeiou' else 'a'} {name}"
