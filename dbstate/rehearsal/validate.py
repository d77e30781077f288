"""A migration validated: asked of the source, rehearsed on a copy, judged."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from django.db import DatabaseError
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations.state import ProjectState

from dbstate.backends import Unsupported, backend_for
from dbstate.catalog import Catalog
from dbstate.catalog.diff import drift
from dbstate.findings import Finding
from dbstate.introspection import read_catalog
from dbstate.rehearsal import effects as does
from dbstate.rehearsal.answering import Answers, answer
from dbstate.rehearsal.artefacts import Script
from dbstate.rehearsal.asked import Asked
from dbstate.rehearsal.asking import ask_source
from dbstate.rehearsal.codes import Verdict
from dbstate.rehearsal.evidence import Evidence, Moment
from dbstate.rehearsal.grounds import operation_text
from dbstate.rehearsal.orders import TIMEOUT, Origin, Request
from dbstate.rehearsal.own import ChecksError, OwnChecks, Query, checks_in_apps, require_known
from dbstate.rehearsal.questions import About, Place, Question
from dbstate.rehearsal.reading import read_only
from dbstate.rehearsal.rehearse import rehearse
from dbstate.rehearsal.route import Route, file_of
from dbstate.rehearsal.scripting import Scripting, guards_of
from dbstate.rehearsal.soundness import behind, sequences, unvalidated
from dbstate.rehearsal.statements import (
    Emitted,
    emitted_by,
    irreversible_parts,
    is_opaque,
    is_raw,
    narrowed_choices,
)
from dbstate.rehearsal.story import choices_question, relation_of
from dbstate.rehearsal.verdict import Allowance, Facts, Judgement, Soundness, judge

Phase = Literal["pre", "rehearse", "post", "rollback", "all"]


@dataclass(frozen=True, slots=True)
class Wish:
    """How to validate."""

    phase: Phase = "all"
    origin: Origin = "live"
    on: str = ""
    """Address of a clone to rehearse on."""
    checks: OwnChecks = field(default_factory=OwnChecks)
    checks_file: str = ""
    allowed: tuple[Allowance, ...] = ()
    timeout: float = TIMEOUT
    """Seconds for each phase of the rehearsal and for each query."""
    samples: int = 5
    show_values: bool = False
    seed: int = 0
    now: datetime | None = None
    scripts: bool = False
    """Whether pre.sql, post.sql and rollback.sql are wanted."""


@dataclass(frozen=True, slots=True)
class Validation:
    """The answer and what it rests on."""

    migrations: tuple[str, ...]
    parents: tuple[str, ...]
    judgement: Judgement
    evidence: Evidence | None = None
    notes: tuple[str, ...] = ()
    scripts: tuple[Script, ...] = ()
    phase: Phase = "all"

    @property
    def verdict(self) -> Verdict:
        return self.judgement.verdict


def validate(
    connection: BaseDatabaseWrapper,
    route: Route,
    wish: Wish,
    *,
    note: Callable[[str], object] = lambda text: None,
) -> Validation:
    """The verdict on the targets of the route, for the rows of this database, which is only read.

    Raises Unsupported, ChecksError, CannotCopy and CannotRehearse, all DbstateErrors, where no verdict can
    be had.
    """
    if connection.vendor != "postgresql":
        raise Unsupported(
            f"cannot validate migrations on database '{connection.alias}': its vendor is "
            f"{connection.vendor}; only PostgreSQL can be copied and compared as this needs"
        )
    if not route.targets:
        return _answered(route, Facts((), Answers(()), wish.checks.expected), Wish(), ())
    emitted = (
        _emitted(connection, route)
        if wish.phase in ("pre", "rehearse", "all")
        else _declared(route, connection)
    )
    targets = [one for one in emitted if one.migration in set(route.names)]
    effects = [effect for one in targets for effect in one.effects]
    states = route.states()
    own = wish.checks | checks_in_apps(route.targets, states, connection)
    source = Answers(())
    if wish.phase in ("pre", "all"):
        note("asking the rows that are there")
        source = ask_source(
            connection,
            emitted,
            samples=wish.samples,
            timeout=wish.timeout,
            show_values=wish.show_values,
        )
        source = _with_own(connection, route, own, source, wish)
    _require_known(connection, own, states, wish)
    facts = Facts(
        route.names,
        source,
        own.expected,
        opaque=any(is_opaque(one) or is_raw(one) for m in _targets(route) for one in m.operations),
        filled=_names(one for one in effects if isinstance(one, does.RequireNotNull)),
        cast=_names(one for one in effects if isinstance(one, does.ChangeType) and _is_cast(one)),
        irreversible=tuple(_irreversible(route)),
        show_values=wish.show_values,
    )
    if wish.phase == "pre":
        return _answered(route, facts, wish, _not_entered(own))
    if wish.phase == "post":
        facts = replace(facts, **_looked_after(connection, route, own, targets, wish), rows="live")
        return _answered(route, facts, wish, _not_entered(own))
    watch = _Watch(route, own, targets, wish)
    if wish.scripts:
        watch.scripting = Scripting(route, own, targets, guards_of(connection, emitted, route))
    states_of = route.targets if own.states else ()
    request = replace(_request(route, wish), states_of=states_of)
    evidence = rehearse(connection, request, note=note, look=watch.look)
    rows = "generated" if evidence.copy.how == "generated" else wish.origin
    backwards = wish.phase == "rollback"
    facts = replace(facts, evidence=evidence, copy=tuple(watch.asked), rows=rows, backwards=backwards)
    answered = _answered(route, facts, wish, _not_entered(own) if backwards else ())
    return replace(answered, scripts=watch.scripting.scripts()) if watch.scripting else answered


def _not_entered(own: OwnChecks) -> tuple[str, ...]:
    """States are for the copy before the migration; what looks elsewhere says that it did without."""
    return tuple(
        f"not entered in this phase, which looks at the rows as they are: {one}" for one in own.states
    )


def _answered(route: Route, facts: Facts, wish: Wish, also: Sequence[str]) -> Validation:
    judgement, evidence = judge(facts, wish.allowed), facts.evidence
    judgement = replace(judgement, findings=tuple(_with_source(route, one) for one in judgement.findings))
    parents = tuple(".".join(key) for key in route.parents)
    notes = [*route.notes, *also]
    if parents:
        notes.append(f"applied before it: {', '.join(parents)}")
    if evidence is not None:
        notes += [*evidence.copy.notes, *evidence.notes]
    return Validation(route.names, parents, judgement, evidence, tuple(notes), phase=wish.phase)


def _with_source(route: Route, finding: Finding) -> Finding:
    """The finding with the file of its migration; the last one's where it is about all of them."""
    files = {f"{one.app_label}.{one.name}": file for one in route.migrations if (file := file_of(one))}
    name = finding.operation.partition("[")[0].partition(":")[0]
    file = files.get(name) or files.get(route.names[-1])
    if file is None:
        return finding
    here = Path.cwd()
    return replace(finding, file=str(file.relative_to(here) if file.is_relative_to(here) else file))


