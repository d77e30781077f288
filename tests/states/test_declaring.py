"""Declaring states: what is read of a function, and each mistake with its message."""

from __future__ import annotations

import functools
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dbstate import state
from dbstate.states import (
    BadParameters,
    BadState,
    BadStatesFile,
    DuplicateState,
    declared,
    discover,
    discovery,
)


def test_a_declaration_is_read() -> None:
    @state("a house stands")
    def house(f: Any, *, floors: int = 2, street: str, now: object) -> None:
        """One with a garden.

        And more.
        """

    found = declared()["a house stands"]
    assert [str(one) for one in found.parameters] == ["floors=2", "street"]
    assert (found.wants_now, found.takes_any, found.summary) == (True, False, "One with a garden.")
    assert found.file == __file__
    assert found.place == f"tests/states/test_declaring.py:{found.line}"
    assert Path(__file__).read_text().splitlines()[found.line - 1].strip() == '@state("a house stands")'


def test_the_lines_of_a_wrapped_function_are_its_own() -> None:
    def wrapped(function: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(function)
        def inner(*arguments: Any, **named: Any) -> Any:
            return function(*arguments, **named)

        return inner

    @state("wrapped")
    @wrapped
    def plain(f: Any, *, color: str = "red") -> None: ...

    assert [one.name for one in declared()["wrapped"].parameters] == ["color"]


def test_two_of_one_name_are_refused_with_both_ends() -> None:
    @state("twice")
    def first(f: Any) -> None: ...

    with pytest.raises(DuplicateState) as caught:

        @state("twice")
        def second(f: Any) -> None: ...

    one, other = caught.value.places
    assert one == declared()["twice"].place
    assert one != other
    assert str(caught.value) == (
        f"cannot declare the state 'twice' at {other}: it is declared at {one} already; rename one of the two"
    )


def test_the_same_lines_may_be_read_again() -> None:
    for _ in range(2):

        @state("read again")
        def again(f: Any) -> None: ...


def no_factories() -> None: ...
def with_using(f: Any, *, using: str) -> None: ...
def with_many(f: Any, *all: Any) -> None: ...
def positional(f: Any, x: Any, /) -> None: ...
async def waiting(f: Any) -> None: ...
def generating(f: Any) -> Any:
    yield


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (no_factories, "its function takes no factories; write def function(f, ...)"),
        (with_using, "its parameter 'using' is one of enter() itself; rename it"),
        (with_many, "its parameter 'all' has no name to give it by; write *, before it"),
        (positional, "its parameter 'x' has no name to give it by; write *, before it"),
        (waiting, "waiting() is asynchronous or a generator; make it a plain function"),
        (generating, "generating() is asynchronous or a generator; make it a plain function"),
        (3, "3 is no function; put @state above a function"),
    ],
)
def test_functions_that_are_refused(function: Any, message: str) -> None:
    with pytest.raises(BadState) as caught:
        state("bad")(function)
    assert str(caught.value) == f"cannot declare the state 'bad' at {caught.value.place}: {message}"
    assert re.fullmatch(r"tests/states/test_declaring\.py:\d+", caught.value.place)
    assert "bad" not in declared()


@pytest.mark.parametrize("name", ["", " ", "two  spaces", "end ", no_factories])
def test_names_that_are_refused(name: Any) -> None:
    with pytest.raises(BadState, match="cannot declare the state"):
        state(name)


def test_parameters_are_checked() -> None:
    @state("checked")
    def checked(f: Any, *, color: str, size: int = 1, now: object) -> None: ...

    found = declared()["checked"]
    found.check({"color": "red"})
    with pytest.raises(
        BadParameters, match=r"\(tests/states/.*\): it takes no 'colour'; did you mean 'color'\?"
    ):
        found.check({"colour": "red"})
    with pytest.raises(BadParameters, match="it needs 'color'; give each a value"):
        found.check({"size": 2})
    with pytest.raises(BadParameters, match="it takes no 'now'"):
        found.check({"color": "red", "now": 1})


def test_any_parameters() -> None:
    @state("open")
    def open_for_all(f: Any, **more: Any) -> None: ...

    declared()["open"].check({"whatever": 1})


# -- files --------------------------------------------------------------------------------------------


def test_states_are_found_when_they_are_needed(app: Callable[[str], None]) -> None:
    app('from dbstate import state\n@state("found")\ndef found(f): ...\n')
    assert "found" not in declared()
    assert "stateful.states" not in sys.modules
    discover()
    assert declared()["found"].module == "stateful.states"
    assert discovery.app_of("stateful.states") == "stateful"


def test_a_file_that_cannot_be_read_is_told(app: Callable[[str], None]) -> None:
    app("import nowhere_at_all\n")
    for _ in range(2):
        with pytest.raises(BadStatesFile) as caught:
            discover()
        assert "cannot read the states of stateful.states (" in str(caught.value)
        assert "stateful/states.py:1): ModuleNotFoundError: No module named 'nowhere_at_all'" in str(
            caught.value
        )


@pytest.mark.parametrize(
    "text",
    [
        '\n@state("found")\ndef found(): ...\n',
        '\n@state("fo  und")\ndef found(f): ...\n',
        "\n@state\ndef f(): ...",
    ],
)
def test_a_bad_declaration_in_a_file_is_told_with_its_line(app: Callable[[str], None], text: str) -> None:
    app(f"from dbstate import state\n{text}")
    with pytest.raises(BadState, match=r"cannot declare the state .* at /.*stateful/states\.py:3: its "):
        discover()


@pytest.mark.parametrize(
    ("text", "line"), [("\n1 / 0", 2), ("import re\nre.compile('(')", 2), ("1\n2\n3 +", 3)]
)
def test_the_line_of_a_file_that_raises_is_told(app: Callable[[str], None], text: str, line: int) -> None:
    app(text)
    with pytest.raises(BadStatesFile, match=rf"stateful/states\.py:{line}\): "):
        discover()


def test_other_errors_of_ours_are_told_with_the_file(app: Callable[[str], None]) -> None:
    app('from dbstate import DbstateError\nraise DbstateError("of ours")\n')
    with pytest.raises(BadStatesFile, match=r"stateful/states\.py:2\): of ours; correct"):
        discover()


def test_two_of_one_name_in_files_are_told(app: Callable[[str], None]) -> None:
    app('from dbstate import state\n@state("paid order exists")\ndef found(f): ...\n')
    with pytest.raises(DuplicateState) as caught:
        discover()
    first, second = caught.value.places
    assert first.startswith("example_project/shop/states.py:")
    assert second.endswith("stateful/states.py:2")
