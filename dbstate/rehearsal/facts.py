"""What stands in a database under its names, as far as operations can meet it: read off the live catalog."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from django.db.backends.base.base import BaseDatabaseWrapper

from dbstate.backends import backend_for
from dbstate.catalog import Catalog, Table, Unique
from dbstate.rehearsal.effects import RequireCheck, RequireReference


@dataclass(frozen=True, slots=True)
class LiveRelation:
    """Whatever has the name: a table, an index, a sequence, a view."""

    table: str = ""
    """For an index, its table."""
    valid: bool = True
    """False for an index that is not."""


@dataclass(frozen=True, slots=True)
class LiveFacts:
    """The catalog, and all names that a new relation cannot have."""

    catalog: Catalog
    relations: Mapping[str, LiveRelation]

    @property
    def tables(self) -> Mapping[str, Table]:
        return self.catalog.tables


def read_live_facts(connection: BaseDatabaseWrapper) -> LiveFacts:
    """What is there. Reads the system's catalogs only."""
    catalog = backend_for(connection).live_catalog(connection)
    return LiveFacts(catalog, dict(_relations(catalog)))


def _relations(catalog: Catalog) -> Iterator[tuple[str, LiveRelation]]:
    for sequence in catalog.sequences:
        yield sequence.name, LiveRelation()
    for view in catalog.views:
        yield view.name, LiveRelation()
        for index in view.indexes:
            yield index.name, LiveRelation(view.name, index.valid)
    for table in catalog:
        yield table.name, LiveRelation()
        for index in table.indexes:
            yield index.name, LiveRelation(table.name, index.valid)
        for unique in table.uniques:
            yield unique.name, LiveRelation(table.name, unique.valid)
        for exclusion in table.exclusions:
            yield exclusion.name, LiveRelation(table.name)


def constraint_names(table: Table) -> frozenset[str]:
    """Names that a new constraint of the table cannot have."""
    return frozenset(
        [
            *(check.name for check in table.checks),
            *(exclusion.name for exclusion in table.exclusions),
            *(unique.name for unique in table.uniques if unique.constraint),
            *(key.constraint for key in table.foreign_keys),
        ]
    )


def unvalidated_constraint(table: Table, name: str) -> RequireCheck | RequireReference | None:
    """What validating the constraint asks of the rows; None where there is nothing to validate."""
    for check in table.checks:
        if check.name == name and not check.validated:
            return RequireCheck(table.name, name, check.expression)
    for key in table.foreign_keys:
        if key.constraint == name and not key.validated:
            return RequireReference(table.name, name, key.columns, key.target, key.target_columns)
    return None


def key_parts(unique: Unique) -> tuple[str, ...]:
    """SQL of the key's parts."""
    return unique.expressions or tuple('"' + name.replace('"', '""') + '"' for name in unique.columns)
