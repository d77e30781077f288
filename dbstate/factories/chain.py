"""One call of a factory: the rows that it makes, and who shares which parent."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from django.db.models import Model

from dbstate.factories.counting import Place

DEPTH = 4
"""How far above a given row its ancestors are looked for."""

Closed = frozenset[tuple[type[Model], str]]


@dataclass(slots=True)
class Unfinished:
    """A row that is being made while its parents are: rows on a cycle name it before it is there."""

    model: type[Model]
    row: dict[str, Any]
    reserved: Any = None
    """The primary key that it will have, once somebody asked for it."""
    waiting: list[tuple[Model, str]] = field(default_factory=list)
    """Built instances whose field of this name is to hold it."""
    later: list[tuple[str, Unfinished]] = field(default_factory=list)
    """Its own fields that are to hold rows which are not there yet."""
    postponed: list[str] = field(default_factory=list)
    """Its own fields that hold a row once it is written."""
    after: list[Callable[[], Model]] = field(default_factory=list)
    """Make these rows."""


@dataclass(slots=True)
class Tried:
    """What rows of one model were made to hold otherwise in the tries of a call; see ``vary``."""

    tried: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)
    """What made save() say something else."""
    flags: list[str] = field(default_factory=list)
    """How the booleans that errors mention stood in the last of these rows."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One of the times that a call is tried."""

    number: int = 0
    last: bool = True
    """Whether no other rows will be tried where these are refused."""
    place: Place | None = None
    """Where the call began, before its own savepoint."""
    refused: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """What save() said of rows that were tried before, by model."""
    varied: dict[str, Tried] = field(default_factory=dict)
    """What was tried before, by model."""
    counted: dict[str, int] = field(default_factory=dict)
    """The next row number of each table outside of a transaction, where each call counts anew."""
    wrote: list[Model] = field(default_factory=list)
    """Rows that were given and that this call has written, so that signals ran for them in it."""
    held: dict[str, int | None] = field(default_factory=dict)
    """Rows of tables that were counted with others, and have no number yet."""


@dataclass(slots=True)
class Chain:
    """The rows of one call."""

    using: str
    create: bool
    """Whether rows are written as they are made."""
    given: list[Model] = field(default_factory=list)
    """Rows that the caller gave, to be shared by every member that wants one."""
    made: list[Model] = field(default_factory=list)
    """In the order in which they were finished: parents first."""
    making: list[Unfinished] = field(default_factory=list)
    relating: list[str] = field(default_factory=list)
    """Relations that are given a row although nobody asked for one, as full_clean() or save() wants it."""
    collected: bool = False
    """Whether rows take the numbers of written ones although they are written later, in bulk."""
    optional: bool = False
    """Whether the first row has its optional relations, too."""
    closed: Closed = frozenset()
    """Relations, by model and name, that do not name the first row, given or made: it was said how many do.
    """
    below: Model | None = None
    """Where the first row is to stand in its tree, where no field of its own says that."""
    later: list[Model] = field(default_factory=list)
    """Rows of the chains that came after this one, by post-generation."""
    attempt: Attempt = field(default_factory=lambda: Attempt())

    def after(self, instance: Model) -> Chain:
        """The chain of a row that is made once this one's instance is there: it shares what is given."""
        given = [*self.given, instance]
        making = [*self.making]
        return replace(self, given=given, made=[], making=making, relating=[], later=[], below=None)

    def known(self, target: type[Model], taken: Sequence[Model]) -> Iterator[Model]:
        """Rows of this model that the chain has, but for those that the same row names already."""
        for instance in (*self._given(target), *self.made):
            if isinstance(instance, target) and not any(instance is one for one in taken):
                yield instance

    def unfinished(self, target: type[Model]) -> Unfinished | None:
        """The row of this model that is being made, the innermost."""
        return next((u for u in reversed(self.making) if issubclass(u.model, target)), None)

    def wants(self, tree: bool, first: bool) -> bool:
        """Whether a row has an optional relation that nobody asked for by name."""
        return self.optional and first and not tree

    def _given(self, target: type[Model]) -> Iterator[Model]:
        """Given rows of this model, then the ancestors of given rows."""
        yield from self.given
        level: list[Model] = self.given
        for _ in range(DEPTH):
            level = [parent for instance in level for parent in self._parents(instance)]
            yield from level
            if not level:
                return

    def _parents(self, instance: Model) -> Iterator[Model]:
        """Rows that the instance must name; unloaded ones are read only while rows are written."""
        one: Any
        for one in instance._meta.concrete_fields:
            if not one.is_relation or one.null or one.remote_field is None:
                continue
            asking = self.create or self.collected
            if one.is_cached(instance) or (asking and getattr(instance, one.attname) is not None):
                parent = getattr(instance, one.name, None)
                if isinstance(parent, Model):
                    yield parent
