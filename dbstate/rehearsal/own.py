"""The team's own checks: what a migration is meant to do, and queries for rows that would show otherwise.

They stand in ``<app>/migration_checks.py``, in a dict ``CHECKS`` by migration name, or in a JSON file.
"""

from __future__ import annotations

import importlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal, Protocol

from django.apps import apps as installed
from django.apps.registry import Apps
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations.state import ProjectState
from django.db.models import F, Model, Q, QuerySet
from django.utils.module_loading import module_has_submodule

from dbstate.errors import DbstateError
from dbstate.rehearsal.tokens import statements_of

When = Literal["pre", "post"]
_MODULE = "migration_checks"


class ChecksError(DbstateError):
    """Checks cannot be read or asked; ``where`` is the file or the check."""

    def __init__(self, where: str, found: str, remedy: str) -> None:
        self.where, self.found, self.remedy = where, found, remedy
        super().__init__(f"cannot use the checks of {where}: {found}; {remedy}")


@dataclass(frozen=True, slots=True)
class Query:
    """SQL whose rows are offenders; the first column tells which."""

    name: str
    when: When
    sql: str
    table: str = field(default="", kw_only=True)
    """What the offenders are rows of, where that is known."""
    column: str = field(default="", kw_only=True)


@dataclass(frozen=True, slots=True)
class Expected:
    """What the migration is meant to change."""

    changed_columns: frozenset[str] = frozenset()
    """``table.column``."""
    row_delta: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    """Rows that a table gains, or loses."""

    def __or__(self, other: Expected) -> Expected:
        return Expected(
            self.changed_columns | other.changed_columns,
            MappingProxyType({**self.row_delta, **other.row_delta}),
        )


@dataclass(frozen=True, slots=True)
class OwnChecks:
    queries: tuple[Query, ...] = ()
    expected: Expected = field(default_factory=Expected)
    states: tuple[str, ...] = ()
    """Names of states that are entered on the copy first."""

    def __or__(self, other: OwnChecks) -> OwnChecks:
        return OwnChecks(
            (*self.queries, *other.queries),
            self.expected | other.expected,
            (*self.states, *other.states),
        )

    def of(self, when: When) -> tuple[Query, ...]:
        """The queries of one moment."""
        return tuple(query for query in self.queries if query.when == when)


# in Python ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Setting:
    """What a check in Python is compiled with."""

    app_label: str
    before: Apps
    after: Apps
    connection: BaseDatabaseWrapper

    def model(self, name: str, apps: Apps) -> type[Model]:
        """``order`` or ``shop.order``. Raises ChecksError."""
        label, _, model = name.rpartition(".")
        try:
            return apps.get_model(label or self.app_label, model)
        except LookupError as error:
            raise ChecksError(f"{self.app_label}.{_MODULE}", str(error), "correct the name") from error

    def column(self, path: str) -> str:
        """``table.column`` of ``order.currency``, as it is before, else after."""
        for apps in (self.before, self.after):
            try:
                model, name = self.field(path, apps)
                return f"{model._meta.db_table}.{model._meta.get_field(name).column}"  # type: ignore[union-attr]
            except (ChecksError, LookupError):
                continue
        raise ChecksError(f"{self.app_label}.{_MODULE}", f"there is no field {path!r}", "correct the name")

    def field(self, path: str, apps: Apps) -> tuple[type[Model], str]:
        """Model and field path of ``order.user.name`` or ``shop.order.user.name``: ``user__name``."""
        parts = path.split(".")
        if len(parts) > 2 and parts[0] in apps.app_configs:
            try:
                return apps.get_model(parts[0], parts[1]), "__".join(parts[2:])
            except LookupError:
                pass
        if len(parts) < 2:
            found = f"{path!r} names no field"
            raise ChecksError(f"{self.app_label}.{_MODULE}", found, "write it as model.field")
        return self.model(parts[0], apps), "__".join(parts[1:])


