"""One call of a factory: the words that are no fields, the chain, and the tries until its rows are taken."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

from django.db import DataError, IntegrityError, connections, transaction
from django.db.models import Model

from dbstate.adapters import unscoped
from dbstate.factories.blueprint import blueprint_of
from dbstate.factories.chain import Attempt, Chain, Closed, Tried
from dbstate.factories.counting import place_of
from dbstate.factories.described import Described
from dbstate.factories.errors import BadOverride, NextRow, RowRefused
from dbstate.factories.giving import checked_edge, with_rows, written
from dbstate.factories.saving import refusal

ATTEMPTS = 12
"""So many rows are tried where the database, save() or full_clean() refuses made values."""

counted_in_batch: ContextVar[dict[str, int] | None] = ContextVar("dbstate_counted", default=None)
"""The next row number of each table, while a batch is written outside of a transaction."""


@dataclass(frozen=True, slots=True)
class Words:
    """What a call says beside fields."""

    edge: str
    given: tuple[Model, ...]
    """Rows that the chain shares: those of ``shared``, and those given for fields."""
    below: Model | None
    """The row below which a tree's own insertion is to put the new one."""


def own_words(options: Any, params: dict[str, Any], *, create: bool) -> Words:
    """Takes the words that are not fields out of the parameters, unless the model has such fields.

    Keys among these become the rows that they name, where rows are written.
    """
    if not params:
        return Words("", (), None)
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
    return Words(edge, (*rows, *(value for value in params.values() if isinstance(value, Model))), below)


def _shared_rows(shared: Any) -> Iterable[Any]:
    if isinstance(shared, Mapping):
        return shared.values()
    if isinstance(shared, str) or not isinstance(shared, Iterable):
        raise BadOverride(f"cannot share {shared!r}: shared takes model instances")
    return shared


def new_chain(
    cls: Any,
    words: Words,
    create: bool,
    attempt: Attempt,
    *,
    collected: bool = False,
    optional: bool = False,
    closed: Closed = frozenset(),
) -> Chain:
    return Chain(
        cls._meta.database,
        create,
        given=list(words.given),
        below=words.below,
        collected=collected,
        optional=optional,
        closed=closed,
        attempt=attempt,
    )


def attempted(
    cls: Any, act: Callable[[Attempt], Any], said: Mapping[str, Any], given: Collection[Model] = ()
) -> Any:
    """What ``act`` makes, all or nothing; the next rows where made values were refused.

    Rows among the ``given`` ones that are not written yet are written with it; ``said`` is what the call
    said of the row's fields.

    The last time, what full_clean() refuses is made all the same.
    """
    connection = connections[cls._meta.database]
    place = place_of(connection)
    refusals: dict[str, list[str]] = {}
    varied: dict[str, Tried] = {}
    batch = counted_in_batch.get()
    counted = {} if batch is None else batch
    for number in range(ATTEMPTS):
        if number:
            counted.clear()  # somebody else may have written rows since
        attempt = Attempt(number, number == ATTEMPTS - 1, place, refusals, varied, counted)
        try:
            with (
                unscoped(),
                transaction.atomic(using=cls._meta.database),
                written(cls._meta.blueprint.seen, given) as new,
            ):
                attempt.wrote.extend(new)
                return act(attempt)
        except NextRow as refused_row:
            if refused_row.saving:
                refusals.setdefault(refused_row.label, []).append(refused_row.told)
        except RowRefused as refused:
            if attempt.last or (refused.given and not refused.others_may_do):
                raise
            seen: Described = cls._meta.blueprint.seen
            table = seen.catalog.by_label.get(refused.label.lower())
            refusals.setdefault(refused.label, []).append(refused.verdict.detail or refused.verdict.message)
            if table is not None and refused.verdict.reason == "unique":
                # Rows that came with their keys, as those of fixtures do, leave the sequence behind.
                seen.backend.advance_sequences(seen.connection, [table])
                blueprint_of(seen, seen.binding.model(table.name)).learned.compared = True
            if table is None or (not seen.learn((table.name,)) and refused.verdict.reason == "permission"):
                raise
        except (IntegrityError, DataError) as error:
            # A constraint that is deferred, or code of the project's that writes by itself.
            seen = cls._meta.blueprint.seen
            verdict = seen.backend.classify(error)
            of_table = cls._meta.blueprint
            if verdict.table in seen.catalog.tables and verdict.table not in of_table.chain:
                of_table = blueprint_of(seen, seen.binding.model(verdict.table))
            own = {name.rpartition("__")[2]: value for name, value in said.items()}
            raise refusal(of_table, [SimpleNamespace(**own)], verdict, own) from error
    raise AssertionError("the last attempt returns or raises")
