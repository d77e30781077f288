"""The factory classes: factory_boy's, which infer what they do not declare."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar, overload

from asgiref.sync import sync_to_async
from django.apps import apps as project
from django.apps.registry import Apps
from django.db import DataError, IntegrityError, connections, transaction
from django.db.models import Model
from factory import declarations, enums
from factory.base import Factory, StubObject
from factory.builder import DeclarationSet, StepBuilder, parse_declarations
from factory.django import DjangoModelFactory, DjangoOptions
from factory.utils import sort_ordered_objects

from dbstate.adapters import unscoped
from dbstate.factories.blueprint import Blueprint, Relation, blueprint_of, made_row
from dbstate.factories.bulk import load
from dbstate.factories.chain import Attempt, Chain, Unfinished
from dbstate.factories.counting import built, give_back, place_of, restart
from dbstate.factories.described import Described, described
from dbstate.factories.errors import BadOverride, NextRow, NoInstances, RowRefused, UnknownModel
from dbstate.factories.giving import checked_edge, unwritten, with_rows, written
from dbstate.factories.making import finish, make, parent_of, row_numbers
from dbstate.factories.related import with_relations
from dbstate.factories.saving import insert, refusal
from dbstate.values import EDGES

if TYPE_CHECKING:
    from typing_extensions import TypeVar as DefaultedTypeVar

    M = DefaultedTypeVar("M", bound=Model, default=Any)
else:
    M = TypeVar("M", bound=Model)

NUMBERED = "dbstate_numbered"
"""Name of the declaration that numbers rows which other libraries' factories ask for."""
ATTEMPTS = 12
"""So many rows are tried where the database, save() or full_clean() refuses made values."""


@dataclass(slots=True)
class _Call:
    """One call of a factory from outside, which factory_boy's steps find again."""

    chain: Chain
    edge: str = ""
    numbers: dict[tuple[object, int], dict[str, int]] = field(default_factory=dict)
    """Row numbers by table, by the model and the sequence number that stands for them."""


_call: ContextVar[_Call | None] = ContextVar("dbstate_factory_call", default=None)
_counted: ContextVar[dict[str, int] | None] = ContextVar("dbstate_counted", default=None)
"""The next row number of each table, while a batch is written outside of a transaction."""
_stubbing: ContextVar[tuple[type[Model], ...]] = ContextVar("dbstate_stubbing", default=())


def _call_of(step: Any) -> _Call:
    """The call that a step belongs to; one of its own where another library's factory asked for the row."""
    call = _call.get()
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
        root.dbstate_call = _Call(chain)
    found: _Call = root.dbstate_call
    return found


class _NoNumber(int):
    """A sequence number that is not known yet: the step of the row finds it."""


# what is inferred ------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Step:
    """The row that a step of factory_boy makes."""

    numbers: Mapping[str, int]
    edge: str
    row: dict[str, Any]
    unfinished: Unfinished
    keys: dict[str, Any] = field(default_factory=dict)
    """Keys of rows that are not there yet, by attribute name."""
    instance: Model | None = None
    """The row itself, once it is there."""


def _step_of(step: Any, blueprint: Blueprint) -> _Step:
    known: _Step | None = getattr(step, "dbstate", None)
    if known is not None:
        return known
    call = _call_of(step)
    if isinstance(step.sequence, _NoNumber):
        step.sequence = _numbered(blueprint, call)
    numbers = call.numbers.get((blueprint.model, step.sequence))
    if numbers is None:
        numbers = dict.fromkeys(blueprint.chain, step.sequence)
    edge = call.edge if step.parent_step is None else ""
    stated = step.builder.factory_meta.base_declarations.keys() | step.builder.extras.keys()
    row = made_row(blueprint, numbers, edge, stated)
    _meet_what_stands(blueprint, step, row, numbers, edge)
    made = step.dbstate = _Step(numbers, edge, row, Unfinished(blueprint.model, row))
    call.chain.making.append(made.unfinished)
    return made


