"""Every kind of hazard beside its harmless twin: verdict, findings, counts; the source untouched."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.rehearsal.projects import Project
from tests.rehearsal.scenarios import combined, further, hidden, judged, prechecked, rehearsed, schema
from tests.rehearsal.scenarios.scenario import Scenario, base_project, complaints, run_scenario
from tests.turns import its_turn

SCENARIOS = (
    *prechecked.SCENARIOS,
    *judged.SCENARIOS,
    *further.SCENARIOS,
    *rehearsed.SCENARIOS,
    *combined.SCENARIOS,
    *schema.SCENARIOS,
    *hidden.SCENARIOS,
)
ALWAYS = frozenset(
    {
        "not_null_nulls",
        "unique_twins",
        "too_long",
        "undeclared_update",
        "declared_update",
        "remove_field",
        "irreversible_python",
        "split_join_wrong",
        "own_post_check",
        "parents",
        "field_by_hand_of_another_type",
        "check_by_hand_not_valid",
    }
)
"""One of each kind; each takes two processes and a database, so the others are marked as slow."""


def marked(scenario: Scenario) -> Any:
    marks = () if scenario.name in ALWAYS else (pytest.mark.slow,)
    return pytest.param(scenario, marks=marks, id=scenario.name)


@pytest.fixture(scope="module")
def shop(
    tmp_path_factory: pytest.TempPathFactory, django_db_setup: None, django_db_blocker: Any
) -> Iterator[Project]:
    with django_db_blocker.unblock(), base_project(tmp_path_factory.mktemp("shop")) as project:
        yield project


@pytest.mark.parametrize(
    "scenario",
    [marked(one) for number, one in enumerate(SCENARIOS) if one.name in ALWAYS or its_turn(number, 3)],
)
def test_scenario(scenario: Scenario, shop: Project, tmp_path: Path, django_db_blocker: Any) -> None:
    with django_db_blocker.unblock():
        result = run_scenario(shop, scenario, tmp_path / "project")
    assert complaints(scenario, result) == []


def test_those_that_always_run_are_there() -> None:
    assert {scenario.name for scenario in SCENARIOS} >= ALWAYS
