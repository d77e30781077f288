"""Migrations that are not applied yet."""

from __future__ import annotations

from collections.abc import Sequence

from django.apps import apps
from django.db import connections, router
from django.db.migrations.executor import MigrationExecutor

from dbstate.errors import DbstateError

SHOWN = 5


class PendingMigrations(DbstateError):
    """The models are ahead of the database. ``names`` has ``app_label.migration``."""

    def __init__(self, names: Sequence[str], place: str, remedy: str) -> None:
        more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
        count = "1 migration is" if len(names) == 1 else f"{len(names)} migrations are"
        super().__init__(
            f"cannot seed {place}: {count} not applied ({', '.join(names[:SHOWN])}{more}); {remedy}"
        )
        self.names = tuple(names)


class CannotMigrate(DbstateError):
    """A pending migration fails in the database."""

    def __init__(self, place: str, error: Exception) -> None:
        said = " ".join(str(error).split())
        super().__init__(
            f"cannot apply the pending migrations of {place}: {said}; no row was written; "
            "python manage.py migrate shows which one it is"
        )


def unmade_apps(using: str) -> list[str]:
    """Labels of applications without migrations that have a table to be made."""
    connection = connections[using]
    longest = connection.ops.max_name_length()

    def known(name: str) -> str:
        # A longer name than the database takes is cut by it, in each statement alike.
        return connection.introspection.identifier_converter(name)[:longest]

    there = {known(name) for name in connection.introspection.table_names()}
    unmigrated = MigrationExecutor(connection).loader.unmigrated_apps
    return [
        config.label
        for config in apps.get_app_configs()
        if config.label in unmigrated
        and any(
            known(model._meta.db_table) not in there
            for model in router.get_migratable_models(config, using)
            if model._meta.managed
            and not model._meta.proxy
            and not model._meta.swapped
            # A name with quotation marks in it names a schema: not for a listing to find.
            and '"' not in model._meta.db_table
        )
    ]


def pending_migrations(using: str) -> list[str]:
    """Names of the migrations that ``migrate`` would apply, in order."""
    executor = MigrationExecutor(connections[using])
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    return [f"{migration.app_label}.{migration.name}" for migration, _ in plan]
