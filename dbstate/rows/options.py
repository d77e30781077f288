"""The rows that the references of one table may name, by number."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence

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
    of the run (those in its list, if it has one); where these do not do, a required one may name the
    row itself and a few later ones ("reach"). Columns that name a row which is not in stock yet hold
    None until the rows are settled.
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
        earlier = len(self._earlier(reference, draft))
        return earlier + (len(self._beyond(reference, draft)) if reach and not reference.optional else 0)

    def at(self, reference: Reference, number: int, draft: Draft) -> Option:
        """The option of this number."""
        if not reference.own:
            return Option(reference.options[number], reference.positions[number])
        earlier = self._earlier(reference, draft)
        if number < len(earlier):
            return self.named(reference, earlier[number])
        return self.named(reference, self._beyond(reference, draft)[number - len(earlier)])

    def every(self, reference: Reference, draft: Draft) -> Iterator[Option]:
        """All options; of a reference to the own table earlier rows, then those within reach."""
        for number in range(self.size(reference, draft, reach=True)):
            yield self.at(reference, number, draft)

    def named(self, reference: Reference, position: int) -> Option:
        """The option that is the row at this position of the table's own stock."""
        stock = self._stocks[self._table]
        if position < len(stock):
            return Option(stock.values(position, reference.target_columns), position)
        return Option((None,) * len(reference.columns), position)

    def itself(self, reference: Reference, draft: Draft) -> Option:
        """The row's own row."""
        return self.named(reference, self.place(draft))

    def is_there(self, position: int) -> bool:
        """Whether a row of this table can be named."""
        stock = self._stocks[self._table]
        return position < len(stock) and stock.alive[position]

    def position_of(self, reference: Reference, values: tuple[object, ...]) -> int | None:
        """Where the row stands that these values name."""
        if not reference.own or reference.options:
            return dict(zip(reference.options, reference.positions, strict=True)).get(values)
        stock = self._stocks[self._table]
        rows = reversed(range(len(stock)))
        return next((p for p in rows if stock.values(p, reference.target_columns) == values), None)

    def _earlier(self, reference: Reference, draft: Draft) -> Sequence[int]:
        if reference.options:
            place = self.place(draft)
            return [p for p in reference.positions if p is not None and p < place]
        earlier = self._alive.before(self.place(draft)) if self._alive else []
        return earlier[bisect_left(earlier, reference.since) :] if reference.since else earlier

    def _beyond(self, reference: Reference, draft: Draft) -> list[int]:
        """The row itself and some later ones: those in stock that are there, then those to come."""
        place = self.place(draft)
        if reference.options:
            return [p for p in reference.positions if p is not None and p >= place][: AHEAD + 1]
        last = place + max(0, min(AHEAD, self._rows - 1 - draft.index))
        known = len(self._stocks[self._table])
        later = [p for p in range(place + 1, min(known, place + AHEAD + 1)) if self.is_there(p)]
        return [place, *later, *range(max(known, place + 1), last + 1)]

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
