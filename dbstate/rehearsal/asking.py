"""Doors of the pre-checks: ask the source before a rehearsal, and the copy where an operation failed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any

from django.db import DatabaseError
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations.migration import Migration
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState

from dbstate.rehearsal.answering import Answers, answer
from dbstate.rehearsal.asked import Asked
from dbstate.rehearsal.ddl import effects_of
from dbstate.rehearsal.reading import read_only
from dbstate.rehearsal.statements import Emitted, emitted_by
from dbstate.rehearsal.story import tell


def ask_source(
    connection: BaseDatabaseWrapper,
    emitted: Iterable[Emitted],
    *,
    samples: int = 5,
    timeout: float = 0,
    show_values: bool = False,
) -> Answers:
    """All that the operations meet in the rows that are there: one read-only snapshot, nothing else.

    ``timeout`` is in seconds for each query, 0 for none. Raises django.db.Error where the source goes.
    """
    with read_only(connection, timeout):
        told = tell(connection, emitted)
        answers = answer(connection, told.questions, samples=samples, show_values=show_values)
    return Answers((*told.found, *answers.asked), answers.unanswered)


def explain(
    connection: BaseDatabaseWrapper,
    migration: str,
    index: int,
    operation: Operation,
    app_label: str,
    before: ProjectState,
    after: ProjectState,
    *,
    samples: int = 5,
) -> tuple[Asked, ...]:
    """Why this operation cannot be applied to the rows as they are now, just before it.

    For a connection to a copy, in a transaction or outside of one. Never raises over the failure itself.
    """
    one: Any = Migration(migration.partition(".")[2], app_label)
    one.operations = [operation]
    del after  # the same as ``before`` with the operation's own change
    return _explained(connection, lambda: emitted_by(one, before, connection), migration, index, samples)


def explain_sql(
    connection: BaseDatabaseWrapper, migration: str, statements: Sequence[str], *, samples: int = 5
) -> tuple[Asked, ...]:
    """The same for SQL that Django puts off to the end of a migration."""
    effects = tuple(effect for sql in statements for effect in effects_of(sql))
    emitted = (Emitted(migration, None, "end of the migration", tuple(statements), effects),)
    return _explained(connection, lambda: emitted, migration, None, samples)


def _explained(
    connection: BaseDatabaseWrapper,
    emitted: Callable[[], Iterable[Emitted]],
    migration: str,
    index: int | None,
    samples: int,
) -> tuple[Asked, ...]:
    try:
        told = tell(connection, emitted())
        answers = answer(connection, told.questions, samples=samples)
    # The connection is gone, or the operation does not go with the state: nothing can be said beside
    # the failure that is being explained.
    except (DatabaseError, LookupError, ValueError, AttributeError, TypeError):
        return ()
    return tuple(
        replace(asked, migration=migration, operation=index) for asked in (*told.found, *answers.asked)
    )
