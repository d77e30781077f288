"""Long series of tests: each run of .ci/run takes a part of them."""

from __future__ import annotations

import os

TURN = "DBSTATE_TURN"
"""Environment: a number that grows with each run; unset: everything runs."""


def its_turn(number: int, parts: int) -> bool:
    """Whether the test of this number runs now: with a turn set, every ``parts``-th does."""
    turn = os.environ.get(TURN)
    return turn is None or number % parts == int(turn) % parts
