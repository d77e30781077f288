"""Which rows a run would make, in which order: plain data, from facts alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from difflib import get_close_matches

from dbstate.catalog import Catalog, Table
from dbstate.catalog.order import Break, order_tables
from dbstate.errors import DbstateError
from dbstate.rows.kinds import Profile, default_rows
from dbstate.rows.paths import Agreement, Paths
from dbstate.rows.uniques import capacity

ENOUGH = 5
"""A table that holds so many rows, whoever made them, gets none unless a number is asked for: where a
run had to leave rows out, the next one does not try again."""
MISSING = "the table is not in the database"
HIDDEN = "the connection's user lacks SELECT on the table"
"""Why the table of a managed model cannot be filled."""


@dataclass(frozen=True, slots=True)
class Options:
    """What a person asked for; everything has a default."""

    now: datetime
    """Reference date, aware; nothing is created after it."""
    seed: int = 0
    labels: tuple[str, ...] = ()
    """Lower-case ``app_label.model`` of the tables asked for; all when empty."""
    named: tuple[str, ...] = ()
    """Those of ``labels`` that were asked for by name: they are filled, or nothing is."""
    rows: int | None = None
    """Rows that each table shall hold; None: 3 realistic ones and the edge rows."""
    rows_by_label: Mapping[str, int] = field(default_factory=dict)
    """The same for single tables, by lower-case ``app_label.model``."""
    profile: Profile = "mixed"
    locales: tuple[str, ...] = ()
    strict: bool = False
    password: str = "dbstate"
    """Password of made users, in clear."""


@dataclass(frozen=True, slots=True)
class Unit:
    """Rows of one model to make: one row is one line in each table of ``chain``."""

    table: str
    label: str
    chain: tuple[str, ...]
    """Tables that one row takes, ancestors first, the model's own last."""
    rows: int
    existing: int
    first: Mapping[str, int]
    """First free row number in each table of the chain."""
    reason: str = ""
    """Why this table is in the plan when nobody asked for it."""
    limit: str = ""
    """Why there are fewer rows than wanted."""


@dataclass(frozen=True, slots=True)
class Skipped:
    """A table that gets no rows, and why."""

    label: str
    table: str
    reason: str
    failed: bool = False
    """True when rows were wanted and cannot be made."""


@dataclass(frozen=True, slots=True)
class Plan:
    """All that a run will do."""

    groups: tuple[tuple[Unit, ...], ...]
    """Dependencies first; the units of one group depend on each other."""
    breaks: tuple[Break, ...]
    agreements: tuple[Agreement, ...]
    skipped: tuple[Skipped, ...]
    options: Options

    @property
    def units(self) -> tuple[Unit, ...]:
        return tuple(unit for group in self.groups for unit in group)


class TooManyRows(DbstateError):
    """More rows than a key can number."""

    def __init__(self, label: str, rows: int, room: int) -> None:
        super().__init__(
            f"cannot make {rows:,} rows in {label}: its key has room for {room:,} more; ask for fewer rows"
        )
        self.label, self.rows, self.room = label, rows, room


class UnknownLabel(DbstateError):
    """A name that no app or model has."""

    def __init__(self, label: str, known: Iterable[str]) -> None:
        near = get_close_matches(label.lower(), [name.lower() for name in known], n=1)
        hint = f"did you mean {near[0]}?" if near else "see INSTALLED_APPS for the names there are"
        super().__init__(f"cannot seed {label}: no installed app or model has this name; {hint}")
        self.label = label


def plan(
    catalog: Catalog,
    occupancy: Mapping[str, int | None],
    options: Options,
    *,
    key_room: Mapping[str, int] | None = None,
) -> Plan:
    """The plan for these tables.

    ``occupancy`` has the rows that each table holds (None: the table is missing; left out: the user may
    not look), ``key_room`` the numbers left in each table's automatic key.

    Raises UnknownLabel and TooManyRows.
    """
    _check_labels(catalog, options)
    asked = [t for t in catalog if not options.labels or t.label.lower() in options.labels]
    names = closure(catalog, [table.name for table in asked])
    skipped = {name: reason for name in names if (reason := _not_ours(catalog[name], occupancy))}
    fillable = [name for name in names if name not in skipped]
    order = order_tables(catalog, fillable)
    planner = _Planner(catalog, occupancy, options, {table.name for table in asked})
    planner.expect(catalog[name] for group in order.groups for name in group if name not in order.stuck)
    groups = [
        tuple(planner.unit(catalog[name]) for name in group if name not in order.stuck)
        for group in order.groups
    ]
    if key_room is not None:
        _check_room(catalog, [unit for group in groups for unit in group], key_room)
    paths = Paths(catalog, names)
    return Plan(
        groups=tuple(group for group in groups if group),
        breaks=order.breaks,
        agreements=tuple(a for group in order.groups for name in group for a in paths.agreements(name)),
        skipped=(
            *(
                Skipped(catalog[n].label, n, reason, failed=reason in (MISSING, HIDDEN))
                for n, reason in sorted(skipped.items())
            ),
            *(
                Skipped(unit.label, unit.table, unit.limit, failed=True)
                for unit in (unit for group in groups for unit in group)
                if unit.limit and not unit.rows and not unit.existing
            ),
            *(Skipped(catalog[n].label, n, reason, failed=True) for n, reason in sorted(order.stuck.items())),
        ),
        options=options,
    )


