"""Values of a table's rows, made in blocks as long as rows are asked for in order."""

from __future__ import annotations

from collections.abc import Mapping

from dbstate.values import ColumnValues, NoValue

STREAK = 8
"""Rows that are asked for in order before the first block is made, which is twice as long."""
MOST = 128
"""Rows of a block at most."""


class Ahead:
    """The next rows of a table; a block is as good as its rows one by one, and several times as fast."""

    def __init__(self, sources: Mapping[str, ColumnValues]) -> None:
        self._sources = {name: source for name, source in sources.items() if source.in_blocks}
        self._streak = 0
        self._first = 0
        self._lines: list[dict[str, object]] = []
        self.made = 0
        """Rows that were made in blocks so far."""

    def take(self, number: int) -> dict[str, object]:
        """The row's values by column; empty where it is to be made by itself, and the second time."""
        at = number - self._first
        if at == len(self._lines):
            self._streak += max(at, 1)
            self._first, self._lines = number, self._block(number)
            at = 0
        elif not 0 <= at < len(self._lines):
            self._first, self._lines, self._streak = number + 1, [], 1
            return {}
        line, self._lines[at] = self._lines[at], {}
        return line

    def _block(self, first: int) -> list[dict[str, object]]:
        """The lines of the next rows: of one as long as few are asked for."""
        if self._streak < STREAK or not self._sources:
            return [{}]
        count = min(2 * self._streak, MOST)
        source = next(iter(self._sources.values()))
        rows = source.rows(first, count)
        try:
            columns = [source.block(rows) for source in self._sources.values()]
        except (IndexError, NoValue):  # whichever row has none says so when it is asked for
            return [{} for _ in range(count)]
        self.made += count
        return [dict(zip(self._sources, line, strict=True)) for line in zip(*columns, strict=True)]
