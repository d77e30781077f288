"""Rows that follow one another: their integers are made at once, and whole columns where that can be."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from functools import cache, cached_property, reduce
from operator import attrgetter
from typing import Any, NamedTuple, TypeVar, cast

import numpy as np
from numpy.typing import NDArray

from dbstate.catalog import Column, Table
from dbstate.values.draw import (
    EPOCH,
    Draw,
    Numbers,
    amount_of,
    currency_places,
    full_name,
    local_part,
    locale_offset,
    person_of,
    reference,
)
from dbstate.values.formulas import MARGIN, MINUTES, SECOND, Life, Sums
from dbstate.values.key import MASK, Integers, group_key, mix_array, stride
from dbstate.values.locales import Locale, resolve_locales
from dbstate.values.setting import Setting

T = TypeVar("T")
Places = NDArray[np.int64]


def scaled_array(bits: Integers, size: int | Places) -> Places:
    """``scaled`` of each: 64 bits as integers in range(size); sizes are less than 2**32."""
    sizes = np.asarray(size, dtype=np.uint64)
    low = (bits & _LOW) * sizes >> _HALF
    return cast("Places", (((bits >> _HALF) * sizes + low) >> _HALF).astype(np.int64))


_LOW, _HALF = np.uint64(2**32 - 1), np.uint64(32)


class Stream(dict[int, list[int]]):
    """The integers of one key in each row of a block, by their number in the row's stream.

    ``Stream(key, rows)[number][at]`` is ``mix(mix(mix(key, row), 0), number)`` of the row at that place.
    """

    __slots__ = ("keys_of_rows", "of_rows")

    def __init__(self, key: int, rows: Integers) -> None:
        self.of_rows = mix_array(mix_array(key, rows), 0)
        self.keys_of_rows: list[int] = self.of_rows.tolist()

    def __missing__(self, number: int) -> list[int]:
        made: list[int] = self.bits(number).tolist()
        self[number] = made
        return made

    def bits(self, number: int) -> Integers:
        """The integers of this number."""
        return mix_array(self.of_rows, number)

    def below(self, number: int, size: int | Places) -> Places:
        """The same as integers in range(size)."""
        return scaled_array(self.bits(number), size)


class Block:
    """Rows ``first`` to ``first + count - 1`` of a table, and what the columns of each have in common."""

    def __init__(self, setting: Setting, table: Table, first: int, count: int) -> None:
        self.setting = setting
        self.table = table
        self.first = first
        self.count = count
        self.rows = np.arange(first, first + count, dtype=np.uint64)
        self.common: dict[str, list[Any]] = {}
        """For each row what its columns have in common, by its name; None until it is made."""
        self._entities: dict[str, Stream] = {}
        self._columns: dict[str, Any] = {}

    def stream(self, key: int) -> Stream:
        """The integers of this key."""
        return Stream(key, self.rows)

    def entity(self, name: str) -> Stream:
        """The integers that all columns share for what is called ``name``."""
        found = self._entities.get(name)
        if found is None:
            key = group_key(self.setting.seed, self.table.label, "\x1e" + name)
            found = self._entities[name] = self.stream(key)
        return found

    def shared(self, name: str, make: Callable[[], T]) -> T:
        """What is made once for the block."""
        if name not in self._columns:
            self._columns[name] = make()
        return cast("T", self._columns[name])

    @cached_property
    def pools(self) -> Sequence[Locale]:
        """The locales that rows take turns in."""
        return resolve_locales(self.setting.locales)

    @cached_property
    def turns(self) -> Places:
        """Which of ``pools`` each row has."""
        start = self.first + locale_offset(self.setting, self.table)
        return np.arange(start, start + self.count, dtype=np.int64) % len(self.pools)

    @cached_property
    def locales(self) -> list[Locale]:
        """The locale of each row."""
        return self.of_locales(self.pools)

    def sizes(self, kind: str) -> Places:
        """For each row how many items of a kind its locale has."""
        return np.array([len(getattr(locale, kind)) for locale in self.pools], dtype=np.int64)[self.turns]

    def of_locales(self, values: Sequence[T]) -> list[T]:
        """For each row the value of its locale."""
        return [values[turn] for turn in self.turns.tolist()]


class BlockNumbers(Numbers):
    """A row's integers of a stream."""

    __slots__ = ("_at", "_stream")

    def __init__(self, stream: Stream, at: int) -> None:
        self._stream, self._at = stream, at
        self.key = stream.keys_of_rows[at]
        self.count = 0

    def nth(self, number: int) -> int:
        """See Numbers."""
        return self._stream[number][self._at]


