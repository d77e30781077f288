"""What a database backend can be asked, the facts that it answers with, and its refusals."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Literal, Protocol, TypeAlias

from django.db.backends.base.base import BaseDatabaseWrapper

from dbstate.catalog.tables import Catalog, Table
from dbstate.errors import DbstateError

Connection: TypeAlias = BaseDatabaseWrapper
"""``django.db.connections[alias]``."""

Row = Sequence[Any]
"""Values in the form that ``Field.get_db_prep_save`` returns, in the order of the columns named."""

Reason = Literal[
    "not null",
    "unique",
    "check",
    "exclusion",
    "foreign key",
    "length",
    "range",
    "format",
    "encoding",
    "size",
    "permission",
    "trigger",
    "other",
]

REASONS: Mapping[str, Reason] = MappingProxyType(
    {
        "23502": "not null",
        "23505": "unique",
        "23514": "check",
        "23P01": "exclusion",
        "23503": "foreign key",
        "23001": "foreign key",
        "22001": "length",
        "22003": "range",
        "22008": "range",
        "22007": "format",
        "22P02": "format",
        "22P04": "format",
        "22021": "encoding",
        "22P05": "encoding",
        "54000": "size",
        "42501": "permission",
        "P0001": "trigger",
    }
)
"""What a SQLSTATE means for a row; what is not here is "other"."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """Why a database refuses a row. Empty strings where the database names nothing.

    ``sqlstate`` is PostgreSQL's code on every vendor.
    """

    sqlstate: str
    constraint: str = ""
    """Name of the constraint or unique index in the real table, or of a domain's constraint."""
    column: str = ""
    message: str = ""
    detail: str = ""
    table: str = ""
    """The table that refuses, where the database names it: a deferred foreign key's own."""

    @property
    def reason(self) -> Reason:
        """The kind of rule that was broken."""
        return REASONS.get(self.sqlstate, "other")


@dataclass(frozen=True, slots=True)
class Server:
    """What is at the other end of a connection."""

    vendor: str
    version: str
    """As the server writes it, for example ``18.4`` or ``3.45.1``."""
    database: str
    host: str = ""
    """Host name, address or folder of the socket; empty for a file."""
    port: str = ""
    user: str = ""
    encoding: str = "UTF8"
    is_standby: bool = False
    read_only: bool = False
    may_use_temporary_tables: bool = True
    lock_slots: int | None = None
    """How many locks the server's shared table holds by its settings; None when unlimited."""


class Unsupported(DbstateError):
    """The database is of a kind or a version that is not served."""


class Unreachable(DbstateError):
    """The database does not answer."""

    def __init__(self, alias: str, address: str, found: str) -> None:
        self.alias, self.address, self.found = alias, address, found
        super().__init__(
            f"cannot reach database '{alias}' ({address}): {found}; "
            f"start the server, create the database, or correct DATABASES['{alias}']"
        )


class GaveUp(DbstateError):
    """The database answers, and could not go on with what it was asked for."""

    def __init__(self, alias: str, address: str, found: str, sqlstate: str) -> None:
        self.alias, self.address, self.found, self.sqlstate = alias, address, found, sqlstate
        remedy = REMEDIES.get(sqlstate, "see the server's log")
        super().__init__(f"cannot go on in database '{alias}' ({address}): {found}; {remedy}")


REMEDIES: Mapping[str, str] = MappingProxyType(
    {
        "53100": "make room on the server's disk",
        "53200": "raise max_locks_per_transaction, or give the server more memory",
        "53300": "wait until other connections have ended",
        "55P03": "wait until other sessions have let go of the tables",
        "40P01": "wait until other sessions have ended, and run it again",
        "57014": "raise statement_timeout, or ask for fewer rows",
        "SQLITE_BUSY": "wait until other programs have let go of the file",
        "SQLITE_FULL": "make room on the disk",
    }
)
"""What to do about a SQLSTATE, or SQLite's name of an error, that is about no row."""


class TableMissing(DbstateError):
    """Tables that should be in the database are not."""

    def __init__(self, tables: Sequence[str]) -> None:
        self.tables = tuple(tables)
        super().__init__(
            f"cannot find {', '.join(tables)} in the database: no such table on the search path; "
            "run the migrations, or correct db_table"
        )


class NotPermitted(DbstateError):
    """The database user lacks a right."""


class JudgeUnavailable(DbstateError):
    """The database does not let a temporary twin of a table be made."""

    def __init__(self, table: str, found: str) -> None:
        self.table, self.found = table, found
        super().__init__(
            f"cannot try rows of {table} in a temporary twin: {found}; the connection's user needs TEMPORARY "
            "on the database and SELECT on the table, outside of a read-only transaction"
        )


class LoadRefused(DbstateError):
    """The database refused rows; the facts are in ``verdict``."""

    def __init__(self, table: str, verdict: Verdict) -> None:
        self.table, self.verdict = table, verdict
        rule = f" ({verdict.constraint})" if verdict.constraint else ""
        where = f" in column {verdict.column}" if verdict.column else ""
        detail = f" ({verdict.detail})" if verdict.detail else ""
        super().__init__(
            f"cannot load rows into {table}: {verdict.reason}{rule} refused them{where}: "
            f"{verdict.message}{detail}; none of them was kept"
        )


