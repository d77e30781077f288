"""Which parents a row has: functions of the row's index and the parents' counts."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

from dbstate.values.key import mix

MANY = 3
"""Every so-many-th row goes to the first parent, so that one parent has many children …"""
MANY_WITHIN = 30
"""… within the first so-many rows: in a large table no parent grows without bound."""

_PRESENCE = 0x5EED


def pick(key: int, index: int, size: int) -> int:
    """A parent for row ``index`` among ``size``: the first has many children, the last none."""
    if size <= 2:
        return 0 if size < 2 or index % MANY else index // MANY % size
    if index % MANY == 0 and index < MANY_WITHIN:
        return 0
    return 1 + mix(key, index) % (size - 2)


def present(key: int, index: int) -> bool:
    """Whether an optional reference of a realistic row is set: three times of four."""
    return mix(key ^ _PRESENCE, index) % 4 != 0


def spread(index: int, sizes: Sequence[int]) -> tuple[int, ...] | None:
    """The ``index``-th combination of digits below ``sizes``, each once; None past the last.

    While there is room, the first digit's first value is used many times and its last never (a
    parent with many children and one with none); after that all combinations are counted through.
    """
    total = prod(sizes)
    if index >= total or not sizes:
        return None
    first, rest = sizes[0], sizes[1:]
    block = prod(rest)
    if first < 3 or not rest:
        return _count(index, sizes)
    head = min(block, max(MANY, block // 3))
    if index < head:
        return (0, *_count(index, rest))
    body = (first - 2) * block
    if index < head + body:
        turn, digit = divmod(index - head, first - 2)
        return (1 + digit, *_count((turn + digit) % block, rest))
    left = index - head - body
    if left < block - head:
        return (0, *_count(head + left, rest))
    return (first - 1, *_count(left - (block - head), rest))


def _count(index: int, sizes: Sequence[int]) -> tuple[int, ...]:
    """Mixed radix, each digit shifted by the ones before it so that all of them move."""
    digits: list[int] = []
    shift = 0
    for size in sizes:
        index, digit = divmod(index, size)
        digits.append((digit + shift) % size)
        shift += digits[-1]
    return tuple(digits)
