"""Which migrations are meant, and the way to them from what is applied."""

from __future__ import annotations

import difflib
import subprocess
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from django.apps import apps
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations.exceptions import (
    BadMigrationError,
    CircularDependencyError,
    InconsistentMigrationHistory,
    NodeNotFoundError,
)
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.migration import Migration
from django.db.migrations.state import ProjectState

from dbstate.errors import DbstateError

Key = tuple[str, str]
"""``(app_label, migration name)``."""


class RouteError(DbstateError):
    """The migrations to validate cannot be found."""

    def __init__(self, what: str, found: str, remedy: str) -> None:
        self.what, self.found, self.remedy = what, found, remedy
        super().__init__(f"cannot validate {what}: {found}; {remedy}")


@dataclass(frozen=True, slots=True)
class Asked:
    """What was asked for on the command line."""

    app_label: str = ""
    name: str = ""
    unapplied: bool = False
    since: str = ""
    """A git revision: the migrations that were added after it."""
    applied: bool = False
    """Whether the migration must be applied already (phases post and rollback), not the contrary."""
    with_later: bool = False
    """For applied ones: with all applied migrations that build on them, which go back with them."""


@dataclass(frozen=True, slots=True)
class Route:
    """``parents`` are applied first and are not judged; then the targets, in order."""

    targets: tuple[Key, ...]
    parents: tuple[Key, ...]
    migrations: tuple[Migration, ...]
    """Parents and targets, in order."""
    before: ProjectState
    """Models before the parents."""
    notes: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """``app_label.name`` of the targets."""
        return tuple(".".join(key) for key in self.targets)

    def states(self) -> tuple[ProjectState, ProjectState]:
        """Models before the first target, and after the last."""
        first = after = self.before
        for migration in self.migrations:
            if (migration.app_label, migration.name) == self.targets[0]:
                first = after
            after = migration.mutate_state(after, preserve=True)
        return first, after


def find_route(connection: BaseDatabaseWrapper, asked: Asked) -> Route:
    """The migrations that are meant, in the order of ``migrate``. Reads from the database only.

    Raises RouteError for an unknown, ambiguous or already applied migration.
    """
    loader = _load(connection)
    executor = MigrationExecutor(connection)
    executor.loader = loader
    targets = _targets(loader, asked)
    applied = set(loader.applied_migrations)
    if asked.applied:
        return _applied_route(loader, targets, applied, with_later=asked.with_later)
    done = [key for key in targets if key in applied]
    if done and (asked.name or asked.app_label):
        raise RouteError(
            ".".join(done[0]),
            "it is already applied",
            "name one that is not, or check what it has left with --phase post",
        )
    targets = [key for key in targets if key not in applied]
    if not targets:
        return Route((), (), (), ProjectState())
    plan = [migration for migration, _ in executor.migration_plan(targets)]
    wanted = set(targets)
    ordered = tuple((m.app_label, m.name) for m in plan if (m.app_label, m.name) in wanted)
    last = max(at for at, m in enumerate(plan) if (m.app_label, m.name) in wanted)
    plan = plan[: last + 1]
    return Route(
        ordered,
        tuple(key for m in plan if (key := (m.app_label, m.name)) not in wanted),
        tuple(plan),
        _state_of(loader, applied),
    )


def _applied_route(
    loader: MigrationLoader, targets: list[Key], applied: set[Key], *, with_later: bool
) -> Route:
    missing = [key for key in targets if key not in applied]
    if missing:
        raise RouteError(".".join(missing[0]), "it is not applied yet", "run python manage.py migrate first")
    before = [key for key in applied if key in loader.graph.nodes]
    later = {descendant for key in targets for descendant in _after(loader, key)} & set(before)
    meant = later if with_later else set(targets)
    ordered = [key for key in _in_order(loader, before) if key in meant]
    state = _state_of(loader, {key for key in before if key not in later})
    also = [".".join(key) for key in ordered if key not in targets]
    notes = (f"goes back with it: {', '.join(also)}",) if also else ()
    return Route(tuple(ordered), (), tuple(loader.graph.nodes[key] for key in ordered), state, notes)


def _after(loader: MigrationLoader, key: Key) -> list[Key]:
    """The migration and all that build on it."""
    return [(node[0], node[1]) for node in loader.graph.backwards_plan(key)]


def _in_order(loader: MigrationLoader, keys: Iterable[Key]) -> list[Key]:
    order: dict[Key, None] = {}
    for key in sorted(keys):
        order.update(dict.fromkeys((node[0], node[1]) for node in loader.graph.forwards_plan(key)))
    return list(order)


def _state_of(loader: MigrationLoader, applied: set[Key]) -> ProjectState:
    nodes = [key for key in sorted(applied) if key in loader.graph.nodes]
    if not nodes:
        state = ProjectState()
        state.real_apps = set(loader.unmigrated_apps)
        return state
    return loader.project_state(nodes=nodes, at_end=True)


def _load(connection: BaseDatabaseWrapper) -> MigrationLoader:
    try:
        loader = MigrationLoader(connection)
        loader.check_consistent_history(connection)
    except (NodeNotFoundError, BadMigrationError, CircularDependencyError) as error:
        raise RouteError("migrations", str(error), "repair the migrations' dependencies") from error
    except InconsistentMigrationHistory as error:
        raise RouteError("migrations", str(error), "repair django_migrations first") from error
    if conflicts := loader.detect_conflicts():
        app, names = sorted(conflicts.items())[0]
        raise RouteError(
            f"migrations of {app}",
            f"they have several ends ({', '.join(sorted(names))})",
            "merge them: python manage.py makemigrations --merge",
        )
    return loader