class Unencodable(DbstateError):
    """A value that no text of this database can stand for; what a judge would say of it is ``verdict``."""

    def __init__(self, value: object, verdict: Verdict) -> None:
        self.value, self.verdict = value, verdict
        super().__init__(f"cannot write {value!r} to the database: {verdict.message}")


class Judge(Protocol):
    """A twin of one table that answers whether rows would be accepted."""

    @property
    def sees_all(self) -> bool:
        """Whether every row of the real table is in the twin, as far as a rule compares rows."""

    def try_rows(
        self, columns: Sequence[str], rows: Sequence[Row], *, keep: bool = False
    ) -> list[Verdict | None]:
        """For each row the verdict, None where it is accepted.

        Columns that are not named take their default. With ``keep``, an accepted row stays, and
        later rows (of this call too) are judged beside it; without, each row is judged alone.
        """

    def forget(self, numbers: Iterable[int]) -> None:
        """Take kept rows out again; row n is the n-th row tried with ``keep`` since the last clear."""

    def clear(self) -> None:
        """Take out all kept rows; the rows of the real table stay, and numbers start at 0 again."""


class Backend(Protocol):
    """What seeding needs of a database beyond Django's own operations.

    Rows are sequences of prepared values (see ``Row``). Nothing here commits. Whatever
    refuses is rolled back to where it began, so that the caller's transaction stays usable.
    """

    vendor: str

    def describe(self, connection: Connection) -> Server:
        """Connect and say what is there; Unreachable or Unsupported if that cannot be."""

    def classify(self, exception: BaseException) -> Verdict:
        """What a driver's error, or Django's around it, says about a row."""

    def may_insert(self, connection: Connection, table: Table) -> str:
        """Why rows cannot be written to the table; empty when nothing is in the way."""

    def with_live_rules(self, connection: Connection, table: Table) -> Table:
        """The table with what the database itself knows besides: rules that stand nowhere in the
        models, narrower types, columns that may not be null, and the rules' real names.

        Equal to the table where nothing is new, and where the database has no such table. CHECKs
        of a domain carry the domain's constraint name, of which two columns may have the same.
        """

    def live_catalog(self, connection: Connection, *, schemas: Sequence[str] | None = None) -> Catalog:
        """The database as it is, from the system's own tables alone; None for all schemas of users.

        Members of extensions are left out. Reads only, and needs no right to the tables.
        """

    def same_expression(self, connection: Connection) -> Callable[[str, str, str, str], bool]:
        """Whether two expressions are one: (table, column or empty, a model's SQL, the live text).

        For ``diff`` of models and a live catalog; makes temporary tables to see.
        """

    def occupancy(
        self, connection: Connection, tables: Iterable[Table], *, at_most: int
    ) -> dict[str, int | None]:
        """Rows by table name, counted up to ``at_most``; None where the table does not exist.

        A table that the connection's user may not read is left out.
        """

    def next_keys(self, connection: Connection, tables: Iterable[Table]) -> dict[str, dict[str, int]]:
        """By table name and automatic column: the least number that is above all rows and that
        the sequence has not given away."""

    def advance_sequences(self, connection: Connection, tables: Iterable[Table]) -> None:
        """Let sequences go on above the rows that are there; never lowers one. Not undone by rollback."""

    def key_room(self, connection: Connection, table: Table, column: str) -> int | None:
        """The greatest number that the column's type holds; None when it is not of a number type."""

    def free_bytes(self, connection: Connection) -> int | None:
        """Bytes left on the disk that rows are written to; None where nobody here can tell."""

    def judge(
        self,
        connection: Connection,
        table: Table,
        *,
        columns: Sequence[str] | None = None,
        existing: int = 10_000,
    ) -> AbstractContextManager[Judge]:
        """A judge for rows of the table.

        With ``columns``, only these exist in the twin (and the generated ones made of them), with
        the rules that read nothing else: for trying a group of columns alone. Up to ``existing``
        rows of the real table are put in first. Judges close in the reverse order of opening, and
        what is written through the connection while one is open is gone when it closes. Raises
        JudgeUnavailable.
        """

    def load(
        self,
        connection: Connection,
        table: Table,
        columns: Sequence[str],
        rows: Iterable[Row],
        *,
        block: int = 2_000,
    ) -> int:
        """Write the rows with all constraints on, and say how many; LoadRefused leaves none of them."""

    def update(
        self,
        connection: Connection,
        table: Table,
        key_columns: Sequence[str],
        columns: Sequence[str],
        rows: Iterable[Row],
        *,
        block: int = 2_000,
    ) -> int:
        """Set columns by key (each row: key values, then new values); how many rows were changed."""

    def lock_runs(self, connection: Connection) -> bool:
        """Keep other runs off this database until the transaction ends; False when one is under way."""

    def alone_migrating(self, connection: Connection) -> AbstractContextManager[None]:
        """Let no other run migrate this database meanwhile; waits until none does."""

    def defer(self, connection: Connection) -> None:
        """Put off what can be put off (foreign keys) to the end of the transaction."""

    def check_constraints_now(self, connection: Connection) -> None:
        """Check what was put off, then put off again; LoadRefused names the table and the constraint."""
