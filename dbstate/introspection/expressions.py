"""SQL text of Django expressions, and the columns that they read; without a query."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import F, Model
from django.db.models.expressions import Col, OrderBy
from django.db.models.sql import Query

_PLACEHOLDER = re.compile(r"%(s|%)")

# Wrappers that belong to an index, not to the value: ordering, operator classes.
_INDEX_WRAPPERS = {"OrderBy", "OpClass", "IndexExpression", "ExclusionConstraintExpression"}


class SqlWriter:
    """Writes the expressions of one model as plain SQL of one database connection.

    The SQL names columns without their table and holds its parameters as literals; percent
    signs stand for themselves. The connection's dialect is used, the database is not.
    """

    def __init__(self, model: type[Model], connection: BaseDatabaseWrapper) -> None:
        self._model = model
        self._connection = connection
        # Never entered: it only quotes.
        self._editor = connection.schema_editor(collect_sql=True)
        # Django leaves a percent sign in a column's name alone, where it would be read as a placeholder.
        columns = [str(field.column) for field in model._meta.concrete_fields]
        quote = connection.ops.quote_name
        self._escaped = {name: quote(name).replace("%", "%%") for name in columns if "%" in name}

    def condition(self, condition: Any) -> tuple[str, tuple[str, ...]]:
        """SQL and columns of a condition (a Q or a boolean expression)."""
        query = Query(self._model, alias_cols=False)
        where: Any = query.build_where(condition)
        return self._sql(query, where), columns_of(where)

    def expression(self, expression: Any) -> tuple[str, tuple[str, ...]]:
        """SQL and columns of an expression, a field's name included; index wrappers left out."""
        query = Query(self._model, alias_cols=False)
        unwrapped = unwrap(expression)
        resolved = unwrapped.resolve_expression(query, allow_joins=False, for_save=False)
        return self._sql(query, unwrap(resolved)), columns_of(resolved)

    def constraint_name(self, columns: tuple[str, ...], suffix: str) -> str:
        """The name that Django gives to a constraint that the model leaves unnamed."""
        editor: Any = self._editor
        return str(editor._create_index_name(self._model._meta.db_table, list(columns), suffix=suffix))

    def _sql(self, query: Query, node: Any) -> str:
        compiler: Any = query.get_compiler(connection=self._connection)
        compiler.quote_cache.update(self._escaped)
        sql, parameters = compiler.compile(node)
        return self._fill(sql, parameters)

    def _fill(self, sql: str, parameters: Any) -> str:
        """The statement with its parameters written in place of each ``%s``."""
        literals = iter([str(self._editor.quote_value(value)) for value in parameters])
        return _PLACEHOLDER.sub(lambda match: "%" if match[1] == "%" else next(literals), sql)


def unwrap(expression: Any) -> Any:
    """The expression without ordering and operator class; a name becomes F(name)."""
    if isinstance(expression, str):
        return F(expression.removeprefix("-"))
    while isinstance(expression, OrderBy) or type(expression).__name__ in _INDEX_WRAPPERS:
        expression = unwrap(expression.get_source_expressions()[0])
    return expression


def columns_of(resolved: Any) -> tuple[str, ...]:
    """Names of the columns that a resolved expression reads, in order of appearance."""
    return tuple(dict.fromkeys(_walk(resolved)))


def _walk(node: Any) -> Iterator[str]:
    if isinstance(node, Col):
        if node.target.column is not None:
            yield node.target.column
        return
    if isinstance(node, list | tuple):
        for part in node:
            yield from _walk(part)
        return
    sources = getattr(node, "get_source_expressions", None)
    if sources is not None:
        for part in sources():
            yield from _walk(part)
    right = getattr(node, "rhs", None)
    if isinstance(right, list | tuple):
        yield from _walk(right)
