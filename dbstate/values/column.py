"""The values of one column: candidates in order, the first that keeps the facts and pleases the judge."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from itertools import chain, islice

from dbstate.catalog import Column, Table
from dbstate.errors import DbstateError
from dbstate.values.block import Block, ColumnDraw
from dbstate.values.draw import Draw
from dbstate.values.facts import offence, quick_look
from dbstate.values.families import FAMILIES, EnumeratedFamily, Family, ListedFamily
from dbstate.values.families.base import Task
from dbstate.values.key import group_key, permuted
from dbstate.values.known import KNOWN
from dbstate.values.meanings import choose
from dbstate.values.setting import EDGES, MISSING, NoValue, Setting, ValueRefused

Judge = Callable[[object], object]
"""Cleans a value; refuses it by raising a DbstateError."""

BOUND = 400
"""Most candidates that are tried for one value."""
EDGE_BOUND = 64
"""Most candidates that are tried for one edge value."""
WIDE_BOUND = 900
"""Most candidates that are tried for one value of a stand-by pool."""
EMPTY_ONE_IN = 6
"""How often an optional column is left empty."""
PROBED = 6
"""Rows that tell whether a judged column takes usual values at all."""
HOPELESS = 3
"""Rows without any accepted value after which the pool is left empty."""
MENDINGS = 24
"""How often one candidate is mended."""
CRASHES = 120
"""Candidates after which a judge that fails alike for each is asked no more: it is not about the values."""
POOLED = 24
"""Values of a pool that rows share."""
POOLED_APART = 256
"""Values of a pool of which each row takes its own."""


class ColumnValues:
    """One column's values: pure functions of the setting, the table's label, the field, row and salt.

    Where the judge refuses what is usual, a pool of accepted values is sought once, by what its
    validators say and mention, and rows draw from that.
    """

    __slots__ = ("_accept", "_column", "_crash", "_crashes", "_empties", "_family", "_hard", "_hold", "_key",
                 "_left_empty", "_looks_well", "_pool", "_refusals", "_setting", "_table", "_unique",
                 "_unjudged", "capacity", "meaning")  # fmt: skip

    def __init__(
        self, family: Family, *, accept: Judge | None, hold: Judge | None, empties: tuple[object, ...]
    ) -> None:
        task = family.task
        self._family = family
        self._table = task.table
        self._column = task.column
        self._setting = task.setting
        self._unique = task.unique or task.disjoint
        self._accept = accept if task.column.judged else None
        self._looks_well = quick_look(task.column)
        self._hold = hold
        self._unjudged = False
        self._empties = empties
        self._left_empty = self._may_be_empty()
        """Whether some rows leave the column empty."""
        self._key = group_key(task.setting.seed, task.table.label, task.column.field)
        self._hard: bool | None = None
        self._pool: tuple[object, ...] | None = None
        self._refusals: list[tuple[object, str]] = []
        self._crash, self._crashes = "", 0
        """What the judge's code raised last, and for how many candidates in a row."""
        self.capacity = family.capacity
        """How many rows can differ in a unique column; None: practically any number."""
        self.meaning = family.meaning
        """What the column is about."""

    def __str__(self) -> str:
        return f"{self._table.label}.{self._column.field}"

    def realistic(self, row: int, salt: int = 0) -> object:
        """The row's value; another for another salt.

        None or empty only where the column admits it. Raises IndexError when a unique column has no
        value left for the row, NoValue when every candidate is refused.
        """
        draw = self._draw(row, salt)
        if self._left_empty and draw.chance(EMPTY_ONE_IN):
            found = self._first(iter(self._empties), BOUND)
            if found is not MISSING:
                return found
        refusals: list[tuple[object, str]] = []
        if not (self._is_hard() if self._hard is None else self._hard):
            found = self._first(self._usuals(draw), BOUND, refusals)
            if found is not MISSING:
                return found
        if (found := self._from_pool(row, salt)) is not MISSING:
            return found
        if self._crash and not self._unjudged and self._hold is not None:
            return self._held(row, salt)
        refusals = refusals or self._refusals
        example, refusal = refusals[-1] if refusals else (None, "there was none to try")
        raise NoValue(str(self), tried=len(refusals), example=example, refusal=refusal)

    @property
    def in_blocks(self) -> bool:
        """Whether rows are made in blocks: no judge, whose answers may change, is asked."""
        return self._accept is None

    def rows(self, first: int, count: int) -> Block:
        """So many rows of the column's table from this one on."""
        return Block(self._setting, self._table, first, count)

    def block(self, rows: Block) -> list[object]:
        """``realistic`` of each row of the block; raises what that does for the first that has no value."""
        whole = ColumnDraw(rows, self._column, self._key, self._family.unique)
        empty = whole.below(EMPTY_ONE_IN) if self._left_empty else []
        usual = self._family.column_of(whole)
        if usual is None:
            usual = whole.each(self._family.usual)
        if empty:
            nothing = self._first(iter(self._empties), BOUND)
            usual = [value if place else nothing for value, place in zip(usual, empty, strict=True)]
        if self._look_well(usual):
            return usual
        return [
            value if self._look_well((value,)) else self.realistic(row)
            for row, value in zip(whole.numbers(), usual, strict=True)
        ]

    def _look_well(self, values: Sequence[object]) -> bool:
        """Whether all values are usual ones that keep the facts, or nothing where the column may be empty."""
        if self._empties:
            values = [one for one in values if one is not self._empties[0]]
        return not values or self._looks_well(values)

    def others(self, row: int, most: int = 12) -> Iterator[object]:
        """Accepted values of other sorts, for a row that is refused as a whole; at most so many."""
        accepted = self._accepted(self._family.others(self._draw(row, 0)), WIDE_BOUND // 3)
        if not (self._unique and self._is_hard()):
            yield from islice(accepted, most)

    def edge(self, name: str, row: int, salt: int = 0) -> object:
        """The row's value for an edge case (see EDGES); MISSING when the column has no such edge."""
        if name not in EDGES:
            raise KeyError(f"{name!r} is no edge case; they are {', '.join(EDGES)}")
        if name == "null" and self._empties:
            return self._first(iter(self._empties), EDGE_BOUND)
        if self._unjudged or (self._unique and self._is_hard()):
            return MISSING  # values near the ends may be in the pool
        try:
            found = self._first(self._family.edge(name, self._draw(row, salt)), EDGE_BOUND)
        except IndexError:  # a unique column has none left: ``realistic`` says so
            return MISSING
        if found is MISSING and name == "max" and self._empties:
            # Every optional is set in this row, if only to a usual value.
            candidates = (one for one in self._family.candidates(self._draw(row, salt)) if one is not None)
            found = self._first(candidates, BOUND)
            if found is MISSING and not self._unique:
                found = self._from_pool(row, salt)
        return found

    def _usuals(self, draw: Draw) -> Iterator[object]:
        """The family's candidates; where nobody judges them, what the model gives by itself first."""
        usual = self._family.candidates(draw)
        return chain(self._given(), usual) if self._unjudged and not self._unique else usual

    def _draw(self, row: int, salt: int, *, unique: bool | None = None) -> Draw:
        unique = self._family.unique if unique is None else unique
        return Draw(self._setting, self._table, self._column, row, salt, self._key, unique)

    def _may_be_empty(self) -> bool:
        if self._family.agrees or not self._empties or self._unique:
            return False
        return self._empties[0] is None or self._empties[0] == ""

    def _held(self, row: int, salt: int) -> object:
        """The row's value once no value was found, and the judge's code failed: a failure is no refusal."""
        judge, hold = self._accept, self._hold
        assert judge is not None
        assert hold is not None

        def accept(value: object) -> object:
            try:
                return judge(value)
            except ValueRefused as refused:
                if not refused.crashed:
                    raise
                return hold(value)

        self._accept, self._unjudged = accept, True
        self._hard, self._pool, self._refusals, self._crash, self._crashes = None, None, [], "", 0
        return self.realistic(row, salt)

    # stand-by pools ----------------------------------------------------------------------------------

    def _is_hard(self) -> bool:
        """Whether usual values are no use: all rows then draw from the pool.

        Where rows share values, when none of the first rows finds one; where each needs its own, when
        one of them does not, for a pool's value might be another row's.
        """
        if self._hard is None:
            if self._accept is None or isinstance(self._family, ListedFamily):
                self._hard = False
            else:
                found = [self._usual(row) for row in range(PROBED)]
                self._hard = MISSING in found if self._unique else all(one is MISSING for one in found)
        return self._hard

    def _usual(self, row: int) -> object:
        """The row's usual value; None when a unique column has none left for it."""
        try:
            return self._first(self._usuals(self._draw(row, 0)), BOUND, self._refusals)
        except IndexError:
            return None

    def _from_pool(self, row: int, salt: int) -> object:
        """The row's value of the pool; MISSING when it is empty."""
        if self._unique and not self._is_hard():
            return MISSING
        if self._pool is None:
            made = self._apart() if self._unique else self._shared()
            self._pool = tuple({f"{type(one).__name__} {one!r}": one for one in made}.values())
        if not self._pool:
            return MISSING
        if not self._unique:
            size = len(self._pool)
            value = self._pool[permuted(row + salt, size, self._key % size)]
            return copy.deepcopy(value) if isinstance(value, list | dict) else value
        if row >= len(self._pool):
            raise IndexError(f"row {row} of a column for which {len(self._pool)} values were found")
        return self._pool[row]

    def _shared(self) -> Iterator[object]:
        """The first accepted value of many rows; where these are few, more of one row's."""
        if self._hold is not None and not self._unjudged and self._fails_by_itself():
            return
        found: set[str] = set()
        for row in range(POOLED):
            if row >= HOPELESS and not found:
                return
            value = self._first_mended(self._all(row, unique=False), WIDE_BOUND)
            if value is not MISSING:
                found.add(repr(value))
                yield value
        if len(found) < 3:
            accepted = self._accepted(self._all(POOLED, unique=False), WIDE_BOUND)
            yield from islice(accepted, POOLED // 2)

    def _fails_by_itself(self) -> bool:
        """Whether the judge's code fails for the very default of the model."""
        self._crash = ""
        self._first(self._given(), 2)
        return bool(self._crash)

    def _given(self) -> Iterator[object]:
        yield from self._family.default()
        if (called := self._family.called_default()) is not MISSING:
            yield called

    def _apart(self) -> Iterator[object]:
        """Usual values of many rows, then accepted ones of all sorts."""
        count = misses = 0
        for row in range(POOLED_APART * 4):
            value = self._usual(row)
            if value is MISSING:
                misses += 1
                if misses >= PROBED * (1 + count):
                    break
            elif value is not None:
                count += 1
                yield value
            if count >= POOLED_APART:
                return
        for row in range(PROBED * 4):
            if row >= HOPELESS and not count:
                return
            for value in self._accepted(self._all(row, unique=False), WIDE_BOUND // 3):
                count += 1
                yield value
                if count >= POOLED_APART:
                    return

    def _all(self, row: int, *, unique: bool) -> Iterator[object]:
        """Usual candidates of the row, then all others."""
        if self._unique == unique:
            yield from self._family.candidates(self._draw(row, 0))
        yield from self._family.wide(self._draw(row, 0, unique=unique))

    def _first_mended(self, candidates: Iterator[object], bound: int) -> object:
        """The first accepted of the candidates and of what comes of mending them."""
        for candidate in islice(candidates, bound):
            refusals: list[tuple[object, str]] = []
            found = self._first(iter((candidate,)), 1, refusals)
            for _ in range(MENDINGS):
                if found is not MISSING or not refusals:
                    break
                mended = self._family.mended(*refusals[-1])
                refusals = []
                found = self._first(mended, EDGE_BOUND, refusals)
            if found is not MISSING:
                return found
        return MISSING

    def _accepted(self, candidates: Iterator[object], bound: int) -> Iterator[object]:
        """Those of the candidates that are accepted, each once."""
        seen: set[str] = set()
        for candidate in islice(candidates, bound):
            found = self._first(iter((candidate,)), 1)
            if found is not MISSING and found is not None and repr(found) not in seen:
                seen.add(repr(found))
                yield found

    def _first(
        self, candidates: Iterator[object], bound: int, refusals: list[tuple[object, str]] | None = None
    ) -> object:
        for candidate in islice(candidates, bound):
            well = self._looks_well((candidate,))
            if well and self._accept is None:
                return candidate
            reason = "" if well else offence(self._column, candidate)
            if not reason:
                if self._crashes >= CRASHES:
                    return MISSING
                try:
                    cleaned = candidate if self._accept is None else self._accept(candidate)
                except DbstateError as error:
                    reason = str(error)
                    self._note(error)
                else:
                    self._crashes = 0
                    reason = unshown(cleaned) or ("" if self._admits(cleaned) else "it is empty when cleaned")
                    if not reason:
                        return cleaned
            if refusals is not None:
                refusals.append((candidate, reason))
        return MISSING

    def _note(self, error: DbstateError) -> None:
        """Whether the judge's code failed, and as before: then it is not about the values."""
        if not isinstance(error, ValueRefused) or not error.crashed:
            self._crashes = 0
            return
        self._crashes = self._crashes + 1 if error.reason == self._crash else 1
        self._crash = error.reason

    def _admits(self, value: object) -> bool:
        """Whether the value is not empty, or may be: a search vector and an unknown type may stay null."""
        if isinstance(value, str) and not value and self._unique and self._column.null:
            return False  # NULL is what many rows may hold
        if self._column.blank or self._column.kind == "search":
            return True
        if value is None:
            return self._column.kind == "unknown"
        return not (isinstance(value, str | bytes | list | tuple | dict) and not value)


SHOWN = frozenset((str, int, float, bytes, bool, type(None), dict, list, datetime, date, Decimal))
"""Types whose values can always be shown."""


def unshown(value: object) -> str:
    """Why repr() of the value fails, as lazily read documents do that are wrong; empty when it does not."""
    if type(value) in SHOWN:
        return ""
    try:
        repr(value)
    except Exception as error:  # the value's class is the project's
        return f"repr() of it raises {type(error).__name__}: {error}"
    return ""


def column_values(
    table: Table,
    column: Column,
    setting: Setting,
    *,
    unique: bool = False,
    disjoint: bool = False,
    place: str = "",
    accept: Judge | None = None,
    hold: Judge | None = None,
    made: Callable[[], object] | None = None,
) -> ColumnValues:
    """The values of a column.

    ``unique``: no two rows have the same. ``disjoint``: no two rows' ranges or periods overlap;
    ``place``: ``start`` or ``end`` for two columns that hold such a period, where this is known.
    ``accept``: the judge; asked only where ``column.judged``. ``hold``: asked instead where no value is
    found and the judge's code fails (see ValueRefused): whether the column can keep the value. ``made``:
    calls the model's default where that is a callable; a last resort, for its shape where it gives another
    value each time.
    """
    family = family_of(table, column, setting, unique=unique, disjoint=disjoint, place=place, made=made)
    always = family.task.meaning is not None and family.task.meaning.always
    left = () if always else empties(table, column, unique=unique)
    return ColumnValues(family, accept=accept, hold=hold, empties=left)


def family_of(
    table: Table,
    column: Column,
    setting: Setting,
    *,
    unique: bool,
    disjoint: bool,
    place: str = "",
    made: Callable[[], object] | None = None,
) -> Family:
    """The family that makes the column's values."""

    def part(element: Column) -> Family:
        return family_of(table, element, setting, unique=unique, disjoint=False)

    task = Task(table, column, setting, unique, disjoint, place, choose(KNOWN, table, column), part, made)
    listed = column.samples or column.choices
    if listed and column.kind not in ("array", "boolean"):
        return EnumeratedFamily(task)
    return FAMILIES[column.kind](task)


def empties(table: Table, column: Column, *, unique: bool) -> tuple[object, ...]:
    """The empty values that the column takes: None, or '' and the like; () where none.

    A unique column takes None alone, and only where nulls differ.
    """
    if not column.blank or column.generated:
        return ()
    if column.null:
        together = any(column.name in key.columns and not key.nulls_distinct for key in table.uniques)
        return () if unique and together else (None,)
    if unique:
        return ()
    made = {"text": "", "file": "", "search": "", "json": {}, "array": [], "hstore": {}}.get(
        column.kind, MISSING
    )
    return () if made is MISSING else (made,)
