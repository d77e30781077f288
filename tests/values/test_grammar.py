"""Patterns read once into makers of texts."""

from __future__ import annotations

import re

import pytest

from dbstate.values.families.grammar import maker_of
from dbstate.values.families.matching import (
    RowChoices,
    choices_in_a_row,
    free_texts,
    matching_text,
    matching_texts,
    text_of,
)
from dbstate.values.key import text_key

PATTERNS = (
    r"^[A-Z]{3}-[0-9]{4,8}\Z",
    r"^(?:[A-Z]{2}|X)\d+(?:-[a-f]+)?$",
    r"^(?P<first>[ab])\d(?P=first)$",
    r"^[^\W\d_]{2,5}$",
    r"^[^a-z]{3}$",
    r"^\S+@\S+\.example$",
    r"^.{4}$",
    r"(?i)^sku\d{2}$",
    r"^(?=.*\d)(?!x-)[A-Za-z\d]{6,}$",
    r"^\w\W\D\s$",
    r"^[\u4e00-\u9fff]{2}$",
    r"^(yes|no|maybe)?$",
    r"^x{70}$",
    r"^\N{GREEK SMALL LETTER ALPHA}+?$",
)

NOT_IN_A_ROW = (r"^(?:[A-Z]{2}|X)\d+(?:-[a-f]+)?$", r"^(?P<first>[ab])\d(?P=first)$", r"^(yes|no|maybe)?$")
"""Those whose choices depend on one another, or that say again what was chosen."""


@pytest.mark.parametrize("pattern", PATTERNS)
def test_each_text_matches(pattern: str) -> None:
    made = [text for key in range(40) for text in free_texts(pattern, key)]
    assert len(made) >= 40
    assert [text for text in made if not re.search(pattern, text)] == []


@pytest.mark.parametrize("pattern", [r"^[A-Z]{3}-[0-9]{4,8}\Z", r"^[a-z][a-z0-9_-]{2,30}$", r"^\d{3}$"])
def test_each_number_has_a_text_of_its_own(pattern: str) -> None:
    made = {next(matching_text(pattern, key=key, number=number)) for number, key in enumerate(range(1000))}
    assert len(made) == 1000
    assert all(re.search(pattern, text) for text in made)


@pytest.mark.parametrize("pattern", PATTERNS)
@pytest.mark.parametrize("repeats", [3, 12])
def test_choices_in_a_row_spell_what_choices_one_by_one_do(pattern: str, repeats: int) -> None:
    row = choices_in_a_row(pattern, repeats)
    assert (row is None) == (pattern in NOT_IN_A_ROW)
    for number in (*range(40), 999, 12_345, 10**9, 10**30) if row is not None else ():
        choices = RowChoices(text_key(pattern), number, repeats)
        assert row.spelled(number) == (text_of(pattern, choices), choices.left)


@pytest.mark.parametrize(
    "pattern",
    [r"(?P<a>x)?(?(a)y|z)", "(", r"[^\s\S]", "a{70000}"],
    ids=["condition", "broken", "none", "long"],
)
def test_what_cannot_be_made_is_nothing(pattern: str) -> None:
    assert maker_of(pattern) is None
    assert list(matching_text(pattern, 1, None)) == []


def test_a_pattern_is_read_once() -> None:
    maker = maker_of(r"^[a-f]{9}$")
    assert maker is maker_of(r"^[a-f]{9}$")
    assert maker is not None
    assert maker(RowChoices(5, None, 3), {}) == maker(RowChoices(5, None, 3), {})


@pytest.mark.parametrize("pattern", PATTERNS)
def test_many_numbers_at_once_are_each_by_itself(pattern: str) -> None:
    for numbers in (range(300), range(7, 8), range(99_990, 100_050)):
        made = matching_texts(pattern, numbers)
        if made is not None:
            assert made == [next(matching_text(pattern, 0, number)) for number in numbers]
    few = (r"^x{70}$", r"^\N{GREEK SMALL LETTER ALPHA}+?$")
    assert (matching_texts(pattern, range(40)) is None) == (pattern in NOT_IN_A_ROW or pattern in few)
