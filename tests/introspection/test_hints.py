"""What the code of validators mentions."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable
from typing import Any

from django.core.exceptions import ValidationError

from dbstate.introspection.hints import LONGEST, read_hints

PLATE = re.compile(r"[A-Z]{2}-\d{3}")
LEVELS = {"low": 1, "high": 2}


def validate_level(value: str) -> None:
    """Documentation is no constant of the rule."""
    if value not in ("low", "high"):
        raise ValidationError("no level")


def validate_plate(value: str) -> None:
    if not PLATE.fullmatch(value):
        raise ValidationError("no plate")


def validate_known(value: str) -> None:
    if value not in LEVELS:
        raise ValidationError("unknown")


def _check(value: int) -> bool:
    return value % 15 == 3


def validate_through_another(value: int) -> None:
    if not _check(value):
        raise ValidationError("no")


def made(least: int) -> Callable[[int], None]:
    def validate(value: int) -> None:
        if value < least:
            raise ValidationError("too small")

    return validate


def between(low: int, high: int, value: int) -> None:
    if not low <= value <= high:
        raise ValidationError("outside")


class Multiple:
    def __init__(self, of: int) -> None:
        self.of = of

    def __call__(self, value: int) -> None:
        if value % self.of:
            raise ValidationError("no multiple")


def boom(value: Any) -> None:
    raise AssertionError("a validator was called")


def test_constants_of_a_function() -> None:
    hints = read_hints([validate_level])
    assert {"low", "high"} <= set(hints.values)
    assert not any("Documentation" in str(value) for value in hints.values)
    assert hints.words == ("validate_level",)


def test_patterns_and_mappings_of_the_module() -> None:
    assert read_hints([validate_plate]).patterns == (PLATE.pattern,)
    assert {"low", "high"} <= set(read_hints([validate_known]).values)


def test_functions_that_are_called_closures_partials_and_objects() -> None:
    assert {15, 3} <= set(read_hints([validate_through_another]).values)
    assert 417 in read_hints([made(417)]).values
    assert {5, 9} <= set(read_hints([functools.partial(between, 5, 9)]).values)
    assert 17 in read_hints([Multiple(17)]).values


def test_nothing_is_called_and_messages_are_left_out() -> None:
    long = "x" * (LONGEST + 1)
    assert read_hints([boom]).values == ("a validator was called",)
    assert long not in read_hints([functools.partial(between, long)]).values


def test_a_thing_that_names_itself_ends() -> None:
    loop: list[Any] = []
    loop.append(loop)
    assert 4 in read_hints([functools.partial(between, loop, 4)]).values
