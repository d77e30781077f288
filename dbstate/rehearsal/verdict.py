"""From what was asked and seen to one verdict and its findings."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from dbstate.catalog.diff import Difference
from dbstate.findings import Finding, Severity
from dbstate.rehearsal.answering import Answers
from dbstate.rehearsal.asked import Asked
from dbstate.rehearsal.codes import CODES, ORDER, Verdict
from dbstate.rehearsal.evidence import Comparison, Evidence, SequenceBehind, Unvalidated
from dbstate.rehearsal.own import Expected
from dbstate.snapshots import ColumnChange, DroppedColumn, Sample, TableChange

Rows = Literal["live", "snapshot", "generated", "queries"]
"""What the verdict rests on; ``queries``: nothing was rehearsed."""

_OF_DJANGO = frozenset({"django_migrations", "django_content_type", "auth_permission", "django_site"})
_HARMLESS = frozenset({"extension", "schema"})
"""What a reverse may leave behind: others may use it by then."""
_ABOUT_ROWS = ("22", "23")
"""Classes of SQLSTATE: data exceptions, broken constraints."""
_NO_VERDICT = frozenset({"timeout", "outside", "setup"})


@dataclass(frozen=True, slots=True)
class Soundness:
    """A database after a migration."""

    unvalidated: tuple[Unvalidated, ...] = ()
    drift: tuple[Difference, ...] = ()
    sequences: tuple[SequenceBehind, ...] = ()


@dataclass(frozen=True, slots=True)
class Facts:
    """All that a verdict is made of."""

    migrations: tuple[str, ...]
    source: Answers
    """What was asked of the source."""
    expected: Expected
    evidence: Evidence | None = None
    copy: tuple[Asked, ...] = ()
    """What was asked of the copy after the migration: choices, own checks."""
    rows: Rows = "queries"
    opaque: bool = False
    """Whether Python or SQL of the project runs in the migrations."""
    filled: frozenset[str] = frozenset()
    """``table.column`` of columns whose NULLs the operations themselves declare to fill."""
    show_values: bool = False
    migrated: Soundness | None = None
    """The database itself, after the real migrate."""
    backwards: bool = False
    """Whether the evidence is of a migrated database: reversed first, then applied again."""


@dataclass(frozen=True, slots=True)
class Allowance:
    """``CODE`` or ``CODE:table.column`` of findings that are meant, and why."""

    code: str
    where: str
    reason: str

    def covers(self, finding: Finding) -> bool:
        """Whether the finding is of this kind."""
        place = f"{finding.table}.{finding.column}" if finding.column else finding.table
        names = {place, finding.table} if self.where else {""}
        return finding.code == self.code and (not self.where or self.where in names)


@dataclass(frozen=True, slots=True)
class Judgement:
    """The answer."""

    verdict: Verdict
    findings: tuple[Finding, ...]
    rows: Rows
    undecided: tuple[str, ...] = ()
    """Why nothing can be said after all; then the verdict does not count."""
    possible: bool = False
    """Whether generated rows have shown something that real rows need not."""


def judge(facts: Facts, allowed: Iterable[Allowance] = ()) -> Judgement:
    """The verdict, the first that applies, and every finding."""
    found = _allow(list(_findings(facts)), tuple(allowed))
    undecided = tuple(_undecided(facts))
    possible = False
    if facts.rows == "generated":
        found, possible = _possible(found, facts.evidence)
    asked_for = {CODES[f.code].leads_to for f in found if f.severity == "error"}
    asked_for |= {_PREDICTED[f.code] for f in found if f.severity == "error" and f.code in _PREDICTED}
    verdict: Verdict = next((one for one in ORDER if one in asked_for), "safe")
    return Judgement(verdict, tuple(sorted(found, key=_rank)), facts.rows, undecided, possible)


def _rank(finding: Finding) -> tuple[int, int]:
    code = CODES[finding.code]
    return ("error", "warning", "note").index(finding.severity), ORDER.index(code.leads_to)


def _allow(found: list[Finding], allowed: tuple[Allowance, ...]) -> list[Finding]:
    result = []
    for finding in found:
        covering = next((one for one in allowed if one.covers(finding)), None)
        if covering is not None and finding.severity == "error":
            finding = replace(
                finding, severity="note", message=f"{finding.message} (allowed: {covering.reason})"
            )
        result.append(finding)
    return result


def _possible(found: list[Finding], evidence: Evidence | None) -> tuple[list[Finding], bool]:
    """What only generated rows have shown may not be so with real ones.

    What no row is needed for stays: no reverse, another schema, an error that is not about a row's values.
    """
    failure = evidence.failure if evidence else None
    by_rows = failure is not None and failure.sqlstate[:2] in _ABOUT_ROWS
    weakened = [
        replace(one, severity="warning", message=f"possible: {one.message}")
        if one.severity == "error"
        and one.phase != "pre"
        and (one.rows is not None or (by_rows and one.code in ("migration-raises", "reverse-raises")))
        else one
        for one in found
    ]
    return weakened, weakened != found


def _undecided(facts: Facts) -> Iterator[str]:
    evidence = facts.evidence
    if evidence is None:
        yield from facts.source.unanswered
        return
    failure = evidence.failure
    if failure is not None and failure.kind in _NO_VERDICT:
        yield f"{failure.migration or 'the rehearsal'} ({failure.phase}): {failure.message}"


# findings -----------------------------------------------------------------------------------------------


def _findings(facts: Facts) -> Iterator[Finding]:
    evidence = facts.evidence
    if facts.migrated is not None:
        for asked in facts.copy:
            yield _from_asked(asked, "error", "post")
        yield from _of_soundness(facts.migrated)
        return
    if evidence is None:
        yield from _of_source_alone(facts)
        return
    if facts.backwards:
        yield from _of_way_back(facts, evidence)
        yield from _of_rollback(facts, evidence)
        return
    applied = evidence.applied is not None
    yield from _of_source_rehearsed(facts, applied=applied)
    if not applied:
        yield from _of_failure(facts, evidence)
        return
    for asked in facts.copy:
        yield _from_asked(asked, "error", "post")
    yield from _of_changes(facts, evidence)
    yield from _of_end(evidence)
    yield from _of_way_back(facts, evidence)


_PREDICTED: Mapping[str, Verdict] = {
    "truncates-text": "data_loss",
    "loses-digits": "data_loss",
    "value-changed": "data_loss",
    "values-dropped": "data_loss",
    "rows-dropped": "data_loss",
}
"""What a query alone foresees, where nothing of the project's own runs that could keep it."""