class BlockDraw(Draw):
    """The draw of one column in one row of a block after the other."""

    __slots__ = ("_after", "_at", "_block", "_stream")

    def __init__(self, block: Block, column: Column, key: int, unique: bool, after: int = 0) -> None:
        super().__init__(block.setting, block.table, column, block.first, 0, key=0, unique=unique)
        self._block = block
        self._stream = block.stream(key)
        self._at = 0
        self._after = after
        """So many integers of each row have been drawn before."""

    def rows(self) -> Iterator[int]:
        """Go from row to row: yields the number of the row that the draw is now about."""
        for at, key in enumerate(self._stream.keys_of_rows):
            self._at, self.key = at, key
            self.row = self._block.first + at
            self.count = self._after
            self.ascii = self.counted = False
            yield self.row

    def nth(self, number: int) -> int:
        """See Numbers."""
        return self._stream[number][self._at]

    def below(self, size: int) -> int:
        """See Numbers."""
        if size > MASK:
            return super().below(size)
        self.count += 1
        return (self._stream[self.count][self._at] * size) >> 64

    def entity(self, name: str) -> Numbers:
        """See Draw."""
        return BlockNumbers(self._block.entity(name), self._at)

    def shared(self, name: str, size: int) -> int:
        """See Draw."""
        return (self._block.entity(name)[1][self._at] * size) >> 64

    def _common(self, name: str, make: Callable[[Draw], T]) -> T:
        places = self._block.common.get(name)
        if places is None:
            places = self._block.common[name] = [None] * self._block.count
        made = places[self._at]
        if made is None:
            made = places[self._at] = make(self)
        return cast("T", made)

    @property
    def locale(self) -> Locale:
        """See Draw."""
        return self._block.locales[self._at]


class ColumnDraw:
    """The draw of one column in all rows of a block at once; what it gives has a value for each row."""

    def __init__(self, block: Block, column: Column, key: int, unique: bool) -> None:
        self.block = block
        self.draw = Draw(block.setting, block.table, column, block.first, 0, key=0, unique=unique)
        """What is the same in all rows: the column, whether values are unique, ``shown``."""
        self._key = key
        self.count = 0

    @cached_property
    def _stream(self) -> Stream:
        return self.block.stream(self._key)

    def drawn(self, size: int | Places) -> Places:
        """Integers in range(size), as the rows' draws give them next."""
        self.count += 1
        return self._stream.below(self.count, size)

    def below(self, size: int | Places) -> list[int]:
        """The same as a list."""
        found: list[int] = self.drawn(size).tolist()
        return found

    def each(self, make: Callable[[Draw], T]) -> list[T]:
        """What is made with the rows' draws, one by one: it is the last that is drawn."""
        draw = BlockDraw(self.block, self.draw.column, self._key, self.draw.unique, after=self.count)
        return [make(draw) for _ in draw.rows()]

    def numbers(self) -> range:
        """The rows' numbers."""
        return range(self.block.first, self.block.first + self.block.count)

    def column(self, path: str) -> Sequence[Any]:
        """What the rows' draws have there: ``person.given``, ``money.price``, ``locale`` …"""
        root, _, rest = path.partition(".")
        block = self.block
        if root == "locale":
            return [attrgetter(rest)(one) for one in block.locales] if rest else block.locales
        name = person_of(self.draw.column.field) if root == "person" else root
        columns = self._columns(root, name)
        return block.shared(f"{name}.{rest}", lambda: _taken(columns, rest, self.rows_of(name, root)))

    @property
    def period(self) -> Periods:
        """The rows' lives."""
        found: Periods = self._columns("period", "period")
        return found

    def _columns(self, root: str, name: str) -> Any:
        return self.block.shared(name, lambda: COLUMNS[root](self.block, name))

    def rows_of(self, name: str, root: str) -> Callable[[], list[Any]]:
        """Makes what the rows' draws have at the root, one by one."""

        def make() -> list[Any]:
            draw = BlockDraw(self.block, self.draw.column, 0, False)
            return [getattr(draw, root) for _ in draw.rows()]

        return lambda: self.block.shared(f"{name}, row by row", make)


def _taken(columns: Any, path: str, rows: Callable[[], list[Any]]) -> list[Any]:
    """A column as it is, an attribute of its items, or that of each row's own where there is no column."""
    first, _, rest = path.partition(".")
    if not hasattr(type(columns), first):
        return [attrgetter(path)(one) for one in rows()]
    found: list[Any] = getattr(columns, first)
    return [attrgetter(rest)(one) for one in found] if rest else found


class _Pool(NamedTuple):
    """Items of all locales in one list; where those of each begin, and how many they are, by kind."""

    items: list[Any]
    starts: Places
    sizes: Places


@cache
def _pool(locales: tuple[str, ...], kinds: tuple[str, ...]) -> _Pool:
    pools = [[getattr(locale, kind) for locale in resolve_locales(locales)] for kind in kinds]
    sizes = np.array([[len(pool) for pool in of_kind] for of_kind in pools], dtype=np.int64)
    ends = np.cumsum(sizes).reshape(sizes.shape)
    return _Pool([item for of_kind in pools for pool in of_kind for item in pool], ends - sizes, sizes)


