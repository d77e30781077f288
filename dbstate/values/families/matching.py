"""Texts made from a regular expression, for one row: rstr fed with the row's own choices."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from random import Random
from typing import Any

from rstr import Rstr

from dbstate.values.draw import Numbers
from dbstate.values.key import mix, text_key

VARIANTS = 256
"""Texts of each length that a pattern gives to rows that need not differ; making one is slow."""
REPEATS = (3, 6, 12, 24, 48)
"""Most repeats of what may be repeated without end, beyond those that must be, from try to try."""


class RowChoices(Random):
    """Choices for rstr that spell a row number, its last digit first; without one, free choices.

    The number is written in the radix of each choice, so two numbers never spell the same choices;
    what follows the number is the same for every row. ``left`` is what could not be spelled.
    """

    def __init__(self, key: int, number: int | None, repeats: int) -> None:
        super().__init__(0)
        self.numbers = Numbers(key)
        self.left = number
        self.repeats = repeats

    def below(self, size: int) -> int:
        """The next choice among ``size``."""
        free = self.numbers.below(size)
        if self.left is None or size < 2:
            return free
        self.left, digit = divmod(self.left, size)
        return (free + digit) % size

    def choice(self, seq: Any) -> Any:
        """One of the items: of characters those that read well, each in one case only if unique."""
        items: Sequence[Any] = legible(seq, folded=self.left is not None)
        return items[self.below(len(items))]

    def randint(self, a: int, b: int) -> int:
        """How often something is repeated; alike in all rows that spell a number, lest repeats blur it."""
        most = min(b - a, self.repeats)
        return a + (most if self.left is not None else self.numbers.below(most + 1))


def legible(items: Sequence[Any], *, folded: bool) -> Sequence[Any]:
    """Letters and digits where there are any, else what can be seen, sorted; ``folded``: one case of each."""
    if not all(isinstance(item, str) and len(item) == 1 for item in items):
        return items
    return _legible("".join(items), folded)


@lru_cache(maxsize=1024)
def _legible(characters: str, folded: bool) -> Sequence[str]:
    known = sorted(set(characters))
    seen = [item for item in known if item.isprintable() and not item.isspace()] or known
    plain = [item for item in seen if item.isalnum() and item.isascii()] or seen
    if not folded:
        return plain
    return list({item.lower(): item for item in plain}.values())


def matching_text(pattern: str, key: int, number: int | None) -> Iterator[str]:
    """Texts that the pattern (``re.search``) finds; with a number, texts that no other number gives.

    IndexError when the pattern has fewer texts than the number. Nothing where rstr does not know the
    pattern's means.
    """
    if number is None:
        yield from free_texts(pattern, key % VARIANTS)
        return
    left = 0
    for repeats in REPEATS:
        # One key for all tries: texts of two tries then differ at least in length.
        choices = RowChoices(text_key(pattern), number, repeats)
        text = text_of(pattern, choices)
        if text is None:
            return
        left = choices.left or 0
        if not left:
            yield text
            return
    raise IndexError(f"number {number} has no text of its own that matches {pattern}; {left} is left")


@lru_cache(maxsize=4096)
def free_texts(pattern: str, variant: int) -> tuple[str, ...]:
    """Texts of one variant, of growing length."""
    made = (text_of(pattern, RowChoices(mix(variant, repeats), None, repeats)) for repeats in REPEATS)
    return tuple(text for text in made if text is not None)


def text_of(pattern: str, choices: RowChoices) -> str | None:
    """A text that rstr makes by these choices; None where it does not know the pattern's means."""
    try:
        return str(Rstr(choices).xeger(pattern))
    except (re.error, KeyError, ValueError, RecursionError, TypeError, IndexError):
        return None


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
