"""What a column is about, by its name, format and table: the table that a project extends in one line."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from dbstate.catalog import Column, Table
from dbstate.errors import DbstateError
from dbstate.values.draw import Draw

Function = Callable[[Draw], object]


@dataclass(frozen=True, slots=True)
class Meaning:
    """A function of the row's draw, and which columns it serves."""

    name: str
    function: Function
    pattern: str = ""
    """Searched in the field's name in snake case; empty: not chosen by name."""
    kinds: tuple[str, ...] = ("text",)
    tables: str = ""
    """Searched in the model's name in snake case."""
    beside: str = ""
    """Searched in the names of the table's other fields: one of them must fit."""
    formats: tuple[str, ...] = ()
    """Column formats that call for it, whatever the name."""
    coded: bool = False
    """A code, an address or the like: not cut, not padded, no awkward characters."""
    agrees: bool = False
    """Agrees with other columns of the row: not left empty at random."""
    always: bool = False
    """Never empty, whatever the column admits: who reads the row counts on it."""
    inside: bool = False
    """Puts the draw's ``serial`` or ``digits`` into the value by itself."""
    shortest: int = 0
    """Columns of fewer characters are about something else."""
    longest: int | None = None
    """Columns of more characters (or any number) are about something else."""
    pool: Callable[[Column], Sequence[str]] | None = None
    """All there are, for a unique column; none ends in a digit."""
    least: int | None = None
    greatest: int | None = None
    """Bounds that the meaning itself has."""
    own: bool = False
    """Named by the project."""


class DuplicateMeaning(DbstateError):
    """A second function for the same columns."""

    def __init__(self, where: str) -> None:
        self.where = where
        super().__init__(f"cannot name a function for {where!r}: one is already named; keep one of the two")


class BadMeaning(DbstateError):
    """A key that names no columns, or something that is no function."""

    def __init__(self, where: str, reason: str) -> None:
        self.where = where
        super().__init__(
            f"cannot name a function for {where!r}: {reason}; give 'app.Model.field' or a field name such as "
            "'sku|article_no', and a function of one draw"
        )


_own: dict[str, Meaning] = {}


def meaning(where: str, function: Function) -> None:
    """Let ``function(draw)`` make the values of the columns named by ``where``.

    ``where`` is ``app.Model.field``, or a regular expression that the whole field name (in snake case)
    matches, such as ``sku|article_no``. The function gets a ``Draw``: ``draw.between(1, 6)``,
    ``draw.choice(…)``, ``draw.digits(8)``, ``draw.person``, ``draw.period``, ``draw.money``, ``draw.row``.
    Its value must depend on nothing else. Raises DuplicateMeaning or BadMeaning.
    """
    if where in _own:
        raise DuplicateMeaning(where)
    if not callable(function):
        raise BadMeaning(where, f"{function!r} is no function")
    if not where:
        raise BadMeaning(where, "it is empty")
    try:
        re.compile(where)
    except re.error as error:
        raise BadMeaning(where, f"it is no regular expression ({error})") from None
    _own[where] = Meaning(where, function, kinds=(), agrees=True, own=True)


def forget_meaning(where: str) -> None:
    """Take back what ``meaning`` named; KeyError when nothing was."""
    del _own[where]


def own_meaning(table: Table, column: Column) -> Meaning | None:
    """The function that the project named for this column: by label first, then by name."""
    label = f"{table.label}.{column.field}".lower()
    for where, found in _own.items():
        if where.lower() == label:
            return found
    name = snake(column.field)
    for where, found in _own.items():
        if re.fullmatch(where, name):
            return found
    return None


@lru_cache(maxsize=8192)
def snake(name: str) -> str:
    """``firstName``, ``First name`` and ``first-name`` as ``first_name``."""
    parted = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name)
    return re.sub(r"[\W_]+", "_", parted).strip("_").lower()


def fits(candidate: Meaning, column: Column) -> bool:
    """Whether the meaning makes values of this column's kind and length."""
    if column.kind not in candidate.kinds:
        return False
    length = column.max_length
    if length is not None and length < candidate.shortest:
        return False
    return candidate.longest is None or (length is not None and length <= candidate.longest)


def choose(known: Sequence[Meaning], table: Table, column: Column) -> Meaning | None:
    """The project's own meaning, else the first known one by format, name, or verbose name."""
    if own := own_meaning(table, column):
        return own
    model = snake(table.label.rpartition(".")[2])
    fitting = [one for one in known if fits(one, column)]
    for one in fitting:
        if column.format and column.format in one.formats:
            return one
    for name in dict.fromkeys((snake(column.field), snake(column.label))):
        for one in fitting:
            if one.pattern and found(one.pattern, name) and stands(one, table, model):
                return one
    return None


def stands(one: Meaning, table: Table, model: str) -> bool:
    """Whether the table and its other fields are such as the meaning asks for."""
    if one.tables and not found(one.tables, model):
        return False
    return not one.beside or any(found(one.beside, snake(other.field)) for other in table.columns)


@lru_cache(maxsize=65_536)
def found(pattern: str, name: str) -> bool:
    """Whether the pattern occurs in the name."""
    return re.search(pattern, name) is not None
