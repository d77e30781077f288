"""In the child process: the named states of a migration's own checks, entered on the copy before it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.db.backends.base.base import BaseDatabaseWrapper

from dbstate.rehearsal.orders import Key
from dbstate.rehearsal.own import Enter, checks_of
from dbstate.rehearsal.running import state_now
from dbstate.states import enter


def enter_states(
    connection: BaseDatabaseWrapper, keys: Sequence[Key], now: datetime | None
) -> tuple[str, ...]:
    """Enter all that these migrations want, in order, with the models of now; their names.

    Raises what ``states.enter`` raises, and ChecksError.
    """
    wanted = [one for key in keys for one in checks_of(*key) if isinstance(one, Enter)]
    apps = state_now(connection).apps
    with transaction.atomic(using=connection.alias):
        for one in wanted:
            enter(one.state, using=connection.alias, apps=apps, now=now, **one.params)
    return tuple(one.state for one in wanted)
