"""Values that follow from other tables, computed once all rows are in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.apps import apps
from django.core.exceptions import FieldDoesNotExist, FieldError
from django.db import DatabaseError, transaction
from django.db.models import (
    DecimalField,
    Field,
    FloatField,
    IntegerField,
    Model,
    OuterRef,
    QuerySet,
    Subquery,
    Value,
)
from django.db.models.functions import Coalesce

from dbstate.adapters import write_paths
from dbstate.binding import Binding
from dbstate.catalog import Catalog
from dbstate.derived import BadDerivation, Derived

CHUNK = 2_000


def compute_derived(
    catalog: Catalog,
    binding: Binding,
    derivations: Iterable[Derived],
    keys: Mapping[str, Sequence[object]],
    using: str,
) -> list[str]:
    """Write derived values into the rows with these primary keys; the tables that were touched.

    What libraries compute comes first, then what the project declares. Raises BadDerivation when a
    declaration names no field, or the database refuses its values.
    """
    touched = []
    for name, rows in keys.items():
        single = [key[0] if isinstance(key, tuple) and len(key) == 1 else key for key in rows]
        if write_paths(binding.model(name), catalog[name].ancestors, single, using):
            touched.append(name)
    for derived in derivations:
        table = catalog.by_label.get(derived.label.lower())
        if table is None and not _installed(derived.label):
            raise BadDerivation(str(derived), "there is no such model", "correct the name")
        # Without a table: a model of the project, and this catalog has others.
        if table is None or not keys.get(table.name):
            continue
        model = binding.model(table.name)
        try:
            field = model._meta.get_field(derived.field)
        except FieldDoesNotExist as error:
            raise BadDerivation(str(derived), "the model has no such field", "correct the name") from error
        try:
            with transaction.atomic(using=using):
                _update(model, field, derived, keys[table.name], using)
        except (DatabaseError, FieldError) as error:
            raise BadDerivation(
                str(derived), str(error).strip(), "correct the expression or the bounds"
            ) from error
        touched.append(table.name)
    return touched


def _installed(label: str) -> bool:
    try:
        apps.get_model(label)
    except LookupError:
        return False
    return True


def _update(model: type[Model], field: Any, derived: Derived, keys: Sequence[object], using: str) -> None:
    inner: QuerySet[Any] = (
        QuerySet(model, using=using).filter(pk=OuterRef("pk")).annotate(_derived=derived.expression)
    )
    value: Any = Subquery(inner.values("_derived")[:1])
    zero = _zero(field)
    if zero is not None:
        value = Coalesce(value, Value(zero, output_field=field), output_field=field)
    for start in range(0, len(keys), CHUNK):
        chunk = [
            key[0] if isinstance(key, tuple) and len(key) == 1 else key for key in keys[start : start + CHUNK]
        ]
        QuerySet(model, using=using).filter(pk__in=chunk).update(**{field.name: value})


def _zero(field: Field[Any, Any]) -> object:
    if isinstance(field, DecimalField | FloatField | IntegerField):
        return 0
    return None