def _request(route: Route, wish: Wish) -> Request:
    return Request(
        route.targets,
        route.parents,
        origin=wish.origin,
        on=wish.on,
        timeout=wish.timeout,
        samples=wish.samples,
        seed=wish.seed,
        now=wish.now,
        backwards=wish.phase == "rollback",
    )


def _targets(route: Route) -> list[Any]:
    wanted = set(route.targets)
    return [one for one in route.migrations if (one.app_label, one.name) in wanted]


def _emitted(connection: BaseDatabaseWrapper, route: Route) -> tuple[Emitted, ...]:
    """What each migration on the way would send."""
    state = route.before
    found: list[Emitted] = []
    with read_only(connection):
        for migration in route.migrations:
            found += emitted_by(migration, state, connection)
            state = migration.mutate_state(state, preserve=True)
    return tuple(found)


def _declared(route: Route, connection: BaseDatabaseWrapper) -> tuple[Emitted, ...]:
    """What applied migrations have said of choices; what they have sent is past."""
    state = route.before
    found: list[Emitted] = []
    for migration in route.migrations:
        for index, operation in enumerate(migration.operations):
            after = state.clone()
            operation.state_forwards(migration.app_label, after)
            effects = tuple(narrowed_choices(state, after, connection, operation))
            name = f"{migration.app_label}.{migration.name}"
            found.append(Emitted(name, index, operation.describe(), (), effects))
            state = after
    return tuple(found)


def _looked_after(
    connection: BaseDatabaseWrapper, route: Route, own: OwnChecks, targets: Sequence[Emitted], wish: Wish
) -> dict[str, Any]:
    """The database after the real migrate: own checks, choices, and whether it is sound."""
    watch = _Watch(route, own, targets, wish)
    _, after = route.states()
    backend = backend_for(connection)
    with read_only(connection, wish.timeout):
        watch.look("applied", connection)
        live = backend.live_catalog(connection)
        models = read_catalog(after.apps, using=connection.alias)
        found = Soundness(
            unvalidated(Catalog.from_tables(()), live),
            drift(models, live, besides=False),
            behind({}, sequences(connection, live)),
        )
    touched = _touched(route)
    if touched is not None:
        found = Soundness(
            tuple(one for one in found.unvalidated if one.table in touched),
            tuple(one for one in found.drift if one.table in touched),
            tuple(one for one in found.sequences if one.table in touched),
        )
    return {"copy": tuple(watch.asked), "migrated": found}


def _touched(route: Route) -> set[str] | None:
    """Tables of the models that the migrations are about; None when that is not known."""
    before, after = route.states()
    if any(is_opaque(one) or is_raw(one) for m in _targets(route) for one in m.operations):
        return None
    return {
        model._meta.db_table
        for model in after.apps.get_models(include_auto_created=True)
        if before.models.get((model._meta.app_label, model._meta.model_name))
        != after.models.get((model._meta.app_label, model._meta.model_name))
    }


