"""Make one instance with all that it needs: the path that every factory takes."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import islice
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections, transaction
from django.db.models import Model

from dbstate.factories import counting, limits, parents
from dbstate.factories.blueprint import Blueprint, Relation, blueprint_of, made_row
from dbstate.factories.chain import Chain, Unfinished
from dbstate.factories.errors import BadOverride, NextRow, RowRefused
from dbstate.factories.giving import checked_edge, with_rows
from dbstate.factories.judging import Candidate, accept, accept_offline, look_again
from dbstate.factories.libraries import library_row
from dbstate.factories.saving import BELOW, fill_ready, find_ready, insert, reserve
from dbstate.factories.varying import vary
from dbstate.rows import Exhausted

Overrides = dict[str, Any]
Instantiate = Callable[[dict[str, Any]], Model]
"""Makes the instance of the complete keyword arguments, and saves it where rows are written."""
New = Callable[[Overrides], Model]

MISSED = re.compile(r"RelatedObjectDoesNotExist: (\w+) has no (\w+)\.")
"""What Django says of a one-to-one row that is not there: class, and name of the relation."""
UNSAVED = object()
"""Stands for the key of a row that is not written: it is one, whatever it will be."""
RELATING = 2
"""So deep are rows made because full_clean() or save() wants an optional one, each for the one before."""
PARENTS_TRIED = 3
"""Refusals by save() of one call for which other values of parents are tried."""
PROBED = 64
"""Row numbers looked at for one whose unique values no row has."""
STRIDE = 6
"""The longest of the strides between them is this power of two."""
FARTHEST = 2**40
"""Row numbers after which a table counts as full."""


def row_numbers(blueprint: Blueprint, chain: Chain) -> dict[str, int]:
    """The number of the next row in each table of the model."""
    if not (chain.create or chain.collected):
        return counting.built(chain.using, blueprint.chain)

    def created(tables: Sequence[str]) -> dict[str, int]:
        return counting.created(
            chain.using, place, tables, lambda table, least: _first(blueprint, chain, table, least)
        )

    place = chain.attempt.place
    if place is not None:
        return created(blueprint.chain)
    counted = chain.attempt.counted
    for table, number in created([table for table in blueprint.chain if table not in counted]).items():
        counted[table] = number + chain.attempt.number
    numbers = {table: counted[table] for table in blueprint.chain}
    counted.update((table, number + 1) for table, number in numbers.items())
    return numbers


def _first(blueprint: Blueprint, chain: Chain, table: str, least: int) -> int:
    """The first row number past the rows of a table: their count, further where unique values are taken."""
    seen, counts = blueprint.seen, chain.attempt.held
    if table not in counts:
        needed = [seen.catalog[name] for name in blueprint.needed]
        counts.update(seen.backend.occupancy(seen.connection, needed, at_most=1_000_000))
    held = counts.pop(table) or 0
    if not held:
        return least
    own = blueprint.own_columns[table]
    wide = [name for name in own.sources if name in own.unique.wide]
    number, probes = max(held, least), 0
    taken = _is_taken(blueprint, table, wide, number) if wide or own.own_keys else False
    while taken and number < FARTHEST:
        # One after the other, then in strides, at last in leaps: a key of few values counts anew for ever.
        number += 2 ** min(probes, STRIDE) if probes < PROBED else number
        probes += 1
        taken = _is_taken(blueprint, table, wide, number)
    if taken is not False:  # rows of other origin fill it, which need not have the values that rows have here
        left = (one for one in range(least, PROBED * 4) if _is_taken(blueprint, table, wide, one) is False)
        return next(left, number)
    return number


def _is_taken(blueprint: Blueprint, table: str, wide: list[str], number: int) -> bool | None:
    """Whether a row has one of the unique values of this number; None where there are not so many."""
    rows = blueprint.seen.binding.model(table)._base_manager.using(blueprint.seen.using)
    own = blueprint.own_columns[table]
    try:
        keys = [{name: own.sources[name].realistic(number)} for name in wide] + [*own.counted(number)]
    except (IndexError, Exhausted):
        return None
    for key in keys:
        held = {blueprint.seen.binding.field(table, name).attname: value for name, value in key.items()}
        if None not in held.values() and rows.filter(**held).exists():
            return True
    return False


def make(
    blueprint: Blueprint,
    chain: Chain,
    overrides: Overrides,
    *,
    numbers: Mapping[str, int] | None = None,
    edge: str = "",
) -> Model:
    """One instance of the blueprint's model.

    ``overrides`` may reach through relations: ``{"user__email": …}``.
    """
    if "edge" in overrides and "edge" not in blueprint.names:
        overrides = dict(overrides)
        edge = checked_edge(overrides.pop("edge"))
    plain, nested = split(blueprint, overrides) if overrides else ({}, {})
    if plain:
        plain = with_rows(blueprint, plain, asking=chain.create or chain.collected)
        plain = _of_given_parents(blueprint, plain) | plain
    if numbers is None:
        numbers = row_numbers(blueprint, chain)
    row = made_row(blueprint, numbers, edge, plain)
    row.update(plain)
    unfinished = Unfinished(blueprint.model, row)
    chain.making.append(unfinished)
    try:
        set_relations(blueprint, chain, row, plain, nested, numbers)
    finally:
        chain.making.pop()
    return finish(Candidate(blueprint, chain, row, frozenset(plain), numbers, edge, unfinished, related))


def _of_given_parents(blueprint: Blueprint, plain: Overrides) -> Overrides:
    """What the row has from a row of a model that it inherits from, where that row is there already."""
    found: Overrides = {}
    for model, link in blueprint.model._meta.parents.items():
        parent = plain.get(link.name) if link is not None else None
        if isinstance(parent, Model) and not parent._state.adding:
            found |= {field.attname: getattr(parent, field.attname) for field in model._meta.concrete_fields}
    return found


def split(blueprint: Blueprint, overrides: Overrides) -> tuple[Overrides, dict[str, Overrides]]:
    """Overrides of the row itself, by attribute name where it is a field's, and of those it names."""
    plain: Overrides = {}
    nested: dict[str, Overrides] = {}
    for name, value in overrides.items():
        root, _, rest = name.partition("__")
        if rest and name not in blueprint.names:
            if root not in blueprint.relation:
                blueprint.check_name(root)
                raise BadOverride(
                    f"cannot set {name!r} of {blueprint.label}: {root} names no row; give {root} itself"
                )
            nested.setdefault(blueprint.relation[root].name, {})[rest] = value
        else:
            blueprint.check_name(name)
            plain[name] = value
    return plain, nested


