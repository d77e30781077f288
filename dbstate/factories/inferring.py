"""Declarations of factory_boy that infer: the steps in which it makes a row, and what a call shares."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, Protocol

from django.db import connections
from django.db.models import Model
from factory import declarations, enums
from factory.base import Factory
from factory.builder import StepBuilder

from dbstate.factories.blueprint import Blueprint, Relation, made_row
from dbstate.factories.chain import Attempt, Chain, Unfinished
from dbstate.factories.counting import place_of
from dbstate.factories.errors import BadOverride
from dbstate.factories.giving import checked_edge
from dbstate.factories.making import parent_of, row_numbers
from dbstate.values import EDGES


class Options(Protocol):
    """What a declaration asks of its factory's ``Meta``."""

    database: str
    base_declarations: dict[Any, Any]
    parameters: dict[Any, Any]

    @property
    def blueprint(self) -> Blueprint:
        """How instances of the model are made."""

    def factory_of(self, model: type[Model]) -> Any:
        """The inferred factory of another model, for the same database."""


@dataclass(slots=True)
class Call:
    """One call of a factory from outside, which factory_boy's steps find again."""

    chain: Chain
    edge: str = ""
    numbers: dict[tuple[object, int], dict[str, int]] = field(default_factory=dict)
    """Row numbers by table, by the model and the sequence number that stands for them."""


current_call: ContextVar[Call | None] = ContextVar("dbstate_factory_call", default=None)
_stubbing: ContextVar[tuple[type[Model], ...]] = ContextVar("dbstate_stubbing", default=())


def call_of(step: Any) -> Call:
    """The call that a step belongs to; one of its own where another library's factory asked for the row."""
    call = current_call.get()
    if call is not None:
        return call
    root = step
    while root.parent_step is not None:
        root = root.parent_step
    if not hasattr(root, "dbstate_call"):
        options = step.builder.factory_meta
        create = step.builder.strategy == enums.CREATE_STRATEGY
        place = place_of(connections[options.database])
        given = [value for value in root.builder.extras.values() if isinstance(value, Model)]
        chain = Chain(options.database, create, given=given, attempt=Attempt(place=place))
        root.dbstate_call = Call(chain)
    found: Call = root.dbstate_call
    return found


class NoNumber(int):
    """A sequence number that is not known yet: the step of the row finds it."""


@dataclass(slots=True)
class Step:
    """The row that a step of factory_boy makes."""

    numbers: Mapping[str, int]
    edge: str
    row: dict[str, Any]
    unfinished: Unfinished
    keys: dict[str, Any] = field(default_factory=dict)
    """Keys of rows that are not there yet, by attribute name."""
    instance: Model | None = None
    """The row itself, once it is there."""


def step_of(step: Any, blueprint: Blueprint) -> Step:
    known: Step | None = getattr(step, "dbstate", None)
    if known is not None:
        return known
    call = call_of(step)
    if isinstance(step.sequence, NoNumber):
        step.sequence = numbered(blueprint, call)
    numbers = call.numbers.get((blueprint.model, step.sequence))
    if numbers is None:
        numbers = dict.fromkeys(blueprint.chain, step.sequence)
    edge = call.edge if step.parent_step is None else _edge_of(step)
    stated = step.builder.factory_meta.base_declarations.keys() | step.builder.extras.keys()
    row = made_row(blueprint, numbers, edge, stated)
    _meet_what_stands(blueprint, step, row, numbers, edge)
    made = step.dbstate = Step(numbers, edge, row, Unfinished(blueprint.model, row))
    call.chain.making.append(made.unfinished)
    return made


def _edge_of(step: Any) -> str:
    """The edge case that is asked for a row further up: ``user__edge="max"``, ``user__edge_max=True``."""
    extras = step.builder.extras
    asked = [edge for name, edge in step.builder.factory_meta.edges.items() if extras.get(name)]
    return checked_edge(extras.get("edge", "")) or next(iter(asked), "")


