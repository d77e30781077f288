"""What happens while migrations run in this process: operations, statements, locks, rewrites."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from typing import Any

from django.db import DatabaseError
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations import Migration

from dbstate.rehearsal.asked import Asked
from dbstate.rehearsal.evidence import Lock, OperationRun, Statement, Step
from dbstate.rehearsal.trap import Stop, Stopped, interrupted

LONGEST = 2_000
"""Characters of a statement that are kept."""
MOST = 50
"""Different statements of one operation that are kept."""

Explain = Callable[..., Sequence[Asked]]
"""Called with connection, migration, index, operation, app label, state before, state after."""

_SAVEPOINT = "dbstate_before_operation"

_ROWS = re.compile(
    r"\s*(SELECT|INSERT|UPDATE|DELETE|WITH|VALUES|SAVEPOINT|RELEASE|ROLLBACK)\b", re.IGNORECASE
)
"""Statements after which nobody looks at locks: they take none that wait, and there may be very many."""

_STRENGTH = (
    "RowExclusiveLock",
    "ShareUpdateExclusiveLock",
    "ShareLock",
    "ShareRowExclusiveLock",
    "ExclusiveLock",
    "AccessExclusiveLock",
)

_LOCKS = """
    SELECT relation, mode FROM pg_locks
    WHERE pid = pg_backend_pid() AND locktype = 'relation' AND granted
        AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""

_FILES = """
    SELECT pg_class.oid, pg_class.oid::regclass::text, relfilenode FROM pg_class
    JOIN pg_namespace ON pg_namespace.oid = relnamespace
    WHERE relkind IN ('r', 'p', 'm') AND relpersistence <> 't' AND nspname NOT LIKE 'pg\\_%'
        AND nspname NOT IN ('information_schema', 'dbstate_before')
"""


@dataclass(slots=True)
class _Held:
    """The strongest lock on a table so far in this transaction."""

    mode: str
    since: float
    operation: int | None


@dataclass(slots=True)
class _Operation:
    """An operation while it runs."""

    index: int | None
    kind: str
    text: str
    started: float = field(default_factory=time.monotonic)
    seconds: float = 0.0
    statements: dict[str, list[float]] = field(default_factory=dict)
    """SQL text: how often, seconds together."""
    rewritten: tuple[str, ...] = ()


