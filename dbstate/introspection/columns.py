"""One model field read into a column."""

from __future__ import annotations

import datetime as dt
import os
import re
import uuid
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from enum import Enum
from itertools import islice
from pathlib import Path
from typing import Any

from django.core.exceptions import FieldDoesNotExist
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import NOT_PROVIDED, Field
from django.utils.choices import flatten_choices
from django.utils.functional import Promise

from dbstate.catalog import Column, Kind
from dbstate.introspection.expressions import SqlWriter
from dbstate.introspection.facts import Facts, read_validators
from dbstate.introspection.hints import read_hints
from dbstate.introspection.kinds import (
    INTERNAL_KINDS,
    SQL_INTEGER_RANGES,
    base_sql_type,
    dotted_ancestors,
    is_djangos,
    kind_of_class,
    kind_of_sql_type,
)
from dbstate.introspection.relations import is_relation, referred_field

_FIELDS = "django.db.models.fields."
_NUMBERS = (int, float, Decimal, bool)
_MOMENTS = (dt.date, dt.datetime, dt.time, dt.timedelta)
_PLAIN = (str, bytes, *_NUMBERS, *_MOMENTS, uuid.UUID, list, tuple, dict, type(None))
_HARMLESS_FACTORIES = (dict, list, set, tuple, str, int, float, bool, bytes)
_IMAGE_EXTENSIONS = ("png", "jpg", "jpeg", "gif")
_LIMITED_BY_LENGTH: tuple[Kind, ...] = ("text", "file", "bytes", "ip", "unknown")
MAX_SAMPLES = 20


def read_column(
    field: Field[Any, Any], connection: BaseDatabaseWrapper, writer: SqlWriter, *, indexed: bool
) -> Column | None:
    """The column of a field; None for a field that has none in the database.

    Nothing that a third-party field does raises here: what could not be read stands in the
    column's ``trouble``.
    """
    troubles: list[str] = []
    try:
        sql_type = field.db_type(connection)
    except Exception as error:  # third-party code, or a relation to a model that is not there
        troubles.append(_trouble("its SQL type", error))
        sql_type = ""
    if sql_type is None or not field.column:
        return None
    expressions = _read_expressions(field, writer, troubles)
    return _read_values(field, connection, sql_type, troubles, indexed=indexed, **expressions)


def _read_values(
    field: Field[Any, Any],
    connection: BaseDatabaseWrapper,
    sql_type: str,
    troubles: list[str],
    **known: Any,
) -> Column:
    """The column, of which some attributes are known already."""
    typed = typing_field(field)
    kind, format_ = _kind(typed, sql_type)
    facts = _facts(field, typed, kind, format_, connection, sql_type, troubles)
    ancestors = dotted_ancestors(type(field))
    has_default, default = _default(field)
    hints = read_hints(facts.unread)
    null_as_text = _loads_null_as_text(field, connection)
    return Column(
        name=str(field.column),
        field=field.name or str(field.column),
        kind=kind,
        sql_type=sql_type,
        null=bool(field.null) and not null_as_text,
        null_as_text=null_as_text,
        blank=bool(field.blank),
        format="" if is_relation(field) else facts.format,
        max_length=facts.max_length,
        min_length=facts.min_length,
        least=facts.least,
        greatest=facts.greatest,
        max_digits=getattr(typed, "max_digits", None) if kind == "decimal" else None,
        decimal_places=facts.decimal_places,
        choices=_guarded("its choices", _choices, field, troubles),
        samples=_guarded("its folder", _samples, field, troubles),
        patterns=tuple(dict.fromkeys(facts.patterns)),
        extensions=facts.extensions,
        element=_element(typed, facts, connection),
        size=facts.size,
        judged=facts.judged,
        auto=f"{_FIELDS}AutoFieldMixin" in ancestors,
        auto_now=bool(getattr(field, "auto_now", False) or getattr(field, "auto_now_add", False)),
        has_default=has_default,
        default=default,
        editable=bool(field.editable),
        ancestors=ancestors,
        label=str(field.verbose_name or ""),
        help=str(field.help_text or ""),
        collation=str(getattr(typed, "db_collation", None) or ""),
        hints=hints.values,
        hint_patterns=hints.patterns,
        hint_words=hints.words,
        keys=facts.keys,
        trouble="; ".join(troubles),  # the last to be written: what stands above may add to it
        **known,
    )


def _loads_null_as_text(field: Any, connection: BaseDatabaseWrapper) -> bool:
    """Whether NULL comes back as text: to full_clean() two such rows then have one value."""
    load = getattr(field, "from_db_value", None)
    if load is None or not field.null or is_djangos(type(field)):
        return False
    try:
        return isinstance(load(None, None, connection), str)
    except (
        Exception
    ):  # third-party code that wants a real expression: NULL is None to it, or the judge's to say
        return False


