"""Write instances: through the library's own insertion where they stand in a tree, else by save()."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from django.core.exceptions import ValidationError
from django.db import DatabaseError
from django.db.models import Model

from dbstate.adapters import add_to_tree
from dbstate.backends import Verdict
from dbstate.catalog import Column
from dbstate.errors import DbstateError
from dbstate.factories.blueprint import Blueprint, blueprint_of
from dbstate.factories.chain import Chain
from dbstate.factories.errors import BadOverride, NextRow, RowRefused, refused
from dbstate.factories.libraries import library_row
from dbstate.values.facts import offence

CONSTRAINT = "23"
"""Class of SQLSTATE of what a constraint refuses."""
BELOW = "_dbstate_below"
"""Attribute of a row that is not written yet: where it is to stand in its tree."""


def insert(
    blueprint: Blueprint,
    instance: Model,
    given: Collection[str] = (),
    *,
    reserved: bool = False,
    last: bool = True,
) -> None:
    """Write a new row, with save() and its signals; RowRefused when the database does not take it.

    What save() itself raises is a NextRow unless this is the ``last`` one that is tried.
    """
    seen = blueprint.seen
    pk = instance.pk
    write_files(blueprint, instance.__dict__)
    parent = instance.__dict__.pop(BELOW, None)
    try:
        if not add_to_tree(instance, blueprint.ancestors, parent, using=seen.using):
            _save(instance, seen.using)
    except DatabaseError as error:
        verdict = seen.backend.classify(error)
        if _is_key_taken(blueprint, verdict) and pk is None:
            blueprint.learned.fixed_key = instance.pk
        raise refusal(blueprint, [instance], verdict, given) from error
    except DbstateError:
        raise
    except Exception as error:  # save() and signals are the project's; they may refuse the values
        _blame(blueprint, instance, given, error)
        if last:
            error.add_note(f"This came of creating {blueprint.label}; other rows had been tried before.")
            raise
        raise NextRow(blueprint.label, f"{type(error).__name__}: {error}", saving=True) from error
    if reserved:
        seen.backend.advance_sequences(seen.connection, [*blueprint.tables()])


def _save(instance: Model, using: str) -> None:
    """save() as of a new row; without saying so where the model's own cannot be told, or says so itself."""
    try:
        instance.save(force_insert=True, using=using)
    except TypeError as error:
        if "'force_insert'" not in str(error):
            raise
        instance.save(using=using)


def write_files(blueprint: Blueprint, row: Mapping[str, Any]) -> None:
    """Have the files that a row names."""
    for own in blueprint.files:
        value = row.get(own.name)
        if value and getattr(
            value, "_committed", isinstance(value, str)
        ):  # else save() writes what was given
            blueprint.seen.samples.write(own.table, own.column, str(value))


def _blame(blueprint: Blueprint, instance: Model, given: Collection[str], error: Exception) -> None:
    """BadOverride where the error comes of a given value that its field cannot hold."""
    for own in blueprint.own:
        if own.name in given:
            column = blueprint.seen.catalog[own.table].column(own.column)
            if reason := _misfits(blueprint, instance, own.name, column):
                value = getattr(instance, own.name)
                raise BadOverride(
                    f"cannot set {own.name} of {blueprint.label} to {value!r}: {reason}"
                ) from error


def _is_key_taken(blueprint: Blueprint, verdict: Verdict) -> bool:
    """Whether a row was refused as another one has its primary key."""
    told = verdict.detail or verdict.message
    keys = ((table, column) for table in blueprint.tables() for column in table.primary_key)
    named = any(f"({column})=" in told or f"{table.name}.{column}" in told for table, column in keys)
    return verdict.reason == "unique" and named


def refusal(
    blueprint: Blueprint, instances: Sequence[Any], verdict: Verdict, given: Collection[str]
) -> RowRefused:
    """The error that names the columns of the broken rule, with what all these rows have there.

    ``instances`` may be anything with some of the model's attributes.
    """
    blamed: dict[str, object] = {}
    for name in blamed_attributes(blueprint, verdict) or _unfitting(blueprint, instances, verdict):
        values = [instance.__dict__[name] for instance in instances if name in instance.__dict__]
        if not values:
            continue
        blamed[name] = values[0] if all(value == values[0] for value in values) else Various()
    keys = {one.attname for one in blueprint.model._meta.pk_fields} if "pk" in given else set()
    named = {name for name in blamed if name in given or name.removesuffix("_id") in given or name in keys}
    return refused(blueprint.label, verdict, blamed, named)


