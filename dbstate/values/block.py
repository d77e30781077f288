"""Rows that follow one another: their integers are made at once, their values one by one as ever."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from typing import Any, TypeVar, cast

import numpy as np
from numpy.typing import NDArray

from dbstate.catalog import Column, Table
from dbstate.values.draw import Draw, Numbers, locale_offset
from dbstate.values.key import MASK, group_key, mix_array
from dbstate.values.locales import Locale, resolve_locales
from dbstate.values.setting import Setting

T = TypeVar("T")


class Stream(dict[int, list[int]]):
    """The integers of one key in each row of a block, by their number in the row's stream.

    ``Stream(key, rows)[number][at]`` is ``mix(mix(mix(key, row), 0), number)`` of the row at that place.
    """

    __slots__ = ("_keys", "keys_of_rows")

    def __init__(self, key: int, rows: NDArray[np.uint64]) -> None:
        self._keys = mix_array(mix_array(key, rows), 0)
        self.keys_of_rows: list[int] = self._keys.tolist()

    def __missing__(self, number: int) -> list[int]:
        made: list[int] = mix_array(self._keys, number).tolist()
        self[number] = made
        return made


class Block:
    """Rows ``first`` to ``first + count - 1`` of a table, and what the columns of each have in common."""

    def __init__(self, setting: Setting, table: Table, first: int, count: int) -> None:
        self.setting = setting
        self.table = table
        self.first = first
        self.count = count
        self._rows = np.arange(first, first + count, dtype=np.uint64)
        self._entities: dict[str, Stream] = {}
        self.common: defaultdict[str, list[Any]] = defaultdict(lambda: [None] * count)
        """A place for each row, for what its columns have in common, by its name; None until it is made."""
        self._locales: list[Locale] = []

    def stream(self, key: int) -> Stream:
        """The integers of this key."""
        return Stream(key, self._rows)

    def entity(self, name: str) -> Stream:
        """The integers that all columns share for what is called ``name``."""
        found = self._entities.get(name)
        if found is None:
            key = group_key(self.setting.seed, self.table.label, "\x1e" + name)
            found = self._entities[name] = self.stream(key)
        return found

    def locale(self, at: int) -> Locale:
        """The locale of a row."""
        if not self._locales:
            pool = resolve_locales(self.setting.locales)
            start = self.first + locale_offset(self.setting, self.table)
            self._locales = [pool[(start + at) % len(pool)] for at in range(self.count)]
        return self._locales[at]


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

    __slots__ = ("_at", "_block", "_stream")

    def __init__(self, block: Block, column: Column, key: int, unique: bool) -> None:
        super().__init__(block.setting, block.table, column, block.first, 0, key=0, unique=unique)
        self._block = block
        self._stream = block.stream(key)
        self._at = 0

    def rows(self) -> Iterator[int]:
        """Go from row to row: yields the number of the row that the draw is now about."""
        for at, key in enumerate(self._stream.keys_of_rows):
            self._at, self.key = at, key
            self.row = self._block.first + at
            self.count = 0
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
        places = self._block.common[name]
        made = places[self._at]
        if made is None:
            made = places[self._at] = make(self)
        return cast("T", made)

    @property
    def locale(self) -> Locale:
        """See Draw."""
        return self._block.locale(self._at)
