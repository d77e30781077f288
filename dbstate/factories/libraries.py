"""Rows that Django or a library makes, content types or permissions say: one that is there is named."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from django.db.models import Model

from dbstate.factories.blueprint import CONTENT_TYPE, Blueprint, Relation

MOST = 1000
"""So many of them are chosen from."""


def library_row(
    blueprint: Blueprint, relation: Relation, number: int, taken: Sequence[Model], *, attempt: int = 0
) -> Model | None:
    """The library's row for this row number, of those that fit the other rows named; None: it has none."""
    target = relation.target
    assert target is not None  # only the rows of one model are a library's
    table, _ = blueprint.columns[relation.attname]
    allowed = blueprint.seen.binding.allowed(table, relation.name) if relation.limited else None
    rows = target._base_manager.using(blueprint.seen.using).all() if allowed is None else allowed
    rows = rows.order_by("pk")
    fitting = [*_fitting(blueprint, target, taken)]
    for at in range(len(fitting)):
        narrowed = rows.filter(**fitting[(at + attempt) % len(fitting)])
        if narrowed.exists():
            rows = narrowed
            break
    count = min(rows.count(), MOST)
    return rows[number % count] if count else None


def _fitting(
    blueprint: Blueprint, target: type[Model], taken: Sequence[Model]
) -> Iterator[dict[str, object]]:
    """What a library's row may have in common with the rows named besides it: a row, or their type.

    A permission of a document's, for one, is of the type of documents. Models of the same app go first.
    """
    table = blueprint.seen.table(target)
    own_app = blueprint.model._meta.app_label
    for one in sorted(taken, key=lambda named: named._meta.app_label != own_app):
        name = one._meta.concrete_model._meta.db_table  # type: ignore[union-attr]
        for key in table.foreign_keys:
            named = blueprint.seen.catalog.tables.get(key.target)
            if key.target == name:
                yield {key.name: one.pk}
            elif named is not None and named.label.lower() == CONTENT_TYPE:
                yield {key.name: blueprint.seen.records.content_type(name)}