def set_relations(
    blueprint: Blueprint,
    chain: Chain,
    row: dict[str, Any],
    plain: Overrides,
    nested: Mapping[str, Overrides],
    numbers: Mapping[str, int],
) -> None:
    """Give the row its parents: given ones, shared ones, new ones; optional ones where asked for."""
    taken = [value for value in plain.values() if isinstance(value, Model)]
    relations: Sequence[Relation] = blueprint.relations_in_order
    if nested:  # rows of which something is said come first: others of their kind are shared with them
        relations = sorted(relations, key=lambda relation: relation.name not in nested)
    for relation in relations:
        is_given = relation.name in plain or not plain.keys().isdisjoint(relation.attnames)
        if is_given or relation.attname in blueprint.own_type:
            if relation.name in nested:
                raise BadOverride(
                    f"cannot set {relation.name}__{next(iter(nested[relation.name]))} of {blueprint.label}: "
                    f"{relation.name} was given, too; set one of them"
                )
            continue
        asked = relation.name in nested or chain.wants(relation.tree, len(chain.making) == 1)
        if relation.required or asked:
            value = parent_of(blueprint, relation, chain, nested.get(relation.name, {}), taken, numbers)
            if value is not None:
                assign(relation, row, value)
                taken += [value] if isinstance(value, Model) else []
        elif relation.defaults and (chain.create or chain.collected):
            _keep_default(blueprint, relation, chain, row)


