"""Random Django projects, drawn as plain data.

A ``Graph`` is frozen data that prints as the code that makes it again. ``draw_graph`` makes one from
anything that can choose a number, so that Hypothesis (which shrinks it) and a plain seed (which
replays it) share one description. ``Graph.expected`` says how many rows each model can hold at
least; ``tests.property.reference`` proves that claim without the code under test.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol, TypeVar

from hypothesis import strategies as st

from tests.property.parts import NARROW, ONLY_POSTGRESQL, TIED, part_of
from tests.property.traits import PLAIN, Trait

T = TypeVar("T")

ENOUGH = 3
"""Rows that every model should get where nothing limits it."""

OWNED_KEYS = ("composite_parent", "composite_pair", "one_to_one")
"""Keys that are made of other models'."""
KEYS = ("auto", "uuid", "text", "integer", "small_auto", "composite", *OWNED_KEYS)
SINGLE_KEYS = frozenset({"auto", "uuid", "text", "integer", "small_auto", "one_to_one"})
RELATIONS = (
    "foreign_key",
    "one_to_one",
    "to_field",
    "unchecked",
    "limited",
    "many_to_many",
    "through",
    "generic",
    "unique_foreign_key",
    "two_distinct",
    "either",
    "ordered",
    "undeferrable",
    "unique_pair",
    "unique_choice",
    "one_primary",
    "status",
    "not_self",
    "clean_limited",
    "asked",
    "proxied",
    "generic_unique",
    "slug_in_parent",
    "pair_in_order",
    "generic_limited",
)
TIGHT = frozenset(
    {
        "key",
        "one_to_one",
        "unique_foreign_key",
        "two_distinct",
        "unique_pair",
        "unique_choice",
        "not_self",
        "pair_in_order",
    }
)
"""Relations that may leave room for few rows."""
ODD_NAMES = 5
"""Forms of table names; the first is plain."""


@dataclass(frozen=True, slots=True)
class Relation:
    """Model ``target`` (a position in the graph) is referred to; ``variant`` chooses the form."""

    kind: str
    target: int
    optional: bool = True
    variant: int = 0


@dataclass(frozen=True, slots=True)
class ModelSpec:
    """One model. ``parent`` is the position of the model that it inherits from, by its own table."""

    key: str = "auto"
    traits: tuple[Trait, ...] = ()
    relations: tuple[Relation, ...] = ()
    parent: int | None = None
    name: int = 0
    """Which of the odd table names it has."""
    soft_delete: bool = False
    """Whether the default manager hides rows."""
    proxy: bool = False
    """Whether there is a proxy of it, too."""


@dataclass(frozen=True, slots=True)
class Expectation:
    """``least`` rows must be made; where that is fewer than enough, ``why`` says so."""

    least: int
    why: str = ""


@dataclass(frozen=True)
class Graph:
    """A random project."""

    models: tuple[ModelSpec, ...]
    vendor: str = "postgresql"

    @cached_property
    def expected(self) -> dict[str, Expectation]:
        """What must hold for each model, by its name."""
        return expectations(self)

    def root(self, position: int) -> int:
        """The first ancestor: the model whose table makes the key."""
        parent = self.models[position].parent
        return position if parent is None else self.root(parent)


# ------------------------------------------------------------------------------------------ drawing


class Chooser(Protocol):
    """Where a graph's choices come from; the least number is the simplest choice."""

    def number(self, least: int, greatest: int) -> int: ...

    def whole(self, make: Callable[[Chooser], T]) -> T:
        """What ``make`` makes of further choices, which belong together and can be left out together."""


