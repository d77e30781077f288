"""Let full_clean() look at a row before it is written, and change what it refuses."""

from __future__ import annotations

import re
import sys
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from django.db import transaction
from django.db.models import Model

from dbstate.binding import CRASHED, UNPRINTABLE, Complaint, crash_of
from dbstate.factories import offline
from dbstate.factories.blueprint import Blueprint, Relation, Shape
from dbstate.factories.chain import Chain, Unfinished
from dbstate.factories.errors import NextRow
from dbstate.factories.saving import write_files
from dbstate.rows import Draft
from dbstate.seeding.mend import BUDGET, LEAST, Change, Mender, apply

UNIQUE = ("unique", "unique_together")
"""Codes of what full_clean() says of values that another row has."""
OURS = ("dbstate", "factory", "contextlib")
"""Packages between a caller's code and this."""
ROWS = 4
"""So many rows are tried, with the same parents, where full_clean() refuses made values."""
VALUES_FIRST = 40
"""Changes of values that are tried before rows are made for relations which no complaint mentions."""
PLAIN = (str, int, bool, type(None), list, dict)
"""Types of values that are compared after save()."""
OFFLINE = 120
"""clean() calls for a row of bulk; those that were in vain once cost fewer."""
SHAPES = 200
"""Shapes of a model's rows that are remembered as valid."""
SPREAD = 8
"""Searches cost the model's later ones this part of the full_clean() calls that they took."""


class UncleanRow(UserWarning):
    """Rows of a model are written that full_clean() refuses, as no values were found that it takes."""


@dataclass(slots=True)
class Candidate:
    """A row with its parents that is about to become an instance."""

    blueprint: Blueprint
    chain: Chain
    row: dict[str, Any]
    """Values and parents by attribute and field name; changed in place."""
    given: frozenset[str]
    """What the caller gave, or a factory declares: it stands."""
    numbers: Mapping[str, int]
    edge: str
    unfinished: Unfinished
    """What rows on a cycle know of it."""
    related: Callable[[Candidate, Relation], object]
    """See ``relate``."""
    asked: frozenset[str] = frozenset()
    """Values that the caller gave, rows named apart: what full_clean() says of them is no matter."""
    later: frozenset[str] = frozenset()
    """Relations to rows that are being made: they are named once they are there."""
    ready: Model | None = None
    """The row itself, where a signal has made it already."""
    left: frozenset[str] = frozenset()
    """Relations that are left empty as save() cannot do with a row, although full_clean() wants one."""

    def relate(self, relation: Relation) -> object:
        """A row for a relation to name: one that the chain has, else a new one; None: none can be had."""
        return self.related(self, relation)

    @property
    def shape(self) -> Shape:
        """What rows have in common of which one tells whether the others are valid."""
        named = (r.name for r in self.blueprint.relations if {r.name, r.attname} & self.row.keys())
        return self.edge, self.given, frozenset(named)

    def is_given(self, relation: Relation) -> bool:
        """Whether the caller has said what the relation names."""
        return not self.given.isdisjoint({relation.name, *relation.attnames})

    def free(self) -> list[Relation]:
        """Optional relations of which the caller has said nothing."""
        found = [r for r in self.blueprint.relations if r.kind == "foreign" and r.null and not r.required]
        return [r for r in found if not r.tree and len(r.attnames) == 1 and not self.is_given(r)]

    def assign(self, relation: Relation, value: object) -> None:
        """Have the row name another one: an instance, or the value of its key where it has none yet."""
        for name in (relation.name, *relation.attnames):
            self.row.pop(name, None)
        if value is not None:
            self.row[relation.name if isinstance(value, Model) else relation.attname] = value


Learn = Callable[[Candidate, Sequence[Relation], Callable[[], bool]], bool]
"""See ``parents.learn``."""


