"""A table as it will be at some operation, told in terms of the table that is there now.

Renames, constant new columns, filled NULLs and conversions are followed, so that a question about a later
shape can be asked of today's rows without changing any.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from dbstate.backends.naming import quoted
from dbstate.rehearsal.tokens import names_in, plain_name

_NOTHING: Mapping[str, str | None] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Relation:
    """``columns`` has what is not the base's column of that name: SQL over the base, None if unknown."""

    name: str
    base: str | None
    """The table that is there; None for one that the migration makes."""
    columns: Mapping[str, str | None] = field(default_factory=lambda: _NOTHING)
    types: Mapping[str, str] = field(default_factory=dict)
    """Type by name, of the columns that there are at this moment."""
    key: tuple[str, ...] = ()
    """Primary key of the base."""
    certain: bool = True
    """False when its rows may have changed in a way that is not followed."""

    def over_base(self, expression: str) -> str | None:
        """SQL of the expression for one row ``r`` of the base; None when it reads something unknown."""
        used = {name: self.columns[name] for name in sorted(names_in(expression) & self.columns.keys())}
        if any(sql is None for sql in used.values()):
            return None
        if not used and (self.name == self.base or not names_in(expression) & {self.name}):
            return f"({expression})"
        if (alone := plain_name(expression)) in used:
            return f"({used[str(alone)]})"
        items = ", ".join(f"{sql} AS {quoted(name)}" for name, sql in used.items()) or "1"
        # Tied to the row: what is random must be made for each row, not once.
        made = f"SELECT {items} WHERE r.ctid IS NOT NULL"
        return f"(SELECT ({expression}) FROM ({made}) AS {quoted(self.name)})"

    def of_column(self, column: str) -> str | None:
        """SQL of one column for a row of the base."""
        return self.columns.get(column, quoted(column))

    def with_column(self, column: str, sql: str | None, sql_type: str) -> Relation:
        """The relation where the column has this value in each row."""
        return replace(self, columns={**self.columns, column: sql}, types={**self.types, column: sql_type})

    def without_column(self, column: str) -> Relation:
        """The relation where nothing has this name."""
        types = {name: kind for name, kind in self.types.items() if name != column}
        return replace(self, columns={**self.columns, column: None}, types=types)

    def renamed_column(self, column: str, new: str) -> Relation:
        """The relation where the column has another name."""
        sql, sql_type = self.of_column(column), self.types.get(column, "")
        return self.without_column(column).with_column(new, sql, sql_type)

    def reads_today(self, expression: str) -> bool:
        """Whether the expression reads columns only that are as they are today."""
        return not names_in(expression) & self.columns.keys()

    def is_plain(self, column: str) -> bool:
        """Whether the column is today's, under its name and as it is."""
        return column not in self.columns
