"""The rows that the references of one table may name, by number."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping

from dbstate.rows.draft import Draft, Option, Reference
from dbstate.rows.paths import Path
from dbstate.rows.stock import Stock, Stocks

AHEAD = 8
"""So many of a table's later rows may be named by a row for which the earlier ones do not do."""


class _Alive:
    """Positions of a stock's made rows that are there, kept up as rows come and go."""

    def __init__(self, stock: Stock) -> None:
        self._stock = stock
        self._positions: list[int] = []
        self._seen = stock.made_from
        self._losses = stock.losses

    def before(self, place: int) -> list[int]:
        """Those that stand before this position."""
        stock = self._stock
        if self._losses != stock.losses:
            self._positions, self._seen, self._losses = [], stock.made_from, stock.losses
        self._positions += [p for p in range(self._seen, len(stock)) if stock.alive[p]]
        self._seen = len(stock)
        count = bisect_left(self._positions, place)
        return self._positions if count == len(self._positions) else self._positions[:count]


class Options:
    """The options of each reference for one row at a time.

    A reference to another table has a fixed list of them. One to its own table may name earlier rows
    of the run; where these do not do, a required one may name the row itself and a few later ones
    ("reach"). Columns that name a row which is not in stock yet hold None until the rows are settled.
    """

    def __init__(self, table: str, references: Mapping[str, Reference], stocks: Stocks, rows: int) -> None:
        self._table, self._references, self._stocks, self._rows = table, references, stocks, rows
        self._alive = _Alive(stocks[table]) if table in stocks else None
        self._groups: dict[tuple[str, Path], dict[int | None, list[int]]] = {}

    def place(self, draft: Draft) -> int:
        """The draft's position in the table's stock, the next one when it has none."""
        found = draft.positions.get(self._table)
        return len(self._stocks[self._table]) if found is None else found

    def size(self, reference: Reference, draft: Draft, *, reach: bool = False) -> int:
        """How many rows this one may name: numbers below this are good for ``at``."""
        if not reference.own:
            return len(reference.options)
        earlier = len(self._before(draft))
        if not reach or reference.optional:
            return earlier
        return earlier + 1 + max(0, min(AHEAD, self._rows - 1 - draft.index))

    def at(self, reference: Reference, number: int, draft: Draft) -> Option:
        """The option of this number."""
        if not reference.own:
            return Option(reference.options[number], reference.positions[number])
        before = self._before(draft)
        earlier = number < len(before)
        return self.named(reference, before[number] if earlier else self.place(draft) + number - len(before))

    def named(self, reference: Reference, position: int) -> Option:
        """The option that is the row at this position of the table's own stock."""
        stock = self._stocks[self._table]
        if position < len(stock):
            return Option(stock.values(position, reference.target_columns), position)
        return Option((None,) * len(reference.columns), position)

    def itself(self, reference: Reference, draft: Draft) -> Option:
        """The row's own row."""
        return self.named(reference, self.place(draft))

    def _before(self, draft: Draft) -> list[int]:
        return self._alive.before(self.place(draft)) if self._alive else []

    def there(self) -> list[int]:
        """Positions of all rows of the table that were made."""
        return self._alive.before(len(self._stocks[self._table])) if self._alive else []

    # ancestors -----------------------------------------------------------------------------------

    def ancestor(self, reference: Reference, position: int | None, path: Path) -> int | None:
        """Where a path leads by way of this row; None when that is nowhere, or not known yet."""
        if position is None or (reference.own and position >= len(self._stocks[reference.target])):
            return None
        return self._stocks.follow(reference.target, position, path.steps[1:])

    def groups(self, reference: Reference, path: Path) -> dict[int | None, list[int]]:
        """The numbers of a reference with a fixed list, by the ancestor that this path leads to."""
        known = self._groups.get((reference.name, path))
        if known is None:
            known = self._groups[reference.name, path] = {}
            for number, position in enumerate(reference.positions):
                known.setdefault(self.ancestor(reference, position, path), []).append(number)
        return known
