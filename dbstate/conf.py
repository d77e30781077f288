"""``DBSTATE = {...}`` of a project's settings, read once into a frozen record."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.core.signals import setting_changed

from dbstate.errors import DbstateError

SETTING = "DBSTATE"


@dataclass(frozen=True, slots=True)
class Conf:
    """Every choice that a project can make, with what holds when it makes none."""

    allow: tuple[str, ...] = ()
    """Databases that may be written to: an alias, a database's name, ``host/name`` or ``host:port/name``."""
    locales: tuple[str, ...] = ()
    """Locales that made text is drawn from; empty means all that dbstate has."""
    rows: int | None = None
    """Rows for each table where the command line names no number; None means the command's own default."""
    password: str = field(default="dbstate", repr=False)
    """The password that seeded users log in with."""
    seed: int = 0
    """The random seed where the command line names none."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong with the setting: ``key`` is empty when it is no dict at all."""

    key: str
    message: str
    hint: str
    unknown: bool = False


class ConfError(DbstateError):
    """The DBSTATE setting cannot be read; ``problems`` holds every reason, not the first alone."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        self.problems = problems
        told = "; ".join(f"{problem.message} ({problem.hint})" for problem in problems)
        super().__init__(f"cannot read settings.{SETTING}: {told}")


@dataclass(frozen=True, slots=True)
class _Key:
    """A known key: the record's field, what a value must be in words, and what accepts it."""

    field: str
    wanted: str
    read: Callable[[object], object]
    """Returns the value as the record holds it; TypeError when it is something else."""


def _read_names(value: object) -> tuple[str, ...]:
    if not isinstance(value, list | tuple | set | frozenset):
        raise TypeError
    names = sorted(value, key=str) if isinstance(value, set | frozenset) else value
    if not all(isinstance(name, str) and name.strip() for name in names):
        raise TypeError
    return tuple(names)


def _read_integer(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError
    return value


def _read_rows(value: object) -> int | None:
    if value is None:
        return None
    if _read_integer(value) < 0:
        raise TypeError
    return _read_integer(value)


def _read_password(value: object) -> str:
    if not isinstance(value, str) or not value:
        raise TypeError
    return value


_KEYS: Mapping[str, _Key] = {
    "ALLOW": _Key("allow", "a list of names of databases", _read_names),
    "LOCALES": _Key("locales", "a list of locales such as 'ja_JP'", _read_names),
    "ROWS": _Key("rows", "a whole number, 0 or more", _read_rows),
    "PASSWORD": _Key("password", "text that is not empty", _read_password),
    "SEED": _Key("seed", "a whole number", _read_integer),
}

KEYS = tuple(_KEYS)
"""The known keys of the setting."""


def read_conf(source: Any) -> Conf:
    """The record of ``source.DBSTATE``, a settings object; an absent setting gives the defaults.

    Raises ConfError, which names every problem.
    """
    raw = getattr(source, SETTING, {})
    if problems := find_problems(raw):
        raise ConfError(problems)
    chosen: dict[str, Any] = {_KEYS[key].field: _KEYS[key].read(value) for key, value in raw.items()}
    return Conf(**chosen)


def find_problems(raw: object) -> tuple[Problem, ...]:
    """What is wrong with this value of the setting; empty when it can be read."""
    if not isinstance(raw, Mapping):
        message = f"settings.{SETTING} is {_describe(raw)}"
        return (Problem("", message, f"write {SETTING} = {{...}} with keys from {', '.join(KEYS)}"),)
    return tuple(problem for key, value in raw.items() if (problem := _find_problem(key, value)))


def _find_problem(key: object, value: object) -> Problem | None:
    known = _KEYS.get(key) if isinstance(key, str) else None
    if known is None:
        message = f"settings.{SETTING} has an unknown key {key!r}"
        return Problem(str(key), message, _nearest(key), unknown=True)
    try:
        known.read(value)
    except TypeError:
        message = f"settings.{SETTING}[{key!r}] is {_describe(value, secret=key == 'PASSWORD')}"
        return Problem(str(key), message, f"make it {known.wanted}")
    return None


def _nearest(key: object) -> str:
    near = difflib.get_close_matches(str(key).upper(), KEYS, n=1, cutoff=0.5)
    return f"did you mean {near[0]!r}?" if near else f"known keys are {', '.join(KEYS)}"


def _describe(value: object, *, secret: bool = False) -> str:
    return type(value).__name__ if secret else f"{value!r} ({type(value).__name__})"


@lru_cache(maxsize=1)
def current_conf() -> Conf:
    """The record of the running project's settings; read again after ``override_settings``."""
    return read_conf(settings)


def _forget_conf(*, setting: str, **_: object) -> None:
    if setting == SETTING:
        current_conf.cache_clear()


setting_changed.connect(_forget_conf, dispatch_uid="dbstate.conf")