def closure(catalog: Catalog, names: Collection[str]) -> list[str]:
    """These tables and all that their foreign keys lead to, in the catalog's order."""
    seen: set[str] = set()
    waiting = list(names)
    while waiting:
        name = waiting.pop()
        if name in seen or name not in catalog.tables:
            continue
        seen.add(name)
        waiting += [key.target for key in catalog[name].foreign_keys]
    return [table.name for table in catalog if table.name in seen]


def chain_of(catalog: Catalog, table: Table) -> tuple[str, ...]:
    """Tables that one row of this model takes, ancestors first."""
    chain: list[str] = []
    for link in table.parent_links:
        chain += [name for name in chain_of(catalog, catalog[link.target]) if name not in chain]
    return (*chain, table.name)


def _check_labels(catalog: Catalog, options: Options) -> None:
    for label in options.rows_by_label:
        if label.lower() not in catalog.by_label:
            raise UnknownLabel(label, (t.label for t in catalog))


def _not_ours(table: Table, occupancy: Mapping[str, int | None]) -> str:
    if table.library_filled:
        return table.library_filled
    if not table.managed:
        return "unmanaged: Django's migrations do not make this table"
    if table.name not in occupancy:
        return HIDDEN
    if occupancy[table.name] is None:
        return MISSING
    return ""


class _Planner:
    """Counts rows table by table, in order."""

    def __init__(
        self, catalog: Catalog, occupancy: Mapping[str, int | None], options: Options, asked: set[str]
    ) -> None:
        self.catalog = catalog
        self.options = options
        self.asked = asked
        self.held = {name: count or 0 for name, count in occupancy.items()}
        self.existing = dict(self.held)
        self.counted: set[str] = set()
        """Tables whose number of rows is settled."""
        self.heirs: Counter[str] = Counter()
        """Models still to be counted that take rows of a table: its own and those that inherit from it."""

    def expect(self, tables: Iterable[Table]) -> None:
        """Say which tables will be counted, so that heirs of a short table share what it can hold."""
        for table in tables:
            chain = chain_of(self.catalog, table)
            if self._wanted(table, tuple(self.catalog[name] for name in chain)):
                self.heirs.update(chain)

    def unit(self, table: Table) -> Unit:
        chain = chain_of(self.catalog, table)
        tables = tuple(self.catalog[name] for name in chain)
        wanted = self._wanted(table, tables)
        rows, limit = self._within_capacity(tables, wanted)
        if wanted:
            self.heirs.subtract(chain)
        unit = Unit(
            table=table.name,
            label=table.label,
            chain=chain,
            rows=rows,
            existing=self.existing.get(table.name, 0),
            first={name: self.held.get(name, 0) for name in chain},
            reason="" if table.name in self.asked else "needed by what was asked for",
            limit=limit,
        )
        for name in chain:
            self.held[name] = self.held.get(name, 0) + rows
        self.counted.add(table.name)
        return unit

    def _wanted(self, table: Table, tables: tuple[Table, ...]) -> int:
        """Rows to make: explicit numbers fill up to N, the default set stands beside a few rows."""
        existing = self.existing.get(table.name, 0)
        explicit = self.options.rows_by_label.get(table.label.lower(), self.options.rows)
        if explicit is not None:
            return max(0, explicit - existing)
        default = default_rows(tables, self.options.profile)
        return default if existing < min(ENOUGH, default) else 0

    def _within_capacity(self, tables: tuple[Table, ...], wanted: int) -> tuple[int, str]:
        """Rows that all tables of a chain have room for; heirs of one table share its room."""
        fitting, limit = wanted, ""
        for table in tables:

            def parents(column: str, table: Table = table) -> int | None:
                return self._parents(table, column)

            found = capacity(table, parents)
            if found is None:
                continue
            room = max(0, found[0] - self.held.get(table.name, 0))
            share = -(-room // max(1, self.heirs[table.name]))
            if share < fitting:
                columns = ", ".join(found[1].columns)
                fitting = share
                limit = (
                    f"{table.label} can hold {found[0]} rows: {found[1].name} ({columns}) has no more values"
                )
        return fitting, limit

    def _parents(self, table: Table, column: str) -> int | None:
        for key in table.foreign_keys:
            if key.parent_link:
                continue  # the row in the parent's table is made along with this one
            if column in key.columns and key.target in self.counted:
                target = self.catalog[key.target]
                return None if target.library_filled or key.limited else self.held[key.target]
        return None


def _check_room(catalog: Catalog, units: Iterable[Unit], key_room: Mapping[str, int]) -> None:
    made: dict[str, int] = {}
    for unit in units:
        for name in unit.chain:
            made[name] = made.get(name, 0) + unit.rows
    for name, rows in made.items():
        if name in key_room and rows > key_room[name]:
            raise TooManyRows(catalog[name].label, rows, key_room[name])
