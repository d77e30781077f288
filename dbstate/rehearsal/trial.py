"""One migration in a test, on a database of its own: the models of before, apply, reverse.

A ladder is a database that is migrated step by step, in the order of the whole project; each trial gets
a copy of it by TEMPLATE. So the trials of all migrations, one after the other, migrate once.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from django.apps.registry import Apps
from django.db import connections, models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations.exceptions import AmbiguityError
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.recorder import MigrationRecorder

from dbstate.backends import backend_for
from dbstate.backends.postgresql_copies import Entry, copy_of, empty_beside, opened
from dbstate.catalog import Catalog
from dbstate.catalog.diff import diff
from dbstate.errors import DbstateError
from dbstate.factories import ModelFactory, factory_for
from dbstate.rehearsal.aftermath import schemas_of
from dbstate.rehearsal.orders import Key
from dbstate.rehearsal.running import state_now
from dbstate.seeding import Options, prepare
from dbstate.snapshots import TableChange, compare, drop_snapshots, take
from dbstate.states import Entered, enter


class CannotTry(DbstateError):
    """A migration cannot be tried as it was asked for."""


@dataclass(frozen=True, slots=True)
class RoundTrip:
    """What is otherwise after apply and reverse; empty where all came back."""

    schema: tuple[str, ...]
    """Differences of the schema, in words."""
    rows: tuple[TableChange, ...]
    """Tables of before whose rows are not what they were."""

    def __bool__(self) -> bool:
        return bool(self.schema or self.rows)


@dataclass(frozen=True, slots=True)
class Models:
    """The historical models of one moment, with what makes their rows in the trial's database."""

    app_label: str
    """Of the migration: where names without an app are looked for."""
    apps: Apps
    using: str

    def model(self, label: str) -> type[models.Model]:
        """A model: ``app.Model``, or a name of the migration's own app. Raises LookupError."""
        app, _, name = label.rpartition(".")
        return self.apps.get_model(app or self.app_label, name)

    def factory(self, label: str) -> type[ModelFactory[Any]]:
        """The factory of a model: as ``dbstate.factory_for``, bound to this moment."""
        return factory_for(self.model(label), using=self.using, apps=self.apps)

    def enter(self, state: str, /, **params: Any) -> Entered:
        """Enter a named state with the models of this moment: as ``dbstate.enter``."""
        return enter(state, using=self.using, apps=self.apps, **params)

    def make(self, label: str, rows: int = 1, *, seed: int = 0, now: datetime | None = None) -> list[Any]:
        """New valid rows of a model, with what they need; in the order of their keys."""
        model = self.model(label)
        known = set(self._rows(model).values_list("pk", flat=True))
        wanted = model._meta.label_lower
        options = Options(
            now=now or datetime.now(UTC),
            seed=seed,
            labels=(wanted,),
            rows_by_label={wanted: len(known) + rows},
            profile="realistic",
        )
        prepare(self.apps, using=self.using, options=options).run()
        return [row for row in self._rows(model).order_by("pk") if row.pk not in known]

    def _rows(self, model: type[models.Model]) -> Any:
        return model._base_manager.using(self.using)


@dataclass(slots=True)
class Trial:
    """A migration that can be applied and reversed; the alias leads to its database meanwhile."""

    key: Key
    connection: BaseDatabaseWrapper
    before: Models
    """The models of before the migration, whatever is applied: what code that is not deployed yet has."""
    now: Models
    """The models of now: those of before, or after ``apply`` those after it."""

    @property
    def apps(self) -> Apps:
        """The historical models of now."""
        return self.now.apps

    def model(self, label: str) -> type[models.Model]:
        """A historical model of now: ``app.Model``, or a name of the migration's own app."""
        return self.now.model(label)

    def factory(self, label: str) -> type[ModelFactory[Any]]:
        """The factory of a model of now."""
        return self.now.factory(label)

    def enter(self, state: str, /, **params: Any) -> Entered:
        """Enter a named state with the models of now."""
        return self.now.enter(state, **params)

    def make(self, label: str, rows: int = 1, *, seed: int = 0, now: datetime | None = None) -> list[Any]:
        """New valid rows of a model of now, with what they need; in the order of their keys."""
        return self.now.make(label, rows, seed=seed, now=now)

    def apply(self) -> Trial:
        """Apply the migration: the models are those after it."""
        return self._migrate(backwards=False)

    def reverse(self) -> Trial:
        """Reverse it: the models are those before it. Raises IrreversibleError where it has no way back."""
        return self._migrate(backwards=True)

    def round_trip(self, *, samples: int = 5) -> RoundTrip:
        """Apply and reverse; what did not come back."""
        before, rows = self._catalog(), take(self.connection, "start", without=("django_migrations",))
        self.apply().reverse()
        changes = compare(
            self.connection, rows, pairing="name", samples=samples, without=("django_migrations",)
        )
        drop_snapshots(self.connection)
        return RoundTrip(tuple(map(str, diff(before, self._catalog()))), changes.tables)

    def _catalog(self) -> Catalog:
        return backend_for(self.connection).live_catalog(self.connection, schemas=schemas_of(self.connection))

    def _migrate(self, *, backwards: bool) -> Trial:
        executor = MigrationExecutor(self.connection)
        executor.migrate([], plan=[(executor.loader.graph.nodes[self.key], backwards)])
        self.now = _models(self.key, self.connection)
        return self