def _numbered(blueprint: Blueprint, call: _Call) -> int:
    """The next row's number in the model's own table; the call knows it in all tables of the row."""
    numbers = row_numbers(blueprint, call.chain)
    number = numbers[blueprint.chain[-1]]
    call.numbers[blueprint.model, number] = numbers
    return number


class _Numbered(declarations.BaseDeclaration):
    """Comes first, and gives a step that no call of ours has begun its number; it is no value of the row."""

    def evaluate(self, instance: Any, step: Any, extra: dict[str, Any]) -> Any:
        """See the class."""
        _step_of(step, step.builder.factory_meta.blueprint)
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

    def __init__(self, options: InferringOptions, name: str) -> None:
        super().__init__()
        self.options, self.field_name = options, name

    def evaluate(self, instance: Any, step: Any, extra: dict[str, Any]) -> Any:
        """The value of the step's row."""
        return _step_of(step, self.options.blueprint).row[self.field_name]


class InferredRelation(declarations.SubFactory):
    """A row that the row names: shared, new, or none where it is optional and nobody asks for it."""

    def __init__(self, options: InferringOptions, relation: Relation) -> None:
        declarations.BaseDeclaration.__init__(self)
        self.options, self.relation = options, relation

    def get_factory(self) -> Any:
        """The factory of the model named."""
        if self.relation.target is None:
            raise BadOverride(f"cannot tell which model {self.relation.name} names: it is a generic key")
        return factory_for(self.relation.target, using=self.options.database)

    def evaluate(self, instance: Any, step: Any, extra: dict[str, Any]) -> Any:
        """See the class."""
        extra = {name: value for name, value in extra.items() if not self._is_off(instance, step, name)}
        asked = extra or _call_of(step).chain.wants(self.relation.tree, step.parent_step is None)
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
        options: InferringOptions = step.builder.factory_meta
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


def _named(
    options: InferringOptions, relation: Relation, step: Any, extra: dict[str, Any], *, new: Any = None
) -> Any:
    """The row that the relation of a step's row names."""
    blueprint = options.blueprint
    made = _step_of(step, blueprint)
    if not extra:
        # Rows of which something is said come first: others of their kind are shared with them.
        for root in {name.partition("__")[0] for name in step.builder.extras if "__" in name}:
            if root in blueprint.relation and root != relation.name:
                getattr(step.stub, root)
    taken = [value for value in made.row.values() if isinstance(value, Model)]
    taken += [value for value in step.builder.extras.values() if isinstance(value, Model)]
    value = parent_of(blueprint, relation, _call_of(step).chain, extra, taken, made.numbers, new=new)
    if isinstance(value, Model):
        made.row[relation.name] = value
        return value
    if value is not None:
        made.keys[relation.attname] = value
    return declarations.SKIP


class _Builder(StepBuilder):
    """Makes the rows of post-generation, which come when their row is there, in a chain of their own."""

    def build(self, parent_step: Any = None, force_sequence: Any = None) -> Any:
        """See StepBuilder."""
        made: _Step | None = getattr(parent_step, "dbstate", None)
        if made is None or made.instance is None:
            return super().build(parent_step, force_sequence)
        chain = _call_of(parent_step).chain
        after = chain.after(made.instance)
        token = _call.set(_Call(after))
        try:
            return super().build(parent_step, force_sequence)
        finally:
            chain.later += after.made
            _call.reset(token)


