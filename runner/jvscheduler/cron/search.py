"""The next due instant as the CronJob controller finds it: robfig's `SpecSchedule.Next`.

The search goes through the months, days, hours and minutes of the zone's wall clock. Its steps
decide what happens where the clock changes:

- A wall time that is skipped is not due.
- A wall time that occurs twice is due twice.
- Where midnight is skipped, the search may miss that day or run into the next one.

The same steps in the same order find the same instants. There is one difference, on purpose. Where
a whole day is skipped, as on Samoa in 2011, robfig's search never ends; this one goes on to the
next day.
"""

from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Final

from jvscheduler.cron.offsets import EPOCH_ORDINAL, offset_at, steady_offset
from jvscheduler.cron.wall import YEARS_AHEAD, Allowed, allowed_days, month_length

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_LAST_INSTANT: Final = (datetime(9990, 1, 1, tzinfo=UTC) - _EPOCH) // timedelta(seconds=1)


class Search:
    """`SpecSchedule.Next` on Unix seconds. There is one stage for each field, largest unit first.

    A stage moves the instant `_t` forward until its field allows it. It returns False when it has
    passed the end of the next larger unit: then all stages begin again. Several steps of days,
    hours or minutes are taken at once where the zone's offset stays the same, which changes no
    result.
    """

    def __init__(self, cron: Allowed, zone: tzinfo, after: datetime) -> None:
        self._cron = cron
        self._zone = zone
        # Robfig's `added`: the first move of a search rounds down to the start of its unit.
        self._moved = False
        self._t = (after - _EPOCH) // timedelta(seconds=1) + 1

    def run(self) -> datetime | None:
        if self._t > _LAST_INSTANT:
            return None
        last_year = self._local().year + YEARS_AHEAD
        while self._local().year <= last_year:
            if self._month() and self._day() and self._hour() and self._minute() and self._second():
                return _EPOCH + timedelta(seconds=self._t)
        return None

    def _month(self) -> bool:
        now = self._local()
        while not self._cron.months >> now.month & 1:
            if not self._moved:
                now = self._go_to(now.year, now.month, 1)
            now = self._go_to(now.year, now.month + 1, now.day, _seconds(now))
            if now.month == 1:
                return False
        return True

    def _day(self) -> bool:
        now = self._local()
        while not self._cron.allows_day(now.day, now.isoweekday() % 7):
            if not self._moved:
                now = self._go_to(now.year, now.month, now.day)
            before = self._t
            ahead = self._days_ahead(now)
            now = self._go_to(now.year, now.month, now.day + ahead, _seconds(now))
            if now.hour:  # this day has no midnight: correct the hour, as robfig does
                self._t += 3600 * (24 - now.hour if now.hour > 12 else -now.hour)
                now = self._local()
            # Where a whole day is skipped, the step above leads back to where it began. Robfig's
            # search repeats it without end.
            if self._t <= before:
                self._t = before + 86400
                now = self._local()
            if now.day == 1:
                return False
        return True

    def _days_ahead(self, now: datetime) -> int:
        """Return the days to the next allowed day or month, or 1 where the offset may change."""
        allowed = allowed_days(self._cron, now.year, now.month) >> now.day
        ahead = month_length(now.year, now.month) - now.day + 1
        ahead = (allowed & -allowed).bit_length() - 1 if allowed else ahead
        day = now.toordinal() - EPOCH_ORDINAL
        if now.hour or ahead == 1 or steady_offset(self._zone, day, day + ahead) is None:
            return 1
        return ahead

    def _hour(self) -> bool:
        while not self._cron.hours >> (now := self._local()).hour & 1:
            if not self._moved:
                now = self._go_to(now.year, now.month, now.day, now.hour * 3600)
            self._step(3600, _distance(self._cron.hours, now.hour, 24))
            if self._local().hour == 0:
                return False
        return True

    def _minute(self) -> bool:
        while not self._cron.minutes >> (now := self._local()).minute & 1:
            if not self._moved:
                self._moved = True
                self._t -= self._t % 60
            self._step(60, _distance(self._cron.minutes, now.minute, 60))
            if self._local().minute == 0:
                return False
        return True

    def _second(self) -> bool:
        second = self._local().second
        if second:
            self._moved = True
            self._t += 60 - second
        return not second

    def _step(self, unit: int, count: int) -> None:
        """Move on by so many units; by one only, if the offset is not the same after them."""
        ahead = self._t + unit * count
        self._t = (
            ahead
            if offset_at(self._zone, ahead) == offset_at(self._zone, self._t)
            else self._t + unit
        )

    def _go_to(self, year: int, month: int, day: int, second: int = 0) -> datetime:
        """Move to a wall time, as Go's `time.Date` does.

        A month or a day beyond the end runs over into the next unit. Where the clock changes, the
        offset is chosen in the same way.
        """
        self._moved = True
        first = date(year + (month - 1) // 12, (month - 1) % 12 + 1, 1)
        day += first.toordinal() - EPOCH_ORDINAL - 1
        wall = day * 86400 + second
        offset = steady_offset(self._zone, day, day)
        if offset is None:
            offset = offset_at(self._zone, wall - offset_at(self._zone, wall))
        self._t = wall - offset
        return self._local()

    def _local(self) -> datetime:
        return datetime.fromtimestamp(self._t, self._zone)


def _seconds(now: datetime) -> int:
    """Return the seconds since midnight, by the wall clock."""
    return now.hour * 3600 + now.minute * 60 + now.second


def _distance(bits: int, value: int, end: int) -> int:
    """Return the steps from a value to the next allowed one, or to the end of the unit."""
    above = bits >> value + 1
    return (above & -above).bit_length() if above else end - value
