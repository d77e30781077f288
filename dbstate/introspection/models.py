"""All concrete models of a registry read into a catalog."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

from django.apps.registry import Apps
from django.db import connections, router
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Model
from django.utils import translation

from dbstate.catalog import Catalog, Column, Table
from dbstate.introspection.columns import read_column
from dbstate.introspection.constraints import (
    indexed_columns,
    primary_columns,
    read_checks,
    read_exclusions,
    read_uniques,
)
from dbstate.introspection.expressions import SqlWriter
from dbstate.introspection.indexes import read_indexes
from dbstate.introspection.kinds import dotted_ancestors
from dbstate.introspection.libraries import library_reason
from dbstate.introspection.relations import read_foreign_keys, read_generic_keys

_CLEANERS = ("clean", "full_clean", "clean_fields", "validate_unique", "validate_constraints")


def read_catalog(
    apps: Apps, *, using: str = "default", include: Callable[[type[Model]], bool] | None = None
) -> Catalog:
    """The catalog of the models that live in one database, in the order of their labels.

    ``include`` keeps only the models it says yes to. No query is made; the connection gives
    its dialect only. What cannot be read is in a column's ``trouble`` or a table's ``notes``.
    """
    connection = connections[using]
    # Labels and choices must not depend on the language that happens to be active.
    with translation.override(None):
        models = concrete_models(apps, using=using, include=include)
        return Catalog.from_tables(tuple(_one_per_table(models, connection)))


def concrete_models(
    apps: Apps, *, using: str = "default", include: Callable[[type[Model]], bool] | None = None
) -> tuple[type[Model], ...]:
    """Models with a table of their own in the database, by label; through tables too."""
    models = [
        model
        for model in apps.get_models(include_auto_created=True)
        if not model._meta.proxy
        and not model._meta.abstract
        and not model._meta.swapped
        and _fits_vendor(model, connections[using])
        and router.allow_migrate_model(using, model)
        and (include is None or include(model))
    ]
    return tuple(sorted(models, key=lambda model: model._meta.label))


def _fits_vendor(model: type[Model], connection: BaseDatabaseWrapper) -> bool:
    """Whether the model's required vendor and features are there, as far as known without a query."""
    meta: Any = model._meta
    if meta.required_db_vendor and meta.required_db_vendor != connection.vendor:
        return False
    features = type(connection.features)
    # A feature that is a property may ask the server for its version.
    return all(getattr(features, name, False) is not False for name in meta.required_db_features)


def _one_per_table(models: Iterable[type[Model]], connection: BaseDatabaseWrapper) -> Iterable[Table]:
    """Tables of the models; of several models on one table the managed one speaks for it."""
    by_table: dict[str, list[type[Model]]] = {}
    for model in models:
        by_table.setdefault(model._meta.db_table, []).append(model)
    for sharing in by_table.values():
        first, *others = sorted(sharing, key=lambda model: not model._meta.managed)
        table = read_table(first, connection)
        yield replace(table, also=tuple(model._meta.label for model in others)) if others else table


def read_table(model: type[Model], connection: BaseDatabaseWrapper) -> Table:
    """One concrete model's table."""
    meta: Any = model._meta
    notes: list[str] = []
    writer = SqlWriter(model, connection)
    uniques = read_uniques(model, writer, notes)
    ancestors = dotted_ancestors(model)
    columns = _read_columns(model, connection, writer, indexed_columns(model, writer, uniques, notes))
    return Table(
        name=meta.db_table,
        label=meta.label,
        columns=columns,
        primary_key=primary_columns(model),
        uniques=uniques,
        checks=read_checks(model, writer, connection, notes),
        exclusions=read_exclusions(model, writer, notes),
        foreign_keys=read_foreign_keys(model, connection, notes),
        generic_keys=read_generic_keys(model, notes),
        managed=bool(meta.managed),
        auto_created=bool(meta.auto_created),
        has_clean=_has_clean(model),
        ancestors=ancestors,
        library_filled=library_reason(meta.label, ancestors),
        symmetrical=_is_symmetrical(model),
        indexes=read_indexes(model, connection, writer, notes),
        notes=tuple(dict.fromkeys(notes)),
    )


def _read_columns(
    model: Any, connection: BaseDatabaseWrapper, writer: SqlWriter, indexed: frozenset[str]
) -> tuple[Column, ...]:
    read = [
        read_column(field, connection, writer, indexed=str(field.column) in indexed)
        for field in model._meta.local_concrete_fields
    ]
    return tuple(column for column in read if column is not None)


def _has_clean(model: type[Model]) -> bool:
    """Whether a base of the model, other than Django's Model itself, has a validation of its own."""
    return any(
        name in vars(base)
        for base in model.__mro__
        if base is not object and base.__module__ != "django.db.models.base"
        for name in _CLEANERS
    )


def _is_symmetrical(model: Any) -> bool:
    owner = model._meta.auto_created
    if not owner:
        return False
    return any(
        field.remote_field.through is model and getattr(field.remote_field, "symmetrical", False)
        for field in owner._meta.local_many_to_many
    )
