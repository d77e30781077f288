"""Enters named states: makes a database be in the situation that a state describes."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time
from typing import Any

from django.apps import apps as installed
from django.apps.registry import Apps
from django.core.exceptions import FieldError, ValidationError
from django.db import DatabaseError, connections, transaction
from django.db.models import Model

from dbstate.backends import LoadRefused, backend_for
from dbstate.errors import GuardRefusal
from dbstate.factories import ModelFactory, factory_for
from dbstate.factories.setting import configured, current
from dbstate.introspection import NamedModel, read_names
from dbstate.states.absence import CannotRemove, Removing, remove_rows, shown
from dbstate.states.declaring import Declared, declared
from dbstate.states.discovery import discover
from dbstate.states.errors import (
    BadParameters,
    BrokenConstraint,
    NoTransaction,
    StateCycle,
    StateFailed,
    UnknownState,
    nearest,
    told,
)
from dbstate.states.free import PATTERNS, Free, find_free, phrases
from dbstate.states.results import BadResult, Entered, result_of

Found = Declared | Free

ABORTED = "25P02"
"""SQLSTATE of a statement in a transaction that is broken already."""


def enter(
    name: str,
    /,
    *,
    using: str = "default",
    apps: Apps | None = None,
    now: datetime | date | str | None = None,
    **params: Any,
) -> Entered:
    """Make the state of this name, or that a phrase without code means, and say what it came to.

    ``apps`` is a migration's historical registry, or today's; ``now`` the reference date, also as ISO
    text, else that of the factories. The caller owns the transaction: what is made is kept or undone
    with it. An error undoes what the state made and leaves the transaction usable.

    Raises UnknownState, AmbiguousState, BadParameters, StateCycle, StateFailed, NoTransaction, and
    BadStatesFile and DuplicateState from reading the states.
    """
    return enter_watched(name, params, using=using, apps=apps, now=now)


def enter_watched(
    name: str,
    params: Mapping[str, Any],
    *,
    using: str = "default",
    apps: Apps | None = None,
    now: datetime | date | str | None = None,
    removing: Removing = lambda model, count: None,
) -> Entered:
    """As ``enter``; ``removing`` is told before rows are removed, and may raise to refuse that."""
    if using not in connections.settings:
        hint = nearest(str(using), connections.settings)
        raise BadParameters(name, "", f"settings.DATABASES has no {using!r}", hint)
    registry = apps if apps is not None else installed
    found = find(name, registry, using=using)
    nested = _check_open(name, using)
    with _at(None if now is None else _read_now(name, now)) as moment:
        try:
            return _enter(name, found, params, _Visit(using, registry, moment, removing, nested))
        except BrokenConstraint as error:
            if (refused := _refused(using) if nested else None) is None:
                raise
            what = f"rows that were written before break a constraint: {refused}"
            raise NoTransaction(name, what, "correct them first") from error


def find(name: str, apps: Apps, *, using: str = "default") -> Found:
    """What a name stands for. Raises UnknownState and AmbiguousState."""
    if not isinstance(name, str):
        raise BadParameters(name, "", "the name of a state is a text", 'write enter("order exists")')
    discover()
    if known := declared().get(name):
        return known
    models = read_names(apps, using=using)
    if free := find_free(name, models):
        return free
    raise UnknownState(name, _nearest_state(name, models))


def takes(found: Found, name: str, apps: Apps) -> bool:
    """Whether the state can be entered with a parameter of this name."""
    if isinstance(found, Declared):
        return found.takes_any or any(one.name == name for one in found.parameters)
    fields = apps.get_model(found.label)._meta.get_fields()
    known = {"pk", *(one.name for one in fields), *(getattr(one, "attname", "") for one in fields)}
    return name.partition("__")[0] in known - found.overrides.keys()


@dataclass(frozen=True, slots=True)
class _Visit:
    """One entering, with all states that it builds on."""

    using: str
    apps: Apps
    now: datetime
    """As the project's date-time fields take it: aware, or naive without USE_TZ."""
    removing: Removing
    nested: bool
    """Whether the caller had a transaction open."""
    made: list[Model] = field(default_factory=list)
    """Rows in the order in which states asked for them."""
    path: tuple[Declared, ...] = ()
    """States that are being entered, the outermost first."""