class InferringOptions(DjangoOptions):
    """``Meta`` of a factory that infers the fields which it does not declare."""

    database: str
    exclude: tuple[str, ...]
    rename: dict[str, str]
    inline_args: tuple[str, ...]
    django_get_or_create: tuple[str, ...]
    factory: Any

    def __init__(self) -> None:
        self._declared = DeclarationSet()
        self._merged: tuple[Blueprint, DeclarationSet] | None = None
        self._blueprint: Blueprint | None = None
        super().__init__()

    @property
    def blueprint(self) -> Blueprint:
        """How instances of the model are made, as the models are now."""
        known = self._blueprint
        if known is not None and known.is_current():
            return known
        model = self.get_model_class()
        if model is None:
            raise BadOverride(
                f"cannot make rows with {self.factory.__name__}: its class Meta names no model; "
                "give it model = …"
            )
        self._blueprint = blueprint_of(described(model._meta.apps, self.database), model)
        return self._blueprint

    @property
    def declarations(self) -> dict[str, Any]:
        """What the class declares, but for parts of rows that it does not declare: these are inferred."""
        found: dict[str, Any] = super().declarations
        return {name: value for name, value in found.items() if not _is_part(name, found)}

    @property
    def pre_declarations(self) -> Any:
        """What the class declares, and an inferred declaration for each field that it does not."""
        if self.factory is None or self.abstract or self.get_model_class() is None:
            return self._declared
        blueprint = self.blueprint
        if self._merged is None or self._merged[0] is not blueprint:
            self._merged = (blueprint, self._with_inferred(blueprint))
        return self._merged[1]

    @pre_declarations.setter
    def pre_declarations(self, found: Any) -> None:
        self._declared, self._merged = found, None

    def get_model_class(self) -> Any:
        """The model; UnknownModel where there is none of the name that ``Meta`` gives."""
        if isinstance(self.model, str):
            return _model(self.model, None)
        return super().get_model_class()

    def _with_inferred(self, blueprint: Blueprint) -> Any:
        names = {self.rename.get(name, name) for name in self.base_declarations}
        found: dict[str, Any] = {NUMBERED: _Numbered()}
        found |= {own.name: Inferred(self, own.name) for own in blueprint.own if own.name not in names}
        for relation in blueprint.relations_in_order:
            if not {relation.name, *relation.attnames} & names and relation.attname not in blueprint.own_type:
                found[relation.name] = InferredRelation(self, relation)
        found |= self.base_declarations
        # Traits stand upon what is inferred, as they do upon what is declared.
        for name, param in sort_ordered_objects(self.parameters.items(), getter=lambda item: item[1]):
            found |= param.as_declarations(name, found)
        for name, declared in found.items():
            for one in (declared, getattr(declared, "yes", None), getattr(declared, "no", None)):
                if isinstance(one, SharedSubFactory):
                    one.field_name = name
        return parse_declarations(found)[0]

    @cached_property
    def is_pure(self) -> bool:
        """Whether everything is inferred, so that factory_boy's own machinery has nothing to do."""
        traits = self.parameters.keys() - self.edges.keys()
        plain = not (self.base_declarations or traits or self.post_declarations.declarations)
        hooks = ("_create", "_build", "_adjust_kwargs", "_after_postgeneration", "_get_manager")
        return (
            plain
            and not (self.exclude or self.rename or self.inline_args or self.django_get_or_create)
            and self.has_own(hooks)
        )

    @property
    def names(self) -> frozenset[str]:
        """What a call may give beside the model's fields: declared names, traits and other parameters."""
        declared = (*self.base_declarations, *self.post_declarations.declarations, *self.parameters)
        return frozenset(declared)

    @cached_property
    def saves_plainly(self) -> bool:
        """Whether instances are made and written as they are where everything is inferred."""
        return self.has_own(("_create", "_build", "_get_manager")) and not (
            self.inline_args or self.django_get_or_create
        )

    def has_own(self, hooks: Iterable[str]) -> bool:
        """Whether these class methods are ModelFactory's own."""
        found = {name: getattr(getattr(self.factory, name), "__func__", None) for name in hooks}
        return all(function is getattr(ModelFactory, name).__func__ for name, function in found.items())

    @cached_property
    def edges(self) -> dict[str, str]:
        """Edge cases by the name of their trait, but for what the model has a field of that name."""
        return {name: one.edge for name, one in self.parameters.items() if isinstance(one, EdgeTrait)}

    def next_sequence(self) -> int:
        """The row's number in the model's own table: past those in use, anew for each test."""
        call = _call.get()
        return _NoNumber() if call is None else _numbered(self.blueprint, call)

    def reset_sequence(self, value: int | None = None, force: bool = False) -> None:
        """Have the next row be this one of the model's own table, in the transaction that is open."""
        if self.abstract or self.get_model_class() is None:
            super().reset_sequence(value, force)
            return
        restart(self.database, place_of(connections[self.database]), self.blueprint.chain, value)

    def next_number(self) -> int:
        """The number that the next row which is written would have; it is not used up."""
        blueprint = self.blueprint
        place = place_of(connections[self.database])
        numbers = row_numbers(blueprint, Chain(self.database, True, attempt=Attempt(place=place)))
        give_back(self.database, blueprint.chain)
        return max(numbers.values())

    def instantiate(self, step: Any, args: Any, kwargs: dict[str, Any]) -> Any:
        """The instance, consistent with what was declared and given."""
        if step.builder.strategy == enums.STUB_STRATEGY:
            return StubObject(**kwargs)
        blueprint, chain = self.blueprint, _call_of(step).chain
        if self.saves_plainly:
            for name in kwargs:
                blueprint.check_name(name, also=self.names)
        made = _step_of(step, blueprint)
        chain.making.remove(made.unfinished)
        given = frozenset(
            name
            for name, value in kwargs.items()
            if name in step.builder.extras or value is not made.row.get(name, step)
        )
        optional = {r.name for r in blueprint.relations if kwargs.get(r.name, step) is None}
        optional -= step.builder.extras.keys()
        given -= optional
        skipped = {n for n, value in step.attributes.items() if value is declarations.SKIP} - made.keys.keys()
        row = {name: made.row[name] for name in skipped & made.row.keys()}
        row |= {name: value for name, value in kwargs.items() if name not in optional} | made.keys
        act = self.factory._create if chain.create else self.factory._build
        made.instance = finish(
            blueprint,
            chain,
            row,
            given,
            made.numbers,
            made.edge,
            made.unfinished,
            None if self.saves_plainly else lambda complete: act(self.get_model_class(), *args, **complete),
            asked=frozenset(step.builder.extras),
        )
        return made.instance


