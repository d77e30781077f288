"""The order in which tables can be filled, and where a cycle is broken.

Strongly connected components after R. Tarjan, "Depth-first search and linear graph
algorithms", SIAM J. Comput. 1 (1972), written iteratively: model graphs can be deep.
"""

from __future__ import annotations

import heapq
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from dbstate.catalog.tables import Catalog, ForeignKey, Table


@dataclass(frozen=True, slots=True)
class Break:
    """A foreign key that is filled against the order, and how."""

    table: str
    key: str
    """Name of the foreign key's field."""
    target: str
    how: Literal["nulled", "deferred"]
    """``nulled``: written as NULL, updated once the target has rows. ``deferred``: written with
    the key that the target's row will have; the constraint is checked later."""


@dataclass(frozen=True, slots=True)
class Order:
    """Groups of tables, dependencies first; tables of one group depend on each other."""

    groups: tuple[tuple[str, ...], ...]
    breaks: tuple[Break, ...]
    stuck: Mapping[str, str]
    """Tables that no order can fill, with the reason."""


def order_tables(catalog: Catalog, names: Collection[str]) -> Order:
    """Dependencies first; ties by label, tables with generic keys as late as they can be."""
    wanted = {name: catalog[name] for name in sorted(names, key=lambda n: catalog[n].label.lower())}
    edges = {name: _needs(table, wanted) for name, table in wanted.items()}
    breaks: list[Break] = []
    stuck: dict[str, str] = {}
    groups: list[tuple[str, ...]] = []
    for component in _sorted_components(edges, wanted):
        if len(component) > 1:
            ordered, broken, reason = _break_cycle(component, wanted)
            breaks += broken
            stuck |= dict.fromkeys(component, reason) if reason else {}
            groups.append(ordered)
        else:
            groups.append(component)
    return Order(tuple(groups), tuple(breaks), stuck)


def _needs(table: Table, wanted: Mapping[str, Table]) -> tuple[str, ...]:
    """Other wanted tables that this one refers to."""
    targets = {key.target for key in table.foreign_keys if key.target in wanted}
    return tuple(sorted(targets - {table.name}))


def _sorted_components(
    edges: Mapping[str, tuple[str, ...]], tables: Mapping[str, Table]
) -> list[tuple[str, ...]]:
    """Components, dependencies first, stable by label whatever the order of discovery."""
    components = _components(edges)
    home = {name: index for index, component in enumerate(components) for name in component}
    needs = [
        {home[target] for name in component for target in edges[name]} - {index}
        for index, component in enumerate(components)
    ]
    waiting = [
        (any(tables[n].generic_keys for n in component), min(tables[n].label.lower() for n in component), i)
        for i, component in enumerate(components)
    ]
    return [components[i] for i in _topological(waiting, needs)]


def _topological(waiting: list[tuple[bool, str, int]], needs: list[set[int]]) -> list[int]:
    """Indices in an order in which needs come first; among the ready ones the smallest key."""
    users: dict[int, list[int]] = {}
    for index, required in enumerate(needs):
        for target in required:
            users.setdefault(target, []).append(index)
    open_needs = [len(required) for required in needs]
    keys = {index: (late, label, index) for late, label, index in waiting}
    ready = [keys[i] for i, count in enumerate(open_needs) if count == 0]
    heapq.heapify(ready)
    result = []
    while ready:
        _, _, index = heapq.heappop(ready)
        result.append(index)
        for user in users.get(index, ()):
            open_needs[user] -= 1
            if open_needs[user] == 0:
                heapq.heappush(ready, keys[user])
    return result


def _components(edges: Mapping[str, tuple[str, ...]]) -> list[tuple[str, ...]]:
    """Strongly connected components (Tarjan), each sorted as ``edges`` is."""
    number: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    on_stack: set[str] = set()
    found: list[tuple[str, ...]] = []
    position = {name: index for index, name in enumerate(edges)}
    for root in edges:
        if root in number:
            continue
        work: list[tuple[str, int]] = [(root, 0)]
        while work:
            name, child = work.pop()
            if child == 0:
                number[name] = low[name] = len(number)
                stack.append(name)
                on_stack.add(name)
            for index in range(child, len(edges[name])):
                target = edges[name][index]
                if target not in number:
                    work += [(name, index + 1), (target, 0)]
                    break
                if target in on_stack:
                    low[name] = min(low[name], number[target])
            else:
                if low[name] == number[name]:
                    found.append(_pop_component(name, stack, on_stack, position))
                if work:
                    parent = work[-1][0]
                    low[parent] = min(low[parent], low[name])
    return found


def _pop_component(
    root: str, stack: list[str], on_stack: set[str], position: Mapping[str, int]
) -> tuple[str, ...]:
    component = []
    while True:
        name = stack.pop()
        on_stack.discard(name)
        component.append(name)
        if name == root:
            return tuple(sorted(component, key=position.__getitem__))


def _break_cycle(
    component: tuple[str, ...], tables: Mapping[str, Table]
) -> tuple[tuple[str, ...], list[Break], str]:
    """An order of the component, the keys that go against it, and a reason when there is none.

    Greedy: while nothing is free, give up the cheapest keys of the table that then is free;
    nullable keys cost least, deferrable ones more, others cannot be given up.
    """
    left = list(component)
    ordered: list[str] = []
    breaks: list[Break] = []
    while left:
        costs = [(_cost(tables[name], left), index) for index, name in enumerate(left)]
        cost, index = min(costs)
        if cost >= _FORBIDDEN:
            keys = [f"{tables[n].label}.{k.name}" for n in left for k in _inside(tables[n], left)]
            return (
                component,
                [],
                f"cannot order tables: {' and '.join(keys)} form a cycle and none of them is nullable or "
                "deferrable; make one nullable or deferrable",
            )
        name = left.pop(index)
        for key in _inside(tables[name], left):
            breaks.append(
                Break(name, key.name, key.target, "nulled" if _nullable(tables[name], key) else "deferred")
            )
        ordered.append(name)
    return tuple(ordered), breaks, ""


_FORBIDDEN = 1_000_000


def _inside(table: Table, left: Iterable[str]) -> list[ForeignKey]:
    return [key for key in table.foreign_keys if key.target in left and key.target != table.name]


def _nullable(table: Table, key: ForeignKey) -> bool:
    """Whether a row can be written with NULL first: no CHECK may look at the column."""
    checked = {name for check in table.checks for name in check.columns}
    return key.null and (not checked.intersection(key.columns) or not key.deferrable)


def _cost(table: Table, left: Iterable[str]) -> int:
    total = 0
    for key in _inside(table, left):
        if _nullable(table, key):
            total += 1
        elif (key.deferrable or not key.enforced) and not key.parent_link:
            total += 1000
        else:
            total += _FORBIDDEN
    return total
