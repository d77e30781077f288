"""The search for tuples, with judges written in Python."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal

import pytest

from dbstate.catalog import Check, Column, Table
from dbstate.values.solving import MISSING, Pool, Problem, Unsolvable, groups, solve

Row = Mapping[str, object]


def number(name: str, **facts: object) -> Column:
    return replace(Column(name, name, "integer", "int"), **facts)  # type: ignore[arg-type]


def text(name: str, **facts: object) -> Column:
    return replace(Column(name, name, "text", "text"), **facts)  # type: ignore[arg-type]


def make(
    columns: tuple[Column, ...],
    *expressions: str,
    natural: Callable[[str, int], object] = lambda name, row: (row * 37) % 1000,
    edges: Callable[[str, str, int], object] = lambda name, edge, row: MISSING,
    nullable: frozenset[str] = frozenset(),
    edge_names: tuple[str, ...] = (),
) -> Problem:
    return Problem("shop.Thing", columns, expressions, natural, edges, nullable, 3, edge_names)


def judged(*rules: Callable[..., bool]) -> Callable[[Sequence[tuple[object, ...]]], list[str | None]]:
    """A judge of rules named rule_0, rule_1 …: each a function of the tuple's values."""

    def verdict(candidate: tuple[object, ...]) -> str | None:
        return next((f"rule_{at}" for at, rule in enumerate(rules) if not rule(*candidate)), None)

    return lambda candidates: [verdict(candidate) for candidate in candidates]


def test_natural_values_stay_when_the_judge_takes_them() -> None:
    pool = solve(make((number("a"),), "a >= 0"), judged(lambda a: a >= 0), wanted=5)
    assert pool.accepted == ((0,), (37,), (74,), (111,), (148,))
    assert not pool.refused
    assert not pool.exhausted


def test_repairs_leave_columns_alone_that_no_condition_reads() -> None:
    task = make((number("a"), number("b")), "a > 5000")
    pool = solve(task, judged(lambda a, b: a > 5000), wanted=10)
    assert [b for _, b in pool.accepted] == [(row * 37) % 1000 for row in range(10)]


def test_refused_tuples_come_with_their_constraint() -> None:
    pool = solve(make((number("a"),), "a > 500"), judged(lambda a: a > 500), wanted=5)
    assert ((0,), "rule_0") in pool.refused


def test_a_rule_that_no_expression_tells_is_still_met() -> None:
    """What clean() refuses is known to the judge alone."""
    task = make((number("a"), number("b")))
    pool = solve(task, judged(lambda a, b: (a + b) % 7 == 3), wanted=8)
    assert len(pool.accepted) == 8
    assert all((a + b) % 7 == 3 for a, b in pool.accepted)  # type: ignore[operator]


def test_signs_that_a_condition_forbids_are_left_out() -> None:
    rule = r"""('/'::text || p || '/'::text) !~ '[\n\r\s\t\?#]|(/\.{0,2}/)'::text"""
    task = make((text("p"),), rule, natural=lambda name, row: f"/the-new-library-{row}/")
    pool = solve(
        task,
        judged(lambda p: not re.search(r"[\n\r\s\t?#]|(/\.{0,2}/)", f"/{p}/")),
        wanted=12,
        distinct=("p",),
    )
    assert len(pool.accepted) == 12


def test_a_condition_is_not_met_by_what_is_missing_in_a_document() -> None:
    column = Column("data", "data", "json", "jsonb")
    task = make((column,), "(data ->> 'size')::int > 3", natural=lambda name, row: {"note": row})
    pool = solve(task, judged(lambda data: True), wanted=4)
    assert all(data["note"] == row and data["size"] > 3 for row, (data,) in enumerate(pool.accepted))  # type: ignore[index]


def test_distinct_values_as_many_as_wanted() -> None:
    task = make((text("code"),), "code ~ '^[A-Z]{3}[0-9]$'", natural=lambda name, row: f"Word {row}")
    pool = solve(task, judged(lambda code: len(code) == 4), wanted=500, distinct=("code",))
    assert len({code for (code,) in pool.accepted}) == len(pool.accepted) == 500


def test_distinct_values_as_many_as_there_are() -> None:
    task = make(
        (text("code"), number("n")),
        "code IN ('a', 'b', 'c')",
        natural=lambda name, row: row if name == "n" else "x",
    )
    pool = solve(task, judged(lambda code, n: code in ("a", "b", "c")), wanted=50, distinct=("code",))
    assert sorted(str(code) for code, _ in pool.accepted) == ["a", "b", "c"]
    assert pool.exhausted


def test_distinct_combinations() -> None:
    task = make((number("a"), number("b")), "a IN (1, 2, 3) AND b IN (1, 2, 3)")
    judge = judged(lambda a, b: a in (1, 2, 3) and b in (1, 2, 3))
    pool = solve(task, judge, wanted=9, distinct=(("a", "b"),))
    assert len(set(pool.accepted)) == 9


@pytest.mark.parametrize(
    "expression",
    [
        "a > 5 AND a < 3",
        "a IS NULL",
        "a % 2 = 0 AND a % 2 = 1",
        "a > b AND b > a",
        "(a = 1) AND (a = 2 OR a = 3) AND (b = 1 OR b = 2)",
        "a * a = 2",
        "strange(a, b) AND false",
    ],
)
def test_what_nothing_meets_is_refused_within_the_budget(expression: str) -> None:
    asked = 0

    def judge(candidates: Sequence[tuple[object, ...]]) -> list[str | None]:
        nonlocal asked
        asked += len(candidates)
        return ["thing_check"] * len(candidates)

    with pytest.raises(Unsolvable, match=r"shop\.Thing \(a, b\).*thing_check") as caught:
        solve(make((number("a"), number("b")), expression), judge, wanted=5)
    assert caught.value.tried == asked <= 4_000
    assert caught.value.refusals == {"thing_check": asked}
    assert caught.value.exit_code == 2