@dataclass(slots=True)
class Ladder:
    """The database that trials are copied from; one for a whole run."""

    alias: str
    stack: ExitStack = field(default_factory=ExitStack)
    entry: Entry | None = None
    step: int = 0
    """How many migrations of the order are applied."""

    @contextmanager
    def trial(self, app_label: str, name: str) -> Iterator[Trial]:
        """The migration, its database before it, and the alias leading there until the end of the block."""
        own = connections[self.alias]
        if own.in_atomic_block:
            raise CannotTry(
                f"cannot try {app_label}.{name}: a transaction of the test is open; leave out the fixture db "
                "and the mark django_db, the migration has a database of its own"
            )
        own.close()
        key = self._climb(own, app_label, name)
        assert self.entry is not None
        with opened(own, self.entry) as ladder, copy_of(ladder) as copied, self._led(copied.entry) as copy:
            before = _models(key, copy)
            yield Trial(key, copy, before, before)

    def close(self) -> None:
        """Drop the database."""
        self.stack.close()
        self.entry = None

    def _climb(self, own: BaseDatabaseWrapper, app_label: str, name: str) -> Key:
        """Migrate the ladder to just before the migration; its key."""
        if self.entry is None:
            self._begin(own)
        assert self.entry is not None
        with self._led(self.entry) as ladder:
            executor = MigrationExecutor(ladder)
            order, key = _order(executor), _find(executor, app_label, name)
            place = order.index(key)
            if place >= self.step:
                nodes = executor.loader.graph.nodes
                executor.migrate([], plan=[(nodes[one], False) for one in order[self.step : place]])
                self.step = place
                return key
        # It is too high: a way down may not exist.
        self.close()
        return self._climb(own, app_label, name)

    def _begin(self, own: BaseDatabaseWrapper) -> None:
        self.stack = ExitStack()
        self.entry = self.stack.enter_context(empty_beside(own)).entry
        with self._led(self.entry) as ladder:
            MigrationRecorder(ladder).ensure_schema()
        self.step = 0

    @contextmanager
    def _led(self, entry: Entry) -> Iterator[BaseDatabaseWrapper]:
        """The alias leads to this database inside of the block."""
        own = connections[self.alias]
        with opened(own, entry) as connection:
            connections[self.alias] = connection
            try:
                yield connection
            finally:
                connections[self.alias] = own


def every_migration(*app_labels: str) -> tuple[Key, ...]:
    """All migrations of the project, or of these apps, in order, for a parametrised test.

    No database is asked.
    """
    wanted = frozenset(app_labels)
    return tuple(key for key in _order(MigrationExecutor(None)) if not wanted or key[0] in wanted)


def _order(executor: MigrationExecutor) -> list[Key]:
    """All migrations as an empty database gets them."""
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes(), clean_start=True)
    return [(step.app_label, step.name) for step, _ in plan]


def _find(executor: MigrationExecutor, app_label: str, name: str) -> Key:
    """The migration of this name, or of which it is the beginning. Raises CannotTry."""
    if (app_label, name) in executor.loader.graph.nodes:
        return app_label, name
    try:
        found = executor.loader.get_migration_by_prefix(app_label, name)
    except KeyError:
        raise CannotTry(
            f"cannot try {app_label}.{name}: there is no such migration; see manage.py showmigrations"
        ) from None
    except AmbiguityError as error:
        raise CannotTry(f"cannot try {app_label}.{name}: {error}; write the whole name") from error
    return found.app_label, found.name


def _models(key: Key, connection: BaseDatabaseWrapper) -> Models:
    return Models(key[0], state_now(connection).apps, connection.alias)


__all__ = ["CannotTry", "Ladder", "Models", "RoundTrip", "Trial", "every_migration"]
