"""Changing a row until conditions hold."""

from __future__ import annotations

from dbstate.values.solving.evaluation import Unknown, truth
from dbstate.values.solving.scene import Row, Scene, made
from dbstate.values.solving.terms import Term, names

_PASSES = 5


def repair(scene: Scene, row: Row, *, probe: bool = False) -> Row:
    """The row changed so that as many conditions hold as a few passes can make hold.

    With ``probe``, conditions that Python cannot tell are worked on as well.
    """
    best, fewest = row, flaws(scene, row)
    for turn in range(_PASSES):
        order = list(scene.conditions)
        if turn:
            scene.random.shuffle(order)
        for condition in order:
            if not _settled(condition, row, probe and turn == 0):
                row = made(scene, condition, True, row, 0) or row
        count = flaws(scene, row)
        if count < fewest or (probe and turn == 0 and count == fewest):
            best, fewest = row, count
        if not fewest:
            break
    return best


def flaws(scene: Scene, row: Row) -> int:
    """How many conditions do not hold, or hold merely because something inside a value is missing."""
    return sum(not _settled(condition, row, False) for condition in scene.conditions)


def _settled(condition: Term, row: Row, probe: bool) -> bool:
    """Whether nothing is to be done. NULL is fine if a column is; a missing JSON key is no such excuse."""
    try:
        holds = truth(condition, row)
    except Unknown:
        return not probe
    return holds is True or (holds is None and any(row[name] is None for name in names(condition)))
