"""Which rows a row's foreign keys name, and the few-valued columns that uniques count through."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence

from dbstate.catalog import Table
from dbstate.rows.choice import pick, present
from dbstate.rows.counting import SCANNED, Combinations, Digits
from dbstate.rows.draft import Draft, Exhausted, Option, Reference
from dbstate.rows.options import Options
from dbstate.rows.own import OwnColumns
from dbstate.rows.paths import Agreement, Path
from dbstate.rows.stock import Stocks
from dbstate.values.key import mix, text_key

TRIES = 24
"""Ways to make the paths of one row agree before they count as unmet."""
GIVE_UP = 8
"""After so many tries, optional references that fit nowhere are left empty."""
LOOKED_AT = 500
"""Rows of its own table that a row looks at for one on whose path it agrees."""
STEPS = 8
"""Neighbours looked at for a row that no other key of this row names."""

Chosen = dict[str, Option | None]
"""What each reference names, by its name; None: nothing. Missing: not chosen yet."""


class Chooser:
    """Chooses the parents of one table's rows, in rising order of the rows."""

    def __init__(
        self,
        table: Table,
        references: Sequence[Reference],
        agreements: Sequence[Agreement],
        stocks: Stocks,
        part: OwnColumns,
        *,
        seed: int,
        rows: int = 0,
    ) -> None:
        self.table, self.part = table, part
        self.references = {r.name: r for r in references}
        self.by_column = {column: r for r in references for column in r.columns}
        self.options = Options(table.name, self.references, stocks, rows)
        self.unmet: set[Agreement] = set()
        """Agreements that some row could not keep."""
        self._keys = {r.name: mix(seed, text_key(f"{table.label}.{r.name}")) for r in references}
        self._rules = self._both_ways(agreements)
        self._counted = [Combinations(columns) for columns in self._in_order(part.unique.narrow)]
        self._distinct_nulls = {u.columns: u.nulls_distinct for u in table.uniques}

    def _both_ways(
        self, agreements: Sequence[Agreement]
    ) -> dict[str, list[tuple[Path, str, Path, Agreement]]]:
        """For each reference: (own path, other reference, its path, the agreement)."""
        rules: dict[str, list[tuple[Path, str, Path, Agreement]]] = {name: [] for name in self.references}
        for agreement in agreements:
            left, right = agreement.left, agreement.right
            first, second = left.steps[0][1], right.steps[0][1]
            if first in rules and second in rules:
                rules[first].append((left, second, right, agreement))
                rules[second].append((right, first, left, agreement))
        return rules

    def _in_order(self, keys: Sequence[tuple[str, ...]]) -> list[tuple[str, ...]]:
        """Keys of columns that rows of this table are named by come first."""
        named = {c for r in self.references.values() if r.own for c in r.target_columns}
        return sorted(keys, key=lambda columns: not named.intersection(columns))

    # one row -------------------------------------------------------------------------------------

    def choose(self, draft: Draft, *, only: Collection[str] | None = None) -> None:
        """Fill the referring columns and the counted ones of the draft's line in this table.

        ``only``: names of the references to choose, all others stand already. Raises Exhausted.
        """
        chosen: Chosen = {}
        wanted: list[Reference] = []
        for reference in self.references.values():
            if only is None and draft.index < len(reference.promised):
                values = reference.promised[draft.index]
                promised = Option(values, self.options.position_of(reference, values))
                self._set(reference, promised, chosen, draft)
            elif reference.name in only if only is not None else not reference.pending:
                wanted.append(reference)
            elif only is None:
                self._set(reference, self._for_now(reference, draft), chosen, draft)
            else:
                chosen[reference.name] = self._current(reference, draft)
        for reference in wanted:
            stands = only is not None and self._current(reference, draft) is not None
            if not (stands and self.options.size(reference, draft)) and not self._is_set(reference, draft):
                self._set(reference, None, chosen, draft)
        for counted in self._counted:
            if only is None or any(self._member(name) in only for name in counted.columns):
                self._count(counted, draft, chosen)
        rest = [r for r in wanted if r.name not in chosen]
        # An optional row of the own table comes last: it fits the other parents, or there is none.
        longest = {r.name: max([len(p.steps) for p, *_ in self._rules[r.name]], default=0) for r in rest}
        rest.sort(key=lambda r: (r.own and r.optional, -longest[r.name], r.name))
        for name, option in self._agree(rest, chosen, draft).items():
            self._set(self.references[name], option, chosen, draft)

    def _for_now(self, reference: Reference, draft: Draft) -> Option | None:
        """What a pending reference holds until it is chosen."""
        return None if reference.null else self.options.itself(reference, draft)

    def _current(self, reference: Reference, draft: Draft) -> Option | None:
        line = draft.values[self.table.name]
        values = tuple(line.get(name) for name in reference.columns)
        if None in values:
            return None
        return Option(values, draft.links[self.table.name].get(reference.name))

    def _set(self, reference: Reference, option: Option | None, chosen: Chosen, draft: Draft) -> None:
        chosen[reference.name] = option
        values = option.values if option else (None,) * len(reference.columns)
        draft.values[self.table.name].update(zip(reference.columns, values, strict=True))
        draft.links[self.table.name][reference.name] = option.position if option else None

    def _is_set(self, reference: Reference, draft: Draft) -> bool:
        """Whether the reference shall name a row; notes the edge case that this is."""
        if not self.options.size(reference, draft):
            # The first row of a table that must name one of its own names itself.
            return reference.own and not reference.optional
        if not reference.optional:
            return True
        if draft.edge in ("null", "max"):
            draft.covered.add(draft.edge)
            return draft.edge == "max"
        return present(self._keys[reference.name], draft.index)

    # uniques of few values -----------------------------------------------------------------------

    def use(self, columns: tuple[str, ...], values: Sequence[object]) -> None:
        """Count a combination that a row has which was not chosen here."""
        line = dict(zip(columns, values, strict=True))
        links: dict[str, int | None] = {}
        for reference in self.references.values():
            if reference.own and line.keys() >= set(reference.columns):
                named = tuple(line[name] for name in reference.columns)
                links[reference.name] = self.options.position_of(reference, named)
        for counted in self._counted:
            if counted.columns == columns:
                counted.used.add(self._combination(counted, line, links))

    def remember(self, draft: Draft) -> None:
        """Count the combinations that the draft has now."""
        for counted in self._counted:
            counted.used.add(self._combination_of(counted, draft))

    def forget(self, draft: Draft) -> None:
        """Let others have the combinations of a draft that is given up, or about to be changed."""
        for counted in self._counted:
            counted.used.discard(self._combination_of(counted, draft))

    def _combination_of(self, counted: Combinations, draft: Draft) -> tuple[object, ...]:
        return self._combination(counted, draft.values[self.table.name], draft.links[self.table.name])

    def _combination(
        self, counted: Combinations, line: Mapping[str, object], links: Mapping[str, int | None]
    ) -> tuple[object, ...]:
        """What is compared: values, and positions of rows of this table, which may have no key yet."""
        return tuple(
            self._row(links, name) if self._is_own(name) else line.get(name) for name in counted.columns
        )

    def _row(self, links: Mapping[str, int | None], column: str) -> object:
        position = links.get(self.by_column[column].name)
        return None if position is None else ("row", position)

    def _is_own(self, column: str) -> bool:
        reference = self.by_column.get(column)
        return reference is not None and reference.own

    def _member(self, column: str) -> str:
        reference = self.by_column.get(column)
        return reference.name if reference else column

    def _count(self, counted: Combinations, draft: Draft, chosen: Chosen) -> None:
        """Give the members of a unique key the next free combination."""
        members = list(dict.fromkeys(self._member(name) for name in counted.columns))
        if self._is_free(counted, members, draft, chosen):
            return
        free = [m for m in members if m not in chosen]
        found = self._next(counted, free, draft, chosen) if free else {}
        if found is None:
            self._leave_empty(counted, free, draft, chosen)
            return
        for member, value in found.items():
            if isinstance(value, Option):
                self._set(self.references[member], value, chosen, draft)
            else:
                draft.values[self.table.name][member] = value
        counted.used.add(self._combination_of(counted, draft))

    def _is_free(self, counted: Combinations, members: Sequence[str], draft: Draft, chosen: Chosen) -> bool:
        """Whether a member is empty, so that the row is not compared with others."""
        if not self._distinct_nulls.get(counted.columns, True):
            return False
        line = draft.values[self.table.name]
        return any(
            chosen.get(m, 0) is None if m in self.references else line.get(m, 0) is None for m in members
        )

    def _leave_empty(self, counted: Combinations, free: Sequence[str], draft: Draft, chosen: Chosen) -> None:
        """Where all combinations are used, a member that may be empty is; Exhausted when none may."""
        for member in free if self._distinct_nulls.get(counted.columns, True) else ():
            if member in self.references and self.references[member].optional:
                self._set(self.references[member], None, chosen, draft)
                return
            if member not in self.references:
                column = self.table.column(member)
                if column.null and column.blank:
                    draft.values[self.table.name][member] = None
                    return
        columns = ", ".join(counted.columns)
        raise Exhausted(f"({columns}) of {self.table.label} has no more combinations")

    def _next(
        self, counted: Combinations, free: Sequence[str], draft: Draft, chosen: Chosen
    ) -> dict[str, object] | None:
        """Values of the free members: sane ones if there are, else any; None when all are used."""
        growing = any(m in self.references and self.references[m].own for m in free)
        steady = len(free) == 1 if growing else len(free) == len({*map(self._member, counted.columns)})

        def values_at(digits: Digits) -> dict[str, object]:
            return {m: self._value(m, digit, draft) for m, digit in zip(free, digits, strict=True)}

        def combined(digits: Digits) -> tuple[object, ...]:
            return self._trial(counted, values_at(digits), draft)

        def sane(digits: Digits) -> bool:
            return self._sane(values_at(digits), chosen)

        for condition in (sane, None):
            for reach in (False, True) if growing else (False,):
                sizes = [self._size(member, draft, reach) for member in free]
                digits = counted.next(sizes, combined, condition, steady=steady)
                if digits is not None:
                    return values_at(digits)
        return None

    def _size(self, member: str, draft: Draft, reach: bool) -> int:
        if member in self.references:
            return self.options.size(self.references[member], draft, reach=reach)
        capacity = self.part.digits[member].capacity
        return SCANNED if capacity is None else capacity

    def _value(self, member: str, digit: int, draft: Draft) -> object:
        if member in self.references:
            return self.options.at(self.references[member], digit, draft)
        return self.part.digits[member].realistic(digit)

    def _trial(self, counted: Combinations, values: Mapping[str, object], draft: Draft) -> tuple[object, ...]:
        """The combination that the row would have with these values."""
        line = {name: draft.values[self.table.name].get(name) for name in counted.columns}
        links = dict(draft.links[self.table.name])
        for member, value in values.items():
            if isinstance(value, Option):
                line.update(zip(self.references[member].columns, value.values, strict=True))
                links[member] = value.position
            else:
                line[member] = value
        return self._combination(counted, line, links)

    def _sane(self, values: Mapping[str, object], chosen: Chosen) -> bool:
        """Whether parents of one table differ and paths agree, with these values."""
        trial = chosen | {m: value for m, value in values.items() if isinstance(value, Option)}
        return all(
            option.position not in self._taken(self.references[name], trial) and self._holds(name, trial)
            for name, option in trial.items()
            if option is not None and name in values
        )

    # parents that differ, paths that agree ---------------------------------------------------------

    def _taken(self, reference: Reference, chosen: Chosen) -> set[int]:
        """Rows of the same table that another foreign key of this row names already."""
        return {
            option.position
            for name, option in chosen.items()
            if option is not None
            and option.position is not None
            and name != reference.name
            and self.references[name].target == reference.target
        }

    def _holds(self, name: str, chosen: Chosen) -> bool:
        for path, other, other_path, _ in self._rules[name]:
            mine, theirs = self._ancestor(name, path, chosen), self._ancestor(other, other_path, chosen)
            if mine is not None and theirs is not None and mine != theirs:
                return False
        return True

    def _ancestor(self, name: str, path: Path, chosen: Chosen) -> int | None:
        option = chosen.get(name)
        return None if option is None else self.options.ancestor(self.references[name], option.position, path)

    def _agree(self, rest: Sequence[Reference], chosen: Chosen, draft: Draft) -> Chosen:
        """Choose the remaining references so that paths agree; the first solution in a fixed order."""
        tries = TRIES if any(self._rules[r.name] for r in rest) else 1
        for attempt in range(tries):
            found = self._attempt(rest, chosen, draft, attempt)
            if found is not None:
                return found
        found = dict(chosen)
        for reference in rest:
            every = range(self.options.size(reference, draft))
            found[reference.name] = self._pick(reference, every, found, draft, 0)
            self.unmet.update(rule[3] for rule in self._rules[reference.name])
        return {r.name: found[r.name] for r in rest}

    def _attempt(
        self, rest: Sequence[Reference], chosen: Chosen, draft: Draft, attempt: int
    ) -> Chosen | None:
        """A parent for each of these; None when some reference has none on whose path it agrees."""
        found = dict(chosen)
        for reference in rest:
            allowed = self._allowed(reference, found, draft)
            if allowed or (reference.own and not reference.optional):
                found[reference.name] = self._pick(reference, allowed, found, draft, attempt)
            elif reference.optional and self._gives_up(reference, draft, attempt):
                found[reference.name] = None
            else:
                return None
        return {r.name: found[r.name] for r in rest}

    def _gives_up(self, reference: Reference, draft: Draft, attempt: int) -> bool:
        """Whether an optional reference is left empty rather than other parents tried that fit it.

        Of the rows that could name one of their own table, each second one does so at once: if all looked
        for a parent that has such a row already, all would end with the first parent.
        """
        fresh = reference.own and draft.index % 2 == 0
        return fresh or attempt > GIVE_UP or not self.options.size(reference, draft)

    def _allowed(self, reference: Reference, chosen: Chosen, draft: Draft) -> Sequence[int]:
        """Numbers of the options on whose paths this row agrees with what is chosen."""
        allowed: Sequence[int] = range(self.options.size(reference, draft))
        for path, other, other_path, _ in self._rules[reference.name]:
            ancestor = self._ancestor(other, other_path, chosen)
            if ancestor is None:
                continue
            if reference.own:
                allowed = [n for n in allowed[:LOOKED_AT] if self._leads(reference, n, path, draft, ancestor)]
                continue
            groups = self.options.groups(reference, path)
            fitting = sorted([*groups.get(ancestor, ()), *groups.get(None, ())])
            known = set(fitting) if not isinstance(allowed, range) else None
            allowed = fitting if known is None else [n for n in allowed if n in known]
        return allowed

    def _leads(self, reference: Reference, number: int, path: Path, draft: Draft, ancestor: int) -> bool:
        position = self.options.at(reference, number, draft).position
        return self.options.ancestor(reference, position, path) in (ancestor, None)

    def _pick(
        self, reference: Reference, allowed: Sequence[int], chosen: Chosen, draft: Draft, attempt: int
    ) -> Option | None:
        """One of these options, not one that another key names, as far as that can be had."""
        taken = self._taken(reference, chosen)
        place = 0
        if allowed:
            key = mix(self._keys[reference.name], attempt) if attempt else self._keys[reference.name]
            place = pick(key, draft.index + attempt, len(allowed))
        for step in range(min(len(allowed), STEPS)):
            option = self.options.at(reference, allowed[(place + step) % len(allowed)], draft)
            if option.position not in taken:
                return option
        for option in self._beyond(reference, draft):
            if option.position not in taken:
                return option
        if allowed:
            return self.options.at(reference, allowed[place], draft)
        return None if reference.null else self.options.itself(reference, draft)

    def _beyond(self, reference: Reference, draft: Draft) -> Iterator[Option]:
        """The row itself and some later ones, where it must name a row of its own table."""
        if reference.own and not reference.optional:
            size = self.options.size(reference, draft)
            for number in range(size, self.options.size(reference, draft, reach=True)):
                yield self.options.at(reference, number, draft)

    # rows that were refused, rows that were left out -----------------------------------------------

    def agrees(self, reference: Reference) -> bool:
        """Whether what it names has to agree with what others of the row's keys lead to."""
        return bool(self._rules[reference.name])

    def alternatives(
        self, reference: Reference, draft: Draft, most: int = 6
    ) -> Iterator[tuple[dict[str, object], int | None]]:
        """Other parents for this row: (values of the columns, position)."""
        size = self.options.size(reference, draft)
        start = pick(self._keys[reference.name], draft.index, size) if size else 0
        for step in range(1, min(size, most) + 1):
            option = self.options.at(reference, (start + step) % size, draft)
            yield dict(zip(reference.columns, option.values, strict=True)), option.position
        for option in self._beyond(reference, draft):
            if None not in option.values and option.position != self.options.place(draft):
                yield dict(zip(reference.columns, option.values, strict=True)), option.position
        if reference.null:
            yield dict.fromkeys(reference.columns), None

    def settle(self, draft: Draft) -> bool:
        """Have references to this table name rows that are there, by the keys that these have now.

        Answers whether another row had to be named: rows may have been left out, or not been made.
        """
        moved = False
        for reference in self.references.values():
            position = draft.links[self.table.name].get(reference.name)
            if not reference.own or position is None:
                continue
            chosen: Chosen = {name: self._current(r, draft) for name, r in self.references.items()}
            if self.options.is_there(position):
                self._set(reference, self.options.named(reference, position), chosen, draft)
                continue
            self._move(reference, chosen, draft)
            moved = True
        return moved

    def _move(self, reference: Reference, chosen: Chosen, draft: Draft) -> None:
        """Name another row of the table: an earlier one, itself, a later one; none as a last resort."""
        self.forget(draft)
        taken = self._taken(reference, chosen)
        line, links = draft.values[self.table.name], draft.links[self.table.name]
        option: Option | None
        for option in self.options.every(reference, draft):
            moved = links | {reference.name: option.position}
            free = all(self._combination(c, line, moved) not in c.used for c in self._counted)
            if option.position not in taken and free:
                break
        else:
            option = None if reference.null else self.options.itself(reference, draft)
        self._set(reference, option, chosen, draft)
        self.remember(draft)