# the class -------------------------------------------------------------------------------------------


class ModelFactory(DjangoModelFactory[M]):
    """A factory_boy factory that infers each field which it does not declare, as the model is now.

    ``class OrderFactory(ModelFactory): class Meta: model = Order``. Beyond factory_boy's calls:
    ``edge="max"`` makes an edge row of seeding, ``shared=[…]`` gives rows that every member of the chain
    names which wants one. Raises UnknownField, BadOverride, CannotMake, RowRefused.
    """

    _options_class = InferringOptions
    _meta: ClassVar[InferringOptions]  # type: ignore[misc]  # factory_boy's metaclass makes it

    if TYPE_CHECKING:
        # Each factory has its own, and calling the class makes an instance of the model.
        Meta: Any
        Params: Any

        def __new__(cls, **kwargs: Any) -> M: ...  # type: ignore[misc]  # the metaclass answers the call

        @classmethod
        def stub(cls, **kwargs: Any) -> Any: ...

        @classmethod
        def stub_batch(cls, size: int, **kwargs: Any) -> list[Any]: ...
    else:

        class Meta:
            abstract = True

        class Params:
            edge_null = EdgeTrait("null")
            edge_max = EdgeTrait("max")
            edge_min = EdgeTrait("min")
            edge_zero = EdgeTrait("zero")
            edge_unicode = EdgeTrait("unicode")
            edge_past = EdgeTrait("past")
            edge_expired = EdgeTrait("expired")

    @classmethod
    def _generate(cls, strategy: str, params: dict[str, Any]) -> Any:
        if cls._meta.abstract:
            return super()._generate(strategy, params)
        create = strategy == enums.CREATE_STRATEGY
        words = _own_words(cls._meta, params, create=create)

        def act(attempt: Attempt) -> Any:
            return cls._made(strategy, dict(params), _new_chain(cls, words, create, attempt), words.edge)

        return _attempted(cls, act, words.given) if create else act(Attempt())

    @classmethod
    def build(cls, **kwargs: Any) -> M:
        """An instance with its chain; the database is not asked."""
        options = cls._meta
        if kwargs or not options.is_pure or not (blueprint := options.blueprint).is_alone:
            made: M = cls._generate(enums.BUILD_STRATEGY, kwargs)
            return made
        model: Any = blueprint.model
        alone: M = model(**made_row(blueprint, built(options.database, blueprint.chain), ""))
        return alone

    @classmethod
    def build_batch(cls, size: int, **kwargs: Any) -> list[M]:
        """So many instances, each with a chain of its own but for what is given."""
        options = cls._meta
        if kwargs or not options.is_pure or not (blueprint := options.blueprint).is_alone:
            return [cls.build(**kwargs) for _ in range(size)]
        model: Any = blueprint.model
        first = built(options.database, blueprint.chain, size)
        rows = ({name: number + at for name, number in first.items()} for at in range(size))
        return [model(**made_row(blueprint, one, "")) for one in rows]

    @classmethod
    def _made(cls, strategy: str, params: dict[str, Any], chain: Chain, edge: str) -> Any:
        """One instance in this chain."""
        blueprint = cls._meta.blueprint
        declared = any(enums.get_builder_phase(value) for value in params.values())
        if cls._meta.is_pure and not declared and strategy != enums.STUB_STRATEGY:
            for name in params.keys() - blueprint.names - {"__sequence"}:
                if name.partition("__")[0] not in blueprint.relation:
                    blueprint.check_name(name.partition("__")[0], also=cls._meta.parameters)
            forced = params.pop("__sequence", None)
            numbers = None if forced is None else dict.fromkeys(blueprint.chain, forced)
            return make(blueprint, chain, params, numbers=numbers, edge=edge)
        known = (
            cls._meta.pre_declarations.declarations.keys() | cls._meta.post_declarations.declarations.keys()
        )
        for name in params.keys() - known - cls._meta.parameters.keys() - {"__sequence"}:
            if name.partition("__")[0] not in known and name.partition("__")[0] not in cls._meta.parameters:
                blueprint.check_name(name, also=cls._meta.names)
        token = _call.set(_Call(chain, edge))
        try:
            return _Builder(cls._meta, params, strategy).build()
        finally:
            _call.reset(token)

    @classmethod
    def _create(cls, model_class: Any, *args: Any, **kwargs: Any) -> Any:
        """Save a new instance; override it where creating takes more, as ``create_user`` does."""
        if cls._meta.django_get_or_create:
            return cls._get_or_create(model_class, *args, **kwargs)
        instance = model_class(*args, **kwargs)
        insert(cls._meta.blueprint, instance, kwargs.keys())
        return instance

    @classmethod
    def create_batch(cls, size: int, *, bulk: bool = False, **kwargs: Any) -> list[M]:
        """So many rows, each with a chain of its own but for what is given.

        With ``bulk`` they are built first and the whole chain goes in at once, past save() and signals.
        """
        if not bulk:
            token = _counted.set({})
            try:
                return list(super().create_batch(size, **kwargs))
            finally:
                _counted.reset(token)
        if cls._meta.django_get_or_create:
            label, names = cls._meta.blueprint.label, ", ".join(cls._meta.django_get_or_create)
            raise BadOverride(
                f"cannot create {label} in bulk: its factory looks rows up by {names}; leave bulk out"
            )
        words = _own_words(cls._meta, kwargs, create=True)

        def collected(attempt: Attempt) -> list[M]:
            chains = [_new_chain(cls, words, False, attempt, collected=True) for _ in range(size)]
            instances = [cls._made(enums.BUILD_STRATEGY, dict(kwargs), one, words.edge) for one in chains]
            rows = unwritten([*words.given, *(row for one in chains for row in (*one.made, *one.later))])
            load(cls._meta.blueprint.seen, rows, kwargs)
            return instances

        found: list[M] = _attempted(cls, collected)
        return found

    @classmethod
    def create_with_relations(cls, **kwargs: Any) -> M:
        """A row with all that it can name, and rows that name it: children and many-to-many.

        A number for a relation from outside says how many (``lines=3``), ``lines__quantity=2`` overrides
        what they hold; one of each where nothing is said.
        """
        blueprint = cls._meta.blueprint

        def act(attempt: Attempt) -> Model:
            def create(own: dict[str, Any]) -> tuple[Model, tuple[Model, ...]]:
                words = _own_words(cls._meta, own, create=True)
                chain = _new_chain(cls, words, True, attempt, optional=True)
                return cls._made(enums.CREATE_STRATEGY, own, chain, words.edge), words.given

            def child(model: type[Model], overrides: dict[str, Any], chain: Chain) -> Model:
                factory = factory_for(model, using=cls._meta.database)
                made: Model = factory._made(enums.CREATE_STRATEGY, overrides, chain, "")
                return made

            return with_relations(blueprint, kwargs, create, child, attempt, declared=cls._meta.names)

        given = [value for value in kwargs.values() if isinstance(value, Model)]
        found: M = _attempted(cls, act, given)
        return found

    @classmethod
    def save(cls, instance: M) -> M:
        """Write an instance that was built, with all that it names."""
        blueprint = cls._meta.blueprint
        if not isinstance(instance, blueprint.table_model):
            raise BadOverride(f"cannot save {instance!r} as a {blueprint.label}: it is no instance of that")
        with transaction.atomic(using=blueprint.seen.using), written(blueprint.seen, [instance]):
            pass
        return instance

    @classmethod
    async def acreate(cls, **kwargs: Any) -> M:
        """``create`` for asynchronous code."""
        found: M = await sync_to_async(cls.create)(**kwargs)
        return found

    @classmethod
    async def acreate_batch(cls, size: int, **kwargs: Any) -> list[M]:
        """``create_batch`` for asynchronous code."""
        found: list[M] = await sync_to_async(cls.create_batch)(size, **kwargs)
        return found


