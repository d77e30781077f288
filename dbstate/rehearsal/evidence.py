"""What a rehearsal saw, as frozen facts: no judgement, no connection, every field fit for JSON."""

from __future__ import annotations

import dataclasses
import types
import typing
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal, TypeVar, cast

from dbstate.catalog.diff import Difference
from dbstate.rehearsal.asked import Asked
from dbstate.snapshots import ColumnChange, DroppedColumn, Sample, TableChange

__all__ = [
    "Answer",
    "ColumnChange",
    "Comparison",
    "CopyFacts",
    "Difference",
    "DroppedColumn",
    "Evidence",
    "Failure",
    "FailureKind",
    "HalfWay",
    "How",
    "Leftover",
    "Lock",
    "Moment",
    "OldCode",
    "OperationRun",
    "Phase",
    "Run",
    "Sample",
    "SequenceBehind",
    "Statement",
    "Step",
    "TableChange",
    "Unvalidated",
    "WrittenBack",
    "as_json",
    "from_json",
]

Phase = Literal["parents", "apply", "reverse", "reapply"]
"""``parents`` are the unapplied migrations before the targets, which the copy needs first."""

Moment = Literal["before", "applied", "returned", "reapplied"]
"""After the parents, the targets, their reverse, and the targets once more."""

FailureKind = Literal["raised", "irreversible", "timeout", "lost connection", "died", "outside", "setup"]
"""``raised``: an exception of the migration or of the database. ``lost connection``: its session to the copy
ended. ``died``: the process ended. ``outside``: it wanted something that a rehearsal refuses (another
database's rows, the network), so that nothing is said of the rows. ``setup``: the project did not start in
the child process, or its migrations came out otherwise there."""

How = Literal["template", "dump", "on", "generated"]


@dataclass(frozen=True, slots=True)
class CopyFacts:
    """The copy that was migrated."""

    how: How
    database: str
    seconds: float
    bytes: int
    """Size of what was copied; 0 for generated rows."""
    server: str
    """Version of the server that held it."""
    notes: tuple[str, ...] = ()
    """Why this way and no other, what was neutralised in it, one sentence each."""
    rows_made: int = 0
    """For generated rows: how many."""


@dataclass(frozen=True, slots=True)
class Statement:
    """One SQL text of an operation, without its parameters."""

    sql: str
    count: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Lock:
    """The strongest lock that a migration held on a table, and for how long until its transaction ended."""

    table: str
    mode: str
    """As PostgreSQL writes it: ``AccessExclusiveLock``."""
    seconds: float
    operation: int | None
    """Index of the operation that took it; None at the end of the migration."""


@dataclass(frozen=True, slots=True)
class OperationRun:
    """One operation of a migration as it ran."""

    index: int
    kind: str
    """Class name: ``AddField``."""
    text: str
    """What Django says of it: ``Add field currency to order``."""
    seconds: float
    statements: tuple[Statement, ...]
    """The slowest first; of many only some."""
    rewritten: tuple[str, ...]
    """Tables that were written anew."""


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a phase ended early. Empty strings where nothing is known."""

    kind: FailureKind
    phase: Phase
    message: str
    migration: str = ""
    """``shop.0042_order_currency``."""
    operation: int | None = None
    """Index of the operation; None before the first and at the end (deferred SQL, commit)."""
    operation_text: str = ""
    exception: str = ""
    """Dotted class name."""
    sqlstate: str = ""
    constraint: str = ""
    table: str = ""
    column: str = ""
    detail: str = ""
    """What PostgreSQL says of the row; it may hold values."""
    statement: str = ""
    where: str = ""
    """``path:line`` in the project's code, the last one."""
    asked: tuple[Asked, ...] = ()
    """What the rows said to the operation that failed, just before it."""


@dataclass(frozen=True, slots=True)
class Step:
    """One migration as it ran, forwards or backwards."""

    migration: str
    atomic: bool
    seconds: float
    operations: tuple[OperationRun, ...]
    locks: tuple[Lock, ...]
    deferred: tuple[Statement, ...] = ()
    """What ran after the last operation: indexes and keys that Django puts off."""


@dataclass(frozen=True, slots=True)
class Run:
    """One phase."""

    phase: Phase
    seconds: float
    steps: tuple[Step, ...]
    failure: Failure | None = None
    refused: tuple[str, ...] = ()
    """What the sandbox refused while it ran, even where the migration went on."""
    output: str = ""
    """The end of what it printed."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """The copy at two moments."""

    tables: tuple[TableChange, ...]
    """Tables of the earlier moment that changed, by name; Django's own record of migrations is left out."""
    new_tables: tuple[tuple[str, int], ...]
    """Tables that were not there before, and their rows."""
    schema: tuple[Difference, ...]
    renamed_content_types: bool = False
    """Whether Django itself renamed content types, as it does where a model is renamed."""


