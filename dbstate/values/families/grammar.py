"""A regular expression read once into a maker of texts that it matches."""

from __future__ import annotations

import re
import string
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from re import _constants, _parser  # type: ignore[attr-defined]  # the parser has no public door
from typing import Any, Protocol, TypeVar

T = TypeVar("T")


class Choices(Protocol):
    """What decides where a pattern leaves a choice."""

    def choice(self, items: Sequence[T]) -> T:
        """One of the items."""

    def times(self, least: int, most: int) -> int:
        """How often something is repeated."""


Groups = dict[int, str]
Maker = Callable[[Choices, Groups], str]
"""Makes a text by choices; notes what each group of the pattern became."""

WIDEST = 512
"""Characters of a range that are looked at."""
LONGEST = 65_536
"""Most repeats that are made."""
SETS: dict[Any, str] = {
    _constants.CATEGORY_DIGIT: string.digits,
    _constants.CATEGORY_SPACE: " ",
    _constants.CATEGORY_WORD: string.ascii_letters + string.digits + "_",
}
NOT_SETS: dict[Any, Any] = {
    _constants.CATEGORY_NOT_DIGIT: _constants.CATEGORY_DIGIT,
    _constants.CATEGORY_NOT_SPACE: _constants.CATEGORY_SPACE,
    _constants.CATEGORY_NOT_WORD: _constants.CATEGORY_WORD,
}
ALL = string.printable


class UnknownMeans(Exception):
    """The pattern has means that no text is made by."""


@lru_cache(maxsize=512)
def maker_of(pattern: str) -> Maker | None:
    """The maker of the pattern's texts; None where it has unknown means or is no pattern."""
    try:
        return _sequence(_parser.parse(pattern))
    except (UnknownMeans, re.error, RecursionError, OverflowError):
        return None


def _sequence(states: Iterable[Any]) -> Maker:
    parts = [_part(code, value) for code, value in states]
    if len(parts) == 1:
        return parts[0]
    return lambda choices, groups: "".join([part(choices, groups) for part in parts])


def _part(code: Any, value: Any) -> Maker:
    try:
        read = _PARTS[code]
    except KeyError:
        raise UnknownMeans(str(code)) from None
    return read(value)


def _fixed(text: str) -> Maker:
    return lambda choices, groups: text


def _one_of(characters: Sequence[str]) -> Maker:
    if not characters:
        raise UnknownMeans("a set without characters")
    return lambda choices, groups: choices.choice(characters)


def _without(characters: str) -> Maker:
    return _one_of("".join(one for one in ALL if one not in characters))


def _set(members: Sequence[Any]) -> Maker:
    negated = members[0][0] is _constants.NEGATE
    found = "".join(dict.fromkeys("".join(_characters(*one) for one in members[negated:])))
    return _without(found) if negated else _one_of(found)


def _characters(code: Any, value: Any) -> str:
    """The characters that one member of a set stands for."""
    if code is _constants.LITERAL:
        return chr(value)
    if code is _constants.RANGE:
        return "".join(map(chr, range(value[0], min(value[1] + 1, value[0] + WIDEST))))
    if code is _constants.CATEGORY and value in SETS:
        return SETS[value]
    if code is _constants.CATEGORY and value in NOT_SETS:
        return "".join(one for one in ALL if one not in SETS[NOT_SETS[value]])
    raise UnknownMeans(str(code))


def _branch(value: Any) -> Maker:
    ways = [_sequence(way) for way in value[1]]
    return lambda choices, groups: choices.choice(ways)(choices, groups)


def _group(value: Any) -> Maker:
    number, inner = value[0], _sequence(value[-1])
    if number is None:
        return inner

    def made(choices: Choices, groups: Groups) -> str:
        groups[number] = inner(choices, groups)
        return groups[number]

    return made


def _repeat(value: Any) -> Maker:
    least, most, inner = int(value[0]), int(value[1]), _sequence(value[2])
    if least > LONGEST:
        raise UnknownMeans(f"{least} repeats")
    if least == most:
        return lambda choices, groups: "".join([inner(choices, groups) for _ in range(least)])
    return lambda choices, groups: "".join(
        [inner(choices, groups) for _ in range(choices.times(least, most))]
    )


_PARTS: dict[Any, Callable[[Any], Maker]] = {
    _constants.ANY: lambda value: _without("\n"),
    _constants.ASSERT: lambda value: _sequence(value[1]),
    _constants.ASSERT_NOT: lambda value: _fixed(""),
    _constants.AT: lambda value: _fixed(""),
    _constants.ATOMIC_GROUP: lambda value: _sequence(value),
    _constants.BRANCH: _branch,
    _constants.GROUPREF: lambda value: lambda choices, groups: groups.get(value, ""),
    _constants.IN: _set,
    _constants.LITERAL: lambda value: _fixed(chr(value)),
    _constants.MAX_REPEAT: _repeat,
    _constants.MIN_REPEAT: _repeat,
    _constants.NOT_LITERAL: lambda value: _without(chr(value)),
    _constants.POSSESSIVE_REPEAT: _repeat,
    _constants.SUBPATTERN: _group,
}
