"""Values that follow from other tables, declared in one line each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from dbstate.errors import DbstateError


@dataclass(frozen=True, slots=True)
class Derived:
    """A column whose value is computed from an expression over the row and what belongs to it."""

    label: str
    """``app_label.Model``."""
    field: str
    expression: Any
    """A Django expression, as ``QuerySet.annotate`` takes it."""

    def __str__(self) -> str:
        return f"{self.label}.{self.field}"


class BadDerivation(DbstateError):
    """A declaration that cannot be used."""

    def __init__(self, target: str, found: str, what_to_do: str) -> None:
        super().__init__(f"cannot derive {target}: {found}; {what_to_do}")
        self.target = target


_DECLARED: dict[str, Derived] = {}


def derive(target: str, expression: Any) -> None:
    """Declare that ``app.Model.field`` is computed by this expression once the rows are there.

    Computed in the order of declaration, for made rows only, each with one statement. NULL becomes 0
    in columns of numbers (a sum over no rows).

    The same declaration may come again, as an app's ``ready()`` does where settings are overridden.

    Raises BadDerivation for a target that is not ``app.Model.field`` or is declared otherwise before.
    """
    label, _, name = target.rpartition(".")
    if label.count(".") != 1 or not name:
        raise BadDerivation(target, "it is not of the form app.Model.field", "name app, model and field")
    known = _DECLARED.get(target.lower())
    if known is not None and known.expression != expression:
        raise BadDerivation(target, "it is declared already, by another expression", "keep one declaration")
    _DECLARED[target.lower()] = Derived(label, name, expression)


def declared() -> tuple[Derived, ...]:
    """All declarations, in order."""
    return tuple(_DECLARED.values())