@dataclass(slots=True)
class _Mender(Mender):
    """Judges rows that are not written yet: what their insertion fills is not complained about.

    Optional relations are among its moves: to a row that is made for it, or to none.
    """

    candidate: Candidate | None = None
    unfilled: frozenset[str] = frozenset()
    made: dict[str, Model] = field(default_factory=dict)
    """Rows that were made to be named, by relation."""

    def complaints(
        self, draft: Draft, changes: Any = (), *, constraints: bool = True
    ) -> tuple[Complaint, ...]:
        """See Mender; ``constraints`` as in Binding.full_clean."""
        values = {name: dict(line) for name, line in draft.values.items()}
        for change in changes:
            values[change.table].update(change.values)
        self.spent += 1
        instance = self.binding.instance(self.assembler.chain[-1], values)
        ready = self.candidate.ready if self.candidate is not None else None
        instance._state.adding = ready is None
        if ready is not None:
            instance.pk = ready.pk
        found = self.binding.full_clean(instance, constraints=constraints)
        return tuple(complaint for complaint in found if complaint.field not in self.unfilled)

    def _moves(self, draft: Draft, complaints: Sequence[Complaint]) -> Iterator[Change]:
        """Relations that a complaint mentions first, then those that clean() reads, at last all others."""
        said = " ".join(f"{c.field or ''} {c.message}" for c in complaints).lower()
        reads = self.records.clean_reads(self.assembler.chain[-1])
        free = self.candidate.free() if self.candidate is not None else []
        mentioned = [r for r in free if is_mentioned(r, self.binding.model(self.assembler.chain[-1]), said)]
        read = [r for r in free if r.name in reads and r not in mentioned]
        values = Mender._moves(self, draft, complaints)
        yield from self._relating(draft, mentioned)
        yield from islice(values, VALUES_FIRST)
        yield from self._relating(draft, read)
        yield from values
        yield from self._relating(draft, [r for r in free if r not in mentioned and r not in read])

    def _relating(self, draft: Draft, relations: Iterable[Relation]) -> Iterator[Change]:
        assert self.candidate is not None  # relations are its own
        for relation in relations:
            table, column = self.candidate.blueprint.columns[relation.attname]
            if draft.values[table].get(column) is not None:
                yield Change(table, {column: None})
                continue
            if relation.name not in self.made:
                named = self.candidate.relate(relation)
                if not isinstance(named, Model):
                    continue
                self.made[relation.name] = named
            yield Change(table, {column: relation.key_of(self.made[relation.name])[0]})


def is_mentioned(relation: Relation, model: type[Model], said: str) -> bool:
    """Whether a message (in lower case) has the name of the relation in it."""
    one: Any = model._meta.get_field(relation.name)
    names = {one.name, one.name.replace("_", " "), str(one.verbose_name).lower()}
    return any(re.search(rf"\b{re.escape(name)}\b", said) for name in names)


def accept(made: Candidate, again: Callable[[], None], learn: Learn) -> None:
    """Change what was made (never what was given) of the row until full_clean() takes it.

    Looks at each row where clean() or a unique key of few values may object, else at the first of its
    shape in this process. ``again`` gives the row the values of the next one, ``learn`` finds out what it
    wants of the rows that it names, which are then made anew (NextRow). A row that stays refused is a
    NextRow as long as others will be tried; at last it is made all the same, with a warning where nothing
    was given: the database may take it.
    """
    blueprint = made.blueprint
    if made.left:
        _warn(blueprint, f"{', '.join(sorted(made.left))}: empty, as save() cannot do with a row there")
    if made.shape in blueprint.proven and not (blueprint.judged or blueprint.learned.compared):
        return
    said: tuple[Complaint, ...] = ()
    for turn in range(ROWS):
        if turn:
            again()
        complaints = _judge(made, learn)
        if not complaints or made.asked:
            return
        if turn and said == complaints and all(one.code == CRASHED for one in complaints):
            # Code that fails alike for other rows, and for other parents, is not about their values.
            if not made.chain.attempt.number:
                break
            blueprint.learned.hopeless.add(_signature(complaints))
        said = complaints
        if made.chain.attempt.number and _signature(complaints) in blueprint.learned.hopeless:
            _warn(blueprint, _told(complaints))
            return
    told = _told(complaints)
    if not made.chain.attempt.last:
        raise NextRow(blueprint.label, told)
    blueprint.learned.hopeless.add(_signature(complaints))
    _warn(blueprint, told)


@dataclass(slots=True)
class _OfflineMender(_Mender):
    """Judges rows that are written later, in bulk: their parents have no keys, and no database is asked."""

    def complaints(
        self, draft: Draft, changes: Any = (), *, constraints: bool = True
    ) -> tuple[Complaint, ...]:
        """What clean() says, asked of an instance that has its parents."""
        assert self.candidate is not None
        self.spent += 1
        blueprint = self.candidate.blueprint
        try:
            instance = blueprint.instance(self.candidate.row | _by_attribute(blueprint, changes))
        except Exception as error:  # it is the project's code
            return (crash_of(error),)
        found = offline.complaints(blueprint, instance, fields=False)
        return tuple(complaint for complaint in found if complaint.field not in self.candidate.given)

    def _moves(self, draft: Draft, complaints: Sequence[Complaint]) -> Iterator[Change]:
        yield from Mender._moves(self, draft, complaints)