def typing_field(field: Field[Any, Any]) -> Field[Any, Any]:
    """The field that decides on the type: a generated field's output, a foreign key's target."""
    seen: set[int] = set()
    while id(field) not in seen:
        seen.add(id(field))
        if getattr(field, "generated", False) and getattr(field, "output_field", None) is not None:
            field = field.output_field  # type: ignore[attr-defined]  # a GeneratedField has one
        else:
            field = referred_field(field) or field
    return field


def _kind(typed: Field[Any, Any], sql_type: str) -> tuple[Kind, str]:
    known = kind_of_class(type(typed))
    if known is None:
        known = INTERNAL_KINDS.get(str(typed.get_internal_type()))
    if known is None:
        known = kind_of_sql_type(sql_type)
    kind, format_ = known
    if kind == "ip":
        format_ = {"ipv4": "ipv4", "ipv6": "ipv6"}.get(str(getattr(typed, "protocol", "")).lower(), format_)
    return kind, format_


def _facts(
    field: Field[Any, Any],
    typed: Field[Any, Any],
    kind: Kind,
    format_: str,
    connection: BaseDatabaseWrapper,
    sql_type: str,
    troubles: list[str],
) -> Facts:
    places = getattr(typed, "decimal_places", None) if kind == "decimal" else None
    facts = Facts(kind, format_, decimal_places=places)
    if kind in _LIMITED_BY_LENGTH and isinstance(typed.max_length, int):
        facts.max_length = typed.max_length
    if kind == "array":
        facts.size = getattr(typed, "size", None)
    if format_ == "image":
        facts.extensions = _IMAGE_EXTENSIONS
    facts.least, facts.greatest = _type_range(typed, kind, connection, sql_type)
    facts.judged = not is_relation(field) and (not is_djangos(type(field)) or _has_own_decoder(field))
    try:
        # Those of a foreign key's target were kept when the row referred to was made.
        read_validators(field.validators, facts)
    except Exception as error:  # a validator's callable limit is the project's code
        facts.judged = True
        troubles.append(_trouble("its validators", error))
    return facts


def _has_own_decoder(field: Any) -> bool:
    """Whether a document is read by code that may not know all that JSON has."""
    return getattr(field, "decoder", None) is not None


def _type_range(
    typed: Field[Any, Any], kind: Kind, connection: BaseDatabaseWrapper, sql_type: str
) -> tuple[Any, Any]:
    """Least and greatest value that the SQL type holds; None when it has no limit of its own."""
    if kind == "integer":
        try:
            return connection.ops.integer_field_range(str(typed.get_internal_type()))
        except KeyError:
            return SQL_INTEGER_RANGES.get(base_sql_type(sql_type), (None, None))
    digits, places = getattr(typed, "max_digits", None), getattr(typed, "decimal_places", None)
    if kind == "decimal" and isinstance(digits, int) and isinstance(places, int):
        # Built by digits: arithmetic would round to the precision of the decimal context.
        nines = (9,) * digits
        return Decimal((1, nines, -places)), Decimal((0, nines, -places))
    return None, None


def _element(typed: Field[Any, Any], facts: Facts, connection: BaseDatabaseWrapper) -> Column | None:
    """What an array or a range holds; the limits of a range are limits of its bounds."""
    base = getattr(typed, "base_field", None)
    if not isinstance(base, Field):
        return None
    troubles: list[str] = []
    try:
        sql_type = base.db_type(connection) or ""
    except Exception as error:  # third-party code
        troubles.append(_trouble("its SQL type", error))
        sql_type = ""
    # A range of decimals has no digits and says so in Python's words.
    sql_type = sql_type.replace("(None, None)", "")
    name = str(typed.column or typed.name or "")
    column = _read_values(_named(base, name), connection, sql_type, troubles)
    column = replace(column, name=name, field=str(typed.name or name))
    if facts.kind == "range":
        least = column.least if facts.least is None else facts.least
        greatest = column.greatest if facts.greatest is None else facts.greatest
        column = replace(column, least=least, greatest=greatest)
    return column


def _named(base: Field[Any, Any], name: str) -> Field[Any, Any]:
    """The element's field with the names that a field outside a model lacks."""
    if not getattr(base, "column", None):
        base = base.clone()
        base.set_attributes_from_name(name or "element")
    return base


