"""A row with all that it can name, and rows that name it."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from functools import partial
from typing import Any

from django.db import transaction
from django.db.models import Model

from dbstate.factories.blueprint import Blueprint, blueprint_of
from dbstate.factories.chain import Attempt, Chain, Closed
from dbstate.factories.errors import BadOverride, CannotMake, LeftOut, NextRow, RowRefused, UnknownField
from dbstate.factories.judging import callers_level

Child = Callable[[type[Model], dict[str, Any], Chain], Model]

OWN_WORDS = frozenset({"edge", "shared", "parent", "__sequence"})
DEFAULT = 1
"""Rows made for each relation from outside where nothing is said."""


def with_relations(
    blueprint: Blueprint,
    params: Mapping[str, Any],
    create: Callable[[dict[str, Any], Closed], tuple[Model, Sequence[Model]]],
    child: Child,
    attempt: Attempt,
    *,
    declared: Collection[str] = (),
) -> Model:
    """See ``ModelFactory.create_with_relations``; ``create`` makes the row with all its own relations,
    and answers which rows were given to be shared. ``child`` makes a row of a model in a chain.

    ``declared`` names of the factory are its own.
    """
    outside, using = _outside(blueprint), blueprint.seen.using
    counts: dict[str, int] = {}
    nested: dict[str, dict[str, Any]] = {}
    own: dict[str, Any] = {}
    for name, value in params.items():
        root, _, rest = name.partition("__")
        if root not in outside or root in declared:
            if root not in OWN_WORDS and root not in blueprint.names and root not in declared:
                raise UnknownField(blueprint.label, root, {*blueprint.names, *outside})
            own[name] = value
        elif rest:
            nested.setdefault(root, {})[rest] = value
        elif isinstance(value, int) and not isinstance(value, bool) and value >= 0:
            counts[root] = value
        else:
            raise BadOverride(f"cannot make {value!r} {root} of {blueprint.label}: give a number, 0 or more")
    said = {name: outside[name] for name in counts}
    keys = {name: f.field for name, f in said.items() if not (f.many_to_many or _is_generic(f))}
    instance, given = create(own, frozenset((k.model, k.name) for n, k in keys.items() if not counts[n]))
    between = {
        (field.remote_field if field.auto_created else field).remote_field.through
        for field in outside.values()
        if field.many_to_many
    }
    for name, field in outside.items():
        closed = frozenset((key.model, key.name) for other, key in keys.items() if other != name)
        alone = _is_left_alone(blueprint, field) or field.related_model in between
        if name in counts or name in nested or not alone:
            number, overrides = counts.get(name, DEFAULT), nested.get(name, {})
            chain = partial(Chain, using, True, [instance, *given], closed=closed, attempt=attempt)
            is_asked = name in counts or name in nested
            with nullcontext() if is_asked else _unasked(blueprint, name, attempt):
                _make(blueprint, instance, field, number, overrides, child, chain)
    return instance


@contextmanager
def _unasked(blueprint: Blueprint, name: str, attempt: Attempt) -> Iterator[None]:
    """A warning instead of an error once no further rows will be tried: the others are there all the same."""
    try:
        with transaction.atomic(using=blueprint.seen.using):
            yield
    except Exception as error:  # code of the project's among it
        if isinstance(error, NextRow | RowRefused) and not attempt.last:
            raise
        told = f"{blueprint.label}.{name} is left without rows: {type(error).__name__}: {error}"
        warnings.warn(told, LeftOut, stacklevel=callers_level())


def _outside(blueprint: Blueprint) -> dict[str, Any]:
    """Relations from outside by accessor: rows that name the row, and many-to-many from both ends."""
    meta = blueprint.model._meta
    found: dict[str, Any] = {field.name: field for field in meta.many_to_many}
    found |= {field.name: field for field in meta.private_fields if _is_generic(field)}
    for field in blueprint.model._meta.related_objects:
        name = field.get_accessor_name()
        # Rows of models that inherit are the row itself.
        if name and not field.hidden and not getattr(field, "parent_link", False):
            found[name] = field
    return found


def _is_generic(field: Any) -> bool:
    """Whether rows name the row by a generic key."""
    return bool(field.one_to_many) and hasattr(field, "object_id_field_name")


def _is_left_alone(blueprint: Blueprint, field: Any) -> bool:
    """Whether nothing is made unless it is asked for: libraries' tables, and the model's own."""
    model = field.related_model
    if _is_generic(field) or model._meta.db_table not in blueprint.seen.catalog.tables:
        return True
    table = blueprint.seen.table(model)
    return bool(table.library_filled) or not table.managed or model is blueprint.model


def _make(
    blueprint: Blueprint,
    instance: Model,
    field: Any,
    number: int,
    overrides: dict[str, Any],
    child: Child,
    chain: Callable[[], Chain],
) -> None:
    """``chain`` makes a new one that shares what the row has and what was given."""
    related = blueprint_of(blueprint.seen, field.related_model)
    using = blueprint.seen.using
    if field.many_to_many:
        through = (field.remote_field if field.auto_created else field).remote_field.through
        _check_through(blueprint, field, overrides)
        rows = [child(related.model, dict(overrides), chain()) for _ in range(number)]
        if through._meta.auto_created:
            if field.auto_created:  # whoever listens expects the side that has the field
                for row in rows:
                    getattr(row, field.field.name).add(instance)
            else:
                getattr(instance, field.name).add(*rows)
            return
        for row in rows:
            child(through, _ends(through, instance, row), chain().after(row))
        return
    if field.one_to_one and number > 1:
        raise CannotMake(blueprint.label, f"{field.get_accessor_name()} is one-to-one: there is one at most")
    key = _key_to(blueprint, field, instance)
    made = [*related.model._base_manager.using(using).filter(**key)[:number]]
    for row in made:  # by a signal, or on the way round a cycle
        _change(related, row, overrides)
    for _ in range(number - len(made)):
        child(related.model, {**key, **overrides}, chain())


def _key_to(blueprint: Blueprint, field: Any, instance: Model) -> dict[str, Any]:
    """How rows name the instance: by their foreign key, or by their generic one."""
    if not _is_generic(field):
        return {field.field.name: instance}
    kind: Any = field.related_model._meta.get_field(field.content_type_field_name)
    number = {field.object_id_field_name: instance.pk}
    return {kind.attname: blueprint.seen.records.content_type(blueprint.table.name), **number}


def _change(blueprint: Blueprint, row: Model, overrides: Mapping[str, Any]) -> None:
    """Give a row that is there other values."""
    for name, value in overrides.items():
        if "__" in name:
            raise BadOverride(f"cannot set {name!r} of {blueprint.label}: a signal has made the row")
        blueprint.check_name(name)
        setattr(row, name, value)
    if overrides:
        row.save(using=blueprint.seen.using)


def _check_through(blueprint: Blueprint, field: Any, overrides: Mapping[str, Any]) -> None:
    for name in overrides:
        blueprint_of(blueprint.seen, field.related_model).check_name(name.partition("__")[0])


def _ends(through: type[Model], instance: Model, row: Model) -> dict[str, Any]:
    """The two rows that a row between names, by field name."""
    ends: dict[str, Any] = {}
    for one in through._meta.fields:
        if one.remote_field is None:
            continue
        for end in (instance, row):
            if isinstance(end, one.remote_field.model) and one.name not in ends and end not in ends.values():
                ends[one.name] = end
                break
    return ends
