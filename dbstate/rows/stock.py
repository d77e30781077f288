"""Rows that other rows may name: their keys and their own parents, by position."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(slots=True)
class Stock:
    """The rows of one table that are known: those that were there, then those made.

    ``columns`` has the values that foreign keys may refer to, ``links`` the position of the parent
    in its own stock, by foreign key (None: no parent, or one that is not known).
    """

    table: str
    columns: dict[str, list[object]] = field(default_factory=dict)
    links: dict[str, list[int | None]] = field(default_factory=dict)
    alive: list[bool] = field(default_factory=list)
    made_from: int = 0
    """Position of the first row that this run made."""
    losses: int = 0
    """How often rows were lost; who keeps positions looks whether it changed."""

    def __len__(self) -> int:
        return len(self.alive)

    def append(self, values: Mapping[str, object], links: Mapping[str, int | None]) -> int:
        """Add a row, answer its position."""
        for name, column in self.columns.items():
            column.append(values.get(name))
        for name, link in self.links.items():
            link.append(links.get(name))
        self.alive.append(True)
        return len(self.alive) - 1

    def write(self, position: int, values: Mapping[str, object], links: Mapping[str, int | None]) -> None:
        """What a row holds now."""
        for name, column in self.columns.items():
            column[position] = values.get(name)
        for name, link in self.links.items():
            link[position] = links.get(name)

    def cut(self, length: int) -> None:
        """Forget the rows from this position on."""
        self.losses += 1
        for values in self.columns.values():
            del values[length:]
        for positions in self.links.values():
            del positions[length:]
        del self.alive[length:]

    def kill(self, position: int) -> None:
        """A row that is not in the table (any more): nobody may name it."""
        if self.alive[position]:
            self.alive[position] = False
            self.losses += 1

    def positions(self) -> list[int]:
        """Rows to choose parents from: made ones where there are any, else those that were there."""
        made = [i for i in range(self.made_from, len(self.alive)) if self.alive[i]]
        return made or [i for i in range(self.made_from) if self.alive[i]]

    def values(self, position: int, columns: Sequence[str]) -> tuple[object, ...]:
        """What a foreign key to these columns of this row holds."""
        return tuple(self.columns[name][position] for name in columns)


class Stocks(dict[str, Stock]):
    """The stocks of all tables, by table name."""

    def follow(self, table: str, position: int | None, steps: Sequence[tuple[str, str]]) -> int | None:
        """Where these foreign keys lead from a row: the position of the last one's target."""
        for step_table, name in steps:
            if position is None or name not in self[step_table].links:
                return None
            position = self[step_table].links[name][position]
        return position
