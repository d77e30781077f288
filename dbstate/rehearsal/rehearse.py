"""The rehearsal: a copy, the migrations applied, reversed and applied again there, and what changed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from django.db import Error
from django.db.backends.base.base import BaseDatabaseWrapper

from dbstate.backends import backend_for
from dbstate.backends.postgresql_copies import CannotCopy, Copied, copy_of, empty_beside, given_copy, opened
from dbstate.catalog import Catalog
from dbstate.catalog.diff import diff, new_drift
from dbstate.embedded import EmbeddedError
from dbstate.embedded.binaries import find_binaries
from dbstate.rehearsal.aftermath import MigrationFacts, schemas_of
from dbstate.rehearsal.evidence import (
    Answer,
    Comparison,
    CopyFacts,
    Difference,
    Evidence,
    Failure,
    FailureKind,
    HalfWay,
    Moment,
    Phase,
    Run,
    SequenceBehind,
    Step,
    WrittenBack,
    as_json,
    from_json,
)
from dbstate.rehearsal.halfway import tried_halfway, where_to_stop
from dbstate.rehearsal.orders import Key, Request
from dbstate.rehearsal.process import CannotRehearse, Child, Silent, Told, started
from dbstate.rehearsal.remains import leftovers_of
from dbstate.rehearsal.soundness import (
    behind,
    broken_for_old_code,
    mistaken_by_old_code,
    sequences,
    unvalidated,
)
from dbstate.rehearsal.trap import Stop
from dbstate.snapshots import Changes, LaidTable, Pairing, Snapshot, compare, take

Note = Callable[[str], object]
Look = Callable[[Moment, BaseDatabaseWrapper], object]

LARGE = 64 << 20
"""Bytes of a database from which on rows of tables that a migration cannot change are not kept."""

OWN_TABLES = ("django_migrations",)
"""Tables whose rows are Django's record of the rehearsal itself."""


def rehearse(
    source: BaseDatabaseWrapper,
    request: Request,
    *,
    note: Note = lambda text: None,
    look: Look = lambda moment, copy: None,
) -> Evidence:
    """Run the targets on a copy of the database: apply, reverse, apply again.

    The source is read and nothing else. ``look`` is called with a connection to the copy at each moment.
    Failures of the migrations are in the evidence; raises CannotCopy and CannotRehearse where it could not
    be tried.
    """
    note("making an empty database" if request.origin == "generated" else "copying the database")
    with _on_copy(source, request, note, look) as rehearsal:
        rehearsal.go()
        evidence = rehearsal.evidence()
    if request.halfway and not request.on:
        return replace(evidence, halfway=tuple(_halfway(source, request, evidence, note)))
    return evidence


@contextmanager
def _on_copy(source: BaseDatabaseWrapper, request: Request, note: Note, look: Look) -> Iterator[Rehearsal]:
    """A rehearsal that can begin: its copy, its child process."""
    generated = request.origin == "generated"
    applied, schemas = (_applied(source), schemas_of(source)) if generated else ((), ())
    with (
        _copy(source, request) as copied,
        started(source.alias, copied.entry, source.settings_dict, request) as child,
        opened(source, copied.entry) as copy,
    ):
        facts = CopyFacts(
            "generated" if copied.how == "empty" else copied.how,
            copied.name,
            copied.seconds,
            copied.bytes,
            copied.server,
            copied.notes,
        )
        yield Rehearsal(request, child, copy, facts, applied, note, look, schemas, ours=copied.how != "on")


def _halfway(
    source: BaseDatabaseWrapper, request: Request, evidence: Evidence, note: Note
) -> Iterator[HalfWay]:
    """For each non-atomic target that went: on a copy of its own, made to fail half-way."""
    run = evidence.run("apply")
    if run is None or run.failure:
        return
    for step, key in zip(run.steps, request.targets, strict=True):
        stop = where_to_stop(step)
        if stop is None:
            continue
        note(f"failing half-way through {step.migration} on another copy")
        with _on_copy(source, request, lambda text: None, lambda moment, copy: None) as rehearsal:
            yield rehearsal.fail(key, step, stop)


