"""The pytest plugin: fixtures that try migrations.

It is loaded in every run of every project that has dbstate installed, so it imports neither Django nor
what makes values before a test asks for them: hence the imports in functions.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from dbstate.rehearsal.trial import Ladder, Trial


@pytest.fixture(scope="session")
def dbstate_ladder(django_db_setup: None, django_db_blocker: Any) -> Iterator[Ladder]:
    """The database that trials of migrations are copied from; it is dropped with the run."""
    from dbstate.rehearsal.trial import Ladder

    ladder = Ladder("default")
    yield ladder
    with django_db_blocker.unblock():
        ladder.close()


@pytest.fixture
def dbstate_migration(dbstate_ladder: Ladder, django_db_blocker: Any) -> Iterator[Callable[..., Trial]]:
    """``dbstate_migration("shop", "0042")``: the migration on a database of its own, not applied yet."""
    with django_db_blocker.unblock(), ExitStack() as stack:
        yield lambda app_label, name: stack.enter_context(dbstate_ladder.trial(app_label, name))


@pytest.fixture
def migration(dbstate_migration: Callable[..., Trial]) -> Callable[..., Trial]:
    """Short name of ``dbstate_migration``."""
    return dbstate_migration
