"""Planning twice the models takes about twice the work."""

from __future__ import annotations

import cProfile
import pstats
from datetime import UTC, datetime

import pytest
from django.apps.registry import Apps

from dbstate.introspection import read_catalog
from dbstate.seeding import Options
from dbstate.seeding.plan import plan
from tests.benchmarks.synthetic import synthetic_apps

NOW = datetime(2025, 6, 15, 12, tzinfo=UTC)


def calls(registry: Apps) -> int:
    """Function calls of reading these models and planning their rows: the same on every machine."""
    profile = cProfile.Profile()
    with profile:
        catalog = read_catalog(registry)
        made = plan(catalog, dict.fromkeys(catalog.tables, 0), Options(now=NOW))
    assert len(made.units) == len(catalog.tables)
    return int(pstats.Stats(profile).total_calls)  # type: ignore[attr-defined]


@pytest.mark.slow
def test_planning_is_near_linear() -> None:
    calls(synthetic_apps(10))
    assert calls(synthetic_apps(400)) < 2.6 * calls(synthetic_apps(200))
