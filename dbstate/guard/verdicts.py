"""The verdict on a database: a function of facts and settings."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from django.db.backends.base.base import BaseDatabaseWrapper

from dbstate.conf import Conf
from dbstate.errors import GuardRefusal
from dbstate.guard.facts import Facts, Mark, Occupancy, Rehearsal
from dbstate.guard.looking import READERS, read_facts
from dbstate.guard.rehearsing import rehearse

Purpose = Literal["seed", "write"]
"""``seed`` adds rows and touches no others; ``write`` may change or remove rows."""

_NAMED = 5  # tables that a reason names


@dataclass(frozen=True, slots=True)
class Reason:
    """One thing that was looked at: all needs must pass, and one ground."""

    code: str
    kind: Literal["need", "ground"]
    passed: bool
    message: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a database may be written to for this purpose, and all that speaks for and against."""

    alias: str
    name: str
    place: str
    purpose: Purpose
    reasons: tuple[Reason, ...]
    permit_line: str
    """The command that permits it; empty where nothing does (a need fails)."""

    @property
    def needs(self) -> tuple[Reason, ...]:
        """What must hold."""
        return tuple(reason for reason in self.reasons if reason.kind == "need")

    @property
    def grounds(self) -> tuple[Reason, ...]:
        """Of which one is enough."""
        return tuple(reason for reason in self.reasons if reason.kind == "ground")

    @property
    def allowed(self) -> bool:
        """All needs hold, and at least one ground."""
        return self.can_be_permitted and any(reason.passed for reason in self.grounds)

    @property
    def can_be_permitted(self) -> bool:
        """Whether a mark, or a typed name, would be enough."""
        return all(reason.passed for reason in self.needs)

    def with_typed(self, typed: str) -> Verdict:
        """The same verdict after a person typed ``typed`` when asked for the database's name."""
        return replace(self, reasons=(*self.reasons, _typed(self.name, typed)))

    def refusal(self) -> Refused:
        """The error to raise when this verdict does not allow."""
        return Refused(self)


class Refused(GuardRefusal):
    """The guard refuses; ``verdict`` says why."""

    def __init__(self, verdict: Verdict) -> None:
        self.verdict = verdict
        needs = [need.message for need in verdict.needs if not need.passed]
        found = needs or _lacking(verdict.grounds)
        if verdict.can_be_permitted:
            remedy = f"if all of its rows may be lost, permit it with\n  {verdict.permit_line}"
        else:
            remedy = "use another database; no mark permits this one"
        what = f"database {verdict.place!r} (alias {verdict.alias!r})"
        super().__init__(f"cannot write to {what}: {', and '.join(found)}; {remedy}")


def _lacking(grounds: Sequence[Reason]) -> list[str]:
    """What no database of a stranger has, in one clause; then what speaks against this one."""
    compared = any(ground.code == "migrations" for ground in grounds)
    against = [
        f"it is {ground.message}" if "as another" in ground.message else f"it {ground.message}"
        for ground in grounds
        if not ground.passed
        and (ground.code in ("no_rows", "migrations") or "as another" in ground.message)
        # Which rows its migrations do not make says more than that there are rows.
        and not (compared and ground.code == "no_rows")
    ]
    return ["it is no test or embedded database, not marked, not named in DBSTATE['ALLOW']", *against]


def verdict(
    connection: BaseDatabaseWrapper,
    *,
    conf: Conf,
    purpose: Purpose = "write",
    note: Callable[[str], object] = lambda text: None,
) -> Verdict:
    """Look at the database behind the connection and judge it for the purpose.

    Where only the rows speak against seeding, compares them with those that the migrations make, which
    takes seconds and is announced through ``note``. Raises what the driver raises when the database
    cannot be reached.
    """
    facts = read_facts(connection, occupancy=purpose == "seed")
    found = judge(facts, conf=conf, purpose=purpose)
    if found.allowed or not found.can_be_permitted or not (facts.occupancy and facts.occupancy.occupied):
        return found
    return judge(replace(facts, rehearsal=rehearse(connection, note=note)), conf=conf, purpose=purpose)


