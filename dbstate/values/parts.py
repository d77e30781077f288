"""What a meaning is made of: named parts of a row's draw, so that a whole column can be made at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from functools import partial
from operator import attrgetter
from typing import Any, Generic, NamedTuple, Protocol, TypeVar

from dbstate.values.block import ColumnDraw
from dbstate.values.draw import Draw

T = TypeVar("T")

ITEMS = 4096
"""Values of a part of which a column keeps what they become."""


class Part(Protocol):
    """A part of a draw, in one row or in all of a block."""

    def of_row(self, draw: Draw) -> Any:
        """Its value."""

    def of_column(self, draw: ColumnDraw) -> Iterable[Any]:
        """Its values, one for each row."""


class Path(NamedTuple):
    """An attribute of the draw: ``person.given``."""

    path: str

    def of_row(self, draw: Draw) -> Any:
        """See Part."""
        return attrgetter(self.path)(draw)

    def of_column(self, draw: ColumnDraw) -> Iterable[Any]:
        """See Part."""
        return draw.column(self.path)


class Between(NamedTuple):
    """The draw's next integer from ``least`` to ``greatest``."""

    least: int
    greatest: int

    def of_row(self, draw: Draw) -> int:
        """See Part."""
        return draw.between(self.least, self.greatest)

    def of_column(self, draw: ColumnDraw) -> Iterable[int]:
        """See Part."""
        return [self.least + number for number in draw.below(self.greatest - self.least + 1)]


class Shared(NamedTuple):
    """An integer in range(size) that all columns of a row share for what is called ``name``."""

    name: str
    size: int

    def of_row(self, draw: Draw) -> int:
        """See Part."""
        return draw.shared(self.name, self.size)

    def of_column(self, draw: ColumnDraw) -> Iterable[int]:
        """See Part."""
        found: list[int] = draw.block.entity(self.name).below(1, self.size).tolist()
        return found


class Serial:
    """The number that keeps the row's value apart, as text; see ``Draw.serial``."""

    def of_row(self, draw: Draw) -> str:
        """See Part."""
        return draw.serial

    def of_column(self, draw: ColumnDraw) -> Iterable[str]:
        """See Part."""
        numbers = draw.numbers()
        return [str(number + 1) for number in numbers] if draw.draw.unique else [""] * len(numbers)


SERIAL = Serial()


class Number:
    """The row's number."""

    def of_row(self, draw: Draw) -> int:
        """See Part."""
        return draw.row

    def of_column(self, draw: ColumnDraw) -> Iterable[int]:
        """See Part."""
        return draw.numbers()


NUMBER = Number()


class Digits(NamedTuple):
    """So many digits; at least so many of the serial where values must be unique."""

    size: int

    def of_row(self, draw: Draw) -> str:
        """See Part."""
        return draw.serial.zfill(self.size) if draw.unique else draw.digits(self.size)

    def of_column(self, draw: ColumnDraw) -> Iterable[str]:
        """See Part."""
        drawn = SERIAL.of_column(draw) if draw.draw.unique else map(str, draw.below(10**self.size))
        return [text.zfill(self.size) for text in drawn]


class Letters(NamedTuple):
    """So many letters of an alphabet."""

    size: int
    alphabet: str

    def of_row(self, draw: Draw) -> str:
        """See Part."""
        return draw.letters(self.size, self.alphabet)

    def of_column(self, draw: ColumnDraw) -> Iterable[str]:
        """See Part."""
        drawn = [draw.below(len(self.alphabet)) for _ in range(self.size)]
        return ["".join([self.alphabet[place] for place in places]) for places in zip(*drawn, strict=True)]


class Moment(NamedTuple):
    """When something of a role was, or will be, in the row's life; see ``Period.at``."""

    role: str

    def of_row(self, draw: Draw) -> datetime:
        """See Part."""
        return draw.period.at(self.role)

    def of_column(self, draw: ColumnDraw) -> Iterable[datetime]:
        """See Part."""
        return draw.period.at(self.role)


class Made(Generic[T]):
    """A meaning's function that is made of parts."""

    def __init__(self, function: Callable[..., T], parts: tuple[Part, ...]) -> None:
        self.function, self.parts = function, parts

    def __call__(self, draw: Draw) -> T:
        """The value of one row."""
        return self.function(draw, *[part.of_row(draw) for part in self.parts])

    def column(self, draw: ColumnDraw) -> list[T]:
        """The values of all rows of a block."""
        columns = [part.of_column(draw) for part in self.parts]
        return [*map(partial(self.function, draw.draw), *columns)]


def made_of(*parts: str | Part) -> Callable[[Callable[..., T]], Made[T]]:
    """A meaning's function of the parts, each a path or a Part: it gets the draw, then a value of each.

    Of the draw it may ask what is the same in all rows: ``column``, ``table``, ``setting``, ``unique``,
    ``ascii`` and ``shown``. Parts draw in their order.
    """
    read = tuple(Path(part) if isinstance(part, str) else part for part in parts)
    return lambda function: Made(function, read)


def one_of(*words: str) -> Made[str]:
    """A function that gives one of these."""
    return made_of(Between(0, len(words) - 1))(lambda draw, number: words[number])
