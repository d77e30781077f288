"""Findings for continuous integration: JUnit, SARIF, GitHub."""

from __future__ import annotations

import json
from xml.etree import ElementTree

from dbstate.findings import Finding
from dbstate.reports import render_github, render_junit, render_sarif

BAD = Finding(
    "null-rows",
    "error",
    "shop_order.currency",
    'two <rows> & "more", 100%\nNULL',
    hint="fill them",
    rows=2,
    keys=("1", "2"),
    sql="SELECT 1",
    file="shop/migrations/0042.py",
    line=7,
)
REMARK = Finding("note", "note", "shop_order", "nothing much\x00")


def test_junit_counts_errors_as_failures() -> None:
    suite = ElementTree.fromstring(render_junit((BAD, REMARK), "shop.0042").partition("\n")[2])
    assert (suite.get("tests"), suite.get("failures")) == ("2", "1")
    (failure,) = suite.findall("testcase/failure")
    assert failure.get("type") == "null-rows"
    assert "keys: 1, 2" in (failure.text or "")


def test_junit_without_findings_is_one_case_that_passed() -> None:
    suite = ElementTree.fromstring(render_junit((), "shop.0042").partition("\n")[2])
    assert (suite.get("tests"), suite.get("failures")) == ("1", "0")


def test_sarif_points_to_the_source() -> None:
    (run,) = json.loads(render_sarif((BAD, REMARK), "shop.0042"))["runs"]
    assert [result["level"] for result in run["results"]] == ["error", "note"]
    (location,) = run["results"][0]["locations"]
    assert location["physicalLocation"] == {
        "artifactLocation": {"uri": "shop/migrations/0042.py"},
        "region": {"startLine": 7},
    }
    assert run["results"][0]["properties"]["rows"] == 2
    assert {rule["id"] for rule in run["tool"]["driver"]["rules"]} == {"null-rows", "note"}


def test_github_escapes_what_would_end_a_command() -> None:
    error, remark = render_github((BAD, REMARK), "shop.0042").splitlines()
    assert error.startswith("::error title=null-rows shop.0042,file=shop/migrations/0042.py,line=7::")
    assert "100%25%0ANULL%0Akeys: 1, 2" in error
    assert remark.startswith("::notice ")
