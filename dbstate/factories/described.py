"""What one registry's models look like to the factories of one database."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from types import MappingProxyType
from typing import Any
from weakref import WeakKeyDictionary

from django.apps.registry import Apps
from django.db import connections
from django.db.models import Model

from dbstate.adapters import with_registered_names
from dbstate.backends import Backend, Connection, backend_for
from dbstate.binding import Binding, bind
from dbstate.catalog import Catalog, Table
from dbstate.factories.setting import current
from dbstate.introspection import read_catalog
from dbstate.rows import narrowed
from dbstate.seeding.records import Records
from dbstate.seeding.samples import Samples
from dbstate.seeding.sources import values_of
from dbstate.values import ColumnValues, Setting


@dataclass(eq=False, slots=False)
class Described:
    """A registry's catalog, bound to one database alias, and the values of its columns."""

    apps: Apps
    using: str
    setting: Setting
    catalog: Catalog
    binding: Binding
    blueprints: dict[type[Model], Any] = field(default_factory=dict)
    """Blueprint by model; see ``blueprint.blueprint_of``."""
    learned: set[str] = field(default_factory=set)
    """Tables whose rules in the database were read."""
    reserved: dict[str, int] = field(default_factory=dict)
    """The last key that was reserved, by table."""

    @property
    def connection(self) -> Connection:
        return connections[self.using]

    @cached_property
    def backend(self) -> Backend:
        return backend_for(self.connection)

    @cached_property
    def records(self) -> Records:
        return Records(self.catalog, self.binding, self.using)

    @cached_property
    def samples(self) -> Samples:
        return Samples(self.binding)

    def table(self, model: type[Model]) -> Table:
        """The table of a model, as the catalog has it."""
        return self.catalog[model._meta.db_table]

    def source(self, name: str, column: str, unique: bool, disjoint: bool) -> ColumnValues:
        """The values of a column; its validators are asked, the database is not."""
        return values_of(
            self.catalog, self.binding, self.samples, self.setting, name, column, unique, disjoint
        )

    def learn(self, names: tuple[str, ...]) -> bool:
        """Read the rules that the database has for these tables, once; whether there were new ones."""
        tables = dict(self.catalog.tables)
        for name in set(names) - self.learned:
            tables[name] = narrowed(self.backend.with_live_rules(self.connection, tables[name]))
        self.learned.update(names)
        if all(tables[name] == self.catalog[name] for name in names):
            return False
        self.catalog = Catalog(MappingProxyType(tables))
        self.records.catalog = self.catalog
        self.blueprints.clear()
        return True


_known: WeakKeyDictionary[Apps, dict[tuple[str, Setting], Described]] = WeakKeyDictionary()


def described(apps: Apps, using: str, setting: Setting | None = None) -> Described:
    """The description of a registry's models for one database alias; made once for each setting.

    Without ``setting`` it is the current one.
    """
    by_setting = _known.setdefault(apps, {})
    key = (using, setting or current())
    found = by_setting.get(key)
    if found is None:
        like = next((one for (alias, _), one in by_setting.items() if alias == using), None)
        if like is not None:
            # The same models under another setting: only the values differ.
            found = replace(like, setting=key[1], blueprints={})
        else:
            read = with_registered_names(read_catalog(apps, using=using))
            catalog = Catalog.from_tables(tuple(narrowed(table) for table in read))
            found = Described(apps, using, key[1], catalog, bind(catalog, apps, using=using))
        by_setting[key] = found
    return found
