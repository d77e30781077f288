"""Write a chain of built instances at once: keys are planned, then each table is loaded."""

from __future__ import annotations

import gc
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from itertools import count
from typing import Any

from django.db import DatabaseError, transaction
from django.db.models import Model

from dbstate.backends import Connection, LoadRefused
from dbstate.catalog import Table
from dbstate.factories.blueprint import Blueprint, blueprint_of
from dbstate.factories.described import Described
from dbstate.factories.saving import insert, refusal, write_files
from dbstate.prepared import saved_column, saves_by_itself

INSERTED = 500
"""Rows of one INSERT, where values are expressions."""


@contextmanager
def cycles_left() -> Iterator[None]:
    """Python looks for no cycles meanwhile: the rows of a batch stay, and seeing that as they grow in
    number takes a third of the time."""
    if not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def load(seen: Described, instances: Sequence[Model], given: Collection[str] = ()) -> None:
    """Write all instances that are not there yet; parents stand before those that name them.

    Past save() and signals, constraints on; rows of trees go in one by one. RowRefused when the database
    does not take them.
    """
    by_model: dict[type[Model], list[Model]] = {}
    for instance in instances:
        if instance._state.adding:
            by_model.setdefault(type(instance), []).append(instance)
    blueprints = {model: blueprint_of(seen, model) for model in by_model}
    _number(seen, by_model, blueprints)
    seen.backend.defer(seen.connection)
    for model, rows in by_model.items():
        _load(seen, blueprints[model], rows, given)
    tables = {name: seen.catalog[name] for blueprint in blueprints.values() for name in blueprint.chain}
    seen.backend.advance_sequences(seen.connection, [*tables.values()])
    try:
        seen.backend.check_constraints_now(seen.connection)
    except LoadRefused as error:
        at = next((m for m, b in blueprints.items() if error.verdict.table in b.chain), [*blueprints][-1])
        raise refusal(blueprints[at], by_model[at], error.verdict, given) from error
    for instance in instances:
        instance._state.adding, instance._state.db = False, seen.using


def _number(
    seen: Described, by_model: dict[type[Model], list[Model]], blueprints: dict[type[Model], Blueprint]
) -> None:
    """Give each instance the keys that the database would."""
    tables = {name: seen.catalog[name] for b in blueprints.values() for name in b.chain}
    counters = {
        (table, column): count(first)
        for table, columns in seen.backend.next_keys(seen.connection, [*tables.values()]).items()
        for column, first in columns.items()
    }
    for model, rows in by_model.items():
        blueprint = blueprints[model]
        if blueprint.trees:
            continue  # the library inserts them one by one, and asks for a key what is new
        automatic = [
            (counters[table, column], attname)
            for (table, column), attname in blueprint.by_column.items()
            if (table, column) in counters
        ]
        for row in rows:
            for counter, attname in automatic:
                if getattr(row, attname) is None:
                    setattr(row, attname, next(counter))


def _load(seen: Described, blueprint: Blueprint, rows: list[Model], given: Collection[str]) -> None:
    links = _links(type(rows[0]))
    for instance in rows:
        if blueprint.files:
            write_files(blueprint, instance.__dict__)
        _connect(seen, blueprint, instance, links)
    if blueprint.trees:  # where a row stands in its tree is for the library to say, row by row
        for instance in rows:
            insert(blueprint, instance, given)
        return
    for name in blueprint.chain:
        try:
            _load_table(seen, seen.catalog[name], rows)
        except LoadRefused as error:
            raise refusal(blueprint, rows, error.verdict, given) from error


def _load_table(seen: Described, table: Table, rows: Sequence[Model]) -> None:
    connection = seen.connection
    fields: list[Any] = [
        seen.binding.field(table.name, column.name) for column in table.columns if not column.generated
    ]
    names = [one.column for one in fields]

    if all(map(saves_by_itself, fields)):
        columns = [saved_column(one, rows, connection) for one in fields]
        if any(hasattr(kind, "as_sql") for column in columns for kind in {*map(type, column)}):
            _insert_expressions(seen, table, fields, rows)
        else:
            seen.backend.load(connection, table, names, zip(*columns, strict=True))
        return

    def line(instance: Model) -> list[Any]:
        return [one.get_db_prep_save(one.pre_save(instance, True), connection) for one in fields]

    with _queries(connection) as asked:
        first = line(rows[0])
    if not asked:
        seen.backend.load(connection, table, names, [first, *map(line, rows[1:])])
        return
    # A field's value depends on the rows before it, as that of a slug which counts up.
    seen.backend.load(connection, table, names, [first])
    for instance in rows[1:]:
        seen.backend.load(connection, table, names, [line(instance)])


def _insert_expressions(seen: Described, table: Table, fields: Sequence[Any], rows: Sequence[Model]) -> None:
    """Write rows with values that the database works out, such as defaults of its own: by INSERT."""
    manager: Any = seen.binding.model(table.name)._base_manager.using(seen.using)
    try:
        with transaction.atomic(using=seen.using):
            for start in range(0, len(rows), INSERTED):
                manager._insert(rows[start : start + INSERTED], fields=fields, using=seen.using)
    except DatabaseError as error:
        raise LoadRefused(table.name, seen.backend.classify(error)) from error


@contextmanager
def _queries(connection: Connection) -> Iterator[list[str]]:
    """The queries that are made meanwhile."""
    asked: list[str] = []

    def note(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        asked.append(sql)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(note):
        yield asked


def _connect(seen: Described, blueprint: Blueprint, instance: Any, links: Sequence[Any]) -> None:
    """Have the columns hold the keys of the rows that the instance names."""
    for relation in blueprint.relations:
        if relation.kind == "generic":
            named = instance.__dict__.get("_dbstate_generic", {}).get(relation.name)
            if isinstance(named, Model):
                kind = seen.records.content_type(named._meta.concrete_model._meta.db_table)  # type: ignore[union-attr]
                setattr(instance, relation.type_attname, kind)
                setattr(instance, relation.attname, named.pk)
        else:
            parent = instance._state.fields_cache.get(relation.name)
            if parent is not None:
                for attname, value in zip(relation.attnames, relation.key_of(parent), strict=True):
                    setattr(instance, attname, value)
    for link in links:
        setattr(instance, link.attname, getattr(instance, link.target_field.attname))


def _links(model: type[Model]) -> list[Any]:
    """Keys to a row's own rows in its parents' tables, root first."""
    found: list[Any] = []
    for parent, link in model._meta.parents.items():
        found += _links(parent)
        if link is not None:
            found.append(link)
    return found
