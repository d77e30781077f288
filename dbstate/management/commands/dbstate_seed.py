"""``dbstate_seed``: fill the database with rows that it and full_clean() accept."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from typing import Any

from django.apps import apps
from django.core.management import call_command
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations.executor import MigrationExecutor

from dbstate.conf import current_conf
from dbstate.errors import DbstateError
from dbstate.guard import MarkError, Verdict, claim
from dbstate.management.base import CLEAN, FINDINGS, DbstateCommand
from dbstate.management.labels import select
from dbstate.management.options import Options, UsageError
from dbstate.management.progress import show_progress
from dbstate.management.seeding_report import plan_as_json, plan_as_text, report_as_json, report_as_text
from dbstate.seeding import Options as SeedingOptions
from dbstate.seeding import prepare


class PendingMigrations(DbstateError):
    """The models are ahead of the database."""

    def __init__(self, names: list[str], place: str) -> None:
        shown = ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")
        super().__init__(
            f"cannot seed {place}: {len(names)} migrations are not applied ({shown}); run: python manage.py migrate"
        )
        self.names = tuple(names)


class Command(DbstateCommand):
    help = "Fill the database with realistic rows and edge cases that satisfy every constraint."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument(
            "--rows",
            action="append",
            default=[],
            metavar="N | app.Model=N",
            help="Rows that each table, or this one, shall hold; repeatable; 0 is legal.",
        )
        parser.add_argument(
            "--profile",
            choices=("mixed", "realistic", "boundary"),
            default="mixed",
            help="Which rows: realistic ones, edge cases, or both (default: mixed).",
        )
        parser.add_argument(
            "--locale", action="append", default=[], metavar="LOCALE", help="Only this locale; repeatable."
        )
        parser.add_argument(
            "--strict", action="store_true", help="Write nothing when any table cannot be filled."
        )

    def run(self, options: Options, given: Mapping[str, Any]) -> int:
        seeding = _seeding_options(options, given)
        connection = self.connect(options)
        if options.dry_run:
            return self._dry_run(connection, options, seeding)
        found = self.permit(connection, options, purpose="seed")
        self._migrate(options, found)
        prepared = prepare(apps, using=options.database, options=seeding)
        total = sum(unit.rows for unit in prepared.plan.units)
        with show_progress(total, color=not given["no_color"], shown=options.verbosity > 0) as progress:
            report = prepared.run(progress)
        replay = _replay(options, given)
        as_json = options.format == "json"
        self.emit(
            options,
            report_as_json(report, replay)
            if as_json
            else report_as_text(report, replay, color=options.color),
        )
        worse = [finding for finding in report.findings if finding.severity != "note"]
        return FINDINGS if report.failed or worse else CLEAN

    def _dry_run(self, connection: BaseDatabaseWrapper, options: Options, seeding: SeedingOptions) -> int:
        found = self.judge(connection, options, purpose="seed")
        pending = _pending(options.database)
        if pending:
            raise PendingMigrations(pending, found.place)
        prepared = prepare(apps, using=options.database, options=seeding)
        guard = tuple((reason.passed, reason.message) for reason in found.reasons)
        if options.format == "json":
            text = plan_as_json(prepared.plan, guard, allowed=found.allowed)
        else:
            text = plan_as_text(prepared.plan, guard, allowed=found.allowed, color=options.color)
        self.emit(options, text)
        return CLEAN

    def _migrate(self, options: Options, found: Verdict) -> None:
        """Apply pending migrations where nothing can be lost; elsewhere refuse, naming them."""
        if _claimable(found):
            self._claim(options, found)
        pending = _pending(options.database)
        if not pending:
            return
        if not _disposable(found):
            raise PendingMigrations(pending, found.place)
        self.note(options, f"applying {len(pending)} pending migrations first")
        call_command("migrate", database=options.database, interactive=False, verbosity=0)

    def _claim(self, options: Options, found: Verdict) -> None:
        """Let a later run know that this one found nobody's rows."""
        try:
            claim(connections[options.database])
        except MarkError as error:
            self.note(options, f"{error}\nseeding goes on; a later run will need {found.permit_line}")


def _pending(using: str) -> list[str]:
    executor = MigrationExecutor(connections[using])
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    return [f"{migration.app_label}.{migration.name}" for migration, _ in plan]


_DISPOSABLE = frozenset({"test_database", "in_memory", "embedded", "marked", "no_rows"})
"""Grounds on which a database may be migrated too: nothing can be lost there."""


def _disposable(found: Verdict) -> bool:
    return any(ground.passed and ground.code in _DISPOSABLE for ground in found.grounds)


def _claimable(found: Verdict) -> bool:
    """Whether only the lack of people's rows permits the run: the next one must find that it was so."""
    passed = {ground.code for ground in found.grounds if ground.passed}
    return bool(passed) and passed <= {"no_rows", "migrations"}


def _seeding_options(options: Options, given: Mapping[str, Any]) -> SeedingOptions:
    conf = current_conf()
    rows, by_label = _read_rows(given["rows"])
    selection = select(given["labels"], apps)
    return SeedingOptions(
        now=options.now,
        seed=options.seed,
        labels=tuple(label.lower() for label in selection.labels),
        named=tuple(label.lower() for label in selection.named),
        rows=rows if rows is not None else conf.rows,
        rows_by_label=by_label,
        profile=given["profile"],
        locales=tuple(given["locale"]) or conf.locales,
        strict=given["strict"],
        password=conf.password,
    )


def _read_rows(given: list[str]) -> tuple[int | None, dict[str, int]]:
    """--rows N and --rows app.Model=N."""
    everywhere: int | None = None
    by_label: dict[str, int] = {}
    for text in given:
        label, _, number = text.rpartition("=")
        rows = _number(text, number)
        if not label:
            everywhere = rows
            continue
        for found in select([label], apps).labels:
            by_label[found.lower()] = rows
    return everywhere, by_label


def _number(text: str, number: str) -> int:
    try:
        rows = int(number)
    except ValueError:
        raise UsageError(
            f"--rows {text}", "it is not a whole number", "write --rows 100 or --rows app.Model=100"
        ) from None
    if rows < 0:
        raise UsageError(f"--rows {text}", "it is negative", "ask for 0 rows or more")
    return rows


def _replay(options: Options, given: Mapping[str, Any]) -> str:
    """The command line that makes the same rows again on an empty database."""
    parts = ["python manage.py dbstate_seed", *given["labels"]]
    parts += [f"--seed {options.seed}", f"--now {options.now.date().isoformat()}"]
    parts += [f"--rows {rows}" for rows in given["rows"]]
    if given["profile"] != "mixed":
        parts.append(f"--profile {given['profile']}")
    parts += [f"--locale {locale}" for locale in given["locale"]]
    if options.database != "default":
        parts.append(f"--database {options.database}")
    return " ".join(parts)
