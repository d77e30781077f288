"""The plan facts that factories make values with: those of the project, unless somebody sets others."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from django.conf import settings

from dbstate.asked import asked
from dbstate.seeding import encoded_password
from dbstate.values import Setting


@dataclass(slots=True)
class _Facts:
    """What was configured; ``project`` gives what the project's settings and the run's options say."""

    project: Callable[[], dict[str, Any]] = asked
    changes: dict[str, Any] = field(default_factory=dict)
    known: Setting | None = None


_facts = _Facts()


def configure(**changes: Any) -> None:
    """Use these for the values from now on: ``seed``, ``now`` (aware), ``locales``, ``password`` (in clear).

    ``None`` goes back to what the project's settings say.
    """
    unknown = changes.keys() - {"seed", "now", "locales", "password"}
    if unknown:
        raise TypeError(f"cannot configure factories: they know no {', '.join(sorted(unknown))}")
    _facts.changes.update(changes)
    _facts.changes = {name: value for name, value in _facts.changes.items() if value is not None}
    _facts.known = None


@contextmanager
def configured(**changes: Any) -> Iterator[Setting]:
    """The same for a while."""
    before, known = dict(_facts.changes), _facts.known
    configure(**changes)
    try:
        yield current()
    finally:
        _facts.changes, _facts.known = before, known


def use_project(read: Callable[[], dict[str, Any]]) -> None:
    """Where the project's own choices come from; asked when the first factory is used."""
    _facts.project = read
    _facts.known = None


def current() -> Setting:
    """The plan facts; ``now`` is the beginning of the current UTC day unless it was configured."""
    if _facts.known is None:
        chosen: dict[str, Any] = (
            {"seed": 0, "locales": (), "password": "dbstate"} | _facts.project() | _facts.changes
        )
        today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        _facts.known = Setting(
            seed=chosen["seed"],
            now=chosen.get("now") or today,
            locales=tuple(chosen["locales"]),
            password=encoded_password(chosen["password"]),
            aware=settings.USE_TZ,
        )
    return _facts.known
