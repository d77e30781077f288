"""Findings of the way back: what the reverse does not give back, and what going back would lose."""

from __future__ import annotations

from collections.abc import Iterator

from dbstate.catalog.diff import is_for_like
from dbstate.findings import Finding
from dbstate.rehearsal.changes import names_of
from dbstate.rehearsal.evidence import Evidence
from dbstate.rehearsal.grounds import (
    NO_VERDICT,
    OF_DJANGO,
    Facts,
    by_table,
    counted,
    finding_of,
    operation_text,
    shown_values,
)
from dbstate.snapshots import ColumnChange, TableChange

_HARMLESS = frozenset({"extension", "schema"})
"""What a reverse may leave behind: others may use it by then."""


def of_way_back(facts: Facts, evidence: Evidence) -> Iterator[Finding]:
    failure = evidence.failure
    if failure is not None and failure.phase == "reverse" and failure.kind not in NO_VERDICT:
        code = "irreversible" if failure.kind == "irreversible" else "reverse-raises"
        message = f"{failure.migration} cannot be reversed: {failure.message}"
        yield finding_of(
            code,
            "error",
            "reverse",
            message,
            table=failure.table,
            column=failure.column,
            operation=operation_text(failure.migration, failure.operation, failure.operation_text),
            sql=failure.statement,
        )
    if evidence.returned is not None and not facts.backwards:
        yield from _of_return(facts, evidence)
    if failure is not None and failure.phase == "reapply" and failure.kind not in NO_VERDICT:
        message = f"{failure.migration} cannot be applied again after its reverse: {failure.message}"
        operation = operation_text(failure.migration, failure.operation, failure.operation_text)
        yield finding_of("not-repeatable", "error", "reapply", message, operation=operation)


def of_rollback(facts: Facts, evidence: Evidence) -> Iterator[Finding]:
    """What going back would lose of what is there now, for good: applying again does not bring it back."""
    if evidence.returned is None:
        return
    again = by_table(evidence.repeated) if evidence.repeated else None
    for change in evidence.returned.tables:
        if change.table in OF_DJANGO:
            continue
        repeated = again.get(change.table) if again is not None else None
        lost = change.lost if again is None else repeated.lost if repeated else 0
        if lost:
            message = (
                f"going back loses {counted(lost)} of {change.table}; applying again does not bring them back"
            )
            keys = change.lost_keys
            yield finding_of(
                "rows-lost", "error", "rollback", message, table=change.table, rows=lost, keys=keys
            )
    for change in again.values() if again is not None else evidence.returned.tables:
        for column in change.columns if again is not None else ():
            where = f"{change.table}.{column.column}"
            message = (
                f"going back and applying again leaves {counted(column.rows)} of {where} with other values"
            )
            yield finding_of(
                "values-lost",
                "error",
                "rollback",
                message,
                table=change.table,
                column=column.column,
                rows=column.rows,
                keys=tuple(sample.key for sample in column.samples),
                evidence=shown_values(facts, column.samples),
            )


def _of_return(facts: Facts, evidence: Evidence) -> Iterator[Finding]:
    assert evidence.returned is not None
    assert evidence.applied is not None
    for difference in evidence.returned.schema:
        message = f"after the reverse the schema is not what it was: {difference}"
        column = difference.name if difference.what == "column" else ""
        left = difference.change == "added" and difference.what in _HARMLESS
        harmless = left or is_for_like(difference)
        code, severity = ("note", "warning") if harmless else ("rollback-differs", "error")
        yield finding_of(code, severity, "reverse", message, table=difference.table, column=column)  # type: ignore[arg-type]
    applied = by_table(evidence.applied)
    for change in evidence.returned.tables:
        if change.table in OF_DJANGO:
            continue
        yield from _of_returned_rows(facts, change, applied.get(change.table))
        for changed in change.columns:
            yield from _of_returned_column(facts, change, changed, applied.get(change.table))


def _of_returned_rows(facts: Facts, change: TableChange, went: TableChange | None) -> Iterator[Finding]:
    if change.lost and not (went and went.lost):
        message = f"the reverse removes {counted(change.lost)} of {change.table} that the migration had kept"
        yield finding_of(
            "rollback-differs",
            "error",
            "reverse",
            message,
            table=change.table,
            rows=change.lost,
            keys=change.lost_keys,
        )
    if change.gained:
        message = f"after the reverse {counted(change.gained)} more in {change.table} than before"
        yield finding_of(
            "rollback-differs",
            "error",
            "reverse",
            message,
            table=change.table,
            rows=change.gained,
            keys=change.gained_keys,
        )


def _of_returned_column(
    facts: Facts, change: TableChange, column: ColumnChange, went: TableChange | None
) -> Iterator[Finding]:
    where = f"{change.table}.{column.column}"
    common = {
        "table": change.table,
        "column": column.column,
        "keys": tuple(sample.key for sample in column.samples),
        "evidence": shown_values(facts, column.samples),
    }
    there = next((one for one in went.columns if one.column == column.column), None) if went else None
    dropped = any(one.column == column.column for one in went.dropped) if went else False
    table_dropped = went is not None and went.table_after is None
    lost = stays = 0
    if there is not None and went is not None and there.is_retyped:
        names = names_of(went, there)
        # What was written anew has been told of the way there; what the other type does not hold is lost.
        told = bool(names & facts.expected.changed_columns)
        told = told or (bool(names & facts.cast) and there.rewritten == column.rows)
        stays, lost = (column.rows, 0) if told else (0, column.rows)
    elif (dropped or table_dropped) and not (facts.opaque and _brings_something(column)):
        lost = column.rows
    elif there is not None and column.kept == column.rows:
        stays = column.rows
    if lost:
        message = f"{counted(lost)} of {where} lost: the reverse does not bring the values back"
        yield finding_of("values-lost", "error", "reverse", message, rows=lost, **common)  # type: ignore[arg-type]
    if stays:
        message = f"{counted(stays)} of {where} stay as the migration wrote them: the reverse leaves them"
        yield finding_of("not-reversed", "warning", "reverse", message, rows=stays, **common)  # type: ignore[arg-type]
    if not (lost or stays):
        message = f"after the reverse {counted(column.rows)} of {where} hold something else than before"
        yield finding_of("rollback-differs", "error", "reverse", message, rows=column.rows, **common)  # type: ignore[arg-type]


def _brings_something(column: ColumnChange) -> bool:
    """Whether the reverse put values there, if not the right ones; one same value for all is a default."""
    values = {sample.after for sample in column.samples}
    return column.nulled < column.rows and not (len(values) == 1 and column.rows > 1) and values != {""}
