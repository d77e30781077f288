"""Reports for programs."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import date, datetime, time
from decimal import Decimal
from pathlib import PurePath
from uuid import UUID

SCHEMA_VERSION = 1
"""Grows when a key is renamed, removed or given another meaning; new keys do not make it grow."""


def render_json(kind: str, body: Mapping[str, object]) -> str:
    """One JSON object: ``schema_version``, ``kind`` and the keys of the body, with a final newline.

    Frozen records become objects with their fields as keys. TypeError names what has no JSON form.
    """
    document = {"schema_version": SCHEMA_VERSION, "kind": kind, **body}
    return json.dumps(_plain(document), ensure_ascii=False, indent=2, allow_nan=False) + "\n"


def _plain(value: object) -> object:
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: _plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, Decimal | UUID | PurePath):
        return str(value)
    raise TypeError(f"cannot write a {type(value).__name__} as JSON: {value!r}; make it a plain value first")
