"""Rules + overrides + busy times + limits → the times an invitee can pick. Pure: no database, no network, no clock.

**When is the organizer open?** An instant is open when a clock on the organizer's wall, read at that instant, shows a
time inside the hours of the date it shows. That one sentence settles the days on which clocks change: a range that
spans a gap is shorter in real time, one inside the gap is empty, one that spans a repeated hour is longer, and of
00:00–01:30, where 01:00–02:00 comes twice, 01:00–01:30 is open both times and 01:30–02:00 neither. A skipped date has
no hours. A meeting fits where every instant of it is open; its buffers may lie outside.

**Which starts are offered?** Those that read, on the same wall, a whole number of intervals after the start of their
range: 9:00, 9:20, 9:40, whatever the clocks did that night. Ranges of a date that touch or overlap are one range. At
midnight the count starts anew, so a date's starts depend on that date's hours only; a meeting may still run across
midnight where the hours do.
"""

from bookings.slots.clock import local_date, wall
from bookings.slots.offers import is_offered, slots
from bookings.slots.rules import Interval, Rules
from bookings.slots.spans import merge

__all__ = ["Interval", "Rules", "is_offered", "local_date", "merge", "slots", "wall"]
