"""What a row holds otherwise once save() has refused the ones before."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial

from django.db.models import Model

from dbstate.factories.blueprint import Blueprint, Own, Relation, blueprint_of, made_row
from dbstate.factories.chain import Tried
from dbstate.factories.described import described
from dbstate.factories.judging import Candidate, is_mentioned
from dbstate.values import empties

PLAIN_TEXT = ("*",)
"""The variation of rows whose text is ASCII."""
LONG = 3
"""Words of a name that are shorter say nothing when a message has them."""
SHOWN = re.compile(r"\d+|'[^']*'|\"[^\"]*\"")
"""What a message shows of a row: without it, two are alike that say the same of two rows."""


def vary(made: Candidate) -> tuple[str, ...]:
    """Have the row hold something else than usual; answers what, for the model's next rows.

    The first time it is the next row, then its text is plain, then one of an edge row's values is usual, a
    boolean that the error mentions is the other way round, all of these are true, an optional field that it
    mentions is empty, those that it mentions have the model's defaults, an optional relation that it mentions
    has a row, or any other; then the row does not name itself; at last any field has its default. What makes
    save() say something else, of something else, stays in the tries after it.
    """
    attempt, label = made.chain.attempt, made.blueprint.label
    learned = made.blueprint.learned.variation
    said = attempt.refused.get(label, ())
    if attempt.last and not learned:
        return ()  # nothing has helped: the error is that of a usual row
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
    options: dict[str, _Option] = {}
    for option in _options(made, told):
        options.setdefault(option.key, option)
    if len(said) > 2:
        known = attempt.varied.setdefault(label, Tried(kept=[key for key in learned if key in options]))
        wanted = _next_try(known, [*options], said)
    else:
        others = made.blueprint.learned.alternatives
        is_given = any(made.is_given(r) for r in made.blueprint.relations if r.name in others)
        wanted = [] if is_given else [*learned]  # one of those that will do is given
    taken = [options[key] for key in dict.fromkeys(wanted) if key in options]
    for one in taken:
        one.take()
    if len(said) > 2:
        flags = [own for own in made.blueprint.own if own.kind == "boolean" and _has_word(own.name, told)]
        known.flags = [_flag(made, own, bool(made.row[own.name])).key for own in flags]
    return tuple(one.key for one in taken if one.lasting)


def _next_try(known: Tried, keys: Sequence[str], said: Sequence[str]) -> list[str]:
    """What to change: what got further so far, and the first that was not tried."""
    if known.tried and len(said) > 3:
        last, *before = (SHOWN.sub("", one) for one in reversed(said))
        if last not in before and not any(_has_word(n, last.lower()) for n in _fields(known.tried[-1])):
            known.kept += [*known.flags, known.tried[-1]]
    settled = {name for key in known.kept for name in _fields(key)}
    key = next((k for k in keys if k not in known.tried and not settled.issuperset(_fields(k))), None)
    if key is None:
        return known.kept
    known.tried.append(key)
    return [*known.kept, key]


@dataclass(frozen=True, slots=True)
class _Option:
    """One thing that a row may hold otherwise."""

    key: str
    """What is done, a colon, and the names of the fields that it is done to."""
    take: Callable[[], None]
    """Has the row hold it."""
    lasting: bool = True
    """Whether the model's next rows need it, too."""


def _options(made: Candidate, said: str) -> list[_Option]:
    blueprint = made.blueprint
    free = [own for own in blueprint.own if own.name not in made.given]
    learned = {name for key in blueprint.learned.variation for name in _fields(key)}
    flags = [o for o in free if o.kind == "boolean" and (_has_word(o.name, said) or o.name in learned)]
    others = [own for own in free if own.kind != "boolean"]
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
        *(_holding(made, "usual", [(one, ordinary[one.name])], lasting=False) for one in extreme),
        *(_flag(made, one, not made.row[one.name]) for one in flags),
        *(_holding(made, "yes", [(one, True) for one in flags]) for _ in flags[1:2]),
        *(_holding(made, "empty", [(one, empty)]) for one, empty in emptied if one in told),
        *(_defaulted(made, some) for some in [stated] if some),
        *(_Option(f"row:{one.name}", partial(_relate, made, one)) for one in (*optional, *own)),
        *(_holding(made, "empty", emptied) for _ in emptied[:1]),
        *(_defaulted(made, [one]) for one in usual),
        *(_flag(made, one, bool(made.row[one.name])) for one in flags),
    ]


def _fields(key: str) -> list[str]:
    """The fields that an option is about."""
    return key.partition(":")[2].split()


def _flag(made: Candidate, one: Own, value: bool) -> _Option:
    return _holding(made, "yes" if value else "no", [(one, value)])


def _holding(
    made: Candidate, what: str, values: Sequence[tuple[Own, object]], *, lasting: bool = True
) -> _Option:
    """These fields hold these values, all at once."""

    def take() -> None:
        made.row.update((own.name, value) for own, value in values)

    return _Option(f"{what}:{' '.join(own.name for own, _ in values)}", take, lasting)


def _defaulted(made: Candidate, some: Sequence[Own]) -> _Option:
    """The model's defaults, for all of these at once."""

    def take() -> None:
        made.row.update((own.name, own.field.get_default()) for own in some)

    return _Option(f"default:{' '.join(own.name for own in some)}", take)


def _relate(made: Candidate, found: Relation) -> None:
    if found.required:
        made.assign(found, None)
        made.left = frozenset({found.name})
    elif made.row.get(found.name) is None and made.row.get(found.attname) is None:
        made.assign(found, made.relate(found))


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