class Factories:
    """What a state function gets: the factories of this entering, and other states to build on."""

    def __init__(self, visit: _Visit) -> None:
        self._visit = visit

    def __getitem__(self, label: str) -> StateFactory:
        """The factory of ``app.Model``, for the registry and the database that are entered."""
        visit = self._visit
        return StateFactory(factory_for(label, using=visit.using, apps=visit.apps), visit.made)

    def state(self, name: str, /, **params: Any) -> Entered:
        """Enter another state first; its rows are in what is returned."""
        visit = self._visit
        return _enter(name, find(name, visit.apps, using=visit.using), params, visit)


class StateFactory:
    """A factory that remembers which rows were asked for; all else is the factory's own."""

    def __init__(self, factory: type[ModelFactory[Any]], made: list[Model]) -> None:
        self._factory = factory
        self._made = made

    def __call__(self, **overrides: Any) -> Any:
        return self.create(**overrides)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._factory, name)

    def create(self, **overrides: Any) -> Any:
        """See the factory's own."""
        return self._one(self._factory.create(**overrides))

    def create_with_relations(self, **overrides: Any) -> Any:
        """See the factory's own."""
        return self._one(self._factory.create_with_relations(**overrides))

    def create_batch(self, size: int, **overrides: Any) -> list[Any]:
        """See the factory's own."""
        rows: list[Any] = list(self._factory.create_batch(size, **overrides))
        self._made.extend(rows)
        return rows

    def _one(self, row: Any) -> Any:
        self._made.append(row)
        return row


def _enter(name: str, found: Found, params: Mapping[str, Any], visit: _Visit) -> Entered:
    """Enter it, undoing on failure what it made."""
    if isinstance(found, Free):
        act = lambda: _enter_free(name, found, params, visit)  # noqa: E731 - one expression
        return _kept_or_undone(name, "", "", visit, act)
    if found in visit.path:
        circle = [*visit.path[visit.path.index(found) :], found]
        raise StateCycle([(one.name, one.place) for one in circle])
    found.check(params)
    inner = replace(visit, path=(*visit.path, found))
    given = {**params, "now": visit.now} if found.wants_now else params

    def call() -> Entered:
        before = len(inner.made)
        returned = found.function(Factories(inner), **given)
        return result_of(name, returned, inner.made[before:])

    return _kept_or_undone(name, found.place, found.file, visit, call)


def _enter_free(name: str, free: Free, params: Mapping[str, Any], visit: _Visit) -> Entered:
    model = visit.apps.get_model(free.label)
    if not free.absent:
        for field_name in params.keys() & free.overrides.keys():
            hint = f"leave {field_name} out, or choose the phrase with another value"
            raise BadParameters(name, "", f"{field_name} is what the phrase says already", hint)
        factory = StateFactory(factory_for(free.label, using=visit.using, apps=visit.apps), visit.made)
        row = factory.create(**{**params, **free.overrides})
        if not shown(model, visit.using).filter(pk=row.pk).exists():
            found = f"the row it made is none of those that the manager of {free.label} shows"
            raise BadResult(f"{found}; give the values that it asks for as parameters")
        return result_of(name, row, ())
    try:
        remove_rows(model, using=visit.using, only=params, removing=visit.removing, nested=visit.nested)
    except (FieldError, ValidationError, ValueError) as error:
        known = [one.name for one in model._meta.get_fields()]
        unknown = [one for one in params if one not in known]
        hint = nearest(unknown[0], known) if unknown else "give values that the fields take"
        raise BadParameters(name, "", told(error), hint) from error
    return result_of(name, {}, ())


# -- the caller's transaction -----------------------------------------------------------------------------


def _kept_or_undone(name: str, place: str, file: str, visit: _Visit, act: Callable[[], Entered]) -> Entered:
    """Act in a savepoint; when that raises or leaves a broken transaction, undo it and say so."""
    before = len(visit.made)
    try:
        with transaction.atomic(using=visit.using), _failures(visit.using) as failures:
            entered = _explained(name, place, file, act)
            _check_usable(name, place, visit.using, failures)
            if not visit.path and (refused := _refused(visit.using)):
                raise BrokenConstraint(name, place, f"what it wrote breaks a constraint: {refused}")
            return entered
    except DatabaseError as error:  # at the end of the savepoint or of the transaction
        del visit.made[before:]
        raise StateFailed(name, place, f"what it wrote cannot be kept: {told(error)}") from error
    except BaseException:
        del visit.made[before:]
        raise


