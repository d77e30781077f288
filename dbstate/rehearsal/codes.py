"""Every finding that a validation can have: its code, how bad it is, what it says and what to do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

Verdict = Literal["fails_pre", "fails_post", "data_loss", "irreversible", "rollback_mismatch", "safe"]

ORDER: tuple[Verdict, ...] = (
    "fails_pre",
    "fails_post",
    "data_loss",
    "irreversible",
    "rollback_mismatch",
    "safe",
)
"""The verdict is the first that a finding asks for."""


@dataclass(frozen=True, slots=True)
class Code:
    """``leads_to`` is the verdict that an error of this code asks for; safe for what only warns."""

    name: str
    leads_to: Verdict
    message: str
    """With ``{where}``, ``{rows}``, ``{groups}`` and the facts of the question."""
    fix: str


_ALL = (
    # rows and objects that an operation cannot be applied to
    Code(
        "null-rows",
        "fails_pre",
        "{rows} of {where} NULL, which becomes NOT NULL",
        "fill the rows first, or give the field a default",
    ),
    Code(
        "duplicate-rows",
        "fails_pre",
        "{rows} of {table} share ({column}), which becomes unique: {groups} keys occur more than once",
        "merge or remove the duplicates first",
    ),
    Code("check-broken", "fails_pre", "{rows} of {table} break the new CHECK {name}", "mend the rows first"),
    Code(
        "exclusion-broken",
        "fails_pre",
        "{rows} of {table} conflict under the new exclusion constraint {name}",
        "mend the rows first",
    ),
    Code(
        "orphan-rows",
        "fails_pre",
        "{rows} of {where} naming no row of {target}, to which it becomes a foreign key",
        "remove or repoint the rows first",
    ),
    Code(
        "value-too-long",
        "fails_pre",
        "{rows} of {where} too long for {type}",
        "shorten the values first, or allow more",
    ),
    Code(
        "not-castable",
        "fails_pre",
        "{rows} of {where} not convertible to {type}",
        "correct the values first",
    ),
    Code(
        "out-of-range",
        "fails_pre",
        "{rows} of {where} out of the range of {type}",
        "correct the values first, or take a wider type",
    ),
    Code(
        "no-default",
        "fails_pre",
        "{rows} in {table} get no value for the new column {column}, which is NOT NULL",
        "give the field a default or db_default, or add it as null and fill it",
    ),
    Code(
        "expression-fails",
        "fails_pre",
        "{rows} of {table} for which an expression that is computed for each row raises an error",
        "correct the rows first, or the expression",
    ),
    Code(
        "too-big-for-index",
        "fails_pre",
        "{rows} of {where} larger than an index takes",
        "index a part of it or its hash, or shorten the values",
    ),
    Code("view-in-the-way", "fails_pre", "", "drop the view before, and make it again after"),
    Code("invalid-index", "fails_pre", "", "drop the invalid index first: DROP INDEX CONCURRENTLY"),
    Code("already-there", "fails_pre", "", "find out who made it; fake the operation or remove the object"),
    Code("missing", "fails_pre", "", "find out why it is gone; the migrations say that it is there"),
    Code(
        "events-pending",
        "fails_pre",
        "",
        "put the change of rows and the change of the table into two migrations, or run "
        "SET CONSTRAINTS ALL IMMEDIATE between them",
    ),
    Code("migration-raises", "fails_pre", "", "correct the migration or the rows that it meets"),
    Code("own-pre-check", "fails_pre", "", "mend the rows, or the check"),
    # wrong results
    Code(
        "choice-removed",
        "fails_post",
        "{rows} of {where} holding a value that is no choice any more",
        "map the old values in a data migration first",
    ),
    Code(
        "undeclared-change",
        "fails_post",
        "",
        "correct the migration, or declare the change (changed_columns)",
    ),
    Code("undeclared-rows", "fails_post", "", "correct the migration, or declare the rows (row_delta)"),
    Code("row-delta", "fails_post", "", "correct the migration, or the declared number"),
    Code("own-post-check", "fails_post", "", "correct the migration, or the check"),
    Code(
        "state-differs", "fails_post", "", "make the database follow the models, or the models the database"
    ),
    Code("unvalidated", "fails_post", "", "validate it (ValidateConstraint), or build the index again"),
    Code("cannot-write", "fails_post", "", "the table must take rows of its model; see the message"),
    Code("sequence-behind", "fails_post", "", "set the sequence above the greatest key (setval)"),
    Code("view-dropped", "fails_post", "", "drop the view in the migration, and make it again"),
    Code(
        "not-repeatable",
        "rollback_mismatch",
        "",
        "make the reverse undo all, so that it can be applied again",
    ),
    # loss
    Code("rows-lost", "data_loss", "", "keep the rows elsewhere and bring them back in the reverse"),
    Code("values-lost", "data_loss", "", "keep the values elsewhere and bring them back in the reverse"),
    # the way back
    Code("irreversible", "irreversible", "", "give it a reverse (reverse_code, reverse_sql)"),
    Code("reverse-raises", "irreversible", "", "correct the reverse"),
    Code("rollback-differs", "rollback_mismatch", "", "correct the reverse"),
    # what is only said
    Code(
        "values-dropped",
        "safe",
        "{rows} of {where} not NULL in a column that is dropped",
        "keep the values elsewhere if they matter",
    ),
    Code(
        "rows-dropped",
        "safe",
        "{rows} in the dropped table {table}",
        "keep the rows elsewhere if they matter",
    ),
    Code("nulls-filled", "safe", "{rows} of {where} NULL, which becomes {value}", ""),
    Code(
        "truncates-text",
        "safe",
        "{rows} of {where} cut silently by the conversion to {type}",
        "shorten the values yourself first, or allow more",
    ),
    Code(
        "loses-digits",
        "safe",
        "{rows} of {where} losing digits in {type}",
        "take a type that holds them",
    ),
    Code(
        "value-changed",
        "safe",
        "{rows} of {where} not the same when converted to {type} and back",
        "take a type that holds them",
    ),
    Code("declared-change", "safe", "", ""),
    Code(
        "not-reversed", "safe", "", "write the values before back in the reverse, if going back is to undo it"
    ),
    Code("undecided", "safe", "", "rehearse it: only that can tell"),
    Code("old-code", "safe", "", "deploy in two steps while old code runs"),
    Code("rewrite", "safe", "", ""),
    Code("lock", "safe", "", ""),
    Code("half-way", "safe", "", "keep the SQL that clears it at hand, or make each operation one migration"),
    Code("note", "safe", "", ""),
)

CODES: Mapping[str, Code] = MappingProxyType({code.name: code for code in _ALL})


def message_of(
    code: str, table: str, column: str, rows: int | None, groups: int | None, facts: Mapping[str, str]
) -> str:
    """The sentence of a code."""
    where = f"{table}.{column}" if column and "," not in column else table
    verb = "is" if rows == 1 else "are"
    number = "some rows" if rows is None else "1 row" if rows == 1 else f"{rows} rows"
    words = {"type": "", "name": "", "target": "", "value": "", "length": "", **facts}
    text = CODES[code].message.format(
        table=table, column=column, where=f"{where} {verb}", rows=number, groups=groups, **words
    )
    return text.strip()
