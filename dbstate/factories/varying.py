"""What a row holds otherwise once save() has refused the ones before."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial

from django.db.models import Model

from dbstate.factories.blueprint import Blueprint, Own, Relation, blueprint_of, made_row
from dbstate.factories.described import described
from dbstate.factories.judging import Candidate, is_mentioned
from dbstate.values import empties

PLAIN_TEXT = "*"
"""The variation of rows whose text is ASCII."""
LONG = 3
"""Words of a name that are shorter say nothing when a message has them."""


def vary(made: Candidate) -> str:
    """Have the row hold something else than usual; answers what, for the model's next rows.

    The first time it is the next row, then its text is plain, then one of an edge row's values is usual, a
    boolean that the error mentions is the other way round, an optional field that it mentions is empty, those
    that it mentions have the model's defaults, an optional relation that it mentions has a row, or any other;
    then the row does not name itself; at last any field has its default.
    """
    learned = made.blueprint.learned.variation
    said = made.chain.attempt.refused.get(made.blueprint.label, ())
    if made.chain.attempt.last and not learned:
        return ""  # nothing has helped: the error is that of a usual row
    if len(said) == 2 or (len(said) < 2 and learned == PLAIN_TEXT):
        _write_plainly(made)
        return PLAIN_TEXT
    told = " ".join(said).lower()
    if told:
        made.blueprint.learned.alternatives = frozenset(
            r.name
            for r in made.blueprint.relations
            if not r.required and is_mentioned(r, made.blueprint.model, told)
        )
    options = _options(made, told)
    if len(said) > 2:
        found = next(iter(options[len(said) - 3 :]), None)
    else:
        found = next((one for one in options if one.name == learned), None)
        others = made.blueprint.learned.alternatives
        if found is not None and any(made.is_given(r) for r in made.blueprint.relations if r.name in others):
            return ""  # one of those that will do is given
    return found.take() if found is not None else ""


@dataclass(frozen=True, slots=True)
class _Option:
    """One thing that a row may hold otherwise."""

    name: str
    take: Callable[[], str]
    """Has the row hold it; answers what the model's next rows need, too."""


def _options(made: Candidate, said: str) -> list[_Option]:
    blueprint = made.blueprint
    free = [own for own in blueprint.own if own.name not in made.given]
    flags = [own for own in free if own.kind == "boolean" and _has_word(own.name, said)]
    others = [own for own in free if own.kind != "boolean"]
    learned = blueprint.learned.variation.split()
    told = [own for own in others if _has_word(own.name, said) or own.name in learned]
    stated = [own for own in told if own.field.has_default()]
    usual = [own for own in others if own.field.has_default() and own not in told]
    ordinary = made_row(blueprint, made.numbers, "") if made.edge else {}
    extreme = [own for own in free if made.edge and made.row[own.name] != ordinary[own.name]]
    emptied = [(one, empty) for one in others for empty in _empty(blueprint, one)]
    optional = sorted(made.free(), key=lambda r: not is_mentioned(r, blueprint.model, said))
    own = [r for r in blueprint.relations if r.null and r.required and r.target is blueprint.table_model]
    own = [r for r in own if not made.is_given(r) and not isinstance(made.row.get(r.name), Model)]
    return [
        *(_Option(one.name, partial(_once, made, one, ordinary[one.name])) for one in extreme),
        *(_Option(one.name, partial(_once, made, one, not made.row[one.name])) for one in flags),
        *(_Option(one.name, partial(_set, made, one, empty)) for one, empty in emptied if one in told),
        *(_defaulted(made, some) for some in [stated] if some),
        *(_Option(one.name, partial(_related, made, one)) for one in (*optional, *own)),
        *(_emptied(made, emptied) for _ in emptied[:1]),
        *(_defaulted(made, [one]) for one in usual),
    ]


def _once(made: Candidate, own: Own, value: object) -> str:
    """For this row alone: another has its flag that way round by itself, or no edge."""
    made.row[own.name] = value
    return made.blueprint.learned.variation


def _set(made: Candidate, own: Own, value: object) -> str:
    made.row[own.name] = value
    return own.name


def _defaulted(made: Candidate, some: Sequence[Own]) -> _Option:
    """The model's defaults, for all of these at once."""

    def take() -> str:
        return " ".join([_set(made, own, own.field.get_default()) for own in some])

    return _Option(" ".join(own.name for own in some), take)


def _related(made: Candidate, found: Relation) -> str:
    if found.required:
        made.assign(found, None)
        made.left = frozenset({found.name})
    elif made.row.get(found.name) is None and made.row.get(found.attname) is None:
        made.assign(found, made.relate(found))
    return found.name


def _emptied(made: Candidate, fields: Sequence[tuple[Own, object]]) -> _Option:
    """All optional fields empty at once."""

    def take() -> str:
        return " ".join([_set(made, own, empty) for own, empty in fields])

    return _Option(" ".join(own.name for own, _ in fields), take)


def _empty(blueprint: Blueprint, own: Own) -> tuple[object, ...]:
    """What the field holds when it is empty; nothing where it may not be."""
    table = blueprint.seen.catalog[own.table]
    unique = own.column in blueprint.own_columns[own.table].unique.wide
    return empties(table, table.column(own.column), unique=unique)


def _has_word(name: str, said: str) -> bool:
    return any(len(word) >= LONG and word in said for word in name.split("_"))


def _write_plainly(made: Candidate) -> None:
    """English values for text that is not ASCII: code that makes slugs and names of it may want that."""
    blueprint = made.blueprint
    seen = blueprint.seen
    english = described(seen.apps, seen.using, replace(seen.setting, locales=("en",)))
    row = made_row(blueprint_of(english, blueprint.model), made.numbers, made.edge)
    for name, value in row.items():
        current = made.row.get(name)
        if isinstance(current, str) and not current.isascii() and name not in made.given:
            made.row[name] = value
