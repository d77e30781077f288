"""Running one phase of a rehearsal in this process: migrations forwards or backwards, on the copy."""

from __future__ import annotations

import re
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import django
from django.core.exceptions import ImproperlyConfigured
from django.core.management.sql import emit_pre_migrate_signal
from django.db import DatabaseError
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations import Migration
from django.db.migrations.exceptions import IrreversibleError
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.state import ProjectState

from dbstate.backends import backend_for
from dbstate.rehearsal import sandbox
from dbstate.rehearsal.asked import Asked
from dbstate.rehearsal.evidence import Failure, FailureKind, Phase, Run
from dbstate.rehearsal.orders import Key
from dbstate.rehearsal.recording import Explain, Recorder, heard
from dbstate.rehearsal.trap import Stop

Plan = list[tuple[Migration, bool]]


class MigrationsDiffer(Exception):
    """The migrations that were asked for are not those that are found here."""


def run_phase(
    connection: BaseDatabaseWrapper,
    phase: Phase,
    keys: Sequence[Key],
    *,
    explain: Explain | None = None,
    explain_sql: Callable[..., Sequence[Asked]] | None = None,
    progress: Callable[[str, int | None, str], object] = lambda migration, index, text: None,
    stop: Stop | None = None,
) -> tuple[Run, bool]:
    """Run these migrations in order, or their reverses in the opposite order where ``phase`` is ``reverse``.

    The second value says whether Django renames content types on the way. Failures are in the run; raises
    MigrationsDiffer.
    """
    backwards = phase == "reverse"
    executor = MigrationExecutor(connection)
    plan = _plan(executor, keys, backwards)
    numbers = [
        (step, {id(operation): index for index, operation in enumerate(step.operations)}) for step, _ in plan
    ]
    # What stands in the way is told of the way forwards only.
    recorder = Recorder(connection, None if backwards else explain, progress, stop=stop)
    executor.progress_callback = _following(recorder)
    others = set(threading.enumerate())
    started, failure, renames = time.monotonic(), None, False
    try:
        with sandbox.closed_world():
            state = _state(executor)
            _announce(connection, state, plan)
            renames = any(len(step.operations) > len(known) for step, known in numbers)
            with heard(recorder, numbers, "database_backwards" if backwards else "database_forwards"):
                executor.migrate([], plan=plan, state=None if backwards else state.clone())
            _wait_for(set(threading.enumerate()) - others)
    except (Exception, SystemExit) as error:
        recorder.failed()
        if explain_sql is not None and recorder.current is None:
            _explain_end(connection, recorder, error, explain_sql)
        failure = _failure(connection, error, phase, recorder, plan)
        if recorder.migration:
            recorder.end()
    seconds = time.monotonic() - started
    refused = tuple(dict.fromkeys(sandbox.refused))
    sandbox.refused.clear()
    return Run(phase, seconds, tuple(recorder.steps), failure, refused), renames


def state_now(connection: BaseDatabaseWrapper) -> ProjectState:
    """The project's models as the applied migrations leave them."""
    return _state(MigrationExecutor(connection))


def _state(executor: Any) -> ProjectState:
    state: ProjectState = executor._create_project_state(with_applied_migrations=True)
    return state


def _explain_end(
    connection: BaseDatabaseWrapper,
    recorder: Recorder,
    error: BaseException,
    explain_sql: Callable[..., Sequence[Asked]],
) -> None:
    """After a failure behind the last operation, in SQL that Django puts off: what the rows say to it."""
    # Django leaves the transaction open there.
    if isinstance(error, DatabaseError) and connection.in_atomic_block and recorder.rewind():
        connection.needs_rollback = False
        recorder.asked = tuple(explain_sql(connection, recorder.migration, [recorder.last_statement]))


def _plan(executor: MigrationExecutor, keys: Sequence[Key], backwards: bool) -> Plan:
    unknown = [".".join(key) for key in keys if key not in executor.loader.graph.nodes]
    if unknown:
        raise MigrationsDiffer(f"not found in the child process: {', '.join(unknown)}")
    nodes = executor.loader.graph.nodes
    order: Iterable[Key] = reversed(keys) if backwards else keys
    plan: Plan = [(nodes[key], backwards) for key in order]
    return plan


