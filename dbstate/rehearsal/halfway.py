"""What a non-atomic migration leaves when it fails half-way, tried on a copy of its own."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from django.db import Error
from django.db.backends.base.base import BaseDatabaseWrapper

from dbstate.catalog import Catalog
from dbstate.rehearsal.evidence import HalfWay, Leftover, Step
from dbstate.rehearsal.remains import leftovers_of
from dbstate.rehearsal.trap import Stop

Attempt = Callable[[Stop | None], str]
"""Run the migration, to this stop or to its end; why it failed, empty when it did not."""


def where_to_stop(step: Step) -> Stop | None:
    """Where a failure leaves most: inside of its last concurrent index, else before its last operation.

    None where there is nothing between beginning and end.
    """
    if step.atomic:
        return None
    concurrent = [one.index for one in step.operations if _is_concurrent(one.statements)]
    if concurrent:
        return Stop(concurrent[-1], inside=True)
    return Stop(len(step.operations) - 1) if len(step.operations) > 1 else None


def _is_concurrent(statements: Sequence[object]) -> bool:
    texts = (str(getattr(one, "sql", "")).upper() for one in statements)
    return any("CONCURRENTLY" in text and text.lstrip().startswith("CREATE") for text in texts)


def tried_halfway(
    copy: BaseDatabaseWrapper,
    step: Step,
    stop: Stop,
    attempt: Attempt,
    catalog: Callable[[], Catalog],
) -> HalfWay:
    """Fail, look at what is left, run it again, clear, and run it again."""
    before = catalog()
    attempt(stop)
    leftovers = leftovers_of(before, catalog())
    message = attempt(None)
    cleared = None
    if message and leftovers:
        cleared = _cleared(copy, leftovers) and not attempt(None)
    return HalfWay(step.migration, stop.operation, stop.inside, leftovers, not message, message, cleared)


def _cleared(copy: BaseDatabaseWrapper, leftovers: Sequence[Leftover]) -> bool:
    """Whether the clearing SQL went, all of it."""
    try:
        with copy.cursor() as cursor:
            for leftover in leftovers:
                if not leftover.sql:
                    return False
                cursor.execute(leftover.sql)
    except Error:
        return False
    return True