def _default(field: Field[Any, Any]) -> tuple[bool, object | None]:
    """Whether there is a default, and its value where it can be told without a side effect."""
    default = field.default
    if default is NOT_PROVIDED:
        return False, None
    if default in _HARMLESS_FACTORIES if isinstance(default, type) else False:
        return True, default()
    if isinstance(default, Enum):
        return True, default.value
    if isinstance(default, Promise):
        return True, str(default)
    return True, default if type(default) in _PLAIN else None


def _choices(field: Field[Any, Any]) -> tuple[object, ...]:
    """Stored values of the choices, each once, without the empty one."""
    if field.choices is None:
        return ()
    stored = (_stored(field, value) for value, _ in flatten_choices(field.choices))
    kept: list[object] = []
    for value in stored:
        if value is not None and value != "" and not any(value is one or value == one for one in kept):
            kept.append(value)
    return tuple(kept)


def _stored(field: Field[Any, Any], value: Any) -> object:
    """A choice as the database keeps it: a time zone or another object by its preparation."""
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Promise):
        return str(value)
    return value if isinstance(value, _PLAIN) else field.get_prep_value(value)


def _samples(field: Field[Any, Any]) -> tuple[object, ...]:
    """Paths that exist, for a column of paths; the sizes of the sample image for its columns."""
    if f"{_FIELDS}FilePathField" in dotted_ancestors(type(field)):
        return _paths(field)
    return _image_sizes(field)


def _image_sizes(field: Field[Any, Any]) -> tuple[object, ...]:
    """64 or 48 for the columns where an image field keeps the width and height of its file."""
    for other in field.model._meta.local_fields if hasattr(field, "model") else ():
        if f"{_FIELDS}files.ImageField" not in dotted_ancestors(type(other)):
            continue
        if getattr(other, "width_field", None) == field.name:
            return (64,)
        if getattr(other, "height_field", None) == field.name:
            return (48,)
    return ()


def _paths(field: Any) -> tuple[object, ...]:
    folder = Path(field.path() if callable(field.path) else field.path)
    pattern = re.compile(field.match) if field.match else None
    longest = field.max_length or 0

    def wanted(entry: Path) -> bool:
        fits = not longest or len(str(entry)) <= longest
        allowed = (field.allow_files and entry.is_file()) or (field.allow_folders and entry.is_dir())
        return fits and allowed and (pattern is None or pattern.search(entry.name) is not None)

    entries = _walk(folder, recursive=field.recursive) if folder.is_dir() else iter(())
    return tuple(str(entry) for entry in islice(filter(wanted, entries), MAX_SAMPLES))


def _walk(folder: Path, *, recursive: bool) -> Iterator[Path]:
    """Entries of a folder by name, its own before those of the folders in it."""
    names = sorted(name for name in os.listdir(folder) if name != "__pycache__")
    entries = [Path(os.path.join(folder, name)) for name in names]
    yield from entries
    for entry in entries if recursive else ():
        if entry.is_dir() and not entry.is_symlink() and os.access(entry, os.R_OK | os.X_OK):
            yield from _walk(entry, recursive=True)


def _guarded(what: str, read: Any, field: Field[Any, Any], troubles: list[str]) -> tuple[object, ...]:
    try:
        values: tuple[object, ...] = read(field)
    except Exception as error:  # choices and paths may be callables of the project
        troubles.append(_trouble(what, error))
        return ()
    return values


def _read_expressions(field: Field[Any, Any], writer: SqlWriter, troubles: list[str]) -> dict[str, Any]:
    """SQL of the generated column and of the database's own default."""
    expressions: dict[str, Any] = {}
    if getattr(field, "generated", False):
        expressions["generated"] = _sql("its expression", field.expression, writer, troubles)  # type: ignore[attr-defined]
    if getattr(field, "db_default", NOT_PROVIDED) is not NOT_PROVIDED:
        expression = getattr(field, "_db_default_expression", field.db_default)
        expressions["db_default"] = _sql("its database default", expression, writer, troubles)
    return expressions


def _sql(what: str, expression: Any, writer: SqlWriter, troubles: list[str]) -> str:
    try:
        return writer.expression(expression)[0]
    except Exception as error:  # an expression may hold third-party code
        troubles.append(_trouble(what, error))
        return ""


def _trouble(what: str, error: Exception) -> str:
    return f"{what} cannot be read: {type(error).__name__}: {error}"


def column_of(model: Any, field_name: str) -> str | None:
    """Column of a field that stands in the model's own table; None for any other."""
    try:
        field = model._meta.pk if field_name == "pk" else model._meta.get_field(field_name)
    except FieldDoesNotExist:
        return None
    local = field in model._meta.local_concrete_fields
    return str(field.column) if local else None