def numbered(blueprint: Blueprint, call: Call) -> int:
    """The next row's number in the model's own table; the call knows it in all tables of the row."""
    numbers = row_numbers(blueprint, call.chain)
    number = numbers[blueprint.chain[-1]]
    call.numbers[blueprint.model, number] = numbers
    return number


class Numbered(declarations.BaseDeclaration):
    """Comes first, and gives a step that no call of ours has begun its number; it is no value of the row."""

    def evaluate(self, instance: Any, step: Any, extra: dict[str, Any]) -> Any:
        """See the class."""
        step_of(step, step.builder.factory_meta.blueprint)
        return declarations.SKIP


def _meet_what_stands(
    blueprint: Blueprint, step: Any, row: dict[str, Any], numbers: Mapping[str, int], edge: str
) -> None:
    """Have the row meet its CHECKs with what is given and declared, before a LazyAttribute reads it."""
    stated = {**step.builder.factory_meta.base_declarations, **step.builder.extras}
    plain = {name: value for name, value in stated.items() if name in row}
    plain = {name: value for name, value in plain.items() if not enums.get_builder_phase(value)}
    if plain and blueprint.rules:
        whole = row | plain
        blueprint.meet_conditions(whole, numbers, edge, given=frozenset(plain), related=False)
        row.update((name, value) for name, value in whole.items() if name not in plain)


class Inferred(declarations.BaseDeclaration):
    """A field's value as seeding makes it."""

    def __init__(self, options: Options, name: str) -> None:
        super().__init__()
        self.options, self.field_name = options, name

    def evaluate(self, instance: Any, step: Any, extra: dict[str, Any]) -> Any:
        """The value of the step's row."""
        return step_of(step, self.options.blueprint).row[self.field_name]


class InferredRelation(declarations.SubFactory):
    """A row that the row names: shared, new, or none where it is optional and nobody asks for it."""

    def __init__(self, options: Options, relation: Relation) -> None:
        declarations.BaseDeclaration.__init__(self)
        self.options, self.relation = options, relation

    def get_factory(self) -> Any:
        """The factory of the model named."""
        if self.relation.target is None:
            raise BadOverride(f"cannot tell which model {self.relation.name} names: it is a generic key")
        return self.options.factory_of(self.relation.target)

    def evaluate(self, instance: Any, step: Any, extra: dict[str, Any]) -> Any:
        """See the class."""
        extra = {name: value for name, value in extra.items() if not self._is_off(instance, step, name)}
        asked = extra or call_of(step).chain.wants(self.relation.tree, step.parent_step is None)
        if not (self.relation.required or asked):
            return None
        if step.builder.strategy == enums.STUB_STRATEGY:
            target = None if self.relation.library else self.relation.target
            return _stub(target, lambda: step.recurse(self.get_factory(), extra))
        if self.relation.kind == "generic":
            # Which model it names depends on the rows that the chain has: those declared come first.
            for name, declared in self.options.base_declarations.items():
                if isinstance(declared, declarations.SubFactory):
                    getattr(instance, name)
        new = None
        if any(enums.get_builder_phase(value) for value in extra.values()):
            # Declarations read the row that they are declared for, which is this step's.
            def new(wanted: dict[str, Any]) -> Any:
                return step.recurse(self.get_factory(), wanted)

        return _named(self.options, self.relation, step, extra, new=new)

    def _is_off(self, instance: Any, step: Any, name: str) -> bool:
        """Whether only traits that are off declare this part of the row."""
        whole = f"{self.relation.name}__{name}"
        if whole in step.builder.extras or whole in self.options.base_declarations:
            return False
        traits = {n: one for n, one in self.options.parameters.items() if isinstance(one, declarations.Trait)}
        declaring = [n for n, one in traits.items() if whole in one.overrides]
        return bool(declaring) and not any(getattr(instance, n, False) for n in declaring)


