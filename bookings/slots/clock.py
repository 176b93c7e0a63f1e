"""Wall-clock arithmetic, all of it. Moments are seconds since 1970 UTC; readings, what a wall shows, likewise."""

from bisect import bisect_left
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from bookings.slots.rules import Rules

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
EPOCH_ORDINAL = EPOCH.toordinal()
SECOND = timedelta(seconds=1)
MINUTE = 60
DAY = 24 * 60 * MINUTE


def local_date(rules: Rules, moment: datetime) -> date:
    """The date on the wall in the schedule's zone at that moment: the key of `booked_by_day`. TypeError if naive."""
    return datetime.fromtimestamp(floor(moment), rules.timezone).date()


def wall(zone: ZoneInfo, day: date, minute: int) -> datetime:
    """The first instant, aware UTC, at which the zone's clock reads that minute of that date or later.

    So a time that comes twice is its first, and a time that is skipped is the end of the gap. Minute 1440 is the
    midnight that ends the date.
    """
    reading = midnight(day) + minute * MINUTE
    stretches = offsets(zone, reading - DAY, reading + 3 * DAY)  # no zone is a day from UTC, no gap is more than a day
    return next(
        EPOCH + timedelta(seconds=max(since, reading - offset))
        for since, until, offset in stretches
        if reading < until + offset
    )


def floor(moment: datetime) -> int:
    """The last whole second that is not after the moment. TypeError if naive."""
    return (moment - EPOCH) // SECOND


def ceil(moment: datetime) -> int:
    """The first whole second that is not before the moment. TypeError if naive."""
    return -((EPOCH - moment) // SECOND)


def midnight(day: date) -> int:
    """The reading at which the date starts."""
    return (day.toordinal() - EPOCH_ORDINAL) * DAY


def dates(since: int, until: int) -> list[date]:
    """The dates that the readings of [since, until) show."""
    return [date.fromordinal(EPOCH_ORDINAL + day) for day in range(since // DAY, (until - 1) // DAY + 1)]


def offsets(zone: ZoneInfo, start: int, end: int) -> Iterator[tuple[int, int, int]]:
    """The stretches of [start, end) over which the zone's offset stands still: (since, until, seconds ahead of UTC).

    It looks every third day: nowhere in the time zone database are two changes of a zone so close together.
    """
    since, offset = start, _offset(start, zone)
    for before in range(start, end, 3 * DAY):
        after = min(before + 3 * DAY, end)
        if (changed := _offset(after, zone)) != offset:
            until = _first(changed, before, after, zone)
            yield since, until, offset
            since, offset = until, changed
    if since < end:
        yield since, end, offset


def _first(offset: int, before: int, after: int, zone: ZoneInfo) -> int:
    """The first moment with that offset, where it has it at `after` and not at `before` and changes once."""
    later = range(before, after)
    return before + bisect_left(later, True, key=lambda moment: _offset(moment, zone) == offset)


def _offset(moment: int, zone: ZoneInfo) -> int:
    # A ZoneInfo has an offset for every moment, so `or` speaks of zero only.
    return (datetime.fromtimestamp(moment, zone).utcoffset() or timedelta(0)) // SECOND
