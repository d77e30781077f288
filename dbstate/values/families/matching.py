"""Texts made from a regular expression, for one row, by the row's own choices."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import TypeVar, cast

from dbstate.values.draw import Numbers
from dbstate.values.families.grammar import maker_of
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
        if self.left is None or size < 2:
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
        return least + (most if self.left is not None else self.numbers.below(most + 1))


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