def _explained(name: str, place: str, file: str, act: Callable[[], Entered]) -> Entered:
    try:
        return act()
    except (GuardRefusal, StateCycle):  # a circle has no state in which it failed
        raise
    except BadParameters as error:
        if error.name == name:
            raise
        raise StateFailed(name, place, str(error) + _raised_at(error, file)) from error
    except (BadResult, CannotRemove) as error:
        raise StateFailed(name, place, str(error)) from error
    except Exception as error:  # a state's code is the project's
        raise StateFailed(name, place, told(error) + _raised_at(error, file)) from error


def _raised_at(error: BaseException, file: str) -> str:
    """The last line of the state's own file that the error came through."""
    frames = [one for one in traceback.extract_tb(error.__traceback__) if one.filename == file]
    return f" (at line {frames[-1].lineno}: {frames[-1].line})" if frames else ""


@contextmanager
def _failures(using: str) -> Iterator[list[Exception]]:
    """The errors of statements, which a state may keep to itself."""
    found: list[Exception] = []

    def watch(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        try:
            return execute(sql, params, many, context)
        except Exception as error:
            found.append(error)
            raise

    with connections[using].execute_wrapper(watch):
        yield found


def _usable(using: str) -> bool:
    """Whether the open transaction takes another statement."""
    try:
        with connections[using].cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return False
    return True


def _check_open(name: str, using: str) -> bool:
    """Whether the caller has a transaction open; NoTransaction when that takes nothing any more."""
    nested = connections[using].in_atomic_block
    if nested and not _usable(using):
        found = f"the transaction on {using!r} is broken already, by what was done before in it"
        raise NoTransaction(name, found, "roll it back first")
    return nested


def _check_usable(name: str, place: str, using: str, failures: list[Exception]) -> None:
    """Whether the state left a transaction that goes on."""
    if connections[using].needs_rollback or not _usable(using):
        # What came after the one that broke it says no more than that it is broken.
        broke = [one for one in failures if getattr(one.__cause__, "sqlstate", "") != ABORTED]
        why = f" by {told(broke[-1])}" if broke else ""
        raise StateFailed(
            name,
            place,
            f"it left a broken transaction, broken{why}, which it caught; let such errors out, or catch them "
            "around a transaction.atomic() of their own",
        ) from (broke[-1] if broke else None)


def _refused(using: str) -> str | None:
    """What constraints that wait for the transaction's end have against the rows so far.

    Asked without a trace in the transaction.
    """
    connection = connections[using]
    try:
        with transaction.atomic(using=using):
            backend_for(connection).check_constraints_now(connection)
            transaction.set_rollback(True, using=using)
    except LoadRefused as error:
        return error.verdict.message
    return None


# -- the reference date -----------------------------------------------------------------------------------


@contextmanager
def _at(now: datetime | None) -> Iterator[datetime]:
    """Let factories use this reference date (UTC); gives it as the project's date-time fields take it."""
    with nullcontext(current()) if now is None else configured(now=now) as facts:
        yield facts.now if facts.aware else facts.now.replace(tzinfo=None)


def _read_now(name: str, given: object) -> datetime:
    """A reference date in UTC; a time without offset is in UTC. Raises BadParameters."""
    try:
        moment = datetime.fromisoformat(given) if isinstance(given, str) else given
        if isinstance(moment, datetime):
            return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
        if isinstance(moment, date):
            return datetime.combine(moment, time(), UTC)
    except (ValueError, OverflowError):  # the latter: beyond year 1 or 9999 once in UTC
        pass
    hint = 'give a date, a datetime, or text such as "2026-01-31"'
    raise BadParameters(name, "", f"now is {given!r}, which is no date", hint)


# -- unknown names ----------------------------------------------------------------------------------------


def _nearest_state(name: str, models: tuple[NamedModel, ...]) -> str:
    """The nearest names; without any near, what there is."""
    near = nearest(name, [*declared(), *phrases(models)])
    if near.startswith("did you mean"):
        return near
    own = f"declared are {', '.join(map(repr, sorted(declared())))}; " if declared() else "none is declared; "
    return f"{own}without code work {', '.join(PATTERNS)}"