def _keep_default(blueprint: Blueprint, relation: Relation, chain: Chain, row: dict[str, Any]) -> None:
    """Have an optional relation name the row that its default says, if that is there, else none."""
    field: Any = blueprint.model._meta.get_field(relation.name)
    key = field.get_default()
    rows = field.remote_field.model._base_manager.using(chain.using)
    there = key is not None and rows.filter(**{relation.target_attnames[0]: key}).exists()
    row[relation.attname] = key if there else None


def assign(relation: Relation, row: dict[str, Any], value: object) -> None:
    """Have the row name another one: an instance, or the value of its key where it has none yet."""
    if isinstance(value, Model):
        row.pop(relation.attname, None)
    row[relation.name if isinstance(value, Model) else relation.attname] = value


def parent_of(
    blueprint: Blueprint,
    relation: Relation,
    chain: Chain,
    overrides: Overrides,
    taken: list[Model],
    numbers: Mapping[str, int],
    *,
    new: New | None = None,
) -> object:
    """The row that a relation names: one that the chain has, else a new one. None: none can be had yet.

    ``new`` makes it, with what it is given, where another factory than the inferred one is to.
    """
    target = relation.target or _any_model(blueprint, relation, chain)
    if target is None:
        return None
    if relation.library and not overrides:
        return _library_row(blueprint, relation, target, chain, numbers, taken)
    if not overrides:
        is_closed = (blueprint.table_model, relation.name) in chain.closed
        closed = [*chain.given[:1], *chain.made] if is_closed else []
        for known in islice(chain.known(target, [*taken, *closed]), 50):
            if _is_used(blueprint, relation, known, chain):
                continue
            if _is_wanted(blueprint, relation, known, chain):
                return known
        unfinished = chain.unfinished(target)
        # No row is its own parent.
        own_kind = issubclass(blueprint.table_model, target) and not relation.required
        if unfinished is not None and not own_kind and not (is_closed and unfinished is chain.making[0]):
            return _on_cycle(blueprint, relation, unfinished, chain)
    if chain.create and not chain.relating and blueprint.comes_back(relation):
        # The row goes in without it: it names a row, of whatever depth, that names this one.
        chain.making[-1].after.append(lambda: _new(blueprint, relation, target, chain, overrides, new))
        chain.making[-1].postponed.append(relation.name)
        return None
    return _new(blueprint, relation, target, chain, overrides, new)


def _new(
    blueprint: Blueprint,
    relation: Relation,
    target: type[Model],
    chain: Chain,
    overrides: Overrides,
    new: New | None,
) -> Model:
    """A new parent, one that limit_choices_to admits."""
    parent = blueprint_of(blueprint.seen, target)
    if relation.limited and relation.kind == "foreign":
        field: Any = blueprint.model._meta.get_field(relation.name)
        wanted = limits.wanted(field.get_limit_choices_to())
        overrides = {n: v for n, v in wanted.items() if n.partition("__")[0] in parent.names} | overrides
    overrides = blueprint.learned.parents.get(relation.name, {}) | overrides
    made = make(parent, chain, overrides) if new is None else new(overrides)
    if relation.limited and chain.create and not _is_admitted(blueprint, relation, made, chain):
        allowed = blueprint.seen.binding.allowed(blueprint.columns[relation.attname][0], relation.name)
        other = allowed.first() if allowed is not None else None
        return other or made
    return made


def _is_used(blueprint: Blueprint, relation: Relation, candidate: Model, chain: Chain) -> bool:
    """Whether another row has the unique key that this one would have with the candidate as its parent."""
    return (relation.unique and _is_named(blueprint, relation, candidate, chain)) or any(
        _repeats(blueprint, names, relation.name, candidate, chain)
        for names in blueprint.relation_keys
        if relation.name in names
    )


def _is_named(blueprint: Blueprint, relation: Relation, candidate: Model, chain: Chain) -> bool:
    """Whether a row of the table names it by its one-to-one key."""
    if _repeats(blueprint, {relation.name}, relation.name, candidate, chain):
        return True
    if not (chain.create or chain.collected) or candidate.pk is None:
        return False
    rows = blueprint.table_model._base_manager.using(chain.using)
    return rows.filter(**{relation.name: candidate}).exists()


