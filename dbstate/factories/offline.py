"""What the project's clean() says of rows that were only built: without a query, as far as it can be told."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NoReturn

from django.core.exceptions import ValidationError
from django.db import connections
from django.db.models import Model

from dbstate.binding import CRASHED, Complaint, complaints_of, crash_of
from dbstate.factories.blueprint import Blueprint, blueprint_of


class _Asked(Exception):
    """The database was to be asked."""


def refusal(blueprint: Blueprint, instance: Model) -> str:
    """What clean_fields() or clean() have against a built row, or one built with it; empty for nothing.

    The instance stays as it is. What asks the database, or raises anything but a ValidationError, has said
    nothing: a row that is not written cannot answer all questions.
    """
    for row in _built(instance, []):
        own = blueprint if row is instance else blueprint_of(blueprint.seen, type(row))
        if said := _refusal(own, row):
            return said if row is instance else f"its {row._meta.verbose_name}: {said}"
    return ""


def _built(instance: Model, found: list[Model]) -> list[Model]:
    """The row and those that it names, which are not written."""
    if not instance._state.adding or any(instance is one for one in found):
        return found
    found.append(instance)
    named = [*instance._state.fields_cache.values(), *vars(instance).get("_dbstate_generic", {}).values()]
    for one in named:
        if isinstance(one, Model):
            _built(one, found)
    return found


def _refusal(blueprint: Blueprint, row: Any) -> str:
    told = [one for one in complaints(blueprint, row) if one.code != CRASHED]
    return "; ".join(f"{one.field}: {one.message}" if one.field else one.message for one in told)


def complaints(blueprint: Blueprint, row: Any, *, fields: bool = True) -> tuple[Complaint, ...]:
    """What clean_fields() (unless ``fields`` are no matter) and clean() have against a built row.

    A query, and any other exception than a ValidationError, is a complaint with the code CRASHED.
    """
    names = {field.name for field in row._meta.concrete_fields}
    # The others hold what is made when the row is written: keys, places in trees, rows' links to parents.
    judged = {own.field.name for own in blueprint.own}
    unjudged = names - judged - {relation.name for relation in blueprint.relations}
    values, cached = dict(vars(row)), dict(row._state.fields_cache)
    said: list[Complaint] = []
    judges = (lambda: row.clean_fields(exclude=names - judged), row.clean)
    for judge in judges if fields else judges[1:]:
        with _no_database() as asked:
            try:
                judge()
            except ValidationError as error:
                said += [crash_of(_Asked(*asked))] if asked else complaints_of(error)
            except Exception as error:  # the code is the project's
                said.append(crash_of(error))
    vars(row).clear()
    vars(row).update(values)
    row._state.fields_cache = cached
    return tuple(one for one in said if one.field not in unjudged)


@contextmanager
def _no_database() -> Iterator[list[str]]:
    """Whatever asks a database meanwhile raises; gives the aliases that were asked."""
    asked: list[str] = []

    def refuse(alias: str) -> NoReturn:
        asked.append(alias)
        raise _Asked(alias)

    every = connections.all()
    before = [vars(connection).get("ensure_connection") for connection in every]
    for connection in every:
        vars(connection)["ensure_connection"] = lambda alias=connection.alias: refuse(alias)
    try:
        yield asked
    finally:
        for connection, own in zip(every, before, strict=True):
            vars(connection).pop("ensure_connection")
            if own is not None:
                vars(connection)["ensure_connection"] = own