class Various:
    """Stands for values of which each row has its own."""

    def __repr__(self) -> str:
        return "various values"


def blamed_attributes(blueprint: Blueprint, verdict: Verdict) -> list[str]:
    """Attributes whose columns the broken rule reads."""
    found: list[str] = []
    for table in blueprint.tables():
        rules: tuple[Any, ...] = (*table.uniques, *table.checks, *table.exclusions)
        broken = [rule for rule in rules if rule.name == verdict.constraint]
        columns = [c for rule in broken for c in rule.columns]
        conditions = " ".join(str(getattr(rule, "condition", "")) for rule in broken)
        columns += [c.name for c in table.columns if f'"{c.name}"' in conditions]
        if verdict.reason == "check":
            # Django's own CHECK of a column has no name: the database makes one up.
            unnamed = {f"{table.name}_{c.name}_check": c.name for c in table.columns}
            columns += [c for name, c in unnamed.items() if verdict.constraint in (name, c)]
        columns += [c.name for c in table.columns if c.name == verdict.column]
        columns += [c for key in table.foreign_keys for c in key.columns if _is_key_of(verdict, c)]
        found += [
            blueprint.by_column[table.name, c] for c in columns if (table.name, c) in blueprint.by_column
        ]
    return list(dict.fromkeys(found))


def _unfitting(blueprint: Blueprint, instances: Sequence[Model], verdict: Verdict) -> list[str]:
    """Attributes whose values are past what their columns say, where the database names no column."""
    if verdict.sqlstate.startswith(CONSTRAINT):
        return []
    columns = [(one.name, blueprint.seen.catalog[one.table].column(one.column)) for one in blueprint.own]
    return [
        name
        for name, column in columns
        if any(name in one.__dict__ and _misfits(blueprint, one, name, column) for one in instances)
    ]


def _misfits(blueprint: Blueprint, instance: Any, name: str, column: Column) -> str:
    """Why the column cannot hold the instance's value; empty where it can, as far as one knows."""
    value = getattr(instance, name)
    field: Any = blueprint.model._meta.get_field(name)
    try:
        field.get_db_prep_save(value, blueprint.seen.connection)
        if isinstance(value, str):
            value = field.to_python(value)
    except Exception as error:  # the field is the project's
        said = error.messages[0] if isinstance(error, ValidationError) else f"{type(error).__name__}: {error}"
        return said or type(error).__name__
    return offence(column, value)


def _is_key_of(verdict: Verdict, column: str) -> bool:
    """Whether a broken foreign key is this column's: the database quotes it."""
    return verdict.reason == "foreign key" and f"({column})=" in (verdict.detail or verdict.message)


def reserve(blueprint: Blueprint) -> Any:
    """A primary key that no row has, for a row that others name before it is there."""
    seen = blueprint.seen
    root = seen.catalog[blueprint.chain[0]]
    found = seen.backend.next_keys(seen.connection, [root])[root.name]
    (number,) = found.values()
    number = max(number, seen.reserved.get(root.name, 0) + 1)
    seen.reserved[root.name] = number
    return number


def find_ready(
    blueprint: Blueprint, chain: Chain, row: dict[str, Any], given: Collection[str]
) -> Model | None:
    """The row that a signal has made for a new one-to-one parent.

    Or the only one there can be, where save() gives each row the same key.
    """
    wanted: list[dict[str, Any]] = [
        {relation.name: row[relation.name]}
        for relation in blueprint.relations
        if relation.unique
        and isinstance(row.get(relation.name), Model)
        and (relation.name not in given or any(row[relation.name] is one for one in chain.attempt.wrote))
    ]
    if blueprint.learned.fixed_key is not None:
        wanted.append({"pk": blueprint.learned.fixed_key})
    return _first_of(blueprint, chain.using, wanted)


