"""Tuples of tied columns that a judge accepts: natural ones, repaired ones, then any."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from random import Random
from types import MappingProxyType
from typing import Any, TypeAlias

from dbstate.catalog import Column
from dbstate.errors import DbstateError
from dbstate.values.solving import jsonpaths, patterns
from dbstate.values.solving.conditions import MAKERS
from dbstate.values.solving.evaluation import is_known
from dbstate.values.solving.fitting import MISSING, fit
from dbstate.values.solving.inverses import INVERSES
from dbstate.values.solving.repair import flaws, repair
from dbstate.values.solving.scene import Row, Scene
from dbstate.values.solving.terms import Call, Name, Term, Value, conjuncts, constants, names, read, walk

Judge: TypeAlias = Callable[[Sequence[tuple[object, ...]]], Sequence[str | None]]
"""For each candidate None when it is accepted, else the name of the constraint that refuses it."""

BUDGET = 4_000
_BATCH = 256
_BLOCK = 24
_TURNS = 3
_IDLE_ROUNDS = 5
_KEPT_REFUSALS = 200
_EDGE_TRIES = 6


class Unsolvable(DbstateError):
    """No tuple of values was found that the judge accepts."""

    def __init__(self, table: str, columns: tuple[str, ...], refusals: Mapping[str, int], tried: int) -> None:
        self.table, self.columns, self.refusals, self.tried = table, columns, refusals, tried
        most = sorted(refusals, key=lambda name: (-refusals[name], name))
        named = ", ".join(f"{name} ({refusals[name]} times)" for name in most) or "no constraint by name"
        super().__init__(
            f"cannot find values for {table} ({', '.join(columns)}): no value meets its conditions, {tried} "
            f"combinations were tried and refused by {named}; check that these conditions can hold together, "
            f"or give the values of {columns[0] if len(columns) == 1 else 'these columns'} yourself."
        )


@dataclass(frozen=True, slots=True)
class Problem:
    """Columns tied together, the conditions on them, and where candidates come from."""

    table: str
    columns: tuple[Column, ...]
    """Generated ones may be among them: they are read, not made, and stand in no tuple."""
    expressions: tuple[str, ...]
    natural: Callable[[str, int], object]
    """A realistic value of a column for a row number."""
    edges: Callable[[str, str, int], object]
    """The value of a column for an edge's name, or ``MISSING``."""
    nullable: frozenset[str] = frozenset()
    seed: int = 0
    edge_names: tuple[str, ...] = ()
    missing: object = MISSING
    """What ``edges`` returns where a column has no such edge."""


@dataclass(frozen=True, slots=True)
class Pool:
    """What the judge said: tuples in the order of ``columns``."""

    columns: tuple[str, ...]
    accepted: tuple[tuple[object, ...], ...]
    refused: tuple[tuple[tuple[object, ...], str], ...]
    """Some refused tuples, each with the constraint that refused it."""
    edges: Mapping[str, tuple[object, ...]]
    """For each edge that some column has, the accepted tuple nearest to it."""
    tried: int
    exhausted: bool
    """Whether fewer than wanted were found: no more seem to exist."""


def solve(
    problem: Problem,
    judge: Judge,
    *,
    wanted: int,
    distinct: tuple[str | tuple[str, ...], ...] = (),
    budget: int | None = None,
) -> Pool:
    """Find ``wanted`` accepted tuples, natural ones first, and the ones nearest to each edge.

    ``distinct`` names columns (or combinations of columns) in which no two tuples agree; NULL
    agrees with nothing. ``budget`` bounds the candidates asked about. Where fewer exist, the pool
    holds those; Unsolvable when there is none.
    """
    search = _Search(problem, judge, distinct, budget or max(BUDGET, 12 * wanted))
    search.run(wanted)
    if not search.accepted:
        raise Unsolvable(problem.table, search.columns, search.refusals, search.tried)
    edges = search.edge_tuples()
    return Pool(
        search.columns,
        tuple(candidate for candidate, _ in search.accepted[:wanted]),
        tuple(search.refused),
        MappingProxyType(edges),
        search.tried,
        len(search.accepted) < wanted,
    )


