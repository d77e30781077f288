"""Why a validation has no answer."""

from __future__ import annotations

from collections.abc import Sequence

from dbstate.errors import DbstateError


class Undecided(DbstateError):
    """Something that decides could not be found out; ``reasons`` says what."""

    def __init__(self, reasons: Sequence[str]) -> None:
        self.reasons = tuple(reasons)
        super().__init__(
            f"cannot give a verdict: {'; '.join(reasons)}; remove what is in the way, or raise --timeout"
        )
