"""From facts to one verdict: the first that applies, what is declared, what is allowed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from dbstate.catalog.diff import Difference
from dbstate.rehearsal.answering import Answers
from dbstate.rehearsal.asked import Asked
from dbstate.rehearsal.codes import CODES, ORDER
from dbstate.rehearsal.evidence import Comparison, CopyFacts, Evidence, Failure, Run
from dbstate.rehearsal.own import Expected
from dbstate.rehearsal.verdict import Allowance, Facts, judge
from dbstate.snapshots import ColumnChange, DroppedColumn, TableChange

COPY = CopyFacts("template", "copy", 0.1, 1, "18")
NOTHING = Comparison((), (), ())
DOCS = (Path(__file__).parents[2] / "docs" / "validate_migration.md").read_text(encoding="utf-8")


def change(**given: Any) -> TableChange:
    facts: dict[str, Any] = {
        "table": "t",
        "table_after": "t",
        "rows_before": 4,
        "rows_after": 4,
        "lost": 0,
        "gained": 0,
        "lost_keys": (),
        "gained_keys": (),
    }
    return TableChange(**{**facts, **given})


def column(rows: int, **given: Any) -> ColumnChange:
    facts: dict[str, Any] = {
        "type_before": "text",
        "type_after": "text",
        "nulled": 0,
        "filled": 0,
        "samples": (),
    }
    return ColumnChange("c", "c", rows=rows, **{**facts, **given})


def facts(
    applied: tuple[TableChange, ...] = (),
    returned: tuple[TableChange, ...] = (),
    *,
    expected: Expected | None = None,
    asked: tuple[Asked, ...] = (),
    filled: frozenset[str] = frozenset(),
    **more: Any,
) -> Facts:
    evidence = Evidence(
        COPY, (), applied=Comparison(applied, (), ()), returned=Comparison(returned, (), ()), **more
    )
    return Facts(("shop.0002",), Answers(asked), expected or Expected(), evidence, rows="live", filled=filled)


def test_nothing_found_is_safe() -> None:
    judgement = judge(facts())
    assert (judgement.verdict, judgement.findings, judgement.undecided) == ("safe", (), ())


def test_an_undeclared_change_is_wrong_and_a_declared_one_is_not() -> None:
    changed = (change(columns=(column(3),)),)
    kept = (change(columns=(column(3, kept=3),)),)
    assert judge(facts(changed, kept)).verdict == "fails_post"
    meant = Expected(changed_columns=frozenset({"t.c"}))
    assert judge(facts(changed, kept, expected=meant)).verdict == "safe"


def test_a_declared_change_that_comes_back_wrong_is_a_mismatch() -> None:
    meant = Expected(changed_columns=frozenset({"t.c"}))
    changed, wrong = (change(columns=(column(3),)),), (change(columns=(column(3, kept=0),)),)
    assert judge(facts(changed, wrong, expected=meant)).verdict == "rollback_mismatch"


def test_nulls_that_an_operation_fills_are_declared_by_it() -> None:
    filled = (change(columns=(column(2, filled=2),)),)
    assert judge(facts(filled, filled=frozenset({"t.c"}))).verdict == "safe"
    assert judge(facts(filled)).verdict == "fails_post"
    more = (change(columns=(column(3, filled=2),)),)
    assert judge(facts(more, filled=frozenset({"t.c"}))).verdict == "fails_post"


def test_rows_that_are_gone_are_lost_unless_they_come_back_or_are_declared() -> None:
    gone = (change(rows_after=3, lost=1, lost_keys=("1",)),)
    assert judge(facts(gone, gone)).verdict == "data_loss"
    assert judge(facts(gone, ())).verdict == "fails_post"
    assert judge(facts(gone, gone, expected=Expected(row_delta={"t": -1}))).verdict == "safe"
    assert judge(facts(gone, gone, expected=Expected(row_delta={"t": -2}))).verdict == "fails_post"


def test_dropped_values_are_lost_where_there_is_no_way_back() -> None:
    dropped = change(dropped=(DroppedColumn("c", "text", 2, ()),))
    failure = Failure("irreversible", "reverse", "no reverse", "shop.0002")
    evidence = Evidence(
        COPY, (Run("reverse", 0.1, (), failure),), applied=Comparison((dropped,), (), ()), returned=None
    )
    judgement = judge(Facts(("shop.0002",), Answers(()), Expected(), evidence, rows="live"))
    assert judgement.verdict == "data_loss"
    assert {(one.code, one.rows) for one in judgement.findings} == {
        ("values-lost", 2),
        ("irreversible", None),
    }


def test_a_query_is_overruled_by_a_rehearsal_that_went_through() -> None:
    asked = (Asked("null-rows", "2 rows", "shop.0002", 0, "", "t", "c", 2),)
    judgement = judge(facts(asked=asked))
    assert judgement.verdict == "safe"
    assert [one.severity for one in judgement.findings] == ["note"]


def test_a_failure_is_explained_by_what_the_rows_said_to_it() -> None:
    asked = (Asked("null-rows", "2 rows", "shop.0002", 0, "", "t", "c", 2, certain=False),)
    failure = Failure("raised", "apply", "null value", "shop.0002", 0, asked=asked)
    evidence = Evidence(COPY, (Run("apply", 0.1, (), failure),))
    judgement = judge(Facts(("shop.0002",), Answers(()), Expected(), evidence, rows="live"))
    assert judgement.verdict == "fails_pre"
    assert [(one.code, one.rows) for one in judgement.findings if one.severity == "error"] == [
        ("null-rows", 2)
    ]


@pytest.mark.parametrize("kind", ["timeout", "outside", "setup"])
def test_what_could_not_be_tried_is_no_verdict(kind: Any) -> None:
    failure = Failure(kind, "apply", "it took too long", "shop.0002")
    evidence = Evidence(COPY, (Run("apply", 0.1, (), failure),))
    assert judge(Facts(("shop.0002",), Answers(()), Expected(), evidence, rows="live")).undecided


def test_made_rows_only_show_what_is_possible() -> None:
    gone = (change(rows_after=3, lost=1),)
    judgement = judge(
        Facts(("shop.0002",), Answers(()), Expected(), facts(gone, gone).evidence, rows="generated")
    )
    assert (judgement.verdict, judgement.possible) == ("safe", True)


def test_what_is_allowed_is_only_remarked() -> None:
    gone = (change(rows_after=3, lost=1),)
    allowed = judge(facts(gone, gone), [Allowance("rows-lost", "t", "they are archived")])
    assert allowed.verdict == "safe"
    assert "they are archived" in allowed.findings[0].message
    assert judge(facts(gone, gone), [Allowance("rows-lost", "u", "no")]).verdict == "data_loss"


def test_the_first_verdict_that_applies_counts() -> None:
    left = Difference("added", "index", "t", "i", "", "", "")
    evidence = Evidence(
        COPY,
        (),
        applied=Comparison((change(columns=(column(1),)),), (), ()),
        returned=Comparison((), (), (left,)),
    )
    judgement = judge(Facts(("shop.0002",), Answers(()), Expected(), evidence, rows="live"))
    assert judgement.verdict == "fails_post"
    assert {one.code for one in judgement.findings} == {"undeclared-change", "rollback-differs"}


def test_every_code_and_verdict_is_in_the_documentation() -> None:
    assert [name for name in (*CODES, *ORDER) if f"`{name}`" not in DOCS] == []
