"""The code of docs/states.md runs, and what it promises is there."""

from __future__ import annotations

from datetime import timedelta

import pytest

from dbstate import DbstateError, enter, states
from dbstate.states import declaring
from dbstate.states.free import PATTERNS
from tests.states.documented import TEXT, blocks


@pytest.mark.django_db
def test_the_code_runs() -> None:
    declaration, entering, in_tests = blocks("python")
    user = enter("user exists").row
    del declaring._DECLARED["user with an active pro subscription exists"]
    names = {"timedelta": timedelta, "user": user}
    exec(declaration, names)
    exec(entering, names)
    assert names["entered"].values == {"subscription": names["entered"].row.pk}  # type: ignore[attr-defined]
    compile(in_tests, "docs/states.md", "exec")


def test_every_error_and_phrase_is_documented() -> None:
    errors = [name for name in states.__all__ if issubclass_of_ours(getattr(states, name))]
    known = {"BrokenConstraint"}  # a kind of StateFailed
    assert [name for name in errors if f"`{name}`" not in TEXT and name not in known] == []
    assert [pattern for pattern in PATTERNS if f"`{pattern}`" not in TEXT] == []


def issubclass_of_ours(thing: object) -> bool:
    return isinstance(thing, type) and issubclass(thing, DbstateError)