def _repeats(blueprint: Blueprint, names: Collection[str], name: str, candidate: Model, chain: Chain) -> bool:
    """Whether a row of the chain, finished or not, has the parents that the row being made would have."""
    row = {**(chain.making[-1].row if chain.making else {}), name: candidate}
    model = blueprint.table_model
    others = [one._state.fields_cache for one in chain.made if isinstance(one, model)]
    others += [under.row for under in chain.making[:-1] if issubclass(under.model, model)]
    held = {blueprint.relation[n].attname: _key(blueprint.relation[n], row) for n in names}
    for one in chain.given:
        if isinstance(one, model) and all(v is not None and getattr(one, n) == v for n, v in held.items()):
            return True
    return any(all(row.get(n) is not None and other.get(n) is row[n] for n in names) for other in others)


def _is_wanted(blueprint: Blueprint, relation: Relation, candidate: Model, chain: Chain) -> bool:
    """Whether a row that the chain has will do; one that was given does as long as it is admitted."""
    if any(candidate is one for one in chain.made):
        wanted = blueprint.learned.parents.get(relation.name, {})
        if any(getattr(candidate, name, value) != value for name, value in wanted.items()):
            return False
    return _is_admitted(blueprint, relation, candidate, chain)


def _is_admitted(blueprint: Blueprint, relation: Relation, candidate: Model, chain: Chain) -> bool:
    """Whether limit_choices_to admits the row; of rows that are not written, as far as can be told."""
    if not relation.limited or relation.kind != "foreign":
        return True
    if chain.create and candidate.pk is not None:
        allowed = blueprint.seen.binding.allowed(blueprint.columns[relation.attname][0], relation.name)
        return allowed is None or allowed.filter(pk=candidate.pk).exists()
    field: Any = blueprint.model._meta.get_field(relation.name)
    wanted = limits.wanted(field.get_limit_choices_to())
    return all(getattr(candidate, name, value) == value for name, value in wanted.items())


def _on_cycle(blueprint: Blueprint, relation: Relation, unfinished: Unfinished, chain: Chain) -> object:
    """The key that an unfinished row will have; None for built rows, which are linked once it is there."""
    if not chain.create or (relation.null and relation.kind == "foreign"):
        chain.making[-1].later.append((relation.name, unfinished))
        return None
    if relation.type_attname:
        table = blueprint_of(blueprint.seen, unfinished.model).table
        chain.making[-1].row[relation.type_attname] = blueprint.seen.records.content_type(table.name)
    if relation.target_attnames[0] in unfinished.row:
        return unfinished.row[relation.target_attnames[0]]
    if unfinished.reserved is None:
        unfinished.reserved = reserve(blueprint_of(blueprint.seen, unfinished.model))
    return unfinished.reserved


def _library_row(
    blueprint: Blueprint,
    relation: Relation,
    target: type[Model],
    chain: Chain,
    numbers: Mapping[str, int],
    taken: Sequence[Model],
) -> Model | None:
    """One of a library's rows; a new one where there is none."""
    if not (chain.create or chain.collected):
        return None
    number = numbers[blueprint.table.name]
    found = library_row(blueprint, relation, number, taken, attempt=chain.attempt.number)
    return found or make(blueprint_of(blueprint.seen, target), chain, {})


def _any_model(blueprint: Blueprint, relation: Relation, chain: Chain) -> type[Model] | None:
    """A model whose keys the object id can hold: one that the chain has rows of, else a plain one."""
    seen = blueprint.seen
    place = blueprint.columns[relation.attname]
    column = seen.catalog[place[0]].column(place[1])
    allowed = _allowed_types(blueprint, relation, chain) if relation.limited else None

    def fits(model: type[Model]) -> bool:
        table = seen.catalog.tables.get(model._meta.db_table)
        if table is None or table.library_filled or table.auto_created or len(table.primary_key) != 1:
            return False
        if not table.managed or model is blueprint.model or table.parent_links or table.ancestors == ():
            return False
        if allowed is not None and (model._meta.app_label, model._meta.model_name) not in allowed:
            return False
        kind = table.column(table.primary_key[0]).kind
        return kind == column.kind or column.kind in ("text", "unknown")

    if (given := _given_type(blueprint, relation, chain)) is not None:
        return given
    for instance in (*chain.given, *chain.made):
        if fits(type(instance)):
            return type(instance)
    models = [m for m in seen.apps.get_models() if not m._meta.proxy and not m._meta.swapped and fits(m)]
    return min(models, key=lambda model: _weight(blueprint, model), default=None)


