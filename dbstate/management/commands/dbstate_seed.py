"""``dbstate_seed``: fill the database with rows that it and full_clean() accept."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from typing import Any

from django.apps import apps
from django.core.management import call_command
from django.db import DatabaseError, connections
from django.db.backends.base.base import BaseDatabaseWrapper

from dbstate.backends import backend_for
from dbstate.guard import MarkError, Verdict, claim
from dbstate.management.base import CLEAN, FINDINGS, DbstateCommand
from dbstate.management.options import Options
from dbstate.management.pending import CannotMigrate, PendingMigrations, pending_migrations, unmade_apps
from dbstate.management.progress import show_progress
from dbstate.management.seeding_report import (
    Look,
    Proposal,
    count,
    plan_as_json,
    plan_as_text,
    report_as_json,
    report_as_text,
)
from dbstate.management.seeding_request import check_asked, replay_line, rows_before, seeding_options
from dbstate.management.state_request import (
    enter_committed,
    read_states,
    refuse_params,
    render_entered,
    render_planned,
    state_replay_line,
)
from dbstate.seeding import Options as SeedingOptions
from dbstate.seeding import Prepared, prepare


class Command(DbstateCommand):
    help = "Fill the database with realistic rows and edge cases that satisfy every constraint."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument(
            "--rows",
            action="append",
            default=[],
            metavar="N | app.Model=N",
            help=(
                "Rows that each table, or the one named, shall hold in the end: missing ones are added, none "
                "is removed. Repeatable; 0 is legal (default: 3 realistic rows and one for each edge case)."
            ),
        )
        parser.add_argument(
            "--profile",
            choices=("mixed", "realistic", "boundary"),
            default="mixed",
            help="Which rows: realistic ones, edge cases, or both (default: mixed).",
        )
        parser.add_argument(
            "--locale",
            action="append",
            default=[],
            metavar="LOCALE",
            help="Draw names, places and text from this locale alone, such as ja_JP; repeatable.",
        )
        parser.add_argument(
            "--strict", action="store_true", help="Write nothing when any table cannot be filled."
        )
        parser.add_argument(
            "--state",
            action="append",
            default=[],
            metavar="NAME",
            help=(
                "Enter this named state instead of filling tables (dbstate_states lists them). Repeatable: "
                "in this order, in one transaction."
            ),
        )
        parser.add_argument(
            "--param",
            action="append",
            default=[],
            metavar="NAME=VALUE",
            help=(
                "A parameter of each state that takes it; a value that is JSON is read as such. Repeatable."
            ),
        )

    def run(self, options: Options, given: Mapping[str, Any]) -> int:
        if given["state"]:
            return self._enter(options, given)
        refuse_params(given)
        seeding = seeding_options(options, given)
        connection = self.connect(options)
        if options.dry_run:
            return self._dry_run(connection, options, seeding)
        found = self.permit(connection, options, purpose="seed")
        self._migrate(options, found)
        prepared = _prepare(options, seeding)
        before = rows_before(prepared.plan)
        total = sum(unit.rows for unit in prepared.plan.units)
        with show_progress(total, color=not given["no_color"], shown=options.verbosity > 0) as progress:
            report = prepared.run(progress)
        replay = replay_line(options, given)
        if options.format == "json":
            text = report_as_json(report, replay, before)
        else:
            text = report_as_text(report, replay, before, _look(options))
        self.emit(options, text)
        worse = [finding for finding in report.findings if finding.severity != "note"]
        return FINDINGS if report.failed or worse else CLEAN

    def _enter(self, options: Options, given: Mapping[str, Any]) -> int:
        """Enter named states; they may remove rows only where the guard lets rows be removed."""
        asked = read_states(options, given)
        connection = self.connect(options)
        if options.dry_run:
            verdict = self.judge(connection, options, purpose="seed")
            self.emit(options, render_planned(options, asked, verdict))
            return CLEAN
        self._migrate(options, self.permit(connection, options, purpose="seed"))
        may_remove = lambda: self.permit(connection, options, purpose="write")  # noqa: E731 - one expression
        entered = enter_committed(options, given, asked, may_remove)
        self.emit(options, render_entered(options, entered, state_replay_line(options, given)))
        return CLEAN

    def _dry_run(self, connection: BaseDatabaseWrapper, options: Options, seeding: SeedingOptions) -> int:
        found = self.judge(connection, options, purpose="seed")
        pending = pending_migrations(options.database)
        if pending and not (found.allowed and _disposable(found)):
            raise PendingMigrations(pending, found.place, "run: python manage.py migrate")
        made_first = pending or (_disposable(found) and unmade_apps(options.database))
        prepared = _prepare(options, seeding, migrated=not made_first)
        notes = {table.name: table.notes for table in prepared.catalog if table.notes}
        proposal = Proposal(prepared.plan, found, tuple(pending), notes)
        as_json = options.format == "json"
        self.emit(options, plan_as_json(proposal) if as_json else plan_as_text(proposal, _look(options)))
        return CLEAN

    def _migrate(self, options: Options, found: Verdict) -> None:
        """Apply pending migrations where nothing can be lost; elsewhere refuse, naming them."""
        if _claimable(found):
            self._claim(options, found)
        pending, disposable = pending_migrations(options.database), _disposable(found)
        if not pending and not (disposable and unmade_apps(options.database)):
            return  # what is missing elsewhere is named, table by table
        if not disposable:
            raise PendingMigrations(pending, found.place, "run: python manage.py migrate")
        connection = connections[options.database]
        with backend_for(connection).alone_migrating(connection):
            # Another run may have applied them while this one waited.
            self._apply(
                options, found.place, pending_migrations(options.database), unmade_apps(options.database)
            )

    def _apply(self, options: Options, place: str, pending: Sequence[str], unmade: Sequence[str]) -> None:
        if pending:
            self.note(options, f"applying {count(len(pending), 'pending migration')} first")
            self.note(options, "\n".join(f"  {name}" for name in pending), level=2)
        if unmade:
            self.note(options, f"making the tables of what has no migrations first: {', '.join(unmade)}")
        if not pending and not unmade:
            return
        # They are committed one by one, whatever comes after.
        self.interrupted = "interrupted; pending migrations were applied, no row was written"
        try:
            call_command(
                "migrate",
                database=options.database,
                interactive=False,
                verbosity=0,
                run_syncdb=bool(unmade),
            )
        except DatabaseError as error:
            raise CannotMigrate(place, error) from error

    def _claim(self, options: Options, found: Verdict) -> None:
        """Let a later run know that this one found nobody's rows."""
        try:
            claim(connections[options.database])
        except MarkError as error:
            self.note(options, f"{error}\nseeding goes on; a later run will need {found.permit_line}")


_DISPOSABLE = frozenset({"test_database", "in_memory", "embedded", "marked", "no_rows"})
"""Grounds on which a database may be migrated too: nothing can be lost there."""


def _disposable(found: Verdict) -> bool:
    return any(ground.passed and ground.code in _DISPOSABLE for ground in found.grounds)


def _claimable(found: Verdict) -> bool:
    """Whether only the lack of people's rows permits the run: the next one must find that it was so."""
    passed = {ground.code for ground in found.grounds if ground.passed}
    return bool(passed) and passed <= {"no_rows", "migrations"}


def _prepare(options: Options, seeding: SeedingOptions, *, migrated: bool = True) -> Prepared:
    prepared = prepare(apps, using=options.database, options=seeding, migrated=migrated)
    check_asked(prepared.plan, prepared.catalog.by_label, using=options.database)
    return prepared


def _look(options: Options) -> Look:
    return Look(options.color, options.width, options.verbosity)
