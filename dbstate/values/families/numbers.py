"""Integers, decimals and floats: all counted in steps of their own size."""

from __future__ import annotations

import math
from collections.abc import Iterator
from decimal import Decimal
from itertools import pairwise
from typing import Any

from dbstate.values.block import ColumnDraw
from dbstate.values.draw import Draw
from dbstate.values.families.base import Family, Task, project_values
from dbstate.values.key import group_key, permuted
from dbstate.values.parts import Made
from dbstate.values.setting import MISSING

SQL_RANGES = {
    "smallint": (-(2**15), 2**15 - 1),
    "smallserial": (1, 2**15 - 1),
    "integer": (-(2**31), 2**31 - 1),
    "serial": (1, 2**31 - 1),
    "bigint": (-(2**63), 2**63 - 1),
    "bigserial": (1, 2**63 - 1),
}
ROOMY = 4000
"""A unique column with fewer numbers than this just counts through them."""
EDGE_ROWS = 9000
"""Rows that may take numbers near the least and the greatest of a unique column."""
SLOT = 10
"""Steps from one row to the next where rows must not overlap."""


NEAR = 60
"""Steps from a bound that an edge may lie, where validators have a say."""
MULTIPLES = (
    5, 10, 3, 7, 9, 11, 12, 13, 15, 16, 20, 24, 25, 30, 36, 45, 48, 50, 60, 64, 90, 100, 120, 125, 128, 144,
    180, 200, 250, 256, 300, 360, 365, 400, 500, 512, 600, 750, 900, 1000, 1024, 1200, 1440, 1500, 1800,
    2000, 2500, 3600, 5000, 10_000, 50_000, 86_400, 100_000, 1_000_000, Decimal("0.05"), Decimal("0.1"),
    Decimal("0.2"), Decimal("0.25"), Decimal("0.5"), Decimal("0.125"),
)  # fmt: skip
OFTEN = (
    200,
    201,
    204,
    301,
    302,
    400,
    404,
    500,
    80,
    443,
    8080,
    1024,
    5432,
    1900,
    1950,
    1970,
    1990,
    2000,
    2010,
    2024,
    2030,
)
"""Numbers that software is fond of: of HTTP, of ports, of years."""


