"""Which columns are tied together by conditions."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

from dbstate.catalog import Check, Table
from dbstate.values.solving.terms import names, read


@dataclass(frozen=True, slots=True)
class Group:
    """Columns that are solved together, in the table's order, with the CHECKs that read them."""

    columns: tuple[str, ...]
    checks: tuple[Check, ...]


def groups(table: Table, *, ties: Iterable[tuple[str, ...]] = ()) -> tuple[Group, ...]:
    """Groups of the table's columns: two columns that one CHECK reads are in one group.

    A generated column stands for the columns that its expression reads. ``ties`` are further
    columns that belong together (a meaning, an exclusion, clean()). Columns under no CHECK and in
    no tie are in no group.
    """
    order = [column.name for column in table.columns]
    sources = _sources(table)
    leader = {name: name for name in order}

    def lead(name: str) -> str:
        while leader[name] != name:
            leader[name] = leader[leader[name]]
            name = leader[name]
        return name

    read_by = {check: _resolved(check.columns, sources, leader) for check in table.checks}
    bound = [*read_by.values(), *(_resolved(tie, sources, leader) for tie in ties)]
    for columns in bound:
        for one, other in pairwise(columns):
            leader[lead(other)] = lead(one)
    members: dict[str, list[str]] = {}
    touched = {name for columns in bound for name in columns}
    for name in order:
        if name in touched:
            members.setdefault(lead(name), []).append(name)
    return tuple(
        Group(tuple(names_), tuple(check for check in table.checks if set(read_by[check]) & set(names_)))
        for names_ in members.values()
    )


def _sources(table: Table) -> dict[str, tuple[str, ...]]:
    """Columns that each generated column is made of."""
    order = tuple(column.name for column in table.columns)
    return {
        column.name: tuple(sorted(names(read(column.generated, order)) - {column.name}))
        for column in table.columns
        if column.generated is not None
    }


def _resolved(
    columns: Iterable[str], sources: dict[str, tuple[str, ...]], known: dict[str, str]
) -> tuple[str, ...]:
    found: list[str] = []
    for name in columns:
        for source in sources.get(name, (name,)):
            if source in known and source not in sources and source not in found:
                found.append(source)
    return tuple(found)