def test_values_obey_their_columns() -> None:
    column = text("code", max_length=4, choices=("abcd", "wxyz", "long one"))
    pool = solve(
        make((column,), "code <> 'abcd'", natural=lambda name, row: "abcd"),
        judged(lambda c: c != "abcd"),
        wanted=3,
    )
    assert pool.accepted == (("wxyz",),)


def test_values_are_empty_only_where_blank_is_allowed() -> None:
    judge = judged(lambda code: len(code) < 2)
    task = make((text("code"),), "length(code) < 2", natural=lambda name, row: f"w{row}x")
    assert all(code for (code,) in solve(task, judge, wanted=5).accepted)


def test_decimals_keep_their_places() -> None:
    column = Column("p", "p", "decimal", "numeric(6,2)", max_digits=6, decimal_places=2)
    task = make((column,), "p * 3 > 100", natural=lambda name, row: Decimal(row % 9))
    pool = solve(task, judged(lambda p: p * 3 > 100), wanted=5)
    assert all(p == p.quantize(Decimal("0.01")) and p < 10_000 for (p,) in pool.accepted)  # type: ignore[attr-defined,operator]


def test_patterns_of_the_column_count_as_conditions() -> None:
    task = make(
        (text("code", patterns=("^[a-z]{2}$",)),), "code <> 'aa'", natural=lambda name, row: "Some Word"
    )
    pool = solve(task, judged(lambda code: len(code) == 2 and code.islower()), wanted=4)
    assert len(pool.accepted) == 4


def test_generated_columns_are_read_through() -> None:
    double = number("double", generated="a * 2")
    pool = solve(make((number("a"), double), "double > 5000"), judged(lambda a: a * 2 > 5000), wanted=4)
    assert pool.columns == ("a",)
    assert len(pool.accepted) == 4


def edge(name: str, edge: str, row: int) -> object:
    return {("a", "least"): -(2**31), ("a", "greatest"): 2**31 - 1, ("a", "null"): None}.get(
        (name, edge), MISSING
    )


def test_edges_are_the_nearest_accepted() -> None:
    task = make(
        (number("a"), number("b")), "a BETWEEN 18 AND b", "b <= 120",
        edges=edge, edge_names=("least", "greatest", "null", "unicode"),
    )  # fmt: skip
    pool = solve(task, judged(lambda a, b: a is not None and 18 <= a <= b <= 120), wanted=5)
    assert pool.edges["least"][0] == 18
    assert pool.edges["greatest"] == (120, 120)
    assert "null" not in pool.edges
    assert "unicode" not in pool.edges


def test_a_null_edge_is_reached_through_its_companions() -> None:
    task = make(
        (number("a"), number("b")), "(a IS NULL) = (b IS NULL)",
        edges=edge, edge_names=("null",), nullable=frozenset({"a", "b"}),
    )  # fmt: skip
    pool = solve(task, judged(lambda a, b: (a is None) == (b is None)), wanted=5)
    assert pool.edges["null"] == (None, None)


def solved() -> Pool:
    task = make(
        (text("code"), number("n")), "code ~ '^[A-Z]{2}-[0-9]+$'", "n > 2000 OR n % 13 = 5",
        natural=lambda name, row: row if name == "n" else f"Word {row}",
    )  # fmt: skip
    judge = judged(lambda code, n: "-" in code and (n > 2000 or n % 13 == 5))
    return solve(task, judge, wanted=30, distinct=("code",))


def test_another_process_finds_the_same() -> None:
    here = __file__.rpartition("/")[0]
    program = "import test_solve; print(repr(test_solve.solved()))"
    printed = [
        subprocess.run(
            [sys.executable, "-c", program], check=True, capture_output=True, text=True, cwd=here,
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": ":".join(path for path in sys.path if path)},
        ).stdout.strip()
        for seed in ("1", "2")
    ]  # fmt: skip
    assert printed == [repr(solved())] * 2


def table(*checks: Check, columns: tuple[Column, ...] = ()) -> Table:
    plain = tuple(number(name) for name in "abcdef")
    return Table("t", "shop.T", plain + columns, ("a",), checks=checks)


def test_groups_join_what_one_check_reads() -> None:
    found = groups(
        table(Check("one", "a > 0", ("a",)), Check("two", "b < c", ("b", "c")), 
              Check("three", "c < a", ("c", "a")), Check("four", "f > 0", ("f",)))
    )  # fmt: skip
    assert [group.columns for group in found] == [("a", "b", "c"), ("f",)]
    assert [check.name for check in found[0].checks] == ["one", "two", "three"]


def test_groups_see_through_generated_columns() -> None:
    total = number("total", generated="d + e")
    found = groups(table(Check("one", "total < a", ("total", "a")), columns=(total,)))
    assert [group.columns for group in found] == [("a", "d", "e")]


def test_ties_join_as_checks_do() -> None:
    found = groups(table(Check("one", "a > 0", ("a",))), ties=[("a", "e"), ("b",)])
    assert [group.columns for group in found] == [("a", "e"), ("b",)]