def _of_source_alone(facts: Facts) -> Iterator[Finding]:
    for asked in facts.source.asked:
        if not asked.certain:
            message = f"{asked.message}, unless what runs before it changes that: a rehearsal can tell"
            yield replace(_from_asked(asked, "warning", "pre"), message=message)
        elif CODES[asked.code].leads_to != "safe" or (asked.code in _PREDICTED and not facts.opaque):
            yield _from_asked(asked, "error", "pre")
        else:
            yield _from_asked(asked, "warning" if asked.code in _PREDICTED else "note", "pre")


def _of_source_rehearsed(facts: Facts, *, applied: bool) -> Iterator[Finding]:
    """A query that says that the migration cannot be applied counts unless it was applied."""
    for asked in facts.source.asked:
        leads_to = CODES[asked.code].leads_to
        if leads_to == "fails_pre" and asked.certain:
            own = asked.code == "own-pre-check" or facts.rows == "generated"
            if not applied or own:
                yield _from_asked(asked, "error", "pre")
            else:
                message = f"{asked.message}; the rehearsal went through all the same"
                yield replace(_from_asked(asked, "note", "pre"), message=message)
        elif leads_to == "safe" and asked.certain:
            yield _from_asked(asked, "note", "pre")


def _from_asked(asked: Asked, severity: Severity, phase: str) -> Finding:
    return _finding(
        asked.code,
        severity,
        phase,
        asked.message,
        table=asked.table,
        column=asked.column,
        rows=asked.rows,
        keys=asked.keys,
        sql=asked.sql,
        operation=_operation(asked.migration, asked.operation, asked.operation_text),
        evidence=asked.values,
    )