def _is_part(name: str, declared: Mapping[str, Any]) -> bool:
    """Whether ``user__email`` is declared and ``user`` is not."""
    root, separator, _ = name.partition("__")
    return bool(separator and root) and root not in declared


@dataclass(frozen=True, slots=True)
class _Words:
    """What a call says beside fields."""

    edge: str
    given: tuple[Model, ...]
    """Rows that the chain shares: those of ``shared``, and those given for fields."""
    below: Model | None
    """The row below which a tree's own insertion is to put the new one."""


def _own_words(options: InferringOptions, params: dict[str, Any], *, create: bool) -> _Words:
    """Takes the words that are not fields out of the parameters, unless the model has such fields.

    Keys among these become the rows that they name, where rows are written.
    """
    if not params:
        return _Words("", (), None)
    blueprint = options.blueprint
    edge = params.pop("edge", "") if "edge" not in blueprint.names else ""
    edge = checked_edge(edge)
    for name in params.keys() & options.edges.keys():
        edge = options.edges[name] if params.pop(name) else edge
    shared: Any = params.pop("shared", ()) if "shared" not in blueprint.names else ()
    rows = [shared] if isinstance(shared, Model) else [*_shared_rows(shared)]
    for row in rows:
        if not isinstance(row, Model):
            raise BadOverride(f"cannot share {row!r}: shared takes model instances")
    below = None
    if "parent" not in blueprint.names and any(tree.parent is None for tree in blueprint.trees.values()):
        below = params.pop("parent", None)
        if below is not None and not isinstance(below, Model):
            raise BadOverride(f"cannot put {blueprint.label} below {below!r}: parent takes a row of the tree")
    found = with_rows(blueprint, params, asking=create)
    params.clear()
    params.update(found)
    return _Words(edge, (*rows, *(value for value in params.values() if isinstance(value, Model))), below)


