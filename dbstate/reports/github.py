"""Workflow commands of GitHub Actions: each finding a remark at its source."""

from __future__ import annotations

from collections.abc import Sequence

from dbstate.findings import Finding, Severity

_COMMANDS: dict[Severity, str] = {"error": "error", "warning": "warning", "note": "notice"}


def render_github(findings: Sequence[Finding], subject: str) -> str:
    """One line per finding; a single notice where there is none."""
    if not findings:
        return f"::notice title={_property(subject)}::no finding\n"
    return "".join(f"{_line(finding, subject)}\n" for finding in findings)


def _line(finding: Finding, subject: str) -> str:
    properties = {"title": f"{finding.code} {subject}"}
    if finding.file:
        properties["file"] = finding.file
        if finding.line:
            properties["line"] = str(finding.line)
    told = ",".join(f"{name}={_property(value)}" for name, value in properties.items())
    parts = [finding.message]
    parts += [f"keys: {', '.join(finding.keys)}"] if finding.keys else []
    parts += [f"fix: {finding.hint}"] if finding.hint else []
    message = _message("\n".join(parts))
    return f"::{_COMMANDS[finding.severity]} {told}::{message}"


def _message(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _message(text).replace(":", "%3A").replace(",", "%2C")
