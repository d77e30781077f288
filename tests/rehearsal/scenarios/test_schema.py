"""Schemas that part from the models or do not come back, beside those that do; the source untouched."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.rehearsal.projects import Project
from tests.rehearsal.scenarios.scenario import Scenario, base_project, complaints, run_scenario
from tests.rehearsal.scenarios.schema import SCENARIOS


@pytest.fixture(scope="module")
def shop(
    tmp_path_factory: pytest.TempPathFactory, django_db_setup: None, django_db_blocker: Any
) -> Iterator[Project]:
    with django_db_blocker.unblock(), base_project(tmp_path_factory.mktemp("shop")) as project:
        yield project


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_scenario(scenario: Scenario, shop: Project, tmp_path: Path, django_db_blocker: Any) -> None:
    with django_db_blocker.unblock():
        result = run_scenario(shop, scenario, tmp_path / "project")
    assert complaints(scenario, result) == []