def _shared_rows(shared: Any) -> Iterable[Any]:
    if isinstance(shared, Mapping):
        return shared.values()
    if isinstance(shared, str) or not isinstance(shared, Iterable):
        raise BadOverride(f"cannot share {shared!r}: shared takes model instances")
    return shared


def _new_chain(
    cls: type[ModelFactory[Any]],
    words: _Words,
    create: bool,
    attempt: Attempt,
    *,
    collected: bool = False,
    optional: bool = False,
) -> Chain:
    return Chain(
        cls._meta.database,
        create,
        given=list(words.given),
        below=words.below,
        collected=collected,
        optional=optional,
        attempt=attempt,
    )


def _attempted(
    cls: type[ModelFactory[Any]], act: Callable[[Attempt], Any], given: Collection[Model] = ()
) -> Any:
    """What ``act`` makes, all or nothing; the next rows where made values were refused.

    Rows among the ``given`` ones that are not written yet are written with it.

    The last time, what full_clean() refuses is made all the same.
    """
    connection = connections[cls._meta.database]
    place = place_of(connection)
    said: dict[str, list[str]] = {}
    batch = _counted.get()
    counted = {} if batch is None else batch
    for number in range(ATTEMPTS):
        if number:
            counted.clear()  # somebody else may have written rows since
        attempt = Attempt(number, number == ATTEMPTS - 1, place, said, counted)
        try:
            with (
                unscoped(),
                transaction.atomic(using=cls._meta.database),
                written(cls._meta.blueprint.seen, given),
            ):
                return act(attempt)
        except NextRow as refused_row:
            if refused_row.saving:
                said.setdefault(refused_row.label, []).append(refused_row.told)
        except RowRefused as refused:
            if attempt.last or (refused.given and not refused.others_may_do):
                raise
            seen: Described = cls._meta.blueprint.seen
            table = seen.catalog.by_label.get(refused.label.lower())
            said.setdefault(refused.label, []).append(refused.verdict.detail or refused.verdict.message)
            if table is not None and refused.verdict.reason == "unique":
                # Rows that came with their keys, as those of fixtures do, leave the sequence behind.
                seen.backend.advance_sequences(seen.connection, [table])
                blueprint_of(seen, seen.binding.model(table.name)).learned.compared = True
            if table is None or (not seen.learn((table.name,)) and refused.verdict.reason == "permission"):
                raise
        except (IntegrityError, DataError) as error:  # at its very end, by a constraint that is deferred
            blueprint = cls._meta.blueprint
            raise refusal(blueprint, [], blueprint.seen.backend.classify(error), ()) from error
    raise AssertionError("the last attempt returns or raises")