def fill_ready(
    blueprint: Blueprint, chain: Chain, found: Model, row: dict[str, Any], given: Collection[str]
) -> None:
    """Give a row that is there the values of this one."""
    # Its key is the signal's: with another one it would be a second row.
    own = {field.attname for field in found._meta.pk_fields} | {f.name for f in found._meta.pk_fields}
    for name in row.keys() - own:
        setattr(found, name, row[name])
    for name in own & {*given}:
        blueprint.model._base_manager.using(chain.using).filter(pk=found.pk).update(**{name: row[name]})
        setattr(found, name, row[name])
    found.save(using=chain.using)


def _first_of(blueprint: Blueprint, using: str, wanted: Iterable[Mapping[str, Any]]) -> Model | None:
    """A row of the model that holds one of these, the first that has one."""
    rows = blueprint.model._base_manager.using(using)
    return next((found for one in wanted if (found := rows.filter(**one).first()) is not None), None)


def save_built(seen: Any, instance: Model) -> Model:
    """Write an instance that was built, and all that it names, parents first; rows that are there stay.

    Rows on a cycle get the keys that they will have before they are written.
    """
    _Saving(seen).save(instance)
    return instance


def name_libraries(blueprint: Blueprint, instance: Model) -> None:
    """Have a row that was built name the libraries' rows that it wants: building asks no database."""
    for relation in blueprint.relations:
        target = relation.target
        wanted = relation.library and relation.required
        if target is not None and wanted and getattr(instance, relation.attname) is None:
            taken = [one for one in instance._state.fields_cache.values() if isinstance(one, Model)]
            setattr(instance, relation.name, library_row(blueprint, relation, 0, taken))


class _Saving:
    def __init__(self, seen: Any) -> None:
        self.seen = seen
        self.under_way: list[Model] = []
        self.reserved: list[Model] = []
        self.saved: list[Model] = []

    def save(self, instance: Model) -> None:
        if not instance._state.adding:
            return
        blueprint = blueprint_of(self.seen, type(instance))
        self.under_way.append(instance)
        for relation in blueprint.relations:
            if relation.kind == "generic":
                self._name_generically(
                    blueprint, instance, relation.name, relation.attname, relation.type_attname
                )
                continue
            field: Any = instance._meta.get_field(relation.name)
            if not field.is_cached(instance) or getattr(instance, relation.name) is None:
                continue
            parent = getattr(instance, relation.name)
            if any(parent is one for one in self.under_way):
                if parent.pk is None:
                    parent.pk = reserve(blueprint_of(self.seen, type(parent)))
                    self.reserved.append(parent)
            else:
                self.save(parent)
            setattr(instance, relation.name, parent)  # its key is known now
        for name in blueprint.own_type:
            setattr(instance, name, self.seen.records.content_type(blueprint.table.name))
        name_libraries(blueprint, instance)
        self.under_way.pop()
        if not self._is_there(blueprint, instance):
            insert(blueprint, instance, reserved=any(instance is one for one in self.reserved))
        self.saved.append(instance)

    def _is_there(self, blueprint: Blueprint, instance: Model) -> bool:
        """Whether a signal of a parent saved just now has made the row; it then has this one's values."""
        parents = {r.name: instance._state.fields_cache.get(r.name) for r in blueprint.relations if r.unique}
        wanted = [{n: row} for n, row in parents.items() if any(row is one for one in self.saved)]
        found = _first_of(blueprint, self.seen.using, wanted)
        if found is not None:
            instance.pk, instance._state.adding = found.pk, False
            instance.save(using=self.seen.using)
        return found is not None

    def _name_generically(
        self, blueprint: Blueprint, instance: Model, name: str, number: str, kind: str
    ) -> None:
        named = instance.__dict__.get("_dbstate_generic", {}).get(name)
        if isinstance(named, Model):
            self.save(named)
            table = named._meta.concrete_model._meta.db_table  # type: ignore[union-attr]
            setattr(instance, kind, self.seen.records.content_type(table))
            setattr(instance, number, named.pk)