def _operation(migration: str, index: int | None, text: str) -> str:
    if not migration:
        return ""
    if index is None:
        return f"{migration}: {text}" if text else migration
    return f"{migration}[{index}]: {text}"


def _finding(
    code: str,
    severity: Severity,
    phase: str,
    message: str,
    *,
    table: str = "",
    column: str = "",
    rows: int | None = None,
    keys: tuple[str, ...] = (),
    sql: str = "",
    operation: str = "",
    where: str = "",
    evidence: tuple[str, ...] = (),
) -> Finding:
    plain = column if column and "," not in column else ""
    place = where or (f"{table}.{plain}" if plain else table) or operation
    return Finding(
        code,
        severity,
        place,
        message,
        CODES[code].fix,
        evidence,
        phase,
        operation,
        table,
        column,
        rows,
        keys,
        sql,
    )


# a failure ----------------------------------------------------------------------------------------------


def _of_failure(facts: Facts, evidence: Evidence) -> Iterator[Finding]:
    failure = evidence.failure
    if failure is None or failure.kind in _NO_VERDICT:
        return
    explained = [one for one in failure.asked if CODES[one.code].leads_to == "fails_pre"]
    known = {(a.migration, a.operation, a.code, a.table, a.column) for a in facts.source.asked if a.certain}
    for asked in explained:
        if (asked.migration, asked.operation, asked.code, asked.table, asked.column) not in known:
            yield _from_asked(asked, "error", failure.phase)
    here = any(
        a.certain
        and (a.migration, a.operation) == (failure.migration, failure.operation)
        and CODES[a.code].leads_to == "fails_pre"
        for a in facts.source.asked
    )
    said = (
        f"{failure.exception.rpartition('.')[2]}: {failure.message}" if failure.exception else failure.message
    )
    yield _finding(
        "migration-raises",
        "note" if explained or here else "error",
        failure.phase,
        f"{failure.migration} cannot be applied: {said}",
        table=failure.table,
        column=failure.column,
        operation=_operation(failure.migration, failure.operation, failure.operation_text),
        where=failure.where,
        sql=failure.statement,
    )
    for left in evidence.leftovers:
        yield _finding("half-way", "warning", failure.phase, f"left behind: {left.text}", sql=left.sql)


# what changed -------------------------------------------------------------------------------------------


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


def _of_changes(facts: Facts, evidence: Evidence) -> Iterator[Finding]:
    assert evidence.applied is not None
    returned = _by_table(evidence.returned) if evidence.returned else None
    sides = _Round(facts, _by_table(evidence.applied), returned)
    for change in sides.applied.values():
        if evidence.applied.renamed_content_types and change.table == "django_content_type":
            continue
        yield from _of_rows(sides, change)
        for column in change.columns:
            yield from _of_column(sides, change, column)
        for dropped in change.dropped:
            yield from _of_dropped(sides, change, dropped)
    yield from _of_unmoved(sides)


def _by_table(comparison: Comparison) -> dict[str, TableChange]:
    return {change.table: change for change in comparison.tables}


