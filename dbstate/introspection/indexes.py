"""Indexes of a model that make nothing unique, as Django's operations would make them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import F, Index
from django.db.models.expressions import OrderBy

from dbstate.catalog import Index as IndexFacts
from dbstate.introspection.columns import column_of
from dbstate.introspection.expressions import SqlWriter, unwrap

PATTERN_CLASSES = {"varchar": "varchar_pattern_ops", "text": "text_pattern_ops"}
"""For LIKE, PostgreSQL has a second index on each indexed text: operator class by type."""

METHODS = {Index.suffix: "btree"} | {
    name: name
    for name in ("btree", "hash", "gin", "gist", "spgist", "brin", "bloom", "hnsw", "ivfflat", "rum")
}
"""Access method by the suffix of an index class; of another class only its own code knows."""


def read_indexes(
    model: Any, connection: BaseDatabaseWrapper, writer: SqlWriter, notes: list[str]
) -> tuple[IndexFacts, ...]:
    """Indexes of single fields, then those of ``Meta.indexes``; what cannot be read is noted."""
    found: list[IndexFacts] = []
    for field in model._meta.local_concrete_fields:
        found += _field_indexes(field, connection)
    for index in model._meta.indexes:
        try:
            found.append(_read_index(model, index, writer))
        except Exception as error:  # an index class or its expressions may be third-party code
            notes.append(f"index {index.name} cannot be read: {type(error).__name__}: {error}")
    return tuple(dict.fromkeys(found))  # a squashed history may hold one twice


def _field_indexes(field: Any, connection: BaseDatabaseWrapper) -> Iterator[IndexFacts]:
    column = str(field.column)
    if not column or column == "None":
        return
    if getattr(field, "spatial_index", False):
        yield IndexFacts("", (column,), method="gist")
    elif field.db_index and not field.unique:
        yield IndexFacts("", (column,))
    if connection.vendor != "postgresql" or not (field.db_index or field.unique):
        return
    sql_type = _sql_type(field, connection)
    # Under a collation that is not deterministic there is none; which one is, only the database knows.
    if "[" in sql_type or "COLLATE" in sql_type.upper() or getattr(field, "db_collation", None):
        return
    for name, opclass in PATTERN_CLASSES.items():
        if sql_type.startswith(name):
            yield IndexFacts("", (column,), opclasses=(opclass,))


def _sql_type(field: Any, connection: BaseDatabaseWrapper) -> str:
    try:
        return field.db_type(connection) or ""
    except Exception:  # the column's own description says what is wrong with its type
        return ""


def _read_index(model: Any, index: Index, writer: SqlWriter) -> IndexFacts:
    parts: list[Any] = list(index.expressions) or [F(name) for name, _ in index.fields_orders]
    orders = (
        tuple(_order(part) for part in parts)
        if index.expressions
        else tuple(order for _, order in index.fields_orders)
    )
    read = [writer.expression(part) for part in parts]
    plain = all(isinstance(unwrap(part), F) for part in parts)
    condition, condition_columns = (
        (None, ()) if index.condition is None else writer.condition(index.condition)
    )
    include = tuple(column_of(model, name) or name for name in index.include)
    return IndexFacts(
        name=index.name,
        columns=tuple(dict.fromkeys(column for _, columns in read for column in columns)),
        expressions=() if plain else tuple(sql for sql, _ in read),
        condition=condition,
        condition_columns=condition_columns,
        include=include,
        method=METHODS.get(str(index.suffix), ""),
        opclasses=tuple(map(str, index.opclasses)),
        orders=orders if any(orders) else (),
    )


def _order(part: Any) -> str:
    """As the live catalog says it: empty for ascending with NULLs last, PostgreSQL's usual."""
    while not isinstance(part, OrderBy):
        sources: list[Any] = getattr(part, "get_source_expressions", list)()
        if isinstance(part, F) or len(sources) != 1 or sources[0] is None:
            return ""
        part = sources[0]
    if part.descending:
        return "DESC NULLS LAST" if part.nulls_last else "DESC"
    return "NULLS FIRST" if part.nulls_first else ""
