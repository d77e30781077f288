"""Values at a small or a usual distance from a limit."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from random import Random
from typing import Any

from dbstate.values.solving.evaluation import aligned
from dbstate.values.solving.scene import Scene


def goals(scene: Scene, op: str, value: Any, current: Any) -> Iterator[Any]:
    """Values v for which ``v op value``: near ones first when tight, else at usual distances."""
    if isinstance(value, str) and current is not None and not isinstance(current, str):
        try:
            value = aligned(value, current)[0]
        except (ValueError, TypeError):
            return
    if op == "=":
        yield value
        return
    if isinstance(value, bool):
        yield from [not value] if op == "<>" else [True, False]
        return
    if isinstance(value, str):
        yield from (value + "a", value[:-1], value + "z", "A", "z" * 3)
        return
    apart = distances(scene, value)
    if "=" in op:
        apart = [None, *apart] if scene.tight else [*apart, None]
    below_zero: list[Any] = []
    for distance in apart:
        for sign in {"<": (-1,), "<=": (-1,), ">": (1,), ">=": (1,), "<>": (1, -1)}[op]:
            try:
                goal = value if distance is None else value + sign * distance
            except (TypeError, OverflowError):
                continue
            if _is_number(value) and value >= 0 > goal:
                below_zero.append(goal)  # legal, but rarely meant
            else:
                yield goal
    yield from below_zero


def distances(scene: Scene, value: Any) -> list[Any]:
    random, steps = scene.random, steps_of(value)
    if not steps:
        return []
    if scene.tight:
        return steps
    far = _far(random, value)
    return [*random.sample(far, len(far)), *steps]


def steps_of(value: Any) -> list[Any]:
    """The smallest differences that mean something for the value's type, smallest first."""
    if isinstance(value, int):
        return [1, 2]
    if isinstance(value, Decimal):
        return [Decimal("0.01"), Decimal("0.1"), Decimal(1), Decimal("0.0001")]
    if isinstance(value, float):
        return [0.01, 0.5, 1.0]
    if isinstance(value, dt.datetime):
        return [dt.timedelta(seconds=1), dt.timedelta(minutes=1), dt.timedelta(days=1)]
    if isinstance(value, dt.date):
        return [dt.timedelta(days=1)]
    if isinstance(value, dt.timedelta):
        return [dt.timedelta(seconds=1), dt.timedelta(hours=1), dt.timedelta(days=1)]
    return []


def _far(random: Random, value: Any) -> list[Any]:
    if isinstance(value, int):
        return [random.randint(1, max(2, abs(value) // 2)), random.randint(1, 9), random.randint(1, 100)]
    if isinstance(value, Decimal):
        share = Decimal(random.randint(1, 99)) / 100
        return [abs(value) * share, Decimal(random.randint(1, 9)), Decimal(random.randint(1, 100)), share]
    if isinstance(value, float):
        return [abs(value) * random.random(), random.random() * 10, random.random() * 100]
    if isinstance(value, dt.datetime):
        return [dt.timedelta(hours=random.randint(1, 20)), dt.timedelta(minutes=random.randint(5, 90)),
                dt.timedelta(days=random.randint(1, 60))]  # fmt: skip
    if isinstance(value, dt.date):
        return [dt.timedelta(days=random.randint(1, 14)), dt.timedelta(days=random.randint(1, 90))]
    return [value * random.random(), dt.timedelta(hours=random.randint(1, 40))]


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float | Decimal)
