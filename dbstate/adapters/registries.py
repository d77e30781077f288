"""Columns that hold names out of a library's own registry, which no field declares as choices.

Keyed by dotted base class and field, so that no library is imported unless a project uses it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType

from django.utils.module_loading import import_string

from dbstate.catalog import Catalog, Column, Table


def _wagtail_log_actions() -> tuple[str, ...]:
    """Actions that may stand in wagtail's audit log: its registry asks all apps for theirs."""
    return tuple(action for action, _label in import_string("wagtail.log_actions.registry").get_choices())


REGISTRIES: Mapping[tuple[str, str], Callable[[], tuple[object, ...]]] = MappingProxyType(
    {
        ("wagtail.models.audit_log.BaseLogEntry", "action"): _wagtail_log_actions,
    }
)
"""Known names by (dotted base class, field)."""


def with_registered_names(catalog: Catalog) -> Catalog:
    """The catalog with the names that libraries know as the columns' samples."""
    return Catalog.from_tables(tuple(_with_names(table) for table in catalog))


def _with_names(table: Table) -> Table:
    found = {field: names for (base, field), names in REGISTRIES.items() if base in table.ancestors}
    if not found:
        return table

    def sampled(column: Column) -> Column:
        names = found.get(column.field)
        return column if names is None else replace(column, samples=names())

    return replace(table, columns=tuple(sampled(column) for column in table.columns))
