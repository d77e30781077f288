"""What a caller gives for relations: rows, keys of rows, and rows that were built and are not written yet."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Model

from dbstate.backends import Verdict
from dbstate.factories.blueprint import Blueprint, Relation
from dbstate.factories.described import Described
from dbstate.factories.errors import BadOverride, refused
from dbstate.factories.saving import save_built
from dbstate.values import EDGES

NO_SUCH_ROW = "23503"
"""SQLSTATE of a key that names nothing."""


def checked_edge(edge: object) -> str:
    """The name of an edge case, empty for none; BadOverride for any other."""
    if edge and edge not in EDGES:
        raise BadOverride(f"cannot make the edge case {edge!r}: the edge cases are {', '.join(EDGES)}")
    return str(edge or "")


def with_rows(blueprint: Blueprint, given: Mapping[str, Any], *, asking: bool) -> dict[str, Any]:
    """What is given, checked; where the database may be asked, rows in place of their keys.

    So ``order_id=7`` is shared in the chain as ``order=order`` is. Raises BadOverride for a row of another
    model, IntegrityRefused for a key that names no row.
    """
    found = dict(given)
    for relation in blueprint.relations:
        value = found.get(relation.name)
        if isinstance(value, Model):
            _check_model(blueprint, relation, value)
        elif isinstance(value, str | int | bytes | float) and relation.name not in relation.attnames:
            hint = (
                f"{relation.attname} takes its key"
                if relation.kind == "foreign"
                else "no key tells its model"
            )
            raise BadOverride(
                f"cannot set {relation.name} of {blueprint.label} to {value!r}: it is no row; {hint}"
            )
        (attname, *more) = relation.attnames
        if more or attname == relation.name or found.get(attname) is None or relation.kind != "foreign":
            continue
        if asking and relation.name not in found and not isinstance(found[attname], Model):
            row = _row_of_key(blueprint, relation, attname, found[attname])
            if row is not None:
                del found[attname]
                found[relation.name] = row
    return found


def _check_model(blueprint: Blueprint, relation: Relation, value: Model) -> None:
    target = relation.target
    if target is None or isinstance(value, target):
        return
    model = type(value)
    if model._meta.label == target._meta.label:
        reason = f"it is a row of another {model._meta.label} than that of this registry's models"
    else:
        reason = f"it is a {model._meta.label}; give a {target._meta.label}"
    raise BadOverride(f"cannot set {relation.name} of {blueprint.label} to {value!r}: {reason}")


def _row_of_key(blueprint: Blueprint, relation: Relation, attname: str, key: object) -> Model | None:
    """The row that a key names; None where nobody sees to it that there is one."""
    target: Any = relation.target
    (name,) = relation.target_attnames
    rows = target._base_manager.using(blueprint.seen.using)
    try:
        found: Model | None = rows.filter(**{name: key}).first()
    except (TypeError, ValueError, ValidationError) as error:
        raise BadOverride(f"cannot set {attname} of {blueprint.label} to {key!r}: {error}") from error
    field: Any = blueprint.model._meta.get_field(relation.name)
    if found is None and field.db_constraint:
        told = f"there is no {target._meta.label} with {name} = {key!r}"
        raise refused(blueprint.label, Verdict(NO_SUCH_ROW, message=told), {attname: key}, {attname})
    return found


def unwritten(rows: Iterable[Model]) -> list[Model]:
    """The rows that are not written yet, with all that they name, each once: those named come first."""
    found: dict[int, Model] = {}
    under_way: set[int] = set()

    def visit(row: Model) -> None:
        if not row._state.adding or id(row) in found or id(row) in under_way:
            return
        under_way.add(id(row))
        named = [*row._state.fields_cache.values(), *row.__dict__.get("_dbstate_generic", {}).values()]
        for other in named:
            if isinstance(other, Model):
                visit(other)
        found[id(row)] = row

    for row in rows:
        visit(row)
    return [*found.values()]


@contextmanager
def written(seen: Described, rows: Collection[Model]) -> Iterator[list[Model]]:
    """Rows that were built are written first; where what follows fails, they are as they were.

    Within a transaction that is undone with what follows.
    """
    with as_before(rows) as new:
        for row in new:
            row._state.db = seen.using  # its building has not asked where it would go
        for row in rows:
            if row._state.adding:
                save_built(seen, row)
        yield new


@contextmanager
def as_before(rows: Iterable[Model]) -> Iterator[list[Model]]:
    """Rows that are not written, with what they name, are as they were where what follows fails."""
    new = unwritten(rows)
    before = [(row, _held(row), row._state.db) for row in new]
    try:
        yield new
    except BaseException:
        for row, values, alias in before:
            row.__dict__.update(values)
            row._state.db, row._state.adding = alias, True
        raise


def _held(row: Model) -> dict[str, Any]:
    """What the row's columns hold."""
    return {
        f.attname: row.__dict__[f.attname] for f in row._meta.concrete_fields if f.attname in row.__dict__
    }