def _of_unmoved(sides: _Round) -> Iterator[Finding]:
    """Tables that are meant to gain or lose rows and did not."""
    for table, wanted in sides.facts.expected.row_delta.items():
        moved = {name for change in sides.applied.values() for name in (change.table, change.table_after)}
        if wanted and table not in moved:
            message = f"{table} is meant to change by {wanted:+d} rows and did not"
            yield _finding("row-delta", "error", "post", message, table=table, rows=0)


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
        yield _finding(
            "undeclared-change",
            "error",
            "post",
            message,
            table=change.table,
            rows=max(change.gained, change.lost),
        )
    elif change.gained and change.table_after is not None and change.table not in _OF_DJANGO:
        message = f"{_rows(change.gained)} more in {change.table}, which nothing declares"
        yield _finding(
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
        gone = f"{_rows(not_back)} of {change.table} gone, and the reverse does not bring them back"
        keys = (back.lost_keys if back else ()) or change.lost_keys
        yield _finding("rows-lost", "error", "post", gone, table=change.table, rows=not_back, keys=keys)
    elif change.table_after is not None:
        message = (
            f"{_rows(change.lost)} of {change.table} gone (the reverse brings them back); nothing declares it"
        )
        yield _finding(
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
        yield _finding(
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
            f"{_rows(not_back)} of {change.table} gone as declared; the reverse does not bring them back"
        )
        yield _finding("declared-change", "warning", "post", message, table=change.table, rows=not_back)


def _of_column(sides: _Round, change: TableChange, column: ColumnChange) -> Iterator[Finding]:
    """A column that holds something else than before."""
    names = {
        f"{table}.{name}"
        for table in (change.table, change.table_after or change.table)
        for name in (column.column, column.column_after)
    }
    keys = tuple(sample.key for sample in column.samples)
    common = {
        "table": change.table,
        "column": column.column,
        "rows": column.rows,
        "keys": keys,
        "evidence": _values(sides.facts, column.samples),
    }
    where = f"{change.table}.{column.column}"
    if column.type_before != column.type_after:
        yield from _of_retyped(sides, change, column)
    elif names & sides.facts.expected.changed_columns:
        message = f"{_rows(column.rows)} of {where} changed, as declared"
        yield _finding("declared-change", "note", "post", message, **common)  # type: ignore[arg-type]
    elif column.filled == column.rows and names & sides.facts.filled:
        message = f"{_rows(column.rows)} of {where} were NULL and got a value: the column becomes NOT NULL"
        yield _finding("nulls-filled", "note", "post", message, **common)  # type: ignore[arg-type]
    else:
        message = f"{_rows(column.rows)} of {where} changed, and nothing declares it"
        yield _finding("undeclared-change", "error", "post", message, **common)  # type: ignore[arg-type]


def _of_retyped(sides: _Round, change: TableChange, column: ColumnChange) -> Iterator[Finding]:
    """A conversion is declared by its operation: only what does not come back counts."""
    if sides.returned is None and column.rows:
        where = f"{change.table}.{column.column}"
        message = f"{_rows(column.rows)} of {where} lost what {column.type_after} does not hold"
        keys = tuple(sample.key for sample in column.samples)
        yield _finding(
            "values-lost",
            "error",
            "post",
            message,
            table=change.table,
            column=column.column,
            rows=column.rows,
            keys=keys,
            evidence=_values(sides.facts, column.samples),
        )


def _of_dropped(sides: _Round, change: TableChange, dropped: DroppedColumn) -> Iterator[Finding]:
    """Only where there is no way back; else the round trip tells."""
    if sides.returned is not None or not dropped.held:
        return
    where = f"{change.table}.{dropped.column}"
    message = f"{_rows(dropped.held)} of {where} held a value, and it cannot be brought back"
    yield _finding(
        "values-lost",
        "error",
        "post",
        message,
        table=change.table,
        column=dropped.column,
        rows=dropped.held,
        keys=tuple(sample.key for sample in dropped.samples),
        evidence=_values(sides.facts, dropped.samples),
    )


def _values(facts: Facts, samples: Iterable[Sample]) -> tuple[str, ...]:
    """``key: before -> after``, where values may be shown."""
    if not facts.show_values:
        return ()
    return tuple(f"{one.key}: {_text(one.before)} -> {_text(one.after)}" for one in samples)


def _text(value: str | None) -> str:
    return "NULL" if value is None else repr(value)


def _rows(number: int) -> str:
    return "1 row" if number == 1 else f"{number} rows"


# the end ------------------------------------------------------------------------------------------------


def _of_soundness(found: Soundness) -> Iterator[Finding]:
    for left in found.unvalidated:
        message = f"{left.kind} {left.name} of {left.table} is not validated: {left.definition}"
        yield _finding("unvalidated", "error", "post", message, table=left.table)
    for drift in found.drift:
        message = f"models and database differ: {drift.between('the models', 'the database')}"
        column = drift.name if drift.what == "column" else ""
        yield _finding("state-differs", "error", "post", message, table=drift.table, column=column)
    for behind in found.sequences:
        message = f"{behind.sequence} gives {behind.next_value} next, but {behind.greatest} is taken"
        yield _finding("sequence-behind", "error", "post", message, table=behind.table, column=behind.column)


def _of_end(evidence: Evidence) -> Iterator[Finding]:
    yield from _of_soundness(Soundness(evidence.unvalidated, evidence.drift, evidence.sequences))
    for tried in evidence.written:
        if tried.failure:
            severity: Severity = "error" if tried.tried else "note"
            verb = "cannot be written and read back" if tried.tried else "were not tried"
            message = f"rows of {tried.model} {verb}: {tried.failure}"
            code = "cannot-write" if tried.tried else "note"
            yield _finding(code, severity, "post", message, table=tried.table)
    for old in evidence.old_code:
        message = f"code of before can no longer {old.action} {old.table}: {old.reason}"
        yield _finding("old-code", "warning", "post", message, table=old.table, column=old.column)
    if evidence.applied is not None:
        for difference in evidence.applied.schema:
            if difference.what in ("view", "materialized view") and difference.change == "removed":
                message = f"{difference.what} {difference.name or difference.table} is gone, silently"
                yield _finding("view-dropped", "error", "post", message, table=difference.table)
    for half in evidence.halfway:
        if not half.runs_again:
            clears = "; ".join(left.sql for left in half.leftovers if left.sql)
            message = (
                f"{half.migration} is not atomic: failing before operation {half.before_operation} leaves "
                f"{', '.join(left.text for left in half.leftovers) or 'something'}, and it does not run again"
            )
            yield _finding("half-way", "warning", "post", message, sql=clears)


# the way back -------------------------------------------------------------------------------------------


def _of_way_back(facts: Facts, evidence: Evidence) -> Iterator[Finding]:
    failure = evidence.failure
    if failure is not None and failure.phase == "reverse" and failure.kind not in _NO_VERDICT:
        code = "irreversible" if failure.kind == "irreversible" else "reverse-raises"
        message = f"{failure.migration} cannot be reversed: {failure.message}"
        yield _finding(
            code,
            "error",
            "reverse",
            message,
            table=failure.table,
            column=failure.column,
            operation=_operation(failure.migration, failure.operation, failure.operation_text),
            sql=failure.statement,
        )
    if evidence.returned is not None and not facts.backwards:
        yield from _of_return(facts, evidence)
    if failure is not None and failure.phase == "reapply" and failure.kind not in _NO_VERDICT:
        message = f"{failure.migration} cannot be applied again after its reverse: {failure.message}"
        operation = _operation(failure.migration, failure.operation, failure.operation_text)
        yield _finding("not-repeatable", "error", "reapply", message, operation=operation)


def _of_rollback(facts: Facts, evidence: Evidence) -> Iterator[Finding]:
    """What going back would lose of what is there now, for good: applying again does not bring it back."""
    if evidence.returned is None:
        return
    again = _by_table(evidence.repeated) if evidence.repeated else None
    for change in evidence.returned.tables:
        if change.table in _OF_DJANGO:
            continue
        repeated = again.get(change.table) if again is not None else None
        lost = change.lost if again is None else repeated.lost if repeated else 0
        if lost:
            message = (
                f"going back loses {_rows(lost)} of {change.table}; applying again does not bring them back"
            )
            keys = change.lost_keys
            yield _finding(
                "rows-lost", "error", "rollback", message, table=change.table, rows=lost, keys=keys
            )
    for change in again.values() if again is not None else evidence.returned.tables:
        for column in change.columns if again is not None else ():
            where = f"{change.table}.{column.column}"
            message = (
                f"going back and applying again leaves {_rows(column.rows)} of {where} with other values"
            )
            yield _finding(
                "values-lost",
                "error",
                "rollback",
                message,
                table=change.table,
                column=column.column,
                rows=column.rows,
                keys=tuple(sample.key for sample in column.samples),
                evidence=_values(facts, column.samples),
            )


def _of_return(facts: Facts, evidence: Evidence) -> Iterator[Finding]:
    assert evidence.returned is not None
    assert evidence.applied is not None
    for difference in evidence.returned.schema:
        message = f"after the reverse the schema is not what it was: {difference}"
        column = difference.name if difference.what == "column" else ""
        left = difference.change == "added" and difference.what in _HARMLESS
        code, severity = ("note", "warning") if left else ("rollback-differs", "error")
        yield _finding(code, severity, "reverse", message, table=difference.table, column=column)  # type: ignore[arg-type]
    applied = _by_table(evidence.applied)
    for change in evidence.returned.tables:
        if change.table in _OF_DJANGO:
            continue
        yield from _of_returned_rows(facts, change, applied.get(change.table))
        for changed in change.columns:
            yield from _of_returned_column(facts, change, changed, applied.get(change.table))


def _of_returned_rows(facts: Facts, change: TableChange, went: TableChange | None) -> Iterator[Finding]:
    if change.lost and not (went and went.lost):
        message = f"the reverse removes {_rows(change.lost)} of {change.table} that the migration had kept"
        yield _finding(
            "rollback-differs",
            "error",
            "reverse",
            message,
            table=change.table,
            rows=change.lost,
            keys=change.lost_keys,
        )
    if change.gained:
        message = f"after the reverse {_rows(change.gained)} more in {change.table} than before"
        yield _finding(
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
        "rows": column.rows,
        "keys": tuple(sample.key for sample in column.samples),
        "evidence": _values(facts, column.samples),
    }
    there = next((one for one in went.columns if one.column == column.column), None) if went else None
    dropped = any(one.column == column.column for one in went.dropped) if went else False
    table_dropped = went is not None and went.table_after is None
    retyped = there is not None and there.type_before != there.type_after
    if retyped or ((dropped or table_dropped) and not (facts.opaque and _brings_something(column))):
        message = f"{_rows(column.rows)} of {where} lost: the reverse does not bring the values back"
        yield _finding("values-lost", "error", "reverse", message, **common)  # type: ignore[arg-type]
        return
    if there is not None and column.kept == column.rows:
        # Whether it was meant at all has been said of the way there.
        message = (
            f"{_rows(column.rows)} of {where} stay as the migration has written them: the reverse leaves them"
        )
        yield _finding("declared-change", "warning", "reverse", message, **common)  # type: ignore[arg-type]
        return
    message = f"after the reverse {_rows(column.rows)} of {where} hold something else than before"
    yield _finding("rollback-differs", "error", "reverse", message, **common)  # type: ignore[arg-type]


def _brings_something(column: ColumnChange) -> bool:
    """Whether the reverse put values there, if not the right ones; one same value for all is a default."""
    values = {sample.after for sample in column.samples}
    return column.nulled < column.rows and not (len(values) == 1 and column.rows > 1) and values != {""}


__all__ = ["Allowance", "Facts", "Judgement", "Rows", "judge"]
