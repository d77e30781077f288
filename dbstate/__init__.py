"""Any state of a Django project's database, on demand."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dbstate.derived import derive
    from dbstate.errors import DbstateError
    from dbstate.factories import ModelFactory, factory_for
    from dbstate.factories.strategies import strategy_for
    from dbstate.states import enter, state
    from dbstate.values import meaning

__all__ = [
    "DbstateError",
    "ModelFactory",
    "derive",
    "enter",
    "factory_for",
    "meaning",
    "state",
    "strategy_for",
]

_HOMES = {
    "DbstateError": "dbstate.errors",
    "ModelFactory": "dbstate.factories",
    "derive": "dbstate.derived",
    "enter": "dbstate.states",
    "factory_for": "dbstate.factories",
    "meaning": "dbstate.values",
    "state": "dbstate.states",
    "strategy_for": "dbstate.factories.strategies",
}
"""Where each name is. Imported when it is asked for: the pytest plugin is loaded in every run of every
project that has dbstate installed, and may cost nothing there."""


def __getattr__(name: str) -> Any:
    """Function of a module (PEP 562): the name from its home, kept for the next time."""
    if name not in _HOMES:
        raise AttributeError(f"module 'dbstate' has no attribute {name!r}")
    found = globals()[name] = getattr(import_module(_HOMES[name]), name)
    return found


def __dir__() -> list[str]:
    """Function of a module (PEP 562)."""
    return sorted({*globals(), *__all__})
