"""Rows of one model: parents chosen, then a value for each column."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import prod

from dbstate.catalog import Catalog, Column, Table
from dbstate.rows.choice import pick, present, spread
from dbstate.rows.kinds import Profile, edge_at
from dbstate.rows.paths import Agreement, Path
from dbstate.rows.stock import Stocks
from dbstate.rows.uniques import Uniqueness, referring_columns, uniqueness
from dbstate.values import MISSING, ColumnValues, NoValue
from dbstate.values.key import mix, text_key

SCANNED = 20_000
"""Combinations tried for one row before its table counts as full."""


@dataclass(frozen=True, slots=True)
class Reference:
    """Columns of a table that name another row, and the rows that they may name."""

    table: str
    name: str
    columns: tuple[str, ...]
    target: str
    target_columns: tuple[str, ...]
    null: bool
    blank: bool
    options: Sequence[tuple[object, ...]]
    """Values of ``columns``, one tuple for each row that may be named."""
    positions: Sequence[int | None]
    """The same rows' positions in the target's stock."""
    own: bool = False
    """Refers to the same table: earlier rows of the run may be named."""
    pending: bool = False
    """Left NULL now, filled once the target has rows."""

    @property
    def optional(self) -> bool:
        return self.null and self.blank


@dataclass(slots=True)
class Draft:
    """One row before it is written: a line for each table of its chain."""

    index: int
    edge: str
    values: dict[str, dict[str, object]] = field(default_factory=dict)
    links: dict[str, dict[str, int | None]] = field(default_factory=dict)
    choices: dict[str, dict[str, int | None]] = field(default_factory=dict)
    """Which option of each reference was taken, by table and reference."""
    positions: dict[str, int] = field(default_factory=dict)
    """Where the row stands in each table's stock."""
    covered: set[str] = field(default_factory=set)


class Exhausted(Exception):
    """The table can hold no further row; the message says why."""


class Assembler:
    """Makes the rows of one unit: ``draft(index)`` in rising order."""

    def __init__(
        self,
        catalog: Catalog,
        chain: Sequence[str],
        *,
        seed: int,
        profile: Profile,
        first: Mapping[str, int],
        keys: Mapping[tuple[str, str], Callable[[int], object]],
        fixed: Mapping[tuple[str, str], object],
        sources: Callable[[str, str, bool, bool], ColumnValues],
        references: Mapping[str, tuple[Reference, ...]],
        agreements: Mapping[str, tuple[Agreement, ...]],
        stocks: Stocks,
    ) -> None:
        self.catalog, self.chain, self.profile = catalog, tuple(chain), profile
        self.first, self.keys, self.fixed = first, keys, fixed
        self.references, self.stocks = references, stocks
        self.notes: dict[str, str] = {}
        """What was left empty, by field."""
        self.tables = {name: _TablePart(catalog[name], references[name], fixed, sources) for name in chain}
        self.choosers = {
            name: Chooser(
                catalog[name],
                references[name],
                agreements.get(name, ()),
                stocks,
                self.tables[name],
                seed=seed,
            )
            for name in chain
        }

    def draft(self, index: int) -> Draft:
        """Row ``index`` of the unit, appended to the stocks.

        Raises Exhausted when a unique key has no more values and NoValue when a column has none.
        """
        draft = Draft(index, edge_at(index, self.profile))
        for name in self.chain:
            draft.values[name] = self._values(draft, name, index)
            draft.links[name] = {}
            for link in self.catalog[name].parent_links:
                draft.values[name] |= {
                    own: draft.values[link.target][target]
                    for own, target in zip(link.columns, link.target_columns, strict=True)
                }
                draft.links[name][link.name] = draft.positions[link.target]
            self.choosers[name].choose(draft)
            draft.positions[name] = self.stocks[name].append(draft.values[name], draft.links[name])
        return draft

    def _values(self, draft: Draft, name: str, index: int) -> dict[str, object]:
        number = self.first[name] + index
        values: dict[str, object] = {}
        for column_name, source in self.tables[name].sources.items():
            try:
                values[column_name] = value_of(source, number, draft)
            except NoValue as none:
                values[column_name] = self._empty(self.catalog[name].column(column_name), none)
        for column in self.catalog[name].columns:
            key = (name, column.name)
            if key in self.fixed:
                values[column.name] = self.fixed[key]
            elif key in self.keys:
                values[column.name] = self.keys[key](index)
        return values

    def _empty(self, column: Column, none: NoValue) -> object:
        """Nothing, where the column may be empty and no value can be made for it; NoValue elsewhere."""
        empty = _find_empty(column)
        if empty is MISSING:
            raise none
        self.notes.setdefault(column.field, f"{column.field} is left empty: {none}")
        return empty


