"""Migrations that are not applied yet."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import connections
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


def pending_migrations(using: str) -> list[str]:
    """Names of the migrations that ``migrate`` would apply, in order."""
    executor = MigrationExecutor(connections[using])
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    return [f"{migration.app_label}.{migration.name}" for migration, _ in plan]
