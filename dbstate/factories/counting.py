"""Row numbers: for each table of each database the next one past those in use, anew for each test.

What is counted follows the transaction that it was counted in: a counter holds as long as the
savepoints that were open then are open. Once one of them is gone, its rows may be gone too, and the
table is asked again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from threading import get_ident, main_thread
from typing import Any

from django.db import connections

from dbstate.backends import Connection

MAIN = main_thread().ident
Place = tuple[int, tuple[str | None, ...]]
"""A connection, and the savepoints that are open on it."""


@dataclass(slots=True)
class _Counter:
    next: int
    place: Place | None
    """Where the table was asked; None: it never was, as rows were only built."""


Counters = dict[str, dict[str, list[_Counter]]]
"""By alias and table, counters of places each inside the one before."""


@dataclass(slots=True)
class _Level:
    """What is counted in the transaction of a django.test.TestCase, of one of its tests, or outside."""

    transaction: object
    """None: outside."""
    counters: dict[str, list[_Counter]]


_levels: dict[str, list[_Level]] = {}
"""By alias, each inside the one before."""
_connections: dict[str, Any] = {}
"""Of the main thread, by alias: looking one up takes as long as numbering a row."""
_apart: ContextVar[tuple[Counters, int] | None] = ContextVar("dbstate_counted_apart", default=None)


_test = object()


def new_test() -> None:
    """Forget all numbers, and what refused rows have taught: a test's rows depend on nothing before it.

    The next row of each table is the first one past those in it.
    """
    _levels.clear()
    _begin()


def next_test() -> None:
    """The same, but that rows which a TestCase made for all its tests are still counted."""
    _begin()
    for levels in _levels.values():
        del levels[2:]
        levels[0].counters.clear()


def _begin() -> None:
    global _test
    _test = object()


def _counters(alias: str) -> dict[str, list[_Counter]]:
    """Counters by table; in a TestCase those of its test, which begin where those of its class are."""
    levels = _levels.get(alias)
    if levels is None:
        levels = _levels[alias] = [_Level(None, {})]
    if get_ident() != MAIN:  # its connection is another one, the test is the same
        return levels[-1].counters
    if alias not in _connections:
        _connections[alias] = connections[alias]
    blocks = _connections[alias].atomic_blocks
    innermost = None
    for one in blocks:
        innermost = one if one._from_testcase else innermost
    if innermost is levels[-1].transaction:
        return levels[-1].counters
    open_now = [None, *(one for one in blocks if one._from_testcase)]
    known = 0
    for level, transaction in zip(levels, open_now, strict=False):
        known += level.transaction is transaction
    if known != len(levels) or known != len(open_now):
        _begin()
    del levels[known:]
    for transaction in open_now[known:]:
        begun = {table: [replace(one) for one in each] for table, each in levels[-1].counters.items()}
        levels.append(_Level(transaction, begun))
    return levels[-1].counters


@contextmanager
def apart(counters: Counters, least: int) -> Iterator[None]:
    """Count rows that are built in ``counters``, from ``least`` on and past those counted there before."""
    token = _apart.set((counters, least))
    try:
        yield
    finally:
        _apart.reset(token)


def current_test() -> object:
    """Stands for the test that is running."""
    return _test


def built(alias: str, tables: Sequence[str], size: int = 1) -> dict[str, int]:
    """The next row number in each table, for ``size`` rows that are not written: no database is asked."""
    counted = _apart.get()
    counters, least = (counted[0].setdefault(alias, {}), counted[1]) if counted else (_counters(alias), 0)
    numbers: dict[str, int] = {}
    for table in tables:
        if table not in counters:
            counters[table] = [_Counter(least, None)]
        counter = counters[table][-1]
        numbers[table] = max(counter.next, least)
        counter.next = numbers[table] + size
    return numbers


def created(
    alias: str, place: Place | None, tables: Sequence[str], first: Callable[[str, int], int]
) -> dict[str, int]:
    """The next row number in each table, for a row that is written.

    ``place`` is where the call that writes it began. ``first`` answers the first number past a table's
    rows, at least the one given; it is asked where the rows may be others than those that were counted.
    """
    numbers: dict[str, int] = {}
    for table in tables:
        counter = _counter(alias, place, table, first)
        numbers[table] = counter.next
        counter.next += 1
    return numbers


def _counter(alias: str, place: Place | None, table: str, first: Callable[[str, int], int]) -> _Counter:
    counters = _counters(alias).setdefault(table, [])
    left = [counter for counter in counters if _holds(counter.place, place)]
    if left and len(left) == len(counters):
        if left[-1].place != place:
            # What is written from here on may be undone, and with it what was counted.
            counters.append(_Counter(left[-1].next, place))
        return counters[-1]
    built_so_far = counters[0].next if counters and counters[0].place is None else 0
    counters[:] = [*left[:-1], _Counter(first(table, built_so_far), place)]
    return counters[-1]


def restart(alias: str, place: Place | None, tables: Sequence[str], number: int | None) -> None:
    """Have the next row of these tables be this one; None: the first past those in them, as in a new test."""
    counters = _counters(alias)
    for table in tables:
        counters.pop(table, None)
        if number is not None:
            counters[table] = [_Counter(number, place)]


def give_back(alias: str, tables: Sequence[str]) -> None:
    """The last numbers of these tables were not used."""
    counters = _counters(alias)
    for table in tables:
        counters[table][-1].next -= 1


def place_of(connection: Connection) -> Place | None:
    """Where the connection is; None outside of a transaction, where anybody's rows come and go."""
    if not connection.in_atomic_block:
        return None
    return id(connection.connection), tuple(connection.savepoint_ids)


def _holds(counted: Place | None, now: Place | None) -> bool:
    if counted is None or now is None:
        return False
    return counted[0] == now[0] and now[1][: len(counted[1])] == counted[1]