class NumberFamily(Family):
    """Numbers as whole steps from ``least`` to ``greatest``; ``cast`` makes them the column's type."""

    meaning = "number"
    zero: object = 0

    def __init__(self, task: Task) -> None:
        super().__init__(task)
        self.least, self.greatest = self.bounds()
        self.size = self.greatest - self.least + 1
        found = task.meaning
        if found is not None:
            self.meaning, self.agrees = found.name, found.agrees
        if task.unique or task.disjoint:
            self.plan_unique()

    def bounds(self) -> tuple[int, int]:
        """Least and greatest step."""
        raise NotImplementedError

    def cast(self, step: int) -> object:
        """The number of a step."""
        raise NotImplementedError

    def steps(self, number: object) -> int:
        """The step nearest to a number."""
        raise NotImplementedError

    def plan_unique(self) -> None:
        """Where unique numbers start and how many there are; near the ends is room for edges."""
        self.stride = SLOT if self.task.disjoint else 1
        self.roomy = self.size >= ROOMY
        margin = min(EDGE_ROWS, self.size // 8) if self.roomy else 0
        self.margin = margin
        self.start = self.least + margin
        if self.roomy and self.least < 0:
            self.start = max(self.start, min(self.one(), self.least + self.size // 2))
        room = self.greatest - margin - self.start + 1
        self.room = room
        self.capacity = max(room // self.stride, 1)

    def one(self) -> int:
        """The step of the first unique number where it may be anywhere."""
        return 1001

    def candidates(self, draw: Draw) -> Iterator[object]:
        yield from project_values(self.task, draw)
        if self.unique or self.task.disjoint:
            yield self.cast(self.unique_step(draw))
            return
        found = self.task.meaning
        if found is not None and not found.own:
            yield self.admitted(found.function(draw))
        for step in self.other_steps(draw):
            yield self.cast(step)
        yield from self.default()

    def usual(self, draw: Draw) -> object:
        found = self.task.meaning
        if found is None or found.own or self.unique or self.task.disjoint:
            return super().usual(draw)
        return self.admitted(found.function(draw))

    def column_of(self, draw: ColumnDraw) -> list[object] | None:
        found = self.task.meaning
        if found is None or self.unique or self.task.disjoint or not isinstance(found.function, Made):
            return None
        return self.made_column(found.function, draw)

    def settled(self, value: Any) -> object:
        """See Family."""
        return self.admitted(value)

    def admitted(self, number: object) -> object:
        """The number, or one that the column admits."""
        return self.cast(self.folded(self.steps(number)))

    def unique_step(self, draw: Draw) -> int:
        """The row's own step."""
        assert self.capacity is not None
        if draw.row >= self.capacity:
            raise IndexError(f"row {draw.row} of a column that has only {self.capacity} numbers")
        if not self.roomy and not self.task.disjoint:
            key = group_key(draw.setting.seed, draw.table.label, self.column.field)
            return self.start + permuted(draw.row + draw.salt, self.room, key % self.room)
        later = self.stride // 2 if self.task.place == "end" else 0
        return (
            self.start
            + later
            + (draw.row * self.stride + draw.salt * 1_000_003 * self.stride) % (self.capacity * self.stride)
        )

    def folded(self, step: int) -> int:
        """The step itself where the column admits it, else one that it admits."""
        if self.least <= step <= self.greatest:
            return step
        return self.least + step % self.size

    def other_steps(self, draw: Draw) -> Iterator[int]:
        """Steps to try: small ones first, then anywhere."""
        small = self.steps(draw.between(1, 100))
        yield self.folded(small)
        if self.column.judged:
            return  # what is accepted is sought once, and widely
        for number in (1, 0, 5, 10, 50, 100, 1000, 2000):
            step = self.steps(number)
            if self.least <= step <= self.greatest:
                yield step
        yield self.least
        yield self.greatest
        for _ in range(8):
            yield self.least + draw.below(self.size)

    def wide(self, draw: Draw) -> Iterator[object]:
        seen: set[int] = set()
        for step in self.wide_steps(draw):
            if self.least <= step <= self.greatest and step not in seen:
                seen.add(step)
                yield self.cast(step)

    def wide_steps(self, draw: Draw) -> Iterator[int]:
        """Steps near what validators mention, multiples, small numbers, powers, numbers near the bounds."""
        mentioned = sorted(as_decimal(one, 0) for one in self.column.hints if is_number(one))
        for one in mentioned:
            yield from (self.steps(one + near) for near in (1, -1, 0))
            yield from (self.steps(one * times) for times in (draw.between(2, 40), 2, -1))
        for low, high in pairwise(mentioned):
            first, last = self.steps(low), self.steps(high)
            yield from (first + draw.below(last - first + 1) for _ in range(4))
        for multiple in MULTIPLES:
            yield self.steps(multiple * draw.between(1, 9))
        yield from (self.steps(number) for number in (2020 + draw.below(7), *OFTEN))
        start = draw.below(60)
        yield from (self.steps((start + number) % 130) for number in range(130))
        yield from (self.steps(Decimal(1) / part) for part in (2, 4, 5, 10, 20, 100))
        yield from (self.steps(Decimal(draw.below(100)) / 100) for _ in range(6))
        yield from (start + number for number in range(30))
        yield from (-self.steps(number) for number in range(1, 61))
        yield from (self.steps(2**power) for power in range(7, 31))
        for multiple in MULTIPLES:
            yield from (self.steps(multiple * times) for times in range(1, 6))
        for bound, sign in ((self.least, 1), (self.greatest, -1)):
            yield from (bound + sign * near for near in range(61))
        yield from (self.least + draw.below(self.size) for _ in range(20))

    def edge(self, name: str, draw: Draw) -> Iterator[object]:
        if self.task.disjoint:
            return
        if self.unique:
            yield from self.unique_edge(name, draw)
            return
        lowest, highest = self.natural()
        near = range(min(NEAR, highest - lowest + 1) if self.column.judged else 1)
        if name == "max":
            yield from (self.cast(highest - step) for step in near)
        elif name == "min":
            yield from (self.cast(lowest + step) for step in near)
        elif name == "zero" and lowest <= 0 <= highest:
            yield self.cast(0)

    def natural(self) -> tuple[int, int]:
        """Least and greatest step that both the column and the meaning admit."""
        found = self.task.meaning
        lowest, highest = self.least, self.greatest
        if found is not None and found.least is not None:
            lowest = max(lowest, self.steps(found.least))
        if found is not None and found.greatest is not None:
            highest = min(highest, self.steps(found.greatest))
        return (lowest, highest) if lowest <= highest else (self.least, self.greatest)

    def unique_edge(self, name: str, draw: Draw) -> Iterator[object]:
        """Numbers near the ends, a step further in for each row; no zero, which only one row could have."""
        if self.roomy and draw.row < self.margin:
            if name == "max":
                yield self.cast(self.greatest - draw.row)
            elif name == "min":
                yield self.cast(self.least + draw.row)


class IntegerFamily(NumberFamily):
    """Whole numbers."""

    def bounds(self) -> tuple[int, int]:
        low, high = SQL_RANGES.get(
            self.column.sql_type.split()[0] if self.column.sql_type else "", SQL_RANGES["integer"]
        )
        least = low if self.column.least is None else math.ceil(as_decimal(self.column.least, low))
        greatest = (
            high if self.column.greatest is None else math.floor(as_decimal(self.column.greatest, high))
        )
        return (least, greatest) if least <= greatest else (least, least)

    def cast(self, step: int) -> object:
        return step

    def steps(self, number: object) -> int:
        return number if type(number) is int else int(as_decimal(number, 0))


class DecimalFamily(NumberFamily):
    """Decimals, in steps of their last place."""

    def __init__(self, task: Task) -> None:
        places = task.column.decimal_places
        self.places = 2 if places is None else places
        self.unit = Decimal(1).scaleb(-self.places)
        super().__init__(task)

    def bounds(self) -> tuple[int, int]:
        digits = self.column.max_digits
        limit = 10 ** (15 if digits is None else digits) - 1
        least, greatest = self.column.least, self.column.greatest
        low = -limit if least is None else max(-limit, math.ceil(as_decimal(least, -limit) / self.unit))
        high = limit if greatest is None else min(limit, math.floor(as_decimal(greatest, limit) / self.unit))
        return (low, high) if low <= high else (low, low)

    def one(self) -> int:
        return 1000 * 10**self.places + 1 if self.greatest > 4000 * 10**self.places else 1

    def cast(self, step: int) -> object:
        return Decimal(step).scaleb(-self.places)

    def steps(self, number: object) -> int:
        return int((as_decimal(number, 0) / self.unit).to_integral_value())


class FloatFamily(NumberFamily):
    """Floats, in hundredths where they are made, to the type's own ends at the edges."""

    def bounds(self) -> tuple[int, int]:
        least, greatest = self.column.least, self.column.greatest
        low = -(10**14) if least is None else math.ceil(max(float(as_decimal(least, 0)), -1e14) * 100)
        high = 10**14 if greatest is None else math.floor(min(float(as_decimal(greatest, 0)), 1e14) * 100)
        return (low, high) if low <= high else (low, low)

    def cast(self, step: int) -> object:
        return step / 100

    def steps(self, number: object) -> int:
        return round(float(as_decimal(number, 0)) * 100)

    def candidates(self, draw: Draw) -> Iterator[object]:
        found = self.task.meaning
        if found is not None and not (found.own or self.unique or self.task.disjoint):
            yield float(as_decimal(found.function(draw), 0))
        yield from super().candidates(draw)

    def usual(self, draw: Draw) -> object:
        return next(self.candidates(draw), MISSING)

    def settled(self, value: Any) -> object:
        return float(as_decimal(value, 0))  # not rounded to steps

    def edge(self, name: str, draw: Draw) -> Iterator[object]:
        natural = self.task.meaning is not None and self.task.meaning.greatest is not None
        if name in ("max", "min") and not self.unique and not self.task.disjoint and not natural:
            limit = 3.4028e38 if self.column.sql_type == "real" else 1.7976931348623157e308
            given = self.column.greatest if name == "max" else self.column.least
            if given is None:
                yield limit if name == "max" else -limit
            else:
                yield float(as_decimal(given, 0))
        yield from super().edge(name, draw)


def is_number(value: object) -> bool:
    """Whether it is a finite number and no truth value."""
    if isinstance(value, bool):
        return False
    return isinstance(value, int | Decimal) or (isinstance(value, float) and math.isfinite(value))


def as_decimal(number: object, otherwise: int) -> Decimal:
    """A number of any type as a decimal; ``otherwise`` where it is none."""
    if isinstance(number, Decimal):
        return number
    if isinstance(number, int):
        return Decimal(number)
    if isinstance(number, float) and math.isfinite(number):
        return Decimal(repr(number))
    return Decimal(otherwise)