def _stub(model: type[Model] | None, make: Callable[[], Any]) -> Any:
    """A stub of a row of this model; none where there is no model, and where a cycle comes round."""
    under_way = _stubbing.get()
    if model is None or model in under_way:
        return None
    token = _stubbing.set((*under_way, model))
    try:
        return make()
    finally:
        _stubbing.reset(token)


class SharedSubFactory(declarations.SubFactory):
    """A SubFactory whose row is one that the chain has already, where there is one that does.

    ``SharedSubFactory(UserFactory)`` in an order's factory: ``OrderLineFactory.create(shared=[user])``
    makes the order of that user.
    """

    field_name = ""
    """The field that it is declared for."""

    def __init__(self, factory: str | type[Factory[Any]], **kwargs: Any) -> None:
        super().__init__(factory, **kwargs)

    def evaluate(self, instance: Any, step: Any, extra: dict[str, Any]) -> Any:
        """See the class."""
        options: Options = step.builder.factory_meta
        relation = options.blueprint.relation.get(self.field_name)
        if step.builder.strategy == enums.STUB_STRATEGY:
            model = self.get_factory()._meta.get_model_class()
            return _stub(model, lambda: super(SharedSubFactory, self).evaluate(instance, step, extra))
        if relation is None:
            return super().evaluate(instance, step, extra)
        asked = {} if extra == self._defaults else extra

        def new(wanted: dict[str, Any]) -> Any:
            return step.recurse(self.get_factory(), extra | wanted)

        return _named(options, relation, step, asked, new=new)


class Trait(declarations.Trait):
    """factory_boy's trait, for files that are type-checked strictly."""

    def __init__(self, **overrides: Any) -> None:
        super().__init__(**overrides)


class EdgeTrait(declarations.Parameter):
    """In ``class Params``: ``maximum = EdgeTrait("max")`` makes ``create(maximum=True)`` an edge row."""

    def __init__(self, edge: str) -> None:
        super().__init__()
        if edge not in EDGES:
            raise BadOverride(f"cannot declare the edge case {edge!r}: they are {', '.join(EDGES)}")
        self.edge = edge

    def as_declarations(self, field_name: str, declared: dict[str, Any]) -> dict[str, Any]:
        """It changes no declaration: the values of the whole row are others."""
        return {}


def _named(options: Options, relation: Relation, step: Any, extra: dict[str, Any], *, new: Any = None) -> Any:
    """The row that the relation of a step's row names."""
    blueprint = options.blueprint
    made = step_of(step, blueprint)
    if not extra:
        # Rows of which something is said come first: others of their kind are shared with them.
        for root in {name.partition("__")[0] for name in step.builder.extras if "__" in name}:
            if root in blueprint.relation and root != relation.name:
                getattr(step.stub, root)
    taken = [value for value in made.row.values() if isinstance(value, Model)]
    taken += [value for value in step.builder.extras.values() if isinstance(value, Model)]
    value = parent_of(blueprint, relation, call_of(step).chain, extra, taken, made.numbers, new=new)
    if isinstance(value, Model):
        made.row[relation.name] = value
        return value
    if value is not None:
        made.keys[relation.attname] = value
    return declarations.SKIP


class Builder(StepBuilder):
    """Makes the rows of post-generation, which come when their row is there, in a chain of their own."""

    def build(self, parent_step: Any = None, force_sequence: Any = None) -> Any:
        """See StepBuilder."""
        made: Step | None = getattr(parent_step, "dbstate", None)
        if made is None or made.instance is None:
            return super().build(parent_step, force_sequence)
        chain = call_of(parent_step).chain
        after = chain.after(made.instance)
        after.attempt.wrote.append(made.instance)
        token = current_call.set(Call(after))
        try:
            return super().build(parent_step, force_sequence)
        finally:
            chain.later += after.made
            current_call.reset(token)
