"""The SQL that Django would send for each operation of a migration, without sending it.

Only operations whose work is known are asked: Django's own, written by its schema editor into a list.
Python of the project (RunPython, operations of its own) is never called here; it is *opaque*.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.db import Error
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations import RemoveField, RunPython, RunSQL, SeparateDatabaseAndState
from django.db.migrations.migration import Migration
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState

from dbstate.rehearsal.ddl import effects_of
from dbstate.rehearsal.effects import DropColumn, Effect, NarrowChoices, Writes
from dbstate.rehearsal.reading import savepoint
from dbstate.rehearsal.tokens import statements_of

_TRUSTED = ("django.db.migrations.operations.", "django.contrib.postgres.operations")


@dataclass(frozen=True, slots=True)
class Emitted:
    """One operation (or what is put off to the end of a migration) with its SQL and what that does."""

    migration: str
    """``shop.0042_order_currency``."""
    operation: int | None
    """Its index; None for what Django puts off to the end."""
    text: str
    """What Django says of it: ``Add field currency to order``."""
    statements: tuple[str, ...] = ()
    effects: tuple[Effect, ...] = ()
    opaque: str = ""
    """Why nothing is known of what it does; else empty."""


def emitted_by(
    migration: Migration, before: ProjectState, connection: BaseDatabaseWrapper, *, app_label: str = ""
) -> tuple[Emitted, ...]:
    """All operations of a migration in order, from the state before it. Reads from the connection only.

    ``before`` is not changed. An operation whose SQL depends on what is not there yet is opaque.
    """
    label = app_label or migration.app_label
    state = before.clone()
    collector = _Collector(connection)
    found = []
    for index, operation in enumerate(migration.operations):
        old = state.clone()
        operation.state_forwards(label, state)
        statements, opaque = collector.collect(operation, label, old, state)
        # Its statements may come behind what is not known of it.
        effects: list[Effect] = [Writes(what=opaque)] if opaque else []
        effects += [effect for sql in statements for effect in effects_of(sql)]
        effects = _with_restored(effects, operation, label, old, connection)
        effects += narrowed_choices(old, state, connection, operation)
        found.append(
            Emitted(
                f"{label}.{migration.name}",
                index,
                operation.describe(),
                tuple(statements),
                tuple(effects),
                opaque,
            )
        )
    deferred = collector.deferred()
    if deferred:
        effects = [effect for sql in deferred for effect in effects_of(sql)]
        found.append(
            Emitted(f"{label}.{migration.name}", None, "end of the migration", deferred, tuple(effects))
        )
    return tuple(found)


class _Collector:
    """A schema editor of one migration that only writes down what it would run."""

    def __init__(self, connection: BaseDatabaseWrapper) -> None:
        self._editor: Any = connection.schema_editor(collect_sql=True, atomic=False)
        self._editor.deferred_sql = []

    def collect(
        self, operation: Operation, label: str, old: ProjectState, new: ProjectState
    ) -> tuple[list[str], str]:
        """Statements of one operation, and why they are not all."""
        statements: list[str] = []
        opaque = ""
        for part, before, after in _steps(operation, label, old, new):
            if isinstance(part, RunPython) or not _is_trusted(part):
                opaque = opaque or f"{type(part).__name__} runs Python of the project"
                continue
            statements_of_part, why = self._one(part, label, before, after)
            statements += statements_of_part
            opaque = opaque or why
        return statements, opaque

    def _one(
        self, operation: Operation, label: str, old: ProjectState, new: ProjectState
    ) -> tuple[list[str], str]:
        collected: list[str] = self._editor.collected_sql
        start = len(collected)
        try:
            with savepoint(self._editor.connection):
                operation.database_forwards(label, self._editor, old, new)
        # Whatever an operation trips over where the database is not yet as it will be then.
        except (Error, ValueError, LookupError, AttributeError, TypeError, NotImplementedError) as error:
            return [], f"its SQL cannot be told beforehand: {' '.join(str(error).split())[:200]}"
        return [one for sql in collected[start:] for one in statements_of(str(sql))], ""

    def deferred(self) -> tuple[str, ...]:
        return tuple(one for sql in self._editor.deferred_sql for one in statements_of(str(sql)))


def _steps(
    operation: Operation, label: str, old: ProjectState, new: ProjectState
) -> Iterator[tuple[Operation, ProjectState, ProjectState]]:
    """What reaches the database with the states around it, as SeparateDatabaseAndState makes them."""
    if not isinstance(operation, SeparateDatabaseAndState):
        yield operation, old, new
        return
    before = old
    for part in operation.database_operations:
        after = before.clone()
        part.state_forwards(label, after)
        yield from _steps(part, label, before, after)
        before = after


def _parts(operation: Operation) -> Iterator[Operation]:
    """What reaches the database, out of SeparateDatabaseAndState too."""
    if isinstance(operation, SeparateDatabaseAndState):
        for part in operation.database_operations:
            yield from _parts(part)
    else:
        yield operation


def _is_trusted(operation: Operation) -> bool:
    """Whether the operation's work is Django's own, not overridden by the project."""
    method = type(operation).database_forwards
    return method.__module__.startswith(_TRUSTED)


def is_opaque(operation: Operation) -> bool:
    """Whether Python of the project runs in it."""
    return any(isinstance(part, RunPython) or not _is_trusted(part) for part in _parts(operation))


def is_raw(operation: Operation) -> bool:
    """Whether SQL of the project runs in it."""
    return any(isinstance(part, RunSQL) for part in _parts(operation))


def irreversible_parts(operations: Sequence[Operation]) -> tuple[int, ...]:
    """Indexes of the operations that say themselves that they cannot be undone."""
    return tuple(index for index, operation in enumerate(operations) if not operation.reversible)


def _with_restored(
    effects: list[Effect],
    operation: Operation,
    label: str,
    old: ProjectState,
    connection: BaseDatabaseWrapper,
) -> list[Effect]:
    """The effects, told what a removed field comes back with: its default, where that is always the same."""
    restored: dict[tuple[str, str], str] = {}
    for part in _parts(operation):
        if isinstance(part, RemoveField):
            model = old.apps.get_model(label, part.model_name)
            field: Any = model._meta.get_field(part.name)
            value = _default_sql(connection, field)
            if value and field.column:
                restored[model._meta.db_table, field.column] = value
    return [
        replace(one, restored=restored.get((one.table, one.column), ""))
        if isinstance(one, DropColumn)
        else one
        for one in effects
    ]


def _default_sql(connection: BaseDatabaseWrapper, field: Any) -> str:
    editor: Any = connection.schema_editor()
    if field.many_to_many or getattr(field, "generated", False) or field.has_db_default():
        return ""
    try:
        first, second = editor.effective_default(field), editor.effective_default(field)
        return str(editor.quote_value(first)) if first is not None and first == second else ""
    # A default may be the project's function, and trip over what is not there beforehand.
    except (Error, ValueError, LookupError, AttributeError, TypeError, NotImplementedError):
        return ""


# choices ------------------------------------------------------------------------------------------------


def narrowed_choices(
    old: ProjectState, new: ProjectState, connection: BaseDatabaseWrapper, operation: Operation
) -> list[NarrowChoices]:
    """Columns whose fields admit less than before, by their choices, through this operation."""
    model_name, name = getattr(operation, "model_name", None), getattr(operation, "name", None)
    if not isinstance(model_name, str) or not isinstance(name, str):
        return []
    for key, model in new.models.items():
        if key[1] != model_name.lower() or old.models.get(key) is None:
            continue
        before, after = old.models[key].fields.get(name), model.fields.get(name)
        if before is None or after is None or not _reads_choices(after):
            continue
        found = _narrowing(before, after)
        if found is not None:
            meta = new.apps.get_model(*key)._meta
            field: Any = meta.get_field(name)
            return [NarrowChoices(meta.db_table, field.column, *found)]
    return []


def _reads_choices(field: Any) -> bool:
    return not field.is_relation and bool(field.choices)


def _narrowing(before: Any, after: Any) -> tuple[tuple[object, ...], tuple[object, ...]] | None:
    kept = [value for value, _ in after.flatchoices]
    if not before.choices:
        return (), tuple(kept)
    removed = [value for value, _ in before.flatchoices if value not in kept]
    return (tuple(removed), ()) if removed else None


# the way back -------------------------------------------------------------------------------------------


def backward_sql(
    migration: Migration, before: ProjectState, connection: BaseDatabaseWrapper
) -> tuple[tuple[str, ...], str]:
    """The SQL that takes a migration back, and why it cannot be told, else empty.

    The connection is to a database where the migration is the last one that is applied.
    """
    steps = []
    state = before.clone()
    for operation in migration.operations:
        if not operation.reversible:
            return (), f"{operation.describe()} cannot be reversed"
        old = state.clone()
        operation.state_forwards(migration.app_label, state)
        steps.append((operation, old, state.clone()))
    editor: Any = connection.schema_editor(collect_sql=True, atomic=False)
    editor.deferred_sql = []
    for operation, old, new in reversed(steps):
        if isinstance(operation, RunPython):  # the caller has seen that it does nothing
            continue
        if is_opaque(operation):
            return (), f"{operation.describe()} runs Python of the project"
        try:
            with savepoint(connection):
                operation.database_backwards(migration.app_label, editor, new, old)
        except (Error, ValueError, LookupError, AttributeError, TypeError, NotImplementedError) as error:
            return (), f"{operation.describe()}: {' '.join(str(error).split())}"
    collected = [*editor.collected_sql, *map(str, editor.deferred_sql)]
    return tuple(one for sql in collected for one in statements_of(sql)), ""
