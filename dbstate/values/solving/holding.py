"""Whether conditions hold in a row, as far as Python can tell without asking the database."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from dbstate.catalog import Check, Table
from dbstate.values.solving.evaluation import Unknown, truth
from dbstate.values.solving.grouping import Group
from dbstate.values.solving.terms import Term, names, read


@dataclass(frozen=True, slots=True)
class Conditions:
    """CHECKs that were read once."""

    parts: tuple[tuple[Check, Term], ...]

    def broken(self, line: Mapping[str, object], *, without: Collection[str] = ()) -> str:
        """Name of the first CHECK that this line breaks for certain; empty when there is none.

        ``line`` has values by column. CHECKs that read a column of ``without`` are left out, as are
        those that only a database can tell.
        """
        for check, term in self.parts:
            if without and names(term) & {*without}:
                continue
            try:
                if truth(term, line) is False:
                    return check.name
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
    return Conditions(tuple((c, read(c.expression, columns, stand_ins=stand_ins)) for c in group.checks))
