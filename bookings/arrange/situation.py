"""What is wanted of the outside, what is recorded of it, and until when we wait for a provider."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

from django.conf import settings
from django.db.models import Model, Prefetch
from django.utils import timezone

from bookings.arrange import retry
from bookings.arrange.lease import Lease
from bookings.models import Announcement, Booking, CalendarEntry, Meeting, Message
from bookings.models.arranging import Attempts
from bookings.services import record
from bookings.status import held_link, is_managed
from calendars.models import Calendar
from calendars.sync import receiving_calendar
from integrations.errors import ConnectionUnusable, ProviderError
from integrations.models import Connection, with_connection
from integrations.providers import Provider, meeting_providers

_OPEN_MEETINGS = (Meeting.State.CREATING, Meeting.State.LIVE)


@dataclass
class Situation:
    """One round's view of a booking. Rows are read at the start of the round and kept current by the steps."""

    booking: Booking
    lease: Lease
    now: datetime
    entry: CalendarEntry | None = None
    event_key_used: bool = False
    calendar: Calendar | None = None
    calendar_trouble: str = ""
    meetings: list[Meeting] = field(default_factory=list)
    """Those that are being made or live, oldest first."""
    all_meetings: list[Meeting] = field(default_factory=list)
    provider: Provider | None = None
    connection: Connection | None = None
    announcement: Announcement | None = None
    held: Announcement | None = None
    unfinished: dict[str, tuple[datetime, str]] = field(default_factory=dict)

    @property
    def revision(self) -> int:
        """The revision that this round works for."""
        return self.booking.revision

    # --- Time ----------------------------------------------------------------------------------------------------

    @cached_property
    def deadline(self) -> datetime:
        """Until when a provider may take before people are told without it (MEETING_FALLBACK_SECONDS).

        Counted from the first confirmation while nobody was told anything, else from the revision; at most a quarter
        of the time left before the meeting.
        """
        told = self.booking.announcements.filter(done_at__isnull=False).exists()
        began = self.booking.revised_at if told else (self.booking.confirmed_at or self.booking.revised_at)
        quarter = max(self.booking.start - began, timedelta()) / 4
        return began + min(timedelta(seconds=settings.MEETING_FALLBACK_SECONDS), quarter)

    @cached_property
    def messages(self) -> list[Message]:
        """The booking's mails but reminders, of every revision: read when first asked for, and kept current."""
        reminders = (Message.Kind.REMINDER_DAY, Message.Kind.REMINDER_HOUR)
        return list(self.booking.messages.exclude(kind__in=reminders).order_by("id"))

    @property
    def is_late(self) -> bool:
        """Whether the deadline has passed."""
        return timezone.now() >= self.deadline

    def later(self, what: str | Model, at: datetime | None, trouble: str = "") -> None:
        """``what`` is unfinished, and due at ``at`` (None: nothing but a person or a signal will help)."""
        self.unfinished[_key(what)] = (at or self.last_moment, trouble)

    def finished(self, what: str | Model) -> None:
        """``what`` is not unfinished any more."""
        self.unfinished.pop(_key(what), None)

    def is_unfinished(self, what: str | Model) -> bool:
        """Whether this round has said already when ``what`` is due."""
        return _key(what) in self.unfinished

    @property
    def last_moment(self) -> datetime:
        """When the chain of tries ends."""
        return self.booking.last_moment

    # --- Recorded ------------------------------------------------------------------------------------------------

    @property
    def chosen(self) -> Meeting | None:
        """The meeting whose link people hold or may be given; None where the link is another's."""
        link = self.held or self.announcement
        if link is not None and link.provider:
            return next((m for m in self.meetings if m.join_url and m.join_url == link.join_url), None)
        return self.meetings[-1] if self.meetings else None

    @property
    def wants_meeting(self) -> bool:
        """Whether a video meeting is to be made: held by video, calendar and video service connected, no link yet."""
        decided = self.announcement is not None and bool(self.announcement.provider)
        return self.booking.is_video and self.calendar_attached and self.held is None and not decided

    @property
    def calendar_attached(self) -> bool:
        """Whether the organizer has a calendar connected, working or not."""
        return self.calendar is not None or bool(self.calendar_trouble) or self.entry_reachable

    @property
    def entry_reachable(self) -> bool:
        """Whether the event is in a calendar of the account that is connected now."""
        if self.entry is None:
            return False
        connection = self.entry.calendar.connection
        return connection.attached and connection.external_id == self.entry.calendar.account_id

    def manages(self, meeting: Meeting) -> bool:
        """Whether the meeting is still ours to move and delete."""
        return is_managed(meeting)

    # --- Written -------------------------------------------------------------------------------------------------

    def note(self, kind: str, text: str, *, problem: bool = False) -> None:
        """Append to the timeline."""
        record(self.booking, kind, text, problem=problem)

    def write(self, row: Any, **fields: Any) -> None:
        """Write under the lease. A row that enters another state is not unfinished for what went before."""
        self.lease.write(row, **fields)
        if "state" in fields:
            self.finished(row)

    def write_ahead(self, row: Any, **fields: Any) -> None:
        """``write`` the step that comes next, which is for this revision alone. Raises RevisionMoved."""
        self.lease.write_ahead(row, at=self.revision, **fields)
        if "state" in fields:
            self.finished(row)

    def succeeded(self, row: Attempts, **fields: Any) -> None:
        """A try at ``row`` went well."""
        self.write(row, attempts=0, next_attempt_at=None, last_error="", failed_for_good=False, **fields)
        self.finished(row)

    def failed(self, row: Attempts, error: ProviderError, **fields: Any) -> None:
        """A try at ``row`` went wrong: say so in the row and on the timeline, and when it is due again."""
        attempts = row.attempts + 1
        again = retry.after(error, attempts, timezone.now()) if error.retryable else None
        if str(error) != row.last_error:
            self.note("problem", str(error), problem=True)
        self.write(
            row,
            attempts=attempts,
            next_attempt_at=again,
            last_error=str(error),
            failed_for_good=not error.retryable,
            **fields,
        )
        self.later(row, again, str(error))

    def is_due(self, row: Attempts) -> bool:
        """Whether ``row`` may be tried now; if not, it counts as unfinished until its time comes."""
        if row.failed_for_good:
            self.later(row, None, row.last_error)
            return False
        if row.next_attempt_at is not None and row.next_attempt_at > timezone.now():
            self.later(row, row.next_attempt_at, row.last_error)
            return False
        return True

    def out_of_time(self, row: Attempts) -> bool:
        """Whether waiting for ``row`` is no use: refused for good, late, or next tried after the deadline."""
        return (
            row.failed_for_good
            or self.is_late
            or (row.next_attempt_at is not None and row.next_attempt_at > self.deadline)
        )


