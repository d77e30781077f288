"""Reading expressions and patterns."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dbstate.values.solving import patterns
from dbstate.values.solving.compiling import compiled
from dbstate.values.solving.evaluation import Unknown, evaluate, truth
from dbstate.values.solving.terms import conjuncts, constants, names, read


@pytest.mark.parametrize(
    ("expression", "row", "holds"),
    [
        ("a NOT IN (1, 2)", {"a": 3}, True),
        ("a IS NOT NULL AND a <> 4", {"a": 4}, False),
        ("a > 3", {"a": None}, None),
        ("a > 3 OR true", {"a": None}, True),
        ("coalesce(a, 5) = 5", {"a": None}, True),
        ("a IS DISTINCT FROM 1", {"a": None}, True),
        ("a NOT ILIKE 'x%'", {"a": "Xy"}, False),
        ("a / 2 = 1", {"a": 3}, True),
        ("a % 2 = -1", {"a": -3}, True),
        ("jsonb_array_length(a -> 'k') = 2", {"a": {"k": [1, 2]}}, True),
        ("(a #>> '{k,0}')::int = 1", {"a": {"k": [1, 2]}}, True),
        ("a = '\"5\"'::jsonb", {"a": "5"}, True),
        ("a ?& '{k,l}'", {"a": {"k": 1, "l": 2}}, True),
        ("a ?& '{k,l}'", {"a": {"k": 1}}, False),
        ("a ?| '{k,l}'", {"a": {"l": 1}}, True),
        ("'[1,5)'::int4range @> a", {"a": 5}, False),
        ("CASE WHEN a > 1 THEN false ELSE true END", {"a": 1}, True),
    ],
)
def test_truth_is_the_databases(expression: str, row: dict[str, object], holds: bool | None) -> None:
    term = read(expression, ("a",))
    assert truth(term, row) is holds
    assert compiled(term)(row) is holds


OPERANDS = ("a", "b", "1", "2.5", "'x'", "date '2026-01-01'", "NULL")
MET = (
    None,
    1,
    2,
    Decimal("2.5"),
    "x",
    True,
    date(2026, 1, 1),
    datetime(2026, 1, 1, tzinfo=UTC),
    datetime(2026, 1, 1),
)


@given(
    st.recursive(
        st.builds(
            "{} {} {}".format,
            st.sampled_from(OPERANDS),
            st.sampled_from(("=", "<>", "<", ">=")),
            st.sampled_from(OPERANDS),
        )
        | st.builds("{} IS NULL".format, st.sampled_from(OPERANDS)),
        lambda inner: (
            st.builds("({} {} {})".format, inner, st.sampled_from(("AND", "OR")), inner)
            | st.builds("NOT ({})".format, inner)
        ),
        max_leaves=4,
    ),
    st.sampled_from(MET),
    st.sampled_from(MET),
)
def test_what_is_compiled_is_what_is_evaluated(expression: str, a: object, b: object) -> None:
    term = read(expression, ("a", "b"))

    def told(function: Callable[[], object]) -> object:
        try:
            return function()
        except Unknown:
            return Unknown

    row = {"a": a, "b": b}
    assert told(lambda: compiled(term)(row)) is told(lambda: evaluate(term, row))


def test_names_are_found_whatever_their_case_or_prefix() -> None:
    assert names(read('"t"."Total" > cost', ("Total", "Cost"))) == {"Total", "Cost"}


def test_the_value_of_a_domain_is_its_column() -> None:
    assert names(read("VALUE ~ 'x'", ("code",))) == {"code"}


def test_what_the_parser_does_not_read_still_gives_its_literals() -> None:
    term = read("p <@@ box '((0,0),(1,1))' AND a ?~? 17", ("p", "a", "other"))
    assert names(term) == {"p", "a"}
    assert "((0,0),(1,1))" in list(constants(term))
    assert 17 in list(constants(term))


def test_conjuncts_are_taken_apart() -> None:
    assert len(list(conjuncts(read("a > 1 AND (b < 2 AND a BETWEEN 3 AND 4)", ("a", "b"))))) == 4


@pytest.mark.parametrize(
    "pattern",
    [
        "^[[:alpha:]_][[:alnum:]_]*$",
        r"^\+?\d{3,}$",
        "^[^@ ]+@[^@ ]+$",
        "^(a|b){2}-.+$",
        "(?i)^ab+$",
        "^[]a-c]+$",
        r"\mcat\M",
    ],
)
def test_made_texts_match(pattern: str) -> None:
    known = patterns.from_posix(pattern)
    made = [text for text, _ in zip(patterns.texts(known, Random(1)), range(20), strict=False)]
    assert len(made) == 20
    assert all(re.search(known, text) for text in made)
    assert len(max(made, key=len)) < 40


def test_an_end_is_the_very_end() -> None:
    assert not patterns.is_match(patterns.from_posix("^a$"), "a\n")
