"""One difference between two descriptions of a database, and how it reads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

Change = Literal["added", "removed", "changed"]


@dataclass(frozen=True, slots=True)
class Difference:
    """What the second description has and the first has not, the other way round, or otherwise.

    All parts are text, so that differences can be sent, sorted and taken from one another.
    ``str()`` reads as a change in time; ``between()`` as two that disagree.
    """

    change: Change
    what: str
    """``table``, ``column``, ``primary key``, ``unique``, ``check``, ``exclusion``, ``foreign key``,
    ``index``, ``trigger``, ``policy``, ``rule``, ``view``, ``sequence``, ``type``, ``function``,
    ``extension`` or ``schema``."""
    table: str
    """The table that it belongs to; empty for what belongs to none."""
    name: str
    """Of the column, the constraint …; of a table too."""
    fact: str = ""
    """Which of its facts differs: ``type``, ``null``, ``default`` …; empty when all of it does."""
    before: str = ""
    """The fact, or for what is removed all that it was, in words or SQL."""
    after: str = ""

    def __str__(self) -> str:
        if self.change == "added":
            return f"{self.subject}{_in_brackets(self.after)} was added"
        if self.change == "removed":
            return f"{self.subject}{_in_brackets(self.before)} is gone"
        words = _CHANGES.get((self.fact, self.before, self.after))
        if words is None:
            words = _GENERAL.get(self.fact, _OTHERWISE)
        return f"{self.subject} {self._filled(words)}"

    def between(self, before: str, after: str) -> str:
        """The same as a disagreement of two, for instance of "the models" and "the database"."""
        if self.change == "added":
            return f"{self.subject}{_in_brackets(self.after)} is in {after}, not in {before}"
        if self.change == "removed":
            return f"{self.subject}{_in_brackets(self.before)} is in {before}, not in {after}"
        fact = "" if self.fact == "null" else f"{self.fact} "
        one, other = self.before or "none", self.after or "none"
        return f"{self.subject}: {fact}{one} in {before}, {fact}{other} in {after}"

    @property
    def subject(self) -> str:
        """What it is about: ``shop_order.currency``, ``index by_day of shop_order``."""
        if self.what == "column":
            return f"{self.table}.{self.name}"
        if self.what == "primary key":
            return f"the primary key of {self.table}"
        if not self.table or self.what == "table":
            return f"{self.what} {self.name}"
        return f"{self.what} {self.name} of {self.table}"

    def _filled(self, words: str) -> str:
        return words.format(fact=self.fact, before=self.before or "none", after=self.after or "none")


def _in_brackets(text: str) -> str:
    return f" ({text})" if text else ""


_CHANGES: Mapping[tuple[str, str, str], str] = MappingProxyType(
    {
        ("null", "NULL", "NOT NULL"): "became NOT NULL",
        ("null", "NOT NULL", "NULL"): "may be NULL now",
        ("validated", "yes", "no"): "is not validated any more",
        ("validated", "no", "yes"): "was validated",
        ("enforced", "yes", "no"): "is not enforced any more",
        ("enforced", "no", "yes"): "is enforced now",
        ("valid", "yes", "no"): "became invalid",
        ("valid", "no", "yes"): "became valid",
    }
)
"""By fact, before and after."""

_GENERAL: Mapping[str, str] = MappingProxyType(
    {
        "type": "became {after}, from {before}",
        "name": "is called {after} now",
        "definition": "was defined anew: {after}, before: {before}",
    }
)
_OTHERWISE = "changed its {fact} from {before} to {after}"