def _key(what: str | Model) -> str:
    return what if isinstance(what, str) else f"{type(what).__name__} {what.pk}"


def read(booking: Booking, lease: Lease) -> Situation:
    """Look at everything that is recorded of ``booking``. May read the calendar list of a newly connected account."""
    situation = Situation(booking=booking, lease=lease, now=timezone.now())
    # Prefetched rather than joined: a booking that has just been made has none, and asks for no more.
    in_calendars = Prefetch("calendar", with_connection(Calendar.objects.all()))
    newest_first = list(booking.calendar_entries.prefetch_related(in_calendars).order_by("-id"))
    situation.entry = next((entry for entry in newest_first if entry.state in CalendarEntry.OPEN), None)
    situation.event_key_used = bool(newest_first)
    situation.all_meetings = list(
        booking.meetings.prefetch_related(Prefetch("connection", Connection.objects.all())).order_by("id")
    )
    situation.meetings = [meeting for meeting in situation.all_meetings if meeting.state in _OPEN_MEETINGS]
    announcements = list(booking.announcements.all())
    situation.announcement = next((a for a in announcements if a.revision == booking.revision), None)
    situation.held = held_link(booking) if announcements else None
    if booking.is_live:
        _read_connections(situation)
    return situation


def _read_connections(situation: Situation) -> None:
    user_id = situation.booking.organizer.user_id
    if situation.entry is None:
        try:
            situation.calendar = receiving_calendar(user_id)
        except ProviderError as error:
            situation.calendar_trouble = str(error)
            again = retry.after(error, situation.booking.attempts + 1, situation.now)
            # A lost connection is not waited for: connecting it again makes the booking due.
            situation.later("calendars", None if isinstance(error, ConnectionUnusable) else again, str(error))
    else:
        situation.calendar = situation.entry.calendar if situation.entry_reachable else None
    for provider in meeting_providers():
        connection = Connection.objects.filter(user_id=user_id, provider=provider.slug).first()
        if connection is not None and connection.attached:
            situation.provider, situation.connection = provider, connection
            return
