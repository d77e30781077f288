"""What factories refuse, and what the database refuses of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from difflib import get_close_matches

from django.db import DatabaseError, DataError, IntegrityError

from dbstate.backends import Verdict
from dbstate.errors import DbstateError


class UnknownModel(DbstateError, LookupError):
    """A name that no model of the registry has."""

    def __init__(self, label: object, known: Iterable[str]) -> None:
        names = list(known)
        lowered = {name.lower(): name for name in names} | {
            name.rpartition(".")[2].lower(): name for name in names
        }
        near = get_close_matches(str(label).lower(), lowered, n=1)
        hint = f"did you mean {lowered[near[0]]}?" if near else "name one as app_label.Model"
        super().__init__(f"cannot make a factory for {label!r}: no installed app has this model; {hint}")
        self.label = label


class NoInstances(DbstateError, TypeError):
    """A model of which there are no instances: abstract, swapped out, without a table."""

    def __init__(self, label: str, found: str, hint: str) -> None:
        super().__init__(f"cannot make a factory for {label}: {found}; {hint}")
        self.label = label


class UnknownField(DbstateError, TypeError):
    """An override of something that the model does not have."""

    def __init__(self, label: str, name: str, known: Iterable[str]) -> None:
        known = sorted(known)
        near = get_close_matches(name, known, n=1)
        hint = f"did you mean {near[0]}?" if near else f"it has {', '.join(known)}"
        super().__init__(f"cannot set {name!r} of {label}: the model has no such field; {hint}")
        self.label, self.name = label, name


class BadOverride(DbstateError, TypeError):
    """An override that does not fit what it is given to."""


class CannotMake(DbstateError):
    """No row can be made, whatever the caller gives."""

    def __init__(self, label: str, reason: str) -> None:
        super().__init__(f"cannot make {label}: {reason}")
        self.label, self.reason = label, reason


class NextRow(DbstateError):
    """The row's made values are refused by the project's code: the next ones are tried.

    ``saving`` tells save() and its signals from full_clean().
    """

    def __init__(self, label: str, told: str, *, saving: bool = False) -> None:
        super().__init__(f"{label}: {told}")
        self.label, self.told, self.saving = label, told, saving


class LeftOut(UserWarning):
    """Rows of a relation that nobody asked for by name could not be made."""


class RowRefused(DbstateError, DatabaseError):
    """The database refused a row; an IntegrityError or DataError where the driver's error was one.

    ``label`` is the model, ``verdict`` what the database said, ``given`` the values of the refused
    columns that the caller gave, by field name.
    """

    def __init__(self, label: str, verdict: Verdict, blamed: Mapping[str, object], given: set[str]) -> None:
        super().__init__(_told(label, verdict, blamed, given))
        self.label, self.verdict = label, verdict
        self.given = {name: value for name, value in blamed.items() if name in given}
        self.others_may_do = verdict.reason == "unique" and bool(blamed.keys() - given)
        """Whether other values beside the given ones may be taken."""


class IntegrityRefused(RowRefused, IntegrityError):
    """A constraint refused the row."""


class DataRefused(RowRefused, DataError):
    """A value does not fit its column."""


UNMIGRATED = ("42P01", "42703")
"""SQLSTATEs of a table or column that is not there."""

_KINDS: Mapping[str, type[RowRefused]] = {"23": IntegrityRefused, "22": DataRefused}
"""By class of SQLSTATE."""


def refused(label: str, verdict: Verdict, blamed: Mapping[str, object], given: set[str]) -> RowRefused:
    """The error for what the database said, of the class that callers expect."""
    return _KINDS.get(verdict.sqlstate[:2], RowRefused)(label, verdict, blamed, given)


def _told(label: str, verdict: Verdict, blamed: Mapping[str, object], given: set[str]) -> str:
    shown = [
        f"{name} = {_short(value)}{' (given)' if name in given else ''}" for name, value in blamed.items()
    ]
    values = f" with {', '.join(shown)}" if shown else ""
    if verdict.sqlstate in UNMIGRATED:
        return f"cannot create {label}: the database is not as the models are: {verdict.message}; run migrate"
    by = "" if verdict.reason == "other" else f" by its {verdict.reason} rule"
    rule = f" {verdict.constraint}" if verdict.constraint else ""
    where = f" on column {verdict.column}" if verdict.column else ""
    detail = f" ({verdict.detail})" if verdict.detail else ""
    what = (
        f"give {', '.join(name for name in blamed if name in given)} another value"
        if any(name in given for name in blamed)
        else "give these fields values of your own"
        if blamed
        else "give the row values that the rule admits"
    )
    told = f"the database refuses it{by}{rule}{where}: {verdict.message}{detail}"
    return f"cannot create {label}{values}: {told}; {what}"


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}..."