class OwnCheck(Protocol):
    """A check in Python."""

    def compile(self, setting: Setting) -> OwnChecks:
        """The check as a query or an expectation."""


@dataclass(frozen=True, slots=True)
class Matches:
    """A field holds what another one holds, reached from the same row: for every row, NULL like NULL."""

    left: str
    right: str

    def compile(self, setting: Setting) -> OwnChecks:
        model, left = setting.field(self.left, setting.after)
        other, right = setting.field(self.right, setting.after)
        if other is not model:
            found = f"{self.left!r} and {self.right!r} do not begin at one model"
            raise ChecksError(f"{setting.app_label}.{_MODULE}", found, "begin both at the same model")
        rows = model._base_manager.filter(~Q(**{left: F(right)})).exclude(
            **{f"{left}__isnull": True, f"{right}__isnull": True}
        )
        return _compiled(f"{self.left} matches {self.right}", "post", rows, setting, left)


@dataclass(frozen=True, slots=True)
class ISO4217:
    """A field holds codes of currencies in use, where it holds anything."""

    name: str

    def compile(self, setting: Setting) -> OwnChecks:
        from dbstate.values.locales import made_pools  # loaded where it is needed: values take time to load

        model, path = setting.field(self.name, setting.after)
        codes = [code for code, _, _ in made_pools()["currencies"]]
        rows = model._base_manager.filter(**{f"{path}__isnull": False}).exclude(**{f"{path}__in": codes})
        return _compiled(f"{self.name} is an ISO 4217 code", "post", rows, setting, path)


@dataclass(frozen=True, slots=True)
class RowDelta:
    """The rows that a model's table is meant to gain, or to lose; 0 for neither."""

    model: str
    rows: int

    def compile(self, setting: Setting) -> OwnChecks:
        try:
            model = setting.model(self.model, setting.before)
        except ChecksError:
            model = setting.model(self.model, setting.after)
        return OwnChecks(expected=Expected(row_delta={model._meta.db_table: self.rows}))


@dataclass(frozen=True, slots=True)
class Changes:
    """An existing field that the migration is meant to rewrite."""

    name: str

    def compile(self, setting: Setting) -> OwnChecks:
        return OwnChecks(expected=Expected(changed_columns=frozenset({setting.column(self.name)})))


@dataclass(frozen=True, slots=True)
class Offenders:
    """A queryset of rows that should not be: the function gets the historical apps of its moment."""

    name: str
    rows: Callable[[Apps], QuerySet[Any]]
    when: When = "post"

    def compile(self, setting: Setting) -> OwnChecks:
        apps = setting.after if self.when == "post" else setting.before
        return _compiled(self.name, self.when, self.rows(apps), setting)


@dataclass(frozen=True, slots=True)
class Enter:
    """A named state that the copy is brought into before the migration, with the models of before."""

    state: str
    params: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))

    def compile(self, setting: Setting) -> OwnChecks:
        return OwnChecks(states=(self.state,))


def _compiled(name: str, when: When, rows: QuerySet[Any], setting: Setting, path: str = "") -> OwnChecks:
    """``path`` is the field of the rows' model that the check is about; its first step is the column."""
    query = rows.order_by().values_list("pk").query
    sql, params = query.get_compiler(connection=setting.connection).as_sql()
    composed: Any = setting.connection.ops
    meta = rows.model._meta
    column = str(getattr(meta.get_field(path.partition("__")[0]), "column", "")) if path else ""
    sql = composed.compose_sql(sql, params)
    return OwnChecks((Query(name, when, sql, table=meta.db_table, column=column),))


def checks_in_apps(
    migrations: Iterable[tuple[str, str]],
    states: tuple[ProjectState, ProjectState],
    connection: BaseDatabaseWrapper,
) -> OwnChecks:
    """What the applications of these migrations say of them. Raises ChecksError."""
    found = OwnChecks()
    for label, name in migrations:
        for check in checks_of(label, name):
            # Making the models of a state takes its time: only where somebody asks for them.
            before, after = (state.apps for state in states)
            found |= check.compile(Setting(label, before, after, connection))
    return found


