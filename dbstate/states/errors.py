"""What can be wrong with a named state, and with entering one."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence

from dbstate.errors import DbstateError


class BadState(DbstateError):
    """A declaration that cannot be used; ``place`` is ``file:line``."""

    def __init__(self, name: object, place: str, found: str, what_to_do: str) -> None:
        super().__init__(f"cannot declare the state {name!r} at {place}: {found}; {what_to_do}")
        self.name, self.place = name, place


class DuplicateState(DbstateError):
    """Two declarations of one name; ``places`` are both as ``file:line``, in the order of declaration."""

    def __init__(self, name: str, first: str, second: str) -> None:
        super().__init__(
            f"cannot declare the state {name!r} at {second}: it is declared at {first} already; "
            "rename one of the two"
        )
        self.name, self.places = name, (first, second)


class BadStatesFile(DbstateError):
    """An application's ``states.py`` that cannot be imported."""

    def __init__(self, module: str, place: str, cause: BaseException) -> None:
        super().__init__(
            f"cannot read the states of {module} ({place}): {told(cause)}; correct the file, or rename it "
            "if it is not meant for dbstate"
        )
        self.module, self.place = module, place


class UnknownState(DbstateError, LookupError):
    """A name that no state has, and that is no phrase which works without code."""

    def __init__(self, name: str, hint: str) -> None:
        super().__init__(f"cannot enter {name!r}: there is no such state; {hint}")
        self.name = name


class AmbiguousState(DbstateError, LookupError):
    """A phrase that more than one model or choice is meant by; ``candidates`` are phrases for one each."""

    def __init__(self, name: str, candidates: Sequence[str]) -> None:
        shown = " or ".join(repr(one) for one in candidates)
        super().__init__(f"cannot enter {name!r}: it can mean more than one thing; write {shown}")
        self.name, self.candidates = name, tuple(candidates)


class BadParameters(DbstateError, TypeError):
    """Parameters that the state does not take, or lacks."""

    def __init__(self, name: object, place: str, found: str, what_to_do: str) -> None:
        super().__init__(f"cannot enter {_at(name, place)}: {found}; {what_to_do}")
        self.name, self.place = name, place


class StateCycle(DbstateError):
    """States that build on each other in a circle; ``path`` has the names, the first one again at the end."""

    def __init__(self, path: Sequence[tuple[str, str]]) -> None:
        way = " -> ".join(_at(name, place) for name, place in path)
        super().__init__(
            f"cannot enter {path[0][0]!r}: it builds on itself: {way}; let one of them do without"
        )
        self.path = tuple(name for name, _ in path)


class StateFailed(DbstateError):
    """A state that raised, left a broken transaction, or returned what is no row.

    What it had written is undone; the caller's transaction can go on. The exception behind it is
    ``__cause__``.
    """

    def __init__(self, name: str, place: str, found: str) -> None:
        super().__init__(f"cannot enter {_at(name, place)}: {found}")
        self.name, self.place, self.found = name, place, found


class BrokenConstraint(StateFailed):
    """A state whose rows break a constraint that waits for the transaction's end."""


class NoTransaction(DbstateError):
    """The caller's transaction can take nothing any more, or there is none where one is needed."""

    def __init__(self, name: str, found: str, what_to_do: str) -> None:
        super().__init__(f"cannot enter {name!r}: {found}; {what_to_do}")
        self.name = name


def told(cause: BaseException) -> str:
    """The exception in one line; ours say what they are."""
    text = " ".join(str(cause).split())
    if isinstance(cause, DbstateError):
        return text
    return f"{type(cause).__name__}: {text}" if text else type(cause).__name__


def nearest(name: str, known: Iterable[str], *, count: int = 3) -> str:
    """``did you mean 'x' or 'y'?``, or the names that there are: the remedy for an unknown name."""
    names = {other.lower(): other for other in sorted(known)}
    near = difflib.get_close_matches(name.lower(), names, n=count, cutoff=0.6)
    if near:
        return f"did you mean {' or '.join(repr(names[one]) for one in near)}?"
    return f"known are {', '.join(map(repr, names.values()))}" if names else "there are none"


def _at(name: object, place: str) -> str:
    return f"{name!r} ({place})" if place else repr(name)
