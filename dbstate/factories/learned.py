"""What a factory learns of rows that are refused."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import Any

from dbstate.rows import Draft
from dbstate.seeding.mend import BUDGET, PATTERNS, Change


@dataclass(slots=True)
class Learned:
    """What rows of a model that were refused have taught, in one test."""

    test: object
    compared: bool = False
    """Whether full_clean() has refused a row: it looks at each one then."""
    good: Draft | None = None
    """A row that full_clean() took."""
    budget: int = BUDGET
    """full_clean() calls that a row which it refuses may cost."""
    budgets: dict[frozenset[tuple[str | None, str]], int] = field(default_factory=dict)
    """The same by what was said of rows for which they were in vain."""
    variation: tuple[str, ...] = ()
    """What has to be otherwise than usual for save() to take a row; see ``vary``."""
    alternatives: frozenset[str] = frozenset()
    """Optional relations that save() named when it refused a row: one of them may do."""
    parents: dict[str, dict[str, object]] = field(default_factory=dict)
    """By relation, values of the rows named without which rows are refused."""
    companions: set[tuple[str, str]] = field(default_factory=set)
    """Class and name of one-to-one rows of the rows named, without which save() or clean() fails."""
    good_in_bulk: Draft | None = None
    """A row of bulk that clean() took."""
    helped: deque[list[Change]] = field(default_factory=lambda: deque(maxlen=PATTERNS))
    """What made clean() take rows of bulk, the newest first."""
    fixed_key: Any = None
    """The primary key that save() gives to each row, where it does: there is one row at most."""
    hopeless: set[frozenset[tuple[str | None, str]]] = field(default_factory=set)
    """What was said of rows when nothing helped at last."""
    patches: dict[tuple[tuple[int, ...], str], dict[str, object]] = field(default_factory=dict)
    """What full_clean() made of rows, by number and edge: values, and relations that name a row."""