def accept_offline(made: Candidate) -> None:
    """``accept`` for a row of bulk: clean() alone is asked, and only what it can say without a query counts.

    A row that it refuses, whatever its own values, is made all the same, with a warning where nothing was
    given.
    """
    blueprint = made.blueprint
    if not blueprint.cleans:
        return
    draft = _draft(made)
    mender = _mender(made, _OfflineMender)
    mender.found, mender.good = blueprint.learned.helped, blueprint.learned.good_in_bulk
    said = mender.complaints(draft)
    if not said:
        blueprint.learned.good_in_bulk = blueprint.learned.good_in_bulk or draft
    if not said or any(one.code == CRASHED for one in said):
        return
    mender.budget = blueprint.learned.budgets.get(_signature(said), OFFLINE)
    changes = mender.search(draft, said)
    if changes is None:
        blueprint.learned.budgets[_signature(said)] = LEAST
        if not made.given:
            _warn(blueprint, _told(said))
        return
    made.row.update(_by_attribute(blueprint, changes))


def _by_attribute(blueprint: Blueprint, changes: Iterable[Change]) -> dict[str, object]:
    """The new values by attribute."""
    return {
        blueprint.by_column[one.table, name]: value for one in changes for name, value in one.values.items()
    }


def look_again(made: Candidate, instance: Model) -> None:
    """Judge a row once more where save() has changed its values; NextRow as for ``accept``."""
    if made.asked or not any(_differs(instance, made.row, own.name) for own in made.blueprint.own):
        return
    binding = made.blueprint.seen.binding
    complaints = binding.full_clean(instance)
    if complaints and not all(complaint.code == UNPRINTABLE for complaint in complaints):
        told = _told(complaints)
        if not made.chain.attempt.last:
            raise NextRow(made.blueprint.label, f"after save() {told}", saving=True)
        _warn(made.blueprint, f"after save() {told}")


def _signature(complaints: Sequence[Complaint]) -> frozenset[tuple[str | None, str]]:
    return frozenset((c.field, c.message) for c in complaints)


def _told(complaints: Sequence[Complaint]) -> str:
    return "; ".join(f"{c.field or 'the row'}: {c.message}" for c in complaints)


def _differs(instance: Model, row: Mapping[str, Any], name: str) -> bool:
    """Whether a plain value is another one than was made."""
    now = instance.__dict__.get(name)
    return name in row and type(now) in PLAIN and type(row[name]) in PLAIN and now != row[name]


def _warn(blueprint: Blueprint, told: str) -> None:
    told = f"full_clean() refuses rows of {blueprint.label}: {told}"
    warnings.warn(told, UncleanRow, stacklevel=callers_level())


def callers_level() -> int:
    """How far up the stack the code stands that called the factory."""
    level, frame = 1, sys._getframe(1)
    while frame.f_back is not None and frame.f_globals.get("__name__", "").partition(".")[0] in OURS:
        level, frame = level + 1, frame.f_back
    return level


