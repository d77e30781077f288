"""Values of a table's rows, made in blocks as long as rows are asked for in order."""

from __future__ import annotations

from collections.abc import Mapping

from dbstate.values import ColumnValues

STREAK = 4
"""Rows that are asked for in order before the first block is made."""
GROWTH = 8
"""How many times as long as what was asked for in order a block is."""
MOST = 512
"""Rows of a block at most."""


class Ahead:
    """The next rows of a table; a block is as good as its rows one by one, and several times as fast."""

    def __init__(self, sources: Mapping[str, ColumnValues]) -> None:
        self._sources = {name: source for name, source in sources.items() if source.in_blocks}
        self._streak = 0
        self._next = 0
        """The row that comes next where they are asked for in order."""
        self._lines: dict[int, dict[str, object]] = {}
        self.made = 0
        """Rows that were made in blocks so far."""

    def take(self, number: int) -> dict[str, object]:
        """The row's values by column; empty where it is to be made by itself, and the second time.

        Threads may ask at once: a line is taken out in one step, and each is the row's own.
        """
        line = self._lines.pop(number, None)
        if line is not None:
            return line
        in_order = number == self._next
        self._streak = self._streak + 1 if in_order else 1
        count = min(GROWTH * self._streak, MOST)
        lines = self._block(number, count) if in_order and self._streak >= STREAK else []
        self._lines = dict(enumerate(lines, number))
        self._next = number + max(len(lines), 1)
        self._streak += len(lines)
        return self._lines.pop(number, {})

    def _block(self, first: int, count: int) -> list[dict[str, object]]:
        """The lines of the next rows; empty ones where one of the rows has to be made by itself."""
        if not self._sources:
            return []
        source = next(iter(self._sources.values()))
        rows = source.rows(first, count)
        try:
            columns = [source.block(rows) for source in self._sources.values()]
        except (
            Exception
        ):  # a project's function among it: the row that it fails for says so when it is asked for
            return [{} for _ in range(count)]
        self.made += count
        return [dict(zip(self._sources, line, strict=True)) for line in zip(*columns, strict=True)]
