"""Migrated projects of others, described by their models and by their databases."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.third_party.test_third_party import run  # noqa: F401  # the fixture

HERE = Path(__file__).parent

BESIDES = {
    "contrib": [],
    "oscar": [
        # Left by a table that was renamed: no model has it.
        "index customer_notification_date_sent_9b6baeda of communication_notification (date_sent) was added",
    ],
    "wagtail": [
        # SQL of its own in the package's migrations.
        "wagtailcore_collection.path changed its collation from none to C",
        "wagtailcore_page.path changed its collation from none to C",
    ],
}
"""All that the databases have otherwise than the models say."""


@pytest.mark.parametrize("run", sorted(BESIDES), indirect=True)
def test_models_and_database_are_described_alike(run: Any) -> None:  # noqa: F811  # pytest gives it
    told = json.loads(run.call(str(HERE / "describing.py")))
    assert told["differences"] == [*BESIDES[run.name], "table django_migrations was added"]
    assert told["drift"] == told["drift of the last state"] == []