def _judge(made: Candidate, learn: Learn) -> tuple[Complaint, ...]:
    """What is said of the row after all that could be changed; it has what was found for it."""
    blueprint = made.blueprint
    key = (tuple(made.numbers[name] for name in blueprint.chain), made.edge)
    _apply_patch(made, blueprint.learned.patches.get(key, {}))
    write_files(blueprint, made.row)
    mender, draft = _mender(made), _draft(made)
    compared = blueprint.compared or blueprint.learned.compared
    proven = made.shape in blueprint.proven and not compared
    if proven and not mender.complaints(draft, constraints=blueprint.validates):
        blueprint.learned.good = blueprint.learned.good or draft
        return ()
    complaints = mender.complaints(draft)
    if not complaints:
        if len(blueprint.proven) < SHAPES:
            blueprint.proven.add(made.shape)
        blueprint.learned.good = blueprint.learned.good or draft
        return ()
    blueprint.learned.compared = True
    if not (compared or made.chain.attempt.last) and all(one.code in UNIQUE for one in complaints):
        raise NextRow(blueprint.label, _told(complaints))  # as where the database was the first to say so
    soft = all(complaint.code == UNPRINTABLE for complaint in complaints)
    said = _signature(complaints)
    last = made.chain.attempt.last
    named = [r for r in made.blueprint.relations if r.required and r.kind == "foreign"]
    mentioned = [r for r in named if is_mentioned(r, blueprint.model, _told(complaints).lower())]
    if not (soft or last) and learn(made, mentioned, lambda: not mender.complaints(draft)):
        raise NextRow(blueprint.label, _told(complaints))
    mender.budget = (
        LEAST if soft else min(blueprint.learned.budget, blueprint.learned.budgets.get(said, BUDGET))
    )
    patch = _searched(made, mender, draft, complaints)
    blueprint.learned.budget = max(blueprint.learned.budget - mender.spent // SPREAD, LEAST)
    if patch is None:
        blueprint.learned.budgets[said] = mender.budget
        rest = [r for r in named if r not in mentioned]
        if not (soft or last) and learn(made, rest, lambda: not mender.complaints(draft)):
            raise NextRow(blueprint.label, _told(complaints))
        return () if soft else complaints
    _apply_patch(made, patch)
    blueprint.learned.good = blueprint.learned.good or _draft(made)
    if not made.given:
        blueprint.learned.patches[key] = patch
    return ()


def _searched(
    made: Candidate, mender: _Mender, draft: Draft, complaints: tuple[Complaint, ...]
) -> dict[str, object] | None:
    """Values by attribute that full_clean() takes, None: not found. Rows made in vain are gone again.

    A relation that is to name a row has a true value.
    """
    known, using = len(made.chain.made), made.chain.using
    with transaction.atomic(using=using):
        changes = mender.search(draft, complaints)
        if mender.made:
            transaction.set_rollback(True, using=using)
            del made.chain.made[known:]
    if changes is None:
        return None
    by_column = made.blueprint.by_column
    return {
        by_column[table, column]: draft.values[table][column]
        for table, columns in apply(draft, changes).items()
        for column in columns
    }


def _apply_patch(made: Candidate, patch: Mapping[str, object]) -> None:
    relations = made.blueprint.relation
    for name, value in patch.items():
        if name in relations:
            if not made.is_given(relations[name]):
                made.assign(relations[name], None if value is None else made.relate(relations[name]))
        elif name not in made.given:
            made.row[name] = value


def _mender(made: Candidate, kind: type[_Mender] = _Mender) -> _Mender:
    blueprint = made.blueprint
    seen = blueprint.seen
    assembler = blueprint.assembler
    assembler.first = dict(made.numbers)
    frozen = {blueprint.columns[name] for name in made.given if name in blueprint.columns}
    frozen |= {blueprint.columns[attname] for r in blueprint.relations for attname in r.attnames}
    return kind(
        seen.catalog,
        seen.binding,
        seen.records,
        assembler,
        frozenset(frozen),
        seen.samples.write,
        good=blueprint.learned.good,
        candidate=made,
        unfilled=_unfilled(blueprint, made.row, made.given) | made.left | made.later,
    )


def _unfilled(blueprint: Blueprint, row: Mapping[str, Any], given: frozenset[str]) -> frozenset[str]:
    """Fields that are not judged: the caller's own, what the insertion fills, rows that are to come."""
    to_come = {r.name for r in blueprint.relations if row.get(r.attname) is not None}
    trees = {
        seen.name
        for table, tree in blueprint.trees.items()
        for seen in (blueprint.seen.binding.field(table, column) for column in tree.columns)
    }
    keys = {f.name for f in blueprint.fields if f.primary_key}
    links = {f.name for f in blueprint.fields if f.remote_field and f.remote_field.parent_link}
    return frozenset(trees | keys | links | to_come | given | {name.removesuffix("_id") for name in given})


def _draft(made: Candidate) -> Draft:
    """The row as seeding has it: values by table and column."""
    blueprint, row = made.blueprint, made.row
    draft = Draft(0, made.edge)
    for name in blueprint.chain:
        line: dict[str, object] = {}
        for (table, column), attname in blueprint.by_column.items():
            if table == name:
                line[column] = _held(blueprint, attname, row)
        for link in blueprint.seen.catalog[name].parent_links:
            of_parent = draft.values.get(link.target, {})
            for column, target in zip(link.columns, link.target_columns, strict=True):
                line[column] = of_parent.get(target, line.get(column))
        draft.values[name] = line
        draft.links[name] = {}
    for name, tree in blueprint.trees.items():
        # Judged as a root; where it stands in the end is up to the library's own insertion.
        placed = dict(draft.values[name])
        tree.place([None], [placed])
        draft.values[name].update({column: placed[column] for column in tree.columns})
    return draft


def _held(blueprint: Blueprint, attname: str, row: Mapping[str, Any]) -> object:
    relation = blueprint.relation.get(attname)
    if relation is not None:
        value = row.get(relation.name)
        if isinstance(value, Model):
            return relation.key_of(value)[relation.attnames.index(attname)]
    return row.get(attname)