def _given_type(blueprint: Blueprint, relation: Relation, chain: Chain) -> type[Model] | None:
    """The model whose content type the row holds already."""
    seen, row = blueprint.seen, chain.making[-1].row if chain.making else {}
    field: Any = seen.binding.field(*blueprint.columns[relation.type_attname])
    kind = getattr(row.get(field.name), "pk", None) or row.get(relation.type_attname)
    if kind is None or not (chain.create or chain.collected):
        return None
    types: Any = field.remote_field.model._base_manager.using(seen.using)
    found = types.filter(pk=kind).values_list("app_label", "model").first()
    return None if found is None else seen.apps.get_model(*found)


def _allowed_types(blueprint: Blueprint, relation: Relation, chain: Chain) -> set[tuple[str, str]]:
    """(app label, model) pairs that limit_choices_to of the content type admits."""
    table, column = blueprint.columns[relation.type_attname]
    field: Any = blueprint.seen.binding.field(table, column)
    if chain.create or chain.collected:
        rows = blueprint.seen.binding.allowed(table, field.name)
        return set() if rows is None else {(row.app_label, row.model) for row in rows}  # type: ignore[attr-defined]
    wanted = limits.wanted(field.get_limit_choices_to())
    return {
        (model._meta.app_label, str(model._meta.model_name))
        for model in blueprint.seen.apps.get_models()
        if wanted.get("app_label", model._meta.app_label) == model._meta.app_label
        and wanted.get("model", model._meta.model_name) == model._meta.model_name
    }


def _weight(blueprint: Blueprint, model: type[Model]) -> tuple[bool, int, int, str]:
    """Models of the same app first, then those with few foreign keys and fields."""
    table = blueprint.seen.table(model)
    own_app = model._meta.app_label == blueprint.model._meta.app_label
    needed = sum(not key.null for key in table.foreign_keys)
    return (not own_app, needed, len(table.columns), table.label)


# the end of a row ------------------------------------------------------------------------------------


def finish(
    made: Candidate, instantiate: Instantiate | None = None, *, asked: frozenset[str] | None = None
) -> Model:
    """The instance of a row that has its parents.

    Of the ``given`` values the caller asked for some, all where nothing is said; a factory's class declares
    the others.
    """
    blueprint, chain, row, unfinished = made.blueprint, made.chain, made.row, made.unfinished
    generic = {r: row.pop(r.name) for r in blueprint.relations if r.kind == "generic" and r.name in row}
    for relation, value in generic.items():
        if isinstance(value, Model) and (chain.create or not value._state.adding):
            _name_generically(blueprint, relation, row, value)
    if unfinished.reserved is not None:
        row[blueprint.model._meta.pk.attname] = unfinished.reserved
    for name in blueprint.own_type if chain.create or chain.collected else ():
        row.setdefault(name, blueprint.seen.records.content_type(blueprint.table.name))
    if blueprint.translated and not chain.collected:
        translation = blueprint.translation(made.numbers, made.edge)
        row.update({name: value for name, value in translation.items() if name not in row})
    if chain.create:
        instance = _created(made, instantiate, made.given if asked is None else asked)
    else:
        consistent(made)
        if chain.collected:
            accept_offline(made)
        instance = blueprint.instance(row) if instantiate is None else instantiate(row)
        if instantiate is None and chain.below is not None and not (chain.making or chain.relating):
            instance.__dict__[BELOW] = chain.below
        if chain.using != DEFAULT_DB_ALIAS:
            instance._state.db = chain.using  # else Django takes it for a row of the default database
        if generic:
            instance.__dict__["_dbstate_generic"] = {r.name: v for r, v in generic.items()}
    chain.made.append(instance)
    _link(chain, unfinished, instance)
    return instance


