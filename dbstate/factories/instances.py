"""Instances of a model, by its constructor."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from django.core.exceptions import FieldError
from django.db.models import DEFERRED, Model
from django.db.models.signals import post_init, pre_init
from django.dispatch import Signal

PLANS = 64
"""Sets of names that a model's constructor was called with of which it is kept how to call it."""

MAKING = ("__init__", "__new__", "__setattr__")
"""A model that has its own of these may tell names from positions."""


class _Plan(NamedTuple):
    """How rows that hold certain names become instances."""

    names: tuple[str, ...]
    """Where each argument stands in the row; what it lacks comes from ``fills``."""
    fills: tuple[tuple[int, Callable[[], Any]], ...]
    related: tuple[str, ...]
    """Relations whose rows are named once the instance is there, as Django does it."""


UNKNOWN = _Plan((), (), ())


def overrides(model: type[Model], names: Iterable[str]) -> bool:
    """Whether the model has another attribute of one of these names than Django's Model."""
    return any(getattr(model, name) is not getattr(Model, name) for name in names)


class Constructor:
    """Calls a model with a row's values: ``Model(**row)``, in half the time.

    Where nothing tells the difference, fields are given by position, as Django gives those of rows that
    it reads; it takes longer over names.
    """

    def __init__(self, model: type[Model]) -> None:
        self._model = model
        self._own = overrides(model, MAKING)
        self._plans: dict[tuple[str, ...], _Plan | None] = {}

    def __call__(self, row: Mapping[str, Any]) -> Model:
        """The instance; raises what the model raises."""
        names = tuple(row)
        plan = self._plans.get(names, UNKNOWN)
        if plan is UNKNOWN:
            if len(self._plans) >= PLANS:
                self._plans.clear()
            plan = self._plans[names] = None if self._own else _plan(self._model, names)
        if plan is None or self._is_heard(pre_init) or (plan.related and self._is_heard(post_init)):
            return self._by_name(row)
        values = [*map(row.get, plan.names)]
        for place, fill in plan.fills:
            values[place] = fill()
        instance = self._model(*values)
        for name in plan.related:
            setattr(instance, name, row[name])
        return instance

    def _is_heard(self, signal: Signal) -> bool:
        return bool(signal.receivers) and signal.has_listeners(self._model)

    def _by_name(self, row: Mapping[str, Any]) -> Model:
        """``Model(**row)``; attribute by attribute where an ``__init__`` takes some by another name."""
        try:
            return self._model(**row)
        except (FieldError, TypeError) as error:
            if not self._own:
                raise
            try:
                instance = self._model()
                for name, value in row.items():
                    setattr(instance, name, value)
            except Exception:  # it is the project's code; what it said first says more
                raise error from None
            return instance


def _plan(model: type[Model], names: tuple[str, ...]) -> _Plan | None:
    """None where the row holds other names than those of fields with a column."""
    left = set(names)
    attnames = tuple(field.attname for field in model._meta.concrete_fields)
    fills: list[tuple[int, Callable[[], Any]]] = []
    related = []
    for place, field in enumerate(model._meta.concrete_fields):
        if field.remote_field is not None and field.name in left:
            left -= {field.name}
            related.append(field.name)
            fills.append((place, _deferred))
        elif field.attname in left:
            left -= {field.attname}
        elif getattr(field, "generated", False):
            fills.append((place, _deferred))
        elif (field.has_default() and callable(field.default)) or field.get_default() is not None:
            fills.append((place, field.get_default))
    return None if left else _Plan(attnames, tuple(fills), tuple(related))


def _deferred() -> Any:
    return DEFERRED