def _announce(connection: BaseDatabaseWrapper, state: ProjectState, plan: Plan) -> None:
    """As ``migrate`` does: receivers may add operations (content types of renamed models)."""
    emit_pre_migrate_signal(0, False, connection.alias, apps=state.apps, plan=plan)


def _following(recorder: Recorder) -> Any:
    """The executor's callback: which migration starts and ends."""

    def progress(action: str, migration: Migration | None = None, fake: bool = False) -> None:
        if action in ("apply_start", "unapply_start") and migration is not None:
            recorder.begin(migration)
        elif action in ("apply_success", "unapply_success"):
            recorder.end()
            recorder.migration = ""

    return progress


def _wait_for(threads: Iterable[threading.Thread]) -> None:
    """What a migration started belongs to it; the parent's time limit holds here too."""
    for thread in threads:
        if not thread.daemon:
            thread.join()


# failures -----------------------------------------------------------------------------------------------


def _failure(
    connection: BaseDatabaseWrapper, error: BaseException, phase: Phase, recorder: Recorder, plan: Plan
) -> Failure:
    verdict = backend_for(connection).classify(error)
    running = recorder.current
    kind = _kind(connection, error, verdict.sqlstate)
    index, text = (running.index, running.text) if running else (None, "")
    if kind == "irreversible" and running is None:
        index, text = _irreversible(plan, recorder.migration)
    return Failure(
        kind=kind,
        phase=phase,
        message=verdict.message if verdict.sqlstate else _said(error),
        migration=recorder.migration,
        operation=index,
        operation_text=text,
        exception=f"{type(error).__module__}.{type(error).__qualname__}",
        sqlstate=verdict.sqlstate,
        constraint=verdict.constraint,
        table=verdict.table,
        column=verdict.column or _key_of(verdict.detail),
        detail=verdict.detail,
        statement=recorder.last_statement if verdict.sqlstate else "",
        where=_where(error),
        asked=recorder.asked,
    )


def _key_of(detail: str) -> str:
    """The columns of ``Key (a, b)=(1, 2) already exists.``, in whichever language; empty where none stand."""
    name = r'(?:\w+|"[^"]+")'
    found = re.match(rf"[^(]*\(({name}(?:, {name})*)\)=\(", detail)
    return found[1].replace('"', "") if found else ""


def _irreversible(plan: Plan, migration: str) -> tuple[int | None, str]:
    """Number and description of the last operation of this migration that has no reverse: it is met first."""
    for step, _ in plan:
        if f"{step.app_label}.{step.name}" == migration:
            for index, operation in reversed(tuple(enumerate(step.operations))):
                if not operation.reversible:
                    return index, str(operation.describe())
    return None, ""


def _kind(connection: BaseDatabaseWrapper, error: BaseException, sqlstate: str) -> FailureKind:
    causes = tuple(_causes(error))
    if any(isinstance(cause, IrreversibleError) for cause in causes):
        return "irreversible"
    # 25006: a write through an alias that can only be read here.
    if sqlstate == "25006" or any(isinstance(cause, sandbox.Refused) for cause in causes):
        return "outside"
    if any(isinstance(cause, ImproperlyConfigured) and "ENGINE" in str(cause) for cause in causes):
        return "outside"
    if (sqlstate[:2] in ("08", "57") and sqlstate != "57014") or not _is_usable(connection):
        return "lost connection"
    return "raised"


def _is_usable(connection: BaseDatabaseWrapper) -> bool:
    return connection.connection is not None and connection.is_usable()


def _causes(error: BaseException | None) -> Iterable[BaseException]:
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or error.__context__


def _said(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}".strip().removesuffix(":")


def _where(error: BaseException) -> str:
    """The last line of the project's own code that the error came through."""
    ours = (Path(django.__file__).parent, Path(__file__).parents[1], Path(sys.prefix), Path(sys.base_prefix))
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        path = Path(frame.filename)
        if not any(path.is_relative_to(folder) for folder in ours) and path.exists():
            return f"{path}:{frame.lineno}"
    return ""
