"""Puts marks on a database, and takes them off."""

from __future__ import annotations

from django.db.backends.base.base import BaseDatabaseWrapper

from dbstate.guard.facts import Mark
from dbstate.guard.looking import read_facts
from dbstate.guard.marks import WRITERS, MarkError
from dbstate.guard.verdicts import judge_needs


def mark(connection: BaseDatabaseWrapper) -> None:
    """Say that all rows of this database may be lost. Raises MarkError."""
    _put_mark(connection, "disposable")


def claim(connection: BaseDatabaseWrapper) -> None:
    """Note that seeding found nobody's rows in this database, so that a later seeding may top it up.

    To be called before the first write, on a database whose verdict passed ``no_rows`` or
    ``migrations``. It permits seeding only, nothing that removes rows. Raises MarkError.
    """
    _put_mark(connection, "claimed")


def _put_mark(connection: BaseDatabaseWrapper, kind: Mark) -> None:
    facts = read_facts(connection)
    for need in judge_needs(facts):
        if not need.passed:
            raise MarkError("mark", facts.place, need.message, "use another database")
    if facts.in_memory:
        raise MarkError("mark", facts.place, "it is held in memory only", "it needs no mark: go on")
    if facts.identity is None:
        found = "this role may not call pg_control_system(), so a copy would count as marked too"
        raise MarkError("mark", facts.place, found, "name it in DBSTATE['ALLOW']")
    kept = [(other, at) for other, at in facts.marks if other != kind and at == facts.identity]
    WRITERS[connection.vendor](connection, facts, (*kept, (kind, facts.identity)))


def unmark(connection: BaseDatabaseWrapper) -> bool:
    """Take every mark off; whether there was one. Raises MarkError."""
    facts = read_facts(connection)
    if facts.marks:
        WRITERS[connection.vendor](connection, facts, ())
    return bool(facts.marks)
