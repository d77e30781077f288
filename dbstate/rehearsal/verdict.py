"""From what was asked and seen to one verdict and its findings."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from dbstate.findings import Finding, Severity
from dbstate.rehearsal.changes import of_changes
from dbstate.rehearsal.codes import CODES, ORDER, Verdict
from dbstate.rehearsal.evidence import Evidence
from dbstate.rehearsal.grounds import (
    NO_VERDICT,
    Facts,
    Rows,
    Soundness,
    finding_of,
    from_asked,
    operation_text,
)
from dbstate.rehearsal.way_back import of_rollback, of_way_back

_ABOUT_ROWS = ("22", "23")
"""Classes of SQLSTATE: data exceptions, broken constraints."""


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
    found = _allow(list(_findings(facts)), tuple(allowed), applied=_was_applied(facts))
    failing = any(f.severity == "error" and CODES[f.code].leads_to == ORDER[0] for f in found)
    undecided = tuple(_undecided(facts, failing=failing))
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


def _was_applied(facts: Facts) -> bool:
    """Whether it is known that the migration can be applied to these rows."""
    return facts.migrated is not None or facts.backwards or bool(facts.evidence and facts.evidence.applied)


def _allow(found: list[Finding], allowed: tuple[Allowance, ...], *, applied: bool) -> list[Finding]:
    """What is allowed becomes a note; that a migration cannot be applied is nothing to be allowed."""
    result = []
    for finding in found:
        covering = next((one for one in allowed if one.covers(finding)), None)
        stops = CODES[finding.code].leads_to == "fails_pre" and finding.code != "own-pre-check"
        if covering is not None and finding.severity == "error" and stops and not applied:
            message = f"{finding.message} (allowing it does not help: the migration cannot be applied)"
            finding = replace(finding, message=message)
        elif covering is not None and finding.severity == "error":
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


def _undecided(facts: Facts, *, failing: bool) -> Iterator[str]:
    """What is open; not questions beside the one whose answer is the worst already."""
    evidence = facts.evidence
    if evidence is None:
        yield from () if failing else facts.source.unanswered
        return
    failure = evidence.failure
    if failure is not None and failure.kind in NO_VERDICT:
        yield f"{failure.migration or 'the rehearsal'} ({failure.phase}): {failure.message}"


# findings -----------------------------------------------------------------------------------------------


def _findings(facts: Facts) -> Iterator[Finding]:
    evidence = facts.evidence
    if facts.migrated is not None:
        for asked in facts.copy:
            yield from_asked(asked, "error", "post")
        yield from _of_soundness(facts.migrated)
        return
    if evidence is None:
        yield from _of_source_alone(facts)
        return
    if facts.backwards:
        yield from of_way_back(facts, evidence)
        yield from of_rollback(facts, evidence)
        return
    applied = evidence.applied is not None
    yield from _of_source_rehearsed(facts, applied=applied)
    if not applied:
        yield from _of_failure(facts, evidence)
        return
    for asked in facts.copy:
        yield from_asked(asked, "error", "post")
    yield from of_changes(facts, evidence)
    yield from _of_end(evidence)
    yield from of_way_back(facts, evidence)


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
            yield replace(from_asked(asked, "warning", "pre"), message=message)
        elif CODES[asked.code].leads_to != "safe" or (asked.code in _PREDICTED and not facts.opaque):
            yield from_asked(asked, "error", "pre")
        else:
            yield from_asked(asked, "warning" if asked.code in _PREDICTED else "note", "pre")
    for operation in facts.irreversible:
        message = f"{operation} cannot be reversed"
        yield finding_of("irreversible", "error", "pre", message, operation=operation)


def _of_source_rehearsed(facts: Facts, *, applied: bool) -> Iterator[Finding]:
    """A query that says that the migration cannot be applied counts unless it was applied."""
    for asked in facts.source.asked:
        leads_to = CODES[asked.code].leads_to
        if leads_to == "fails_pre" and asked.certain:
            own = asked.code == "own-pre-check" or facts.rows == "generated"
            if not applied or own:
                yield from_asked(asked, "error", "pre")
            else:
                message = f"{asked.message}; the rehearsal went through all the same"
                yield replace(from_asked(asked, "note", "pre"), message=message)
        elif leads_to == "safe" and asked.certain:
            yield from_asked(asked, "note", "pre")


IN_USE = "55006"
"""A table is to be changed whose rows were changed in the same transaction: its triggers have yet to run."""
_LEFT = frozenset({"already-there", "invalid-index"})

# a failure ----------------------------------------------------------------------------------------------


def _of_failure(facts: Facts, evidence: Evidence) -> Iterator[Finding]:
    failure = evidence.failure
    if failure is None or failure.kind in NO_VERDICT:
        return
    explained = [
        one
        for one in failure.asked
        # What a non-atomic migration has left itself when it failed was not in its way.
        if CODES[one.code].leads_to == "fails_pre" and not (evidence.leftovers and one.code in _LEFT)
    ]
    known = {(a.migration, a.operation, a.code, a.table, a.column) for a in facts.source.asked if a.certain}
    for asked in explained:
        if (asked.migration, asked.operation, asked.code, asked.table, asked.column) not in known:
            yield from_asked(asked, "error", failure.phase)
    here = any(
        a.certain
        and (a.migration, a.operation) == (failure.migration, failure.operation)
        and CODES[a.code].leads_to == "fails_pre"
        for a in facts.source.asked
    )
    said = (
        f"{failure.exception.rpartition('.')[2]}: {failure.message}" if failure.exception else failure.message
    )
    yield finding_of(
        "events-pending" if failure.sqlstate == IN_USE else "migration-raises",
        "note" if explained or here else "error",
        failure.phase,
        f"{failure.migration} cannot be applied: {said}",
        table=failure.table,
        column=failure.column,
        operation=operation_text(failure.migration, failure.operation, failure.operation_text),
        where=failure.where,
        sql=failure.statement,
    )
    for left in evidence.leftovers:
        yield finding_of("half-way", "warning", failure.phase, f"left behind: {left.text}", sql=left.sql)


# the end ------------------------------------------------------------------------------------------------


def _of_soundness(found: Soundness) -> Iterator[Finding]:
    for left in found.unvalidated:
        message = f"{left.kind} {left.name} of {left.table} is not validated: {left.definition}"
        yield finding_of("unvalidated", "error", "post", message, table=left.table)
    told = {(left.table, left.name) for left in found.unvalidated}
    for drift in found.drift:
        if drift.fact == "validated" and (drift.table, drift.name) in told:
            continue
        message = f"models and database differ: {drift.between('the models', 'the database')}"
        column = drift.name if drift.what == "column" else ""
        yield finding_of("state-differs", "error", "post", message, table=drift.table, column=column)
    for behind in found.sequences:
        message = f"{behind.sequence} gives {behind.next_value} next, but {behind.greatest} is taken"
        yield finding_of(
            "sequence-behind", "error", "post", message, table=behind.table, column=behind.column
        )


def _of_end(evidence: Evidence) -> Iterator[Finding]:
    yield from _of_soundness(Soundness(evidence.unvalidated, evidence.drift, evidence.sequences))
    for tried in evidence.written:
        if tried.failure:
            severity: Severity = "error" if tried.tried else "note"
            verb = "cannot be written and read back" if tried.tried else "were not tried"
            message = f"rows of {tried.model} {verb}: {tried.failure}"
            code = "cannot-write" if tried.tried else "note"
            yield finding_of(code, severity, "post", message, table=tried.table)
    for old in evidence.old_code:
        place = f"{old.table}.{old.column}"
        message = {
            "mistake": f"code of before would take another column for {place}: {old.reason}",
            "write NULL": f"code of before may write NULL to {place}, which becomes NOT NULL",
        }.get(old.action, f"code of before can no longer {old.action} {old.table}: {old.reason}")
        yield finding_of("old-code", "warning", "post", message, table=old.table, column=old.column)
    if evidence.applied is not None:
        for difference in evidence.applied.schema:
            if difference.what in ("view", "materialized view") and difference.change == "removed":
                message = f"{difference.what} {difference.name or difference.table} is gone, silently"
                yield finding_of("view-dropped", "error", "post", message, table=difference.table)
    for half in evidence.halfway:
        if not half.runs_again:
            clears = "; ".join(left.sql for left in half.leftovers if left.sql)
            where = f"{'in' if half.inside else 'before'} operation {half.operation}"
            left = (
                "; ".join(left.text for left in half.leftovers) or "something that the catalog does not tell"
            )
            message = (
                f"{half.migration} is not atomic: should it fail {where}, this is left behind, "
                f"and it does not run again: {left}"
            )
            operation = f"{half.migration}[{half.operation}]"
            yield finding_of("half-way", "warning", "post", message, sql=clears, operation=operation)


__all__ = ["Allowance", "Facts", "Judgement", "Rows", "Soundness", "judge"]
