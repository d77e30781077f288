"""dbstate_states, and dbstate_seed --state, as a person or a script runs them."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connections

from dbstate.guard import mark
from dbstate.states import PATTERNS
from tests.seeding.seeding import (
    Outcome,
    copy_of,
    need_postgresql,
    seed,
    seed_apart,
    seed_json,
    value,
    working_on,
)
from tests.states.documented import blocks

NAME = "user with an active pro subscription exists"


def states(*arguments: str) -> str:
    out = io.StringIO()
    call_command("dbstate_states", *arguments, stdout=out)
    return out.getvalue()


@pytest.fixture(scope="module")
def db(django_db_setup: None) -> None:
    """The test database alone; by this name pytest-django knows that it is needed."""


@pytest.fixture
def database(db: None, django_db_blocker: Any) -> Iterator[str]:
    """A copy of the test database, which the guard knows by nothing but what tests say of it."""
    need_postgresql()
    with django_db_blocker.unblock():
        template = connections["default"].settings_dict["NAME"]
        connections["default"].close()
        with copy_of(template) as copy, working_on(copy):
            yield copy


def refused(*arguments: str) -> Outcome:
    done = seed(*arguments)
    assert done.out == ""
    return done


# -- listing ------------------------------------------------------------------------------------------


def test_states_are_listed_with_all_that_is_needed_to_enter_them() -> None:
    lines = [line.rstrip() for line in states().splitlines()]
    start = lines.index(f"  {NAME}")
    assert lines[0] == "shop"
    assert lines[start + 1 : start + 3] == [
        '    Half of a month of the plan "pro" is over; the user is a new one unless ``user_id`` says which.',
        "    parameters: user_id=None",
    ]
    assert lines[start + 3].startswith("    example_project/shop/states.py:")
    assert lines[-4:] == ["without code", *(f"  {pattern}" for pattern in PATTERNS)]


def test_the_list_for_programs() -> None:
    found = json.loads(states("--format", "json"))
    (paid,) = (one for one in found["states"] if one["name"] == "paid order exists")
    assert (found["schema_version"], found["kind"]) == (1, "states")
    assert paid["app"] == "shop"
    assert paid["parameters"] == [{"name": "lines", "required": False, "default": "2"}]
    assert paid["module"] == "example_project.shop.states"
    assert found["without_code"] == [*PATTERNS]


def test_a_file_that_cannot_be_read_is_2(app: Callable[[str], None]) -> None:
    app("1 / 0\n")
    with pytest.raises(CommandError, match=r"stateful/states\.py:1\): ZeroDivisionError") as caught:
        states()
    assert caught.value.returncode == 2


# -- entering -----------------------------------------------------------------------------------------


def test_a_state_is_entered_and_committed(database: str) -> None:
    mark(connections["default"])
    done = seed("--state", NAME)
    assert done.code == 0, done.err
    pk = value("SELECT id FROM shop_subscription")
    assert done.out.splitlines() == [
        NAME,
        f"  subscription = {pk}  (shop.Subscription)",
        f"again: python manage.py dbstate_seed --state '{NAME}' --seed 0 --now 2026-06-01",
    ]
    assert value("SELECT count(*) FROM shop_subscription WHERE period_start < '2026-06-01'") == 1
    connections["default"].close()
    assert value("SELECT count(*) FROM shop_subscription") == 1


def test_parameters_and_the_result_for_programs(database: str) -> None:
    mark(connections["default"])
    user = seed_json("--state", "user exists", "--param", "email=anna@example.org").result["values"]["user"]
    assert value("SELECT email FROM shop_user") == "anna@example.org"
    found = seed_json("--state", NAME, "--param", f"user_id={user}").result
    assert (found["schema_version"], found["kind"], found["state"]) == (1, "state", NAME)
    assert found["models"] == {"subscription": ["shop.Subscription"]}
    assert value("SELECT user_id FROM shop_subscription") == user
    assert f"--param user_id={user} " in found["replay"]


def test_several_states_are_entered_in_order(database: str) -> None:
    mark(connections["default"])
    names = ("paid order exists", "order line does not exist", "plan exists")
    asked = [part for name in names for part in ("--state", name)]
    planned = seed(*asked, "--dry-run")
    assert (planned.code, planned.out.splitlines()[1:3]) == (0, [*names[1:]])
    found = seed_json(*asked, "--param", "lines=3", "--param", "slug=own").result
    assert [one["state"] for one in found["states"]] == [*names]
    assert len(found["states"][0]["values"]["lines"]) == 3
    assert value("SELECT count(*) FROM shop_orderline") == 0
    assert value("SELECT slug FROM shop_plan") == "own"
    done = seed(*asked)
    assert "again: python manage.py dbstate_seed --state 'paid order exists' --state 'order line " in done.out
    assert value("SELECT count(*) FROM shop_plan") == 2


def test_of_several_states_all_or_none_are_kept(database: str) -> None:
    mark(connections["default"])
    done = refused("--state", "plan exists", "--state", "order exists", "--param", "total_cents=-1")
    assert (done.code, value("SELECT count(*) FROM shop_plan")) == (2, 0), done.err
    done = refused("--state", "plan exists", "--state", "paid order exists", "--param", "line=3")
    assert (
        "cannot use --param line: none of the states 'plan exists', 'paid order exists' takes it" in done.err
    )
    done = refused("--state", "plan exists", "--state", "order with lost status exists")
    assert "cannot enter 'order with lost status exists': there is no such state" in done.err


def test_a_state_is_named_by_code_too(database: str) -> None:
    mark(connections["default"])
    call_command("dbstate_seed", state="plan exists", verbosity=0, stdout=io.StringIO())
    assert value("SELECT count(*) FROM shop_plan") == 1


def test_the_seed_makes_other_values(database: str) -> None:
    mark(connections["default"])
    names = []
    for number in ("1", "2", "1"):
        assert seed("--state", "plan exists", "--seed", number).code == 0
        names.append(value("DELETE FROM shop_plan RETURNING name"))
    assert names[0] == names[2] != names[1]


def test_a_dry_run_writes_nothing(database: str) -> None:
    mark(connections["default"])
    done = seed("--state", "paid order exists", "--dry-run")
    assert done.code == 0
    assert done.out.startswith("paid order exists (example_project/shop/states.py:")
    assert "guard: allowed\n" in done.out
    assert done.out.endswith("nothing was written (--dry-run)\n")
    assert value("SELECT count(*) FROM shop_order") == 0
    assert seed_json("--state", "order exists", "--dry-run").result["guard"]["allowed"] is True


def test_rows_are_removed_only_where_rows_may_be_lost(database: str) -> None:
    """Entering asks as seeding does; the first run claims the empty database for those after it."""
    for _ in range(2):
        assert seed_apart("--state", "plan exists", database=database).code == 0
    done = seed_apart("--state", "plan does not exist", database=database)
    assert (done.code, done.out) == (3, ""), done.err
    assert value("SELECT count(*) FROM shop_plan") == 2
    mark(connections["default"])
    assert seed_apart("--state", "plan does not exist", database=database).code == 0
    assert value("SELECT count(*) FROM shop_plan") == 0


def test_a_state_that_fails_is_2_and_leaves_nothing(database: str) -> None:
    mark(connections["default"])
    done = refused("--state", "paid order exists", "--param", "lines=none")
    assert (done.code, value("SELECT count(*) FROM shop_order")) == (2, 0)
    assert "cannot enter 'paid order exists' (example_project/shop/states.py:" in done.err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--state", "payed order exists"], "did you mean 'paid order exists'"),
        (["--state", "paid order exists", "--param", "line=3"], "it takes no 'line'; did you mean 'lines'?"),
        (["--state", "paid order exists", "--param", "lines"], "it is not of the form name=value"),
        (["--param", "lines=3"], "cannot use --param lines=3: there is no --state; name one"),
        (["shop", "--state", "order exists"], "it does not go with app and model labels"),
        (["--rows", "5", "--strict", "--state", "order exists"], "it does not go with --rows, --strict"),
        (["--state", "order exists", "--locale", "xx_XX"], "xx_XX"),
    ],
)
def test_what_cannot_be_asked(database: str, arguments: list[str], message: str) -> None:
    done = refused(*arguments)
    assert done.code == 2
    assert message in done.err


def test_the_documented_command_line_is_understood(database: str) -> None:
    mark(connections["default"])
    user = seed_json("--state", "user exists").result["values"]["user"]
    (line,) = (block for block in blocks("") if "dbstate_seed --state" in block)
    assert line == f'python manage.py dbstate_seed --state "{NAME}" --param user_id=7'
    assert seed("--state", NAME, "--param", f"user_id={user}").code == 0
