"""What every family of values offers: candidates for a row, candidates for an edge, a capacity."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from dbstate.catalog import Column, Table
from dbstate.errors import DbstateError
from dbstate.values.block import ColumnDraw
from dbstate.values.draw import Draw
from dbstate.values.meanings import Meaning, snake
from dbstate.values.parts import ITEMS, Made
from dbstate.values.setting import MISSING, Setting


@dataclass(frozen=True, slots=True)
class Task:
    """What a family is asked to make values for."""

    table: Table
    column: Column
    setting: Setting
    unique: bool = False
    disjoint: bool = False
    place: str = ""
    """Where rows' periods lie in two columns of unknown roles: ``start`` or ``end``."""
    meaning: Meaning | None = None
    part: Callable[[Column], Family] | None = None
    """Makes the family of an element's column."""
    made: Callable[[], object] | None = None
    """Calls the model's default; raises a DbstateError when it cannot."""


class Family(ABC):
    """The values of one kind for one column."""

    meaning = ""
    """Name of what the column is about where the family knows better than the table of meanings."""
    agrees = False
    """Whether values agree with other columns, so that none is left empty at random."""

    def __init__(self, task: Task) -> None:
        self.task = task
        self.column = task.column
        self.unique = task.unique
        self._kept: Callable[[Any], object] | None = None
        self.capacity: int | None = None
        """How many rows can differ where they must; None: as many as one likes."""

    @property
    def name(self) -> str:
        """The field's name in snake case."""
        return snake(self.column.field)

    @abstractmethod
    def candidates(self, draw: Draw) -> Iterator[object]:
        """Values for the row, the most realistic first; IndexError when a unique column has no more."""

    def usual(self, draw: Draw) -> object:
        """The first of the candidates, for a draw that served nothing yet; MISSING: look at them all."""
        return next(self.candidates(draw), MISSING)

    def column_of(self, draw: ColumnDraw) -> list[object] | None:
        """``usual`` of each row, made at once; None where rows are made one by one."""
        return None

    def made_column(self, made: Made[object], draw: ColumnDraw) -> list[object]:
        """What the column holds for each row by a meaning that is made of parts, as ``settled`` has it.

        What is made of one part alone often comes again: what it becomes is kept.
        """
        if len(made.parts) > 1:
            return self.settled_all(made.column(draw))
        if self._kept is None:
            self._kept = lru_cache(ITEMS)(lambda item: self.settled(made.function(draw.draw, item)))
        return [*map(self._kept, made.parts[0].of_column(draw))]

    def settled_all(self, values: list[object]) -> list[object]:
        """``settled`` of each."""
        return [*map(self.settled, values)]

    def settled(self, value: Any) -> object:
        """What a meaning's function made, as the column takes it; MISSING where that depends on the row."""
        return value

    def wide(self, draw: Draw) -> Iterator[object]:
        """What to try when all candidates are refused: many values of many sorts; none need be unique."""
        return iter(())

    def others(self, draw: Draw) -> Iterator[object]:
        """Values of other sorts for the row, for a rule about the row as a whole; unique where need be."""
        return iter(()) if self.unique else self.wide(draw)

    def mended(self, refused: object, reason: str) -> Iterator[object]:
        """What to try instead of a refused candidate, by what was said against it."""
        return iter(())

    def edge(self, name: str, draw: Draw) -> Iterator[object]:
        """Values for an edge case, the most extreme first; none where there is no such case."""
        return iter(())

    def default(self) -> Iterator[object]:
        """The model's default, where it says something and values need not differ."""
        if self.column.has_default and not self.unique and self.column.default not in (None, "", [], {}):
            yield self.column.default

    def called_default(self) -> object:
        """What the model's callable default makes; MISSING when there is none, or another each time."""
        if self.task.made is None:
            return MISSING
        try:
            first, second = self.task.made(), self.task.made()
        except DbstateError:
            return MISSING
        return first if type(first) is type(second) and first == second else MISSING

    def default_shape(self) -> object:
        """One value of a callable default, to see its shape; never a value of a row. MISSING if none."""
        if self.task.made is None:
            return MISSING
        try:
            return self.task.made()
        except DbstateError:
            return MISSING

    @property
    def named(self) -> bool:
        """Whether the project itself named a function for the column."""
        return self.task.meaning is not None and self.task.meaning.own


def project_values(task: Task, draw: Draw) -> Iterator[object]:
    """What the project's own function makes, if it named one."""
    if task.meaning is not None and task.meaning.own:
        yield task.meaning.function(draw)
