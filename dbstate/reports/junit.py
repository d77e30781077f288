"""JUnit XML, as continuous integration servers read it."""

from __future__ import annotations

from collections.abc import Sequence
from xml.etree import ElementTree

from dbstate.findings import Finding


def render_junit(findings: Sequence[Finding], subject: str) -> str:
    """One test case per finding; errors are failures. Without findings, one case that passed."""
    failures = sum(finding.severity == "error" for finding in findings)
    suite = ElementTree.Element(
        "testsuite",
        {"name": subject, "tests": str(max(len(findings), 1)), "failures": str(failures), "errors": "0"},
    )
    if not findings:
        ElementTree.SubElement(suite, "testcase", {"classname": subject, "name": "no finding"})
    for finding in findings:
        name = f"{finding.code} {finding.where}"
        case = ElementTree.SubElement(suite, "testcase", {"classname": subject, "name": _clean(name)})
        body = _clean("\n".join(_lines(finding)))
        if finding.severity == "error":
            told = {"type": finding.code, "message": _clean(finding.message)}
            ElementTree.SubElement(case, "failure", told).text = body
        else:
            ElementTree.SubElement(case, "system-out").text = body
    ElementTree.indent(suite)
    return f'<?xml version="1.0" encoding="utf-8"?>\n{ElementTree.tostring(suite, encoding="unicode")}\n'


def _lines(finding: Finding) -> list[str]:
    lines = [f"{finding.severity}: {finding.message}"]
    lines += [f"fix: {finding.hint}"] if finding.hint else []
    lines += [f"keys: {', '.join(finding.keys)}"] if finding.keys else []
    lines += [f"sql: {finding.sql}"] if finding.sql else []
    return [*lines, *finding.evidence]


def _clean(text: str) -> str:
    """XML has no control characters but tab and line ends."""
    return "".join(char if char in "\t\n\r" or char >= " " else "\N{REPLACEMENT CHARACTER}" for char in text)
