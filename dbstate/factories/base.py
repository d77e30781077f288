"""The factory classes: factory_boy's, which infer what they do not declare."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar, cast, overload

from asgiref.sync import sync_to_async
from django.apps import apps as project
from django.apps.registry import Apps
from django.db import connections, transaction
from django.db.models import Model
from factory import declarations, enums
from factory.base import StubObject
from factory.builder import DeclarationSet, parse_declarations
from factory.django import DjangoModelFactory, DjangoOptions
from factory.utils import sort_ordered_objects

from dbstate.factories.blueprint import Blueprint, blueprint_of, made_row
from dbstate.factories.bulk import cycles_left, load
from dbstate.factories.calling import attempted, counted_in_batch, new_chain, own_words
from dbstate.factories.chain import Attempt, Chain, Closed
from dbstate.factories.counting import built, give_back, place_of, restart
from dbstate.factories.described import described
from dbstate.factories.errors import BadOverride, NoInstances, UnknownModel
from dbstate.factories.giving import as_before, unwritten, with_rows, written
from dbstate.factories.inferring import (
    Builder,
    Call,
    EdgeTrait,
    Inferred,
    InferredRelation,
    NoNumber,
    Numbered,
    SharedSubFactory,
    call_of,
    current_call,
    numbered,
    step_of,
)
from dbstate.factories.judging import Candidate
from dbstate.factories.making import finish, make, related, row_numbers
from dbstate.factories.related import with_relations
from dbstate.factories.saving import insert

if TYPE_CHECKING:
    from typing_extensions import TypeVar as DefaultedTypeVar

    M = DefaultedTypeVar("M", bound=Model, default=Any)
else:
    M = TypeVar("M", bound=Model)

COUNTING = "_setup_next_sequence"
"""The method by which a factory of factory_boy says its first number."""
NUMBERED = "dbstate_numbered"
"""Name of the declaration that numbers rows which other libraries' factories ask for."""


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
        found: dict[str, Any] = {NUMBERED: Numbered()}
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
        hooks = ("_create", "_build", "_adjust_kwargs", "_after_postgeneration", "_get_manager", COUNTING)
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

    def factory_of(self, model: type[Model]) -> Any:
        """The inferred factory of another model, for the same database."""
        return factory_for(model, using=self.database)

    def next_sequence(self) -> int:
        """The row's number in the model's own table: past those in use, anew for each test.

        That of the class where it says itself where it begins, as factory_boy lets it.
        """
        if not self.has_own([COUNTING]):
            return int(super().next_sequence())
        call = current_call.get()
        return NoNumber() if call is None else numbered(self.blueprint, call)

    def reset_sequence(self, value: int | None = None, force: bool = False) -> None:
        """Have the next row be this one of the model's own table, in the transaction that is open."""
        if self.abstract or self.get_model_class() is None or not self.has_own([COUNTING]):
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
        blueprint, chain = self.blueprint, call_of(step).chain
        if "edge" not in blueprint.names:
            kwargs.pop("edge", None)  # the step has read it
        if self.saves_plainly:
            for name in kwargs:
                blueprint.check_name(name, also=self.names)
        made = step_of(step, blueprint)
        said = {name: kwargs.pop(name) for name in step.builder.extras.keys() & kwargs.keys()}
        kwargs |= with_rows(blueprint, said, asking=chain.create)
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
        finished = Candidate(blueprint, chain, row, given, made.numbers, made.edge, made.unfinished, related)

        def act(complete: dict[str, Any]) -> Any:
            own = self.factory._create if chain.create else self.factory._build
            return own(self.get_model_class(), *args, **complete)

        asked = frozenset(step.builder.extras)
        made.instance = finish(finished, None if self.saves_plainly else act, asked=asked)
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
        words = own_words(cls._meta, params, create=create)

        def act(attempt: Attempt) -> Any:
            return cls._made(strategy, dict(params), new_chain(cls, words, create, attempt), words.edge)

        return attempted(cls, act, params, words.given) if create else act(Attempt())

    @classmethod
    def build(cls, **kwargs: Any) -> M:
        """An instance with its chain; the database is not asked."""
        options = cls._meta
        if kwargs or not options.is_pure:
            made: M = cls._generate(enums.BUILD_STRATEGY, kwargs)
            return made
        blueprint = options.blueprint
        if not blueprint.is_alone:
            return cast("M", make(blueprint, Chain(options.database, False), {}))
        row = made_row(blueprint, built(options.database, blueprint.chain), "")
        return cast("M", blueprint.instance(row))

    @classmethod
    def build_batch(cls, size: int, **kwargs: Any) -> list[M]:
        """So many instances, each with a chain of its own but for what is given."""
        options = cls._meta
        if kwargs or not options.is_pure or not (blueprint := options.blueprint).is_alone:
            return [cls.build(**kwargs) for _ in range(size)]
        first = built(options.database, blueprint.chain, size)
        rows = ({name: number + at for name, number in first.items()} for at in range(size))
        return [cast("M", blueprint.instance(made_row(blueprint, one, ""))) for one in rows]

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
        token = current_call.set(Call(chain, edge))
        try:
            return Builder(cls._meta, params, strategy).build()
        finally:
            current_call.reset(token)

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
            token = counted_in_batch.set({})
            try:
                return list(super().create_batch(size, **kwargs))
            finally:
                counted_in_batch.reset(token)
        label = cls._meta.blueprint.label
        if cls._meta.django_get_or_create:
            names = ", ".join(cls._meta.django_get_or_create)
            raise BadOverride(
                f"cannot create {label} in bulk: its factory looks rows up by {names}; leave bulk out"
            )
        if not cls._meta.has_own(["_create"]):
            raise BadOverride(
                f"cannot create {label} in bulk: {cls.__name__}._create() would be left out; leave bulk out"
            )
        words = own_words(cls._meta, kwargs, create=True)

        def collected(attempt: Attempt) -> list[M]:
            chains = [new_chain(cls, words, False, attempt, collected=True) for _ in range(size)]
            instances = [cls._made(enums.BUILD_STRATEGY, dict(kwargs), one, words.edge) for one in chains]
            with as_before(words.given):
                made = (row for one in chains for row in (*one.made, *one.later))
                load(cls._meta.blueprint.seen, unwritten([*words.given, *made]), kwargs)
            return instances

        with cycles_left():
            found: list[M] = attempted(cls, collected, kwargs)
        return found

    @classmethod
    def create_with_relations(cls, **kwargs: Any) -> M:
        """A row with all that it can name, and rows that name it: children and many-to-many.

        A number for a relation from outside says how many (``lines=3``), ``lines__quantity=2`` overrides
        what they hold; one of each where nothing is said.
        """
        blueprint = cls._meta.blueprint

        def act(attempt: Attempt) -> Model:
            def create(own: dict[str, Any], closed: Closed) -> tuple[Model, tuple[Model, ...]]:
                words = own_words(cls._meta, own, create=True)
                chain = new_chain(cls, words, True, attempt, optional=True, closed=closed)
                return cls._made(enums.CREATE_STRATEGY, own, chain, words.edge), words.given

            def child(model: type[Model], overrides: dict[str, Any], chain: Chain) -> Model:
                factory = factory_for(model, using=cls._meta.database)
                made: Model = factory._made(enums.CREATE_STRATEGY, overrides, chain, "")
                return made

            return with_relations(blueprint, kwargs, create, child, attempt, declared=cls._meta.names)

        given = own_words(cls._meta, dict(kwargs), create=False).given
        found: M = attempted(cls, act, kwargs, given)
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
