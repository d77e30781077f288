"""What the code of a validator mentions: constants and patterns worth trying."""

from __future__ import annotations

import datetime as dt
import enum
import functools
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from types import CodeType, FunctionType, MethodType
from typing import Any

from dbstate.introspection.facts import with_inline_flags

_PLAIN = (str, int, float, Decimal, dt.date, dt.time, dt.timedelta)
_SEVERAL = (tuple, list, set, frozenset)
DEPTH = 3
"""How many functions deep the code is followed."""
MOST = 60
"""Constants that are kept of one column."""
LONGEST = 200
"""Texts of more characters are messages or documentation."""


@dataclass(frozen=True, slots=True)
class Hints:
    """Constants, patterns and names found in code."""

    values: tuple[object, ...] = ()
    patterns: tuple[str, ...] = ()
    words: tuple[str, ...] = ()


def read_hints(validators: list[Any]) -> Hints:
    """What these validators' code, and the functions that it calls, mention; nothing is called."""
    found: list[Any] = []
    seen: set[int] = set()
    for validator in validators:
        found += _of(validator, DEPTH, seen)
    patterns = [text for one in found if isinstance(one, re.Pattern) and (text := _text_of(one))]
    values = {f"{type(one).__name__} {one!r}": one for one in found if isinstance(one, _PLAIN)}
    kept = [values[key] for key in sorted(values) if not _is_message(values[key])]
    words = dict.fromkeys(_name(validator) for validator in validators)
    return Hints(tuple(kept[:MOST]), tuple(dict.fromkeys(patterns)), tuple(words))


def _text_of(pattern: re.Pattern[Any]) -> str:
    """The pattern's text with its flags; empty for one of bytes."""
    return with_inline_flags(pattern) or ""


def _is_message(value: object) -> bool:
    return isinstance(value, bool) or (isinstance(value, str) and (not value or len(value) > LONGEST))


def _name(validator: Any) -> str:
    named = validator.func if isinstance(validator, functools.partial) else validator
    return str(getattr(named, "__name__", type(named).__name__)).lower()


def _of(thing: Any, depth: int, seen: set[int]) -> Iterator[Any]:
    """Constants and patterns in a value, a function or an object that can be called."""
    if isinstance(thing, enum.Enum):
        thing = thing.value
    if isinstance(thing, (*_PLAIN, re.Pattern)):
        yield thing
        return
    if depth < 0 or id(thing) in seen:
        return
    seen.add(id(thing))
    if isinstance(thing, functools.partial):
        for part in (thing.func, *thing.args, *thing.keywords.values()):
            yield from _of(part, depth, seen)
    elif isinstance(thing, MethodType):
        yield from _of(thing.__func__, depth, seen)
    elif isinstance(thing, FunctionType):
        yield from _of_function(thing, depth, seen)
    elif isinstance(thing, _SEVERAL):
        # In an order of their own: that of a set differs from process to process.
        parts = sorted(thing, key=repr) if isinstance(thing, set | frozenset) else list(thing)
        for part in parts[:MOST]:
            yield from _of(part, depth - 1, seen)
    elif isinstance(thing, Mapping):
        for part in [*thing][:MOST]:
            yield from _of(part, depth - 1, seen)
    elif _is_own(type(thing)):
        yield from _of_object(thing, depth, seen)


def _of_object(thing: Any, depth: int, seen: set[int]) -> Iterator[Any]:
    """What a validator object holds and what its call mentions."""
    for part in getattr(thing, "__dict__", {}).values():
        yield from _of(part, depth - 1, seen)
    call = getattr(type(thing), "__call__", None)  # noqa: B004 - its code is read, it is not called
    if isinstance(call, FunctionType):
        yield from _of(call, depth - 1, seen)


def _of_function(function: FunctionType, depth: int, seen: set[int]) -> Iterator[Any]:
    for code in _codes(function.__code__):
        constants = code.co_consts[1:] if function.__doc__ and code is function.__code__ else code.co_consts
        for constant in constants:
            if not isinstance(constant, CodeType):
                yield from _of(constant, depth - 1, seen)
        for name in code.co_names:
            if name in function.__globals__:
                yield from _of_global(function.__globals__[name], depth, seen)
    for cell in function.__closure__ or ():
        try:
            held = cell.cell_contents
        except ValueError:  # not filled yet
            continue
        yield from _of(held, depth - 1, seen)


def _of_global(value: Any, depth: int, seen: set[int]) -> Iterator[Any]:
    """A global of the code: what it holds; of classes and modules nothing."""
    if isinstance(value, FunctionType) and not _is_own_module(value.__module__):
        return
    yield from _of(value, depth - 1, seen)


def _codes(code: CodeType) -> Iterator[CodeType]:
    """The code and that of comprehensions and lambdas inside."""
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _codes(constant)


def _is_own(cls: type[Any]) -> bool:
    return cls is not type and _is_own_module(cls.__module__)


def _is_own_module(module: str | None) -> bool:
    """Whether code is a project's or a library's, and not Python's or Django's translations."""
    return (module or "").partition(".")[0] not in (
        "builtins",
        "django",
        "typing",
        "collections",
        "re",
        "enum",
    )
