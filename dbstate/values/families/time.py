"""Dates, date-times, times of day and durations, as the period of a row has them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta

from dbstate import rules
from dbstate.values.block import ColumnDraw, moments_at
from dbstate.values.draw import Draw
from dbstate.values.families.base import Family, Task, project_values
from dbstate.values.formulas import MINUTES, SECOND

PAST = datetime(1900, 1, 1, tzinfo=UTC)
PAST_DAYS = {"updated": 1, "end": 2, "ended": 2, "expires": 2, "future": 2}
"""Days after the far past on which a role's edge lies, so that a row's edges keep their order."""
DISJOINT = timedelta(days=4)
"""From one row's slot to the next where periods must not overlap; a period fills the first half."""
DAYS = 690_000
"""Rows that can have a day of their own: back to the second century."""
ENDED = r"(^|_)(ended|finished|stopped|completed|arrival)(_|$)"
"""Ends that have happened, other than those that are planned."""


class MomentFamily(Family):
    """What dates and date-times share: roles, slots, unique moments, edges."""

    def __init__(self, task: Task) -> None:
        super().__init__(task)
        role = rules.role(self.name)
        self.role = "ended" if role == "end" and rules.named(ENDED, self.name) else role
        self.stage = None if role else rules.stage(self.name)
        self.agrees = bool(self.role)
        self.meaning = self.role or "moment"
        if task.unique or task.disjoint:
            self.capacity = DAYS // (DISJOINT.days if task.disjoint else 1)

    def cast(self, moment: datetime) -> object:
        """An aware moment as the column holds it."""
        raise NotImplementedError

    def candidates(self, draw: Draw) -> Iterator[object]:
        yield from project_values(self.task, draw)
        if self.task.disjoint:
            yield self.cast(self.slot(draw))
        elif self.unique:
            yield self.cast(self.unique_moment(draw))
        else:
            yield from self.likely(draw)

    def likely(self, draw: Draw) -> Iterator[object]:
        """The role's moment, then moments around the reference date and where the column's bounds lie."""
        first, period = self.moment(draw), draw.period
        yield first
        if first is None:
            return
        for days in () if self.column.judged else (-1, 0, 1, 30, -365, 365, -7300, 3650):
            yield self.cast(period.now + timedelta(days=days))
        for bound in (self.column.least, self.column.greatest):
            if bound is not None:
                yield bound
        yield from self.default()

    def usual(self, draw: Draw) -> object:
        if self.named or self.unique or self.task.disjoint:
            return super().usual(draw)
        return self.moment(draw)

    def column_of(self, draw: ColumnDraw) -> list[object] | None:
        if self.named or self.unique or self.task.disjoint:
            return None
        life = draw.period
        if not self.role and self.stage is None:
            after = life.born + SECOND * draw.drawn(28 * 86_400)
            return [*map(self.cast, moments_at(after))]
        moments = life.at(self.role) if self.role else moments_at(life.stage(self.stage or 0))
        found = [*map(self.cast, moments)]
        if not self.leaves_out_living:
            return found
        return [one if deleted else None for one, deleted in zip(found, life.deleted, strict=True)]

    @property
    def leaves_out_living(self) -> bool:
        """Whether rows that are not deleted hold nothing."""
        return self.role == "deleted" and self.column.null and self.column.blank

    def moment(self, draw: Draw) -> object:
        """The moment of the column's role or stage, else one after creation; None where it has not come."""
        period = draw.period
        if self.role:
            alive = self.leaves_out_living and not period.deleted
            return None if alive else self.cast(period.at(self.role))
        if self.stage is not None:
            return self.cast(period.stage(self.stage))
        return self.cast(period.created + timedelta(0, draw.below(28 * 86_400)))

    def wide(self, draw: Draw) -> Iterator[object]:
        """Days around the row's own and around today, ends of months, round hours, other years."""
        now = draw.period.now
        starts = (midnight(draw.period.created), midnight(now))
        years = [one for one in self.column.hints if isinstance(one, int) and 1000 <= one <= 9000]
        for year in years:
            yield from (self.cast(starts[0].replace(year=one, day=15)) for one in (year + 1, year - 1, year))
        for start in starts:
            first = start.replace(day=1)
            for moment in (start, first, first - timedelta(days=1), start.replace(month=1, day=1)):
                yield self.cast(moment)
            yield from (self.cast(start - timedelta(days=day)) for day in range(1, 15))
        for hours in (9, 12, 17, 23):
            yield self.cast(starts[0] + timedelta(hours=hours))
        for back in (20, 30, 45, 65, 85, 5, 10, 2, 110):
            yield self.cast(starts[0] - timedelta(days=back * 365 + draw.below(300)))
        for ahead in (1, 2, 7, 14, 30, 60, 90, 180, 400, 800, 2000, 4000, 10_000):
            yield self.cast(starts[1] + timedelta(days=ahead + draw.below(1 + ahead // 4)))
        yield from (self.cast(starts[1] + timedelta(days=day)) for day in range(1, 15))

    def slot(self, draw: Draw) -> datetime:
        """The start or the end of a stretch of time that is this row's alone."""
        self.limit(draw.row)
        start = midnight(draw.period.now) - DISJOINT * (draw.row + 1)
        ends = self.role in ("end", "ended", "expires")
        if self.task.place:
            ends = self.task.place == "end"
        return start + DISJOINT / 2 if ends else start

    def limit(self, row: int) -> None:
        """IndexError when the row has no moment of its own."""
        if self.capacity is not None and row >= self.capacity:
            raise IndexError(f"row {row} of a column that has only {self.capacity} moments")

    def unique_moment(self, draw: Draw) -> datetime:
        """A moment for this row alone."""
        raise NotImplementedError

    def edge(self, name: str, draw: Draw) -> Iterator[object]:
        if self.task.disjoint:
            return
        if name == "past" and self.role != "deleted":
            shift = PAST_DAYS.get(self.role, self.stage or 0)
            back = draw.row if self.unique else 0
            if back < DAYS:
                yield self.cast(PAST + timedelta(days=shift - back))
        elif self.unique:
            return
        elif name in ("expired", "max") and self.role in ("end", "expires", "deleted"):
            yield self.cast(draw.period.at(self.role, over=name == "expired"))


def midnight(moment: datetime) -> datetime:
    """The start of the day."""
    return moment.replace(hour=0, minute=0, second=0, microsecond=0)


class DateFamily(MomentFamily):
    """Dates."""

    def cast(self, moment: datetime) -> object:
        return moment.date()

    def unique_moment(self, draw: Draw) -> datetime:
        self.limit(draw.row)
        return draw.period.now - timedelta(days=(draw.row + 1 + draw.salt * 4001) % DAYS)


class DateTimeFamily(MomentFamily):
    """Date-times: aware in UTC, or naive where the project's are."""

    def __init__(self, task: Task) -> None:
        super().__init__(task)
        if task.unique and not task.disjoint:
            self.capacity = DAYS * 1440

    def cast(self, moment: datetime) -> object:
        return moment if self.task.setting.aware else moment.replace(tzinfo=None)

    def unique_moment(self, draw: Draw) -> datetime:
        self.limit(draw.row)
        period = draw.period
        # Rows of one block differ by the minute they were created in; further blocks lie further back.
        return period.created - timedelta(minutes=MINUTES) * (draw.row // MINUTES) - shift_of(self.role)


def shift_of(role: str) -> timedelta:
    """How far unique moments of a role lie after those of creation."""
    return {"updated": -timedelta(days=2), "end": -timedelta(days=9), "expires": -timedelta(days=9)}.get(
        role, timedelta()
    )


class TimeFamily(Family):
    """Times of day: openings before noon, ends after it."""

    meaning = "time of day"

    def __init__(self, task: Task) -> None:
        super().__init__(task)
        self.role = rules.role(self.name)
        self.agrees = self.role in ("start", "end")
        self.capacity = 86_400 if task.unique else None
        if task.disjoint:
            self.capacity = 720

    def candidates(self, draw: Draw) -> Iterator[object]:
        yield from project_values(self.task, draw)
        if self.task.disjoint:
            if draw.row >= 720:
                raise IndexError(f"row {draw.row} of a column that has only 720 times")
            yield clock(draw.row * 120 + (60 if (self.task.place or self.role) == "end" else 0))
        elif self.unique:
            if draw.row >= 86_400:
                raise IndexError(f"row {draw.row} of a column that has only 86400 times")
            yield clock((draw.row * 7919 + 32_400 + draw.salt) % 86_400)
        else:
            hours = {"start": (6, 11), "end": (13, 22)}.get(self.role, (7, 21))
            yield clock(draw.between(*hours) * 3600 + draw.below(4) * 900)
            if not self.column.judged:
                yield from (time(12), time(0), time(9), time(17), time(23, 59))
            yield from self.default()

    def wide(self, draw: Draw) -> Iterator[object]:
        start = draw.below(96)
        yield from (clock((start + quarter) % 96 * 900) for quarter in range(96))
        yield from (clock(draw.below(86_400)) for _ in range(20))

    def edge(self, name: str, draw: Draw) -> Iterator[object]:
        if not self.unique and not self.task.disjoint:
            if name == "max" and self.role != "start":
                yield time(23, 59, 59, 999_999)
            elif name in ("min", "zero") and self.role != "end":
                yield time(0)


def clock(seconds: int) -> time:
    """The time so many seconds after midnight."""
    return time(seconds // 3600, seconds // 60 % 60, seconds % 60)


class DurationFamily(Family):
    """Durations from minutes to hours."""

    meaning = "duration"

    def candidates(self, draw: Draw) -> Iterator[object]:
        yield from project_values(self.task, draw)
        if self.unique:
            yield timedelta(minutes=draw.row + 1, seconds=draw.salt % 60)
            return
        yield timedelta(minutes=5 * draw.between(1, 96))
        for bound in (self.column.least, self.column.greatest):
            if isinstance(bound, timedelta):
                yield bound
        for seconds in () if self.column.judged else (1, 3600, 86_400, 2_592_000, 0):
            yield timedelta(seconds=seconds)
        yield from self.default()

    def wide(self, draw: Draw) -> Iterator[object]:
        some = draw.between(1, 6)
        for unit in (900, 1800, 3600, 60, 86_400, 604_800, 1, 7200, 28_800, 43_200, 2_592_000, 31_536_000):
            yield from (timedelta(seconds=unit * times) for times in (some, 1, 2, 3, 4, 5, 7, 10))
        yield from (timedelta(microseconds=1000), -timedelta(hours=some), -timedelta(days=some))

    def edge(self, name: str, draw: Draw) -> Iterator[object]:
        if self.unique:
            return
        least, greatest = self.column.least, self.column.greatest
        if name == "max":
            yield (
                greatest if isinstance(greatest, timedelta) else timedelta(days=36_524, hours=23, minutes=59)
            )
        elif name == "min":
            yield least if isinstance(least, timedelta) else timedelta(microseconds=1)
        elif name == "zero":
            yield timedelta(0)
