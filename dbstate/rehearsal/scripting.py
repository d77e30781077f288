"""The three scripts of a validation, each tried on the copy at its moment and undone there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations.migration import Migration
from django.db.migrations.state import ProjectState

from dbstate.backends import backend_for
from dbstate.catalog import Catalog
from dbstate.catalog.diff import diff
from dbstate.rehearsal.aftermath import schemas_of
from dbstate.rehearsal.answering import listings
from dbstate.rehearsal.artefacts import (
    LOSS_SETTING,
    Guarded,
    Script,
    post_script,
    pre_script,
    rollback_script,
    try_script,
)
from dbstate.rehearsal.codes import CODES
from dbstate.rehearsal.evidence import Moment
from dbstate.rehearsal.own import OwnChecks
from dbstate.rehearsal.reading import read_only
from dbstate.rehearsal.route import Route
from dbstate.rehearsal.statements import Emitted
from dbstate.rehearsal.story import tell


def guards_of(
    connection: BaseDatabaseWrapper, emitted: Sequence[Emitted], route: Route
) -> tuple[Guarded, ...]:
    """Queries for rows that the migrations cannot be applied to, as far as one can tell beforehand."""
    if route.parents:
        return ()
    with read_only(connection):
        told = tell(connection, emitted)
        return tuple(
            Guarded(f"{question.about.code} in {question.about.relation.name} ({question.about.column})", sql)
            for question, sql in listings(connection, told.questions)
            if question.about.certain and CODES[question.about.code].leads_to == "fails_pre"
        )


@dataclass(slots=True)
class Scripting:
    """The three scripts, each run on the copy at its moment and undone there."""

    route: Route
    own: OwnChecks
    emitted: Sequence[Emitted]
    guards: tuple[Guarded, ...]
    made: dict[str, Script] = field(default_factory=dict)
    before: Catalog | None = None

    def scripts(self) -> tuple[Script, ...]:
        """In the order of their use; those of later moments only when it came so far."""
        return tuple(self.made.values())

    def look(self, moment: Moment, copy: BaseDatabaseWrapper) -> None:
        if moment == "before":
            self.before = self._catalog(copy)
            self._keep(pre_script(self.route.names, self.guards, self.own), copy)
        elif moment == "applied":
            self._keep(post_script(self.route.names, (), self.own), copy)
            with _undone(copy):
                script = rollback_script(copy, self._steps(), self.emitted)
                self.made[script.name] = script if script.refused else self._tried(script, copy)

    def _steps(self) -> list[tuple[Migration, ProjectState]]:
        steps, state = [], self.route.before
        for migration in self.route.migrations:
            if (migration.app_label, migration.name) in self.route.targets:
                steps.append((migration, state))
            state = migration.mutate_state(state, preserve=True)
        return steps

    def _keep(self, script: Script, copy: BaseDatabaseWrapper) -> None:
        with _undone(copy):
            self.made[script.name] = replace(script, refused=try_script(copy, script))

    def _tried(self, script: Script, copy: BaseDatabaseWrapper) -> Script:
        """Rolled back twice: the second time there is nothing to do."""
        assert self.before is not None
        refused = try_script(copy, script, before=f"SET LOCAL {LOSS_SETTING} = 'on'")
        if not refused and " CONCURRENTLY " not in script.text:
            left = diff(self.before, self._catalog(copy))
            refused = f"it leaves the schema otherwise: {left[0]}" if left else try_script(copy, script)
        return replace(script, refused=refused)

    def _catalog(self, copy: BaseDatabaseWrapper) -> Catalog:
        return backend_for(copy).live_catalog(copy, schemas=schemas_of(copy))


@contextmanager
def _undone(connection: BaseDatabaseWrapper) -> Iterator[None]:
    """A transaction that is rolled back."""
    connection.set_autocommit(False)
    try:
        yield
    finally:
        connection.rollback()
        connection.set_autocommit(True)
