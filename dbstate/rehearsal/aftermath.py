"""What the child process is asked of the copy between the phases: models against the database, rows of new
models, generated rows. Everything here needs the project's historical models."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.apps.registry import Apps
from django.core.management.sql import emit_post_migrate_signal
from django.db import DatabaseError, Error, models, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations import Migration, RunPython, RunSQL, SeparateDatabaseAndState
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState

from dbstate.backends import backend_for
from dbstate.backends.naming import quoted
from dbstate.backends.postgresql_reaching import sqlstate
from dbstate.backends.protocol import LoadRefused
from dbstate.catalog.diff import Difference, drift
from dbstate.errors import DbstateError
from dbstate.introspection import read_catalog
from dbstate.rehearsal.evidence import WrittenBack
from dbstate.rehearsal.orders import Key
from dbstate.rehearsal.running import state_now
from dbstate.snapshots import SCHEMA

TRIED_ROWS = 3
"""Rows of each model that are written and read back."""

_NO_SCHEMA = "3F000"
_MISFITS = ("42703", "42P01", "42804", "42883")
"""No such column, no such table, another type: the models and the database are not of one mind."""


@dataclass(frozen=True, slots=True)
class MigrationFacts:
    """What the parent process must know of a migration before it runs."""

    atomic: bool
    operations: tuple[str, ...]
    """Class names."""
    tables: tuple[str, ...] | None
    """Tables whose rows it can change, and perhaps more; None where nothing but running it tells."""


def describe(connection: BaseDatabaseWrapper, keys: Sequence[Key]) -> tuple[MigrationFacts, ...]:
    """Facts of these migrations, in order; makes Django's record of them where there is none yet.

    KeyError where there is no such migration.
    """
    executor = MigrationExecutor(connection)
    executor.recorder.ensure_schema()
    nodes = executor.loader.graph.nodes
    state = state_now(connection)
    found = []
    for key in keys:
        migration = nodes[key]
        kinds = tuple(type(one).__name__ for one in migration.operations)
        found.append(MigrationFacts(migration.atomic, kinds, _touched(migration, state)))
        state = migration.mutate_state(state, preserve=True)
    return tuple(found)


def _touched(migration: Migration, state: ProjectState) -> tuple[str, ...] | None:
    """Tables of models that its operations name, and of those with a relation to these."""
    if any(_is_opaque(operation) for operation in migration.operations):
        return None
    apps = state.apps
    named = {
        model
        for model in apps.get_models(include_auto_created=True)
        for operation in migration.operations
        if operation.references_model(model.__name__, migration.app_label)
    }
    related = {
        model
        for model in apps.get_models(include_auto_created=True)
        if named & {field.related_model for field in model._meta.get_fields() if field.is_relation}
    }
    return tuple(sorted({model._meta.db_table.replace('"', "") for model in named | related}))


def _is_opaque(operation: Operation) -> bool:
    """Whether it runs SQL or code of the project."""
    if isinstance(operation, SeparateDatabaseAndState):
        return any(map(_is_opaque, operation.database_operations))
    own = not type(operation).__module__.startswith("django.")
    return own or isinstance(operation, RunSQL | RunPython)


# models and database ------------------------------------------------------------------------------------


def schemas_of(connection: BaseDatabaseWrapper) -> tuple[str, ...]:
    """The schemas of the copy that are the project's."""
    with connection.cursor() as cursor:
        cursor.execute(
            r"""SELECT nspname FROM pg_namespace WHERE nspname NOT LIKE 'pg\_%%'
                AND nspname NOT IN ('information_schema', %s) ORDER BY 1""",
            [SCHEMA],
        )
        return tuple(name for (name,) in cursor.fetchall())


def drifted(connection: BaseDatabaseWrapper) -> tuple[Difference, ...]:
    """Where the database contradicts the models of the applied migrations."""
    backend = backend_for(connection)
    expected = read_catalog(state_now(connection).apps, using=connection.alias)
    found = backend.live_catalog(connection, schemas=schemas_of(connection))
    return drift(expected, found, same=backend.same_expression(connection))


# writing back -------------------------------------------------------------------------------------------


def written_back(
    connection: BaseDatabaseWrapper, tables: Collection[str], new: Collection[str]
) -> tuple[WrittenBack, ...]:
    """Write rows of the models of these tables and read them back, each by itself; nothing stays."""
    apps = state_now(connection).apps
    return tuple(_tried(connection, apps, model, new) for model in _models(apps, tables))


def _models(apps: Apps, tables: Collection[str]) -> Iterator[type[models.Model]]:
    for model in apps.get_models(include_auto_created=True):
        meta = model._meta
        if meta.managed and not meta.proxy and not meta.swapped and meta.db_table in tables:
            yield model


def _tried(
    connection: BaseDatabaseWrapper, apps: Apps, model: type[models.Model], new: Collection[str]
) -> WrittenBack:
    table = model._meta.db_table
    made, failure, tried = 0, "", True
    try:
        with transaction.atomic(using=connection.alias):
            failure = _lacking(connection, model)
            if not failure:
                made = _seed(connection, apps, model._meta.label_lower)
                failure = _read_back(connection, model, made)
            transaction.set_rollback(True, using=connection.alias)
    except LoadRefused as error:
        failure, tried = str(error), _misfit(model, error.verdict.sqlstate, error.verdict.column)
    except DatabaseError as error:
        verdict = backend_for(connection).classify(error)
        failure, tried = verdict.message or str(error), _misfit(model, verdict.sqlstate, verdict.column)
    except DbstateError as error:
        failure, tried = str(error), False
    if not made and not failure:
        failure, tried = "no row could be made for it", False
    return WrittenBack(model._meta.label, table, table in new, made, failure, tried)