def _irreversible(route: Route) -> Iterator[str]:
    for migration in _targets(route):
        for index in irreversible_parts(migration.operations):
            text = migration.operations[index].describe()
            yield operation_text(f"{migration.app_label}.{migration.name}", index, text)


def _names(found: Iterable[does.RequireNotNull | does.ChangeType]) -> frozenset[str]:
    return frozenset(f"{one.table}.{one.column}" for one in found)


def _is_cast(change: does.ChangeType) -> bool:
    """Whether the type changes by a plain cast, as Django's own operations do it."""
    plain = change.using.replace('"', "").replace(" ", "")
    return not plain or (plain.startswith(f"{change.column}::") and plain.count("::") == 1)


# own checks ---------------------------------------------------------------------------------------------


def _with_own(
    connection: BaseDatabaseWrapper, route: Route, own: OwnChecks, answers: Answers, wish: Wish
) -> Answers:
    """Own queries of before, where the tables are as they will be when it is applied."""
    if route.parents:
        return answers
    with read_only(connection, wish.timeout):
        found = ask_queries(connection, own.of("pre"), route.names[0], wish.samples)
    return replace(answers, asked=(*answers.asked, *found))


def ask_queries(
    connection: BaseDatabaseWrapper, queries: Sequence[Query], migration: str, samples: int
) -> list[Asked]:
    """Own queries that return rows. Raises ChecksError for one that cannot be asked."""
    found = []
    for query in queries:
        try:
            rows, keys = _ask(connection, query, samples)
        except DatabaseError as error:
            said = " ".join(str(error).split("\n", 1)[0].split())
            raise ChecksError(
                f"{query.when} {query.name!r}", f"PostgreSQL says: {said}", "correct it"
            ) from error
        if rows:
            number = "1 row offends" if rows == 1 else f"{rows} rows offend"
            message = f"check {query.name!r}: {number}"
            code = f"own-{query.when}-check"
            found.append(
                Asked(
                    code,
                    message,
                    migration,
                    table=query.table,
                    column=query.column,
                    rows=rows,
                    keys=keys,
                    sql=query.sql,
                )
            )
    return found


def _ask(connection: BaseDatabaseWrapper, query: Query, samples: int) -> tuple[int, tuple[str, ...]]:
    sql = query.sql.rstrip().removesuffix(";")
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM ({sql}\n) AS offenders")
        (rows,) = cursor.fetchone()
        if not rows:
            return 0, ()
        cursor.execute(f"SELECT * FROM ({sql}\n) AS offenders LIMIT {samples:d}")
        return rows, tuple(str(row[0]) for row in cursor.fetchall() if row)


def _require_known(
    connection: BaseDatabaseWrapper,
    own: OwnChecks,
    states: tuple[ProjectState, ProjectState],
    wish: Wish,
) -> None:
    """Refuse expectations of tables and columns that are nowhere."""
    tables = {path.rpartition(".")[0] for path in own.expected.changed_columns} | set(own.expected.row_delta)
    if not tables:
        return
    columns = {
        table.name: frozenset(column.name for column in table.columns)
        for table in backend_for(connection).live_catalog(connection)
    }
    for state in states:
        for model in state.apps.get_models(include_auto_created=True):
            names = {field.column for field in model._meta.local_concrete_fields if field.column}
            columns[model._meta.db_table] = columns.get(model._meta.db_table, frozenset()) | names
    require_known(own.expected, columns, wish.checks_file or "migration_checks")


# the copy -----------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Watch:
    """What is asked of the copy while it is rehearsed."""

    route: Route
    own: OwnChecks
    emitted: Sequence[Emitted]
    wish: Wish
    asked: list[Asked] = field(default_factory=list)
    scripting: Scripting | None = None

    def look(self, moment: Moment, copy: BaseDatabaseWrapper) -> None:
        """Called by the rehearsal."""
        if self.scripting is not None:
            self.scripting.look(moment, copy)
        if moment == "before" and self.route.parents:
            self.asked += ask_queries(copy, self.own.of("pre"), self.route.names[0], self.wish.samples)
        elif moment == "applied":
            self.asked += ask_queries(copy, self.own.of("post"), self.route.names[-1], self.wish.samples)
            self.asked += answer(
                copy,
                list(self._choices(copy)),
                samples=self.wish.samples,
                show_values=self.wish.show_values,
            ).asked

    def _choices(self, copy: BaseDatabaseWrapper) -> Iterable[Question]:
        """Of columns that are still there under their names."""
        narrowed = [
            (one, effect)
            for one in self.emitted
            for effect in one.effects
            if isinstance(effect, does.NarrowChoices)
        ]
        tables = backend_for(copy).live_catalog(copy).tables if narrowed else {}
        for one, effect in narrowed:
            table = tables.get(effect.table)
            if table is not None and any(column.name == effect.column for column in table.columns):
                place = Place(one.migration, one.operation, one.text)
                about = About("choice-removed", place, relation_of(table), effect.column, certain=True)
                yield choices_question(about, effect)