def _mixed(*parts: int) -> int:
    """One integer of several (splitmix64): the same in every process."""
    state = 0x9E3779B97F4A7C15
    for part in parts:
        state = (state ^ (part & 0xFFFFFFFFFFFFFFFF)) + 0x9E3779B97F4A7C15 & 0xFFFFFFFFFFFFFFFF
        state = (state ^ (state >> 30)) * 0xBF58476D1CE4E5B9 & 0xFFFFFFFFFFFFFFFF
        state = (state ^ (state >> 27)) * 0x94D049BB133111EB & 0xFFFFFFFFFFFFFFFF
        state ^= state >> 31
    return state


@dataclass(slots=True)
class _Verdicts:
    """Of one round: rows that were refused or agree with an accepted one."""

    kept: int = 0
    asked: int = 0
    left: list[int] = field(default_factory=list)


class _Search:
    """One search: what was asked, what came back."""

    def __init__(
        self, problem: Problem, judge: Judge, distinct: tuple[str | tuple[str, ...], ...], budget: int
    ) -> None:
        self.problem, self.judge, self.budget = problem, judge, budget
        made = [column for column in problem.columns if column.generated is None]
        self.by_name = {column.name: column for column in made}
        self.columns = tuple(self.by_name)
        self.conditions = _conditions(problem, self.columns)
        keys = [(key,) if isinstance(key, str) else key for key in distinct]
        self.keys = [tuple(self.columns.index(name) for name in key) for key in keys]
        self.taken: list[set[str]] = [set() for _ in self.keys]
        self.asked: set[str] = set()
        self.tried = self.hopeless = 0
        self.accepted: list[tuple[tuple[object, ...], int]] = []
        self.others: list[tuple[object, ...]] = []
        self.refused: list[tuple[tuple[object, ...], str]] = []
        self.refusals: dict[str, int] = {}
        self.samples = {name: self._sample(name) for name in self.columns}
        self.patterns = {name: self._patterns(name) for name in self.columns}
        self.constants = self._constants()

    # -- candidates ----------------------------------------------------------------------------------------

    def _sample(self, name: str) -> object:
        for row in range(12):
            value = self.problem.natural(name, row)
            if value is not None and value is not self.problem.missing:
                return value
        return next(iter(self.by_name[name].choices or self.by_name[name].samples), None)

    def natural(self, name: str, row: int) -> object:
        """The column's natural value where it fits, else what comes nearest."""
        value = self.problem.natural(name, row)
        fitted = self._fit(name, value)
        if fitted is not MISSING:
            return fitted
        fresh = self._from_pattern(name, Random(_mixed(self.problem.seed, row)))
        if fresh is not MISSING:
            return fresh
        known = self.constants.get(name) or []
        return known[row % len(known)] if known else None if name in self.problem.nullable else value

    def _fit(self, name: str, value: object) -> object:
        return fit(self.by_name[name], value, self.samples.get(name), nullable=name in self.problem.nullable)

    def _constants(self) -> dict[str, list[object]]:
        """For each column the constants of the conditions that read it, with their neighbours."""
        found: dict[str, list[object]] = {}
        for name, column in self.by_name.items():
            raw: list[object] = [*column.choices, *column.samples]
            if column.kind == "boolean":
                raw += [True, False]
            for condition in self.conditions:
                if name in names(condition):
                    raw += [near for value in constants(condition) for near in _near(value)]
                    raw += _made_texts(condition, self.problem.seed)
                    raw += _made_documents(condition) if column.kind == "json" else ()
                    raw += _SIMPLE if not is_known(condition) else ()
            fitted = (self._fit(name, value) for value in raw)
            found[name] = _unlike([value for value in fitted if value is not MISSING and value is not None])
        return found

    def draw(self, name: str, random: Random) -> object:
        """Any candidate of a column."""
        known = self.constants[name]
        chance = random.random()
        if name in self.problem.nullable and chance < 0.1:
            return None
        if chance < 0.35:
            fresh = self._from_pattern(name, random)
            fresh = self._between(name, random) if fresh is MISSING else fresh
            if fresh is not MISSING:
                return fresh
        usual = self.natural(name, random.randrange(4096))
        if isinstance(usual, str) and random.random() < 0.25:
            usual = self._plainer(name, usual, random)
        if not known or chance > 0.7:
            return usual
        chosen = random.choice(known)
        if isinstance(chosen, dict) and isinstance(usual, dict):
            return {**usual, **chosen}
        return chosen

    def _plainer(self, name: str, text: str, random: Random) -> object:
        """The text without the signs that a condition may forbid, where anything is left of it."""
        words = re.findall(r"[^\W_]+", text)
        joined = random.choice(("-", "_", " ", "")).join(words)
        fitted = self._fit(name, joined.lower() if random.random() < 0.5 else joined) if words else MISSING
        return text if fitted is MISSING else fitted

    def _from_pattern(self, name: str, random: Random) -> object:
        """A new text for a pattern that the column must match, or MISSING."""
        wanted = self.patterns[name]
        if not wanted:
            return MISSING
        options = patterns.texts(random.choice(wanted), random, shorter=random.random() < 0.2)
        fitted = (self._fit(name, text) for text, _ in zip(options, range(_EDGE_TRIES), strict=False))
        return next((value for value in fitted if value is not MISSING), MISSING)

    def _between(self, name: str, random: Random) -> object:
        """A whole number anywhere between the constants of the column's conditions, or MISSING."""
        numbers = [value for value in self.constants[name] if isinstance(value, int)]
        if self.by_name[name].kind != "integer" or len(numbers) < 2:
            return MISSING
        return self._fit(name, random.randint(min(numbers), max(numbers)))

    def _patterns(self, name: str) -> list[str]:
        """Patterns that the column itself must match."""
        return [
            str(part.args[1].value)
            for part in self.conditions
            if isinstance(part, Call) and part.op == "matches" and names(part) == {name}
            if part.args[0] == Name(name) and isinstance(part.args[1], Value)
        ]

    def natural_row(self, row: int) -> Row:
        found: Row = {name: self.natural(name, row) for name in self.columns}
        scene = self.scene(row, 0)
        if scene.broken(found) or not flaws(scene, found):
            return found
        return repair(scene, found)  # NULL in the database's eyes, but what the condition is about is missing

    def scene(self, row: int, turn: int, **changes: Any) -> Scene:
        return Scene(
            columns=self.by_name,
            nullable=self.problem.nullable,
            conditions=self.conditions,
            samples=self.samples,
            draw=self.draw,
            random=Random(_mixed(self.problem.seed, row, turn)),
            makers=MAKERS,
            inverses=INVERSES,
            **changes,
        )

    def repaired(self, row: int, turn: int) -> Row:
        """The row's natural tuple, made to hold; later turns start farther from it."""
        scene = self.scene(row, turn)
        start = self._start(scene, row, turn)
        return repair(scene, start, probe=turn > 0)

    def _start(self, scene: Scene, row: int, turn: int) -> Row:
        start = self.natural_row(row)
        if turn and self.accepted and turn % 2:
            model = dict(zip(self.columns, scene.random.choice(self.accepted)[0], strict=True))
            changed = scene.random.sample(self.columns, scene.random.randint(1, len(self.columns)))
            start = {**model, **{name: start[name] for name in changed}}
        stirred = min(len(self.columns), turn if turn < 4 else scene.random.randint(0, len(self.columns)))
        for name in scene.random.sample(self.columns, stirred):
            start[name] = self.draw(name, scene.random)
        return start

    # -- asking --------------------------------------------------------------------------------------------

    def run(self, wanted: int) -> None:
        """Rounds of natural rows, each followed by repairs of what was refused."""
        row = idle = turn = 0
        natural_kept = natural_asked = 0
        while len(self.accepted) < wanted and idle < self._patience() and self.tried < self.budget:
            size = min(_BATCH, max(_BLOCK, wanted - len(self.accepted)))
            rows = range(row, row + size)
            before, row = len(self.accepted), row + size
            verdicts = self.ask([(number, self.natural_row(number)) for number in rows])
            natural_kept += verdicts.kept
            natural_asked += size
            if not before or (natural_kept * 2 < natural_asked and len(self.accepted) < wanted):
                # In the first round always: rows that only repair makes possible show the other cases.
                left = list(verdicts.left)
                for _ in range(_TURNS):
                    left = self.ask([(number, self.repaired(number, turn)) for number in left]).left
                    turn += 1
                    if not left or len(self.accepted) >= wanted:
                        break
            idle = idle + 1 if len(self.accepted) == before else 0
        self.accepted.sort(key=lambda pair: pair[1])

    def _patience(self) -> int:
        """Rounds without a new tuple before giving up: where none must differ, a few will do."""
        return 2 if self.accepted and not self.keys else _IDLE_ROUNDS

    def ask(self, rows: Sequence[tuple[int, Row]]) -> _Verdicts:
        """Have rows judged that were not before, the promising ones first."""
        verdicts = _Verdicts()
        fresh: list[tuple[int, tuple[object, ...]]] = []
        for number, row in rows:
            candidate = tuple(row[name] for name in self.columns)
            verdicts.left.append(number)
            if self._is_new(candidate) and self._is_promising(row):
                fresh.append((number, candidate))
        for at in range(0, len(fresh), _BATCH):
            part = fresh[at : at + _BATCH]
            if self.tried >= self.budget:
                break
            for (number, candidate), verdict in zip(part, self._judged([c for _, c in part]), strict=True):
                if verdict is None and self._keep(candidate, number):
                    verdicts.kept += 1
                    verdicts.left.remove(number)
        return verdicts

    def _is_new(self, candidate: tuple[object, ...]) -> bool:
        key = repr(candidate)
        if key in self.asked:
            return False
        self.asked.add(key)
        return True

    def _is_promising(self, row: Row) -> bool:
        """Candidates that Python takes for wrong are asked about too, but not without end."""
        if not self.scene(0, 0).broken(row):
            return True
        self.hopeless += 1
        return self.hopeless <= self.budget // 20

    def _judged(self, candidates: list[tuple[object, ...]]) -> Sequence[str | None]:
        self.tried += len(candidates)
        verdicts = self.judge(candidates)
        for candidate, verdict in zip(candidates, verdicts, strict=True):
            if verdict is not None:
                self.refusals[verdict] = self.refusals.get(verdict, 0) + 1
                if len(self.refused) < _KEPT_REFUSALS:
                    self.refused.append((candidate, verdict))
        return verdicts

    def _keep(self, candidate: tuple[object, ...], number: int) -> bool:
        """Take an accepted tuple unless it agrees with another where they must differ."""
        keys = [
            None if any(candidate[at] is None for at in key) else repr([candidate[at] for at in key])
            for key in self.keys
        ]
        if any(key in taken for key, taken in zip(keys, self.taken, strict=True) if key is not None):
            self.others.append(candidate)
            return False
        for key, taken in zip(keys, self.taken, strict=True):
            if key is not None:
                taken.add(key)
        self.accepted.append((candidate, number))
        return True

    # -- edges ---------------------------------------------------------------------------------------------

    def edge_tuples(self) -> dict[str, tuple[object, ...]]:
        """For each edge the nearest tuple that is accepted."""
        goals = {name: goal for name in self.problem.edge_names if (goal := self._edge_goal(name))}
        asked: list[tuple[str, tuple[object, ...]]] = []
        for at, (name, goal) in enumerate(goals.items()):
            asked += [(name, candidate) for candidate in self._edge_candidates(at, goal)]
        verdicts = self._judged([candidate for _, candidate in asked]) if asked else []
        found: dict[str, list[tuple[object, ...]]] = {name: [] for name in goals}
        for (name, candidate), verdict in zip(asked, verdicts, strict=True):
            if verdict is None:
                found[name].append(candidate)
        everywhere = [candidate for candidate, _ in self.accepted] + self.others
        return {name: self._nearest(goals[name], [*found[name], *everywhere]) for name in goals}

    def _edge_goal(self, edge: str) -> Row:
        goal = {name: self.problem.edges(name, edge, 0) for name in self.columns}
        fitted = {
            name: self._fit(name, value) for name, value in goal.items() if value is not self.problem.missing
        }
        return {name: value for name, value in fitted.items() if value is not MISSING}

    def _edge_candidates(self, at: int, goal: Row) -> Iterator[tuple[object, ...]]:
        """The edge in all columns that have it, in all but one, in one; then whatever is near."""
        whole = tuple(goal)
        kept = [
            whole,
            *(tuple(n for n in whole if n != name) for name in whole),
            *((name,) for name in whole),
            (),
        ]
        starts = self._edge_starts(at, goal)
        found = 0
        for number, (fixed, start) in enumerate(
            (fixed, start) for fixed in _unlike(kept) for start in starts
        ):
            scene = self.scene(at, 1000 + number, fixed=frozenset(fixed), tight=True)
            row = repair(scene, {**start, **goal})
            if not scene.broken(row):
                found += 1
                yield tuple(row[name] for name in self.columns)
            if found >= _EDGE_TRIES:
                return

    def _edge_starts(self, at: int, goal: Row) -> list[Row]:
        """Tuples to begin an edge from: natural, accepted, and others at the limits that conditions name."""
        natural = self.natural_row(at)
        models = [dict(zip(self.columns, model, strict=True)) for model, _ in self.accepted[at : at + 1]]
        limits = [
            {**natural, name: value}
            for name in self.columns
            if name not in goal
            for value in self.constants[name][:_EDGE_TRIES]
        ]
        return [natural, *models, *limits[: 2 * _EDGE_TRIES]]

    def _nearest(self, goal: Row, candidates: Sequence[tuple[object, ...]]) -> tuple[object, ...]:
        def distance(candidate: tuple[object, ...]) -> float:
            row = dict(zip(self.columns, candidate, strict=True))
            return sum(_distance(row[name], value) for name, value in goal.items())

        return min(candidates, key=distance)


