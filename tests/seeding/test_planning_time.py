"""Planning takes about twice the time for twice the models."""

from __future__ import annotations

import time
from datetime import UTC, datetime

from django.apps.registry import Apps

from dbstate.introspection import read_catalog
from dbstate.seeding import Options
from dbstate.seeding.plan import plan
from tests.benchmarks.synthetic import synthetic_apps

NOW = datetime(2025, 6, 15, 12, tzinfo=UTC)


def cpu_seconds(registry: Apps) -> float:
    """Of reading these models and planning their rows."""
    started = time.process_time()
    catalog = read_catalog(registry)
    made = plan(catalog, dict.fromkeys(catalog.tables, 0), Options(now=NOW))
    assert len(made.units) == len(catalog.tables)
    return time.process_time() - started


def test_planning_is_near_linear() -> None:
    half, whole = synthetic_apps(250), synthetic_apps(500)
    rounds = [(cpu_seconds(half), cpu_seconds(whole)) for _ in range(2)]
    least, most = (min(seconds) for seconds in zip(*rounds, strict=True))
    assert most < 3 * least, f"{least:.2f} s for 250 models, {most:.2f} s for 500"
