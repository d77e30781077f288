"""What the project's clean() says of rows that were only built: without a query, as far as it can be told."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NoReturn

from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db import connections
from django.db.models import Model

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
    fields = {field.name for field in row._meta.concrete_fields}
    # The others hold what is made when the row is written: keys, places in trees, rows' links to parents.
    judged = {own.field.name for own in blueprint.own}
    unjudged = fields - judged - {relation.name for relation in blueprint.relations}
    values, cached = dict(vars(row)), dict(row._state.fields_cache)
    said: dict[str, list[str]] = {}
    for judge in (lambda: row.clean_fields(exclude=fields - judged), row.clean):
        with _no_database() as asked:
            try:
                judge()
            except ValidationError as error:
                if not asked:
                    said |= (
                        error.message_dict
                        if hasattr(error, "error_dict")
                        else {NON_FIELD_ERRORS: error.messages}
                    )
            except Exception:  # the code is the project's
                pass
    vars(row).clear()
    vars(row).update(values)
    row._state.fields_cache = cached
    told = [(name, " ".join(messages)) for name, messages in said.items() if name not in unjudged]
    return "; ".join(text if name == NON_FIELD_ERRORS else f"{name}: {text}" for name, text in told)


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