def _distance(value: object, goal: object) -> float:
    """0 for equal values, up to 1 for values that have nothing in common."""
    if value == goal and type(value) is type(goal):
        return 0.0
    if value is None or goal is None:
        return 1.0
    gap = _gap(value, goal)
    return 1.0 if gap is None else 1.0 - 1.0 / (1.0 + gap)


def _gap(value: Any, goal: Any) -> float | None:
    if isinstance(value, str | list | bytes) and isinstance(goal, str | list | bytes):
        return abs(len(value) - len(goal)) / (1 + len(goal)) + 0.01
    try:
        gap = abs(value - goal)
        size = gap.total_seconds() / 86400 if isinstance(gap, dt.timedelta) else float(gap)
        scale = 365.0 if isinstance(gap, dt.timedelta) else 1.0 + abs(float(goal))
    except (TypeError, ValueError, OverflowError):
        return None
    return size / scale


# -- what the conditions give ------------------------------------------------------------------------------


def _conditions(problem: Problem, columns: tuple[str, ...]) -> tuple[Term, ...]:
    """All that must hold: parts of the expressions, and the columns' own patterns."""
    stand_ins: dict[str, Term] = {}
    for column in problem.columns:
        if column.generated is not None:
            stand_ins[column.name] = read(column.generated, columns, stand_ins=stand_ins)
    parts: list[Term] = []
    for expression in problem.expressions:
        parts += conjuncts(read(expression, columns, stand_ins=stand_ins))
    for column in problem.columns:
        parts += [Call("matches", (Name(column.name), Value(pattern))) for pattern in column.patterns]
    return tuple(parts)