def _created(made: Candidate, instantiate: Instantiate | None, asked: frozenset[str]) -> Model:
    """The row once it is written; the one that a signal has made before, where it has."""
    blueprint, chain, row, unfinished = made.blueprint, made.chain, made.row, made.unfinished
    made.later = frozenset((*unfinished.postponed, *(name for name, _ in unfinished.later)))
    made.asked = frozenset(name for name in asked if name.partition("__")[0] not in blueprint.relation)
    varied = vary(made)
    consistent(made)
    _give_companions(made)
    made.ready = find_ready(blueprint, chain, row, made.given)
    named = {r.name: row.get(r.name) for r in blueprint.relations if r.unique}
    with _companions_noted(blueprint):
        accept(made, lambda: _take_next(made), parents.learn)
    if any(row.get(name) is not value for name, value in named.items()):
        made.ready = find_ready(blueprint, chain, row, made.given)
    if unfinished.reserved is not None:
        row[blueprint.model._meta.pk.attname] = unfinished.reserved
    if made.ready is not None:
        fill_ready(blueprint, chain, made.ready, row, made.given)
        look_again(made, made.ready)
        return made.ready
    if instantiate is not None:
        instance = instantiate(row)
    else:
        instance = _instance(made)
        if chain.below is not None and not (chain.making or chain.relating):
            instance.__dict__[BELOW] = chain.below
        _insert(made, instance)
    look_again(made, instance)
    blueprint.learned.variation = varied
    return instance


def _link(chain: Chain, unfinished: Unfinished, instance: Model) -> None:
    """Have the rows name each other that could not before this one was there."""
    for name, other in unfinished.later:
        other.waiting.append((instance, name))
    for waiting, name in unfinished.waiting:
        if chain.create:
            _name(chain, waiting, name, instance)
        else:
            setattr(waiting, name, instance)
    for name, make_it in zip(unfinished.postponed, unfinished.after, strict=True):
        _name(chain, instance, name, make_it())


def _name(chain: Chain, row: Model, name: str, other: Model) -> None:
    """Have a row that is written name another one."""
    setattr(row, name, other)
    type(row)._base_manager.using(chain.using).filter(pk=row.pk).update(**{name: other})


def _instance(made: Candidate) -> Model:
    """The row's instance; NextRow where the project's ``__init__`` refuses made values."""
    try:
        return made.blueprint.instance(made.row)
    except Exception as error:  # it is the project's code
        if made.chain.attempt.last:
            raise
        raise NextRow(made.blueprint.label, f"{type(error).__name__}: {error}", saving=True) from error


def _insert(made: Candidate, instance: Model) -> None:
    """Write the row; where save() refuses it, find out whether other parents would do."""
    blueprint, chain = made.blueprint, made.chain
    reserved = made.unfinished.reserved is not None
    last = chain.attempt.last
    try:
        with _companions_noted(blueprint):
            insert(blueprint, instance, made.given, reserved=reserved, last=last)
    except NextRow:
        if made.asked:
            raise  # as likely as not it is about what the caller asked for
        if not connections[chain.using].needs_rollback and len(chain.attempt.refused) < PARENTS_TRIED:
            parents.learn(made, [*blueprint.relations], lambda: _is_saved(made))
        raise


@contextmanager
def _companions_noted(blueprint: Blueprint) -> Iterator[None]:
    """One-to-one rows that the project's code missed are there the next time."""
    try:
        yield
    except NextRow as refused:
        blueprint.learned.companions.update(MISSED.findall(refused.told))
        raise


def _give_companions(made: Candidate) -> None:
    """Give rows of the chain the one-to-one rows that save() or clean() missed: a user's profile, say."""
    chain = made.chain
    for model, accessor in made.blueprint.learned.companions:
        for one in (*chain.given, *chain.made):
            for relation in one._meta.related_objects if type(one).__name__ == model else ():
                if not (relation.one_to_one and relation.get_accessor_name() == accessor):
                    continue
                key, other = relation.field.name, relation.related_model
                if not other._base_manager.using(chain.using).filter(**{key: one}).exists():
                    make(blueprint_of(made.blueprint.seen, other), chain.after(one), {key: one})