class SeedChooser:
    """Choices from a plain seed, for replay."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)

    def number(self, least: int, greatest: int) -> int:
        return self._random.randint(least, greatest)

    def whole(self, make: Callable[[Chooser], T]) -> T:
        return make(self)


class DrawChooser:
    """Choices from Hypothesis."""

    def __init__(self, draw: Callable[[Any], Any]) -> None:
        self._draw = draw

    def number(self, least: int, greatest: int) -> int:
        return int(self._draw(st.integers(least, greatest)))

    def whole(self, make: Callable[[Chooser], T]) -> T:
        made: T = self._draw(_whole(make))
        return made


@st.composite
def _whole(draw: Callable[[Any], Any], make: Callable[[Chooser], T]) -> T:
    return make(DrawChooser(draw))


def chance(chooser: Chooser, percent: int) -> bool:
    """True in so many of a hundred cases."""
    return chooser.number(0, 99) >= 100 - percent


def pick(chooser: Chooser, options: Sequence[T]) -> T:
    """One of these, the simplest first."""
    return options[chooser.number(0, len(options) - 1)]


def several(chooser: Chooser, greatest: int, percent: int, make: Callable[[Chooser], T]) -> list[T]:
    """Up to ``greatest`` of what ``make`` makes, another one with this chance each time.

    The choice to go on is made with each one, so that single ones can be left out when shrinking.
    """
    made: list[T] = []

    def another(chooser: Chooser) -> bool:
        if not chance(chooser, percent):
            return False
        made.append(make(chooser))
        return True

    while len(made) < greatest and chooser.whole(another):
        pass
    return made


def draw_graph(chooser: Chooser, *, greatest: int = 8, vendor: str = "postgresql") -> Graph:
    """A random project of 1 to ``greatest`` models, some two thirds as many on average."""
    specs: list[ModelSpec] = []

    def model(chooser: Chooser) -> None:
        specs.append(_draw_model(chooser, specs, vendor))

    model(chooser)
    several(chooser, greatest - 1, 85 if greatest <= 12 else 96, model)
    return Graph(tuple(specs), vendor)


def graph_from_seed(seed: int, *, greatest: int = 8, vendor: str = "postgresql") -> Graph:
    """The same project for the same seed."""
    return draw_graph(SeedChooser(seed), greatest=greatest, vendor=vendor)


def _draw_model(chooser: Chooser, specs: Sequence[ModelSpec], vendor: str) -> ModelSpec:
    parents = [n for n, spec in enumerate(specs) if may_be_parent(spec)]
    parent = pick(chooser, parents[::-1]) if parents and chance(chooser, 15) else None
    targets = [n for n, spec in enumerate(specs) if spec.key in SINGLE_KEYS]
    key = "auto"
    if parent is None and chance(chooser, 40):
        key = pick(chooser, KEYS if targets else KEYS[: -len(OWNED_KEYS)])
    traits = several(chooser, 6, 70, lambda chooser: _draw_trait(chooser, vendor))
    relations: list[Relation] = []
    if key in OWNED_KEYS:
        relations.append(
            Relation("key", pick(chooser, targets[::-1]), optional=False, variant=chooser.number(0, 5))
        )
    relations += several(chooser, 3, 55, lambda chooser: _draw_relation(chooser, len(specs), key))
    return ModelSpec(
        key=key,
        traits=tuple(traits),
        relations=tuple(relations),
        parent=parent,
        name=chooser.number(0, ODD_NAMES - 1) if chance(chooser, 20) else 0,
        soft_delete=chance(chooser, 8),
        proxy=chance(chooser, 8),
    )


def may_be_parent(spec: ModelSpec) -> bool:
    """Whether rows of children always find room in its table."""
    narrow = any(trait.kind in NARROW for trait in spec.traits)
    tight = any(r.kind in TIGHT for r in spec.relations)
    return spec.key in ("auto", "uuid", "text", "integer") and not narrow and not tight


def _draw_trait(chooser: Chooser, vendor: str) -> Trait:
    if chance(chooser, 3):
        kinds: tuple[str, ...] = tuple(NARROW)
    elif chance(chooser, 35):
        kinds = tuple(TIED)
    else:
        kinds = tuple(PLAIN)
    kinds = tuple(kind for kind in kinds if vendor == "postgresql" or kind not in ONLY_POSTGRESQL)
    return Trait(
        pick(chooser, kinds),
        variant=chooser.number(0, 11),
        optional=chance(chooser, 35),
        unique=chance(chooser, 15),
    )


def _draw_relation(chooser: Chooser, position: int, key: str) -> Relation:
    """Positions are drawn as distances, so that a model can be left out when shrinking."""
    kinds = RELATIONS[:4] if key.startswith("composite") else RELATIONS
    kind = pick(chooser, kinds) if chance(chooser, 60) else "foreign_key"
    forward = chance(chooser, 20)
    target = position + chooser.number(1, 4) if forward else position - chooser.number(0, position)
    optional = chance(chooser, 50) or (forward and chance(chooser, 80))
    return Relation(kind, target, optional=optional, variant=chooser.number(0, 5))


# -------------------------------------------------------------------------------------- expectation


def model_name(position: int) -> str:
    """The name of the model at this position."""
    return f"Model{position}"


def settled(graph: Graph, position: int) -> tuple[Relation, ...]:
    """A model's relations as they are built.

    A model with a composite key, or one beyond the last, cannot be a target: the nearest one before
    it that can be takes its place; a relation for which there is none at all is left out.
    """
    found = []
    for relation in graph.models[position].relations:
        if relation.kind == "not_self" and graph.models[position].key not in SINGLE_KEYS:
            continue
        target = _possible(graph, relation.target)
        if (
            relation.kind == "generic"
            or (relation.kind == "key" and target is not None)
            or relation.kind == "generic_unique"
        ):
            found.append(relation)
        elif target is not None:
            target = position if relation.kind == "not_self" else target
            found.append(Relation(relation.kind, target, relation.optional, relation.variant))
    return tuple(found)


def _possible(graph: Graph, position: int) -> int | None:
    last = min(position, len(graph.models) - 1)
    nearest = [*range(last, -1, -1), *range(last + 1, len(graph.models))]
    return next((n for n in nearest if graph.models[n].key in SINGLE_KEYS), None)


def through_name(position: int, order: int) -> str:
    """The name of the model between, of a many-to-many with extras."""
    return f"Between{position}x{order}"


def automatic_name(position: int, order: int) -> str:
    """The name that Django gives to the table between, of a plain many-to-many."""
    return f"{model_name(position)}_many_{position}_{order}"


def expectations(graph: Graph) -> dict[str, Expectation]:
    """How many rows each model can hold at least: limits of traits, carried along relations."""
    least: dict[str, Expectation] = {}
    for position, spec in enumerate(graph.models):
        least[model_name(position)] = _own_room(position, spec)
    for _ in range(2 * len(graph.models) + 2):
        before = dict(least)
        for position in range(len(graph.models)):
            _carry(graph, position, least)
        if least == before:
            return least
    return least


def _own_room(position: int, spec: ModelSpec) -> Expectation:
    found = Expectation(ENOUGH)
    for order, trait in enumerate(spec.traits):
        part = part_of(f"{position}_{order}", trait)
        if part.room is not None and part.room < found.least:
            found = Expectation(part.room, part.why)
    return found


def _carry(graph: Graph, position: int, least: dict[str, Expectation]) -> None:
    own = model_name(position)
    spec = graph.models[position]

    def limit(name: str, room: int, why: str) -> None:
        if name not in least or room < least[name].least:
            least[name] = Expectation(max(room, 0), why if room < ENOUGH else "")

    if spec.parent is not None:
        parent = model_name(spec.parent)
        limit(own, least[parent].least, f"inherits from {parent}")
    for order, relation in enumerate(settled(graph, position)):
        if relation.kind in ("generic", "generic_unique"):
            continue
        target = model_name(relation.target)
        room, why = least[target].least, f"needs {target}: {least[target].why}"
        empty = room == 0
        if relation.kind in ("key", "one_to_one", "unique_foreign_key") and not relation.optional:
            limit(own, _room_of_key(graph, position, relation, least), why)
        if relation.kind == "two_distinct":
            limit(own, ENOUGH if room >= 2 else 0, f"needs two rows of {target}")
        elif relation.kind == "either":
            others = [model_name(n) for n in either_targets(graph, position, relation)]
            limit(own, 0 if all(least[n].least == 0 for n in others) else ENOUGH, why)
        elif relation.kind == "unique_pair":
            other = least[model_name(either_targets(graph, position, relation)[1])].least
            limit(own, min(ENOUGH, room * (ENOUGH if relation.optional else other)), why)
        elif relation.kind == "pair_in_order":
            pairs = room * (room - 1) // 2
            limit(own, min(ENOUGH, pairs if relation.variant % 2 else pairs * ENOUGH), why)
        elif relation.kind == "unique_choice" and not relation.optional:
            limit(own, min(ENOUGH, room * 2), why)
        elif relation.kind == "not_self":
            limit(own, 0 if room < 2 and not relation.optional else room, f"needs two rows of {target}")
        elif relation.kind == "through":
            rows = min(ENOUGH, least[own].least * room)
            limit(through_name(position, order), rows, why if empty else f"needs {own}: {least[own].why}")
        elif relation.kind == "many_to_many":
            rows = min(1, least[own].least * room)
            limit(automatic_name(position, order), rows, why if empty else f"needs {own}: {least[own].why}")
        elif relation.kind in ("limited", "clean_limited") and room < 2 and not relation.optional:
            limit(own, 0, f"{target} may have no row of the kind that is asked for")
        elif relation.kind == "generic_limited" and (
            relation.target == position or _begins_cycle(graph, position, relation)
        ):
            limit(own, ENOUGH if relation.optional else 0, f"needs a row of {target} first")
        elif relation.kind == "undeferrable" and _begins_cycle(graph, position, relation):
            limit(own, 0, "it is on a cycle of required keys, one of which cannot be deferred")
        elif not relation.optional and empty and relation.kind != "status":
            limit(own, 0, why)


def _room_of_key(graph: Graph, position: int, relation: Relation, least: Mapping[str, Expectation]) -> int:
    """How many rows have a parent, or parents, of their own."""
    spec = graph.models[position]
    room = least[model_name(relation.target)].least
    if relation.kind == "key" and spec.key == "composite_pair":
        room *= least[model_name(either_targets(graph, position, relation)[1])].least
    return (
        min(ENOUGH, room) if relation.kind != "key" or spec.key != "composite_parent" or not room else ENOUGH
    )


def _begins_cycle(graph: Graph, position: int, relation: Relation) -> bool:
    """Whether required keys lead from the target of a required key back to its own model."""
    if relation.optional or relation.target == position:
        return False
    seen: set[int] = set()
    ahead = [relation.target]
    while ahead:
        here = ahead.pop()
        if here == position:
            return True
        if here not in seen:
            seen.add(here)
            ahead += needed(graph, here)
    return False


def needed(graph: Graph, position: int) -> list[int]:
    """Models without a row of which this one can have none."""
    spec = graph.models[position]
    found = [] if spec.parent is None else [spec.parent]
    for relation in settled(graph, position):
        always = relation.kind in ("two_distinct", "either", "key", "pair_in_order")
        never = relation.kind in ("generic", "generic_unique", "many_to_many", "through", "status")
        pair = relation.kind == "unique_pair"
        if always or pair or not (relation.optional or never):
            found.append(relation.target)
        if (pair and not relation.optional) or (relation.kind == "key" and spec.key == "composite_pair"):
            found.append(either_targets(graph, position, relation)[1])
    return found


def either_targets(graph: Graph, position: int, relation: Relation) -> tuple[int, int]:
    """The two models of which exactly one is referred to."""
    other = _possible(graph, (relation.target + 1 + relation.variant) % len(graph.models))
    return relation.target, relation.target if other is None else other