class Persons:
    """``Person`` of each row."""

    def __init__(self, block: Block, name: str) -> None:
        self._block = block
        self._stream = block.entity(name)

    @cached_property
    def _sexes(self) -> Places:
        return self._stream.below(1, 2)

    def _picked(self, number: int, *kinds: str) -> list[Any]:
        items, starts, sizes = _pool(self._block.setting.locales, kinds)
        place = (self._sexes if len(kinds) > 1 else 0, self._block.turns)
        at: list[int] = (starts[place] + self._stream.below(number, sizes[place])).tolist()
        return [items[one] for one in at]

    @cached_property
    def sex(self) -> list[str]:
        """See Person."""
        return [("male", "female")[place] for place in self._sexes.tolist()]

    @cached_property
    def given(self) -> list[Any]:
        """See Person."""
        return self._picked(2, "male", "female")

    @cached_property
    def family(self) -> list[Any]:
        """See Person."""
        return self._picked(3, "family_male", "family_female")

    @cached_property
    def place(self) -> list[Any]:
        """See Person."""
        return self._picked(4, "places")

    @cached_property
    def street(self) -> list[Any]:
        """See Person."""
        return self._picked(5, "streets")

    @cached_property
    def house(self) -> list[str]:
        """See Person."""
        return [str(1 + number) for number in self._stream.below(6, 140).tolist()]

    @cached_property
    def locale(self) -> list[Locale]:
        """See Person."""
        return self._block.locales

    @cached_property
    def full(self) -> list[Any]:
        """See Person."""
        return [full_name(*one) for one in zip(self.given, self.family, self.locale, strict=True)]

    @cached_property
    def local(self) -> list[str]:
        """See Person."""
        return [*map(local_part, self.given, self.family)]


class Periods(Life):
    """``Period`` of each row."""

    def __init__(self, block: Block, name: str) -> None:
        self._stream = block.entity(name)
        self.now = reference(block.setting.now)[1]
        key = group_key(block.setting.seed, block.table.label, "\x1e")
        rows = (block.rows % np.uint64(MINUTES)).astype(np.int64)
        minutes = (rows * stride(MINUTES) + key % MINUTES) % MINUTES
        self.born = self.now - MARGIN - (60 * minutes + self.below(60, 1)) * SECOND

    def below(self, size: int, *numbers: int) -> Places:
        """See Life."""
        return scaled_array(reduce(mix_array, numbers, self._stream.of_rows), size)

    def either(self, first: Any, one: Callable[[], Any], other: Callable[[], Any]) -> Any:
        """See Life."""
        return np.where(first, one(), other())

    @cached_property
    def created(self) -> list[datetime]:
        """See Period."""
        return moments_at(self.born)

    def at(self, role: str) -> list[datetime]:
        """See Period."""
        return self.created if role == "created" else moments_at(self.moment(role))

    @cached_property
    def deleted(self) -> list[bool]:
        """See Period."""
        return cast("list[bool]", self.is_deleted().tolist())

    @cached_property
    def expired(self) -> list[bool]:
        """See Period."""
        return cast("list[bool]", self.is_expired().tolist())


def moments_at(microseconds: Places) -> list[datetime]:
    """``moment_at`` of each."""
    return [*map(EPOCH.__add__, (microseconds // SECOND).astype("timedelta64[s]").tolist())]


class Moneys:
    """``Money`` of each row."""

    def __init__(self, block: Block, name: str) -> None:
        places = [currency_places().get(locale.currency, 2) > 0 for locale in block.pools]
        self._block, self._has_places = block, block.of_locales(places)
        self._sums = ColumnSums(block.entity(name), np.array(places, dtype=np.int64)[block.turns])

    def _amounts(self, hundredths: Places) -> list[Decimal]:
        return [*map(amount_of, hundredths.tolist(), self._has_places)]

    @cached_property
    def currency(self) -> list[str]:
        """See Money."""
        return self._block.of_locales([locale.currency for locale in self._block.pools])

    @cached_property
    def price(self) -> list[Decimal]:
        """See Money."""
        return self._amounts(self._sums.price())

    @cached_property
    def rate(self) -> list[Decimal]:
        """See Money."""
        return [*map(Decimal, self._sums.rate().tolist())]

    @cached_property
    def quantity(self) -> list[int]:
        """See Money."""
        return cast("list[int]", self._sums.quantity().tolist())

    @cached_property
    def net(self) -> list[Decimal]:
        """See Money."""
        return self._amounts(self._sums.net())

    @cached_property
    def tax(self) -> list[Decimal]:
        """See Money."""
        return self._amounts(self._sums.tax())

    @cached_property
    def total(self) -> list[Decimal]:
        """See Money."""
        return self._amounts(self._sums.total())


class ColumnSums(Sums):
    """The amounts of all rows of a block; ``has_places`` is 0 or 1 in each."""

    def __init__(self, stream: Stream, has_places: Places) -> None:
        self._stream, self.has_places = stream, has_places

    def below(self, size: int, number: int, without: int | None = None) -> Places:
        """See Sums."""
        drawn = self._stream.below(number, size)
        if without is None:
            return drawn
        return np.where(self.has_places, drawn, self._stream.below(without, size))

    def one_of(self, items: Sequence[int], place: Any) -> Any:
        """See Sums."""
        return np.array(items, dtype=np.int64)[place]


COLUMNS: dict[str, Callable[[Block, str], object]] = {"person": Persons, "period": Periods, "money": Moneys}
