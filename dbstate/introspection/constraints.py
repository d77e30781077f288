"""Unique keys, checks and exclusions of a model."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import CheckConstraint, F, Index, UniqueConstraint

from dbstate.catalog import Check, Exclusion, Unique
from dbstate.introspection.columns import column_of
from dbstate.introspection.expressions import SqlWriter, unwrap
from dbstate.introspection.kinds import INTERNAL_KINDS, dotted_ancestors, is_djangos

_EXCLUSION = "django.contrib.postgres.constraints.ExclusionConstraint"
_BTREE = "django.contrib.postgres.indexes.BTreeIndex"
_DATE_PARTS: tuple[Literal["date", "month", "year"], ...] = ("date", "month", "year")


def primary_columns(model: Any) -> tuple[str, ...]:
    """Columns of the primary key, more than one for a composite key."""
    fields = getattr(model._meta, "pk_fields", None) or [model._meta.pk]
    return tuple(str(field.column) for field in fields if field is not None and field.column)


def implicit_name(table: str, column: str, label: str) -> str:
    """The name that PostgreSQL gives to an unnamed constraint of a column: at most 63 bytes."""
    parts = [table.encode(), column.encode()] if column else [table.encode()]
    room = 63 - len(label) - len(parts)
    while sum(map(len, parts)) > room:
        longest = max(parts, key=len)
        parts[parts.index(longest)] = longest[:-1]
    return "_".join([*(part.decode(errors="ignore") for part in parts), label])


def read_uniques(model: Any, writer: SqlWriter, notes: list[str]) -> tuple[Unique, ...]:
    """All unique keys, the primary one first."""
    return (
        *_primary(model),
        *_unique_fields(model),
        *_unique_together(model, writer, notes),
        *_unique_constraints(model, writer, notes),
        *_unique_for_dates(model, notes),
    )


def _primary(model: Any) -> Iterator[Unique]:
    columns = primary_columns(model)
    if columns:
        yield Unique(implicit_name(model._meta.db_table, "", "pkey"), columns, primary=True)


def _unique_fields(model: Any) -> Iterator[Unique]:
    for field in model._meta.local_concrete_fields:
        if field.unique and not field.primary_key:
            yield Unique(implicit_name(model._meta.db_table, field.column, "key"), (str(field.column),))


def _unique_together(model: Any, writer: SqlWriter, notes: list[str]) -> Iterator[Unique]:
    for names in model._meta.unique_together:
        columns = _columns(model, names)
        if columns is None:
            notes.append(f"unique_together {tuple(names)} names a field of another table")
        else:
            yield Unique(writer.constraint_name(columns, "_uniq"), columns)


def _unique_for_dates(model: Any, notes: list[str]) -> Iterator[Unique]:
    for field in model._meta.local_concrete_fields:
        for part in _DATE_PARTS:
            other = getattr(field, f"unique_for_{part}", None)
            if not other:
                continue
            column = column_of(model, other)
            if column is None:
                notes.append(f"{field.name} is unique for the {part} of {other}, a field of another table")
                continue
            name = f"{model._meta.db_table}_{field.column}_for_{part}_of_{column}"
            yield Unique(name, (str(field.column), column), enforced=False, date_part=part)


def _columns(model: Any, names: Any) -> tuple[str, ...] | None:
    columns = [column_of(model, name) for name in names]
    return None if None in columns else tuple(str(column) for column in columns)


def _unique_constraints(model: Any, writer: SqlWriter, notes: list[str]) -> Iterator[Unique]:
    for constraint in model._meta.constraints:
        if not isinstance(constraint, UniqueConstraint):
            continue
        try:
            yield _unique(model, constraint, writer)
        except Exception as error:  # an expression may hold third-party code
            notes.append(_note(constraint, error))


def _unique(model: Any, constraint: Any, writer: SqlWriter) -> Unique:
    expressions = constraint.expressions or tuple(F(name) for name in constraint.fields)
    read = [writer.expression(expression) for expression in expressions]
    plain = all(isinstance(unwrap(expression), F) for expression in expressions)
    condition, condition_columns = (
        (None, ()) if constraint.condition is None else writer.condition(constraint.condition)
    )
    return Unique(
        name=constraint.name,
        columns=tuple(dict.fromkeys(column for _, columns in read for column in columns)),
        expressions=() if plain else tuple(sql for sql, _ in read),
        condition=condition,
        condition_columns=condition_columns,
        nulls_distinct=constraint.nulls_distinct is not False,
        deferrable=constraint.deferrable is not None,
    )


def read_checks(
    model: Any, writer: SqlWriter, connection: BaseDatabaseWrapper, notes: list[str]
) -> tuple[Check, ...]:
    """CHECK constraints of the model, and those that third-party field classes bring."""
    return (*_check_constraints(model, writer, notes), *_field_checks(model, connection, notes))


def _check_constraints(model: Any, writer: SqlWriter, notes: list[str]) -> Iterator[Check]:
    for constraint in model._meta.constraints:
        if not isinstance(constraint, CheckConstraint):
            continue
        try:
            expression, columns = writer.condition(constraint.condition)
        except Exception as error:  # an expression may hold third-party code
            notes.append(_note(constraint, error))
        else:
            yield Check(constraint.name, expression, columns)


def _field_checks(model: Any, connection: BaseDatabaseWrapper, notes: list[str]) -> Iterator[Check]:
    """Checks of field classes; those of Django's own classes are in ``least`` already."""
    for field in model._meta.local_concrete_fields:
        if is_djangos(type(field)) or field.get_internal_type() in INTERNAL_KINDS:
            continue
        try:
            sql = field.db_parameters(connection)["check"]
        except Exception as error:  # third-party code
            notes.append(f"the check of {field.name} cannot be read: {type(error).__name__}: {error}")
            continue
        if sql:
            name = implicit_name(model._meta.db_table, field.column, "check")
            yield Check(name, str(sql).replace("%%", "%"), (str(field.column),))


