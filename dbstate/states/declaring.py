"""Named states: how one is declared, and those that are."""

from __future__ import annotations

import inspect
import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import FunctionType, MappingProxyType
from typing import Any, TypeVar

from dbstate.states.errors import BadParameters, BadState, DuplicateState, nearest

StateFunction = TypeVar("StateFunction", bound=Callable[..., Any])

_RESERVED = ("using", "apps")
"""Parameters of ``enter()`` itself, as ``now`` is, which states may ask for."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """What a state can be entered with."""

    name: str
    required: bool
    default: str
    """As source text; empty when there is none."""

    def __str__(self) -> str:
        return self.name if self.required else f"{self.name}={self.default}"


@dataclass(frozen=True, slots=True)
class Declared:
    """A state, its function, and where that is."""

    name: str
    function: Callable[..., object]
    module: str
    file: str
    line: int
    parameters: tuple[Parameter, ...]
    """Without the factories and ``now``, in order."""
    wants_now: bool
    takes_any: bool
    """Whether it takes parameters of any name (``**params``)."""
    summary: str
    """First line of the docstring; may be empty."""

    @property
    def place(self) -> str:
        """``file:line``; below the working directory, from there."""
        return f"{short_path(self.file)}:{self.line}"

    def check(self, given: Mapping[str, object]) -> None:
        """Whether it can be entered with these. Raises BadParameters."""
        known = [parameter.name for parameter in self.parameters]
        for name in given:
            if name not in known and not self.takes_any:
                raise BadParameters(self.name, self.place, f"it takes no {name!r}", nearest(name, known))
        missing = [one.name for one in self.parameters if one.required and one.name not in given]
        if missing:
            names = ", ".join(map(repr, missing))
            raise BadParameters(self.name, self.place, f"it needs {names}", "give each a value")


_DECLARED: dict[str, Declared] = {}


def state(name: str) -> Callable[[StateFunction], StateFunction]:
    """Declare the function below as the state of this name.

    Its first parameter gets the factories (``f["shop.Order"](status="shipped")``,
    ``f.state("another state")``), ``now`` the reference date; its other parameters are those that the
    state can be entered with. It returns a row, a dict of rows by name, or None for all rows that it
    made. Raises BadState and DuplicateState.
    """
    caller = sys._getframe(1)
    place = f"{short_path(caller.f_code.co_filename)}:{caller.f_lineno}"
    if not isinstance(name, str):
        raise BadState(name, place, "its name is no text", 'write @state("a user exists")')
    if not name.strip() or name != " ".join(name.split()):
        found = "its name is empty or has superfluous spaces"
        raise BadState(name, place, found, "put one space between words")

    def declare(function: StateFunction) -> StateFunction:
        try:
            _add(_read(name, function))
        except _Unfit as unfit:
            raise BadState(name, place, *unfit.args) from None
        return function

    return declare


def declared() -> Mapping[str, Declared]:
    """All states that were declared so far, by name."""
    return MappingProxyType(_DECLARED)


def short_path(file: str) -> str:
    """The path from the working directory for what is below it."""
    below = os.path.abspath(file).startswith(os.path.join(os.getcwd(), ""))
    return os.path.relpath(file) if below else file


class _Unfit(Exception):
    """A function that cannot be a state: what was found, and what to do."""


def _add(new: Declared) -> None:
    known = _DECLARED.get(new.name)
    # The same lines again: the module was reloaded, or is imported by two names.
    if known is not None and (known.file, known.line) != (new.file, new.line):
        raise DuplicateState(new.name, known.place, new.place)
    _DECLARED[new.name] = new


def _read(name: str, function: Callable[..., object]) -> Declared:
    inner = inspect.unwrap(function)
    if not isinstance(inner, FunctionType):
        raise _Unfit(f"{function!r} is no function", "put @state above a function")
    if inspect.iscoroutinefunction(inner) or inspect.isgeneratorfunction(inner):
        raise _Unfit(f"{inner.__name__}() is asynchronous or a generator", "make it a plain function")
    others = _parameters(function)
    code = inner.__code__
    return Declared(
        name=name,
        function=function,
        module=inner.__module__,
        file=code.co_filename,
        line=code.co_firstlineno,
        parameters=tuple(_parameter(one) for one in others if one.kind in _NAMED and one.name != "now"),
        wants_now=any(one.name == "now" for one in others),
        takes_any=any(one.kind is one.VAR_KEYWORD for one in others),
        summary=next(iter((inspect.getdoc(inner) or "").splitlines()), "").strip(),
    )


_NAMED = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)


def _parameters(function: Callable[..., object]) -> list[inspect.Parameter]:
    """Its parameters but for the first, which is for the factories."""
    parameters = list(inspect.signature(function).parameters.values())
    if not parameters or parameters[0].kind not in (_NAMED[0], inspect.Parameter.POSITIONAL_ONLY):
        raise _Unfit("its function takes no factories", "write def function(f, ...)")
    for one in parameters[1:]:
        if one.name in _RESERVED:
            raise _Unfit(f"its parameter {one.name!r} is one of enter() itself", "rename it")
        if one.kind not in (*_NAMED, one.VAR_KEYWORD):
            raise _Unfit(f"its parameter {one.name!r} has no name to give it by", "write *, before it")
    return parameters[1:]


def _parameter(found: inspect.Parameter) -> Parameter:
    required = found.default is found.empty
    return Parameter(found.name, required, "" if required else repr(found.default))
