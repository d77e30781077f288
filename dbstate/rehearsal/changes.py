"""Findings of the way there: what the migration changed, against what is declared."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from dbstate.findings import Finding
from dbstate.rehearsal.evidence import Evidence
from dbstate.rehearsal.grounds import OF_DJANGO, Facts, by_table, counted, finding_of, shown_values
from dbstate.rehearsal.own import Expected
from dbstate.snapshots import ColumnChange, DroppedColumn, TableChange


@dataclass(slots=True)
class _Round:
    """The two comparisons side by side."""

    facts: Facts
    applied: Mapping[str, TableChange]
    returned: Mapping[str, TableChange] | None
    """None where the way back was not gone to its end."""
    names: dict[str, str] = field(default_factory=dict)

    def back(self, table: str) -> TableChange | None:
        return None if self.returned is None else self.returned.get(table)


def of_changes(facts: Facts, evidence: Evidence) -> Iterator[Finding]:
    assert evidence.applied is not None
    returned = by_table(evidence.returned) if evidence.returned else None
    sides = _Round(facts, by_table(evidence.applied), returned)
    for change in sides.applied.values():
        if evidence.applied.renamed_content_types and change.table == "django_content_type":
            continue
        yield from _of_rows(sides, change)
        for column in change.columns:
            yield from _of_column(sides, change, column)
        for dropped in change.dropped:
            yield from _of_dropped(sides, change, dropped)
    yield from _of_unmoved(sides, dict(evidence.applied.new_tables))


def _of_unmoved(sides: _Round, made: Mapping[str, int]) -> Iterator[Finding]:
    """Tables that are meant to gain or lose rows and did not; ``made`` has the rows of new ones."""
    for table, wanted in sides.facts.expected.row_delta.items():
        moved = {name for change in sides.applied.values() for name in (change.table, change.table_after)}
        delta = made.get(table, 0)
        if wanted != delta and table not in moved:
            how = f"changed by {delta:+d}" if delta else "did not"
            message = f"{table} is meant to change by {wanted:+d} rows and {how}"
            yield finding_of("row-delta", "error", "post", message, table=table, rows=abs(delta))


def _of_rows(sides: _Round, change: TableChange) -> Iterator[Finding]:
    back = sides.back(change.table)
    not_back = change.lost if sides.returned is None else back.lost if back else 0
    wanted = _wanted_delta(sides.facts.expected, change)
    delta = change.rows_after - change.rows_before
    if change.table_after is not None and wanted is not None:
        yield from _of_declared_rows(change, wanted, delta, not_back)
        return
    if not change.keyed and change.gained and change.table_after is not None:
        message = f"rows of {change.table} are not what they were, and nothing declares it (it has no key)"
        yield finding_of(
            "undeclared-change",
            "error",
            "post",
            message,
            table=change.table,
            rows=max(change.gained, change.lost),
        )
    elif change.gained and change.table_after is not None and change.table not in OF_DJANGO:
        message = f"{counted(change.gained)} more in {change.table}, which nothing declares"
        yield finding_of(
            "undeclared-rows",
            "error",
            "post",
            message,
            table=change.table,
            rows=change.gained,
            keys=change.gained_keys,
        )
    if not change.lost:
        return
    if not_back:
        gone = f"{counted(not_back)} of {change.table} gone, and the reverse does not bring them back"
        keys = (back.lost_keys if back else ()) or change.lost_keys
        yield finding_of("rows-lost", "error", "post", gone, table=change.table, rows=not_back, keys=keys)
    elif change.table_after is not None:
        message = (
            f"{counted(change.lost)} of {change.table} gone (not after the reverse); nothing declares it"
        )
        yield finding_of(
            "undeclared-rows",
            "error",
            "post",
            message,
            table=change.table,
            rows=change.lost,
            keys=change.lost_keys,
        )


def _wanted_delta(expected: Expected, change: TableChange) -> int | None:
    for name in (change.table, change.table_after):
        if name is not None and name in expected.row_delta:
            return expected.row_delta[name]
    return None


def _of_declared_rows(change: TableChange, wanted: int, delta: int, not_back: int) -> Iterator[Finding]:
    if delta != wanted:
        message = f"{change.table} is meant to change by {wanted:+d} rows and changed by {delta:+d}"
        yield finding_of(
            "row-delta",
            "error",
            "post",
            message,
            table=change.table,
            rows=abs(delta),
            keys=change.gained_keys or change.lost_keys,
        )
    elif not_back:
        message = (
            f"{counted(not_back)} of {change.table} gone as declared; the reverse does not bring them back"
        )
        yield finding_of("not-reversed", "warning", "post", message, table=change.table, rows=not_back)


def _of_column(sides: _Round, change: TableChange, column: ColumnChange) -> Iterator[Finding]:
    """A column that holds something else than before; a conversion is declared by its operation."""
    facts = sides.facts
    names = names_of(change, column)
    where = f"{change.table}.{column.column}"
    if names & facts.expected.changed_columns:
        message = f"{counted(column.rows)} of {where} changed, as declared"
        yield _finding(sides, change, column, "declared-change", column.rows, message)
        return
    filled = column.filled if names & facts.filled else 0
    changed = column.rows
    if column.is_retyped:
        changed = column.filled + (column.rewritten if names & facts.cast else 0)
    if filled:
        message = f"{counted(filled)} of {where} were NULL and got a value: the column becomes NOT NULL"
        yield _finding(sides, change, column, "nulls-filled", filled, message)
    if changed > filled:
        message = f"{counted(changed - filled)} of {where} changed, and nothing declares it"
        yield _finding(sides, change, column, "undeclared-change", changed - filled, message)
    if column.is_retyped and sides.returned is None and column.lossy:
        message = f"{counted(column.lossy)} of {where} lost what {column.type_after} does not hold"
        yield _finding(sides, change, column, "values-lost", column.lossy, message)


def names_of(change: TableChange, column: ColumnChange) -> set[str]:
    """``table.column``, by the names of before and of now."""
    return {
        f"{table}.{name}"
        for table in (change.table, change.table_after or change.table)
        for name in (column.column, column.column_after)
    }


def _finding(
    sides: _Round, change: TableChange, column: ColumnChange, code: str, rows: int, message: str
) -> Finding:
    samples = column.samples
    if code == "undeclared-change":
        samples = column.rewritten_samples or tuple(one for one in samples if one.before is not None)
    elif code == "nulls-filled":
        samples = tuple(one for one in samples if one.before is None)
    return finding_of(
        code,
        "error" if code in ("undeclared-change", "values-lost") else "note",
        "post",
        message,
        table=change.table,
        column=column.column,
        rows=rows,
        keys=tuple(sample.key for sample in samples or column.samples),
        evidence=shown_values(sides.facts, samples or column.samples),
    )


def _of_dropped(sides: _Round, change: TableChange, dropped: DroppedColumn) -> Iterator[Finding]:
    """Only where there is no way back; else the round trip tells."""
    if sides.returned is not None or not dropped.held:
        return
    where = f"{change.table}.{dropped.column}"
    message = f"{counted(dropped.held)} of {where} held a value, and it cannot be brought back"
    yield finding_of(
        "values-lost",
        "error",
        "post",
        message,
        table=change.table,
        column=dropped.column,
        rows=dropped.held,
        keys=tuple(sample.key for sample in dropped.samples),
        evidence=shown_values(sides.facts, dropped.samples),
    )
