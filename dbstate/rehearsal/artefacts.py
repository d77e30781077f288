"""Three scripts for those who run SQL by hand: ``pre.sql``, ``post.sql``, ``rollback.sql``.

Each is one DO block: it holds as a whole or changes nothing, says why it refuses, and may be run again.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import DatabaseError
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations import RunPython
from django.db.migrations.migration import Migration
from django.db.migrations.state import ProjectState

from dbstate.backends.naming import literal, quoted
from dbstate.rehearsal.effects import AddColumn, CreateTable
from dbstate.rehearsal.own import OwnChecks
from dbstate.rehearsal.statements import Emitted, backward_sql

LOSS_SETTING = "dbstate.allow_loss"


@dataclass(frozen=True, slots=True)
class Guarded:
    """A query whose rows are offenders, and what is said of them."""

    text: str
    sql: str


@dataclass(frozen=True, slots=True)
class Script:
    """A file's name and its text; ``refused`` says why it could not be made or does not do its work."""

    name: str
    text: str
    refused: str = ""


def pre_script(migrations: Sequence[str], queries: Iterable[Guarded], own: OwnChecks) -> Script:
    """Refuses where rows are in the way of the migrations; does nothing where these are applied."""
    guards = [*queries, *(Guarded(f"check {one.name}", one.sql) for one in own.of("pre"))]
    body = [*_unless(migrations[0], applied=True), *_guards(guards)]
    return Script("pre.sql", _block("before", migrations, body))


def post_script(migrations: Sequence[str], queries: Iterable[Guarded], own: OwnChecks) -> Script:
    """Refuses where the result is wrong; does nothing where the migrations are not applied."""
    guards = [*queries, *(Guarded(f"check {one.name}", one.sql) for one in own.of("post"))]
    guards.append(
        Guarded(
            "constraints that are not validated",
            "SELECT conname FROM pg_constraint WHERE NOT convalidated AND contype IN ('c', 'f')",
        )
    )
    body = [*_unless(migrations[-1], applied=False), *_guards(guards)]
    return Script("post.sql", _block("after", migrations, body))


def rollback_script(
    connection: BaseDatabaseWrapper,
    steps: Sequence[tuple[Migration, ProjectState]],
    emitted: Iterable[Emitted],
) -> Script:
    """Takes the migrations back, the last first; refuses where that would lose values.

    ``steps`` has each migration with the state before it; the connection is to a database where they are
    applied.
    """
    names = [f"{migration.app_label}.{migration.name}" for migration, _ in steps]
    python = [name for name, (migration, _) in zip(names, steps, strict=True) if _needs_python(migration)]
    if python:
        return _impossible(names, f"the reverse of {', '.join(python)} runs Python")
    body = [*_unless(names[-1], applied=False), *_loss_guards(emitted)]
    alone: list[str] = []
    for migration, state in reversed(steps):
        statements, why = backward_sql(migration, state, connection)
        if why:
            return _impossible(names, why)
        for sql in statements:
            if " CONCURRENTLY " in sql.upper():  # runs in no block
                alone.append(f"{sql};")
            else:
                body.append(f"EXECUTE {_dollar(sql)};")
        app, name = literal(migration.app_label), literal(migration.name)
        body.append(f"DELETE FROM django_migrations WHERE app = {app} AND name = {name};")
    text = _block("roll back", names, body)
    return Script("rollback.sql", text + "".join(f"{sql}\n" for sql in alone))


def _impossible(names: Sequence[str], why: str) -> Script:
    remedy = "use python manage.py migrate"
    body = [f"RAISE EXCEPTION {literal(f'cannot be rolled back by SQL: {why}; {remedy}')};"]
    return Script("rollback.sql", _block("roll back", names, body), f"{why}; {remedy}")


def _needs_python(migration: Any) -> bool:
    return any(
        isinstance(one, RunPython) and one.reverse_code is not RunPython.noop for one in migration.operations
    )


def _loss_guards(emitted: Iterable[Emitted]) -> list[str]:
    """Columns and tables that go with the reverse must hold nothing of their own."""
    guards: dict[str, str] = {}
    made: set[str] = set()
    for one in emitted:
        for effect in one.effects:
            if isinstance(effect, CreateTable):
                made.add(effect.table)
                guards[effect.table] = f"SELECT count(*) FROM {quoted(effect.table)}"
            elif isinstance(effect, AddColumn) and effect.table not in made and not effect.expression:
                column = quoted(effect.column)
                own = f" AND {column} IS DISTINCT FROM {effect.default}" if effect.default else ""
                guards[f"{effect.table}.{effect.column}"] = (
                    f"SELECT count(*) FROM {quoted(effect.table)} WHERE {column} IS NOT NULL{own}"
                )
    if not guards:
        return []
    lines = [f"IF coalesce(current_setting('{LOSS_SETTING}', true), '') <> 'on' THEN"]
    for where, sql in guards.items():
        remedy = f"keep them elsewhere, or SET {LOSS_SETTING} = 'on' first"
        message = literal(f"refused: % rows of {where} would be lost; {remedy}")
        lines += [
            f"    EXECUTE {_dollar(sql)} INTO found;",
            f"    IF found > 0 THEN RAISE EXCEPTION {message}, found; END IF;",
        ]
    return [*lines, "END IF;"]


def _guards(queries: Iterable[Guarded]) -> list[str]:
    lines = []
    for query in queries:
        message = literal(query.text.replace("%", "%%") + ": % rows")
        lines += [
            f"EXECUTE {_dollar(f'SELECT count(*) FROM ({query.sql}) AS offenders')} INTO found;",
            f"IF found > 0 THEN RAISE EXCEPTION {message}, found; END IF;",
        ]
    return lines


def _unless(migration: str, *, applied: bool) -> list[str]:
    """End the block where the migration is (or is not) applied."""
    app, _, name = migration.partition(".")
    there = f"EXISTS (SELECT FROM django_migrations WHERE app = {literal(app)} AND name = {literal(name)})"
    said = literal(f"{migration} is {'already' if applied else 'not'} applied: nothing to do")
    return [f"IF {'' if applied else 'NOT '}{there} THEN RAISE NOTICE {said}; RETURN; END IF;"]


def _block(what: str, migrations: Sequence[str], body: Sequence[str]) -> str:
    head = (
        f"-- {what}: {', '.join(migrations)}\n"
        f"-- Written by validate_migration. Run it with: psql -v ON_ERROR_STOP=1 -f …\n"
    )
    inner = "".join(f"    {line}\n" for line in body)
    return f"{head}DO $dbstate$\nDECLARE\n    found bigint;\nBEGIN\n{inner}END\n$dbstate$;\n"


def _dollar(sql: str) -> str:
    """The SQL as a text inside the block."""
    tag = "$sql$"
    while tag in sql:
        tag = f"{tag[:-1]}_$"
    return f"{tag}{sql}{tag}"


# rehearsing ---------------------------------------------------------------------------------------------


def try_script(connection: BaseDatabaseWrapper, script: Script, *, before: str = "") -> str:
    """Run a script on a copy as it stands; why it refused, empty where it went through. Commits nothing.

    ``before`` is SQL that is run first. The caller has begun a transaction and ends it.
    """
    with connection.cursor() as cursor:
        cursor.execute("SAVEPOINT dbstate_script")
        try:
            if before:
                cursor.execute(before)
            cursor.execute(script.text)
        except DatabaseError as error:
            cursor.execute("ROLLBACK TO SAVEPOINT dbstate_script")
            return " ".join(str(error).split("\n", 1)[0].split())
    return ""
