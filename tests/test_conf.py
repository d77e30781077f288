"""The DBSTATE setting."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from django.test import override_settings

from dbstate.conf import Conf, ConfError, current_conf, find_problems, read_conf


def test_nothing_configured_is_the_normal_case() -> None:
    assert read_conf(SimpleNamespace()) == Conf()
    assert read_conf(SimpleNamespace(DBSTATE={})) == Conf(
        allow=(), locales=(), rows=None, password="dbstate", seed=0
    )


def test_every_key_is_read() -> None:
    raw = {"ALLOW": ["dev"], "LOCALES": ("ja_JP", "de_DE"), "ROWS": 0, "PASSWORD": "secret", "SEED": -3}
    assert read_conf(SimpleNamespace(DBSTATE=raw)) == Conf(
        allow=("dev",), locales=("ja_JP", "de_DE"), rows=0, password="secret", seed=-3
    )


def test_sets_of_names_are_read_in_one_order() -> None:
    assert read_conf(SimpleNamespace(DBSTATE={"ALLOW": {"b", "a", "c"}})).allow == ("a", "b", "c")


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("ALLOW", "default"),
        ("ALLOW", [1]),
        ("ALLOW", [""]),
        ("LOCALES", None),
        ("ROWS", -1),
        ("ROWS", True),
        ("ROWS", "3"),
        ("PASSWORD", ""),
        ("PASSWORD", 12345),
        ("SEED", 1.5),
        ("SEED", None),
    ],
)
def test_a_value_of_a_wrong_kind_is_named(key: str, value: object) -> None:
    (problem,) = find_problems({key: value})
    assert problem.key == key
    assert f"DBSTATE['{key}']" in problem.message
    assert problem.hint.startswith("make it ")


def test_a_password_is_not_shown() -> None:
    (problem,) = find_problems({"PASSWORD": 12345})
    assert "12345" not in problem.message
    assert "hunter2" not in repr(Conf(password="hunter2"))


@pytest.mark.parametrize(("key", "near"), [("ALOW", "ALLOW"), ("allow", "ALLOW"), ("LOCALE", "LOCALES")])
def test_an_unknown_key_comes_with_the_nearest(key: str, near: str) -> None:
    (problem,) = find_problems({key: []})
    assert problem.unknown
    assert problem.hint == f"did you mean {near!r}?"


def test_an_unknown_key_that_resembles_none_comes_with_all() -> None:
    (problem,) = find_problems({"zzzzzz": 1})
    assert problem.hint == "known keys are ALLOW, LOCALES, ROWS, PASSWORD, SEED"


def test_all_problems_are_raised_together() -> None:
    with pytest.raises(ConfError) as raised:
        read_conf(SimpleNamespace(DBSTATE={"ALOW": [], "ROWS": "x", "SEED": 1}))
    assert [problem.key for problem in raised.value.problems] == ["ALOW", "ROWS"]
    assert "ALOW" in str(raised.value)
    assert "ROWS" in str(raised.value)
    assert raised.value.exit_code == 2


@pytest.mark.parametrize("raw", [None, [], "ALLOW"])
def test_it_must_be_a_dict(raw: Any) -> None:
    (problem,) = find_problems(raw)
    assert problem.key == ""
    assert "write DBSTATE = {...}" in problem.hint


def test_overridden_settings_are_read_again() -> None:
    before = current_conf()
    with override_settings(DBSTATE={"SEED": 42}):
        assert current_conf().seed == 42
        assert current_conf() is current_conf()
    assert current_conf() == before
