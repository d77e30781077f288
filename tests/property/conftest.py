"""What the tests with random projects share."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest


@pytest.fixture(scope="session")
def db(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """The test database, outside any transaction: every example makes its own and undoes it.

    By its name pytest-django knows that these tests need a database made.
    """
    with django_db_blocker.unblock():
        yield


@pytest.fixture(scope="session")
def database(db: None) -> None:
    """The same."""