# what is meant ------------------------------------------------------------------------------------------


def _targets(loader: MigrationLoader, asked: Asked) -> list[Key]:
    if asked.unapplied:
        leaves = loader.graph.leaf_nodes(asked.app_label or None)
        order = _in_order(loader, [(key[0], key[1]) for key in leaves])
        keep = [key for key in order if not asked.app_label or key[0] == asked.app_label]
        return [key for key in keep if key not in loader.applied_migrations]
    if asked.since:
        return _added_since(loader, asked.since)
    if asked.app_label:
        _require_app(loader, asked.app_label)
        return [_one_of(loader, asked.name, [k for k in _keys(loader) if k[0] == asked.app_label], asked)]
    label, dot, name = asked.name.partition(".")
    if dot and any(key[0] == label for key in _keys(loader)):
        return [_one_of(loader, name, [key for key in _keys(loader) if key[0] == label], asked)]
    own = project_apps()
    return [_one_of(loader, asked.name, [key for key in _keys(loader) if key[0] in own], asked)]


def _keys(loader: MigrationLoader) -> list[Key]:
    return sorted((key[0], key[1]) for key in loader.graph.nodes)


def _require_app(loader: MigrationLoader, label: str) -> None:
    if label not in {config.label for config in apps.get_app_configs()}:
        known = [config.label for config in apps.get_app_configs()]
        near = difflib.get_close_matches(label, known, n=1)
        remedy = f"did you mean {near[0]!r}?" if near else f"known are {', '.join(sorted(known))}"
        raise RouteError(label, "no installed application has this label", remedy)
    if label not in loader.migrated_apps:
        raise RouteError(label, "the application has no migrations", "run makemigrations first")


def _one_of(loader: MigrationLoader, name: str, keys: Sequence[Key], asked: Asked) -> Key:
    """The one migration that the name or number means."""
    what = f"{asked.app_label}.{name}".lstrip(".")
    found = [key for key in keys if key[1] == name] or [key for key in keys if _means(name, key[1])]
    if len(found) == 1:
        return found[0]
    if found:
        listed = ", ".join(".".join(key) for key in found)
        raise RouteError(
            what, f"several migrations are meant: {listed}", "name the application and migration"
        )
    for replacement, migration in sorted(loader.replacements.items()):
        for old in migration.replaces:
            if _means(name, old[1]) and (not asked.app_label or old[0] == asked.app_label):
                raise RouteError(what, f"{'.'.join(replacement)} has replaced it", "name that one")
    known = [".".join(key) for key in keys]
    near = difflib.get_close_matches(what, known, n=3, cutoff=0.4) or known[-3:]
    where = f"application {asked.app_label!r}" if asked.app_label else "no application of the project"
    told = f"{where} has no such migration" if asked.app_label else f"{where} has such a migration"
    raise RouteError(what, told, f"there are {', '.join(near)}" if near else "there are no migrations")


def _means(given: str, name: str) -> bool:
    """Whether a name begins so, or has this number."""
    if given.isdecimal():
        number = name.partition("_")[0]
        return number.isdecimal() and int(number) == int(given)
    return name.startswith(given)


def project_apps() -> frozenset[str]:
    """Labels of the applications that are the project's own: not installed as a package."""
    labels = set()
    for config in apps.get_app_configs():
        parts = Path(config.path).parts
        if not {"site-packages", "dist-packages"} & set(parts):
            labels.add(config.label)
    return frozenset(labels - {"dbstate"})


def _added_since(loader: MigrationLoader, revision: str) -> list[Key]:
    """Migrations whose files were added or changed after the revision, committed or not."""
    found: list[Key] = []
    changed: dict[Path, frozenset[Path]] = {}
    for key in _keys(loader):
        if key[0] not in project_apps():
            continue
        file = file_of(loader.graph.nodes[key])
        if file is None:
            continue
        if file.parent not in changed:
            changed[file.parent] = _changed_files(file.parent, revision)
        if file in changed[file.parent]:
            found.append(key)
    return _in_order_of(loader, found)


def _in_order_of(loader: MigrationLoader, keys: list[Key]) -> list[Key]:
    wanted = set(keys)
    return [key for key in _in_order(loader, keys) if key in wanted]


def file_of(migration: Migration) -> Path | None:
    """Where its source stands; None when it came from no file."""
    module = __import__(type(migration).__module__, fromlist=["__file__"])
    path = getattr(module, "__file__", None)
    return Path(path).resolve() if path else None


def _changed_files(folder: Path, revision: str) -> frozenset[Path]:
    """Files of the folder that differ from the revision, untracked ones too. Raises RouteError."""
    top = Path(_git(folder, "rev-parse", "--show-toplevel").strip())
    differing = _git(folder, "diff", "--name-only", "--diff-filter=AMR", revision, "--", ".").splitlines()
    untracked = _git(folder, "ls-files", "--others", "--exclude-standard", "--full-name", ".").splitlines()
    return frozenset((top / name).resolve() for name in (*differing, *untracked))


def _git(folder: Path, *arguments: str) -> str:
    try:
        done = subprocess.run(
            ["git", "-C", str(folder), *arguments], capture_output=True, text=True, check=False
        )
    except FileNotFoundError:
        raise RouteError("--since", "git is not installed", "name the migrations instead") from None
    if done.returncode:
        said = " ".join(done.stderr.split())
        raise RouteError("--since", f"git says: {said}", "name a revision of this repository")
    return done.stdout