def _find_empty(column: Column) -> object:
    if column.null and column.blank:
        return None
    return "" if column.blank and column.kind in ("text", "file") else MISSING


def value_of(source: ColumnValues, number: int, draft: Draft, salt: int = 0) -> object:
    """The value of this column in this row; notes the edge case that it covers."""
    try:
        if draft.edge:
            value = source.edge(draft.edge, number, salt)
            if value is not MISSING:
                draft.covered.add(draft.edge)
                return value
        return source.realistic(number, salt)
    except IndexError as exhausted:
        raise Exhausted(f"{source} has no more values") from exhausted


class _TablePart:
    """Where the values of one table's own columns come from."""

    def __init__(
        self,
        table: Table,
        references: Sequence[Reference],
        fixed: Mapping[tuple[str, str], object],
        sources: Callable[[str, str, bool, bool], ColumnValues],
    ) -> None:
        self.table = table
        self.unique: Uniqueness = uniqueness(table)
        taken = referring_columns(table) | {name for r in references for name in r.columns}
        self.sources: dict[str, ColumnValues] = {}
        for column in table.columns:
            if column.generated or column.auto or column.name in taken or (table.name, column.name) in fixed:
                continue
            wide = column.name in self.unique.wide
            self.sources[column.name] = sources(
                table.name, column.name, wide, column.name in self.unique.disjoint
            )
        self.digits = {
            name: sources(table.name, name, True, False)
            for key in self.unique.narrow
            for name in key
            if name in self.sources
        }


