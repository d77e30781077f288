"""How plans and results of seeding look."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from dbstate.catalog.order import Break
from dbstate.findings import Finding
from dbstate.guard import Reason, Verdict
from dbstate.management.seeding_report import (
    Look,
    Proposal,
    plan_as_json,
    plan_as_text,
    report_as_json,
    report_as_text,
)
from dbstate.seeding import Options, Plan, Report, Skipped, TableResult, Unit

EMPTY = Reason("no_rows", "ground", True, "holds no rows")
STANDBY = Reason("standby", "need", False, "it is a standby")
ALLOWED = Verdict("default", "shop", "db/shop", "seed", (EMPTY,), "guard --mark")
REPLAY = "python manage.py dbstate_seed"


def unit(label: str, rows: int, existing: int = 0, **more: str) -> Unit:
    table = label.lower().replace(".", "_")
    return Unit(table, label, (table,), rows, existing, {table: existing}, **more)


PLAN = Plan(
    groups=(
        (unit("shop.User", 10, reason="needed by what was asked for"),),
        (unit("shop.Club", 3, 4), unit("shop.Member", 0, 12)),
        (unit("shop.Flag", 0, 2), unit("shop.Seat", 0, limit="shop.Seat can hold 0 rows")),
    ),
    breaks=(Break("shop_club", "president", "shop_member", "nulled"),),
    agreements=(),
    skipped=(
        Skipped("shop.Seat", "shop_seat", "shop.Seat can hold 0 rows", failed=True),
        Skipped("shop.Log", "shop_log", "the library writes it"),
    ),
    options=Options(now=datetime(2026, 6, 1, tzinfo=UTC)),
)
PROPOSAL = Proposal(PLAN, ALLOWED, (), {"shop_user": ("constraint x is of an unknown class",)})


def result(label: str, made: int, *edges: str) -> TableResult:
    return TableResult(label, made, 2, edges, ["a note"] if made else [])


@pytest.fixture
def report() -> Report:
    return Report(
        PLAN,
        tables=[result("shop.User", 10, "null", "max"), result("blog.Post", 5)],
        skipped=list(PLAN.skipped),
        findings=[Finding("full-clean", "warning", "shop.User", "refused", hint="mend it")],
        seconds=2.0,
    )


# -- the plan -----------------------------------------------------------------------------------------


def test_a_plan_is_a_tree_of_what_is_made_in_order() -> None:
    assert plan_as_text(PROPOSAL, Look()).splitlines() == [
        "13 rows in 2 models, in this order",
        "├── shop.User  10 rows",
        "│   ├── needed by what was asked for",
        "│   └── constraint x is of an unknown class",
        "└── these depend on each other",
        "    └── shop.Club  3 rows beside 4 that are there",
        "        └── president is left NULL, then updated",
        "2 more models: enough rows are there (-v 2 lists them)",
        "",
        "not filled:",
        "  shop.Seat can hold 0 rows",
        "",
        "referred to, not filled:",
        "  shop.Log: the library writes it",
        "",
        "guard: allowed (holds no rows)",
        "nothing was written (--dry-run)",
    ]


def test_more_is_listed_on_request_and_less() -> None:
    full = plan_as_text(PROPOSAL, Look(verbosity=2))
    assert "shop.Member  0 rows beside 12 that are there" in full
    assert "-v 2" not in full
    short = plan_as_text(PROPOSAL, Look(verbosity=0))
    assert "shop.User" not in short
    assert "guard: allowed" in short


def test_a_refusing_guard_says_why_and_what_permits_it() -> None:
    ground = replace(EMPTY, passed=False, message="holds rows")
    refused = replace(ALLOWED, reasons=(ground,))
    shown = plan_as_text(replace(PROPOSAL, verdict=refused), Look())
    assert "guard: refused\n[ ] holds rows\nto permit it: guard --mark\n" in shown
    never = replace(ALLOWED, reasons=(STANDBY, EMPTY), permit_line="")
    shown = plan_as_text(replace(PROPOSAL, verdict=never), Look())
    assert "guard: refused\n[!] it is a standby\nnothing permits it\n" in shown


def test_migrations_that_come_first_are_said() -> None:
    shown = plan_as_text(replace(PROPOSAL, pending=("shop.0001", "shop.0002")), Look())
    assert shown.startswith("2 pending migrations first; then,")


def test_a_plan_for_programs() -> None:
    plan = json.loads(plan_as_json(replace(PROPOSAL, pending=("shop.0001",))))
    assert plan["guard"]["allowed"] is True
    assert plan["guard"]["reasons"][0]["code"] == "no_rows"
    assert plan["pending_migrations"] == ["shop.0001"]
    assert [table["rows"] for table in plan["tables"]] == [10, 3, 0, 0, 0]
    assert plan["breaks"][0]["how"] == "nulled"
    assert [s["failed"] for s in plan["skipped"]] == [True, False]


# -- the result ---------------------------------------------------------------------------------------


def test_a_result_is_a_table_and_what_must_be_known(report: Report) -> None:
    assert report_as_text(report, REPLAY, {"shop.Club": 4}, Look()).splitlines() == [
        "model   made  before  edge cases",
        "blog       5       2",
        "  Post     5       2",
        "shop      10       2",
        "  User    10       2  null max",
        "",
        "notes:",
        "  shop.User: a note",
        "  blog.Post: a note",
        "",
        "warning full-clean shop.User: refused",
        "  hint: mend it",
        "",
        "not filled:",
        "  shop.Seat can hold 0 rows",
        "",
        "referred to, not filled:",
        "  shop.Log: the library writes it",
        "",
        "15 rows in 2 tables, 2.0 s, 8 rows/s; 1 model not filled",
        f"again: {REPLAY}",
        "  beside these rows: shop.Club=4",
    ]


def test_a_quiet_result_keeps_what_is_wrong(report: Report) -> None:
    quiet = report_as_text(report, REPLAY, {}, Look(verbosity=0))
    assert "shop.Seat can hold 0 rows" in quiet
    assert "warning full-clean" in quiet
    assert "15 rows in 2 tables" in quiet
    for detail in ("made", "a note", "shop.Log"):
        assert detail not in quiet


def test_a_narrow_terminal_breaks_edge_cases_and_cuts_nothing(report: Report) -> None:
    edges = ("null", "max", "min", "zero", "unicode", "past", "expired")
    report.tables = [result("shop.AModelWithAVeryLongNameIndeedThatGoesOn", 10, *edges)]
    shown = report_as_text(report, REPLAY, {}, Look(width=60)).split("\n\n")[0]
    assert max(map(len, shown.splitlines())) <= 60
    words = "".join(shown.split())
    for part in (*edges, "GoesOn"):
        assert part in words
    assert "…" not in shown


def test_nothing_missing_is_good_news_and_nothing_made_is_not(report: Report) -> None:
    report.tables = []
    assert "no row was made, 2.0 s; 1 model not filled" in report_as_text(report, REPLAY, {}, Look())
    report.skipped = []
    assert "nothing is missing: no row was made" in report_as_text(report, REPLAY, {}, Look())


def test_a_result_for_programs(report: Report) -> None:
    found = json.loads(report_as_json(report, REPLAY, {"shop.Club": 4}))
    assert (found["rows"], found["replay"], found["rows_before"]) == (15, REPLAY, {"shop.Club": 4})
    assert [table["label"] for table in found["tables"]] == ["shop.User", "blog.Post"]
    assert found["findings"][0]["severity"] == "warning"