def judge(facts: Facts, *, conf: Conf, purpose: Purpose = "write") -> Verdict:
    """The verdict that follows from the facts and the settings; reaches no database."""
    needs = judge_needs(facts)
    grounds = [_test_database(facts), _embedded(facts), _marked(facts), _allowed(facts, conf)]
    if facts.vendor == "sqlite":
        grounds.insert(1, _in_memory(facts))
    if purpose == "seed":
        grounds += [_claimed(facts), _no_rows(facts)]
        if facts.rehearsal is not None:
            grounds.append(_migrations(facts.rehearsal))
    line = f"python manage.py dbstate_guard --mark --database {facts.alias}"
    permitted = all(need.passed for need in needs)
    return Verdict(
        facts.alias, facts.name, facts.place, purpose, (*needs, *grounds), line if permitted else ""
    )


def judge_needs(facts: Facts) -> tuple[Reason, ...]:
    """What must hold whatever else is true."""
    return (_vendor(facts), _standby(facts), _read_only(facts))


def _need(code: str, passed: bool, good: str, bad: str) -> Reason:
    return Reason(code, "need", passed, good if passed else bad)


def _ground(code: str, passed: bool, good: str, bad: str) -> Reason:
    return Reason(code, "ground", passed, good if passed else bad)


def _vendor(facts: Facts) -> Reason:
    known = facts.vendor in READERS
    return _need(
        "vendor",
        known,
        f"it is {facts.vendor}, which dbstate knows",
        f"dbstate cannot tell what would be lost on {facts.vendor}",
    )


def _standby(facts: Facts) -> Reason:
    return _need("standby", not facts.standby, "it is no standby", "it is a standby of another server")


def _read_only(facts: Facts) -> Reason:
    return _need("read_only", not facts.read_only, "it can be written to", "this connection may only read")


def _test_database(facts: Facts) -> Reason:
    return _ground(
        "test_database",
        facts.test_database,
        "this test run's own database",
        "no database that a test run made",
    )


def _in_memory(facts: Facts) -> Reason:
    return _ground("in_memory", facts.in_memory, "held in memory only", "kept in a file")


def _embedded(facts: Facts) -> Reason:
    return _ground("embedded", facts.embedded, "dbstate's embedded server", "not dbstate's embedded server")


def _marked(facts: Facts) -> Reason:
    passed, found = _find_mark(facts, "disposable")
    return _ground("marked", passed, "marked as disposable", found)


def _claimed(facts: Facts) -> Reason:
    passed, found = _find_mark(facts, "claimed")
    return _ground("claimed", passed, "held nobody's rows when dbstate first filled it", found)


def _find_mark(facts: Facts, kind: Mark) -> tuple[bool, str]:
    given = [identity for mark, identity in facts.marks if mark == kind]
    word = "marked" if kind == "disposable" else "claimed by an earlier seeding"
    if not given:
        return False, f"not {word}"
    if facts.identity in given:
        return True, ""
    return False, f"{word} as another database ({given[0].name}): this one is a copy, or was renamed"


def _allowed(facts: Facts, conf: Conf) -> Reason:
    names = {facts.alias, facts.name, facts.place, f"{facts.host}:{facts.port}/{facts.name}"}
    if facts.vendor == "sqlite":
        names.add(os.path.basename(facts.name))
    hit = sorted(names & set(conf.allow))
    return _ground(
        "allowed",
        bool(hit),
        f"named in DBSTATE['ALLOW'] ({', '.join(hit)})",
        "not named in DBSTATE['ALLOW']",
    )


def _no_rows(facts: Facts) -> Reason:
    occupancy = facts.occupancy or Occupancy(unreadable=("its tables were not looked at",))
    if occupancy.unreadable:
        bad = f"cannot be looked through ({', '.join(occupancy.unreadable)})"
    else:
        bad = f"holds rows ({', '.join(occupancy.occupied)})"
    passed = not occupancy.occupied and not occupancy.unreadable
    return _ground("no_rows", passed, "holds no rows beyond those that migrate makes", bad)


def _migrations(rehearsal: Rehearsal) -> Reason:
    if rehearsal.failure:
        bad = f"cannot be compared with what its migrations make ({rehearsal.failure})"
    else:
        told = [f"{found.table}: {found.rows} of {found.held}" for found in rehearsal.excess[:_NAMED]]
        more = len(rehearsal.excess) - _NAMED
        told += [f"and {more} more tables"] if more > 0 else []
        bad = f"holds rows that its migrations do not make ({', '.join(told)})"
    passed = not rehearsal.failure and not rehearsal.excess
    return _ground("migrations", passed, "holds only rows that its migrations make", bad)


def _typed(name: str, typed: str) -> Reason:
    return _ground("typed", typed == name, "its name was typed", "another name was typed")
