"""Whether conditions hold in a row, as far as Python can tell without asking the database."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from dbstate.catalog import Table
from dbstate.values.solving.compiling import Function, compiled
from dbstate.values.solving.evaluation import Unknown
from dbstate.values.solving.grouping import Group
from dbstate.values.solving.terms import Call, Name, Term, Value, names, read


@dataclass(frozen=True, slots=True)
class Condition:
    """A CHECK that was read once."""

    name: str
    reads: frozenset[str]
    """Columns, those that a generated column is made of in its place."""
    sure: bool
    """Whether it holds for each value that keeps its column's own facts."""
    holds: Function
    """Whether it holds in a row; None where it is NULL. Raises Unknown, and KeyError for a missing column."""


@dataclass(frozen=True, slots=True)
class Conditions:
    """CHECKs that were read once."""

    parts: tuple[Condition, ...]

    def unsure(self, without: Collection[str]) -> Conditions:
        """Those that read none of these columns, and that values within their bounds may break."""
        left = (one for one in self.parts if not one.sure and one.reads.isdisjoint(without))
        return Conditions(tuple(left))

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
    return Conditions(
        tuple(Condition(name, names(term), _is_sure(term, table), compiled(term)) for name, term in terms)
    )


def _is_sure(term: Term, table: Table) -> bool:
    """Whether the bounds of the columns say as much as the condition."""
    if not isinstance(term, Call):
        return False
    if term.op in ("and", "or"):
        return (all if term.op == "and" else any)(_is_sure(part, table) for part in term.args)
    left, right = term.args[0], term.args[-1]
    if term.op not in (">=", "<=") or not isinstance(left, Name) or not isinstance(right, Value):
        return False
    column = table.column(left.column)
    bound = column.least if term.op == ">=" else column.greatest
    if type(bound) is not int or type(right.value) is not int or column.kind != "integer":
        return False
    return bound >= right.value if term.op == ">=" else bound <= right.value
