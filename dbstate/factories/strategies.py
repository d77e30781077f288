"""Hypothesis strategies that draw instances of models: built, or saved with all that they name.

They draw row numbers, edge cases and, field by field, values that differ from the row's; what is drawn
shrinks towards the first realistic row.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any, TypeVar, overload
from weakref import WeakKeyDictionary

from django.db import transaction
from django.db.models import Model
from factory.declarations import SubFactory
from hypothesis import reject
from hypothesis import strategies as st
from hypothesis.control import cleanup, current_build_context

from dbstate.factories import counting
from dbstate.factories.base import ModelFactory, factory_for
from dbstate.factories.blueprint import Blueprint
from dbstate.factories.errors import BadOverride, CannotMake, RowRefused
from dbstate.factories.offline import refusal
from dbstate.seeding.mend import near
from dbstate.values import EDGES

M = TypeVar("M", bound=Model)

ROWS = 200
"""Row numbers that are drawn from, the simplest first."""
AFTER = 12
"""So many rows are tried, of each kind, where the one drawn is refused."""

_counted: WeakKeyDictionary[Any, counting.Counters] = WeakKeyDictionary()
"""By example of Hypothesis."""


@overload
def strategy_for(
    model: type[M], *, using: str = ..., save: bool = ..., **overrides: Any
) -> st.SearchStrategy[M]: ...


@overload
def strategy_for(
    model: str, *, using: str = ..., save: bool = ..., **overrides: Any
) -> st.SearchStrategy[Any]: ...


def strategy_for(
    model: Any, *, using: str = "default", save: bool = False, **overrides: Any
) -> st.SearchStrategy[Any]:
    """Valid instances of a model, with the rows that it names: built, or saved.

    What is built is shown to clean_fields() and clean(), without the database: other rows are drawn for
    those refused.

    An override is a value, or a strategy that draws it. Rows that are saved are gone when the example
    ends, so that each example finds the database as the first one did. Raises what ``factory_for``
    raises, UnknownField; RowRefused where the database refuses what was given, BadOverride where clean()
    does, CannotMake where it takes no row at all.
    """
    factory = factory_for(model, using=using)
    drawn = {name: v for name, v in overrides.items() if isinstance(v, st.SearchStrategy)}
    given = {name: v for name, v in overrides.items() if name not in drawn}
    for name in overrides:
        factory._meta.blueprint.check_name(name.partition("__")[0])
    _make_ready(factory)
    return _instances(factory, given, drawn, save)


def _make_ready(factory: type[ModelFactory[Any]]) -> None:
    """Read the models now: for Hypothesis the first example would be one that takes too long to draw."""
    try:
        with counting.apart({}, 0):
            refusal(factory._meta.blueprint, factory.build(__sequence=0))
    except Exception:  # code of the project's among it; the test is the place to raise
        pass


@st.composite
def _instances(
    draw: Callable[[st.SearchStrategy[Any]], Any],
    factory: type[ModelFactory[Any]],
    given: Mapping[str, Any],
    drawn: Mapping[str, st.SearchStrategy[Any]],
    save: bool,
) -> Any:
    blueprint = factory._meta.blueprint
    number = draw(st.integers(0, ROWS - 1))
    edge = draw(st.sampled_from(("", *EDGES)))
    values = dict(given) | {name: draw(one) for name, one in drawn.items()}
    for name, other in _others(blueprint, values, number, edge):
        if draw(st.booleans()):
            values[name] = draw(other)
    return _made(factory, values, number, edge, save, keep=drawn.keys() | given.keys())


def _others(
    blueprint: Any, values: Mapping[str, Any], number: int, edge: str
) -> list[tuple[str, st.SearchStrategy[Any]]]:
    """For each field without rules that tie it to others, the value that another row or edge has there."""
    tied = {name for rules in blueprint.rules for check in rules.table.checks for name in check.columns}
    found: list[tuple[str, st.SearchStrategy[Any]]] = []
    for own in blueprint.own:
        unique = own.column in blueprint.own_columns[own.table].unique.wide
        if own.name in values or own.column in tied or unique or not own.plain:
            continue
        source = blueprint.own_columns[own.table].sources[own.column]
        found.append((own.name, st.integers(0, ROWS - 1).map(source.realistic)))
    return found


def _made(
    factory: type[ModelFactory[Any]],
    values: Mapping[str, Any],
    number: int,
    edge: str,
    save: bool,
    *,
    keep: Collection[str],
) -> Any:
    if not save:
        return _built(factory, values, number, edge, {name: v for name, v in values.items() if name in keep})
    using = factory._meta.database
    undone = transaction.atomic(using=using)
    undone.__enter__()

    def undo() -> None:
        transaction.set_rollback(True, using=using)
        undone.__exit__(None, None, None)

    cleanup(undo)  # at the end of the example

    def create(overrides: Mapping[str, Any]) -> Any:
        options = factory._meta
        at = {"__sequence": options.next_number() + number}
        return factory.create(**overrides, **_edge(options.blueprint, edge), **at)

    kept = {name: value for name, value in values.items() if name in keep}
    try:
        if len(kept) == len(values):
            return create(values)
        with transaction.atomic(using=using):
            row = create(values)
            if not factory._meta.blueprint.seen.binding.full_clean(row):
                return row
            transaction.set_rollback(True, using=using)
        return create(kept)
    except RowRefused as refused:
        if refused.given.keys() & set(keep):
            raise
    except CannotMake:
        pass
    except Exception:  # save() is the project's: it may refuse values that were drawn beside each other
        if len(kept) == len(values):
            raise
        return create(kept)
    reject()  # this row cannot be had; others can


def _edge(blueprint: Blueprint, edge: str) -> dict[str, Any]:
    """The word of a call for an edge case; none for a model that has a field of that name."""
    return {} if "edge" in blueprint.names else {"edge": edge}


def _built(
    factory: type[ModelFactory[Any]],
    values: Mapping[str, Any],
    number: int,
    edge: str,
    given: Mapping[str, Any],
) -> Any:
    """The row drawn; where clean() refuses it the first one after it that it takes."""
    blueprint, counters = factory._meta.blueprint, _counters_of_example()

    def build(overrides: Mapping[str, Any], forced: int, which: str = "") -> tuple[Any, str]:
        """A row, and what is said against it."""
        try:
            with counting.apart(counters, forced):
                built = factory.build(**overrides, **_edge(blueprint, which), __sequence=forced)
        except CannotMake as error:
            return None, error.reason
        return built, refusal(blueprint, built)

    first = ""
    for way in _ways(blueprint, values, number, edge, given):
        built, said = build(*way)
        if not said:
            return built
        first = first or said
    if given and not all(build({}, other)[1] for other in range(AFTER)):
        shown = ", ".join(f"{name} = {value!r}" for name, value in given.items())
        raise BadOverride(f"cannot build {blueprint.label} with {shown} (given): {first}; give another value")
    hint = "give it the values that it needs, or draw saved ones (save=True)"
    raise CannotMake(blueprint.label, f"of all rows tried none is accepted: {first}; {hint}")


def _counters_of_example() -> counting.Counters:
    """Row numbers of the rows that come with those drawn: the same for the same draws."""
    drawing = current_build_context().data
    if drawing not in _counted:
        _counted[drawing] = {}
    return _counted[drawing]


def _ways(
    blueprint: Blueprint, values: Mapping[str, Any], number: int, edge: str, given: Mapping[str, Any]
) -> Iterator[tuple[Mapping[str, Any], int, str]]:
    """Overrides, row number and edge case to try, the row drawn first."""
    yield values, number, edge
    for other in range(number, number + AFTER):
        yield given, other, edge
    for other in (*range(number, number + AFTER), *range(AFTER)):
        yield given, other, ""
    for other in range(number, number + AFTER):
        for name, value in (*_near(blueprint, given), *_optional(blueprint)):
            if name not in given:
                yield {**given, name: value}, other, ""


def _near(blueprint: Blueprint, given: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Each field of a given one's kind, a little more or less than that: an end after a given start."""
    for one in blueprint.own:
        for other in blueprint.own if one.name in given else ():
            if other.kind == one.kind:
                yield from ((other.name, value) for value in near(one.kind, given[one.name]))


def _optional(blueprint: Blueprint) -> Iterator[tuple[str, Any]]:
    """Each field that may be left empty, so; each relation that may, with a row."""
    for own in blueprint.own:
        if own.field.blank and (own.field.null or own.field.empty_strings_allowed):
            yield own.name, None if own.field.null else ""
    for relation in blueprint.relations:
        if relation.target is not None and not (relation.required or relation.tree):
            yield relation.name, SubFactory(factory_for(relation.target, using=blueprint.seen.using))