@contextmanager
def _copy(source: BaseDatabaseWrapper, request: Request) -> Iterator[Copied]:
    if request.on:
        with given_copy(source, request.on) as copied:
            yield copied
    elif request.origin == "generated":
        with empty_beside(source) as copied:
            yield copied
    else:
        with copy_of(source, programs=_programs(), dump=request.origin == "snapshot") as copied:
            yield copied


def _programs() -> tuple[Path, ...]:
    """Folders of pg_dump beside those on the path: the embedded server's."""
    try:
        return (find_binaries().program("pg_dump").parent,)
    except EmbeddedError:  # the extra is not installed
        return ()


def _applied(source: BaseDatabaseWrapper) -> tuple[Key, ...]:
    # Not by Django's recorder: it asks the alias, whichever connection it is handed.
    with source.cursor() as cursor:
        if "django_migrations" not in source.introspection.table_names(cursor):
            return ()
        cursor.execute("SELECT app, name FROM django_migrations ORDER BY id")
        return tuple(cursor.fetchall())


@dataclass(slots=True)
class Baseline:
    """The copy before the targets."""

    catalog: Catalog
    rows: Snapshot
    drift: frozenset[Difference]
    sequences: dict[str, SequenceBehind]


@dataclass(slots=True)
class Rehearsal:
    """One rehearsal under way; what it found so far."""

    request: Request
    child: Child
    copy: BaseDatabaseWrapper
    facts: CopyFacts
    applied: tuple[Key, ...]
    """What is applied to the source; where rows are generated, else empty."""
    note: Note
    look: Look
    schemas: tuple[str, ...]
    """Of the source; where rows are not generated, empty."""
    ours: bool
    """Whether the copy is ours alone, so that sessions left in it are."""
    runs: list[Run] = field(default_factory=list)
    found: dict[str, Any] = field(default_factory=dict)
    """Fields of Evidence."""
    answers: list[Answer] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    between: Snapshot | None = None
    through: tuple[LaidTable, ...] = ()
    """The tables between the two ways."""

    def evidence(self) -> Evidence:
        """All that was seen."""
        return Evidence(
            self.facts, tuple(self.runs), answers=tuple(self.answers), notes=tuple(self.notes), **self.found
        )

    def go(self) -> None:
        """Every phase, as far as it comes."""
        if not self._begin():
            return
        if self.request.backwards:
            return self._go_back()
        facts = self._describe()
        before = self._baseline(facts)
        self._moment("before")
        self.note("applying on the copy")
        if not self._apply(facts, before):
            return
        after = self._after(before)
        self._moment("applied")
        self.note("reversing on the copy")
        if not self._run("reverse", self.request.targets):
            return
        self.found["returned"] = self._compared(before, self._catalog(), "name", self._renamed)
        self._moment("returned")
        self.note("applying once more on the copy")
        if not self._run("reapply", self.request.targets):
            return
        self.found["repeated"] = self._repeated(after)
        self._moment("reapplied")

    def _go_back(self) -> None:
        """The way back and forth again, from targets that are applied: both against the start."""
        before = self._baseline(())
        self._moment("before")
        self.note("reversing on the copy")
        if not self._run("reverse", self.request.targets):
            return
        self.found["returned"] = self._compared(before, self._catalog(), "identity", self._renamed)
        self._moment("returned")
        self.note("applying once more on the copy")
        if not self._run("reapply", self.request.targets):
            return
        self.found["repeated"] = self._compared(before, self._catalog(), "name", self._renamed)
        self._moment("reapplied")

    def fail(self, key: Key, step: Step, stop: Stop) -> HalfWay:
        """Only this: fail half-way through one target."""
        before = self.request.targets[: self.request.targets.index(key)]
        if not (self._begin() and (not before or self._run("apply", before))):
            raise CannotRehearse(f"cannot fail half-way: {self.runs[-1].failure}")  # it went a moment ago

        def attempt(at: Stop | None) -> str:
            told = self._ask(do="run", phase="apply", keys=[key], stop=as_json(at) if at else None)
            run, _ = from_json(tuple[Run, bool], told)
            self._end_strangers()
            return run.failure.message if run.failure else ""

        return tried_halfway(self.copy, step, stop, attempt, self._catalog)

    def _begin(self) -> bool:
        """Bring the copy to before the targets; whether that went."""
        if self.facts.how == "generated":
            self._generate()
        elif self.request.parents:
            self.note("applying what comes before it on the copy")
            if not self._run("parents", self.request.parents):
                return False
        if self.request.states_of and not self.request.backwards:
            self._enter_states()
        return True

    # phases -------------------------------------------------------------------------------------------------

    def _generate(self) -> None:
        """Migrate the empty copy to before the targets, and fill it."""
        self.note("making rows for the models of before")
        unknown = self._ask(do="build", keys=[*self.applied, *self.request.parents], schemas=self.schemas)
        if unknown:
            names = ", ".join(".".join(key) for key in unknown)
            self.notes.append(f"applied to the source and not found in the code: {names}")
        if failed := self._ask(do="announce"):
            self.notes.append(f"a receiver of post_migrate failed on the empty database: {failed}")
        rows = self._ask(do="seed", now=self._now(), seed=self.request.seed, rows=self.request.rows)
        self.facts = replace(self.facts, rows_made=rows)

    def _enter_states(self) -> None:
        """Bring the copy into the states that the targets' own checks name."""
        names = self._ask(do="enter states", keys=self.request.states_of, now=self._now())
        self.notes += [f"entered on the copy first: {name}" for name in names]

    def _now(self) -> str:
        return self.request.now.isoformat() if self.request.now else ""

    def _describe(self) -> tuple[MigrationFacts, ...]:
        return from_json(tuple[MigrationFacts, ...], self._ask(do="describe", keys=self.request.targets))

    def _apply(self, facts: tuple[MigrationFacts, ...], before: Baseline) -> bool:
        """Apply the targets; whether they went. A non-atomic one is watched for what it leaves."""
        if all(fact.atomic for fact in facts):
            return self._run("apply", self.request.targets)
        for key, fact in zip(self.request.targets, facts, strict=True):
            catalog = before.catalog if fact.atomic else self._catalog()
            if not self._run("apply", (key,)):
                if not fact.atomic:
                    self._end_strangers()
                    self.found["leftovers"] = leftovers_of(catalog, self._catalog())
                return False
        return True

    _renamed: bool = False

    def _run(self, phase: Phase, keys: tuple[Key, ...]) -> bool:
        """Run a phase in the child; whether it went."""
        try:
            told = self.child.ask(self.request.timeout, do="run", phase=phase, keys=keys)
            run, self._renamed = from_json(tuple[Run, bool], told)
        except (Silent, Told) as error:
            run = Run(phase, self.request.timeout, (), self._lost(phase, error))
        run = replace(run, output=self.child.output())
        self._add(run)
        self._end_strangers()
        return run.failure is None

    def _add(self, run: Run) -> None:
        """Runs of one phase are one."""
        if self.runs and self.runs[-1].phase == run.phase:
            last = self.runs.pop()
            run = replace(
                run,
                seconds=last.seconds + run.seconds,
                steps=(*last.steps, *run.steps),
                refused=(*last.refused, *run.refused),
            )
        self.runs.append(run)

    def _lost(self, phase: Phase, error: Silent | Told) -> Failure:
        migration, index, text = self.child.at
        if isinstance(error, Told):
            return Failure("setup", phase, str(error))
        kind: FailureKind = "timeout" if error.timed_out else "died"
        message = (
            f"it took more than {self.request.timeout:g} seconds"
            if error.timed_out
            else f"its process ended with code {error.code}"
        )
        return Failure(kind, phase, message, migration, index, text)

    # looking ------------------------------------------------------------------------------------------------

    def _baseline(self, facts: tuple[MigrationFacts, ...]) -> Baseline:
        known = [fact.tables for fact in facts if fact.tables is not None]
        few = self.facts.bytes > LARGE and facts and len(known) == len(facts)
        named = {name for tables in known for name in tables} if few else None
        catalog = self._catalog()
        try:
            rows = take(self.copy, "start", named=named, without=OWN_TABLES)
            numbers = sequences(self.copy, catalog)
        except Error as error:
            raise CannotRehearse(
                f"cannot rehearse: the rows of the copy cannot be kept for comparing "
                f"({' '.join(str(error).split())}); use a role that may read all tables and make a schema"
            ) from error
        return Baseline(catalog, rows, frozenset(self._drift()), numbers)

    def _after(self, before: Baseline) -> Catalog:
        """Look at the result of the first application."""
        self.note("comparing")
        after = self._catalog()
        comparison = self._compared(before, after, "identity", self._renamed)
        self.found["applied"] = comparison
        self.found["unvalidated"] = unvalidated(before.catalog, after)
        self.found["drift"] = new_drift(self._drift(), before.drift, comparison.schema)
        self.found["sequences"] = behind(before.sequences, sequences(self.copy, after))
        mistaken = mistaken_by_old_code([kept.was for kept in before.rows.tables], self.through)
        self.found["old_code"] = (*broken_for_old_code(before.catalog, after), *mistaken)
        if self.request.write_back:
            self.found["written"] = self._written_back(before.catalog, after)
        return after

    def _compared(self, before: Baseline, after: Catalog, pairing: Pairing, renamed: bool) -> Comparison:
        """Rows and schema of now against before."""
        changes: Changes = compare(
            self.copy,
            before.rows,
            pairing=pairing,
            samples=self.request.samples,
            between=self.between if pairing == "name" else None,
            through=self.through if pairing == "name" else (),
            without=OWN_TABLES,
        )
        if pairing == "identity":
            self.through = changes.layout
        if pairing == "identity" and changes.moved:
            self.between = take(self.copy, "between", only=changes.moved, without=OWN_TABLES)
        return Comparison(changes.tables, changes.new_tables, diff(before.catalog, after), renamed)

    def _repeated(self, after: Catalog) -> Comparison:
        """The second application against the first: what was different about it."""
        return Comparison((), (), diff(after, self._catalog()))

    def _written_back(self, before: Catalog, after: Catalog) -> tuple[WrittenBack, ...]:
        new = [name for name in after.tables if name not in before.tables]
        touched = {one.table for one in diff(before, after) if one.table in after.tables}
        told = self._ask(do="write back", tables=sorted({*new, *touched}), new=new)
        return from_json(tuple[WrittenBack, ...], told)

    def _drift(self) -> tuple[Difference, ...]:
        return from_json(tuple[Difference, ...], self._ask(do="drift"))

    def _catalog(self) -> Catalog:
        backend = backend_for(self.copy)
        return backend.live_catalog(self.copy, schemas=schemas_of(self.copy))

    def _moment(self, moment: Moment) -> None:
        """Let the caller look, and run its functions in the child."""
        self.look(moment, self.copy)
        for call in self.request.calls:
            if call.moment == moment:
                self.answers.append(self._called(moment, call.function, call.argument))

    def _called(self, moment: Moment, function: str, argument: Any) -> Answer:
        try:
            told = self.child.ask(self.request.timeout, do="call", function=function, argument=argument)
        except Told as error:
            return Answer(moment, function, None, str(error))
        except Silent as error:
            raise CannotRehearse(f"cannot run {function} on the copy: its process {error}") from error
        return Answer(moment, function, told)

    def _ask(self, **command: Any) -> Any:
        try:
            return self.child.ask(self.request.timeout, **command)
        except (Told, Silent) as error:
            raise CannotRehearse(
                f"cannot rehearse ({command['do']}): {error}\n{self.child.output()}".strip()
            ) from error

    def _end_strangers(self) -> None:
        """Sessions that a migration opened past Django and left in our copy would stand in the way."""
        if self.ours:
            with self.copy.cursor() as cursor:
                cursor.execute(
                    """SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                       WHERE datname = current_database() AND pid <> pg_backend_pid()
                         AND backend_type = 'client backend'"""
                )


__all__ = ["CannotCopy", "CannotRehearse", "Error", "Rehearsal", "rehearse"]
