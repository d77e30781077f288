"""Where the values of a column come from: its meaning and type, with the project's own code as the judge."""

from __future__ import annotations

from dbstate.binding import Binding
from dbstate.catalog import Catalog
from dbstate.rows.uniques import place_in_period
from dbstate.seeding.samples import Samples
from dbstate.values import ColumnValues, Setting, column_values


def values_of(
    catalog: Catalog,
    binding: Binding,
    samples: Samples,
    setting: Setting,
    table: str,
    column: str,
    unique: bool,
    disjoint: bool,
) -> ColumnValues:
    """The values of a column; its validators are asked, the database is not.

    ``unique``: no two rows have the same one; ``disjoint``: no two rows' periods overlap.
    """
    described = catalog[table]
    facts = described.column(column)
    called = facts.has_default and facts.default is None

    def accept(value: object) -> object:
        if facts.kind == "file" and value:
            # Validators and clean() may open it.
            samples.write(table, column, str(value))
        return binding.judge(table, column, value)

    return column_values(
        described,
        facts,
        setting,
        unique=unique,
        disjoint=disjoint,
        place=place_in_period(described, column) if disjoint else "",
        accept=accept,
        hold=lambda value: binding.hold(table, column, value),
        made=(lambda: binding.default(table, column)) if called else None,
    )