@dataclass(slots=True)
class Recorder:
    """Listens on one connection; mutable while the migrations of a phase run."""

    connection: BaseDatabaseWrapper
    explain: Explain | None = None
    progress: Callable[[str, int | None, str], object] = lambda migration, index, text: None
    """Called when a migration and when an operation starts."""
    steps: list[Step] = field(default_factory=list)
    migration: str = ""
    """The one that runs, or ran last."""
    current: _Operation | None = None
    """The operation that runs."""
    last_statement: str = ""
    asked: tuple[Asked, ...] = ()
    """What the rows say to the operation that failed."""
    deaf: bool = False
    """While others ask something through the same connection and operations."""
    stop: Stop | None = None
    """Where to fail."""
    _atomic: bool = True
    _started: float = 0.0
    _done: list[_Operation] = field(default_factory=list)
    _end: _Operation | None = None
    _held: dict[int, _Held] = field(default_factory=dict)
    _locks: list[Lock] = field(default_factory=list)
    _files: dict[int, tuple[str, int]] = field(default_factory=dict)

    # what runs --------------------------------------------------------------------------------------------

    def begin(self, migration: Migration) -> None:
        """The migration starts."""
        self.migration = f"{migration.app_label}.{migration.name}"
        self._atomic, self._started = migration.atomic, time.monotonic()
        self._done, self._locks = [], []
        self._held.clear()
        self._end = _Operation(None, "", "")
        self.current, self.last_statement = None, ""
        self._files = self._read_files()
        self.progress(self.migration, None, "")

    def end(self) -> None:
        """The migration is over, one way or the other."""
        self._note_locks_gone()
        seconds = time.monotonic() - self._started
        operations = tuple(_frozen(one) for one in self._done if one.index is not None)
        deferred = _statements(self._end) if self._end else ()
        self.steps.append(
            Step(self.migration, self._atomic, seconds, operations, tuple(self._locks), deferred)
        )

    @contextmanager
    def operation(self, index: int | None, operation: Any, *arguments: Any) -> Iterator[None]:
        """The operation runs inside of the block."""
        running = _Operation(index, type(operation).__name__, _described(operation))
        self.current = running
        stop = self.stop if self.stop and self.stop.operation == index else None
        if stop and not stop.inside:
            raise Stopped(f"made to fail before operation {index}")
        self.progress(self.migration, index, running.text)
        self._save()
        running.started = time.monotonic()
        try:
            with interrupted(self.connection) if stop else nullcontext():
                yield
        except DatabaseError:
            self._explain(index, operation, *arguments)
            raise
        running.seconds = time.monotonic() - running.started
        self._look_at_locks(running.started)
        running.rewritten = self._rewritten()
        self._done.append(running)
        self.current = None
        # For what comes after the last operation.
        self._save()

    def failed(self) -> None:
        """The operation that runs will not end."""
        if self.current is not None:
            self.current.seconds = time.monotonic() - self.current.started
            self._done.append(self.current)

    def _save(self) -> None:
        """Mark where to go back to, to look at the rows should the operation fail.

        Never released: the migration may end the transaction itself, and then there is no such mark.
        """
        if self.explain is not None and self.connection.in_atomic_block:
            self._execute(f"SAVEPOINT {_SAVEPOINT}")

    def _explain(self, index: int | None, operation: Any, *arguments: Any) -> None:
        if self.explain is None or index is None or not self.rewind():
            return
        with self._unheard():
            self.asked = tuple(self.explain(self.connection, self.migration, index, operation, *arguments))

    def rewind(self) -> bool:
        """Go back to before what failed, so that the rows can be looked at; whether that could be done."""
        if self.connection.connection is None or self.connection.connection.closed:
            return False
        if not self.connection.in_atomic_block:
            return True
        try:
            self._execute(f"ROLLBACK TO SAVEPOINT {_SAVEPOINT}")
        except self.connection.Database.Error:  # type: ignore[attr-defined]  # the session or the mark is gone
            return False
        return True

    # what is executed ---------------------------------------------------------------------------------------

    def __call__(self, execute: Any, sql: Any, params: Any, many: bool, context: Any) -> Any:
        """An execute wrapper of Django's."""
        text = str(sql).strip()[:LONGEST]
        self.last_statement = text
        started = time.monotonic()
        result = execute(sql, params, many, context)
        self._count(text, time.monotonic() - started)
        if not _ROWS.match(text):
            self._look_at_locks(started)
        return result

    def _count(self, text: str, seconds: float) -> None:
        running = self.current or self._end
        if running is None:
            return
        known = running.statements
        if text not in known and len(known) >= 10 * MOST:
            text = "(other statements)"
        entry = known.setdefault(text, [0, 0.0])
        entry[0] += 1
        entry[1] += seconds

    # what the server knows ----------------------------------------------------------------------------------

    def _execute(self, sql: str) -> None:
        """Past Django, so that nobody hears it."""
        with self.connection.connection.cursor() as cursor:
            cursor.execute(sql)

    def _fetch(self, sql: str) -> list[Any]:
        """Past Django, so that nobody hears it."""
        with self.connection.connection.cursor() as cursor:
            cursor.execute(sql)
            rows: list[Any] = cursor.fetchall()
            return rows

    def _read_files(self) -> dict[int, tuple[str, int]]:
        self.connection.ensure_connection()
        return {oid: (name, node) for oid, name, node in self._fetch(_FILES)}

    def _rewritten(self) -> tuple[str, ...]:
        before, self._files = self._files, self._read_files()
        return tuple(
            sorted(
                name for oid, (name, node) in self._files.items() if oid in before and before[oid][1] != node
            )
        )

    def _look_at_locks(self, since: float) -> None:
        if not self.connection.in_atomic_block or self.connection.needs_rollback:
            return self._note_locks_gone()
        index = self.current.index if self.current else None
        for oid, mode in self._fetch(_LOCKS):
            if oid not in self._files or mode not in _STRENGTH:
                continue
            held = self._held.get(oid)
            if held is None or _STRENGTH.index(mode) > _STRENGTH.index(held.mode):
                self._held[oid] = _Held(mode, since, index)
        return None

    def _note_locks_gone(self) -> None:
        now = time.monotonic()
        for oid, held in self._held.items():
            name = self._files[oid][0] if oid in self._files else str(oid)
            self._locks.append(Lock(name, held.mode, now - held.since, held.operation))
        self._held.clear()

    @contextmanager
    def _unheard(self) -> Iterator[None]:
        """Statements of ours on the connection, even where Django takes its transaction for broken."""
        wrappers, broken = self.connection.execute_wrappers, self.connection.needs_rollback
        kept = list(wrappers)
        wrappers.clear()
        self.deaf, self.connection.needs_rollback = True, False
        try:
            yield
        finally:
            wrappers[:] = kept
            self.deaf, self.connection.needs_rollback = False, broken


@contextmanager
def heard(recorder: Recorder, migrations: list[tuple[Migration, dict[int, int]]], way: str) -> Iterator[None]:
    """Let the recorder hear of each operation of these migrations, which Django's own executor runs.

    Each comes with the numbers of its operations, by identity: what Django put in later has none. ``way`` is
    ``database_forwards`` or ``database_backwards``. Operations are told apart by identity and given back as
    they were, since all loaders of a process share them.
    """
    wrapped = []
    for migration, numbers in migrations:
        for operation in migration.operations:
            # The same operation may stand in a migration twice.
            if way not in vars(operation):
                setattr(operation, way, _announced(recorder, operation, numbers.get(id(operation)), way))
                wrapped.append(operation)
    try:
        with recorder.connection.execute_wrapper(recorder):
            yield
    finally:
        for operation in wrapped:
            delattr(operation, way)


def _announced(recorder: Recorder, operation: Any, index: int | None, way: str) -> Callable[..., Any]:
    run = getattr(operation, way)

    def announced(app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> Any:
        if recorder.deaf:
            return run(app_label, schema_editor, from_state, to_state)
        with recorder.operation(index, operation, app_label, from_state, to_state):
            return run(app_label, schema_editor, from_state, to_state)

    return announced


def _described(operation: Any) -> str:
    described = str(operation.describe())
    return described if len(described) <= LONGEST else described[:LONGEST]


def _statements(running: _Operation) -> tuple[Statement, ...]:
    slowest = sorted(running.statements.items(), key=lambda item: -item[1][1])
    return tuple(Statement(text, int(count), seconds) for text, (count, seconds) in slowest[:MOST])


def _frozen(running: _Operation) -> OperationRun:
    assert running.index is not None
    return OperationRun(
        running.index,
        running.kind,
        running.text,
        running.seconds,
        _statements(running),
        running.rewritten,
    )