@dataclass(frozen=True, slots=True)
class Unvalidated:
    """Something that the migration left behind without proof that the rows obey it."""

    kind: Literal["constraint", "index", "not null"]
    table: str
    name: str
    definition: str


@dataclass(frozen=True, slots=True)
class SequenceBehind:
    """A sequence whose next number is taken: the next insert fails. It was not so before."""

    table: str
    column: str
    sequence: str
    next_value: int
    greatest: int


@dataclass(frozen=True, slots=True)
class WrittenBack:
    """A try to write rows of a new or changed model and to read them back; rolled back."""

    model: str
    table: str
    new: bool
    """Whether the table was not there before."""
    rows: int
    failure: str = ""
    """What went wrong; empty when every field came back as it was written."""
    tried: bool = True
    """False where no rows could be made for it (``failure`` says why): nothing is known."""


@dataclass(frozen=True, slots=True)
class OldCode:
    """What the code of before can no longer do while both versions run."""

    table: str
    action: Literal["read", "insert", "write NULL", "mistake"]
    reason: str
    column: str = ""


@dataclass(frozen=True, slots=True)
class Leftover:
    """Something that an unfinished migration leaves in the database, and the SQL that clears it."""

    text: str
    sql: str
    """Empty where only a person can tell."""


@dataclass(frozen=True, slots=True)
class HalfWay:
    """A non-atomic migration that was made to fail at this operation."""

    migration: str
    operation: int
    inside: bool
    """Whether in the midst of it (an index that is made concurrently); else before it."""
    leftovers: tuple[Leftover, ...]
    runs_again: bool
    """Whether the migration goes through when it is run once more as things stand."""
    message: str = ""
    """Why it does not."""
    runs_after_clearing: bool | None = None
    """Whether it goes through after the clearing SQL; None where that was not needed."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a function of ``Request.calls`` told, in the child process."""

    moment: Moment
    function: str
    told: Any
    """JSON; None where it raised."""
    failure: str = ""


@dataclass(frozen=True, slots=True)
class Evidence:
    """All that a rehearsal saw; None and empty where it did not come so far."""

    copy: CopyFacts
    runs: tuple[Run, ...]
    applied: Comparison | None = None
    """After the targets against before them."""
    returned: Comparison | None = None
    """After their reverse against before them: the round trip."""
    repeated: Comparison | None = None
    """After the second application against after the first: the schema only. With ``Request.backwards``
    against the start, rows too."""
    unvalidated: tuple[Unvalidated, ...] = ()
    drift: tuple[Difference, ...] = ()
    """Where the database contradicts the models after the migration, and did not before."""
    written: tuple[WrittenBack, ...] = ()
    old_code: tuple[OldCode, ...] = ()
    sequences: tuple[SequenceBehind, ...] = ()
    leftovers: tuple[Leftover, ...] = ()
    """After a failed application: what it left behind; empty when the failure undid everything."""
    halfway: tuple[HalfWay, ...] = ()
    answers: tuple[Answer, ...] = ()
    notes: tuple[str, ...] = ()
    """What could not be looked at, one sentence each."""

    def run(self, phase: Phase) -> Run | None:
        """The run of this phase; None when it did not come to it."""
        return next((run for run in self.runs if run.phase == phase), None)

    @property
    def failure(self) -> Failure | None:
        """The first failure."""
        return next((run.failure for run in self.runs if run.failure), None)


T = TypeVar("T")


def as_json(fact: Any) -> Any:
    """A fact of this module as objects, lists, texts, numbers and None."""
    if isinstance(fact, tuple | list):
        return [as_json(one) for one in fact]
    if dataclasses.is_dataclass(fact):
        return {one.name: as_json(getattr(fact, one.name)) for one in dataclasses.fields(fact)}
    return fact


def from_json(kind: type[T], told: Any) -> T:
    """The fact of this class that ``as_json`` made ``told`` of. Raises KeyError, TypeError on others."""
    made: T = _read(kind, told)
    return made


@cache
def _hints(kind: Any) -> dict[str, Any]:
    return typing.get_type_hints(kind)


def _read(kind: Any, told: Any) -> Any:
    if dataclasses.is_dataclass(kind):
        hints = _hints(cast(Any, kind))
        names = [one.name for one in dataclasses.fields(kind)]
        return kind(**{name: _read(hints[name], told[name]) for name in names})  # type: ignore[operator]  # a class
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin in (typing.Union, types.UnionType):
        if told is None:
            return None
        (kind,) = [one for one in arguments if one is not type(None)]
        return _read(kind, told)
    if origin is tuple:
        if arguments[-1] is Ellipsis:
            return tuple(_read(arguments[0], one) for one in told)
        return tuple(_read(one, value) for one, value in zip(arguments, told, strict=True))
    return told
