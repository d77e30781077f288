"""Let full_clean() look at a row before it is written, and change what it refuses."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Model

from dbstate.binding import Complaint
from dbstate.factories.blueprint import Blueprint
from dbstate.factories.chain import Chain
from dbstate.factories.errors import NextRow
from dbstate.rows import Draft
from dbstate.seeding.mend import Change, Mender, apply


class UncleanRow(UserWarning):
    """Rows of a model are written that full_clean() refuses, as no values were found that it takes."""


@dataclass(slots=True)
class _Mender(Mender):
    """Judges rows that are not written yet: what their insertion fills is not complained about."""

    unfilled: frozenset[str] = field(default_factory=frozenset)

    def complaints(self, draft: Draft, changes: Any = ()) -> tuple[Complaint, ...]:
        """See Mender."""
        values = {name: dict(line) for name, line in draft.values.items()}
        for change in changes:
            values[change.table].update(change.values)
        self.spent += 1
        instance = self.binding.instance(self.assembler.chain[-1], values)
        instance._state.adding = True
        found = self.binding.full_clean(instance)
        return tuple(complaint for complaint in found if complaint.field not in self.unfilled)


def judge(
    blueprint: Blueprint, row: dict[str, Any], given: frozenset[str], numbers: Mapping[str, int], edge: str
) -> tuple[Complaint, ...]:
    """Change made values (never given ones) of the row until full_clean() takes it.

    Looks at each row where clean() or a unique key of few values may object, else at the first of the
    model. Answers what is still said of it; see ``settle``.
    """
    if blueprint.proven and not blueprint.judged:
        return ()
    key = (tuple(numbers[name] for name in blueprint.chain), edge)
    for name, value in blueprint.patches.get(key, {}).items():
        if name not in given:
            row[name] = value
    mender = _mender(blueprint, row, given, numbers)
    draft = _draft(blueprint, row, edge)
    complaints = mender.complaints(draft)
    if not complaints:
        blueprint.proven = True
        blueprint.good = blueprint.good or draft
        return ()
    blueprint.judged = True
    changes = mender.search(draft, complaints)
    if changes is None:
        blueprint.budget = mender.budget
        return complaints
    _write(blueprint, row, draft, changes, key if not given else None)
    return ()


def settle(
    blueprint: Blueprint, chain: Chain, complaints: tuple[Complaint, ...], given: frozenset[str]
) -> None:
    """What to do about a row that stays refused: another one is tried (NextRow) as long as there are.

    At last it is made all the same, with a warning where nothing was given: the database may take it.
    """
    if not complaints or given:
        return
    told = "; ".join(f"{c.field or 'the row'}: {c.message}" for c in complaints)
    if not chain.attempt.last:
        raise NextRow(f"{blueprint.label}: {told}")
    warnings.warn(f"full_clean() refuses rows of {blueprint.label}: {told}", UncleanRow, stacklevel=2)


def _write(
    blueprint: Blueprint,
    row: dict[str, Any],
    draft: Draft,
    changes: list[Change],
    key: tuple[tuple[int, ...], str] | None,
) -> None:
    patch: dict[str, object] = {}
    for table, columns in apply(draft, changes).items():
        for column in columns:
            patch[blueprint.by_column[table, column]] = draft.values[table][column]
    row.update(patch)
    if key is not None:
        blueprint.patches[key] = patch


def _mender(
    blueprint: Blueprint, row: Mapping[str, Any], given: frozenset[str], numbers: Mapping[str, int]
) -> _Mender:
    seen = blueprint.seen
    assembler = blueprint.assembler
    assembler.first = dict(numbers)
    frozen = {blueprint.columns[name] for name in given if name in blueprint.columns}
    frozen |= {blueprint.columns[attname] for r in blueprint.relations for attname in r.attnames}
    return _Mender(
        seen.catalog,
        seen.binding,
        seen.records,
        assembler,
        frozenset(frozen),
        seen.samples.write,
        good=blueprint.good,
        budget=blueprint.budget,
        unfilled=_unfilled(blueprint, row, given),
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


def _draft(blueprint: Blueprint, row: Mapping[str, Any], edge: str) -> Draft:
    """The row as seeding has it: values by table and column."""
    draft = Draft(0, edge)
    for name in blueprint.chain:
        line: dict[str, object] = {}
        for (table, column), attname in blueprint.by_column.items():
            if table == name:
                line[column] = _held(blueprint, attname, row)
        draft.values[name] = line
        draft.links[name] = {}
    return draft


def _held(blueprint: Blueprint, attname: str, row: Mapping[str, Any]) -> object:
    relation = blueprint.relation.get(attname)
    if relation is not None:
        value = row.get(relation.name)
        if isinstance(value, Model):
            return relation.key_of(value)[relation.attnames.index(attname)]
    return row.get(attname)