class Chooser:
    """Chooses the parents of a table's rows, and the narrow values that uniques count through."""

    def __init__(
        self,
        table: Table,
        references: Sequence[Reference],
        agreements: Sequence[Agreement],
        stocks: Stocks,
        part: _TablePart,
        *,
        seed: int,
    ) -> None:
        self.table, self.stocks, self.part = table, stocks, part
        self.references = {r.name: r for r in references}
        self.by_column = {column: r for r in references for column in r.columns}
        self.keys = {r.name: mix(seed, text_key(f"{table.label}.{r.name}")) for r in references}
        self.rules = self._rules(agreements)
        self.groups: dict[tuple[str, Path], dict[int | None, list[int]]] = {}
        self.used: dict[tuple[str, ...], set[tuple[object, ...]]] = {n: set() for n in part.unique.narrow}
        self.low = dict.fromkeys(part.unique.narrow, 0)
        self.unmet: set[Agreement] = set()

    def _rules(self, agreements: Sequence[Agreement]) -> dict[str, list[tuple[Path, str, Path, Agreement]]]:
        """For each reference: (own path, other reference, its path), both ways."""
        rules: dict[str, list[tuple[Path, str, Path, Agreement]]] = {name: [] for name in self.references}
        for agreement in agreements:
            left, right = agreement.left, agreement.right
            first, second = left.steps[0][1], right.steps[0][1]
            if first in rules and second in rules:
                rules[first].append((left, second, right, agreement))
                rules[second].append((right, first, left, agreement))
        return rules

    def use(self, columns: tuple[str, ...], values: tuple[object, ...]) -> None:
        """Count a combination that an existing row has."""
        self.used[columns].add(values)

    def choose(self, draft: Draft, *, only_pending: bool = False) -> None:
        """Fill the referring columns (and counted ones) of the draft's line in this table."""
        line, links = draft.values[self.table.name], draft.links[self.table.name]
        chosen = draft.choices.setdefault(self.table.name, {})
        wanted = [r for r in self.references.values() if r.pending == only_pending]
        for reference in self.references.values():
            if reference.pending and not only_pending:
                self._write(reference, None, line, links, draft)
        for reference in wanted:
            if not self._is_set(reference, draft):
                chosen[reference.name] = None
        for columns in self.part.unique.narrow:
            if not only_pending or any(self._member(name) in {r.name for r in wanted} for name in columns):
                self._count(columns, draft, chosen, wanted)
        rest = [r for r in wanted if r.name not in chosen]
        rest.sort(key=lambda r: (-max([len(p.steps) for p, *_ in self.rules[r.name]], default=0), r.name))
        self._agree(rest, chosen, draft)
        for reference in wanted:
            self._write(reference, chosen.get(reference.name), line, links, draft)

    # presence ------------------------------------------------------------------------------------

    def _is_set(self, reference: Reference, draft: Draft) -> bool:
        if not self._size(reference, draft):
            # The first row of a table that must name one of its own names itself.
            return reference.own and not reference.optional
        if not reference.null:
            return True
        if not reference.blank:
            return True
        if draft.edge == "null":
            draft.covered.add("null")
            return False
        if draft.edge == "max":
            draft.covered.add("max")
            return True
        return present(self.keys[reference.name], draft.index)

    def _size(self, reference: Reference, draft: Draft) -> int:
        return len(reference.options) + (draft.index if reference.own else 0)

    # uniques of narrow columns ---------------------------------------------------------------------

    def _count(
        self, columns: tuple[str, ...], draft: Draft, chosen: dict[str, int | None], wanted: list[Reference]
    ) -> None:
        """Take the next free combination of these columns."""
        members = list(dict.fromkeys(self._member(name) for name in columns))
        references = [self.references[m] for m in members if m in self.references]
        if any(r not in wanted and r.name not in chosen for r in references):
            return
        if any(chosen.get(r.name, 0) is None for r in references):
            return
        if any(r.own and not self._size(r, draft) for r in references):
            return
        sizes = [self._member_size(m, draft) for m in members]
        fixed = {i: chosen[m] for i, m in enumerate(members) if m in chosen}
        growing = any(r.own for r in references)
        combination = self._next(columns, sizes, fixed, members, growing=growing, draft=draft)
        for member, digit in zip(members, combination, strict=True):
            if member in self.references:
                chosen[member] = digit
            else:
                draft.values[self.table.name][member] = self.part.digits[member].realistic(digit)

    def _member(self, column: str) -> str:
        reference = self.by_column.get(column)
        return reference.name if reference else column

    def _member_size(self, member: str, draft: Draft) -> int:
        if member in self.references:
            return self._size(self.references[member], draft)
        source = self.part.digits[member]
        return source.capacity if source.capacity is not None else SCANNED

    def _next(
        self,
        columns: tuple[str, ...],
        sizes: Sequence[int],
        fixed: Mapping[int, int | None],
        members: Sequence[str],
        *,
        growing: bool,
        draft: Draft,
    ) -> tuple[int, ...]:
        used = self.used[columns]
        start = 0 if growing or fixed else self.low[columns]
        for strict in (True, False):
            for index in range(start, min(prod(sizes), start + SCANNED)):
                digits = spread(index, sizes)
                if digits is None or any(digits[i] != digit for i, digit in fixed.items()):
                    continue
                values = self._combined(members, digits, draft)
                if values in used or (strict and not self._sane(members, digits, draft)):
                    continue
                used.add(values)
                if not growing and not fixed and strict:
                    self.low[columns] = index + 1
                return digits
            start = 0
        raise Exhausted(f"({', '.join(columns)}) of {self.table.label} has no more combinations")

    def _combined(self, members: Sequence[str], digits: Sequence[int], draft: Draft) -> tuple[object, ...]:
        values: list[object] = []
        for member, digit in zip(members, digits, strict=True):
            if member in self.references:
                values += self._option(self.references[member], digit, draft)[0]
            else:
                values.append(self.part.digits[member].realistic(digit))
        return tuple(values)

    def _sane(self, members: Sequence[str], digits: Sequence[int], draft: Draft) -> bool:
        """Whether parents of one table differ and paths agree."""
        picked = {m: d for m, d in zip(members, digits, strict=True) if m in self.references}
        seen: set[tuple[str, int | None]] = set()
        for member, digit in picked.items():
            position = self._option(self.references[member], digit, draft)[1]
            if position is not None:
                place = (self.references[member].target, position)
                if place in seen:
                    return False
                seen.add(place)
        return all(self._holds(name, digit, picked, draft) for name, digit in picked.items())

    def _holds(self, name: str, digit: int, chosen: Mapping[str, int | None], draft: Draft) -> bool:
        for path, other, other_path, _ in self.rules[name]:
            other_digit = chosen.get(other)
            if other_digit is None:
                continue
            mine = self._ancestor(name, digit, path, draft)
            theirs = self._ancestor(other, other_digit, other_path, draft)
            if mine is not None and theirs is not None and mine != theirs:
                return False
        return True

    # paths that agree ------------------------------------------------------------------------------

    def _agree(self, rest: Sequence[Reference], chosen: dict[str, int | None], draft: Draft) -> None:
        """Choose the remaining references so that paths agree; the first solution in a fixed order."""
        tries = 24 if any(self.rules[r.name] for r in rest) else 1
        for attempt in range(tries):
            found = self._attempt(rest, chosen, draft, attempt)
            if found is not None:
                chosen.update(found)
                return
        for reference in rest:
            chosen[reference.name] = self._pick(
                reference, range(self._size(reference, draft)), chosen, draft, 0
            )
            self.unmet.update(rule[3] for rule in self.rules[reference.name])

    def _attempt(
        self, rest: Sequence[Reference], chosen: Mapping[str, int | None], draft: Draft, attempt: int
    ) -> dict[str, int | None] | None:
        found = dict(chosen)
        for reference in rest:
            allowed = self._allowed(reference, found, draft)
            if len(allowed) == 0:
                if not self._size(reference, draft) and reference.own:
                    found[reference.name] = None if reference.optional else -1
                    continue
                if reference.optional and attempt > 8:
                    found[reference.name] = None
                    continue
                return None
            found[reference.name] = self._pick(reference, allowed, found, draft, attempt)
        return found

    def _allowed(self, reference: Reference, chosen: Mapping[str, int | None], draft: Draft) -> Sequence[int]:
        allowed: Sequence[int] = range(self._size(reference, draft))
        for path, other, other_path, _ in self.rules[reference.name]:
            digit = chosen.get(other)
            if digit is None:
                continue
            ancestor = self._ancestor(other, digit, other_path, draft)
            if ancestor is None:
                continue
            if reference.own:
                allowed = [
                    d for d in allowed if self._ancestor(reference.name, d, path, draft) in (ancestor, None)
                ]
            else:
                groups = self._groups(reference, path, draft)
                fitting = {*groups.get(ancestor, ()), *groups.get(None, ())}
                allowed = [d for d in allowed if d in fitting]
        return allowed

    def _groups(self, reference: Reference, path: Path, draft: Draft) -> dict[int | None, list[int]]:
        """Options by the ancestor that this path leads to."""
        known = self.groups.get((reference.name, path))
        if known is None:
            known = {}
            for digit in range(len(reference.options)):
                known.setdefault(self._ancestor(reference.name, digit, path, draft), []).append(digit)
            self.groups[reference.name, path] = known
        return known

    def _ancestor(self, name: str, digit: int, path: Path, draft: Draft) -> int | None:
        if digit < 0:
            return None  # the row itself: its own parents are being chosen
        reference = self.references[name]
        position = self._option(reference, digit, draft)[1]
        return self.stocks.follow(reference.target, position, path.steps[1:])

    def _pick(
        self,
        reference: Reference,
        allowed: Sequence[int],
        chosen: Mapping[str, int | None],
        draft: Draft,
        attempt: int,
    ) -> int:
        if len(allowed) == 0:
            return -1
        key = mix(self.keys[reference.name], attempt) if attempt else self.keys[reference.name]
        place = pick(key, draft.index + attempt, len(allowed))
        taken = self._positions_taken(reference, chosen, draft)
        for step in range(min(len(allowed), 8)):
            digit = allowed[(place + step) % len(allowed)]
            if self._option(reference, digit, draft)[1] not in taken:
                return digit
        return allowed[place]

    def _positions_taken(
        self, reference: Reference, chosen: Mapping[str, int | None], draft: Draft
    ) -> set[int | None]:
        """Rows of the same table that another foreign key of this row names already."""
        taken: set[int | None] = set()
        for name, digit in chosen.items():
            other = self.references[name]
            if (
                digit is not None
                and digit >= 0
                and other.target == reference.target
                and name != reference.name
            ):
                taken.add(self._option(other, digit, draft)[1])
        return taken - {None}

    # writing -----------------------------------------------------------------------------------------

    def _option(
        self, reference: Reference, digit: int, draft: Draft
    ) -> tuple[tuple[object, ...], int | None]:
        """Values and stock position of an option; earlier rows of this unit follow the given ones."""
        if digit < len(reference.options):
            return reference.options[digit], reference.positions[digit]
        position = self._own_start(draft) + digit - len(reference.options)
        return self.stocks[reference.target].values(position, reference.target_columns), position

    def _own_start(self, draft: Draft) -> int:
        placed = draft.positions.get(self.table.name)
        return (len(self.stocks[self.table.name]) if placed is None else placed) - draft.index

    def _write(
        self,
        reference: Reference,
        digit: int | None,
        line: dict[str, object],
        links: dict[str, int | None],
        draft: Draft,
    ) -> None:
        if digit is None:
            values: tuple[object, ...] = (None,) * len(reference.columns)
            position = None
        elif digit < 0:
            # A row that must name a row of its own table, and is the first: it names itself.
            values = tuple(line[name] for name in reference.target_columns)
            position = len(self.stocks[self.table.name])
        else:
            values, position = self._option(reference, digit, draft)
        line.update(zip(reference.columns, values, strict=True))
        links[reference.name] = position

    # alternatives, for rows that are refused -----------------------------------------------------------

    def alternatives(
        self, reference: Reference, draft: Draft, most: int = 6
    ) -> Iterator[tuple[dict[str, object], int | None]]:
        """Other parents for this row: (values of the columns, position)."""
        size = self._size(reference, draft)
        start = pick(self.keys[reference.name], draft.index, size) if size else 0
        for step in range(1, min(size, most) + 1):
            values, position = self._option(reference, (start + step) % size, draft)
            yield dict(zip(reference.columns, values, strict=True)), position
        if reference.null:
            yield dict.fromkeys(reference.columns), None
