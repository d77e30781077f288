"""States that a migration's own checks enter on the copy first."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.rehearsal.projects import Project
from tests.rehearsal.scenarios.scenario import Result, Scenario, base_project, complaints, run_scenario

STATES = """
    from dbstate import state

    @state("two customers share an address")
    def shared(f, *, customers=2):
        return f["shop.Customer"].create_batch(customers, email="shared@example.com")

    @state("customer without an address exists")
    def without(f):
        return f["shop.Customer"].create(email=None)
"""
CHECKS = """
    from dbstate.rehearsal import Enter

    CHECKS = {{"0002_change": [Enter({})]}}
"""
UNIQUE = """
    migrations.AlterField("Customer", "email", models.CharField(max_length=100, null=True, unique=True)),
"""


@pytest.fixture(scope="module")
def base(
    tmp_path_factory: pytest.TempPathFactory, django_db_setup: None, django_db_blocker: pytest.FixtureRequest
) -> Iterator[Project]:
    with django_db_blocker.unblock(), base_project(tmp_path_factory.mktemp("base")) as project:  # type: ignore[attr-defined]
        yield project


def run(base: Project, folder: Path, scenario: Scenario) -> Result:
    result = run_scenario(base, scenario, folder)
    assert complaints(scenario, result) == []
    return result


def scenario(name: str, verdict: str, entered: str, **more: object) -> Scenario:
    modules = (("states", STATES), ("migration_checks", CHECKS.format(entered)))
    return Scenario(name, UNIQUE, verdict, modules=modules, **more)  # type: ignore[arg-type]


def test_its_rows_are_rows_that_are_there(base: Project, tmp_path: Path) -> None:
    entered = '"two customers share an address", params={"customers": 3}'
    found = (("duplicate-rows", "customer.email", 3),)
    result = run(base, tmp_path, scenario("shared", "fails_pre", entered, found=found))
    assert "entered on the copy first: two customers share an address" in result.told["notes"]


@pytest.mark.slow
def test_another_state_is_no_obstacle(base: Project, tmp_path: Path) -> None:
    run(base, tmp_path, scenario("without", "safe", '"customer without an address exists"'))


def test_asking_the_rows_alone_says_that_it_did_without(base: Project, tmp_path: Path) -> None:
    arguments = ("shop", "0002", "--phase", "pre")
    result = run(
        base, tmp_path, scenario("pre", "safe", '"two customers share an address"', arguments=arguments)
    )
    assert any("not entered in this phase" in note for note in result.told["notes"])


@pytest.mark.slow
def test_an_unknown_state_is_no_verdict(base: Project, tmp_path: Path) -> None:
    result = run(base, tmp_path, scenario("unknown", "none", '"two customers share a house"'))
    assert "two customers share an address" in result.said, "the nearest name"
