"""What ``validate_migration`` shows: the same facts as text and as JSON."""

from __future__ import annotations

from typing import Any

from rich.text import Text

from dbstate.findings import Finding
from dbstate.rehearsal.evidence import Evidence
from dbstate.rehearsal.validate import Validation
from dbstate.reports import finding_lines, render_json, render_text

KIND = "validate_migration"

_MEANING = {
    "fails_pre": "cannot be applied to these rows",
    "fails_post": "applies, but the result is wrong",
    "data_loss": "loses rows or values that the reverse does not bring back",
    "irreversible": "cannot be reversed",
    "rollback_mismatch": "its reverse does not give back what was there",
    "safe": "applies to these rows, and its reverse gives back what was there",
}
_SAFE = {
    "post": "the database is as the migrations say; nothing was applied or reversed",
    "rollback": "going back, and applying again, loses nothing of what is there now",
}
"""What a verdict of phases after the real migrate means."""


def as_text(validation: Validation, *, color: bool, verbosity: int = 1) -> str:
    """Verdict first, then findings, then how it was found."""
    judgement = validation.judgement
    parts: list[Text | str] = [_headline(validation)]
    for finding in judgement.findings:
        if finding.severity != "note" or verbosity > 0:
            parts.append(_finding(finding))
    for reason in judgement.undecided:
        parts.append(Text(f"undecided: {reason}", style="yellow"))
    if verbosity > 0:
        parts.extend(Text(line, style="dim") for line in (*_way(validation), *validation.notes))
    return render_text(parts, color=color)


def _headline(validation: Validation) -> Text:
    verdict = validation.judgement.verdict
    style = "bold green" if verdict == "safe" else "bold red"
    line = Text(f"{', '.join(validation.migrations) or 'nothing to apply'}: ")
    if validation.judgement.undecided:
        return line.append("no verdict", style="bold yellow")
    line.append(verdict, style=style)
    meaning = _MEANING[verdict] if validation.migrations else "there is no unapplied migration"
    if verdict == "safe" and validation.judgement.rows == "queries" and validation.migrations:
        meaning = "no query found a row against it; it was not rehearsed"
    if verdict == "safe":
        meaning = _SAFE.get(validation.phase, meaning)
    if validation.judgement.possible:
        meaning += "; generated rows show what others could meet"
    return line.append(f" ({meaning}; evidence: {validation.judgement.rows})", style="dim")


def _finding(finding: Finding) -> Text:
    lines = finding_lines(finding)
    details = (
        ("keys", ", ".join(finding.keys)),
        ("at", finding.operation if finding.operation != finding.where else ""),
        ("sql", " ".join(finding.sql.split())),
    )
    for name, value in details:
        if value:
            lines.append(f"\n  {name}: {value}", style="dim")
    return lines


def _way(validation: Validation) -> list[str]:
    evidence = validation.evidence
    if evidence is None:
        return []
    copy = evidence.copy
    made = f", {copy.rows_made} rows made" if copy.rows_made else ""
    lines = [f"copy: {copy.how}, {copy.seconds:.1f} s{made}"]
    for run in evidence.runs:
        end = f", failed: {run.failure.kind}" if run.failure else ""
        lines.append(f"{run.phase}: {run.seconds:.1f} s{end}")
    return lines


def as_json(validation: Validation) -> str:
    """See the documentation for the keys."""
    judgement = validation.judgement
    body: dict[str, Any] = {
        "verdict": None if judgement.undecided else judgement.verdict,
        "evidence": judgement.rows,
        "migrations": list(validation.migrations),
        "parents": list(validation.parents),
        "possible": judgement.possible,
        "undecided": list(judgement.undecided),
        "findings": [finding_as_json(finding) for finding in judgement.findings],
        "notes": list(validation.notes),
        "rehearsal": _rehearsal(validation.evidence),
    }
    return render_json(KIND, body)


def finding_as_json(finding: Finding) -> dict[str, Any]:
    """One finding as JSON has it."""
    return {
        "code": finding.code,
        "severity": finding.severity,
        "phase": finding.phase,
        "operation": finding.operation,
        "where": finding.where,
        "table": finding.table,
        "column": finding.column,
        "rows": finding.rows,
        "keys": list(finding.keys),
        "values": list(finding.evidence),
        "message": finding.message,
        "sql": finding.sql,
        "fix": finding.hint,
    }


def _rehearsal(evidence: Evidence | None) -> dict[str, Any] | None:
    if evidence is None:
        return None
    return {
        "copy": evidence.copy,
        "runs": [
            {
                "phase": run.phase,
                "seconds": run.seconds,
                "failure": run.failure.message if run.failure else None,
                "migrations": run.steps,
            }
            for run in evidence.runs
        ],
    }
