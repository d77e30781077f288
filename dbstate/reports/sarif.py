"""SARIF 2.1.0, as code scanning reads it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from dbstate.findings import Finding, Severity

_LEVELS: dict[Severity, str] = {"error": "error", "warning": "warning", "note": "note"}
_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"


def render_sarif(findings: Sequence[Finding], subject: str) -> str:
    """One run with a result per finding; where a finding knows its source, it points there."""
    rules = {finding.code: finding.hint for finding in findings}
    driver: dict[str, Any] = {
        "name": "dbstate",
        "rules": [_rule(code, hint) for code, hint in sorted(rules.items())],
    }
    with suppress(PackageNotFoundError):  # on the path only: a tool's version may be left out
        driver["version"] = version("dbstate")
    run = {
        "tool": {"driver": driver},
        "properties": {"subject": subject},
        "results": [_result(finding) for finding in findings],
    }
    document = {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}
    return json.dumps(document, ensure_ascii=False, indent=2) + "\n"


def _rule(code: str, hint: str) -> dict[str, Any]:
    rule: dict[str, Any] = {"id": code, "shortDescription": {"text": code.replace("-", " ")}}
    if hint:
        rule["help"] = {"text": hint}
    return rule


def _result(finding: Finding) -> dict[str, Any]:
    location: dict[str, Any] = {"logicalLocations": [{"fullyQualifiedName": finding.where}]}
    if finding.file:
        physical: dict[str, Any] = {"artifactLocation": {"uri": finding.file}}
        if finding.line:
            physical["region"] = {"startLine": finding.line}
        location["physicalLocation"] = physical
    properties = {
        "phase": finding.phase,
        "operation": finding.operation,
        "rows": finding.rows,
        "keys": list(finding.keys),
        "sql": finding.sql,
    }
    return {
        "ruleId": finding.code,
        "level": _LEVELS[finding.severity],
        "message": {"text": finding.message},
        "locations": [location],
        "properties": {name: value for name, value in properties.items() if value not in ("", [], None)},
    }
