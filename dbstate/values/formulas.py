"""What a row's life and amounts follow from: formulas for one row's integers, and for arrays of a block's."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

MINUTES = 3 * 365 * 24 * 60
"""How far back rows are created, in minutes; a minute each before any two share one."""
SECOND = 1_000_000
DAY = 86_400 * SECOND
MARGIN = 40 * DAY
"""Nothing is created in the last days, so that there is time for what follows; in microseconds."""
RARELY = 16
"""One row in so many is deleted, and one expired."""
RATES = (5, 7, 10, 19, 20)
"""Taxes in per cent."""


class Life:
    """The formulas of a row's life, in microseconds since 1970: of one row integers, of a block arrays."""

    now: int
    born: Any
    """When the row was made."""

    def below(self, size: int, *numbers: int) -> Any:
        """Integers in range(size): of the stream's number, of the stream that this is the key of …"""
        raise NotImplementedError

    def either(self, first: Any, one: Callable[[], Any], other: Callable[[], Any]) -> Any:
        """The one where ``first`` is true, else the other."""
        raise NotImplementedError

    def is_deleted(self) -> Any:
        """Whether the row is deleted."""
        return self.below(RARELY, 4) == 0

    def is_expired(self) -> Any:
        """Whether the row's end lies behind."""
        return self.below(RARELY, 5) == 0

    def moment(self, role: str, over: bool | None = None) -> Any:
        """See ``Period.at``."""
        if role == "updated":
            return self._lived(3, 900)
        if role == "start":
            return self._lived(2, 500)
        if role == "deleted":
            updated = self._lived(3, 900)
            return updated + (self.now - updated) * (1 + self.below(900, 77, 1)) // 1000
        if role in ("end", "expires"):
            return self.either(self.is_expired() if over is None else over, self._ended, self._ahead)
        if role == "ended":
            return self._ended()
        if role == "future":
            return self._ahead()
        if role == "birth":
            return self.now - (19 * 366 + self.below(80 * 365 - 19 * 366 + 1, 77, 1)) * DAY
        return self.born

    def stage(self, place: int) -> Any:
        """See ``Period.stage``."""
        part = place * 150 + self.below(100, 88 + place, 1)
        return self.born + (self.now - self.born) * part // 1000

    def _lived(self, number: int, most: int) -> Any:
        """A moment between creation and now, at most so many thousandths of the way."""
        return self.born + (self.now - self.born) * self.below(most, number) // 1000

    def _ended(self) -> Any:
        start = self._lived(2, 500)
        return start + DAY + (self.now - start - 2 * DAY) * self.below(900, 77, 1) // 1000

    def _ahead(self) -> Any:
        return self.now + (3 + self.below(398, 77, 1)) * DAY + 15 * self.below(96, 77, 2) * 60 * SECOND


class Sums:
    """The formulas of a row's amounts, in hundredths: of one row integers, of a block arrays."""

    has_places: Any
    """Whether the currency has decimal places."""

    def below(self, size: int, number: int, without: int | None = None) -> Any:
        """Integers in range(size) of the stream's number; ``without``: that where there are no places."""
        raise NotImplementedError

    def one_of(self, items: Sequence[int], place: Any) -> Any:
        """The item, or the items, at a place."""
        raise NotImplementedError

    def price(self) -> Any:
        """See Money."""
        whole = (1 + self.below(40, 1)) * self.one_of((1, 5, 10), self.below(3, 2))
        return 100 * whole + 90 * (self.has_places & self.below(2, 3))

    def rate(self) -> Any:
        """See Money; in per cent."""
        return self.one_of(RATES, self.below(len(RATES), 4, 3))

    def quantity(self) -> Any:
        """See Money."""
        return 1 + self.below(9, 5, 4)

    def net(self) -> Any:
        """See Money."""
        return self.price() * self.quantity()

    def tax(self) -> Any:
        """See Money."""
        return self._tax_on(self.net())

    def total(self) -> Any:
        """See Money."""
        net = self.net()
        return net + self._tax_on(net)

    def _tax_on(self, net: Any) -> Any:
        """Rounded half to even, to the currency's last place."""
        unit = 100 - 99 * self.has_places
        twice, size = 2 * net * self.rate() + 100 * unit, 200 * unit
        return unit * (twice // size - ((twice % size == 0) & (twice // size)))