def _lacking(connection: BaseDatabaseWrapper, model: type[models.Model]) -> str:
    """The columns of the model that the table has not, in words; empty when it has them all."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT * FROM {quoted(model._meta.db_table)} WHERE false")
        there = {column.name for column in cursor.description}
    wanted = [str(field.column) for field in model._meta.local_concrete_fields]
    missing = [column for column in wanted if column not in there]
    return f"the table has no column {', '.join(missing)}" if missing else ""


def _misfit(model: type[models.Model], sqlstate: str, column: str) -> bool:
    """Whether the refusal shows that models and database disagree, not that a made row was a bad one."""
    known = {field.column for field in model._meta.local_concrete_fields}
    return sqlstate in _MISFITS or (sqlstate == "23502" and bool(column) and column not in known)


def _seed(connection: BaseDatabaseWrapper, apps: Apps, label: str) -> int:
    rows = apps.get_model(label)._base_manager.using(connection.alias)
    there: int = rows.count()
    _fill(
        connection,
        apps,
        now=datetime.now(UTC),
        labels=(label,),
        rows_by_label={label: there + TRIED_ROWS},
        profile="realistic",
    )
    made: int = rows.count() - there
    return made


def _read_back(connection: BaseDatabaseWrapper, model: type[models.Model], made: int) -> str:
    """Read the last rows, write them and read them again; what came back otherwise.

    Where triggers may change what is written, only that it can be written and read is asked.
    """
    rows = model._base_manager.using(connection.alias)
    fields = [
        field
        for field in model._meta.concrete_fields
        if not getattr(field, "generated", False) and not getattr(field, "auto_now", False)
    ]
    changed = _has_triggers(connection, model._meta.db_table)
    for row in list(rows.order_by("-pk")[:made]):
        row.save(using=connection.alias, force_update=bool(len(fields) > 1))
        again = rows.get(pk=row.pk)
        for field in fields:
            wrote, found = getattr(row, field.attname), getattr(again, field.attname)
            if not changed and not _is_same_value(connection, field, wrote, found):
                return f"{field.attname} was written as {wrote!r} and came back as {found!r}"
    return ""


def _is_same_value(
    connection: BaseDatabaseWrapper, field: models.Field[Any, Any], wrote: object, found: object
) -> bool:
    """Whether both are one value; for objects that cannot be compared, whether both are stored alike."""
    if wrote == found:
        return True
    return bool(field.get_db_prep_save(wrote, connection) == field.get_db_prep_save(found, connection)) or (
        wrote is not None and found is not None and type(wrote).__eq__ is object.__eq__
    )


def _has_triggers(connection: BaseDatabaseWrapper, table: str) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT EXISTS (SELECT FROM pg_trigger WHERE tgrelid = to_regclass(%s) AND NOT tgisinternal)",
            [quoted(table)],
        )
        return bool(cursor.fetchone()[0])


# generated rows -----------------------------------------------------------------------------------------


def build(connection: BaseDatabaseWrapper, applied: Sequence[Key], schemas: Sequence[str]) -> tuple[Key, ...]:
    """Migrate the empty copy to where the source stands; the migrations that were not found here.

    ``schemas`` are the source's. Those that no migration makes are made when one is missed, not before:
    migrations may make theirs in SQL that fails where they are there.
    """
    executor = MigrationExecutor(connection)
    known = [key for key in applied if key in executor.loader.graph.nodes]
    try:
        executor.migrate(known)
    except Error as error:
        if sqlstate(error) != _NO_SCHEMA:
            raise
        with connection.cursor() as cursor:
            for name in schemas:
                cursor.execute(f"CREATE SCHEMA IF NOT EXISTS {connection.ops.quote_name(name)}")
        executor = MigrationExecutor(connection)
        # One that is applied would be a target to go back to.
        executor.migrate([key for key in known if key not in executor.loader.applied_migrations])
    return tuple(key for key in applied if key not in executor.loader.graph.nodes)


def announce(connection: BaseDatabaseWrapper) -> str:
    """Let receivers of post_migrate make their rows (content types, permissions …); why they did not."""
    try:
        emit_post_migrate_signal(0, False, connection.alias, apps=state_now(connection).apps, plan=[])
    except Exception as error:  # receivers of the project, on tables that may not be there yet
        return f"{type(error).__name__}: {error}"
    return ""


def seed(connection: BaseDatabaseWrapper, told: Mapping[str, Any]) -> int:
    """Fill the tables of the applied migrations; how many rows were made."""
    apps = state_now(connection).apps
    for model in apps.get_models():
        for field in model._meta.local_concrete_fields:
            # What forms demand of a value is nothing to rows: a column that may be NULL has such rows, too.
            field.blank = field.blank or field.null
    now = datetime.fromisoformat(told["now"]) if told["now"] else datetime.now(UTC)
    return _fill(connection, apps, now=now, seed=told["seed"], rows=told["rows"])


def _fill(connection: BaseDatabaseWrapper, apps: Apps, **options: Any) -> int:
    """Seed the tables of these models; how many rows were made."""
    # Loaded here: most rehearsals make no rows, and this is half of what the child process loads.
    from dbstate.seeding import Options, prepare

    report = prepare(apps, using=connection.alias, options=Options(**options)).run()
    return sum(table.made for table in report.tables)


__all__ = ["Error", "announce", "build", "describe", "drifted", "schemas_of", "seed", "written_back"]
