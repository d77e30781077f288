"""What a repair may draw on, and how it makes conditions true and gives terms values."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Any, TypeAlias

from dbstate.catalog import Column
from dbstate.values.solving.evaluation import Unknown, evaluate, truth
from dbstate.values.solving.fitting import MISSING, fit
from dbstate.values.solving.terms import Call, Name, Term, Value, names, negated

Row: TypeAlias = dict[str, object]


TRIES = 8


_DEPTH = 24


_EFFORT = 150


@dataclass(slots=True)
class Effort:
    """Steps that one repair may still take: branches of branches would go on without end."""

    left: int = _EFFORT

    def spent(self) -> bool:
        self.left -= 1
        return self.left < 0


Maker: TypeAlias = "Callable[[Scene, Call, bool, Row, int], Row | None]"
Inverse: TypeAlias = "Callable[[Scene, Call, Any, Row, int], Row | None]"


@dataclass(frozen=True, slots=True)
class Scene:
    """What repairs may draw on. ``fixed`` columns keep their value; ``tight`` asks for the nearest one."""

    columns: Mapping[str, Column]
    nullable: frozenset[str]
    conditions: tuple[Term, ...]
    samples: Mapping[str, object]
    """One usual value a column, not None where there is any."""
    draw: Callable[[str, Random], object]
    """Any candidate of a column: natural ones, and constants of the conditions with their neighbours."""
    random: Random
    makers: Mapping[str, Maker]
    """How to make a condition true or false, by operation."""
    inverses: Mapping[str, Inverse]
    """How to give a term a value, by operation."""
    fixed: frozenset[str] = frozenset()
    tight: bool = False
    effort: Effort = field(default_factory=Effort)

    def broken(self, row: Row) -> int:
        """How many conditions do not hold in the row; those that Python cannot tell count as holding."""
        return sum(known(condition, row) is False for condition in self.conditions)


def known(term: Term, row: Row) -> bool | None:
    """Truth, with None for NULL and for what cannot be told."""
    try:
        return truth(term, row)
    except Unknown:
        return None


def made(scene: Scene, term: Term, want: bool, row: Row, depth: int) -> Row | None:
    """The row changed so that the condition is ``want``; None when no way was found."""
    try:
        if truth(term, row) is want:
            return row
    except Unknown:
        pass
    if depth > _DEPTH or scene.effort.spent():
        return None
    if isinstance(term, Name):
        return given(scene, term, want, row, depth)
    if isinstance(term, Value):
        return None
    maker = scene.makers.get(term.op)
    made = maker(scene, term, want, row, depth + 1) if maker is not None else None
    return made if made is not None else shaken(scene, term, want, row)


def shaken(scene: Scene, term: Term, want: bool, row: Row) -> Row | None:
    """Any change of the columns that the term reads, the best of a few."""
    free = sorted(names(term) - scene.fixed)
    if not free:
        return None
    for _ in range(TRIES):
        column = scene.random.choice(free)
        value = scene.draw(column, scene.random)
        if value is MISSING:
            continue
        changed = {**row, column: value}
        try:
            if truth(term, changed) is want:
                return changed
        except Unknown:
            return changed
    return None


def given(scene: Scene, term: Term, goal: Any, row: Row, depth: int) -> Row | None:
    """The row changed so that the term is ``goal``; None when no way was found."""
    if depth > _DEPTH or scene.effort.spent():
        return None
    if isinstance(term, Value):
        return row if term.value == goal else None
    if isinstance(term, Name):
        return _put(scene, term.column, goal, row)
    if isinstance(goal, bool) and is_condition(term):
        return made(scene, term, goal, row, depth + 1)
    inverse = scene.inverses.get(term.op)
    if inverse is None:
        return None
    try:
        return inverse(scene, term, goal, row, depth + 1)
    except (Unknown, TypeError, ValueError, ArithmeticError, AttributeError, IndexError, KeyError):
        return None  # no way back for these values: the caller tries others


def _put(scene: Scene, name: str, goal: Any, row: Row) -> Row | None:
    if name in scene.fixed:
        return None
    value = fit(scene.columns[name], goal, scene.samples.get(name), nullable=name in scene.nullable)
    return None if value is MISSING else {**row, name: value}


def each(scene: Scene, parts: tuple[Term, ...], want: bool, row: Row, depth: int) -> Row | None:
    for turn in range(3):
        order = list(parts)
        if turn:
            scene.random.shuffle(order)
        for part in order:
            changed = made(scene, part, want, row, depth)
            if changed is None:
                return None
            row = changed
        if all(known(part, row) in (want, None) for part in parts):
            return row
    return None


def any_of(scene: Scene, parts: tuple[Term, ...], want: bool, row: Row, depth: int) -> Row | None:
    options = (made(scene, part, want, row, depth) for part in shuffled(scene, parts))
    return best(scene, options)


def shuffled(scene: Scene, parts: tuple[Any, ...]) -> list[Any]:
    order = list(parts)
    if not scene.tight:
        scene.random.shuffle(order)
    return order


def best(scene: Scene, options: Iterator[Row | None]) -> Row | None:
    """The first row that breaks no condition, else the one that breaks fewest of a few."""
    found, fewest, seen = None, 10**6, 0
    for row in options:
        if row is None:
            continue
        broken = scene.broken(row)
        if not broken:
            return row
        if broken < fewest:
            found, fewest = row, broken
        seen += 1
        if seen >= TRIES:
            break
    return found


def filled(scene: Scene, term: Term, row: Row) -> Row | None:
    """The row with usual values where columns of the term are None."""
    changed = row
    for column in sorted(names(term)):
        if changed[column] is not None:
            continue
        if column in scene.fixed:
            return None
        value = next(
            (v for _ in range(TRIES) if (v := scene.draw(column, scene.random)) not in (None, MISSING)), None
        )
        if value is None:
            value = scene.samples.get(column)
        if value is None:
            return None
        changed = {**changed, column: value}
    return changed


def present(term: Term, row: Row) -> Any:
    try:
        return evaluate(term, row)
    except Unknown:
        return None


_LOGICAL = frozenset(
    {
        *("and", "or", "not", "is_null", "same", "=", "<>", "<", "<=", ">", ">="),
        *("in_array", "matches", "has", "has_all", "has_any", "starts_with", "@>", "&&"),
        *("isempty", "lower_inf", "upper_inf", "is_json"),
    }
)


def is_condition(term: Term) -> bool:
    return isinstance(term, Call) and term.op in _LOGICAL


def branches(scene: Scene, term: Call) -> list[int]:
    return shuffled(scene, tuple(range((len(term.args) + 1) // 2)))


def branch(
    scene: Scene, term: Call, at: int, finish: Callable[[Term, Row], Row | None], row: Row, depth: int
) -> Row | None:
    """The row changed so that branch ``at`` of a CASE is the one taken, its result then finished."""
    before = tuple(negated(part) for part in term.args[: 2 * at : 2])
    taken = (*before, term.args[2 * at]) if 2 * at < len(term.args) - 1 else before
    changed = each(scene, taken, True, row, depth) if taken else row
    if changed is None:
        return None
    return finish(term.args[min(2 * at + 1, len(term.args) - 1)], changed)