def read_exclusions(model: Any, writer: SqlWriter, notes: list[str]) -> tuple[Exclusion, ...]:
    """Exclusion constraints; constraints of a class that is not known are noted."""
    found = []
    for constraint in model._meta.constraints:
        ancestors = dotted_ancestors(type(constraint))
        if _EXCLUSION in ancestors:
            try:
                found.append(_exclusion(constraint, writer))
            except Exception as error:  # an expression may hold third-party code
                notes.append(_note(constraint, error))
        elif not isinstance(constraint, CheckConstraint | UniqueConstraint):
            notes.append(f"constraint {constraint.name} is of an unknown class, {ancestors[0]}")
    return tuple(found)


def _exclusion(constraint: Any, writer: SqlWriter) -> Exclusion:
    read = [
        (*writer.expression(expression), str(operator)) for expression, operator in constraint.expressions
    ]
    columns = [column for _, names, _ in read for column in names]
    condition = None
    if constraint.condition is not None:
        condition, more = writer.condition(constraint.condition)
        columns.extend(more)
    return Exclusion(
        name=constraint.name,
        expressions=tuple((sql, operator) for sql, _, operator in read),
        columns=tuple(dict.fromkeys(columns)),
        condition=condition,
        deferrable=getattr(constraint, "deferrable", None) is not None,
        index_type=str(getattr(constraint, "index_type", "gist")).lower(),
    )


def indexed_columns(
    model: Any, writer: SqlWriter, uniques: tuple[Unique, ...], notes: list[str]
) -> frozenset[str]:
    """Columns whose values stand in a btree index."""
    found = {
        str(field.column)
        for field in model._meta.local_concrete_fields
        if field.db_index or field.unique or field.primary_key
    }
    found.update(column for unique in uniques if unique.enforced for column in unique.columns)
    for constraint in model._meta.constraints:
        found.update(_columns(model, getattr(constraint, "include", None) or ()) or ())
    for index in model._meta.indexes:
        if type(index) is Index or _BTREE in dotted_ancestors(type(index)):
            found.update(_index_columns(model, index, writer, notes))
    return frozenset(found)


def _index_columns(model: Any, index: Any, writer: SqlWriter, notes: list[str]) -> Iterator[str]:
    names = [name for name, _ in index.fields_orders]
    yield from _columns(model, [*names, *(index.include or ())]) or ()
    for expression in index.expressions:
        try:
            yield from writer.expression(expression)[1]
        except Exception as error:  # an expression may hold third-party code
            notes.append(f"index {index.name} cannot be read: {type(error).__name__}: {error}")


def _note(constraint: Any, error: Exception) -> str:
    return f"constraint {constraint.name} cannot be read: {type(error).__name__}: {error}"
