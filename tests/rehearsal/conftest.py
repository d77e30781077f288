"""What the tests of rehearsals share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.rehearsal.projects import Project, small_project


@pytest.fixture
def project(tmp_path: Path, django_db_setup: None, django_db_blocker: Any) -> Iterator[Project]:
    """A project without migrations yet."""
    with django_db_blocker.unblock(), small_project(tmp_path) as made:
        yield made
