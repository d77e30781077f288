"""Texts made from a regular expression, for one row, by the row's own choices."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, TypeVar, cast

import numpy as np

from dbstate.values.draw import Numbers, scaled
from dbstate.values.families.grammar import Choices, maker_of
from dbstate.values.key import mix, text_key

T = TypeVar("T")

VARIANTS = 256
"""Texts of each length that a pattern gives to rows that need not differ; making one is slow."""
REPEATS = (3, 6, 12, 24, 48)
"""Most repeats of what may be repeated without end, beyond those that must be, from try to try."""


class RowChoices:
    """Choices that spell a row number, its last digit first; without one, free choices.

    The number is written in the radix of each choice, so two numbers never spell the same choices;
    what follows the number is the same for every row. ``left`` is what could not be spelled.
    """

    __slots__ = ("left", "numbers", "repeats")

    def __init__(self, key: int, number: int | None, repeats: int) -> None:
        self.numbers = Numbers(key)
        self.left = number
        self.repeats = repeats

    def below(self, size: int) -> int:
        """The next choice among ``size``."""
        free = self.numbers.below(size)
        if not self.left or size < 2:
            return free
        self.left, digit = divmod(self.left, size)
        return (free + digit) % size

    def choice(self, items: Sequence[T]) -> T:
        """One of the items: of characters those that read well, each in one case only if unique."""
        if isinstance(items, str):
            items = cast("Sequence[T]", _legible(items, self.left is not None))
        return items[self.below(len(items))]

    def times(self, least: int, most: int) -> int:
        """How often something is repeated; alike in all rows that spell a number, lest repeats blur it."""
        most = min(most - least, self.repeats)
        return least + (most if self.left is not None else self.below(most + 1))


@lru_cache(maxsize=1024)
def _legible(characters: str, folded: bool) -> Sequence[str]:
    """Letters and digits where there are any, else what can be seen, sorted; ``folded``: one case of each."""
    known = sorted(set(characters))
    seen = [item for item in known if item.isprintable() and not item.isspace()] or known
    plain = [item for item in seen if item.isalnum() and item.isascii()] or seen
    if not folded:
        return plain
    return list({item.lower(): item for item in plain}.values())


def matching_text(pattern: str, key: int, number: int | None) -> Iterator[str]:
    """Texts that the pattern (``re.search``) finds; with a number, texts that no other number gives.

    IndexError when the pattern has fewer texts than the number. Nothing where the pattern has means that
    no text is made by.
    """
    if number is None:
        yield from free_texts(pattern, key % VARIANTS)
        return
    left = 0
    for repeats in REPEATS:
        text, left = _spelled(pattern, number, repeats)
        if text is None:
            return
        if not left:
            yield text
            return
    raise IndexError(f"number {number} has no text of its own that matches {pattern}; {left} is left")


def _spelled(pattern: str, number: int, repeats: int) -> tuple[str | None, int]:
    """The text that spells a number, and what of the number could not be spelled."""
    row = choices_in_a_row(pattern, repeats)
    if row is not None:
        return row.spelled(number)
    choices = RowChoices(_key_of(pattern), number, repeats)
    text = text_of(pattern, choices)
    return text, choices.left or 0


def matching_texts(pattern: str, numbers: range) -> list[object] | None:
    """``matching_text`` of each number, made at once; None where that cannot be."""
    row = choices_in_a_row(pattern, REPEATS[0])
    return None if row is None else row.spelled_by_all(numbers)


# One key for all tries: texts of two tries then differ at least in length.
_key_of = lru_cache(maxsize=1024)(text_key)


@dataclass(frozen=True, slots=True)
class ChoicesInARow:
    """A pattern that leaves the same choices in every text: characters, each with what stands before it."""

    places: tuple[tuple[str, Sequence[str], int], ...]
    """Fixed text, the characters that may follow it, and which of them is free choice."""
    rests: tuple[str, ...]
    """What free choices make of the places from each one on, and of none."""

    def spelled(self, number: int) -> tuple[str, int]:
        """See ``_spelled``: as RowChoices spells it, but what follows the number is known."""
        parts = []
        place = 0
        for before, items, free in self.places:
            if not number:
                break
            number, digit = divmod(number, len(items)) if len(items) > 1 else (number, 0)
            parts.append(before + items[(free + digit) % len(items)])
            place += 1
        return "".join(parts) + self.rests[place], number

    def spelled_by_all(self, numbers: range) -> list[object] | None:
        """``spelled`` of each number; None where one of them is too great."""
        if not self.places or "\0" in self.rests[0]:
            return None
        left = np.arange(numbers.start, numbers.stop)
        columns: list[Any] = []
        for before, items, free in self.places:
            left, digit = np.divmod(left, len(items)) if len(items) > 1 else (left, 0)
            columns += [np.full(len(left), letter) for letter in before]
            columns.append(np.array(items)[(free + digit) % len(items)])
        if left.any():
            return None
        columns += [np.full(len(left), letter) for letter in self.rests[-1]]
        letters = np.stack(np.broadcast_arrays(*columns), axis=1)
        found: list[object] = letters.astype("U1").view(f"U{len(columns)}").ravel().tolist()
        return found


class _Recorder:
    """Choices that take note of what there was to choose from, and put a mark in its place."""

    def __init__(self, repeats: int) -> None:
        self.repeats = repeats
        self.items: list[Sequence[str]] | None = []

    def choice(self, items: Sequence[T]) -> T:
        """A mark for one of the characters; the choice of anything else is not noted."""
        if not isinstance(items, str) or self.items is None:
            self.items = None
            return items[0]
        self.items.append(_legible(items, True))
        return cast("T", chr(MARKS + len(self.items) - 1))

    def times(self, least: int, most: int) -> int:
        """As RowChoices has it for a number."""
        return least + min(most - least, self.repeats)


MARKS = 0xF0000
"""The first of the private characters that stand for choices; no pattern means them."""


@lru_cache(maxsize=1024)
def choices_in_a_row(pattern: str, repeats: int) -> ChoicesInARow | None:
    """The choices of the pattern's texts; None where they depend on one another, or are very many."""
    recorder = _Recorder(repeats)
    marked = text_of(pattern, recorder)
    items = recorder.items
    if marked is None or items is None or len(items) > VARIANTS:
        return None
    *befores, end = re.split(f"[{chr(MARKS)}-{chr(MARKS + VARIANTS)}]", marked)
    if [ord(one) - MARKS for one in marked if ord(one) >= MARKS] != [*range(len(items))]:
        return None  # what a group became comes again
    key = _key_of(pattern)
    frees = [scaled(mix(key, place + 1), len(one)) for place, one in enumerate(items)]
    rests = [end]
    for before, one, free in zip(reversed(befores), reversed(items), reversed(frees), strict=True):
        rests.append(before + one[free] + rests[-1])
    return ChoicesInARow(tuple(zip(befores, items, frees, strict=True)), tuple(reversed(rests)))


@lru_cache(maxsize=4096)
def free_texts(pattern: str, variant: int) -> tuple[str, ...]:
    """Texts of one variant, of growing length."""
    made = (text_of(pattern, RowChoices(mix(variant, repeats), None, repeats)) for repeats in REPEATS)
    return tuple(text for text in made if text is not None)


def text_of(pattern: str, choices: Choices) -> str | None:
    """A text that the pattern matches, by these choices; None where it has means that nobody knows here."""
    maker = maker_of(pattern)
    return None if maker is None else maker(choices, {})


def pattern_capacity(pattern: str) -> int | None:
    """How many numbers have a text of their own; None: a billion or more, or unknown."""

    def spelled(number: int) -> bool:
        try:
            return any(True for _ in matching_text(pattern, 0, number)) or number == 0
        except IndexError:
            return False

    if spelled(10**9):
        return None
    least, greatest = 0, 10**9
    while greatest - least > 1:
        middle = (least + greatest) // 2
        least, greatest = (middle, greatest) if spelled(middle) else (least, middle)
    return least + 1 if least else None
