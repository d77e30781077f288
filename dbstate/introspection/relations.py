"""Foreign keys, one-to-ones and generic keys of a model."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import FieldDoesNotExist
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Model, Q
from django.db.models.fields.related import RelatedField

from dbstate.catalog import ForeignKey, GenericKey
from dbstate.introspection.kinds import dotted_ancestors

_FOREIGN_OBJECT = "django.db.models.fields.related.ForeignObject"
_FOREIGN_KEY = "django.db.models.fields.related.ForeignKey"
_GENERIC_RELATION = "django.contrib.contenttypes.fields.GenericRelation"
_GENERIC_KEY = "django.contrib.contenttypes.fields.GenericForeignKey"


def is_relation(field: Any) -> bool:
    """Whether the field names a row of another table (generic relations do not)."""
    ancestors = dotted_ancestors(type(field))
    return _FOREIGN_OBJECT in ancestors and _GENERIC_RELATION not in ancestors


def target_model(field: Any) -> type[Model] | None:
    """The concrete model referred to, through proxies and swapped models; None when it is not there."""
    model = field.remote_field.model
    if isinstance(model, str):
        return None
    if model._meta.swapped:
        try:
            model = model._meta.apps.get_model(model._meta.swapped)
        except (LookupError, ValueError):
            return None
    concrete: type[Model] = model._meta.concrete_model
    return concrete


def referred_fields(field: Any) -> tuple[Any, ...]:
    """Fields of the target that the relation refers to; empty when they are not there."""
    model = target_model(field)
    if model is None:
        return ()
    found = []
    for name in getattr(field, "to_fields", ()):
        try:
            found.append(model._meta.pk if name is None else model._meta.get_field(name))
        except FieldDoesNotExist:
            # A key to a swapped-out model's primary key goes to that of what took its place.
            if not field.remote_field.model._meta.swapped:
                return ()
            found.append(model._meta.pk)
    return tuple(found)


def referred_field(field: Any) -> Any | None:
    """The one field that a foreign key refers to; None for what is no foreign key."""
    if not is_relation(field):
        return None
    fields = referred_fields(field)
    return fields[0] if len(fields) == 1 else None


def read_foreign_keys(
    model: Any, connection: BaseDatabaseWrapper, notes: list[str]
) -> tuple[ForeignKey, ...]:
    """Foreign keys with columns in the model's own table; those without a target are noted."""
    relations = [field for field in model._meta.local_fields if is_relation(field)]
    with_column = [field for field in relations if field.column]
    keys = [_read_key(field, (field.column,), connection, notes) for field in with_column]
    taken = {field.column for field in with_column}
    for field in relations:
        columns = () if field.column else _virtual_columns(model, field)
        # A relation over columns that foreign keys fill already adds nothing that can be chosen.
        if columns and not taken.intersection(columns):
            keys.append(_read_key(field, columns, connection, notes))
    return tuple(key for key in keys if key is not None)


def _virtual_columns(model: Any, field: Any) -> tuple[str, ...]:
    """Columns of a ForeignObject, which joins by columns of other fields."""
    try:
        fields = [model._meta.get_field(name) for name in field.from_fields]
    except FieldDoesNotExist:
        return ()
    local = all(one in model._meta.local_concrete_fields for one in fields)
    return tuple(str(one.column) for one in fields) if local else ()


def _read_key(
    field: Any, columns: tuple[str, ...], connection: BaseDatabaseWrapper, notes: list[str]
) -> ForeignKey | None:
    target, referred = target_model(field), referred_fields(field)
    if target is None or len(referred) != len(columns) or not all(one.column for one in referred):
        notes.append(f"{field.name} refers to {field.remote_field.model}, which is not there")
        return None
    remote = field.remote_field
    return ForeignKey(
        name=field.name,
        columns=tuple(str(column) for column in columns),
        target=target._meta.db_table,
        target_columns=tuple(str(one.column) for one in referred),
        null=_may_be_null(field, columns),
        blank=bool(field.blank),
        unique=bool(field.unique),
        enforced=bool(getattr(field, "db_constraint", False)) and bool(field.column),
        # Django writes DEFERRABLE into SQLite's tables, though its operations do not say so.
        deferrable=connection.vendor == "sqlite" or bool(connection.ops.deferrable_sql()),
        # By name: below an abstract class that inherits, ``parents`` has that class's field, not the copy.
        parent_link=any(link and link.name == field.name for link in field.model._meta.parents.values()),
        limited=_is_limited(field),
        on_delete=_on_delete(remote),
    )


def _may_be_null(field: Any, columns: tuple[str, ...]) -> bool:
    if field.column:
        return bool(field.null)
    by_column = {one.column: one for one in field.model._meta.local_concrete_fields}
    return any(by_column[column].null for column in columns)


def _is_limited(field: Any) -> bool:
    """Whether ``limit_choices_to`` says something, or the field's class makes it up when it is asked."""
    if getattr(type(field), "get_limit_choices_to", None) is not RelatedField.get_limit_choices_to:
        return True
    limit = getattr(field.remote_field, "limit_choices_to", None)
    return bool(limit.children) if isinstance(limit, Q) else bool(limit)


def _on_delete(remote: Any) -> str:
    action = getattr(remote, "on_delete", None)
    if action is None:
        return ""
    # Third-party wrappers keep the plain action inside and have no name of their own.
    inner = getattr(action, "action", None)
    name = getattr(action, "__name__", "") or getattr(inner, "__name__", "") or type(action).__name__
    # models.SET(…) makes a function of this name.
    return "SET" if name == "set_on_delete" else str(name)


def read_generic_keys(model: Any, notes: list[str]) -> tuple[GenericKey, ...]:
    """Generic foreign keys whose two columns stand in the model's own table."""
    by_name = {field.name: field for field in model._meta.local_concrete_fields}
    keys = []
    for field in model._meta.private_fields:
        if _GENERIC_KEY not in dotted_ancestors(type(field)) or getattr(field, "mti_inherited", False):
            continue
        type_field, object_field = by_name.get(field.ct_field), by_name.get(field.fk_field)
        if type_field is None or object_field is None:
            fields = f"{field.ct_field} and {field.fk_field}"
            notes.append(f"{field.name} names the fields {fields}, which are not both in this table")
            continue
        keys.append(
            GenericKey(
                name=field.name,
                type_column=str(type_field.column),
                object_column=str(object_field.column),
                null=bool(type_field.null),
                for_concrete_model=bool(field.for_concrete_model),
            )
        )
    return tuple(keys)