def _is_saved(made: Candidate) -> bool:
    try:
        insert(made.blueprint, made.blueprint.instance(made.row), made.given, last=False)
    except (NextRow, RowRefused):
        return False
    return True


def related(made: Candidate, relation: Relation) -> object:
    """See ``Candidate.relate``."""
    blueprint, chain = made.blueprint, made.chain
    if len(chain.relating) >= RELATING:
        return None
    # What comes back to this row names it, but for a relation to its own kind.
    target = relation.target
    of_its_kind = target is not None and issubclass(blueprint.table_model, target)
    itself = [] if of_its_kind else [made.unfinished]
    chain.making += itself
    chain.relating.append(relation.name)
    known = len(chain.made)
    try:
        with transaction.atomic(using=chain.using):
            return parent_of(blueprint, relation, chain, {}, [], made.numbers)
    except NextRow as error:
        if error.saving:  # it is this row's try that has failed
            raise NextRow(blueprint.label, error.told, saving=True) from error
        raise
    except Exception:  # the project's save() refuses the last one, too: the row goes without
        if relation.required:
            raise
        del chain.made[known:]
        return None
    finally:
        chain.relating.pop()
        del chain.making[len(chain.making) - len(itself) :]


def _take_next(made: Candidate) -> None:
    """Give the row the values of the next one; parents stay."""
    blueprint, row = made.blueprint, made.row
    made.numbers = row_numbers(blueprint, made.chain)
    fresh = made_row(blueprint, made.numbers, made.edge, made.given)
    row.update({name: value for name, value in fresh.items() if name not in made.given and name in row})
    consistent(made)


def _name_generically(blueprint: Blueprint, relation: Relation, row: dict[str, Any], value: Model) -> None:
    seen = blueprint.seen
    name = value._meta.concrete_model._meta.db_table  # type: ignore[union-attr]
    row[relation.type_attname] = seen.records.content_type(name)
    row[relation.attname] = value.pk


def consistent(made: Candidate) -> None:
    """Have the row keep its CHECKs beside what was given and the parents it has."""
    blueprint, row = made.blueprint, made.row
    if not (made.given and blueprint.rules) and not blueprint.ties_relations:
        return
    keyed = row | {relation.attname: _key(relation, row) for relation in blueprint.relations}
    for relation in _asked_for(blueprint, keyed, row):
        value = parent_of(blueprint, relation, made.chain, {}, [], made.numbers)
        if relation.kind == "generic" and isinstance(value, Model) and not value._state.adding:
            _name_generically(blueprint, relation, row, value)
            keyed[relation.attname] = row[relation.attname]
        elif value is not None:
            assign(relation, row, value)
            keyed[relation.attname] = _key(relation, row)
    before = dict(keyed)
    blueprint.meet_conditions(keyed, made.numbers, made.edge, given=made.given, related=True)
    row.update({name: value for name, value in keyed.items() if before.get(name, row) is not value})


def _key(relation: Relation, row: Mapping[str, Any]) -> Any:
    """What the relation's column holds; UNSAVED for a row that has no key yet."""
    value = row.get(relation.name)
    if isinstance(value, Model):
        key = relation.key_of(value)[0]
        return UNSAVED if key is None else key
    return row.get(relation.attname)


def _asked_for(blueprint: Blueprint, keyed: dict[str, Any], row: Mapping[str, Any]) -> Iterator[Relation]:
    """Optional relations without a row, one after the other, as long as a CHECK that reads them is broken."""
    for rules in blueprint.rules:
        for relation in blueprint.relations:
            table, column = blueprint.columns[relation.attname]
            if table != rules.table.name or _key(relation, row) is not None or relation.name in row:
                continue
            line = blueprint.checked_line(table, keyed)
            if any(column in group.columns for group, _ in rules.broken(line)):
                yield relation
