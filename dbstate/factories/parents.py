"""What a row wants of the rows that it names: values of theirs without which it is refused."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from django.db import DatabaseError, transaction
from django.db.models import Model

from dbstate.factories.blueprint import Blueprint, Relation, blueprint_of
from dbstate.factories.judging import Candidate

MOST = 8
"""Choices of a field that are tried."""
TRIALS = 60
"""Values of parents that are tried for one row."""


def learn(made: Candidate, relations: Sequence[Relation], accepted: Callable[[], bool]) -> bool:
    """Find a value of a row that this one names with which it is accepted; whether there is one.

    Choices and booleans of rows that this call has made are tried one by one, and nothing stays of it:
    parents made from here on have the value that was found.
    """
    trials = 0
    for relation in relations:
        parent = made.row.get(relation.name)
        if not isinstance(parent, Model) or not any(parent is one for one in made.chain.made):
            continue
        for name, value in _values(blueprint_of(made.blueprint.seen, type(parent)), parent):
            trials += 1
            if trials > TRIALS:
                return False
            if _is_accepted(made, parent, name, value, accepted):
                made.blueprint.learned.parents.setdefault(relation.name, {})[name] = value
                return True
    return False


def _values(blueprint: Blueprint, parent: Model) -> Iterator[tuple[str, object]]:
    """Other values of its choices and booleans."""
    for own in blueprint.own:
        column = blueprint.seen.catalog[own.table].column(own.column)
        values: Sequence[object] = column.choices[:MOST] if column.editable else ()
        if own.kind == "boolean" and not values:
            values = (True, False)
        current = getattr(parent, own.name, None)
        yield from ((own.name, value) for value in values if value != current)


def _is_accepted(
    made: Candidate, parent: Any, name: str, value: object, accepted: Callable[[], bool]
) -> bool:
    """Whether the row is accepted, and its parent valid, once that has this value; it is as before then."""
    using, before = made.chain.using, getattr(parent, name)
    rows = type(parent)._base_manager.using(using).filter(pk=parent.pk)
    try:
        with transaction.atomic(using=using):
            setattr(parent, name, value)
            rows.update(**{name: value})
            found = accepted() and not made.blueprint.seen.binding.full_clean(rows.get())
            transaction.set_rollback(True, using=using)
            return found
    except DatabaseError:
        return False  # a constraint ties the value to others of the parent
    finally:
        setattr(parent, name, before)
