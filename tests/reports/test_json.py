"""Reports for programs."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from dbstate.findings import Finding
from dbstate.reports import SCHEMA_VERSION, render_json


def test_a_report_carries_its_version_and_kind() -> None:
    document = json.loads(render_json("audit", {"findings": ()}))
    assert document == {"schema_version": SCHEMA_VERSION, "kind": "audit", "findings": []}


def test_records_dates_and_decimals_become_plain() -> None:
    finding = Finding("C1", "error", "shop.Order", "naïve ☃", evidence=("one",))
    body = {
        "found": finding,
        "at": datetime(2026, 1, 2, tzinfo=UTC),
        "sum": Decimal("1.10"),
        "to": Path("a/b"),
    }
    document = json.loads(render_json("x", body))
    assert (
        document["found"].items()
        >= {
            "code": "C1",
            "severity": "error",
            "where": "shop.Order",
            "message": "naïve ☃",
            "hint": "",
            "evidence": ["one"],
        }.items()
    )
    assert (document["at"], document["sum"], document["to"]) == ("2026-01-02T00:00:00+00:00", "1.10", "a/b")


def test_what_has_no_json_form_is_refused_by_name() -> None:
    with pytest.raises(TypeError, match="cannot write a set as JSON"):
        render_json("x", {"names": {1}})
    with pytest.raises(ValueError, match="not JSON compliant"):
        render_json("x", {"share": float("nan")})
