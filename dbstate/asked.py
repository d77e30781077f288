"""What a process was asked for by the project's settings and by the options of a test run.

Told by the faces before anything that makes values is loaded, which takes most of a second that a run
without factories shall not spend.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)
class _Asked:
    project: Callable[[], dict[str, Any]] = dict
    run: dict[str, Any] = field(default_factory=dict)
    loaded: Callable[[], object] = tuple
    """Called when what makes values is loaded."""


_asked = _Asked()


def use_project(read: Callable[[], dict[str, Any]]) -> None:
    """Where the project's own choices come from; called when values are first made."""
    _asked.project = read


def ask(**facts: Any) -> None:
    """Let values be made with these instead of the project's; None leaves the choice to the project."""
    _asked.run = {name: fact for name, fact in facts.items() if fact is not None}


def asked() -> dict[str, Any]:
    """``seed``, ``now`` (aware, UTC), ``locales``, ``password``: those that anybody chose."""
    return {**_asked.project(), **_asked.run}


def when_loaded(act: Callable[[], object]) -> None:
    """Have this called as soon as what makes values is loaded, if it is not yet; the last one counts."""
    _asked.loaded = act


def tell_loaded() -> None:
    """What makes values is loaded."""
    _asked.loaded()
