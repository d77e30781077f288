"""Takes away the rows that a state wants not to be there."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from django.db.models import Model, ProtectedError, QuerySet, RestrictedError

Removing = Callable[[type[Model], int], object]
"""Told of a model and how many rows of it are about to be removed; raises to refuse."""


class CannotRemove(Exception):
    """Rows that stay; the message says why."""


def remove_rows(
    model: type[Model], *, using: str, only: Mapping[str, Any], removing: Removing, nested: bool
) -> None:
    """Delete the rows of the model, or those with these values, with all that Django deletes beside them.

    ``nested`` says whether the caller has a transaction open: without one nothing is deleted for good
    on the side. Raises CannotRemove, and what ``removing`` raises.
    """
    rows: QuerySet[Model] = shown(model, using).filter(**only)
    count = rows.count()
    if not count:
        return
    if not nested:
        raise CannotRemove(
            f"{model._meta.label} has {_rows(count)}, and outside of a transaction they would be removed for "
            "good; enter the state in a transaction"
        )
    removing(model, count)
    try:
        rows.delete()
    except ProtectedError as error:
        raise CannotRemove(_held(model, count, error.protected_objects)) from error
    except RestrictedError as error:
        raise CannotRemove(_held(model, count, error.restricted_objects)) from error
    if left := shown(model, using).filter(**only).count():
        raise CannotRemove(f"{_rows(left)} of {model._meta.label} are still there after delete()")


def shown(model: type[Model], using: str) -> QuerySet[Model]:
    """The rows that are the model's: all of its table, of a proxy those that its default manager shows."""
    manager = model._default_manager if model._meta.proxy else model._base_manager
    return manager.using(using).all()


def _held(model: type[Model], count: int, holders: Any) -> str:
    labels = sorted({row._meta.label for row in holders})
    return (
        f"{model._meta.label} has {_rows(count)}, which cannot be removed: rows of {', '.join(labels)} hold "
        "them; enter the states that these do not exist first"
    )


def _rows(count: int) -> str:
    return "1 row" if count == 1 else f"{count:,} rows"
