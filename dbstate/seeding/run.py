"""Make the rows of a plan, in one transaction."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from django.db import transaction

from dbstate.adapters import unscoped
from dbstate.backends import LoadRefused
from dbstate.errors import DbstateError
from dbstate.seeding.cycles import choose_late_keys
from dbstate.seeding.plan import Skipped, Unit
from dbstate.seeding.references import ParentMissing
from dbstate.seeding.report import Report
from dbstate.seeding.session import Made, Session
from dbstate.seeding.units import make_unit
from dbstate.seeding.verify import findings_of, look_again, verify

Finish = Callable[[Mapping[str, list[object]]], list[str]]
"""Gets the primary keys of the rows made, by table, before the commit; answers the tables it changed."""


class RunUnderWay(DbstateError):
    """Another run writes to the same database."""

    def __init__(self, alias: str) -> None:
        super().__init__(
            f"cannot seed database {alias!r}: another seeding of it is under way; wait until it has ended"
        )
        self.alias = alias


class CannotFill(DbstateError):
    """Tables that were asked for cannot be filled: nothing was written."""

    def __init__(self, skipped: tuple[Skipped, ...]) -> None:
        named = (s.reason if s.reason.startswith(s.label) else f"{s.label}: {s.reason}" for s in skipped)
        lines = "; ".join(named)
        super().__init__(f"cannot fill what was asked for: {lines}; nothing was written")
        self.skipped = skipped


@dataclass(slots=True)
class Runner:
    """One run. Everything that it writes is one transaction."""

    session: Session
    waiting: list[Unit] = field(default_factory=list)
    """Units for which a row of another table was missing."""

    def run(self, finish: Finish) -> Report:
        """Fill the tables.

        Raises CannotFill where the plan's options ask for all or nothing; then nothing is written.
        """
        session = self.session
        started = time.monotonic()
        with unscoped(), transaction.atomic(using=session.alias):
            self._begin()
            made = [done for group in session.plan.groups for done in self._group(group)]
            made += self._second_chance()
            for done in made:
                if any(session.catalog[name].has_clean for name in done.unit.chain):
                    self._verify_again(done, made)
            names = list(dict.fromkeys(name for done in made for name in done.unit.chain))
            changed = finish(session.keys_made(names))
            for done in made:
                if done.unit.table in changed:
                    look_again(session, done)
                self._close(done)
            self._refuse_if_asked()
            planned = dict.fromkeys(name for unit in session.plan.units for name in unit.chain)
            session.backend.advance_sequences(session.connection, [session.catalog[n] for n in planned])
            session.backend.check_constraints_now(session.connection)
        session.report.seconds = time.monotonic() - started
        return session.report

    def _verify_again(self, done: Made, made: Sequence[Made]) -> None:
        """Ask again at the end: clean() may look at rows that came later."""
        session = self.session
        try:
            with transaction.atomic(using=session.alias):
                verify(session, done, made)
                session.backend.check_constraints_now(session.connection)
        except LoadRefused as refused:
            done.result.notes.append(f"not mended at the end: {refused}")
            look_again(session, done)

    def _begin(self) -> None:
        """Put the rows of tables that get none into stock."""
        session = self.session
        if not session.backend.lock_runs(session.connection):
            raise RunUnderWay(session.alias)
        session.backend.defer(session.connection)
        session.reasons |= {s.table: s.reason for s in session.plan.skipped}
        filled = {name for unit in session.plan.units if unit.rows for name in unit.chain}
        idle = [unit.table for unit in session.plan.units if not unit.rows]
        idle += [s.table for s in session.plan.skipped if s.table in session.present]
        for name in sorted(set(idle) - filled):
            session.stock_existing(name)

    # groups ------------------------------------------------------------------------------------------

    def _group(self, group: tuple[Unit, ...]) -> list[Made]:
        """Fill a group; when a unit fails that others count on, try again without it."""
        session = self.session
        left = [unit for unit in group if unit.rows]
        while left:
            lengths = {name: len(stock) for name, stock in session.stocks.items()}
            session.promised.clear()
            with transaction.atomic(using=session.alias):
                made, failed = self._attempt(left)
                if failed is not None:
                    transaction.set_rollback(True, using=session.alias)
            if failed is None:
                return made
            for name in list(session.stocks):
                if name in lengths:
                    session.stocks[name].cut(lengths[name])
                else:
                    del session.stocks[name]
            left = [unit for unit in left if unit.table not in session.reasons]
            session.stock_existing(failed.table)
        return []

    def _second_chance(self) -> list[Made]:
        """Try units again that lacked a row which is there now: a generic key may name later tables.

        What needs them in turn follows, until nothing more comes of it.
        """
        made: list[Made] = []
        if not any(self.session.catalog[unit.table].generic_keys for unit in self.waiting):
            return made
        progress = True
        while self.waiting and progress:
            progress = False
            for unit in [*self.waiting]:
                self.waiting.remove(unit)
                self.session.report.skipped = [
                    skipped for skipped in self.session.report.skipped if skipped.table != unit.table
                ]
                del self.session.reasons[unit.table]
                done = self._group((unit,))
                progress = progress or bool(done)
                made += done
        return made

    def _attempt(self, units: list[Unit]) -> tuple[list[Made], Unit | None]:
        """The units made, and the one whose failure undoes them."""
        made: list[Made] = []
        for unit in units:
            try:
                made.append(make_unit(self.session, unit))
            except DbstateError as error:
                self._fail(unit, error)
                if isinstance(error, ParentMissing):
                    self.waiting.append(unit)
                if self._counted_on(unit):
                    return made, unit
                self.session.stock_existing(unit.table)
        failed = self._second_pass(made)
        if failed is None:
            for done in made:
                verify(self.session, done)
            failed = self._check(made)
        return made, failed

    def _counted_on(self, unit: Unit) -> bool:
        """Whether rows that are written already hold keys that this unit should have got."""
        return any(b.target == unit.table and b.how == "deferred" for b in self.session.plan.breaks)

    def _fail(self, unit: Unit, error: DbstateError) -> None:
        self.session.reasons[unit.table] = str(error)
        self.session.report.skipped.append(Skipped(unit.label, unit.table, str(error), failed=True))

    # cycles ------------------------------------------------------------------------------------------

    def _second_pass(self, made: list[Made]) -> Unit | None:
        """Fill the keys that were left NULL to break a cycle; the unit whose constraints fail, if any."""
        for done in made:
            for name in done.unit.chain:
                if any(r.pending or r.how for r in done.assembler.references[name]):
                    choose_late_keys(self.session, done, name)
        return self._check(made)

    def _check(self, made: list[Made]) -> Unit | None:
        """Check deferred constraints now; the unit whose rows fail, which then counts as failed."""
        if not made:
            return None
        try:
            self.session.backend.check_constraints_now(self.session.connection)
        except LoadRefused as refused:
            unit = next((d.unit for d in made if d.unit.table == refused.verdict.table), made[-1].unit)
            self._fail(unit, refused)
            return unit
        return None

    # after -------------------------------------------------------------------------------------------

    def _close(self, done: Made) -> None:
        edges = {edge for draft in done.drafts for edge in draft.covered}
        done.result.edges = tuple(sorted(edges))
        done.result.notes += [f"left out: {line}" for line in dict.fromkeys(done.left_out)]
        self.session.report.tables.append(done.result)
        self.session.report.findings += findings_of(done)

    def _refuse_if_asked(self) -> None:
        options = self.session.plan.options
        asked = {*options.named, *(label.lower() for label in options.rows_by_label)}
        failed = self.session.report.failed
        wanted = tuple(s for s in failed if options.strict or s.label.lower() in asked)
        if wanted:
            raise CannotFill(wanted)
