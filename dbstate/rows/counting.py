"""Unique keys of few values: which combinations are used, and the next free one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod

from dbstate.rows.choice import spread

SCANNED = 20_000
"""Combinations tried for one row before its table counts as full."""

Digits = tuple[int, ...]


class Combinations:
    """The combinations of one unique key's members that rows have."""

    def __init__(self, columns: tuple[str, ...]) -> None:
        self.columns = columns
        self.used: set[tuple[object, ...]] = set()
        self._low = 0
        """Combinations below this number are used; counts while the members' sizes do not shrink."""

    def next(
        self,
        sizes: Sequence[int],
        combined: Callable[[Digits], tuple[object, ...]],
        sane: Callable[[Digits], bool] | None,
        *,
        steady: bool,
    ) -> Digits | None:
        """The first free combination that is sane; None when there is none.

        ``steady``: a number always stands for the same combination, so that used ones need not be
        looked at again.
        """
        start = self._low if steady and sane else 0
        for number in range(start, min(prod(sizes), start + SCANNED)):
            digits = spread(number, sizes) if sizes else ()
            if digits is None or combined(digits) in self.used or (sane and not sane(digits)):
                continue
            if steady and sane:
                self._low = number + 1
            return digits
        return None