# by model --------------------------------------------------------------------------------------------

_factories: dict[tuple[type[Model], str], type[ModelFactory[Any]]] = {}


@overload
def factory_for(model: type[M], *, using: str = ..., apps: Apps | None = ...) -> type[ModelFactory[M]]: ...


@overload
def factory_for(model: str, *, using: str = ..., apps: Apps | None = ...) -> type[ModelFactory[Any]]: ...


def factory_for(model: Any, *, using: str = "default", apps: Apps | None = None) -> type[ModelFactory[Any]]:
    """The factory of a model, given as a class or as ``"app_label.Model"``.

    ``using`` is the database alias that it writes to; ``apps`` a registry to look the name up in, a
    migration's historical one say. Raises UnknownModel and NoInstances.
    """
    found = _model(model, apps)
    key = (found, using)
    if key not in _factories:
        _check(found)
        meta = type("Meta", (), {"model": found, "database": using})
        name = f"{found.__name__}Factory"
        _factories[key] = type(name, (ModelFactory,), {"Meta": meta, "__module__": found.__module__})
    return _factories[key]


def _check(model: type[Model]) -> None:
    label = model._meta.label
    if model._meta.abstract:
        raise NoInstances(label, "it is abstract", "name a model that inherits from it")
    if model._meta.swapped:
        raise NoInstances(label, f"it is swapped out for {model._meta.swapped}", f"use {model._meta.swapped}")


def _model(model: Any, apps: Apps | None) -> type[Model]:
    registry = apps or project
    if isinstance(model, str):
        try:
            return registry.get_model(model)
        except (LookupError, ValueError):
            swapped = registry.get_models(include_swapped=True)
            for one in swapped:
                if one._meta.label_lower == model.lower():
                    return one
            raise UnknownModel(model, [m._meta.label for m in registry.get_models()]) from None
    if isinstance(model, type) and issubclass(model, Model):
        if apps is not None and model._meta.apps is not apps:
            return _model(model._meta.label, apps)
        return model
    raise UnknownModel(model, [m._meta.label for m in registry.get_models()])
