"""Columns whose values are listed: choices, samples, booleans."""

from __future__ import annotations

from collections.abc import Iterator

from dbstate import rules
from dbstate.values.block import ColumnDraw
from dbstate.values.draw import Draw
from dbstate.values.facts import offence
from dbstate.values.families.base import Family, Task, project_values
from dbstate.values.key import group_key, permuted


class ListedFamily(Family):
    """Values in turn: any ``len(values)`` rows that follow one another show each once."""

    values: tuple[object, ...] = ()

    def candidates(self, draw: Draw) -> Iterator[object]:
        yield from project_values(self.task, draw)
        size, place = len(self.values), self.place(draw)
        # Others would not be unique: only the row's own place is.
        for step in range(1 if self.unique else size):
            yield self.values[(place + step) % size]

    def usual(self, draw: Draw) -> object:
        return super().usual(draw) if self.named else self.values[self.place(draw)]

    def column_of(self, draw: ColumnDraw) -> list[object] | None:
        if self.named or self.unique:
            return None
        size = len(self.values)
        key = self.key(size)
        return [self.values[permuted(row, size, key)] for row in draw.numbers()]

    def place(self, draw: Draw) -> int:
        """Where the row's value stands among ``values``."""
        size = len(self.values)
        if self.unique and draw.row >= size:
            raise IndexError(f"row {draw.row} of a column that has only {size} values")
        return permuted(draw.row + draw.salt, size, self.key(size))

    def key(self, size: int) -> int:
        """Where the first row's value stands."""
        return group_key(self.task.setting.seed, self.task.table.label, self.column.field) % size


LONG = 50
"""Choices of a list in which nobody reads them in order."""


class EnumeratedFamily(ListedFamily):
    """Choices, labels of an enum, files that exist."""

    meaning = "choice"

    def __init__(self, task: Task) -> None:
        super().__init__(task)
        column = task.column
        listed = [value for value in column.samples or column.choices if value is not None and value != ""]
        kept = [value for value in listed if not offence(column, value)]
        # Long lists are often made of sets, whose order is another in each process.
        self.values = tuple(sorted(kept, key=repr) if len(kept) > LONG else kept or listed)
        self.capacity = len(self.values) if task.unique else None


class BooleanFamily(ListedFamily):
    """True and false in turn; flags that say that a row is deleted, expired or active by its period.

    A flag that is true for one of many rows (the default, the primary one) is so in one edge row alone."""

    values = (True, False)

    def __init__(self, task: Task) -> None:
        super().__init__(task)
        self.capacity = 2 if task.unique else None
        self.flag = "" if task.unique or self.named else rules.flag(self.name)
        self.agrees = bool(self.flag)
        self.meaning = f"flag: {self.flag}" if self.flag else "boolean"

    def candidates(self, draw: Draw) -> Iterator[object]:
        if self.flag:
            first = self.usual(draw)
            yield first
            yield not first
            return
        yield from super().candidates(draw)

    def usual(self, draw: Draw) -> object:
        if not self.flag:
            return super().usual(draw)
        period = draw.period
        return flag_value(self.flag, deleted=period.deleted, expired=period.expired)

    def column_of(self, draw: ColumnDraw) -> list[object] | None:
        if not self.flag:
            return super().column_of(draw)
        lives = zip(draw.column("period.deleted"), draw.column("period.expired"), strict=True)
        return [flag_value(self.flag, deleted=deleted, expired=expired) for deleted, expired in lives]

    def edge(self, name: str, draw: Draw) -> Iterator[object]:
        if self.flag == "chosen":
            if name == "max" and draw.row in FIRST_MAX:
                yield True
        elif self.flag:
            if name in LIVES:
                deleted, expired = LIVES[name]
                yield flag_value(self.flag, deleted=deleted, expired=expired)
        elif name in ("max", "min") and not self.unique:
            yield name == "max"


FIRST_MAX = (1, 4)
"""Row numbers of the first row of the edge "max" in an empty table, by profile: beside older rows, which
may have their chosen one, there is none."""
LIVES = {"null": (False, False), "max": (True, False), "expired": (True, True)}
"""Whether rows of an edge case are deleted, and expired: a deletion date stands in those that are deleted."""


def flag_value(flag: str, *, deleted: bool, expired: bool) -> bool:
    """What a flag says of such a row."""
    values = {"deleted": deleted, "expired": expired, "active": not (deleted or expired), "chosen": False}
    return values[flag]
