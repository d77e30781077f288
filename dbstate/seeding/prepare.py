"""Everything that seeding reads before it plans, and the run that follows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from django.apps.registry import Apps
from django.conf import settings
from django.contrib.auth.hashers import PBKDF2PasswordHasher, get_hashers, make_password
from django.db import connections

from dbstate.adapters import with_registered_names
from dbstate.backends import Backend, Connection, LoadRefused, backend_for
from dbstate.binding import Binding, bind
from dbstate.catalog import Catalog
from dbstate.derived import BadDerivation, declared
from dbstate.introspection import read_catalog
from dbstate.rows import narrowed
from dbstate.seeding.derivations import compute_derived
from dbstate.seeding.plan import Options, Plan, plan
from dbstate.seeding.records import Records
from dbstate.seeding.report import Report
from dbstate.seeding.run import Runner
from dbstate.seeding.session import Progress, Session
from dbstate.seeding.space import check_locks, check_space
from dbstate.values import Setting

COUNTED = 1_000_000
"""Rows of a table are counted up to this many, or to the number asked for."""
ITERATIONS = 1_000
"""Of PBKDF2 for seeded passwords: they protect nothing, and a real one costs 0.2 s."""
SALT = "dbstateseed"


@dataclass(frozen=True)
class Prepared:
    """A plan and what is needed to run it."""

    plan: Plan
    catalog: Catalog
    binding: Binding
    backend: Backend
    connection: Connection
    present: frozenset[str]
    """Tables that are in the database."""

    def run(self, progress: Progress = lambda label, rows: None) -> Report:
        """Make the rows, all or none. Raises CannotFill, LoadRefused and other DbstateErrors."""
        options = self.plan.options
        setting = Setting(
            seed=options.seed,
            now=options.now,
            locales=options.locales,
            password=encoded_password(options.password),
            aware=settings.USE_TZ,
        )
        session = Session(
            self.plan,
            self.catalog,
            self.binding,
            self.backend,
            self.connection,
            setting,
            self.present,
            progress,
            Report(self.plan, skipped=list(self.plan.skipped)),
            Records(self.catalog, self.binding, self.connection.alias),
        )

        def finish(keys: Mapping[str, list[object]]) -> list[str]:
            changed = self._derive(keys)
            session.report.notes += session.samples.notes()
            if session.purse.left <= 0:
                session.report.notes.append(
                    "rows that full_clean() refuses were mended up to a bound, then left out or named: "
                    "give values yourself with dbstate.meaning(), or seed fewer tables at a time"
                )
            return changed

        report = Runner(session).run(finish)
        for result in report.tables:
            # What the database itself was asked for in the meantime included.
            result.notes = [*session.catalog.by_label[result.label.lower()].notes, *result.notes]
        return report

    def _derive(self, keys: Mapping[str, list[object]]) -> list[str]:
        """Compute what follows from other tables; the tables that were changed. Raises BadDerivation."""
        changed = compute_derived(self.catalog, self.binding, declared(), keys, self.connection.alias)
        if not changed:
            return changed
        try:
            self.backend.check_constraints_now(self.connection)
        except LoadRefused as refused:
            told = self.catalog.tables.get(refused.verdict.table)
            guilty = [str(d) for d in declared() if told and d.label.lower() == told.label.lower()]
            raise BadDerivation(
                ", ".join(guilty or map(str, declared())),
                f"the database refuses what comes out: {refused.verdict.message}",
                "correct the expression or the bounds",
            ) from refused
        return changed


def prepare(apps: Apps, *, using: str, options: Options, migrated: bool = True) -> Prepared:
    """Read models and database, and plan.

    With ``migrated`` false, tables that are not there yet count as empty: such a plan is to be shown only.

    Raises UnknownLabel, TooManyRows, TooLittleSpace, TooManyLocks, Unsupported, Unreachable.
    """
    connection = connections[using]
    backend = backend_for(connection)
    server = backend.describe(connection)
    described = with_registered_names(read_catalog(apps, using=using))
    catalog = Catalog.from_tables(tuple(narrowed(table) for table in described))
    most = min(max([COUNTED, options.rows or 0, *options.rows_by_label.values()]), 2**63 - 1)
    occupancy = backend.occupancy(connection, catalog, at_most=most)
    key_room = _key_room(backend, connection, catalog, occupancy)
    present = frozenset(name for name, count in occupancy.items() if count is not None)
    if not migrated:
        occupancy = {name: count or 0 for name, count in occupancy.items()}
    made = plan(catalog, occupancy, options, key_room=key_room)
    check_space(catalog, made.units, backend.free_bytes(connection))
    check_locks(catalog, made.units, server.lock_slots)
    return Prepared(made, catalog, bind(catalog, apps, using=using), backend, connection, present)


def _key_room(
    backend: Backend, connection: Connection, catalog: Catalog, occupancy: Mapping[str, int | None]
) -> dict[str, int]:
    """Numbers left in the automatic keys of the tables that are there."""
    present = [table for table in catalog if occupancy.get(table.name) is not None]
    next_keys = backend.next_keys(connection, present)
    room: dict[str, int] = {}
    for table in present:
        for column, first in next_keys.get(table.name, {}).items():
            greatest = backend.key_room(connection, table, column)
            if greatest is not None:
                left = max(0, greatest - first + 1)
                room[table.name] = min(room.get(table.name, left), left)
    return room


def encoded_password(password: str) -> str:
    """The password as the project's hashers read it, the same in every run where that can be."""
    algorithms: list[Callable[[], object]] = [type(hasher) for hasher in get_hashers()]
    if PBKDF2PasswordHasher in algorithms:
        return PBKDF2PasswordHasher().encode(password, SALT, iterations=ITERATIONS)
    return make_password(password)