def _near(value: object) -> Iterator[object]:
    """A constant and what is just beside it."""
    yield value
    if isinstance(value, bool) or value is None:
        return
    if isinstance(value, int | Decimal):
        yield from (value + 1, value - 1, -value, value * 2)
        yield Decimal(value) + Decimal("0.01")
    elif isinstance(value, dt.timedelta):
        yield from (value + dt.timedelta(seconds=1), value - dt.timedelta(seconds=1), value / 2)
    elif isinstance(value, dt.date):
        yield from (value + dt.timedelta(days=1), value - dt.timedelta(days=1))
    elif isinstance(value, str):
        yield from (value.lower(), value.upper(), value + "a")


def _made_texts(condition: Term, seed: int) -> Iterator[object]:
    """Texts for the patterns in a condition."""
    for number, part in enumerate(walk(condition)):
        if not (isinstance(part, Call) and part.op == "matches" and isinstance(part.args[1], Value)):
            continue
        for at, text in enumerate(patterns.texts(str(part.args[1].value), Random(_mixed(seed, number)))):
            yield text
            if at >= 7:
                break


def _made_documents(condition: Term) -> Iterator[object]:
    """JSON documents for the paths in a condition."""
    for value in constants(condition):
        if isinstance(value, str) and value.startswith(("$", "strict $", "lax $")):
            yield from jsonpaths.documents(value)


_SIMPLE = (*range(13), -1, "a", "A", "1", "ab", "abc")
"""Values to try where a condition calls what Python does not know."""


def _unlike(values: Iterable[Any]) -> list[Any]:
    """The values without repetitions, in order."""
    seen: dict[str, Any] = {}
    for value in values:
        seen.setdefault(f"{type(value).__name__} {value!r}", value)
    return list(seen.values())
