"""Whether conditions hold in a row, as far as Python can tell without asking the database."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from dbstate.catalog import Table
from dbstate.values.solving.compiling import Function, compiled
from dbstate.values.solving.evaluation import Unknown
from dbstate.values.solving.grouping import Group
from dbstate.values.solving.terms import Term, names, read


@dataclass(frozen=True, slots=True)
class Condition:
    """A CHECK that was read once."""

    name: str
    reads: frozenset[str]
    """Columns, those that a generated column is made of in its place."""
    holds: Function
    """Whether it holds in a row; None where it is NULL. Raises Unknown, and KeyError for a missing column."""


@dataclass(frozen=True, slots=True)
class Conditions:
    """CHECKs that were read once."""

    parts: tuple[Condition, ...]

    def without(self, columns: Collection[str]) -> Conditions:
        """Those that read none of these columns."""
        return Conditions(tuple(one for one in self.parts if one.reads.isdisjoint(columns)))

    def broken(self, line: Mapping[str, object]) -> str:
        """Name of the first CHECK that this line breaks for certain; empty when there is none.

        ``line`` has values by column. CHECKs that only a database can tell are left out.
        """
        for one in self.parts:
            try:
                if one.holds(line) is False:
                    return one.name
            except (Unknown, KeyError):
                continue
        return ""


def conditions_of(table: Table, group: Group) -> Conditions:
    """The CHECKs of a group of the table's columns, read."""
    columns = tuple(column.name for column in table.columns)
    stand_ins: dict[str, Term] = {}
    for column in table.columns:
        if column.generated is not None:
            stand_ins[column.name] = read(column.generated, columns, stand_ins=stand_ins)
    terms = [(check.name, read(check.expression, columns, stand_ins=stand_ins)) for check in group.checks]
    return Conditions(tuple(Condition(name, names(term), compiled(term)) for name, term in terms))