def checks_of(label: str, name: str) -> Sequence[OwnCheck]:
    """What an application says of one of its migrations. Raises ChecksError."""
    config = installed.get_app_config(label)
    if config.module is None or not module_has_submodule(config.module, _MODULE):
        return ()
    module = importlib.import_module(f"{config.name}.{_MODULE}")
    checks = getattr(module, "CHECKS", None)
    if not isinstance(checks, Mapping):
        remedy = 'write CHECKS = {"0042_name": [Matches(…), …]}'
        raise ChecksError(f"{config.name}.{_MODULE}", "it has no dict CHECKS", remedy)
    found: Sequence[OwnCheck] = checks.get(name, ())
    return found


# in a file ----------------------------------------------------------------------------------------------


def read_checks(path: Path) -> OwnChecks:
    """The checks of a JSON file. Raises ChecksError for anything that is not of its form."""
    where = str(path)
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ChecksError(where, error.strerror or str(error), "name a file that can be read") from error
    except ValueError as error:
        raise ChecksError(where, f"it is no JSON: {error}", "correct it") from error
    _require(isinstance(told, dict), where, "it is no object")
    unknown = sorted(told.keys() - {"pre", "post", "expect"})
    _require(not unknown, where, f"unknown keys: {', '.join(unknown)}", "known are pre, post, expect")
    queries = [*_queries(told, "pre", where), *_queries(told, "post", where)]
    return OwnChecks(tuple(queries), _expected(told.get("expect", {}), where))


def _queries(told: Mapping[str, Any], when: When, where: str) -> list[Query]:
    given = told.get(when, [])
    _require(isinstance(given, list), where, f"{when!r} is no list")
    found = []
    for number, one in enumerate(given):
        right = isinstance(one, dict) and isinstance(one.get("sql"), str)
        _require(right, where, f"entry {number} of {when!r} has no text 'sql'")
        name = str(one.get("name") or f"{when} {number + 1}")
        statements = statements_of(one["sql"])
        _require(
            len(statements) == 1, where, f"{name!r} has {len(statements)} statements", "write one SELECT"
        )
        found.append(Query(name, when, statements[0]))
    return found


def _expected(told: Any, where: str) -> Expected:
    _require(isinstance(told, dict), where, "'expect' is no object")
    unknown = sorted(told.keys() - {"changed_columns", "row_delta"})
    known = "known are changed_columns, row_delta"
    _require(not unknown, where, f"unknown keys in 'expect': {', '.join(unknown)}", known)
    columns, delta = told.get("changed_columns", []), told.get("row_delta", {})
    right = isinstance(columns, list) and all(isinstance(c, str) and "." in c for c in columns)
    _require(right, where, "'changed_columns' is no list of \"table.column\"")
    right = isinstance(delta, dict) and all(type(number) is int for number in delta.values())
    _require(right, where, "'row_delta' is no object of whole numbers by table")
    return Expected(frozenset(columns), MappingProxyType(dict(delta)))


def _require(right: bool, where: str, found: str, remedy: str = "correct it") -> None:
    if not right:
        raise ChecksError(where, found, remedy)


def require_known(expected: Expected, columns: Mapping[str, frozenset[str]], where: str) -> None:
    """Raise ChecksError for a table or column that is there neither before nor after.

    ``columns`` has the columns by table.
    """
    for name in sorted(expected.row_delta):
        _require(name in columns, where, f"there is no table {name!r}", "use the name in the database")
    for path in sorted(expected.changed_columns):
        table, _, column = path.rpartition(".")
        _require(table in columns, where, f"there is no table {table!r}", "use the name in the database")
        _require(column in columns[table], where, f"{table} has no column {column!r}", "correct it")
